#!/bin/sh
# SPDX-License-Identifier: MIT
# kernel.sh: Debian's stock arm64 kernel: $OUT/vmlinuz as shipped, $OUT/Image unpacked, $OUT/kernel/ the package's tree.
. "$(dirname "$0")/common.sh"
need dpkg-deb dpkg gzip gzip od coreutils

apt=$TOP/tools/guest/apt.sh
name=$("$apt" depends linux-image-arm64 | grep '^linux-image-.*-arm64$' | head -n 1)
[ -n "$name" ] || die "linux-image-arm64 names no kernel package; \`tools/guest/apt.sh update\` reads the index again"
deb=$("$apt" only "$name")

stamp=$OUT/kernel/.from
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "${deb##*/}" ]; then
	say "unpacking ${deb##*/}"
	rm -rf "$OUT/kernel"
	mkdir -p "$OUT/kernel"
	dpkg-deb --fsys-tarfile "$deb" | tar -C "$OUT/kernel" -xf - --no-same-owner ./boot ./lib/modules
	basename "$deb" >"$stamp"
fi

set -- "$OUT"/kernel/boot/vmlinuz-*
[ $# -eq 1 ] && [ -f "$1" ] || die "$deb holds no boot/vmlinuz-*, or several"
cp "$1" "$OUT/vmlinuz.new"
# A gzip file, or already the raw Image ("ARM\x64" at byte 56, Documentation/arm64/booting.rst).
if [ "$(od -An -tx1 -N2 "$1" | tr -d ' ')" = 1f8b ]; then
	gzip -dc "$1" >"$OUT/Image.new"
else
	cp "$1" "$OUT/Image.new"
fi
[ "$(od -An -tx1 -j56 -N4 "$OUT/Image.new" | tr -d ' ')" = 41524d64 ] ||
	die "$1 is neither an arm64 Image nor a gzip file of one"
mv "$OUT/vmlinuz.new" "$OUT/vmlinuz"
mv "$OUT/Image.new" "$OUT/Image"
