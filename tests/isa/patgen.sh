#!/bin/sh
# SPDX-License-Identifier: MIT
# patgen.sh: what the pattern compiler must refuse, and with which words. Copied to build/tests, beside which
# tools/patgen lies.
set -u
patgen=$(dirname "$0")/../tools/patgen
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0

# expect NAME STATUS WORDS: run patgen on the .pat files; its status, and WORDS among its messages.
expect() {
	"$patgen" a64 "$folder"/*.pat >"$folder/out" 2>"$folder/err"
	rc=$?
	if [ "$rc" = "$2" ] && grep -qF -- "$3" "$folder/err" "$folder/out"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED $1: status $rc, not $2, or no '$3' in:"
		cat "$folder/err"
	fi
	rm -f "$folder"/*.pat
}
pattern() { printf '%s\n' "$@" >"$folder/$file.pat"; }

file=a
pattern '# comment' '' 'one 0000 x:28' 'two 0001 x:14 ....... y:7 = one'
expect "good rows" 0 'a64_row_two'

pattern 'one 0000 x:28' 'two 000. y:28'
expect "overlap" 1 'a.pat:2: two overlaps one of '

pattern 'one 0000 x:28'
file=b pattern '# another file' 'two 0... 1 y:27'
expect "overlap between files" 1 'b.pat:2: two overlaps one of '

file=a
pattern '{' 'one 0000 x:28' 'two 000. y:28' '}'
expect "overlap in a group" 0 'a64_row_two'

pattern '{' 'one 000. x:28' 'two 0001 y:28' '}'
expect "hidden row" 1 'a.pat:3: two cannot be reached'

pattern '{' 'one 0000 x:28' 'two 0001 x:28' 'three 000. y:28' '}'
expect "row hidden by two" 1 'a.pat:4: three cannot be reached'

pattern '{' 'one 0000 x:28' '}' 'two 000. y:28'
expect "overlap with a group" 1 'two overlaps one'

pattern 'one 0000 x:27'
expect "31 bits" 1 'a.pat:1: one: 31 bits, not 32'

pattern 'one 0000 x:29'
expect "33 bits" 1 "bad token 'x:29' (28 bits left)"

pattern 'one 0002 x:28'
expect "bad digit" 1 "bad token '0002'"

pattern 'one 0000 x:28 ='
expect "no handler" 1 "must follow '='"

pattern 'one 0000 x:28' 'one 0001 x:28'
expect "name twice" 1 'the name is taken by '

pattern '1one 0000 x:28'
expect "bad name" 1 "'1one' is not a name"

pattern '{' 'one 0000 x:28'
expect "open group" 1 'group not closed'

pattern '# nothing'
expect "no rows" 1 '0 rows'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
