# SPDX-License-Identifier: MIT
# rights.sh: what each role may do; sourced by helper.sh. The guest prints the errno (0: it could be done) of what the helper
# tried. ECONNREFUSED: the helper may connect, and nothing listens there.
# shellcheck shell=sh
PERM=1 ACCES=13 REFUSED=111
other=o=$ACCES
case $B in *san*)
	other=
	skip rights-of-other-files "the sanitizers' reports read files, so all may be read in this build"
	;;
esac

# rights ROLE LETTER=ERRNO...
rights()
{
	role=$1
	shift
	guest "rights-$role${with:-}" "$role" "$(echo "$*" | sed 's/=[0-9]*//g; s/ //g')" \
		"file=$WORK/file,folder=$WORK/folder" "${with:-}"
	for r in "$@"; do
		said "$(sed -n "s/^COMMAND('${r%=*}', \"\([^\"]*\)\", .*/\1/p" tests/helper/commands.def)" "${r%=*}" \
			"done $(printf 0x%x "${r#*=}")"
	done
}

if [ -n "$landlock" ]; then
	rights share r=0 w=$ACCES f=0 u=0 +=0 $other s=$PERM k=$PERM x=$PERM p=$PERM j=$PERM
	# Without a path that may be written, what changes a file by a descriptor for reading is not there either.
	guest share-reads share r+ "file=$WORK/file"
	said "opens to read" r "done 0x0"
	said "changes nothing" + "done $(printf 0x%x $PERM)"
	rights cache r=0 w=$ACCES f=0 u=0 +=$PERM $other s=$PERM k=$PERM x=$PERM p=$PERM j=$PERM
	rights gpu r=0 w=$ACCES f=0 u=$PERM +=$PERM $other s=$PERM k=$PERM x=$PERM p=$PERM j=$PERM
	rights net r=0 w=$PERM f=$PERM u=$PERM $other s=$REFUSED k=$PERM x=$PERM p=$PERM j=$PERM
	rights block-net r=0 w=$PERM f=$PERM u=$PERM $other s=$REFUSED k=$PERM x=$PERM p=$PERM j=$PERM
else
	other=
	skip rights "this kernel has no Landlock ABI 3, so paths are not limited"
fi
with=--no-sandbox
rights share r=0 f=0 u=0 o=0 s=$REFUSED k=0 e=0
with=
# A grant is what the user gave. A path that is not there is said.
if [ -n "$landlock" ]; then
	guest grant-missing share e "file=$WORK/none"
	ended 3
	has "$NAME: told" "$ERR" "sandbox: '$WORK/none': No such file or directory"
fi
