#!/bin/sh
# SPDX-License-Identifier: MIT
# doc-run.sh FILE.md [FOLDER]: do what a tutorial says, word by word: its ```sh blocks are one script, run in FOLDER (by
# default a fresh one). Every line of its ```text blocks must be a line that the script printed. The last line says how
# many commands it were and how many seconds they took.
set -u
tutorial=$1
[ -r "$tutorial" ] || {
	echo "doc-run: $tutorial can't be read" >&2
	exit 2
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
folder=${2:-$work/folder}
mkdir -p "$folder"

# block LANGUAGE: what stands between ```LANGUAGE and ```.
block()
{
	awk -v start="\`\`\`$1" '$0 == start { on = 1; next } $0 == "```" { on = 0 } on' "$tutorial"
}

block sh >"$work/script"
block text >"$work/expected"
[ -s "$work/script" ] || {
	echo "doc-run: $tutorial has no \`\`\`sh block" >&2
	exit 2
}
# A here-document's lines are no commands.
commands=$(awk 'end != "" { if ($0 == end) end = ""; next }
	/^[ \t]*(#|$)/ { next }
	more { more = /\\$/; next }
	{ n++; more = /\\$/ }
	match($0, /<<'\''[A-Z]+'\''/) { end = substr($0, RSTART + 3, RLENGTH - 4) }
	END { print n + 0 }' "$work/script")
before=$(date +%s)
(cd "$folder" && sh -e "$work/script") >"$work/log" 2>&1 </dev/null
rc=$?
seconds=$(($(date +%s) - before))
tr -d '\r' <"$work/log" >"$work/lines"
missing=0
if [ $rc = 0 ]; then
	while IFS= read -r line; do
		grep -qxF -- "$line" "$work/lines" || {
			missing=1
			echo "doc-run: $tutorial promises a line that did not come: $line"
		}
	done <"$work/expected"
fi
if [ $rc != 0 ] || [ $missing != 0 ]; then
	sed 's/^/  | /' "$work/log"
	echo "$(basename "$tutorial" .md): failed (exit status $rc) after $seconds s"
	exit 1
fi
echo "$(basename "$tutorial" .md): $commands commands, $seconds s"
