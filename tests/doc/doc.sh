#!/bin/sh
# SPDX-License-Identifier: MIT
# doc.sh: the generated references are those of today's headers, every op and header is in them, and no link in a
# Markdown file of ours leads nowhere.
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() { # check NAME COMMAND...: what it prints tells why
	name=$1
	shift
	if why=$("$@" 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s\n%s\n' "$name" "$why"
	fi
}

tools/doc/reference.sh "$work" || exit 1

fresh() {
	diff -u "sdk/doc/$1" "$work/$1" | head -n 20 >"$work/diff"
	[ ! -s "$work/diff" ] || { echo "sdk/doc/$1 is not what the headers say; run \`make doc\`"; cat "$work/diff"; false; }
}
check interfaces-are-fresh fresh interfaces.md
check ir-is-fresh fresh ir.md

# Counted another way than the generator does.
ops() {
	for op in $(sed -n 's/^IR(\([A-Z0-9]*\),.*/\1/p' sdk/include/vmrun/ir_ops.def); do
		grep -q "^| \`$op\` |" sdk/doc/ir.md || { echo "no row for $op"; return 1; }
	done
}
check every-op ops
members() {
	for h in sdk/include/vmrun/*.h; do
		grep -q "^## $(basename "$h")\$" sdk/doc/interfaces.md || { echo "no chapter for $h"; return 1; }
		for s in $(sed -n 's/^struct \([a-z0-9_]*\) {.*/\1/p' "$h"); do
			grep -q "^#### \`struct $s\`\$" sdk/doc/interfaces.md || { echo "$h: no struct $s"; return 1; }
		done
		for m in $(sed -n 's/^\t[a-z0-9_ ]*(VR_CALL \*\([a-z_0-9]*\))(.*/\1/p' "$h"); do
			grep -q "(\*$m)(" sdk/doc/interfaces.md || { echo "$h: no member $m"; return 1; }
		done
	done
}
check every-struct-and-call members

# The thread that may call a function is part of its interface.
threads() {
	awk -F'|' '/^\| `.*\(\*/ && $3 !~ /\[/ { print "no thread tag: " $2; bad = 1 } END { exit bad }' sdk/doc/interfaces.md
}
check every-call-names-its-thread threads

# What a device may not say of itself.
reserved() {
	for name in $(sed -n 's/^\(RESERVED\|PHANDLES\)("\([^"]*\)".*/\2/p' sdk/board/reserved_names.def); do
		grep -qF "\`$name\`" sdk/doc/device-tree.md || { echo "sdk/doc/device-tree.md does not name $name"; return 1; }
	done
}
check every-reserved-name reserved

links() {
	file=$1
	bad=0
	for to in $(sed '/^```/,/^```/d' "$file" | grep -o '](\([^)]*\))' | sed 's/^](//; s/)$//'); do
		case $to in
		http*://* | mailto:*) continue ;;
		'#'*) target=$file anchor=${to#\#} ;;
		*'#'*) target=$(dirname "$file")/${to%%#*} anchor=${to#*#} ;;
		*) target=$(dirname "$file")/$to anchor= ;;
		esac
		[ -e "$target" ] || { echo "$file: $to: no such file"; bad=1; continue; }
		[ -z "$anchor" ] || sed -n 's/^#\{1,6\} //p' "$target" | tr 'A-Z ' 'a-z-' | sed 's/[^a-z0-9_-]//g' |
			grep -qx "$anchor" || { echo "$file: $to: no such heading"; bad=1; }
	done
	return $bad
}
for f in $(tools/files.sh '*.md'); do
	check "links-of-$f" links "$f"
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
