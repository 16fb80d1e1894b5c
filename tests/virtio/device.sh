#!/bin/sh
# SPDX-License-Identifier: MIT
# device.sh: the virtio device of the SDK's template, one library without a line of transport code, on each board: arm64 and
# riscv64 guests on soft, x86-64 ones on KVM where it may be used (tests/virtio/boards.c drives all three by the fake host's driver).
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
NEEDS=
. tests/guest/lib.sh
T=$B/tests/virtio
[ -e "$T/template.so" ] || die "$T/template.so is missing; run this by \`make test\`, at the top of the source"

one() # one ARCHITECTURE ARGUMENT...
{
	arch=$1
	shift
	vm 60 "device-$arch" --plugin-path "$T:$B/plugins" -m 64M -p template,longest=200 "$@" --kernel "$T/guest-${arch%-interpreted}"
	ended 0
	guest_results "$OUT"
}
one arm64 -p soft
one riscv64 -p soft
one arm64-interpreted -p soft,tier=0
if [ "$(uname -m)" = x86_64 ] && [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
	one x86_64 -p kvm
else
	skip device-x86_64 "there is no /dev/kvm that may be used here"
fi

# The user is told what is wrong.
vm 60 wrong-option --plugin-path "$T:$B/plugins" -m 64M -p template,longest=many -p soft --kernel "$T/guest-arm64"
ended 3
has "wrong option" "$ERR" "longest"
finish
