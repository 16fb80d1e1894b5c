#!/bin/sh
# SPDX-License-Identifier: MIT
# emitters.sh: a translator that is a binary of its own, made with the public headers, whose emitter this engine can't use:
# compiled by the emitter of another plugin, interpreted where there is none, and one line says which and why.
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() {
	failed=$((failed + 1))
	echo "FAIL $1"
	grep -a ' emitter' "$work/err" 2>/dev/null | tail -n 8 | sed 's/^/     /'
}
if [ "$(uname -sm)" != "Linux x86_64" ]; then
	echo "skip emitters: skipped, the SDK has no emitter for this host"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi

# plugin FOLDER ID VARIANT: one of emitters/variant.c, or, with VARIANT NONE, the teaching machine's without an emitter
plugin()
{
	mkdir -p "$work/$1"
	source=tests/abi/emitters/variant.c
	provides='vmrun.isa/1, vmrun.emitter/1'
	flags="-DVARIANT=$3 -DVARIANT_ID=\"$2\""
	case $3 in NONE)
		source=sdk/examples/teach/xlate-teach.c provides='vmrun.isa/1' flags=-DTEACH_INTERPRETED
		;;
	esac
	# The emitter's host is not this plugin's library's matter: in these folders nothing else has the guest.
	# shellcheck disable=SC2086
	${CC:-cc} -std=gnu11 -O1 -fPIC -shared -fvisibility=hidden -D_GNU_SOURCE $flags -Isdk/include -Isdk -Isdk/examples/teach \
		-Wl,-z,defs -o "$work/$1/$2.so" $source sdk/xlate/plugin_entry.c || exit 1
	sed -e "s/^id: .*/id: $2/; s|^provides: .*|provides: [$provides]|; s/xlate-teach\.so/$2.so/" sdk/examples/teach/xlate-teach.yaml \
		>"$work/$1/$2.yaml"
}
# run FOLDERS OPTION...: the primes below 1000; $err is what vmrun said, statistics too
run()
{
	folders=$1
	shift
	timeout 60 "$work/bin/vmrun" --plugin-path "$folders" "$@" --stats "$B/examples/primes.teach" -p soft >"$work/out" 2>"$work/err" </dev/null
	status=$?
	[ $status = 168 ] && grep -q "977 983 991 997" "$work/out"
}
# stat NAME: a counter
stat() { awk -v name="$1" '$1 == name { print $2 }' "$work/err"; }
# ran NAME compiled|interpreted LINES [TEXT]: so it ran, with so many lines about emitters, one of which has the text
ran()
{
	name=$1 how=$2 lines=$3 text=${4:-}
	case $how in
	compiled) [ "$(stat region_entries)" -gt 0 ] && [ "$(stat interpreted_blocks)" = 0 ] ;;
	*) [ "$(stat translated_bytes)" = 0 ] && [ "$(stat interpreted_blocks)" -gt 0 ] ;;
	esac || { bad "$name: not $how"; return; }
	if [ "$(grep -c '^vmrun: .*soft: emitter of' "$work/err")" = "$lines" ] && grep -qF -- "$text" "$work/err"; then ok; else
		bad "$name: not $lines lines, or no '$text'"
	fi
}

# Where no plugins lie beside the program.
mkdir -p "$work/base" "$work/with" "$work/bin"
cp "$B/bin/vmrun" "$work/bin"
cp "$B"/plugins/soft.* "$B"/examples/board-teach.* "$work/base"
cp "$B"/plugins/xlate-riscv64-x86.* "$work/with"
revision=$(sed -n 's/^#define VR_ENGINE_REVISION \([0-9]*\)u/\1/p' sdk/include/vmrun/emitter.h)
other="made for revision $((revision + 1)) of the engine, which is of revision $revision"

plugin revision xlate-teach REVISION
plugin short xlate-teach SHORT
plugin hole xlate-teach HOLE
plugin refuses xlate-teach REFUSES
plugin none xlate-teach NONE
for v in "revision:$other" "short:its vr_emit of 8 bytes is too short" "hole:it has no vr_emit.region" "refuses:no such units"; do
	why=${v#*:} v=${v%%:*}
	run "$work/$v:$work/base:$work/with" || bad "$v: status $status"
	ran "$v, and another emitter is installed" compiled 1 "emitter of xlate-teach: $why; compiling with that of xlate-riscv64-x86"
	run "$work/$v:$work/base" || bad "$v alone: status $status"
	ran "$v, and no other is" interpreted 1 \
		"emitter of xlate-teach: $why; no other emitter that is installed can be used: interpreting, which is slow"
	run "$work/$v:$work/base:$work/with" -p soft,tier=0 || bad "$v, tier 0: status $status"
	ran "$v, and no emitter is wanted" interpreted 0
done
# A translator without an emitter of its own is as good as any.
run "$work/none:$work/base:$work/with" || bad "none: status $status"
ran "none, and one is installed" compiled 0
run "$work/none:$work/base:$work/with" -v || bad "none, -v: status $status"
ran "none, and one is installed, -v" compiled 1 "emitter of xlate-teach: it has none; compiling with that of xlate-riscv64-x86"
run "$work/none:$work/base" -v || bad "none alone: status $status"
ran "none, and none is installed, -v" interpreted 1 "emitter of xlate-teach: it has none; no other emitter"

# Others that can't be used are passed over: another revision, a library that is none, another host's.
plugin crowd a-revision REVISION
plugin crowd b-hole HOLE
plugin crowd c-broken REVISION
echo "no library" >"$work/crowd/c-broken.so"
plugin crowd d-host REVISION
sed -i 's/^host: .*/host: [riscv64]/' "$work/crowd/d-host.yaml"
sed -i 's/^guest: .*/guest: [something]/' "$work"/crowd/*.yaml
run "$work/revision:$work/crowd:$work/base:$work/with" || bad "crowd: status $status"
ran "the first of many that can be used" compiled 1 "compiling with that of xlate-riscv64-x86"
run "$work/revision:$work/crowd:$work/base" || bad "crowd alone: status $status"
ran "none of many can be used" interpreted 1 "emitter of xlate-teach: $other; of a-revision: $other; of b-hole: it has no vr_emit.region; no other"
grep -q "d-host\|c-broken" "$work/err" && bad "plugins that can't be opened or are another host's are no emitters"

echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
