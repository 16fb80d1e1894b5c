#!/bin/sh
# SPDX-License-Identifier: MIT
# compat.sh: binaries of each earlier minor run in today's vmrun, and today's headers say what theirs did.
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
case $B in *san*) SLOW=8 ;; *) SLOW=1 ;; esac
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
ok() { passed=$((passed + 1)); }
bad() {
	failed=$((failed + 1))
	echo "FAIL $1"
	tail -n 15 "$work/out" "$work/err" 2>/dev/null | sed 's/^/     /'
}
skip() {
	skipped=$((skipped + 1))
	echo "skip $1: skipped, $2"
}
# run NAME STATUS OUTPUT OPTION...: its exit status, and a line of its output
run() {
	name=$1 status=$2 text=$3
	shift 3
	timeout $((60 * SLOW)) "$B/bin/vmrun" "$@" >"$work/out" 2>"$work/err" </dev/null
	rc=$?
	if [ $rc = "$status" ] && grep -aqF -- "$text" "$work/out" "$work/err"; then ok; else bad "$name: status $rc, not $status, or no '$text'"; fi
}

# ---- binaries of earlier releases
for r in tests/abi/[0-9]*.[0-9]*; do
	v=${r##*/}
	if [ "$(uname -sm)" != "Linux x86_64" ]; then
		skip "binaries of $v" "they are for x86-64 Linux"
		continue
	fi
	primes="977 983 991 997"
	run "$v: translator and board" 168 "$primes" --plugin-path "$r:$B/plugins" "$r/primes.teach" -p soft
	has="soft + xlate-teach, board board-teach"
	grep -qF "$has" "$work/err" || bad "$v: '$has' was not chosen"
	run "$v: accelerator and board" 168 "$primes" --plugin-path "$r" "$r/primes.teach" -p abi-accel --stats
	# As it was when it was built, to the instruction.
	grep -q 'instructions.*[0-9]' "$work/err" || bad "$v: the accelerator's counters"
	run "$v: device, by its own board" 42 hello --plugin-path "$r" "$r/card.teach"
	run "$v: the device found every table as it was" 42 "all tables are as they were" --plugin-path "$r" "$r/card.teach"
	run "$v: options" 42 "said by option" --plugin-path "$r" -p "abi-device,text=said by option" "$r/card.teach"
	run "$v: device, by today's board" 0 ABI-CARD --plugin-path "$r:$B/plugins" -p abi-device --kernel "$B/tests/abi/micro.img"
	run "$v: an accelerator within today's wrapper" 168 "trace-accel around abi-accel" \
		--plugin-path "$r:$B/examples" -p "trace-accel,accel=abi-accel,log=$work/trace" "$r/primes.teach"
	# One of each, taken from both.
	mkdir -p "$work/mixed"
	cp "$r"/board-teach.* "$B"/examples/xlate-teach.* "$work/mixed"
	run "$v: today's translator with that board" 168 "$primes" --plugin-path "$work/mixed:$B/plugins" -p soft "$r/primes.teach"
done

# ---- the headers
for r in tests/abi/[0-9]*.[0-9]*; do
	v=${r##*/}
	mkdir -p "$work/was/$v"
	cp "$r"/layout-*.txt "$r/constants.txt" "$work/was/$v/"
	gzip -dc "$r/types.abi.gz" >"$work/was/$v/types.abi"
done
if command -v clang >/dev/null; then
	for target in x86_64-linux-gnu aarch64-linux-gnu riscv64-linux-gnu aarch64-apple-darwin x86_64-pc-windows-msvc i686-pc-windows-msvc; do
		case $target in i686*) bits=32 ;; *) bits=64 ;; esac
		tests/abi/abi.sh layout $target >"$work/now" 2>"$work/err" || bad "layout for $target"
		for r in "$work"/was/*; do
			awk -f tests/abi/compare.awk "$r/layout-$bits.txt" "$work/now" >"$work/out"
			if [ $? != 1 ]; then ok; else bad "$target: today's records are not those of ${r##*/}"; fi
		done
		awk -f tests/abi/compare.awk tests/abi/layout-$bits.txt "$work/now" >"$work/out"
		if [ $? = 0 ]; then ok; else bad "$target: the records are not those of layout-$bits.txt; when that is meant: make abi-update"; fi
	done
	tests/abi/abi.sh bare >"$work/out" 2>"$work/err"
	if [ ! -s "$work/out" ]; then ok; else bad "functions without VR_CALL"; fi
else
	skip layout "there is no clang"
fi
tests/abi/abi.sh constants >"$work/now" 2>"$work/err" || bad constants
for r in "$work"/was/*; do
	awk -f tests/abi/compare.awk "$r/constants.txt" "$work/now" >"$work/out"
	if [ $? != 1 ]; then ok; else bad "today's constants are not those of ${r##*/}"; fi
done
awk -f tests/abi/compare.awk tests/abi/constants.txt "$work/now" >"$work/out"
if [ $? = 0 ]; then ok; else bad "the constants are not those of constants.txt; when that is meant: make abi-update"; fi

# The same through the eyes of other compilers: what clang said, as static assertions.
for cc in "${CC:-cc}" aarch64-linux-gnu-gcc riscv64-linux-gnu-gcc; do
	if ! command -v "${cc%% *}" >/dev/null; then
		skip "layout by $cc" "it is not installed"
		continue
	fi
	{
		for h in sdk/include/vmrun/*.h; do echo "#include <vmrun/${h##*/}>"; done
		while read -r record offset member _; do
			kind=struct
			case $record in vr_v128 | vr_v256) kind=union ;; esac
			if [ "$member" = "=" ]; then
				echo "_Static_assert(sizeof($kind $record) == $offset, \"$record\");"
			else
				echo "_Static_assert(offsetof($kind $record, $member) == $offset, \"$record.$member\");"
			fi
		done <tests/abi/layout-64.txt
	} >"$work/assert.c"
	: >"$work/out"
	# shellcheck disable=SC2086
	if $cc -std=gnu11 -fsyntax-only -Isdk/include "$work/assert.c" 2>"$work/err"; then ok; else bad "layout by $cc"; fi
