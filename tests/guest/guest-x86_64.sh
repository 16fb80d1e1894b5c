#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's stock x86-64 kernel on the accelerator for this architecture. It reaches user space; or, only where `vmrun doctor`
# finds that kernel mode is emulated, it goes as far as that emulator goes, and the report names the instruction: then it
# counts as skipped.
#
# time limit: 1200 s
T=${VR_B:-build}/tests/guest
PC=build/guest-x86_64
# shellcheck disable=SC2034
NEEDS="$T/json $PC/vmlinuz $PC/vmlinux $PC/initrd.img"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
ARGS='' # those of software
MARK='user space, and it is x86_64'

"$VMRUN" doctor --json >"$WORK/doctor" 2>"$LOGS/doctor.err" || die "vmrun doctor failed: $(head -n 1 "$LOGS/doctor.err")"
at()
{
	"$T/json" "$1" <"$WORK/doctor" 2>"$WORK/wrong"
}
# Which accelerator would run an x86_64 guest here: the accelerator of the choice's "GUEST guest on HOST: ACCEL, board ..."
i=0 accel='' mode=''
while arch=$(at "guests.$i.arch"); do
	[ "$arch" != x86_64 ] || choice=$(at "guests.$i.choice")
	i=$((i + 1))
done
case ${choice:-} in
'x86_64 guest on '*) accel=$(echo "$choice" | sed 's/^[^:]*: //; s/[ ,].*//') ;;
*)
	skip x86_64-boot "nothing here runs x86_64 guests: ${choice:-no board}"
	finish
	;;
esac
i=0
while id=$(at "plugins.$i.id"); do
	[ "$id" != "$accel" ] || mode=$(at "plugins.$i.facts.kernel mode")
	i=$((i + 1))
done

# boot SECONDS NAME KERNEL MEMORY. Not by --run: the kernel's lines are wanted, to tell how far it got.
boot()
{
	vm "$1" "$2" -v -p "$accel" -m "$4" --no-reboot --kernel "$3" --initrd $PC/initrd.img \
		--append 'console=ttyS0 earlyprintk=ttyS0 vmrun.run=echo%20user%20space,%20and%20it%20is%20$(uname%20-m)'
}
case $mode in
emulated*)
	boot 800 x86_64-boot $PC/vmlinux 128M # little: its page descriptors take longest
	what=$(sed -n "s/.*KVM can't emulate \('[^']*' (bytes[^)]*) at 0x[0-9a-f]*\),.*/\1/p" "$ERR" | head -n 1)
	last=$(tr -d '\r' <"$OUT" | grep -a '^\[ *[0-9.]*\] ' | tail -n 1)
	if tr -d '\r' <"$OUT" | grep -aqxF "$MARK" && [ $RC = 0 ]; then
		ok x86_64-boot
	elif [ $RC = 1 ] && [ -n "$what" ] && [ -n "$last" ] && grep -q 'rip [0-9a-f]*' "$ERR"; then
		skip x86_64-boot "kernel mode is $mode: KVM can't emulate $what; the last line was '$last'"
	else
		bad x86_64-boot "user space, or the report of an instruction" "status $RC, $(tail -n 1 "$ERR" | cut -c 1-200), last line '$last'"
	fi
	;;
*)
	boot 120 x86_64-boot $PC/vmlinuz 256M
	ended 0
	tr -d '\r' <"$OUT" >"$WORK/out"
	has x86_64-user-space "$WORK/out" "$MARK"
	boot 120 x86_64-boot-elf $PC/vmlinux 256M
	ended 0
	# A plugin's device, in ACPI: Linux finds its driver by PRP0001 and "compatible", its registers and its interrupt by _CRS, the
	# rate of its clock by _DSD.
	log=$WORK/serial.log
	vm 120 x86_64-prp0001 --plugin-path "$B/examples:$B/plugins" -p "$accel" -p "serial-log,file=$log" -m 256M --no-reboot \
		--kernel $PC/vmlinuz --initrd $PC/initrd.img --run 'cd /sys/bus/platform/devices/PRP0001:00; readlink driver | sed "s,.*/,,"; cat modalias; ls tty
			exec 3>/dev/ttyS1; echo from the guest >&3; sleep 1; awk "\$NF == \"ttyS1\" { print (\$2 > 0) \" interrupts\" }" /proc/interrupts
			grep ^1: /proc/tty/driver/serial; dmesg | sed -n "s/.*PRP0001:00: //p"'
	ended 0
	tr -d '\r' <"$OUT" >"$WORK/out"
	for line in dw-apb-uart of:Nvd00TCsnps,dw-apb-uartCns16550a ttyS1 '1 interrupts' '1: uart:16550A mmio:0xD8000000 irq:5 tx:16 rx:0 RTS|CTS|DTR|DSR|CD' \
		'ttyS1 at MMIO 0xd8000000 (irq = 5, base_baud = 115200) is a 16550A'; do
		has "$NAME: $line" "$WORK/out" "$line"
	done
	same "$NAME: what was sent" "from the guest" "$(tr -d '\r' <"$log")"
	;;
esac
finish
