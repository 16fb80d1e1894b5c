#!/bin/sh
# SPDX-License-Identifier: MIT
# installer.sh: the Debian installer's text-mode netboot kernel and initrd: $OUT/di/{linux,initrd.gz}.
. "$(dirname "$0")/common.sh"
need dpkg-deb dpkg

deb=$("$TOP/tools/guest/apt.sh" only debian-installer-12-netboot-arm64)
mkdir -p "$OUT/di"
rm -rf "$OUT/di/tree"
mkdir "$OUT/di/tree"
say "unpacking ${deb##*/}"
dpkg-deb --fsys-tarfile "$deb" | tar -C "$OUT/di/tree" -xf - --no-same-owner --wildcards \
	'*/text/debian-installer/arm64/linux' '*/text/debian-installer/arm64/initrd.gz'
for f in linux initrd.gz; do
	from=$(find "$OUT/di/tree" -path "*/text/debian-installer/arm64/$f" -type f | head -n 1)
	[ -n "$from" ] || die "${deb##*/} holds no text/debian-installer/arm64/$f"
	mv "$from" "$OUT/di/$f"
	touch "$OUT/di/$f"
done
rm -rf "$OUT/di/tree"
