#!/bin/sh
# SPDX-License-Identifier: MIT
# iasl.sh: the pc board's ACPI tables by the ACPI Component Architecture's own compiler (acpica-tools): each is taken
# apart and compiled again without an error or a warning, and what comes out is the same: the bytes of a table of fixed
# layout, the meaning of the DSDT (iasl writes sizes shorter than aml.c does).
set -u
# shellcheck source=tests/env.sh
. tests/env.sh
DUMP=$B/tests/pc-acpi-dump
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

bad()
{
	failed=$((failed + 1))
	printf 'FAIL %s: %s\n' "$1" "$2"
	sed 's/^/    /' "$3" | tail -n 15
}

same()
{
	if [ "$2" = DSDT ]; then
		(cd "$1" && mv again.dsl first.dsl && iasl -d again.aml) >/dev/null 2>&1 || return 1
		for dsl in first again; do
			sed '1,/^DefinitionBlock/d' "$1/$dsl.dsl" >"$work/$dsl"
			[ -s "$work/$dsl" ] || return 1
		done
		diff "$work/first" "$work/again" >"$work/difference"
		return
	fi
	# What names the compiler is its own, and with it the checksum: bytes 9 and 28 to 35.
	cmp -l "$1/$2.dat" "$1/again.aml" >"$work/cmp" 2>&1
	awk '!/^ *[0-9]/ || ($1 != 10 && ($1 < 29 || $1 > 36))' "$work/cmp" >"$work/difference"
	[ ! -s "$work/difference" ]
}

# check NAME FOLDER TABLE
check()
{
	(
		cd "$2" || exit 1
		iasl -d "$3.dat" && mv "$3.dsl" again.dsl && iasl -oa -p again again.dsl
	) >"$work/log" 2>&1 || { bad "$1" "iasl refuses it" "$work/log"; return; }
	if ! grep -q ' 0 Errors, 0 Warnings' "$work/log"; then
		bad "$1" "errors or warnings" "$work/log"
	elif same "$2" "$3"; then
		passed=$((passed + 1))
	else
		bad "$1" "another table after a round" "$work/difference"
	fi
}

if ! command -v iasl >/dev/null; then
	echo "skipped acpi-tables: iasl is missing; install acpica-tools (tools/deps)"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
[ -x "$DUMP" ] || { echo "$DUMP is missing"; exit 1; }
# vCPUs, virtio slots, the timer's pin, devices of plugins.
for how in '1 0 2' '4 5 2' '254 32 0' '1 1 2 2'; do
	folder=$work/$(echo "$how" | tr ' ' -)
	mkdir "$folder"
	# shellcheck disable=SC2086
	"$DUMP" "$folder" $how || { echo "$DUMP fails"; exit 1; }
	for table in XSDT FACP APIC MCFG FACS DSDT; do
		check "$table of $how" "$folder" "$table"
	done
done
printf '%u passed, %u failed, %u skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
