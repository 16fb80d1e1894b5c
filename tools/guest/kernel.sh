#!/bin/sh
# SPDX-License-Identifier: MIT
# kernel.sh: Debian's stock kernel: $OUT/vmlinuz as shipped, $OUT/Image unpacked, $OUT/kernel/ the package's tree.
. "$(dirname "$0")/common.sh"
need dpkg-deb dpkg gzip gzip od coreutils

apt=$TOP/tools/guest/apt.sh
name=$("$apt" depends "linux-image-$GUEST_ARCH" | grep "^linux-image-.*-$GUEST_ARCH\$" | head -n 1)
[ -n "$name" ] || die "linux-image-$GUEST_ARCH names no kernel package; \`tools/guest/apt.sh update\` reads the index again"
deb=$("$apt" only "$name")

stamp=$OUT/kernel/.from
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "${deb##*/}" ]; then
	say "unpacking ${deb##*/}"
	rm -rf "$OUT/kernel"
	mkdir -p "$OUT/kernel"
	dpkg-deb --fsys-tarfile "$deb" | tar -C "$OUT/kernel" -xf - --no-same-owner --wildcards ./boot '*/lib/modules'
	# A merged /usr keeps them elsewhere.
	[ -d "$OUT/kernel/lib" ] || mv "$OUT/kernel/usr/lib" "$OUT/kernel/lib"
	basename "$deb" >"$stamp"
fi

# Packages call it vmlinuz, or vmlinux where it is no compressed file.
set -- "$OUT"/kernel/boot/vmlinu[xz]-*
[ $# -eq 1 ] && [ -f "$1" ] || die "$deb holds no boot/vmlinuz-*, or several"
cp "$1" "$OUT/vmlinuz.new"
# x86 boards take the bzImage as it is (Documentation/arch/x86/boot.rst: "HdrS" at 0x202; the kernel as an ELF file, packed,
# is payload_length bytes at payload_offset behind the setup sectors). It unpacks itself, which takes long where kernel
# mode is emulated: $OUT/vmlinux is it, unpacked.
number()
{
	od -An -t"$1" -j"$2" -N"${1#u}" "$OUT/vmlinuz.new" | tr -d ' '
}
if [ -z "$MAGIC" ]; then
	need xz xz-utils
	[ "$(od -An -tx1 -j514 -N4 "$OUT/vmlinuz.new" | tr -d ' ')" = 48647253 ] || die "$1 is no bzImage"
	at=$((($(number u1 497) + 1) * 512 + $(number u4 584)))
	tail -c +$((at + 1)) "$OUT/vmlinuz.new" | head -c "$(number u4 588)" | xz -dc --single-stream >"$OUT/vmlinux.new" ||
		die "$1: its payload is not packed by xz"
	mv "$OUT/vmlinux.new" "$OUT/vmlinux"
	mv "$OUT/vmlinuz.new" "$OUT/vmlinuz"
	exit
fi
# A gzip file, or already the raw Image.
if [ "$(od -An -tx1 -N2 "$1" | tr -d ' ')" = 1f8b ]; then
	gzip -dc "$1" >"$OUT/Image.new"
else
	cp "$1" "$OUT/Image.new"
fi
[ "$(od -An -tx1 -j56 -N4 "$OUT/Image.new" | tr -d ' ')" = "$MAGIC" ] ||
	die "$1 is neither an $GUEST_ARCH Image nor a gzip file of one"
mv "$OUT/vmlinuz.new" "$OUT/vmlinuz"
mv "$OUT/Image.new" "$OUT/Image"
