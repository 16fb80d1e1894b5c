#!/bin/sh
# SPDX-License-Identifier: MIT
# Nothing is announced to a guest that no test uses: tests/micro/announced has a row for each ID register's field, device tree string, firmware
# function and ACPI flag that the sources name, and what a row names is there.
set -u
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/../.." || exit 1
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
passed=0 failed=0

wrong()
{
	failed=$((failed + 1))
	echo "FAIL $*"
}

# ---- what is announced, one a line, as the rows begin -------------------------------------------------------------
# Each nibble of an ID_AA64 register that is not 0.
sed -n 's/^A64_IDREG(\(ID_AA64[A-Z0-9_]*\),.* 0x\([0-9a-f]*\), .*/\1 \2/p' sdk/xlate/isa/arm64/idregs.def | awk '{
	for (i = length($2); i >= 1; i--) {
		low = 4 * (length($2) - i)
		n = index("0123456789abcdef", substr($2, i, 1)) - 1
		if (n)
			print "arm64 " $1 "[" low + 3 ":" low "]=" n
	}
}' >"$t/there"
sed -n 's/^	{PSCI_\([A-Z0-9_]*\), .*/arm64 psci \1/p' plugins/board-virt/psci.c >>"$t/there"
grep -o '{SBI_[A-Z_]*' plugins/board-virt-riscv64/sbi.c | sed 's/{SBI_/riscv64 sbi /' | sort -u >>"$t/there"
tr -d '\n' <plugins/board-virt-riscv64/fdt.c | sed -n 's/.*"riscv,isa-extensions",[	 ]*"\([^"]*\)".*/\1/p' | sed 's/\\0/\n/g; s/$/\n/' | sed '/./!d; s/^/riscv64 isa /' >>"$t/there"
sed -n 's/.*"mmu-type", "riscv,\([a-z0-9]*\)".*/riscv64 mmu \1/p' plugins/board-virt-riscv64/fdt.c >>"$t/there"
# compatible NAME FILE: the first string of each node, also of those in a table and of a function's argument.
compatible()
{
	grep -oE '("compatible", |VIRT_COMPATIBLE\(|\.(bus_)?compatible = |syscon\(t, "[a-z]*", )"[^"\]*' "$2" | sed "s/.*\"/$1 dt /" >>"$t/there"
}
compatible arm64 plugins/board-virt/fdt.c
compatible riscv64 plugins/board-virt-riscv64/fdt.c
for arch in arm64 riscv64; do compatible $arch sdk/board/virt_tree.c; done
awk '/^#define (FADT_FLAGS|BOOT_ARCH)/ { what = /FADT/ ? "flag" : "boot"; on = 1 }
	on { line = $0; while (match(line, /1u << [0-9]+/)) { print "x86_64 fadt " what " " substr(line, RSTART + 6, RLENGTH - 6); line = substr(line, RSTART + RLENGTH) } }
	on && !/\\$/ { on = 0 }' plugins/board-pc/acpi.c >>"$t/there"
sed -n 's/^	header(&t, "\([A-Z]*\)", .*/x86_64 acpi \1/p' plugins/board-pc/acpi.c >>"$t/there"

# ---- every one has a row -------------------------------------------------------------------------------------------
grep -v '^#' tests/micro/announced >"$t/rows"
cut -f 1 "$t/rows" >"$t/named"
for kind in 'arm64 ID_' 'arm64 psci' 'arm64 dt' 'riscv64 isa' 'riscv64 mmu' 'riscv64 sbi' 'riscv64 dt' 'x86_64 fadt flag' 'x86_64 fadt boot' 'x86_64 acpi'; do
	grep -q "^$kind" "$t/there" || wrong "nothing is found of what \"$kind\" announces: the sources look otherwise than this test thinks"
done
sort -u "$t/there" >"$t/all"
while IFS= read -r what; do
	if grep -qxF "$what" "$t/named"; then
		passed=$((passed + 1))
	else
		wrong "$what is announced to guests, and tests/micro/announced names no test that uses it"
	fi
done <"$t/all"

# ---- every row names something that is there, and run ---------------------------------------------------------------
# source ARCH GUEST: its file.
source_of()
{
	for f in "tests/micro/guests/$2.c" "tests/micro/guests/$1/$2.c" "tests/micro/guests/$1/$2.S" "tests/micro/guests/$1/machine/$2.c"; do
		[ ! -f "$f" ] || echo "$f"
	done
}
while IFS='	' read -r what test; do
	file=${test%%:*} name=${test#*:} arch=${what%% *}
	case $test in
	-\ ?*)
		passed=$((passed + 1))
		continue
		;;
	*/*) ;;
	*:*)
		awk -v g="$file" -v a="$arch" '$1 == g && ($2 == a || $2 == "*") { found = 1 } END { exit !found }' tests/micro/list ||
			wrong "$what: tests/micro/list has no guest $file for $arch"
		file=$(source_of "$arch" "$file")
		;;
	*) file='' ;;
	esac
	if [ -n "$file" ] && [ -f "$file" ] && grep -qF -- "$name" "$file"; then
		passed=$((passed + 1))
	else
		wrong "$what: $test is not there"
	fi
done <"$t/rows"
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
