#!/bin/sh
# SPDX-License-Identifier: MIT
# The riscv64 guest comes up, on the board's own SBI and on Debian's OpenSBI, and from its disk.
# shellcheck disable=SC2034
GUEST_ARCH=riscv64
. tests/guest/lib.sh
. tests/guest/smp.sh
OPENSBI=board-virt-riscv64,firmware=$GUEST/firmware/fw_dynamic.bin

for cpus in 1 2 4; do
	smp direct $cpus
	smp opensbi $cpus -p "$OPENSBI"
	has "opensbi-smp$cpus-banner" "$ERR" 'Runtime SBI Version'
	has "opensbi-smp$cpus-triggers" "$ERR" 'Boot HART Debug Triggers    : 4 triggers'
done

# Each CPU has the other's TLB flushed all the time, by firmware that waits in a loop.
vm 90 opensbi-flushes --read-only --smp 2 -m 1G -p "$OPENSBI" --run 'cd /tmp && stress-ng --quiet --verify --timeout 60 \
	--tlb-shootdown 2 --tlb-shootdown-ops 400 --pthread 2 --pthread-ops 300 && echo flushed' $IMG
ended 0
has opensbi-flushes-end "$OUT" flushed

# Its memory is its own.
vm 30 opensbi-protects -m 64M -p "$OPENSBI" --kernel "$B/tests/micro/riscv64/firmware" --run x
ended 0
grep -aE '^(ok|not ok) ' "$OUT" >"$WORK/protects"
same opensbi-protects-in-all 20 "$(wc -l <"$WORK/protects")"
guest_results "$WORK/protects"

copy $IMG "$WORK/disk.img"
vm 60 image --run 'uname -m; cat /proc/cmdline; mount | grep " / "; tr "\0" " " </proc/device-tree/cpus/cpu@0/riscv,isa-extensions
exit 255' "$WORK/disk.img"
ended 255
has image-uname "$OUT" $MACHINE
has image-bls-options "$OUT" root=PARTUUID=
has image-root "$OUT" 'type ext4'
has image-extensions "$OUT" 'zba zbb zbs'
has image-choice-is-told "$ERR" 'vmrun: riscv64 guest on '
same image-line-is-short yes "$(awk '{ print ((length($0) <= 100) ? "yes" : $0) }' "$ERR")"
. tests/guest/configs.sh
again='if [ -e /root/again ]; then echo second; exit 5; fi; echo first; touch /root/again; sync; reboot -f; sleep 60'
vm 90 reboot --smp 2 -p "$OPENSBI" --run "$again" "$WORK/disk.img"
ended 5
same reboot-first-then-second 'first second ' "$(grep -aE '^(first|second)' "$OUT" | tr -d '\r' | tr '\n' ' ')"

# U-Boot, by itself in M-mode and started by OpenSBI, comes to its prompt and sees the disk.
# u_boot NAME FILE OPTION...
u_boot()
{
	name=$1 file=$GUEST/firmware/$2
	shift 2
	# shellcheck disable=SC2086
	if $TOOLS/term -t $((60 * SLOW)) -l "$LOGS/$name.out" 'expect=autoboot' 'send=\r' 'expect==> ' 'send=virtio info\r' \
		'expect=Device 0' 'expect=VirtIO' 'send=\x01x' end=5 sane -- \
		"$VMRUN" $ARGS --arch $GUEST_ARCH --kernel "$file" --disk "$IMG,ro" "$@" 2>"$WORK/wrong"; then
		ok "$name"
	else
		bad "$name" "its prompt, and a disk" "$(tr '\r\n' '  ' <"$WORK/wrong" | cut -c 1-300)"
	fi
}
u_boot u-boot u-boot.bin
u_boot u-boot-after-opensbi u-boot-smode.bin -p "$OPENSBI"
finish
