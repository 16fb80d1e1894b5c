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

# What the generator must not lose: tags that are words of a sentence, hyphens, the second of two functions under one comment.
texts() {
	awk -F'|' '/^\| `.*\(\*/ && $4 ~ /^ *$/ { print "no text: " $2; bad = 1 } END { exit bad }' sdk/doc/interfaces.md
}
check every-call-has-a-text texts
headings() {
	sed -n 's|^/\* -* \(.*[^ -]\) -* \*/$|### \1|p' sdk/include/vmrun/*.h >"$work/headings"
	[ "$(wc -l <"$work/headings")" -gt 20 ] || { echo "the headers have no headings"; return 1; }
	while read -r h; do
		grep -qxF "$h" sdk/doc/interfaces.md || { echo "not as it is in its header: $h"; return 1; }
	done <"$work/headings"
}
check headings-are-whole headings
awk -f tools/doc/headers.awk tests/doc/sample.h >"$work/sample.md"
sample() {
	diff -u tests/doc/sample.md "$work/sample.md"
}
check generator sample

# abi-changes.md: an entry for each minor up to the present one (abi-changes.md, "How an entry is made"), each interface of the
# headers named in one, and binaries kept of each minor that was released.
entries() { # entries HEADER PAGE
	major=$(sed -n 's/^#define VR_ABI_MAJOR //p' "$1") minor=$(sed -n 's/^#define VR_ABI_MINOR //p' "$1")
	[ -n "$major" ] && [ -n "$minor" ] || { echo "$1: no VR_ABI_MAJOR and VR_ABI_MINOR"; return 1; }
	i=$minor
	: >"$work/headings"
	while [ "$i" -ge 0 ]; do
		echo "$major.$i" >>"$work/headings"
		i=$((i - 1))
	done
	sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' "$2" >"$work/entries"
	diff "$work/headings" "$work/entries" >"$work/diff" || {
		echo "$2: its entries are not $(tr '\n' ' ' <"$work/headings")(VR_ABI_MINOR is $minor), the newest first"
		return 1
	}
	for v in $(sed -n 's/^## \([0-9][0-9.]*\)\( .*\)*$/\1/p' "$2"); do
		awk -v v="$v" '/^## / { on = $2 == v; next } on && NF { n++ } END { exit n == 0 }' "$2" || { echo "$2: $v says nothing"; return 1; }
		if [ "$v" = "$major.$minor" ] && grep -qxF "## $v (not released)" "$2"; then continue; fi
		[ -e "tests/abi/$v/MADE" ] || { echo "$v was released, and tests/abi/$v has no binaries of it: tests/abi/make-release.sh"; return 1; }
	done
}
interfaces() {
	for id in $(sed -n 's/^#define VR_[A-Z0-9_]*_ID "\(vmrun\.[a-z-]*\/[0-9]*\)".*/\1/p' sdk/include/vmrun/*.h); do
		grep -qF "\`$id\`" sdk/doc/abi-changes.md || { echo "no entry of sdk/doc/abi-changes.md names $id"; return 1; }
	done
}
check every-minor-has-an-entry entries sdk/include/vmrun/abi.h sdk/doc/abi-changes.md
check every-interface-is-recorded interfaces
# The check itself: a minor that nothing is written of, and one that was released without its binaries.
higher() {
	sed 's/^#define VR_ABI_MINOR .*/#define VR_ABI_MINOR 7/' sdk/include/vmrun/abi.h >"$work/abi.h"
	! entries "$work/abi.h" sdk/doc/abi-changes.md >"$work/said" && grep -q 'VR_ABI_MINOR is 7' "$work/said" || return 1
	sed 's/^#define VR_ABI_MAJOR .*/#define VR_ABI_MAJOR 99/; s/^#define VR_ABI_MINOR .*/#define VR_ABI_MINOR 0/' sdk/include/vmrun/abi.h >"$work/abi.h"
	printf '## 99.0\n\nReleased.\n' >"$work/page"
	! entries "$work/abi.h" "$work/page" >"$work/said" && grep -q 'has no binaries' "$work/said"
}
check a-minor-without-entry-is-found higher

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
