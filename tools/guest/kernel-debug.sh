#!/bin/sh
# SPDX-License-Identifier: MIT
# kernel-debug.sh: Debian's kernel for clouds, whose debug symbols are a third of the stock kernel's: $OUT/debug/Image, and
# $OUT/debug/vmlinux with the symbols of that same build. Of the package with them (260 MB) one file is unpacked.
. "$(dirname "$0")/common.sh"
need dpkg-deb dpkg gzip gzip od coreutils

apt=$TOP/tools/guest/apt.sh
[ -n "$MAGIC" ] || die "kernel-debug.sh: $GUEST_ARCH has no Image"
name=$("$apt" depends "linux-image-cloud-$GUEST_ARCH" | grep "^linux-image-.*-cloud-$GUEST_ARCH\$" | head -n 1)
[ -n "$name" ] || die "linux-image-cloud-$GUEST_ARCH names no kernel package; \`tools/guest/apt.sh update\` reads the index again"
kernel=$("$apt" only "$name")
symbols=$("$apt" only "$name-dbg")
# NAME_VERSION_ARCH.deb: both of one build.
version=${kernel##*/"$name"_}
[ "${symbols##*/"$name"-dbg_}" = "$version" ] || die "${kernel##*/} and ${symbols##*/} are not of one version; \`tools/guest/apt.sh update\` reads the index again"

say "unpacking ${symbols##*/}"
to=$OUT/debug
rm -rf "$to"
mkdir -p "$to"
# one DEB PATTERN: the one file of that name to standard output.
one()
{
	dpkg-deb --fsys-tarfile "$1" | tar -xOf - --wildcards "$2"
}
one "$symbols" './usr/lib/debug/boot/vmlinux-*' >"$to/vmlinux.new"
one "$kernel" './boot/vmlinuz-*' >"$to/vmlinuz"
if [ "$(od -An -tx1 -N2 "$to/vmlinuz")" = ' 1f 8b' ]; then
	gzip -dc "$to/vmlinuz" >"$to/Image.new"
else
	cp "$to/vmlinuz" "$to/Image.new"
fi
rm "$to/vmlinuz"
[ "$(od -An -tx1 -j56 -N4 "$to/Image.new" | tr -d ' ')" = "$MAGIC" ] || die "${kernel##*/} holds no $GUEST_ARCH Image"
[ "$(od -An -tx1 -N4 "$to/vmlinux.new" | tr -d ' ')" = 7f454c46 ] || die "${symbols##*/} holds no vmlinux"
mv "$to/Image.new" "$to/Image"
mv "$to/vmlinux.new" "$to/vmlinux"
