#!/bin/sh
# SPDX-License-Identifier: MIT
# Debuggers in an arm64 Linux guest: single steps, hardware breakpoints and watchpoints by ptrace. What they need is tested
# on both tiers by tests/micro: step, breakpoints, watchpoints.
# shellcheck disable=SC2034
NEEDS="${VR_B:-build}/tests/guest/debugger build/guest/Image build/guest/initrd.img"
. tests/guest/lib.sh

# Another file system after the initrd's brings the program.
mkdir "$WORK/root"
cp "$TOOLS/debugger" "$WORK/root/debugger"
(cd "$WORK/root" && echo debugger | cpio -o -H newc --quiet | gzip -1) >"$WORK/more.cpio" || die "no room in $WORK"
cat "$INITRD" "$WORK/more.cpio" >"$WORK/initrd.img" || die "no room in $WORK"

# debug NAME SECONDS OPTION...
debug()
{
	name=$1 seconds=$2
	shift 2
	vm "$seconds" "$name" -m 512M --kernel "$KERNEL" --initrd "$WORK/initrd.img" --run /debugger "$@"
	ended 0
	guest_results "$OUT"
	has "$name-came-to-the-end" "$OUT" 'end of the debugger'
}

debug one-cpu 60
debug two-cpus 60 --smp 2
finish
