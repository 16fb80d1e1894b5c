#!/bin/sh
# SPDX-License-Identifier: MIT
# The litmus tests in a guest, on two CPUs and on four.
# runs alone: CPUs of the guest that have no CPU of the host for themselves see little of each other
. tests/guest/lib.sh
[ -x "$B/tests/litmus/litmus" ] || die "$B/tests/litmus/litmus is missing; run this by \`make test\`"

host=$(nproc)
[ "$host" -gt 1 ] || echo "note: this machine has one CPU, so the guest's take turns and little can be seen"
tar -C "$B/tests/litmus" -cf "$WORK/litmus.tar" litmus

# litmus CPUS SECONDS-A-TEST
litmus()
{
	vm 150 "smp$1" --smp "$1" --kernel $KERNEL --initrd $INITRD --disk "$WORK/litmus.tar,ro" \
		--run "tar -C /tmp -xf /dev/vda && exec /tmp/litmus $2"
	ended 0
	# The same names on two and on four CPUs: told apart.
	sed "s/^ok /ok smp$1-/; s/^not ok /not ok smp$1-/; s/^skip /skip smp$1-/" "$OUT" >"$WORK/results"
	[ "$1" = 2 ] && grep -av '^skip .* needs [34] CPUs' "$WORK/results" >"$WORK/kept" && mv "$WORK/kept" "$WORK/results"
	guest_results "$WORK/results"
	has "smp$1-came-to-the-end" "$OUT" 'end of the litmus tests'
}

litmus 2 0.2
if [ "$host" -ge 4 ]; then
	litmus 4 0.2
else
	# Four that share fewer: an iteration waits for the host's scheduler.
	litmus 4 0.25
fi
finish
