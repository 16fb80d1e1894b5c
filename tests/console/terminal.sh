#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest at a terminal: the Ctrl-A keys, BREAK, the console's log, the terminal's size and type, poweroff, reboot and halt in the guest,
# and the virtio console as the terminal.
# shellcheck disable=SC2034
NEEDS="${VR_B:-build}/tests/guest/term ${VR_B:-build}/tests/micro/arm64/idle guest.img build/guest/Image build/guest-riscv64/Image"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
IDLE="--kernel $B/tests/micro/arm64/idle -m 64M"
BOOT="--kernel build/guest/Image --initrd build/guest/initrd.img --append quiet"
RISCV="--kernel build/guest-riscv64/Image --initrd build/guest-riscv64/initrd.img --append quiet"
HINT='vmrun: Ctrl-A x ends the machine, Ctrl-A h lists the keys'

# on_terminal NAME STEP... -- COMMAND...
on_terminal()
{
	name=$1
	shift
	if $TOOLS/term -t $((90 * SLOW)) -l "$LOGS/$name.out" "$@" 2>"$WORK/wrong"; then
		ok "$name"
	else
		bad "$name" "every step" "$(cat "$WORK/wrong")"
	fi
}

# count_in NAME N FILE TEXT
count_in()
{
	same "$1" "$2" "$(grep -acF -- "$4" "$3")"
}

# ---- the start, and the keys --------------------------------------------------------------------------------------
# shellcheck disable=SC2086
on_terminal hint "expect=$HINT" raw expect=idle 'send=\x01h' 'expect=Ctrl-A b' 'expect=Ctrl-A c' 'expect=Ctrl-A Ctrl-A' 'send=\x01c' \
	'expect=no console log: vmrun was started without --console-log FILE' 'send=\x01x' exit=5 sane -- "$VMRUN" $ARGS $IDLE
# shellcheck disable=SC2086
on_terminal hint-not-when-quiet raw expect=idle 'send=\x01x' exit=5 sane -- "$VMRUN" $ARGS -q $IDLE
count_in hint-not-when-quiet-said 0 "$LOGS/hint-not-when-quiet.out" "$HINT"
# shellcheck disable=SC2016,SC2086
on_terminal hint-elsewhere raw expect=idle 'send=\x01x' exit=5 sane -- sh -c 'err=$1; shift; exec "$@" 2>"$err"' sh "$LOGS/hint.err" "$VMRUN" $ARGS $IDLE
count_in hint-is-for-terminals 0 "$LOGS/hint.err" "$HINT"
vm 20 hint-none --append x --kernel "$B/tests/micro/arm64/status" -m 64M
ended 0
count_in hint-none-without-a-terminal 0 "$ERR" "$HINT"
"$VMRUN" --help >"$WORK/help"
has help-lists-the-keys "$WORK/help" 'Ctrl-A x '
has help-lists-the-status "$WORK/help" '  5   the user has ended the machine by Ctrl-A x'

# ---- a serial line, arm64 -----------------------------------------------------------------------------------------
# The log: what is printed while it is stopped is not in it, and no help either. A reset tells the size that the terminal has then.
# `echo a""b`: what is typed differs from what is printed.
# shellcheck disable=SC2086
on_terminal serial raw 'expect=# ' \
	'send=stty size; echo term-$TERM\r' 'expect=24 80' 'expect=term-vt100' 'expect=# ' \
	'send=\x01bh' 'expect=sysrq: HELP' \
	'send=\r' 'expect=# ' 'send=echo in""log\r' expect=inlog 'expect=# ' \
	'send=\x01c' 'expect=console log stopped' 'send=echo not""there\r' expect=notthere 'expect=# ' \
	'send=\x01c' 'expect=console log continues' 'send=echo there""again\r' expect=thereagain 'expect=# ' \
	size=100x31 'send=reboot\r' 'expect=# ' 'send=stty size\r' 'expect=31 100' 'expect=# ' \
	'send=halt\r' exit=0 sane -- env TERM=unheard-of "$VMRUN" $ARGS --console-log "$WORK/console" $BOOT
has log-from-the-start "$WORK/console" 'BusyBox'
has log-has-the-output "$WORK/console" inlog
count_in log-stops 0 "$WORK/console" notthere
has log-continues "$WORK/console" thereagain
count_in log-has-no-help 0 "$WORK/console" 'console log continues'
has log-to-the-end "$WORK/console" '31 100'

