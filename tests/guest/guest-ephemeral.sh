#!/bin/sh
# SPDX-License-Identifier: MIT
# Images are not spoilt: many runs share one that none changes (--ephemeral), one that was left unclean boots read-only, and an
# init that can't go on is a failure of vmrun.
. tests/guest/lib.sh
sum()
{
	sha256sum <"$1" | cut -c 1-64
}

# ---- several at once --------------------------------------------------------------------------------------------
# A disk of X, a sector longer than a page's multiple. Each guest writes its own letter: a sector, a piece that begins and ends within
# others, a discard; and finds them again, beside what was there. Then it waits, until all are there.
S=$WORK/shared
tr '\0' X </dev/zero | head -c 4194816 >"$S"
was=$(sum "$S")
work='cd /tmp; D=/dev/vda
put() { tr "\0" $L </dev/zero | head -c $(($2 * 512)) | dd of=$D bs=512 seek=$1 conv=notrunc oflag=direct 2>/dev/null; }
put 3 1; put 100 37; put 120 8; put 8192 1
blkdiscard -o 65536 -l 65536 $D; put 2049 1
sync; echo 3 >/proc/sys/vm/drop_caches
get() { dd if=$D bs=512 skip=$1 count=$2 2>/dev/null | tr "\0" 0 | fold -w 512 | cut -c 1 | tr -d "\n"; }
echo "$L: $(get 2 3) $(get 99 2) $(get 136 2) $(get 2048 3) $(get 8191 2) $(dd if=$D bs=512 skip=3072 count=5120 2>/dev/null | tr -d X | wc -c)"
sleep 600'
pids=''
for l in a b c; do
	# shellcheck disable=SC2086 # ARGS are several words
	"$VMRUN" $ARGS --kernel $KERNEL --initrd $INITRD --ephemeral --disk "$S" --run "L=$l; $work" \
		>"$LOGS/shared-$l.out" 2>"$LOGS/shared-$l.err" </dev/null &
	pids="$pids $!"
done
n=0
until [ "$(cat "$LOGS"/shared-?.out | grep -ac '^[abc]: ')" = 3 ] || [ $n -ge $((180 * SLOW)) ]; do
	sleep 1
	n=$((n + 1))
done
for l in a b c; do
	same "shared-$l" "$l: X${l}X X$l 0X X${l}X X$l 0" "$(grep -a "^$l: " "$LOGS/shared-$l.out" | tr -d '\r')"
done
# Meanwhile: one more reader may come, and no writer.
vm 60 shared-with-reader --kernel $KERNEL --initrd $INITRD --disk "$S,ro" --run 'head -c 3 /dev/vda'
ended 0
vm 60 shared-no-writer --kernel $KERNEL --initrd $INITRD --disk "$S" --run true
ended 3
has shared-no-writer-says-why "$ERR" "in use by another machine that reads it; end that one, or write nothing to it (--ephemeral, --read-only)"
for p in $pids; do kill -TERM "$p"; done
for p in $pids; do wait "$p" 2>/dev/null; done
shared=$was
same shared-untouched "$was" "$(sum "$S")"
same nothing-is-left '' "$(find "$TMPDIR" -maxdepth 1 -name 'vmrun-??????' -newer "$S" 2>/dev/null)"
# Twice in one machine; one that this user may only read.
cp "$S" "$WORK/locked"
chmod 444 "$WORK/locked"
vm 60 twice --kernel $KERNEL --initrd $INITRD --disk "$WORK/locked,ephemeral" --disk "$WORK/locked,ephemeral" \
	--run 'echo one | dd of=/dev/vda conv=notrunc 2>/dev/null; sync; head -c 3 /dev/vda; head -c 3 /dev/vdb'
ended 0
has twice-own "$OUT" oneXXX
# By a machine file.
cat >"$WORK/machine.yaml" <<END
kernel: $PWD/$KERNEL
initrd: $PWD/$INITRD
disks: [{path: shared, ephemeral: true}]
END
vm 60 file -c "$WORK/machine.yaml" --run 'echo here | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null; head -c 4 /dev/vda'
ended 0
has file-writes "$OUT" here
same file-untouched "$was" "$(sum "$S")"

# No space for what the guest writes: its error, and one line.
mkdir "$WORK/small"
small()
{
	unshare -rm sh -c 'mount -t tmpfs -o size=1m none "$1" && shift && TMPDIR=$1 && export TMPDIR && shift && exec "$@"' - "$WORK/small" "$WORK/small" "$@"
}
if small true 2>/dev/null; then
	# shellcheck disable=SC2086
	small timeout 120 "$VMRUN" $ARGS --kernel $KERNEL --initrd $INITRD --ephemeral --disk "$S" --run \
		'dd if=/dev/zero bs=64k count=32 2>/dev/null | tr "\0" Y | dd of=/dev/vda bs=64k conv=notrunc,fsync 2>/dev/null && echo all || echo failed
		blkdiscard /dev/vda; echo Z | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null && head -c 1 /dev/vda' >"$LOGS/full.out" 2>"$LOGS/full.err" </dev/null
	has full-is-an-error "$LOGS/full.out" failed
	has full-then-discarded "$LOGS/full.out" Z
	same full-one-line 1 "$(grep -c "^vmrun: error: disk '$S': writing to its temporary file in $WORK/small: No space left on device" "$LOGS/full.err")"
	same full-untouched "$was" "$(sum "$S")"
