#!/bin/sh
# SPDX-License-Identifier: MIT
# Files that fail: whichever call of vmrun for a file is interrupted, moves only a part, or fails, and with whichever cause
# (inject.c), vmrun ends by itself.
#
#   - An interrupted call and a short transfer are not noticed: the same status, output, messages and files.
#   - A failure is told: by an error that names what failed and the cause, and an exit status of the manual; or the guest
#     gets it, as the status of its request to the disk. Otherwise it made no difference to what the user gets.
#
# Of more than IOFAULT_MOST calls (default 120) only every second, third ... is tried: those are writes to the console.
# time limit: 600 s
# shellcheck source=tests/guest/lib.sh
NEEDS=''
. tests/guest/lib.sh
I=$env_b/tests/iofault
for f in "$I/inject.so" "$I/guest"; do
	[ -f "$f" ] || die "$f is missing; run this by \`make test\`, at the top of the source"
done
HOME=$WORK XDG_DATA_HOME=$WORK
export HOME XDG_DATA_HOME

# A vmrun that sees no other manifests than those it needs.
mkdir -p "$WORK/few/bin" "$WORK/teach" "$WORK/disk"
cp "$VMRUN" "$WORK/few/bin/vmrun"
VMRUN_FEW=$WORK/few/bin/vmrun
cp "$B/plugins/soft.so" "$B/plugins/soft.yaml" "$B"/examples/board-teach.* "$B"/examples/xlate-teach.* "$WORK/teach"
for p in soft board-virt xlate-arm64-x86 virtio; do cp "$B/plugins/$p.so" "$B/plugins/$p.yaml" "$WORK/disk"; done

CAUSES='Input/output error|No space left on device|[Oo]ut of memory|Cannot allocate memory|no memory'

# kept: the files that a run leaves, to be compared. begin: makes them as they are before.
begin()
{
	rm -rf "$WORK/files"
	mkdir "$WORK/files"
	[ "$1" != disk ] || truncate -s 64K "$WORK/files/disk.img"
}
# run NAME FAULT COMMAND...
run()
{
	begin "$1"
	shift
	fault=$1
	shift
	timeout -k 5 30 env ${fault:+"VMRUN_IO=$fault"} "LD_PRELOAD=$I/inject.so" "$@" \
		>"$WORK/out" 2>"$WORK/err" </dev/null
	rc=$?
}

# judge KIND: why the run that is in $rc, out, err and files is wrong, or nothing; compared with those of the run without a fault.
judge()
{
	[ $rc -le 3 ] || [ $rc = "$status" ] || {
		echo "status $rc"
		return
	}
	same=''
	cmp -s "$WORK/out" "$WORK/out.ref" && diff -r "$WORK/files" "$WORK/files.ref" >/dev/null && same=1
	case $1 in
	short | EINTR)
		[ $rc = "$status" ] && [ -n "$same" ] && cmp -s "$WORK/err" "$WORK/err.ref" || echo "status $rc, it was noticed"
		;;
	*)
		[ $rc != "$status" ] || [ -z "$same" ] || return 0
		grep -Eq "$CAUSES" "$WORK/err" || {
			echo "status $rc, and no cause"
			return
		}
		grep -E "$CAUSES" "$WORK/err" | grep -Eq "/|'|standard (input|output)|[Oo]ut of memory|no memory" ||
			echo "status $rc, and the message names nothing"
		;;
	esac
}

at_least()
{
	if [ "$3" -ge "$2" ]; then ok "$1: $3"; else bad "$1" "at least $2" "$3"; fi
}

# every NAME COMMAND...: each fault of each kind.
all_flushes=0
every()
{
	name=$1
	shift
	run "$name" '' "$@"
	status=$rc
	mv "$WORK/out" "$WORK/out.ref"
	mv "$WORK/err" "$WORK/err.ref"
	rm -rf "$WORK/files.ref"
	mv "$WORK/files" "$WORK/files.ref"
	for kind in short EINTR EIO ENOSPC; do
		VMRUN_IO_COUNT=$WORK/count
		export VMRUN_IO_COUNT
		rm -f "$WORK/count"
		run "$name" "$kind:0" "$@"
		unset VMRUN_IO_COUNT
		total=$(cat "$WORK/count" 2>/dev/null)
		total=$((${total:-0}))
		same "$name-$kind-alone" "$status" "$rc"
		# Some more than were counted: how output is cut into writes depends on time.
		last=$((total + 8)) step=$((total / ${IOFAULT_MOST:-120} + 1))
		n=1 wrong='' made=0 refused=0 flushes=0
		while [ $n -le $last ]; do
			run "$name" "$kind:$n" "$@"
			why=$(judge $kind)
			! grep -aq ': status ' "$WORK/out" || refused=$((refused + 1))
			! grep -q "^vmrun: error: disk '.*': flushing: " "$WORK/err" || flushes=$((flushes + 1))
			if [ -n "$why" ]; then
				wrong="$wrong $n: $why;"
				cp "$WORK/out" "$LOGS/$name-$kind-$n.out"
				cp "$WORK/err" "$LOGS/$name-$kind-$n.err"
			fi
			n=$((n + step)) made=$((made + 1))
		done
		if [ $total = 0 ]; then
			bad "$name-$kind" "calls that can fail so" none
		elif [ -z "$wrong" ]; then
			ok "$name-$kind: $total calls, $made in turn"
		else
			bad "$name-$kind" "not noticed, or told" "$(echo "$wrong" | cut -c 1-600) see $LOGS"
		fi
		# Seven writes, a flush, six reads: the guest is told of each that fails. The user is told of its flush, and of the
		# one at the end. A call may be another number's in the next run, so not all of them are met.
		[ $step = 1 ] || continue
		case $name-$kind in
		disk-EIO) at_least "$name-$kind: requests that failed for the guest" 7 $refused ;;
		disk-ENOSPC) at_least "$name-$kind: requests that failed for the guest" 4 $refused ;;
		esac
		all_flushes=$((all_flushes + flushes))
	done
}

# The machine from a file, a kernel, a log, the guest's own status.
cat >"$WORK/teach.yaml" <<EOF
memory: 1M
EOF
every teach "$VMRUN_FEW" --plugin-path "$WORK/teach" -p soft -c "$WORK/teach.yaml" -d insn:0x1000..0x1018 -D "$WORK/files/log" "$B/examples/primes.teach"
every disk "$VMRUN_FEW" --plugin-path "$WORK/disk" -p soft -m 64M --kernel "$I/guest" --disk "$WORK/files/disk.img"
[ -n "${IOFAULT_MOST:-}" ] || at_least "disk: failed flushes that the user is told of" 1 $all_flushes
same disk-ends done "$(head -n 1 "$WORK/out.ref" | tr -d '\r')"
finish
