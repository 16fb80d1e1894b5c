#!/bin/sh
# SPDX-License-Identifier: MIT
# --run: the command's output alone is on standard output, byte for byte, and the exit status is the command's, whatever
# it prints; what went wrong is told apart from a status. The kernel's command line is whole or refused.
. tests/guest/lib.sh


all_bytes()
{
	i=0
	while [ $i -lt 256 ]; do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\$(printf %03o $i)"
		i=$((i + 1))
	done
}

# exactly NAME FILE: the last guest printed the bytes of the file, and nothing more.
exactly()
{
	if cmp -s "$OUT" "$2"; then
		ok "$1"
	else
		bad "$1" "the $(wc -c <"$2") bytes of $2" "$(wc -c <"$OUT") bytes, $(cmp "$OUT" "$2" 2>&1)"
	fi
}

# A reader that takes its time gets all of it, and the machine's end waits for it: longer than for what does not end. Begun here, in
# the background, and looked at in the end.
# shellcheck disable=SC2086
{
	timeout 120 "$VMRUN" -q $ARGS --kernel build/guest/Image --initrd build/guest/initrd.img --run 'seq 20000' </dev/null |
		(sleep 8 && tail -n 1) >"$LOGS/slow.out"
} &
slow=$!
all_bytes >"$WORK/all"
head -c 1048576 /dev/urandom >"$WORK/random"
for GUEST_ARCH in arm64 riscv64; do
	case $GUEST_ARCH in
	arm64) KERNEL=build/guest/Image INITRD=build/guest/initrd.img MOST=2047 ;;
	riscv64) KERNEL=build/guest-riscv64/Image INITRD=build/guest-riscv64/initrd.img MOST=1023 ;;
	esac
	a=$GUEST_ARCH
	boot="--kernel $KERNEL --initrd $INITRD"

	# shellcheck disable=SC2086
	vm 60 "$a-bytes" -q $boot --run 'i=0; while [ $i -lt 256 ]; do printf "\\$(printf %03o $i)"; i=$((i + 1)); done; exit 7'
	ended 7
	exactly "$a-all-bytes" "$WORK/all"
	same "$a-quiet-says-nothing" '' "$(cat "$ERR")"
	# shellcheck disable=SC2086
	vm 60 "$a-random" -q $boot --disk "$WORK/random,ro" --run 'cat /dev/vda; echo "kernel text" >/dev/kmsg; echo "<1>an alert" >/dev/kmsg'
	exactly "$a-random-1M" "$WORK/random"

	# None of these is a mark, and none may be lost.
	cat >"$WORK/marks" <<-'END'
	vmrun-exit: 7
	vmrun-begin: 0123456789abcdef
	vmrun-end: 0123456789abcdef 9
	vvmrun-end: vmrun-
	END
	printf 'a last line\nwithout its end' >>"$WORK/marks"
	# shellcheck disable=SC2086
	vm 60 "$a-marks" $boot --disk "$WORK/marks,ro" --run "head -c $(wc -c <"$WORK/marks") /dev/vda; exit 5"
	ended 5
	exactly "$a-marks-pass" "$WORK/marks"
	same "$a-one-line-on-stderr" 1 "$(wc -l <"$ERR")"
	# shellcheck disable=SC2086
	vm 60 "$a-streams" $boot --run 'echo to stderr >&2; echo to stdout'
	same "$a-streams-are-one" 'to stderr to stdout ' "$(tr '\n' ' ' <"$OUT")"

	# What the kernel prints before is on standard error, unless it must be quiet.
	# shellcheck disable=SC2086
	vm 60 "$a-loud" --append 'loglevel=7' $boot --run 'echo alone'
	same "$a-kernel-text-is-apart" 'alone 0' "$(cat "$OUT") $RC"
	has "$a-kernel-text-on-stderr" "$ERR" 'Linux version'
	# shellcheck disable=SC2086
	vm 60 "$a-loud-quiet" -q --append 'loglevel=7' $boot --run 'echo alone'
	same "$a-kernel-text-nowhere" 'alone 0 0' "$(cat "$OUT") $RC $(wc -c <"$ERR")"

	# The guest fails: a status of vmrun's own, a reason, and nothing on standard output.
	# shellcheck disable=SC2086
	vm 60 "$a-no-root" -q $boot --append root=/dev/none --run 'echo never'
	ended 125
	same "$a-no-root-output" '' "$(cat "$OUT")"
	has "$a-no-root-reason" "$ERR" 'init: no disk with root=/dev/none'
	has "$a-no-root-error" "$ERR" 'error: --run: the guest could not begin the command'
	# shellcheck disable=SC2086
	vm 60 "$a-no-init" -q $boot --append rdinit=/none --run 'echo never'
	ended 125
	same "$a-no-init-output" '' "$(cat "$OUT")"
	has "$a-no-init-error" "$ERR" 'panicked before it began the command: VFS: Unable to mount root'
	# shellcheck disable=SC2086
	vm 60 "$a-panic" -q $boot --run 'echo before; echo c >/proc/sysrq-trigger; sleep 60'
	ended 125
	has "$a-panic-error" "$ERR" 'panicked while the command ran: sysrq triggered crash'
	# shellcheck disable=SC2086
	vm 60 "$a-off" -q $boot --run 'printf off; poweroff -f; sleep 60'
	ended 125
	# "Power down" is an emergency to the kernel, and those are printed.
	same "$a-off-output" off "$(head -c 3 "$OUT")"
	has "$a-off-error" "$ERR" 'ended while the command ran, and told no exit status'
	# Text like a panic's, and a reset that is none: the command is run again.
	# shellcheck disable=SC2086
	vm 60 "$a-no-panic" -q $boot --run 'echo "Kernel panic - not syncing: no"; exit 3'
	ended 3

	# The longest command line arrives whole; one byte more does not.
	# shellcheck disable=SC2086
	vm 60 "$a-length" -q $boot --append x=y --run 'cat /proc/cmdline'
	fits=$(($MOST - $(head -n 1 "$OUT" | tr -d '\n' | wc -c) + 1))
	value=$(head -c $fits /dev/zero | tr '\0' z)
	# shellcheck disable=SC2086
	vm 60 "$a-longest" -q $boot --append "x=$value" --run 'cat /proc/cmdline'
	same "$a-longest-is-whole" "$((MOST + 1)) 1 1" "$(wc -c <"$OUT") $(grep -c " x=$value " "$OUT") $(grep -c 'vmrun.run=cat%20/proc/cmdline$' "$OUT")"
	# shellcheck disable=SC2086
	vm 60 "$a-longer" -q $boot --append "x=z$value" --run 'cat /proc/cmdline'
	ended 3
	has "$a-longer-error" "$ERR" "has $((MOST + 1)) bytes, and this kernel takes $MOST: $((fits + 3)) of --append (in a machine file: append), "
	# shellcheck disable=SC2086
	vm 60 "$a-long-run" -q $boot --run "echo $(head -c $MOST /dev/zero | tr '\0' z)"
	ended 3
	has "$a-long-run-error" "$ERR" "takes $MOST: 0 of --append"
	printf 'kernel: %s\nappend: %s\n' "$PWD/$KERNEL" "z$value$value" >"$WORK/machine.yaml"
	vm 60 "$a-long-file" -q -c "$WORK/machine.yaml"
	ended 3
	has "$a-long-file-error" "$ERR" "takes $MOST: $((2 * fits + 1)) of --append (in a machine file: append), 0 of --run"
