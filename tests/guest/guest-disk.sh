#!/bin/sh
# SPDX-License-Identifier: MIT
# What a guest writes is on the disk, what it may not write is not, and what it throws away is gone.
. tests/guest/lib.sh
D=$WORK/disk.img
copy $IMG "$D"

# 200 MiB that both sides know: the AES-128-CTR key stream of a fixed key.
KEY=000102030405060708090a0b0c0d0e0f
SUM=43e2faa9a2d6e5b7617cd4b864ce43282308b21cad8da3121b4397c5b200084e
vm 240 write-200M --run "openssl enc -aes-128-ctr -K $KEY -iv $KEY -in /dev/zero 2>/dev/null | head -c 209715200 >/root/big
sync; sha256sum </root/big; stat -c %s /root/big" "$D"
ended 0
same write-200M-sum "$SUM  -" "$(grep -a ' -$' "$OUT")"
fs_clean after-write "$D"
vm 120 read-after-boot --run 'sha256sum </root/big; dmesg | grep -c EXT4-fs.*error' "$D"
same read-after-boot "$SUM  -" "$(grep -a ' -$' "$OUT")"
fs_file "$D" /root/big "$WORK/big"
same read-outside "$SUM  -" "$(sha256sum <"$WORK/big")"
rm -f "$WORK/big"

# A disk whose first bytes are those of another format is a disk of these bytes, when the user says so.
printf 'QFI\373and more' >"$WORK/odd.img"
truncate -s 1M "$WORK/odd.img"
vm 60 disk-raw --kernel $KERNEL --initrd $INITRD --disk "$WORK/odd.img,raw,ro" --run 'head -c 12 /dev/vda | tail -c 8'
ended 0
has disk-raw-bytes "$OUT" 'and more'

# The guest says which blocks it no longer needs; the image gives the room back.
used()
{
	du -k "$D" | cut -f 1
}
truncate -s 1M "$WORK/hole"
if dd if=/dev/urandom of="$WORK/hole" bs=64k count=16 conv=notrunc status=none &&
	fallocate -p -o 0 -l 1048576 "$WORK/hole" 2>/dev/null; then
	before=$(used)
	vm 120 fstrim --run 'rm /root/big; sync; fstrim -v / || busybox fstrim -v /' "$D"
	ended 0
	freed=$(((before - $(used)) / 1024))
	if [ $freed -ge 190 ]; then ok fstrim-frees-200M; else bad fstrim-frees-200M '190 MiB or more' "$freed MiB"; fi
	fs_clean after-fstrim "$D"
else
	skip fstrim "the file system under $WORK punches no holes"
fi
# Blocks that were discarded read as zeros, those beside them as before.
tr '\0' X </dev/zero | head -c 4194304 >"$WORK/blocks"
vm 60 discard --disk "$WORK/blocks" --kernel $KERNEL --initrd $INITRD \
	--run 'blkdiscard -o 1048576 -l 1048576 /dev/vda && sync && dd if=/dev/vda bs=1M skip=1 count=1 2>/dev/null | tr -d "\0" | wc -c'
ended 0
{
	tr '\0' X </dev/zero | head -c 1048576
	head -c 1048576 /dev/zero
	tr '\0' X </dev/zero | head -c 2097152
} >"$WORK/want"
if cmp -s "$WORK/want" "$WORK/blocks"; then ok discard-outside; else bad discard-outside 'zeros from 1 MiB to 2 MiB only' "$(cmp "$WORK/want" "$WORK/blocks" 2>&1)"; fi

# What was synced survives the end of vmrun by SIGKILL.
"$VMRUN" $ARGS --run 'echo kept >/root/kept; mkdir /root/many; for i in $(seq 200); do echo $i >/root/many/$i; done; sync; echo synced; sleep 600' \
	"$D" >"$LOGS/kill.out" 2>"$LOGS/kill.err" </dev/null &
pid=$!
n=0
until grep -aq synced "$LOGS/kill.out" || [ $n -ge $((600 * SLOW)) ]; do
	sleep 0.1
	n=$((n + 1))
done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
has kill-synced "$LOGS/kill.out" synced
vm 60 after-kill --run 'cat /root/kept; ls /root/many | wc -l; cat /root/many/* | sort -n | tail -n 1' "$D"
same after-kill 'kept 200 200' "$(grep -aE '^(kept|200)' "$OUT" | tr '\n' ' ' | sed 's/ $//')"
fs_clean after-kill-clean "$D"

# A second disk, without a file system: what comes in goes out.
head -c 3000000 /dev/urandom >"$WORK/second"
truncate -s 8M "$WORK/second"
was=$(sha256sum <"$WORK/second")
vm 60 second-disk --read-only --disk "$WORK/second" --run 'sha256sum </dev/vdb; blockdev --getsize64 /dev/vdb
dd if=/dev/zero of=/dev/vdb bs=512 seek=16383 count=1 conv=fsync 2>/dev/null; printf end | dd of=/dev/vdb bs=1 seek=8388605 conv=fsync,notrunc 2>/dev/null' $IMG
ended 0
same second-disk-read "$was" "$(grep -a ' -$' "$OUT")"
has second-disk-size "$OUT" 8388608
same second-disk-written end "$(tail -c 3 "$WORK/second")"

# Read-only.
was=$(sha256sum <"$WORK/second")
vm 60 read-only-disk --read-only --disk "$WORK/second,ro" --run 'blockdev --getro /dev/vdb; cat /sys/block/vdb/ro
dd if=/dev/zero of=/dev/vdb bs=4096 count=1 conv=fsync 2>/dev/null && echo written || echo refused; blkdiscard /dev/vdb 2>/dev/null && echo discarded || echo kept' $IMG
has read-only-disk-refuses "$OUT" refused
has read-only-disk-not-discarded "$OUT" kept
same read-only-disk-says-so '1 1' "$(grep -ax '[01]' "$OUT" | tr '\n' ' ' | sed 's/ $//')"
same read-only-disk-untouched "$was" "$(sha256sum <"$WORK/second")"
copy $IMG "$WORK/ro.img"
chmod 444 "$WORK/ro.img"
vm 60 read-only-image --read-only --run 'touch /root/x 2>/dev/null && echo written || echo refused; cat /sys/block/vda/ro' "$WORK/ro.img"
ended 0
has read-only-image-refuses "$OUT" refused
if cmp -s $IMG "$WORK/ro.img"; then ok read-only-image-untouched; else bad read-only-image-untouched "the same bytes" "$(cmp $IMG "$WORK/ro.img" 2>&1)"; fi
rm -f "$WORK/ro.img"

# Eight disks, each its own.
set --
for i in 1 2 3 4 5 6 7; do
	printf 'disk %s\n' $i >"$WORK/d$i"
	truncate -s 64k "$WORK/d$i"
	set -- "$@" --disk "$WORK/d$i,ro"
done
vm 60 many-disks --read-only "$@" --run 'for d in b c d e f g h; do head -c 7 /dev/vd$d; done' $IMG
same many-disks 'disk 1 disk 2 disk 3 disk 4 disk 5 disk 6 disk 7 ' "$(grep -a '^disk' "$OUT" | tr '\n' ' ')"
finish
