#!/bin/sh
# SPDX-License-Identifier: MIT
# --run: to its caller vmrun is what the command is. Standard input, output and error byte for byte and apart, the exit
# status, ends that are none of the command's, and the ways to say what is to be run. Guests of both architectures.
. tests/guest/lib.sh

# exactly NAME FILE: the last guest printed the bytes of the file, and nothing more.
exactly()
{
	if cmp -s "$OUT" "$2"; then
		ok "$1"
	else
		bad "$1" "the $(wc -c <"$2") bytes of $2" "$(wc -c <"$OUT") bytes, $(cmp "$OUT" "$2" 2>&1)"
	fi
}

# run SECONDS NAME OPTION...: vm with the guest of $boot, and standard input as the caller has it.
run()
{
	limit=$(($1 * SLOW))
	NAME=$2
	OUT=$LOGS/$NAME.out
	ERR=$LOGS/$NAME.err
	shift 2
	# shellcheck disable=SC2086
	timeout -k 10 "$limit" "$VMRUN" $ARGS $boot "$@" >"$OUT" 2>"$ERR"
	RC=$?
}

# No line of these is a status, and none may be lost; then every byte there is, and a line without its end.
{
	printf 'vmrun-exit: 7\nexit 3\nvmrun-end: 0123456789abcdef 9\nKernel panic - not syncing: no\nvvmrun-exit: vmrun-\n'
	i=0
	while [ $i -lt 256 ]; do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\$(printf %03o $i)"
		i=$((i + 1))
	done
	printf 'last'
} >"$WORK/odd"
head -c 1048576 /dev/urandom >"$WORK/random"
# A variable with bytes that shells and terminals take for something else.
# shellcheck disable=SC2016
ODD=$(printf 'it'\''s "$x" `y` \\\n\001\177\201\210\377.')
{
	echo '#!/bin/sh -e'
	head -c 300000 /dev/zero | tr '\0' '#'
	echo
	# shellcheck disable=SC2016
	echo 'pwd; echo "$# $1|$2|$3|"; printf %s "$ODD" >&2; echo "$UNSET$ONE"; false; echo "sh -e goes on"'
} >"$WORK/script"
# An init that is not ours: the manual's lines.
mkdir "$WORK/init"
cat >"$WORK/init/own" <<-'END'
	#!/bin/sh
	export PATH=/bin HOME=/tmp
	mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
	while read -r m; do insmod /lib/modules/$m; done </lib/modules/order
	while sleep 0.1; do
		for p in /sys/class/virtio-ports/*; do
			[ ! -e "$p/name" ] || read -r name <"$p/name"
			[ "$name" != vmrun.agent ] || exec /bin/sh "/dev/${p##*/}"
		done
	done
END
printf '#!/bin/sh\nexec sleep 1000\n' >"$WORK/init/sleeps"
chmod 755 "$WORK/init/own" "$WORK/init/sleeps"
(cd "$WORK/init" && printf 'own\nsleeps\n' | cpio --quiet -o -H newc) >"$WORK/init.cpio"

