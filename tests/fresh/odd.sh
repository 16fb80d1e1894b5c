#!/bin/sh
# SPDX-License-Identifier: MIT
# odd.sh: `make test` does not depend on where the source is and on what it is called from. This tree as it is built, seen in
# other places by an overlay (nothing is copied, and nothing is written to it), runs the tests that depend on any of that:
#
#   name     in a folder whose name has blanks and a quote in it, below one that is closed to others
#   long     below folders with names of 1000 characters in all
#   link     by way of a symbolic link
#   poor     without HOME, USER, TERM, standard input and /dev/kvm; on one CPU; with few open files, umask 077, CDPATH,
#            GREP_OPTIONS, MAKEFLAGS and a TMPDIR that is not there; with /tmp mounted noexec, and /proc with hidepid; with
#            signals ignored, as a background job has them
#   shm      without /dev/shm: what is no unit test (Criterion needs it)
#
#   VMRUN_ODD='name poor'   only these
#
# runs alone: it runs tests, with all CPUs
# time limit: 7200 s
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
# shellcheck source=tests/fresh/debian.sh
. tests/fresh/debian.sh
LOGS=$PWD/$B/tests/report/odd
TESTS="$B/tests/test-core-registry $B/tests/test-core-load $B/tests/test-core-cli $B/tests/test-core-yaml $B/tests/test-boot-boot
	$B/tests/test-machine-block $B/tests/test-machine-run $B/tests/test-machine-console $B/tests/test-machine-sandbox
	$B/tests/test-kvm-probe $B/tests/test-board-riscv64-board $B/tests/test-isa-patgen $B/tests/test-diff
	tests/abi/compat.sh tests/board-pc/iasl.sh tests/doc/doc.sh tests/errors/errors.sh tests/examples/examples.sh tests/fresh/deps.sh
	tests/guest/guest-boot.sh tests/kvm/kvm-machine.sh tests/micro/names.sh tests/micro/micro.sh tests/perf/perf.sh
	tests/security/loading.sh tests/sdk/install.sh"
case $B in *san*) SAN=SAN=1 ;; *) SAN='' ;; esac
passed=0 failed=0 skipped=0
mkdir -p "$LOGS"
# shellcheck disable=SC2116,SC2086
TESTS=$(echo $TESTS)

finish()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
	exit
}
if [ "$(id -u)" = 0 ]; then
	namespace='unshare --mount --pid --fork --kill-child --propagation private'
else
	namespace='unshare --user --map-root-user --mount --pid --fork --kill-child --propagation private'
fi
W=$(mktemp -d /var/tmp/vmrun-odd.XXXXXX) || exit 1
trap 'rm -rf "$W"' EXIT
trap 'exit 1' INT TERM HUP
mkdir "$W/upper" "$W/work" "$W/place"
# shellcheck disable=SC2086
$namespace mount -t overlay -o "lowerdir=$PWD,upperdir=$W/upper,workdir=$W/work" over "$W/place" 2>"$W/why" || {
	echo "skip odd: skipped, no overlay can be mounted here: $(head -n 1 "$W/why")"
	skipped=1
	finish
}

# odd NAME FOLDER SCRIPT [TESTS]: FOLDER, below $W, is the source; SCRIPT runs "$@", which is make, in it.
odd()
{
	name=$1 place=$W/$2 log=$LOGS/$1.log
	case " ${VMRUN_ODD:-$name} " in *" $name "*) ;; *) return ;; esac
	{ printf '         odd: %s\n' "$name" >&3; } 2>/dev/null || :
	rm -rf "$W/upper" "$W/work"
	mkdir -p "$W/upper" "$W/work" "$place"
	chmod 700 "$W"
	# shellcheck disable=SC2086
	$namespace sh -euc 'upper=$0 place=$1 script=$2
		shift 2
		mount -t overlay -o "lowerdir=$PWD,upperdir=$upper/upper,workdir=$upper/work" over "$place"
		mount -t proc proc /proc
		cd "$place"
		eval "$script"' "$W" "$place" "$3" "${MAKE:-make}" test "TESTS=${4:-$TESTS}" $SAN >"$log" 2>&1 </dev/null
	rc=$?
	sum=$(tail -n 1 "$log")
	case $rc-$sum in
	0-*' passed, 0 failed, '*' skipped')
		passed=$((passed + 1))
		echo "ok   $name"
		echo "     $sum"
		grep '^    | .*[Ss]kip' "$log" | sed 's/^    |/    /'
		;;
	*)
		failed=$((failed + 1))
		echo "FAIL $name: exit status $rc, and '$sum' as the last line; see $log"
		grep -v '^  [A-Z]\|^  ok ' "$log" | tail -n 40 | sed 's/^/     /'
		;;
	esac
}

odd name "it's a  folder/of  mine" '"$@"'
part=$(printf '%0199d' 0)
odd long "$part/$part/$part/$part/$part" '"$@"'
odd link real 'ln -s "$place" "$place/../link"; cd "$place/../link"; "$@"'
# A /dev without some of the devices.
# shellcheck disable=SC2016
few_devices='
	root="" old=/mnt devices=""
	mount --bind / /mnt
	mount --rbind /dev /mnt/dev
	'"$DEBIAN_DEV"'
'
# shellcheck disable=SC2016
odd poor poor "$few_devices"'
	mkdir -m 1777 /dev/shm
	mount -t tmpfs -o noexec,mode=1777 tmp /tmp
	mount -o remount,hidepid=2 /proc
	umask 077
	ulimit -n 256
	trap "" HUP INT PIPE QUIT
	exec taskset 1 env -i PATH="$PATH" CDPATH=/:/tmp GREP_OPTIONS=-v MAKEFLAGS=-k TMPDIR="/tmp/not there" LC_ALL=C.UTF-8 TZ=Asia/Kathmandu "$@" <&-'
# shellcheck disable=SC2016
odd shm shm "$few_devices"'"$@"' "$B/tests/test-core-cli tests/errors/errors.sh tests/kvm/kvm-machine.sh tests/security/loading.sh tests/sdk/install.sh"
finish
