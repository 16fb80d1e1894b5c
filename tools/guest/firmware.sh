#!/bin/sh
# SPDX-License-Identifier: MIT
# firmware.sh: M-mode firmware for riscv64: $OUT/firmware/{fw_dynamic,fw_jump}.{elf,bin} of OpenSBI, and U-Boot
# (u-boot.bin for M-mode, u-boot-smode.bin to be started by OpenSBI).
GUEST_ARCH=riscv64
. "$(dirname "$0")/common.sh"
need dpkg-deb dpkg

mkdir -p "$OUT/firmware"
T=$OUT/firmware/tree
rm -rf "$T"
mkdir "$T"
debs=$("$TOP/tools/guest/apt.sh" only opensbi u-boot-qemu)
printf '%s\n' "$debs" | while read -r deb; do
	say "unpacking ${deb##*/}"
	dpkg-deb --fsys-tarfile "$deb" | tar -C "$T" -xf - --no-same-owner --wildcards './usr/lib/*'
done
for f in fw_dynamic.elf fw_dynamic.bin fw_jump.elf fw_jump.bin; do
	cp "$(find "$T" -path "*/generic/$f" | head -n 1)" "$OUT/firmware/$f" || die "opensbi holds no $f"
done
cp "$T/usr/lib/u-boot/qemu-riscv64/u-boot.bin" "$OUT/firmware/u-boot.bin"
cp "$T/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin" "$OUT/firmware/u-boot-smode.bin"
rm -rf "$T"
