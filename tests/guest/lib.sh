# SPDX-License-Identifier: MIT
# lib.sh: what the tests with a guest share; sourced, from the top of the source.
#
#   VR_B          where it was built (build, or build-san), from make
#   VMRUN_ARGS    more options for each guest, such as '-p soft,tier=0'
#   NEEDS         files that must be there besides vmrun, where they are not those of a whole guest
#   VMRUN_SLOW    multiplies every time limit (default 1; with the sanitizers 8)
#   GUEST_ARCH    the guest's architecture, set by a test whose guest is not the default one
set -u
# shellcheck source=tests/env.sh
. tests/env.sh
VMRUN=$B/bin/vmrun
# What differs between the guests: where they are (which does not depend on how vmrun was built), and what they call things.
case ${GUEST_ARCH:=arm64} in
arm64)
	GUEST=build/guest IMG=guest.img
	MACHINE=aarch64 TIMER=arch_timer
	;;
riscv64)
	GUEST=build/guest-riscv64
	IMG=$GUEST/guest.img
	MACHINE=riscv64 TIMER=riscv-timer
	;;
*)
	echo "GUEST_ARCH=$GUEST_ARCH: arm64 or riscv64"
	exit 1
	;;
esac
KERNEL=$GUEST/Image
INITRD=$GUEST/initrd.img
TOOLS=$B/tests/guest
case $B in *san*) SLOW=${VMRUN_SLOW:-8} ;; *) SLOW=${VMRUN_SLOW:-1} ;; esac
ARGS=${VMRUN_ARGS:-}
SUITE=$(basename "$0" .sh)
LOGS=$B/tests/report/guest/$SUITE
WORK=$B/tests/work/$SUITE
# Results go to a file: those found in a pipeline's subshell count as well.
COUNTS=$WORK/counts

count()
{
	grep -c "^$1" "$COUNTS" 2>/dev/null || :
}

die()
{
	echo "$SUITE: $*"
	echo "$(count ok) passed, $(($(count bad) + 1)) failed, $(count skip) skipped"
	exit 1
}

# shellcheck disable=SC2086 # NEEDS are several words
for f in "$VMRUN" ${NEEDS-$TOOLS/term $TOOLS/json $IMG $KERNEL $INITRD}; do
	[ -e "$f" ] || die "$f is missing; run this by \`make test\`, at the top of the source"
done
rm -rf "$WORK" "$LOGS"
mkdir -p "$WORK" "$LOGS"
: >"$COUNTS"
trap 'rm -rf "$WORK"' EXIT
trap 'exit 1' INT TERM HUP

ok()
{
	echo ok >>"$COUNTS"
	echo "ok   $1"
}

# bad NAME EXPECTED CAME
bad()
{
	echo bad >>"$COUNTS"
	echo "FAIL $1"
	printf '     expected: %s\n     came:     %s\n' "$2" "$3"
}

skip()
{
	echo skip >>"$COUNTS"
	echo "skip $1: skipped, $2"
}

# same NAME EXPECTED CAME
same()
{
	if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "$2" "$3"; fi
}

# has NAME FILE TEXT: the file has a line with the text.
has()
{
	if grep -aqF -- "$3" "$2"; then
		ok "$1"
	else
		bad "$1" "'$3' in $2" "$(tail -n 3 "$2" | tr '\r\n' '  ' | cut -c 1-300)"
	fi
}

# vm SECONDS NAME OPTION...: one guest, its output in $OUT, its messages in $ERR, its status in $RC. SECONDS are far more than it
# takes by itself. It is ended after three times as many: that is to end what hangs, not what is slow because the machine is busy.
vm()
{
	limit=$(($1 * SLOW * 3))
	NAME=$2
	OUT=$LOGS/$NAME.out
	ERR=$LOGS/$NAME.err
	shift 2
	# shellcheck disable=SC2086 # ARGS are several words
	timeout -k 10 "$limit" "$VMRUN" $ARGS "$@" >"$OUT" 2>"$ERR" </dev/null
	RC=$?
	[ $RC != 124 ] && [ $RC != 137 ] || echo "     $NAME: did not end within $limit s; its output is in $OUT"
}

# ended STATUS: the guest of the last vm ended as it should.
ended()
{
	if [ "$RC" = "$1" ]; then
		ok "$NAME"
	else
		bad "$NAME" "exit status $1" "$RC, $(tail -n 3 "$ERR" "$OUT" | tr '\r\n' '  ' | cut -c 1-400)"
	fi
}

# A copy that takes no room for holes. The tests write to copies only.
copy()
{
	cp --sparse=always --reflink=auto "$1" "$2" || die "no room for a copy of $1 in $WORK"
}

# The start of the root partition, in bytes.
root_start()
{
	sfdisk -d "$1" | sed -n 's/.*start= *\([0-9]*\).*name="root".*/\1/p' | awk '{ print $1 * 512 }'
}

# fs_clean NAME IMAGE: its root file system has no fault.
fs_clean()
{
	if e2fsck -fn "$2?offset=$(root_start "$2")" >"$LOGS/$1.fsck" 2>&1; then
		ok "$1"
	else
		bad "$1" "e2fsck finds nothing" "$(tail -n 3 "$LOGS/$1.fsck" | tr '\n' ' ')"
	fi
}

# A file out of an image's root file system.
fs_file()
{
	debugfs -R "dump $2 $3" "$1?offset=$(root_start "$1")" >"$LOGS/debugfs.log" 2>&1
}

# guest_results FILE: counts the lines "ok NAME", "not ok NAME ..." and "skip NAME ..." that a program in the guest printed.
# There must be one at least.
guest_results()
{
	tr -d '\r' <"$1" >"$WORK/lines"
	grep -aEq '^(ok|not ok|skip)[[:space:]]' "$WORK/lines" || bad "$(basename "$1")-has-results" "a line ok, not ok or skip" "none in $1"
	while read -r word rest; do
		case $word in
		ok) ok "$rest" ;;
		skip) skip "${rest%% *}" "${rest#* }" ;;
		not)
			rest=${rest#ok }
			bad "${rest%% *}" "the right answer (see $1)" "${rest#* }"
			;;
		esac
	done <"$WORK/lines"
}

finish()
{
	failed=$(count bad)
	echo "$(count ok) passed, $failed failed, $(count skip) skipped"
	[ "$failed" = 0 ]
	exit
}
