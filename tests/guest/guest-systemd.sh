#!/bin/sh
# SPDX-License-Identifier: MIT
# A stock Debian with systemd, its own kernel and initrd, and a disk that is as debootstrap made it: --run runs commands in it.
#
# time limit: 1200 s
# shellcheck disable=SC2034
NEEDS="build/guest/systemd/disk.img build/guest/systemd/vmlinuz build/guest/systemd/initrd.img"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
D=build/guest/systemd
copy $D/disk.img "$WORK/disk.img"
NAME=systemd OUT=$LOGS/systemd.out ERR=$LOGS/systemd.err
head -c 300000 /dev/urandom >"$WORK/random"
# shellcheck disable=SC2016,SC2086
timeout -k 10 $((300 * SLOW)) "$VMRUN" -q $ARGS -m 1G --console-log "$LOGS/console.log" --kernel $D/vmlinuz --initrd $D/initrd.img \
	--append 'root=/dev/vda rw' "$WORK/disk.img" --env WORD='two words' --cwd /etc \
	--run 'cat; { pwd; echo "$WORD"; cat /proc/1/comm; systemctl is-active multi-user.target; touch /root/was-here; } >&2; exit 42' \
	<"$WORK/random" >"$OUT" 2>"$ERR"
RC=$?
ended 42
same systemd-there-and-back "$(sha256sum <"$WORK/random")" "$(sha256sum <"$OUT")"
same systemd-is-up '/etc two words systemd active ' "$(tr '\n' ' ' <"$ERR")"
has systemd-console "$LOGS/console.log" 'reboot: Power down'
# The power-off was a clean one.
if e2fsck -fn "$WORK/disk.img" >"$LOGS/fsck" 2>&1; then ok systemd-disk-is-clean; else bad systemd-disk-is-clean 'e2fsck finds nothing' "$(tail -n 3 "$LOGS/fsck" | tr '\n' ' ')"; fi
same systemd-disk-was-written 1 "$(debugfs -R 'ls -p /root' "$WORK/disk.img" 2>/dev/null | grep -c was-here)"
# A system that does not come up: the reason is on the console, and the run ends.
vm 120 systemd-no-root -q -m 1G --start-limit $((60 * SLOW)) --console-log "$LOGS/no-root.log" --kernel $D/vmlinuz --initrd $D/initrd.img \
	--append root=/dev/vdx --run true
ended 125
finish