for GUEST_ARCH in arm64 riscv64; do
	case $GUEST_ARCH in
	arm64) KERNEL=build/guest/Image INITRD=build/guest/initrd.img MOST=2047 ;;
	riscv64) KERNEL=build/guest-riscv64/Image INITRD=build/guest-riscv64/initrd.img MOST=1023 ;;
	esac
	a=$GUEST_ARCH
	boot="--kernel $KERNEL --initrd $INITRD"

	# shellcheck disable=SC2016
	run 60 "$a-there-and-back" -q --run 'tee /tmp/in; sha256sum </tmp/in >&2; exit 7' <"$WORK/random"
	ended 7
	exactly "$a-1M-of-any-bytes" "$WORK/random"
	same "$a-stderr-apart" "$(sha256sum <"$WORK/random")" "$(cat "$ERR")"

	# The console's text is apart, whatever it says.
	run 60 "$a-console-log" --console-log "$LOGS/$a-console.log" --append loglevel=7 --disk "$WORK/odd,ro" \
		--run "cat; echo \"eof \$?\" >&2; head -c $(wc -c <"$WORK/odd") /dev/vda; echo 'vmrun-exit: 9' >/dev/console; echo '<1>an alert' >/dev/kmsg; exit 5" <&-
	ended 5
	exactly "$a-no-line-is-a-status" "$WORK/odd"
	same "$a-closed-stdin-is-empty" 'eof 0' "$(tail -n 1 "$ERR")"
	same "$a-choice-alone-on-stderr" 2 "$(wc -l <"$ERR")"
	for t in 'Linux version' 'vmrun-exit: 9' 'an alert'; do has "$a-console-log-has" "$LOGS/$a-console.log" "$t"; done

	ODD=$ODD run 60 "$a-script" -q --cwd /proc/self --env ODD --env NOT_SET --env ONE=1 --run-file "$WORK/script" --args 'a b' "'" -q </dev/null
	ended 1
	same "$a-script-arguments" '3 a b|'\''|-q| 1' "$(tail -n +2 "$OUT" | tr '\n' ' ' | sed 's/ $//')"
	has "$a-script-folder" "$OUT" /proc/
	same "$a-script-environment" "$ODD" "$(cat "$ERR")"

	# What the command leaves behind does not hold the end up; input that it does not read is no matter.
	run 60 "$a-left-behind" -q --run '(trap "" TERM; exec sleep 1000) & sleep 1000 & echo left; kill -11 $$' <"$WORK/random"
	ended 139
	same "$a-left-behind-output" left "$(cat "$OUT")"

	# The guest fails: a status of vmrun's own, a reason, and nothing on standard output.
	# shellcheck disable=SC2086
	vm 60 "$a-no-root" -q $boot --append root=/dev/none --run 'echo never'
	ended 125
	same "$a-no-root-output" '' "$(cat "$OUT")"
	has "$a-no-root-reason" "$ERR" 'init: no disk with root=/dev/none'
	has "$a-no-root-error" "$ERR" 'error: --run: the guest powered off and did not begin the command'
	# shellcheck disable=SC2086
	vm 60 "$a-no-init" -q $boot --append rdinit=/none --run 'echo never'
	ended 125
	has "$a-no-init-error" "$ERR" 'panicked before it began the command: VFS: Unable to mount root'
	# shellcheck disable=SC2086
	vm 60 "$a-panic" -q $boot --run 'echo before; sleep 1; echo c >/proc/sysrq-trigger; sleep 60'
	ended 125
	same "$a-panic-output" before "$(cat "$OUT")"
	has "$a-panic-error" "$ERR" 'panicked while the command ran: sysrq triggered crash'
	# shellcheck disable=SC2086
	vm 60 "$a-off" -q $boot --cwd /bin --run 'printf off; sleep 1; poweroff -f; sleep 60'
	ended 125
	same "$a-off-output" off "$(cat "$OUT")"
	has "$a-off-error" "$ERR" 'powered off while the command ran, and told no exit status'
	# shellcheck disable=SC2086
	vm 60 "$a-own-init" -q $boot --initrd "$WORK/init.cpio" --append rdinit=/own --run 'pwd; exit 255'
	ended 255
	same "$a-own-init-output" /tmp "$(cat "$OUT")"

	# The longest command line arrives whole; one byte more does not. The command is no part of it.
	# shellcheck disable=SC2086
	vm 60 "$a-length" -q $boot --append x=y --run 'cat /proc/cmdline'
	fits=$((MOST - $(head -n 1 "$OUT" | tr -d '\n' | wc -c) + 1))
	value=$(head -c $fits /dev/zero | tr '\0' z)
	# shellcheck disable=SC2086
	vm 60 "$a-longest" -q $boot --append "x=$value" --run "cat /proc/cmdline # $value$value$value"
	same "$a-longest-is-whole" "$((MOST + 1)) 1" "$(wc -c <"$OUT") $(grep -c " x=$value\$" "$OUT")"
	# shellcheck disable=SC2086
	vm 60 "$a-longer" -q $boot --append "x=z$value" --run 'cat /proc/cmdline'
	ended 3
	has "$a-longer-error" "$ERR" "has $((MOST + 1)) bytes, and this kernel takes $MOST: $((fits + 3)) of --append (in a machine file: append), "
	printf 'kernel: %s\nappend: %s\n' "$PWD/$KERNEL" "z$value$value$value" >"$WORK/machine.yaml"
	vm 60 "$a-long-file" -q -c "$WORK/machine.yaml"
	ended 3
	has "$a-long-file-error" "$ERR" "takes $MOST: $((3 * fits + 1)) of --append (in a machine file: append), 0 of --run"
