#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh: is the host code that the translator makes of the snippets as large as the committed files say?
set -u
B=${VR_B:-build}
passed=0 failed=0
for committed in perf/count/*.txt; do
	guest=$(basename "$committed" .txt)
	came=$B/perf/count/$guest.txt
	[ -s "$came" ] || {
		echo "FAIL $guest: $came is missing; run this by \`make test\`, at the top of the source"
		failed=$((failed + 1))
		continue
	}
	bad=$(diff "$committed" "$came" | grep -c '^[<>] [^#]')
	rows=$(grep -c '^[^#]' "$came")
	if [ "$bad" != 0 ]; then
		echo "FAIL $guest: the host code has changed: \`make count\` writes the new numbers, to be committed"
		diff -u "$committed" "$came"
		failed=$((failed + 1))
	else
		passed=$((passed + rows))
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
