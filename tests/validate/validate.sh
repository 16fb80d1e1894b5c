#!/bin/sh
# SPDX-License-Identifier: MIT
# validate.sh: each plugin of faults.def must be found by its rules and by no others; the same plugin without a fault,
# and all of our own, must pass; RULES.md must have the table that the validator prints. Run from the top folder.
set -u
# shellcheck source=tests/env.sh
. tests/env.sh
B=$(dirname "$(dirname "$0")")
CHECK=$B/bin/vmrun-check
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
passed=0 failed=0 skipped=0

ok() { passed=$((passed + 1)); }
bad() {
	failed=$((failed + 1))
	echo "FAILED $*"
}

# What fails, as a list of ids.
fails() { sed -n 's/^FAIL  \(R-[A-Z]*-[0-9]*\).*/\1/p' "$1" | tr '\n' ' ' | sed 's/ $//'; }

# Sanitizers have their own allocator, so some rules can't run there.
sanitized() { grep -q 'allocator (a sanitizer' "$1"; }

sed -n 's/^PLANT(\([a-z]*\), \([a-z0-9_]*\), "\([^"]*\)", "\(.*\)")$/\1 \2 \3/p' tests/validate/faults.def >"$WORK/faults"
for class in $(cut -d' ' -f1 "$WORK/faults" | sort -u); do
	echo "$class none"
done >>"$WORK/faults"

# Eight at a time: most of it is waiting.
n=0
while read -r class fault rules; do
	limit=30
	case $fault in
	hangs) limit=2 ;;
	kick_* | pin_lost) limit=6 ;;
	esac
	only=R- # what it costs shows in one rule
	[ "$fault" = create_slow ] && only=R-LIFE-07
	(
		"$CHECK" --timeout $limit -r $only -n 2000 --repro 0x5eed "$B/tests/validate/$class-$fault.yaml" \
			>"$WORK/$class-$fault.out" 2>&1
		echo $? >"$WORK/$class-$fault.rc"
	) &
	n=$((n + 1))
	[ $((n % 8)) = 0 ] && wait
done <"$WORK/faults"
wait
# said FAULT TEXT: the rule's line has it.
said() { if grep -qF -- "$2" "$WORK/$1.out"; then ok; else bad "$1: no '$2'"; fi; }
said device-exports_more "it exports 'one_too_many' as well; compile with -fvisibility=hidden"
said device-exports_cxx "which is vmrun_plugin_create() with a C++ name; include <vmrun/plugin.h>"
said device-exports_weak "it exports 'instance_of_a_template', a weak symbol (of a template or an inline function)"
said device-exports_misspelt "it exports 'vmrun_plugin_creat'; is vmrun_plugin_create meant?"
# What to do instead stands beside the call and where it was made.
said device-create_slow "warn  R-LIFE-07   create took "
said device-opens_late "in a read of 4 bytes at 0xa000048: openat of '/dev/null', which vmrun's sandbox refuses (EPERM); open it in start()"
said device-opens_at_end "in device destroy: openat of '/dev/null'"
said device-forks_late "in reset of device 0: clone, which vmrun's sandbox refuses (EPERM); start no process"
said device-ioctl_unasked "ioctl with request 0x5411, which vmrun's sandbox refuses (EPERM); ask for the request in start(), by allow_ioctl()"
said device-own_filter "a thread of it has a system call filter of its own"
said virtio-opens_notified "in a buffer for queue 0 of virtio device 0: openat of '/dev/null'"
said board-opens_loading "in board load of an image: openat of '/dev/null'"
said accel-opens_running "in guest 'store': openat of '/dev/null'"
said translator-lift_opens "in guest 'store', tier 1: openat of '/dev/null'"
said virtio-trusts_length "of hostile chains crashed: signal 11"
said virtio-leaves_request "a request to disk 0 is under way after the device that made it is destroyed"

# A kernel without filters, and one without answers for refused calls: the rule says why it is skipped.
for lacks in filter answer; do
	case $lacks in
	filter) why='this kernel has no seccomp filters' ;;
	answer) why='this kernel does not say which calls the sandbox refuses' ;;
	esac
	if sanitized "$WORK/device-none.out"; then
		skipped=$((skipped + 1))
		echo "skipped: R-LIFE-12 without $lacks: a sanitizer's library must be the first that is loaded"
		continue
	fi
	LD_PRELOAD=$B/tests/validate/no-seccomp.so NO_SECCOMP=$lacks "$CHECK" -r R-LIFE-12 "$B/tests/validate/device-opens_late.yaml" \
		>"$WORK/out" 2>&1
	if [ $? = 0 ] && grep -q "^skip  R-LIFE-12 .*: $why" "$WORK/out"; then ok; else bad "R-LIFE-12 without $lacks: $(cat "$WORK/out")"; fi
