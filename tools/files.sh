#!/bin/sh
# SPDX-License-Identifier: MIT
# files.sh [PATTERN...]: the source's files, one a line: what git has or would take, or, where git is missing, refuses (the
# checkout is another user's) or this is no checkout, all that is not built. PATTERN: a name's end, such as '*.c'.
set -eu
CDPATH='' cd "$(dirname "$0")/.."
if git ls-files --error-unmatch Makefile >/dev/null 2>&1; then
	git ls-files -co --exclude-standard
else
	find . -name .git -prune -o -path ./build -prune -o -path ./build-san -prune -o -name '*.o' -o -path ./guest.img -o \( -type f -o -type l \) -print |
		sed 's,^\./,,' | LC_ALL=C sort
fi | while IFS= read -r f; do
	[ -f "$f" ] || continue # deleted, and not committed yet
	[ $# != 0 ] || printf '%s\n' "$f"
	for pattern; do
		# shellcheck disable=SC2254 # it is a pattern
		case $f in $pattern) printf '%s\n' "$f" ;; esac
	done
done
