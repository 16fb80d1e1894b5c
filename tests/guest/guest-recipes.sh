#!/bin/sh
# SPDX-License-Identifier: MIT
# README's recipes for a root file system of one's own, word by word: packages are fetched, their scripts run in a guest, and the
# result runs a command under systemd.
#
# time limit: 3000 s
. tests/guest/lib.sh
# shellcheck source=tests/guest/readme.sh
. tests/guest/readme.sh
for tool in debootstrap mmdebstrap; do
	if ! command -v $tool >/dev/null; then
		skip "recipe-$tool" "$tool is not installed (make deps)"
		continue
	fi
	case $tool in debootstrap) words='debootstrap --foreign' ;; *) words='mmdebstrap --arch' ;; esac
	typed "recipe-$tool" 'Your own kernel or root' "$words"
	ended 0
	same "recipe-$tool-is-up" running "$(tail -n 1 "$OUT")"
	same "recipe-$tool-systemd" 1 "$(debugfs -R 'ls -p /sbin/' "$WORK/here/debian.img" 2>/dev/null | grep -c '/init/')"
	rm -rf "$WORK/here/root" "$WORK/here/root.tar" "$WORK/here/debian.img"
done
finish
