#!/bin/sh
# SPDX-License-Identifier: MIT
# examples-full.sh: serial-log in riscv64 Linux.
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
. tests/guest/lib.sh
RV=build/guest-riscv64
log=$WORK/serial.log
vm 180 linux --plugin-path "$B/examples:$B/plugins" -p "serial-log,file=$log,time" --kernel $RV/Image \
	--initrd $RV/initrd.img --append console=ttyS0 \
	--run 'cat /proc/tty/driver/serial; echo from the guest >/dev/ttyS1'
ended 0
has "serial-log: Linux has the port" "$OUT" "1: uart:16550A mmio:0x04000000"
has "serial-log: what was sent is in the file" "$log" "] from the guest"
finish
