#!/bin/sh
# SPDX-License-Identifier: MIT
# disk.sh FILE: a GPT disk from $ROOT (default: $OUT/root), $OUT/vmlinuz and $OUT/initrd.img: an EFI system partition (FAT32)
# with a Boot Loader Specification entry, and an ext4 root. Needs neither root nor a mount.
. "$(dirname "$0")/common.sh"
need sfdisk fdisk mkfs.vfat dosfstools mcopy mtools mke2fs e2fsprogs debugfs e2fsprogs

IMG=${1:?usage: disk.sh FILE}
ROOT=${ROOT:-$OUT/root}
ESP_START=1    # MiB
ESP_SIZE=96
ROOT_START=$((ESP_START + ESP_SIZE))
E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH
export E2FSPROGS_FAKE_TIME
ROOT_FREE=${ROOT_FREE:-512} # MiB beyond what the tree needs
DISK_ID=5f1c6a52-9a0e-4f5b-8d6e-2f0b6b7c1a00
ESP_ID=5f1c6a52-9a0e-4f5b-8d6e-2f0b6b7c1a01
ROOT_ID=5f1c6a52-9a0e-4f5b-8d6e-2f0b6b7c1a02
FS_ID=5f1c6a52-9a0e-4f5b-8d6e-2f0b6b7c1a03
ESP_TYPE=c12a7328-f81f-11d2-ba4b-00a0c93ec93b

set -- "$OUT"/kernel/boot/vmlinu[xz]-*
KVER=${1##*/vmlinu[xz]-}
for f in "$OUT/vmlinuz" "$OUT/initrd.img" "$ROOT/sbin/init"; do
	[ -f "$f" ] || die "$f is missing; \`make guest.img\` makes it first"
done

T=$OUT/disk-${IMG##*/} # two disks of one architecture may be made at once
rm -rf "$T"
mkdir -p "$T"
trap 'rm -rf "$T"' EXIT

# Half as much again for the tree: ext4 keeps tables and a journal.
root_size=$(($(du -sm "$ROOT" | cut -f1) * 5 / 4 + ROOT_FREE))
say "ext4 root, $root_size MiB"
truncate -s "${root_size}M" "$T/root.ext4"
mke2fs -q -F -t ext4 -L vmrun-root -U "$FS_ID" -m 0 \
	-E "hash_seed=$FS_ID,root_owner=0:0,lazy_itable_init=0,nodiscard" -d "$ROOT" "$T/root.ext4" ||
	die "mke2fs failed: is there room under $OUT?"
# In the guest the files are root's, whichever user built them; times that the host would not let us set are set here.
(cd "$ROOT" && find . | sort | sed -e 's/^\.//' -e 's/^$/\//') | awk -v t="@$SOURCE_DATE_EPOCH" '
	{ for (i = 1; i <= 4; i++) printf "sif \"%s\" %s\n", $0, (i == 1 ? "uid 0" : i == 2 ? "gid 0" : i == 3 ? "ctime " t : "atime " t) }
' >"$T/inodes"
debugfs -w -f "$T/inodes" "$T/root.ext4" >/dev/null 2>"$T/log" || die "debugfs failed: $(tail -n 1 "$T/log")"

say "EFI system partition, $ESP_SIZE MiB"
cat >"$T/debian-$KVER.conf" <<-END
	title        Debian GNU/Linux $RELEASE ($SUITE), vmrun test guest
	version      $KVER
	architecture $EFI_ARCH
	sort-key     debian
	linux        /debian/$KVER/linux
	initrd       /debian/$KVER/initrd.img
	options      root=PARTUUID=$ROOT_ID rw
	options      console=$CONSOLE quiet
END
printf 'default debian-*\ntimeout 0\n' >"$T/loader.conf"
same_times "$T"
truncate -s "${ESP_SIZE}M" "$T/esp.fat"
mkfs.vfat -F 32 -s 1 -n VMRUN-ESP -i 5f1c6a52 --invariant "$T/esp.fat" >/dev/null
cp "$OUT/vmlinuz" "$T/linux"
cp "$OUT/initrd.img" "$T/initrd.img"
same_times "$T"
MTOOLS_SKIP_CHECK=1
export MTOOLS_SKIP_CHECK
mmd -i "$T/esp.fat" ::/loader ::/loader/entries ::/debian "::/debian/$KVER"
mcopy -m -i "$T/esp.fat" "$T/loader.conf" ::/loader/loader.conf
mcopy -m -i "$T/esp.fat" "$T/debian-$KVER.conf" "::/loader/entries/debian-$KVER.conf"
mcopy -m -i "$T/esp.fat" "$T/linux" "::/debian/$KVER/linux"
mcopy -m -i "$T/esp.fat" "$T/initrd.img" "::/debian/$KVER/initrd.img"

say "$IMG"
truncate -s "$((ROOT_START + root_size + 1))M" "$T/disk.img"
sfdisk -q "$T/disk.img" <<-END
	label: gpt
	label-id: $DISK_ID
	unit: sectors
	start=$((ESP_START * 2048)), size=$((ESP_SIZE * 2048)), type=$ESP_TYPE, uuid=$ESP_ID, name="esp"
	start=$((ROOT_START * 2048)), size=$((root_size * 2048)), type=$ROOT_TYPE, uuid=$ROOT_ID, name="root"
END
dd if="$T/esp.fat" of="$T/disk.img" bs=1M seek=$ESP_START conv=notrunc,sparse status=none
dd if="$T/root.ext4" of="$T/disk.img" bs=1M seek=$ROOT_START conv=notrunc,sparse status=none
mv "$T/disk.img" "$IMG"
