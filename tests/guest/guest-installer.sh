#!/bin/sh
# SPDX-License-Identifier: MIT
# The Debian installer's text-mode kernel and initrd reach their first dialog on the serial console.
. tests/guest/lib.sh
for f in linux initrd.gz; do
	[ -f "$GUEST/di/$f" ] || die "$GUEST/di/$f is missing; \`make guest-installer\` fetches it"
done

dialog()
{
	# shellcheck disable=SC2086
	if $TOOLS/term -t $((150 * SLOW)) -l "$LOGS/$1.out" 'expect=Select a language' 'expect=English' \
		'send=\x01x' end=5 sane -- "$VMRUN" $ARGS -m 512M --smp "$2" --kernel $GUEST/di/linux \
		--initrd $GUEST/di/initrd.gz --append console=ttyAMA0 2>"$WORK/wrong"; then
		ok "$1"
	else
		bad "$1" "the dialog 'Select a language'" "$(tr '\r\n' '  ' <"$WORK/wrong" | cut -c 1-300)"
	fi
}

dialog first-dialog 1
finish
