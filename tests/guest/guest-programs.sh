#!/bin/sh
# SPDX-License-Identifier: MIT
# Real programs give the right answers: one guest runs in-guest.sh, whose lines are counted here.
. tests/guest/lib.sh
FULL=${VMRUN_TEST_FULL:-quick}

# programs NAME SECONDS OPTION...: a disk without a file system brings the script, as a tar file.
programs()
{
	name=$1 seconds=$2
	shift 2
	tar -C tests/guest -cf "$WORK/script.tar" in-guest.sh
	vm "$seconds" "$name" --read-only --disk "$WORK/script.tar,ro" "$@" \
		--run "mkdir /tmp/t && tar -C /tmp/t -xf /dev/vdb && exec bash /tmp/t/in-guest.sh $FULL" $IMG
	ended 0
	guest_results "$OUT"
	has "$name-came-to-the-end" "$OUT" 'end of the programs'
}

if [ "$FULL" = full ]; then
	programs one-cpu 3000 -m 1G
	programs four-cpus 3000 -m 2G --smp 4
else
	programs one-cpu 400 -m 1G
fi
finish