else
	skip full "no file system can be mounted in a namespace of this user's own"
fi

# ---- an image that was left unclean -----------------------------------------------------------------------------
mkdir "$WORK/image"
D=$WORK/image/guest.img
copy $IMG "$D"
# shellcheck disable=SC2086
"$VMRUN" $ARGS --run 'echo kept >/root/kept; sync; echo synced; while :; do for i in $(seq 300); do echo $i >/root/many.$i; done; sync; done' \
	"$D" >"$LOGS/kill.out" 2>"$LOGS/kill.err" </dev/null &
pid=$!
n=0
until grep -aq synced "$LOGS/kill.out" || [ $n -ge $((120 * SLOW)) ]; do
	sleep 1
	n=$((n + 1))
done
sleep 1
kill -9 $pid
wait $pid 2>/dev/null
has kill-synced "$LOGS/kill.out" synced
if debugfs -R 'stats -h' "$D?offset=$(root_start "$D")" 2>/dev/null | grep -q needs_recovery; then
	ok unclean
else
	bad unclean 'needs_recovery among its features' "$(debugfs -R 'stats -h' "$D?offset=$(root_start "$D")" 2>&1 | grep -i features)"
fi
was=$(sum "$D")
# The manual's own example, as it is written there.
example=$(sed -n 's/^\.B vmrun \(.*read\\-only.*guest\.img\)$/\1/p' core/cli/vmrun.1 | sed 's/\\-/-/g')
same example-is-in-the-manual "-q --read-only --run 'uname -a' guest.img" "$example"
v=$PWD/$VMRUN
case $VMRUN in /*) v=$VMRUN ;; esac
(cd "$WORK/image" && timeout $((120 * SLOW)) sh -c "\"\$1\" $ARGS $example" - "$v") >"$LOGS/example.out" 2>"$LOGS/example.err" </dev/null
same example 0 $?
has example-output "$LOGS/example.out" "Linux vmrun "
# With a disk of X beside it, of which the guest makes zeros (BLKZEROOUT).
vm 120 unclean-ephemeral --ephemeral --disk "$S" --run 'cat /root/kept; touch /root/x && sync && echo written
python3 -c "import fcntl, os, struct; f = os.open(\"/dev/vdb\", os.O_RDWR); fcntl.ioctl(f, 0x127f, struct.pack(\"QQ\", 512, 1048576))"
echo 3 >/proc/sys/vm/drop_caches; tr -d "\\0" </dev/vdb | wc -c; head -c 513 /dev/vdb | tr "\\0" 0 | tail -c 2' "$D"
ended 0
has unclean-ephemeral-zeros "$OUT" 3146240
has unclean-ephemeral-zeros-begin "$OUT" X0
same zeros-untouched "$shared" "$(sum "$S")"
has unclean-ephemeral-replayed "$OUT" kept
has unclean-ephemeral-written "$OUT" written
same unclean-untouched "$was" "$(sum "$D")"
# Both: the guest can't write to the image, which --read-only is for.
vm 120 read-only-and-ephemeral --read-only --ephemeral --disk "$S" \
	--run 'cat /sys/block/vda/ro; echo new | dd of=/dev/vdb conv=notrunc,fsync 2>/dev/null; head -c 3 /dev/vdb' "$D"
ended 0
has unclean-read-only-says-so "$ERR" 'mounted without its journal (noload)'
same read-only-and-ephemeral-output '1 new' "$(tr -d '\r' <"$OUT" | tr '\n' ' ' | sed 's/ $//')"

# ---- init ------------------------------------------------------------------------------------------------------
# /sbin/init becomes a link to an absolute path, and so does a folder on its way. After the reset it is found, and what was
# written is still there. Then it goes.
vm 240 init-is-a-link-then-missing --ephemeral --run '[ ! -L /sbin/init ] || { cat /root/kept; rm /sbin/init; sync; reboot -f; sleep 100; }
mkdir -p /opt/real; mv /sbin/init /opt/real/init; ln -s /opt/real /opt/way; ln -s /opt/way/init /sbin/init; sync; reboot -f; sleep 100' "$D"
ended 125
has init-is-a-link "$OUT" kept
has init-is-missing-says-so "$ERR" 'has no /sbin/init that can be executed'
# Without --run as well.
vm 120 root-does-not-mount --ephemeral --append rootfstype=vfat "$D"
ended 125
has root-does-not-mount-says-so "$OUT" 'does not mount as vfat'
has root-does-not-mount-line "$ERR" "vmrun: error: the guest's init could not go on"
same images-untouched "$was" "$(sum "$D")"
finish
