#!/bin/sh
# SPDX-License-Identifier: MIT
# deb.sh FOLDER: vmrun_VERSION_ARCH.deb and vmrun-sdk_VERSION_ARCH.deb in FOLDER, out of a copy of the source. Needs
# debhelper and what building needs; no network. Two builds of one source make the same bytes: the date of everything is
# that of tools/debian/changelog.
set -eu
CDPATH='' cd "$(dirname "$0")/.."
out=$1
version=$(sed -n 's/^VERSION := //p' Makefile)
said=$(dpkg-parsechangelog -l tools/debian/changelog -S Version)
[ "$said" = "$version" ] || {
	echo "deb: tools/debian/changelog begins with version $said, the Makefile has $version" >&2
	exit 1
}
copy=$out/vmrun-$version
rm -rf "$out"
mkdir -p "$copy"
tools/files.sh >"$out/files"
tar -cf - -T "$out/files" | tar -xf - -C "$copy"
mv "$copy/tools/debian" "$copy/debian"
cd "$copy"
unset MAKEFLAGS MFLAGS MAKELEVEL
log=../build.log
DEB_BUILD_OPTIONS="noautodbgsym parallel=$(nproc)" dpkg-buildpackage -b -us -uc >"$log" 2>&1 || {
	tail -n 60 "$log" >&2
	echo "deb: the build failed; $out/build.log has all of it" >&2
	exit 1
}
cd ..
rm -rf "vmrun-$version" files
ls ./*.deb
