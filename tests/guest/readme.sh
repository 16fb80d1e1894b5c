# SPDX-License-Identifier: MIT
# readme.sh: what README says is typed; sourced after lib.sh.

# A folder with the source's tools and what was built in their places, and nothing else.
mkdir -p "$WORK/here/build"
for f in tools guest.img; do ln -s "$PWD/$f" "$WORK/here/$f"; done
for f in guest ci guest-riscv64; do ln -s "$PWD/build/$f" "$WORK/here/build/$f"; done
case $B in /*) ln -s "$B/bin" "$WORK/here/build/bin" ;; *) ln -s "$PWD/$B/bin" "$WORK/here/build/bin" ;; esac

# block SECTION WORDS: the indented lines of that section that stand together and have these words in one of them.
block()
{
	awk -v section="## $1" -v words="$2" '
		/^## / { on = $0 == section }
		on && /^    / { text = text substr($0, 5) "\n"; found = found || index($0, words); next }
		{ if (found) printf "%s", text; text = ""; found = 0 }
		END { if (found) printf "%s", text }' README.md
}

# typed NAME SECTION WORDS: that block, in the folder; each command must succeed. Its status in $RC.
typed()
{
	NAME=$1 OUT=$LOGS/$1.out ERR=$LOGS/$1.err
	block "$2" "$3" >"$WORK/$1.sh"
	[ -s "$WORK/$1.sh" ] || bad "$1-is-there" "a block in README's section $2 with '$3'" none
	(cd "$WORK/here" && exec sh -e ../"$1.sh") >"$OUT" 2>"$ERR" </dev/null
	RC=$?
}