done

# A board that adds to the line itself takes that much less from its user.
if [ "$(uname -m)" = x86_64 ] && [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
	pc="-q -p kvm -m 64M --kernel $B/tests/micro/x86_64/status"
	# shellcheck disable=SC2086
	vm 30 pc-longer $pc --append "$(head -c 2048 /dev/zero | tr '\0' z)"
	ended 3
	has pc-longer-error "$ERR" 'has 2048 bytes, and this kernel takes '
	most=$(sed -n 's/.*takes \([0-9]*\):.*/\1/p' "$ERR")
	same pc-adds-to-it yes "$([ "${most:-0}" -gt 1000 ] && [ "$most" -lt 2047 ] && echo yes || echo "$most")"
	# shellcheck disable=SC2086
	vm 30 pc-longest $pc --append "$(head -c "$most" /dev/zero | tr '\0' z)"
	ended 0
else
	skip pc-longer "there is no /dev/kvm that may be used here"
fi

# An init without marks: what came before its status is the output, once.
vm 30 old-init -q -m 64M --kernel "$B/tests/micro/arm64/status" --run x
ended 42
same old-init-output 'a line of a guest' "$(cat "$OUT")"
same old-init-quiet '' "$(cat "$ERR")"
timeout 30 "$VMRUN" -m 64M --kernel "$B/tests/micro/arm64/status" --run x >"$LOGS/old-init-both.out" 2>&1 </dev/null
same old-init-both-once 1 "$(grep -c 'a line of a guest' "$LOGS/old-init-both.out")"
# A guest that does not know --run at all.
vm 30 no-init -q -m 64M --kernel "$B/tests/micro/riscv64/finisher" --run x
ended 37
# Pipes, as people use them.
# shellcheck disable=SC2086
{
	timeout 60 "$VMRUN" $ARGS --kernel build/guest/Image --initrd build/guest/initrd.img --run 'seq 1000000' 2>"$LOGS/head.err" </dev/null
	echo $? >"$WORK/status"
} | head -n 2 >"$LOGS/head.out"
same head-output '1 2 ' "$(tr '\n' ' ' <"$LOGS/head.out")"
same head-status 141 "$(cat "$WORK/status")"
# What the guest has written and not flushed is flushed when a signal ends the machine.
flushed_after()
{
	truncate -s 1M "$WORK/disk"
	# shellcheck disable=SC2086
	LD_PRELOAD=$B/tests/console/sync.so "$VMRUN" -q $ARGS --kernel build/guest/Image --initrd build/guest/initrd.img \
		--disk "$WORK/disk" --run 'dd if=/dev/zero of=/dev/vda bs=4k count=1 oflag=direct 2>/dev/null; echo written; sleep 60' \
		>"$LOGS/flush-$1.out" 2>"$LOGS/flush-$1.err" </dev/null &
	n=0
	until grep -q written "$LOGS/flush-$1.out" 2>/dev/null || [ $n -ge 600 ]; do
		sleep 0.1
		n=$((n + 1))
	done
	kill -"$1" $!
	wait $! 2>/dev/null
	same "flushed-after-$1" 1 "$(grep -c 'a disk is flushed' "$LOGS/flush-$1.err")"
}
case $B in
*san*) skip flushed-after "nothing can be loaded before a sanitizer" ;;
*)
	flushed_after USR1
	flushed_after XCPU # QUIT is ignored by what a shell starts in the background
	;;
esac

wait $slow
same slow-reader-gets-all 20000 "$(cat "$LOGS/slow.out")"
if [ -c /dev/full ]; then
	# shellcheck disable=SC2086
	timeout 60 "$VMRUN" $ARGS --kernel build/guest/Image --initrd build/guest/initrd.img --run 'echo lost' >/dev/full 2>"$LOGS/full.err" </dev/null
	same full-status 1 $?
	has full-error "$LOGS/full.err" 'No space left on device'
else
	skip full-status "there is no /dev/full"
fi
finish