# What is logged is what was printed; it goes on where the terminal's other end is not read, and with a pipe.
vm 60 log-of-a-pipe -q --console-log "$WORK/console" --kernel "$B/tests/micro/arm64/status" -m 64M
ended 0
if cmp -s "$OUT" "$WORK/console"; then ok log-is-the-output; else bad log-is-the-output "$(cat "$OUT")" "$(cat "$WORK/console")"; fi
# A file that takes nothing is told of once, and the guest goes on.
vm 20 log-of-a-full-disk --console-log /dev/full --kernel "$B/tests/micro/arm64/status" -m 64M
ended 0
count_in log-of-a-full-disk-told-once 1 "$ERR" "vmrun: warning: --console-log '/dev/full' can't be written: No space left on device; the rest of it is left out"
has log-of-a-full-disk-goes-on "$OUT" 'a line of a guest'
# In a machine file it is relative to that.
mkdir -p "$WORK/machine"
cp "$B/tests/micro/arm64/status" "$WORK/machine/kernel"
printf 'kernel: kernel\nmemory: 64M\nconsole-log: log\n' >"$WORK/machine/m.yaml"
vm 20 log-of-a-machine-file -q -c "$WORK/machine/m.yaml"
ended 0
has log-of-a-machine-file-written "$WORK/machine/log" 'a line of a guest'

# ---- a disk: bash, terminfo, exit ---------------------------------------------------------------------------------
copy "$IMG" "$WORK/disk.img"
# The image's boot entry says console=ttyAMA0; the board's option is the user's, and wins over it. The guest knows this TERM.
# shellcheck disable=SC2016,SC2086
on_terminal disk-virtio raw 'expect=# ' 'send=stty size; echo term-$TERM; tr " " "\\n" </proc/cmdline | grep console=\r' 'expect=24 80' \
	expect=term-xterm-256color expect=console=ttyAMA0 expect=console=hvc0 'expect=# ' 'send=poweroff\r' exit=0 sane -- \
	env TERM=xterm-256color "$VMRUN" $ARGS -p board-virt,terminal=virtio "$WORK/disk.img"
# One that it does not know: the nearest that it does.
# shellcheck disable=SC2016,SC2086
on_terminal disk-serial raw 'expect=# ' 'send=stty size; echo term-$TERM\r' 'expect=24 80' expect=term-xterm-256color 'expect=# ' \
	'send=halt\r' exit=0 sane -- env TERM=xterm-kitty "$VMRUN" $ARGS "$WORK/disk.img"
fs_clean disk-is-clean-after-halt "$WORK/disk.img"

# ---- the virtio console -------------------------------------------------------------------------------------------
# SIGWINCH goes from this terminal to the guest's. With the user's console= there is but that one.
# shellcheck disable=SC2016,SC2086
on_terminal virtio raw 'expect=# ' 'send=stty size\r' 'expect=24 80' 'expect=# ' 'send=trap "stty size" WINCH\r' 'expect=# ' size=132x43 \
	'send=\r' 'expect=43 132' 'send=\r' 'expect=# ' 'send=echo n-$(grep -o console= /proc/cmdline | wc -l)\r' expect=n-1 'expect=# ' \
	'send=poweroff -f\r' exit=0 sane -- "$VMRUN" $ARGS -p board-virt,terminal=virtio --append console=hvc0 $BOOT
# The command line's console= wins over the board's: the terminal has nothing of the kernel's, and what is written to hvc0.
# shellcheck disable=SC2086
vm 60 virtio-and-a-console -q -p board-virt,terminal=virtio $BOOT --append 'console=ttyAMA0 vmrun.run=cat%20/proc/cmdline%20>/dev/hvc0'
ended 0
has virtio-and-a-console-said "$OUT" 'quiet console=ttyAMA0 vmrun.run='
count_in virtio-and-a-console-alone 0 "$OUT" console=hvc0
# A pipe has no size; the guest's console works the same.
# shellcheck disable=SC2086
vm 60 virtio-and-a-pipe -q -p board-virt,terminal=virtio $BOOT --append 'vmrun.run=stty%20size;tty'
ended 0
same virtio-and-a-pipe-has-no-size 0 "$(grep -acE '^[0-9]+ [0-9]+' "$OUT")"
has virtio-and-a-pipe-is-hvc "$OUT" /dev/hvc0
GUEST_ARCH=riscv64
# shellcheck disable=SC2016,SC2086
on_terminal riscv64-serial raw 'expect=# ' 'send=stty size\r' 'expect=24 80' 'expect=# ' 'send=\x01bh' 'expect=sysrq: HELP' 'send=\r' 'expect=# ' \
	'send=exit\r' exit=0 sane -- "$VMRUN" $ARGS $RISCV
# shellcheck disable=SC2016,SC2086
on_terminal riscv64-virtio raw 'expect=# ' size=90x33 'send=sleep 1; stty size; tty\r' 'expect=33 90' expect=/dev/hvc0 'expect=# ' \
	'send=poweroff\r' exit=0 sane -- "$VMRUN" $ARGS -p board-virt-riscv64,terminal=virtio $RISCV
finish
