#!/bin/sh
# SPDX-License-Identifier: MIT
# layers.sh: no two sources need each other, and no component includes headers of one that it must not know.
#
# Both are found in what the compiler made, so that neither macros nor the place of a declaration hide anything:
#   circles   an object that uses a symbol needs the one that defines it (circles.awk); circles.known lists those that remain
#   layers    the dependency file of each object names all headers that its source includes (layers.awk, layers.txt);
#             includes.known lists what remains
#   globals   an object with a symbol in a writable section has state of the process, which two machines would share; globals.known
#             lists what remains
# Sources that this host does not compile are not looked at. The test first tries itself on sources that have such faults.
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
here=tests/layers
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
ok() { passed=$((passed + 1)); }
fail() { # fail NAME TEXT...
	failed=$((failed + 1))
	echo "FAIL $1"
	shift
	printf '  %s\n' "$@"
}

# circles ROOT OBJECT...: one line each, see circles.awk.
circles() {
	root=$1
	shift
	nm -A -P -g "$@" | awk -v root="$root" -f $here/circles.awk
}

# includes FOLDER FILE...: lines "SOURCE HEADER" of dependency files below FOLDER.
includes() {
	root=$1/
	shift
	awk -v root="$root" '
		FNR == 1 {
			source = substr(FILENAME, length(root) + 1)
			sub(/\.d$/, ".c", source)
		}
		{
			for (i = 1; i <= NF; i++)
				if ($i ~ /^(core|plugins|sdk)\/.*\.h$/ && !((source, $i) in seen)) {
					seen[source, $i] = 1
					print source, $i
				}
		}' "$@"
}

# globals ROOT OBJECT...: lines "SOURCE SYMBOL" of variables in writable sections; what is written by relocation only is not.
globals() {
	root=$1/
	shift
	nm -A -f sysv "$@" 2>/dev/null | awk -F '|' -v root="$root" '
		$7 ~ /^\.(data|bss|tdata|tbss|lbss|ldata)/ && $7 !~ /^\.data\.rel\.ro/ || $3 ~ /C/ {
			at = index($1, ".o:")
			source = substr($1, 1, at - 1)
			symbol = substr($1, at + 3)
			gsub(/ /, "", symbol)
			sub(/\.[0-9]+$/, "", symbol)
			print substr(source, length(root) + 1), symbol
		}'
}

# ---- does the test see such faults? ----

mkdir -p "$work/core/x"
echo 'int b(void); int a(void); int a(void) { return b(); }' >"$work/core/x/a.c"
echo 'int b(void); int c(void); int b(void) { return c(); }' >"$work/core/x/b.c"
echo 'int a(void); int c(void); int c(void) { return a(); }' >"$work/core/x/c.c"
echo 'int a(void); int d(void); int d(void) { return a(); }' >"$work/core/x/d.c"
for n in a b c d; do
	${CC:-cc} -c -o "$work/core/x/$n.o" "$work/core/x/$n.c" || exit 1