done
while read -r class fault rules; do
	out=$WORK/$class-$fault.out
	rc=$(cat "$WORK/$class-$fault.rc")
	got=$(fails "$out")
	if [ "$rc" -gt 1 ]; then
		bad "$class-$fault: exit status $rc: $(tail -n 1 "$out")"
	elif [ "$got" = "$rules" ]; then
		ok
	elif sanitized "$out"; then
		skipped=$((skipped + 1))
		echo "skipped $class-$fault: the allocator of this build can't be watched"
	else
		bad "$class-$fault: found by '$got', not by '$rules'"
		grep '^FAIL' "$out"
		for r in $rules; do grep "  $r  " "$out"; done
	fi
done <"$WORK/faults"

for file in "$B"/plugins/*.yaml; do
	"$CHECK" -n 6000 --repro 0x5eed "$file" >"$WORK/out" 2>&1
	rc=$?
	if [ "$rc" = 0 ] && grep -q '^skip.*: not usable here' "$WORK/out"; then
		skipped=$((skipped + 1))
		echo "skipped $file: $(sed -n 's/^skip.*: \(not usable here.*\)/\1/p' "$WORK/out" | head -n 1)"
		continue
	elif [ "$rc" = 0 ]; then
		ok
	else
		bad "$file: exit status $rc"
		grep '^FAIL' "$WORK/out"
	fi
	case $file in
	*/virtio.yaml) # their driver gets as far as the rings
		for r in R-LIFE-12 R-DEV-05 R-DEV-06; do
			if grep -q "^pass  $r " "$WORK/out" && ! grep -q "^warn  $r " "$WORK/out"; then ok; else bad "$file: $(grep "^[a-z]*  $r " "$WORK/out")"; fi
		done ;;
	esac
	# Not silently: what could not be tried on this machine.
	grep '^skip' "$WORK/out" | sed "s|^|$(basename "$file" .yaml): |"
done

# A wrapper, around a real accelerator; it offers no debugger.
if [ -f "$B/examples/trace-accel.yaml" ]; then
	"$CHECK" --plugin-path "$B/plugins" -w soft -r R-ACC "$B/examples/trace-accel.yaml" >"$WORK/out" 2>&1
	if [ $? = 0 ] && ! grep '^skip' "$WORK/out" | grep -qv R-ACC-19; then ok; else bad "trace-accel before soft: $(grep -v '^pass' "$WORK/out")"; fi
fi

# What the program itself says.
"$CHECK" --rules >"$WORK/rules"
sed -n '/<!-- rules -->/,/<!-- end -->/p' sdk/doc/RULES.md | sed '1d;$d' >"$WORK/written"
if cmp -s "$WORK/rules" "$WORK/written"; then ok; else bad "sdk/doc/RULES.md: its table is not rules.def's; 'make rules' writes it"; fi
[ "$("$CHECK" --list | cut -d' ' -f1 | sort | uniq -d)" = "" ] && ok || bad "two rules have one id"
"$CHECK" --json -r R-LOAD "$B/plugins/soft.yaml" >"$WORK/json"
if [ $? = 0 ] && python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); assert d["plugin"] == "soft" and d["rules"] and d["failed"] == 0' "$WORK/json"; then ok; else bad "--json"; fi
"$B/bin/vmrun" plugins check -q "$B/plugins/soft.so" -r R-ID >"$WORK/out" 2>&1 && ok || bad "vmrun plugins check: $(cat "$WORK/out")"
for wrong in "" "/nonexistent.yaml" "--rule R-NONE $B/plugins/soft.yaml" "-o x $B/plugins/soft.yaml" "--what"; do
	# shellcheck disable=SC2086
	"$CHECK" $wrong >"$WORK/out" 2>&1
	if [ $? = 2 ] && [ -s "$WORK/out" ]; then ok; else bad "vmrun-check $wrong: exit status is not 2"; fi
done
echo "manifest: 1" >"$WORK/bad.yaml"
"$CHECK" "$WORK/bad.yaml" >"$WORK/out" 2>&1
if [ $? = 1 ] && [ "$(fails "$WORK/out")" = R-LOAD-01 ]; then ok; else bad "a manifest with nothing in it: $(cat "$WORK/out")"; fi

# The micro-guests' words are what their assembly says, where there is an assembler.
for arch in arm64 riscv64 x86_64; do
	sdk/validate/guests/assemble.sh $arch >"$WORK/words" 2>"$WORK/out"
	case $? in
	0) if cmp -s "$WORK/words" sdk/validate/guests/$arch.inc; then ok; else bad "guests/$arch.inc is not what guests/$arch.S says; 'make guests' writes it"; fi ;;
	77)
		skipped=$((skipped + 1))
		echo "skipped guests/$arch.S: no assembler for it here"
		;;
	*) bad "guests/$arch.S: $(cat "$WORK/out")" ;;
	esac
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
