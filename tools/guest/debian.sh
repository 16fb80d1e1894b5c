#!/bin/sh
# SPDX-License-Identifier: MIT
# debian.sh: $OUT/systemd/: a stock Debian with systemd, as debootstrap makes it, for tests: disk.img (ext4, no partitions), and of
# its /boot vmlinuz and initrd.img. Needs no root: debootstrap's first stage runs under fakeroot, and the second, the
# packages' own scripts, in a guest, which takes some minutes.
. "$(dirname "$0")/common.sh"
need debootstrap debootstrap fakeroot fakeroot mke2fs e2fsprogs debugfs e2fsprogs

VMRUN=${VMRUN:-$BUILD/bin/vmrun}
PACKAGES=systemd-sysv,udev,dbus,kmod,initramfs-tools,linux-image-$GUEST_ARCH
for f in "$VMRUN" "$OUT/Image" "$OUT/initrd.img"; do
	[ -f "$f" ] || die "$f is missing; \`make all guest.img\` makes it first"
done
A=$CACHE/apt$SUFFIX
. "$TOP/tools/apt_state.sh"
MIRROR=$(apt_mirror "$SUITE")
S=$OUT/systemd
rm -rf "$S.new"
mkdir -p "$S.new"
trap 'rm -rf "$S.new"' EXIT

say "debootstrap $SUITE $GUEST_ARCH"
cat >"$S.new/first" <<-END
	set -e
	debootstrap --foreign --keyring="$KEYRING" --arch=$GUEST_ARCH --variant=minbase --include=$PACKAGES $SUITE "$S.new/root" "$MIRROR"
	# In a container it makes a link of this.
	[ ! -L "$S.new/root/proc" ] || { rm "$S.new/root/proc" && mkdir "$S.new/root/proc"; }
	truncate -s 1800M "$S.new/disk.img"
	mke2fs -q -F -t ext4 -m 0 -d "$S.new/root" "$S.new/disk.img"
END
fakeroot sh "$S.new/first" >"$S.new/log" 2>&1 || die "debootstrap's first stage failed: $(tail -n 1 "$S.new/log") (is there a network?)"
rm -rf "$S.new/root"

say "its second stage, in a guest"
# Without address randomisation processes share the translations of what they have in common.
"$VMRUN" -q -m 1G --append norandmaps --timeout 3600 --kernel "$OUT/Image" --initrd "$OUT/initrd.img" --disk "$S.new/disk.img" --run '
	set -e
	mkdir /m
	mount -t ext4 /dev/vda /m
	mount -t proc proc /m/proc
	mount -t devtmpfs dev /m/dev
	PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot /m /debootstrap/debootstrap --second-stage --keep-debootstrap-dir
	rm -rf /m/debootstrap /m/var/cache/apt/archives/*.deb
	# debootstrap may have unmounted them itself
	for m in /m/proc/sys/fs/binfmt_misc /m/proc /m/sys /m/dev; do
		if grep -q " $m " /proc/mounts; then umount $m; fi
	done
	umount /m
' </dev/null >"$S.new/log" 2>&1 || die "debootstrap's second stage failed: $(tail -n 2 "$S.new/log")"
for f in vmlinuz initrd.img; do
	name=$(debugfs -R 'ls -p /boot' "$S.new/disk.img" 2>/dev/null | awk -F/ -v f="$f-" 'index($6, f) == 1 { print $6 }')
	debugfs -R "dump /boot/$name $S.new/$f" "$S.new/disk.img" >/dev/null 2>&1
	[ -s "$S.new/$f" ] || die "the new system has no /boot/$f-*"
done
rm -rf "$S" "$S.new/log" "$S.new/first"
mv "$S.new" "$S"