done
got=$(circles "$work/" "$work"/core/x/*.o | cut -f1)
if [ "$got" = 'core/x/a core/x/b core/x/c' ]; then ok; else fail finds-a-circle "found '$got'"; fi
got=$(circles "$work/" "$work/core/x/a.o" "$work/core/x/b.o" "$work/core/x/d.o")
if [ -z "$got" ]; then ok; else fail finds-no-circle-where-none-is "found '$got'"; fi

cat >"$work/core/x/e.c" <<'END'
int written = 3, zeros[4], *volatile pointer = &written;
static int hidden;
static _Thread_local int of_a_thread;
static const int constant = 5;
extern const void *const table[2];
const void *const table[2] = {&constant, &written};
int *e(void);
int *e(void) { static int within; return hidden++ ? &within : &of_a_thread; }
END
${CC:-cc} -fPIC -c -o "$work/core/x/e.o" "$work/core/x/e.c" || exit 1
got=$(globals "$work" "$work/core/x/e.o" | sort | tr '\n' ' ')
if [ "$got" = 'core/x/e hidden core/x/e of_a_thread core/x/e pointer core/x/e within core/x/e written core/x/e zeros ' ]; then ok; else fail finds-globals "found '$got'"; fi

cat >"$work/pairs" <<'END'
core/cli/run.c core/machine/machine.h
core/cli/run.c sdk/include/vmrun/abi.h
core/cli/run.c plugins/soft/cache.h
sdk/xlate/isa/arm64/lift.c sdk/xlate/isa/arm64/../../ir/build.h
sdk/xlate/isa/arm64/lift.c sdk/xlate/emit/x86/lower.h
sdk/xlate/isa/arm64/lift.c sdk/xlate/isa/riscv64/lift.h
sdk/xlate/emit/x86/vector.c sdk/xlate/isa/arm64/arm64.h
sdk/xlate/emit/x86/vector.c sdk/xlate/emit/common/emit.h
sdk/xlate/emit/common/ool.c sdk/xlate/emit/x86/lower.h
plugins/kvm/vcpu.c plugins/soft/cache.h
sdk/validate/main.c core/plugin/load.h
END
cat >"$work/wanted" <<'END'
core/cli/run.c includes plugins/soft/cache.h
sdk/xlate/isa/arm64/lift.c includes sdk/xlate/emit/x86/lower.h
sdk/xlate/isa/arm64/lift.c includes sdk/xlate/isa/riscv64/lift.h
sdk/xlate/emit/x86/vector.c includes sdk/xlate/isa/arm64/arm64.h
sdk/xlate/emit/common/ool.c includes sdk/xlate/emit/x86/lower.h
plugins/kvm/vcpu.c includes plugins/soft/cache.h
sdk/validate/main.c includes core/plugin/load.h
END
awk -f $here/layers.awk $here/layers.txt "$work/pairs" >"$work/got"
if cmp -s "$work/wanted" "$work/got"; then ok; else fail finds-includes "$(diff "$work/wanted" "$work/got")"; fi

# ---- the source ----

tools/files.sh '*.c' | grep -E '^(core|plugins|sdk|tests|perf)/' >"$work/sources"
set --
while IFS= read -r source; do
	[ ! -f "$B/obj/${source%.c}.o" ] || set -- "$@" "$B/obj/${source%.c}.o"
done <"$work/sources"
count=$#
if [ "$count" -ge 150 ]; then ok; else fail objects "only $count objects in $B/obj: build first (make all check-units)"; fi

circles "$B/obj/" "$@" >"$work/circles"
grep -v '^#' $here/circles.known | grep . >"$work/known"
while IFS="$(printf '\t')" read -r nodes edges; do
	# Known when all of its sources are in one row.
	if awk -F '\t' -v nodes="$nodes" '{
		n = split(nodes, node, " ")
		for (i = 1; i <= n && index(" " $1 " ", " " node[i] " "); i++)
			;
		if (i > n) {
			found = 1
			print $1
		}
	} END { exit !found }' "$work/known" >>"$work/met"; then
		ok
	else
		fail "circle: $nodes" "these sources need each other; put what they share into a file of its own" "$edges"
	fi
done <"$work/circles"
while IFS="$(printf '\t')" read -r nodes _; do
	if grep -qxF "$nodes" "$work/met" 2>/dev/null; then ok; else fail "circles.known: $nodes" "no circle any more: take this row away"; fi
done <"$work/known"

set --
while IFS= read -r source; do
	[ ! -f "$B/obj/${source%.c}.d" ] || set -- "$@" "$B/obj/${source%.c}.d"
done <"$work/sources"
includes "$B/obj" "$@" >"$work/pairs"
# The public headers: they include each other and the C library's, and nothing else.
for h in sdk/include/vmrun/*.h; do
	sed -n "s,^#include \"\\(.*\\)\",$h sdk/include/vmrun/\\1,p; s,^#include <\\(vmrun/.*\\)>,$h sdk/include/\\1,p" "$h"
done >>"$work/pairs"
if [ "$(wc -l <"$work/pairs")" -ge 300 ]; then ok; else fail includes "hardly any dependency files in $B/obj: build first"; fi
grep -E '^(core|plugins|sdk)/' "$work/pairs" | awk -f $here/layers.awk $here/layers.txt - >"$work/wrong"
grep -v '^#' $here/includes.known | grep . >"$work/known"
while read -r from to _; do
	if grep -q "^$from/.* includes $to/" "$work/wrong"; then
		ok
		grep -v "^$from/.* includes $to/" "$work/wrong" >"$work/rest"
		mv "$work/rest" "$work/wrong"
	else
		fail "includes.known: $from $to" "no such include any more: take this row away"
	fi
done <"$work/known"
if [ -s "$work/wrong" ]; then fail layers "$(cat "$work/wrong")"; else ok; fi

# What a machine's parts are made of: nothing that two of them would share.
set --
while IFS= read -r source; do
	case $source in
	sdk/xlate/* | sdk/board/* | sdk/virtio/* | plugins/*) [ ! -f "$B/obj/${source%.c}.o" ] || set -- "$@" "$B/obj/${source%.c}.o" ;;
	esac
done <"$work/sources"
if [ $# -ge 100 ]; then ok; else fail globals "only $# objects"; fi
globals "$B/obj" "$@" | sort >"$work/found"
grep -v '^#' $here/globals.known | grep . >"$work/known"
while read -r source symbol _; do
	if grep -qxF "$source $symbol" "$work/found"; then
		ok
		grep -vxF "$source $symbol" "$work/found" >"$work/rest"
		mv "$work/rest" "$work/found"
	else
		fail "globals.known: $source $symbol" "no such variable any more: take this row away"
	fi
done <"$work/known"
if [ -s "$work/found" ]; then fail globals "a variable of the process, which two machines would share; put it into an object of the machine:" "$(cat "$work/found")"; else ok; fi

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
