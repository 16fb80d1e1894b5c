#!/bin/sh
# SPDX-License-Identifier: MIT
# bits.sh: bits.c's lines on this host and on arm64 (under qemu) are those of bits.txt; cas16.c passes on both.
# What different.txt lists differs on the host it names, for the reason there; a row that is no longer needed fails.
#   tests/bits/bits.sh write    writes bits.txt anew
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
passed=0 failed=0 skipped=0
bits=$B/tests/bits
[ "${1:-}" != write ] || exec "$bits/bits" >tests/bits/bits.txt

# compare HOST FILE: the lines of FILE against bits.txt; each line is a check.
compare()
{
	grep "^$1	" tests/bits/different.txt | cut -f2 >"$t/known"
	n=$(grep -c . tests/bits/bits.txt)
	paste -d '|' tests/bits/bits.txt "$2" | awk -F '|' '$1 != $2 { split($1, w, " "); print w[1], w[2] }' >"$t/differ"
	bad=$(grep -cvxFf "$t/known" "$t/differ")
	gone=$(grep -cvxFf "$t/differ" "$t/known")
	[ "$(grep -c . "$2")" = "$n" ] || bad=$((bad + 1))
	if [ "$bad" != 0 ]; then
		echo "FAIL $1: other bits than tests/bits/bits.txt has:"
		grep -vxFf "$t/known" "$t/differ" | sed 's/^/     /'
	fi
	if [ "$gone" != 0 ]; then
		echo "FAIL $1: tests/bits/different.txt lists what does not differ:"
		grep -vxFf "$t/differ" "$t/known" | sed 's/^/     /'
	fi
	failed=$((failed + bad + gone))
	passed=$((passed + n - bad))
}

host=$(uname -m)
"$bits/bits" >"$t/here" || { echo "FAIL bits: exit $?"; failed=$((failed + 1)); }
compare "$host" "$t/here"
if "$bits/cas16" >/dev/null; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL cas16"; fi

if [ "$host" = aarch64 ]; then
	:
elif command -v qemu-aarch64 >/dev/null; then
	qemu-aarch64 "$bits/bits-arm64" >"$t/arm64" || { echo "FAIL bits-arm64: exit $?"; failed=$((failed + 1)); }
	compare aarch64 "$t/arm64"
	if qemu-aarch64 "$bits/cas16-arm64" >/dev/null; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL cas16-arm64"; fi
else
	echo "skipped: there is no qemu-aarch64, so arm64's bits are not looked at"
	skipped=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