done
boot="--kernel build/guest/Image --initrd build/guest/initrd.img"

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

# A guest without console ports: what came before its status is the output, once.
vm 30 no-ports -q -m 64M --kernel "$B/tests/micro/arm64/status" --run x
ended 42
same no-ports-output 'a line of a guest' "$(cat "$OUT")"
same no-ports-quiet '' "$(cat "$ERR")"
timeout 30 "$VMRUN" -m 64M --kernel "$B/tests/micro/arm64/status" --run x >"$LOGS/no-ports-both.out" 2>&1 </dev/null
same no-ports-both-once 1 "$(grep -c 'a line of a guest' "$LOGS/no-ports-both.out")"
# A guest that does not know --run at all: its own status, or none.
vm 30 no-status -q -m 64M --kernel "$B/tests/micro/riscv64/finisher" --run x
ended 37
# shellcheck disable=SC2086
vm 60 never-asks --start-limit 5 $boot --initrd "$WORK/init.cpio" --append rdinit=/sleeps --run x
ended 125
has never-asks-error "$ERR" 'the guest has not asked for the command within 5 s (--start-limit): its kernel needs virtio_console'
# shellcheck disable=SC2086
vm 60 no-folder -q $boot --cwd /none --run 'echo never'
ended 125
has no-folder-error "$ERR" "could not begin the command: --cwd: the guest has no folder '/none'"
# shellcheck disable=SC2086
vm 60 program -q $boot --run-file build/guest/initrd/bin/busybox --args echo 'one  two'
ended 0
same program-output 'one  two' "$(cat "$OUT")"
# shellcheck disable=SC2086
vm 60 not-found -q $boot --run 'no-such-command'
ended 127
run 60 timeout -q --timeout $((15 * SLOW)) --run 'echo begun; sleep 1000' </dev/null
ended 124
has timeout-output "$OUT" begun
has timeout-error "$ERR" "the machine has run for $((15 * SLOW)) s and is ended (--timeout)"

# Several at once, each its own.
for n in 1 2 3; do
	# shellcheck disable=SC2086
	echo "input $n" | timeout $((120 * SLOW)) "$VMRUN" -q $ARGS $boot --run "cat; exit $n" >"$LOGS/parallel-$n.out" 2>&1 &
	eval "p$n=\$!"
done
for n in 1 2 3; do
	eval "wait \$p$n"
	same "parallel-$n" "$n input $n" "$? $(cat "$LOGS/parallel-$n.out")"
done

# A loop that reads its list from standard input keeps it where vmrun is told so.
printf 'one\ntwo\n' | while read -r word; do
	# shellcheck disable=SC2086
	vm 60 "loop-$word" -q $boot --run "echo $word"
	cat "$OUT"
done >"$LOGS/loop.out"
same loop-keeps-its-input 'one two ' "$(tr '\n' ' ' <"$LOGS/loop.out")"