done

# ---- abidiff's opinion, of whose report only growth at the end may be the matter
# grown_only OLD NEW
grown_only() {
	abidiff --no-added-syms --leaf-changes-only "$1" "$2" >"$work/report" 2>"$work/err"
	awk '
	/^$/ || / 0 Removed, 0 Changed, / || /^(Leaf changes|Changed leaf types) summary:/ { next }
	/^.struct [a-z0-9_]*( at [^ ]*)?. changed:$/ || /^  [0-9]+ data member insertions?:$/ || /^    .*, at offset [0-9]+ / { next }
	# What was reserved may become something, in a record of the same size.
	/^  (type size hasn.t changed|there are data member changes:)$/ { next }
	/^    / && !/^     / { reserved = /^    (type .* of .|.[a-z0-9_]*(\[[0-9]+\])? )[a-z0-9_]*(::)?reserved[0-9]*. (changed:|offset changed)/ || (reserved && /^    and offset changed/) }
	/^    / && reserved { next }
	/^  type size changed from [0-9]+ to [0-9]+ / && $5 + 0 < $7 + 0 { next }
	{ print; bad = 1 }
	END { exit bad }' "$work/report" >"$work/out" && [ ! -s "$work/err" ]
}
have_abidiff=
if command -v abidiff >/dev/null && command -v clang >/dev/null; then have_abidiff=1; else skip abidiff "there is no abidiff or no clang"; fi
if [ $have_abidiff ]; then
	tests/abi/abi.sh library "$work/types.so" 2>"$work/err" || bad library
	for r in "$work"/was/*; do
		if grown_only "$r/types.abi" "$work/types.so"; then ok; else bad "abidiff against ${r##*/}"; fi
	done
fi

# ---- and the guards themselves: would they notice?
# compare STATUS NAME TEXT: what compare.awk says when the line of vr_x in a golden file becomes TEXT.
printf 'vr_x 0 size uint32_t\nvr_x 8 a uint64_t\nvr_x 16 b uint32_t\nvr_x 24 = align 8\nconst 1 VR_A\n' >"$work/golden"
notices() {
	awk -f tests/abi/compare.awk "$work/golden" "$work/changed" >"$work/out"
	rc=$?
	if [ $rc = "$1" ]; then ok; else bad "compare.awk: $2: $rc, not $1"; fi
}
sed '' "$work/golden" >"$work/changed"
notices 0 "nothing changed"
sed 's/^vr_x 24 =/vr_x 24 c uint64_t\nvr_x 32 =/' "$work/golden" >"$work/changed"
notices 2 "a member appended"
sed 's/^vr_x 24 =/vr_x 20 c uint32_t\nvr_x 24 =/' "$work/golden" >"$work/changed"
notices 1 "a member in the padding of old binaries"
sed 's/^vr_x 16 b/vr_x 16 reserved/' "$work/golden" >"$work/before"
mv "$work/before" "$work/golden"
sed 's/^vr_x 16 reserved/vr_x 16 b/' "$work/golden" >"$work/changed"
notices 2 "a member where it was reserved"
sed 's/^vr_x 16 reserved uint32_t/vr_x 16 b uint16_t\nvr_x 18 reserved uint16_t/' "$work/golden" >"$work/changed"
notices 2 "half of what was reserved"
sed 's/^vr_x 16 reserved uint32_t/vr_x 16 b uint32_t\nvr_x 20 c uint32_t/' "$work/golden" >"$work/changed"
notices 1 "another one in the padding after what was reserved"
sed 's/^vr_x 16 reserved/vr_x 16 b/' "$work/golden" >"$work/before"
mv "$work/before" "$work/golden"
sed 's/a uint64_t/a int64_t/' "$work/golden" >"$work/changed"
notices 1 "a type changed"
sed 's/^vr_x 16 b/vr_x 16 renamed/' "$work/golden" >"$work/changed"
notices 1 "a member renamed"
sed '/ b /d' "$work/golden" >"$work/changed"
notices 1 "a member gone"
sed 's/const 1/const 2/' "$work/golden" >"$work/changed"
notices 1 "a constant changed"
printf 'vr_y 4 = align 4\nconst 9 VR_B\n' | cat "$work/golden" - >"$work/changed"
notices 2 "a record and a constant more"
if [ $have_abidiff ]; then
	for change in '0|s/^\tuint32_t address_high;.*/&\n\tuint32_t more;/' '1|s/uint32_t reason;/int32_t reason;/' \
		'1|s/^\tuint32_t reason;.*/\tuint64_t more;\n&/' '1|/^\tuint32_t reason;/d'; do
		mkdir -p "$work/sdk/include/vmrun"
		cp sdk/include/vmrun/* "$work/sdk/include/vmrun/"
		sed "${change#*|}" sdk/include/vmrun/accel.h >"$work/sdk/include/vmrun/accel.h"
		VR_SDK=$work/sdk tests/abi/abi.sh library "$work/changed.so" 2>"$work/err" || bad library
		grown_only "$work/types.so" "$work/changed.so"
		rc=$?
		if [ $rc = "${change%%|*}" ]; then ok; else bad "abidiff: ${change#*|}: $rc"; fi
	done
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