# ---- a terminal ------------------------------------------------------------------------------------------------
# on_terminal NAME STEP... -- OPTION...
on_terminal()
{
	name=$1
	shift
	if $TOOLS/term -t $((60 * SLOW)) -l "$LOGS/$name.out" "$@" 2>"$WORK/wrong"; then
		ok "$name"
	else
		bad "$name" "every step" "$(cat "$WORK/wrong")"
	fi
}
# shellcheck disable=SC2086
on_terminal typed-lines expect=ready 'send=hello\r' 'expect=got hello' 'send=more\r' expect=more 'send=\x04' expect=end end=3 sane -- \
	"$VMRUN" -q $ARGS $boot --run 'echo ready; read x; echo "got $x"; cat; echo end; exit 3'
# shellcheck disable=SC2086
on_terminal interrupt expect=ready 'send=\x03' killed=INT sane -- "$VMRUN" -q $ARGS $boot --run 'echo ready; sleep 1000'
# shellcheck disable=SC2086
on_terminal progress 'expect=the command has not begun for' 'expect=the guest boots' 'send=\x03' killed=INT sane -- \
	"$VMRUN" $ARGS $boot --initrd "$WORK/init.cpio" --append rdinit=/sleeps --run x

# ---- pipes, as people use them -------------------------------------------------------------------------------------
# shellcheck disable=SC2086
{
	timeout $((60 * SLOW)) "$VMRUN" $ARGS $boot --run 'seq 1000000' 2>"$LOGS/head.err" </dev/null
	echo $? >"$WORK/status"
} | head -n 2 >"$LOGS/head.out"
same head-output '1 2 ' "$(tr '\n' ' ' <"$LOGS/head.out")"
same head-status 141 "$(cat "$WORK/status")"
has head-error "$LOGS/head.err" 'standard output is closed'
# What the guest has written and not flushed is flushed when a signal ends the machine.
flushed_after()
{
	truncate -s 1M "$WORK/disk"
	# shellcheck disable=SC2086
	LD_PRELOAD=$B/tests/console/sync.so "$VMRUN" -q $ARGS $boot \
		--disk "$WORK/disk" --run 'dd if=/dev/zero of=/dev/vda bs=4k count=1 oflag=direct 2>/dev/null; echo written; sleep 60' \
		>"$LOGS/flush-$1.out" 2>"$LOGS/flush-$1.err" </dev/null &
	n=0
	until grep -q written "$LOGS/flush-$1.out" 2>/dev/null || [ $n -ge 600 ]; do
		sleep 0.1
		n=$((n + 1))
	done
	kill -"$1" $!
	wait $! 2>/dev/null
	same "status-after-$1" "$2" $?
	same "flushed-after-$1" 1 "$(grep -c 'a disk is flushed' "$LOGS/flush-$1.err")"
}
case $B in
*san*) skip flushed-after "nothing can be loaded before a sanitizer" ;;
*)
	flushed_after TERM 143
	flushed_after XCPU 152 # QUIT is ignored by what a shell starts in the background
	;;
esac

# A reader that takes its time gets all of it, more than any buffer on the way has, and the machine's end waits for it.
# shellcheck disable=SC2086
timeout $((90 * SLOW)) "$VMRUN" -q $ARGS $boot --run 'seq 400000' </dev/null |
	(sleep $((8 * SLOW)) && sha256sum) >"$LOGS/slow.out"
same slow-reader-gets-all "$(seq 400000 | sha256sum)" "$(cat "$LOGS/slow.out")"
if [ -c /dev/full ]; then
	# shellcheck disable=SC2086
	timeout $((60 * SLOW)) "$VMRUN" $ARGS $boot --run 'echo lost; exit 3' >/dev/full 2>"$LOGS/full.err" </dev/null
	same full-status 1 $?
	has full-error "$LOGS/full.err" 'standard output can'\''t be written: No space left on device'
	# shellcheck disable=SC2086
	timeout $((60 * SLOW)) "$VMRUN" $ARGS $boot --run 'echo lost >&2; sleep 1000' 2>/dev/full </dev/null
	same full-stderr-status 1 $?
else
	skip full-status "there is no /dev/full"
fi
finish
