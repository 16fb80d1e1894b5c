#!/bin/sh
# SPDX-License-Identifier: MIT
# turns.sh: two builds of vmrun in turn, row by row: has a change made anything slower? `make perf-turns OLD=FOLDER`.
#
#   OLD=FOLDER         the other build: a build folder, whose bin/vmrun is run with its own plugins
#   PERF_RUNS=11       how often each runs
#   PERF_WITHIN=6      percent that a row may lose
#   PERF_ARCHS, PERF_ROWS, PERF_KINDS, PERF_TIMEOUT, PERF_APPEND   as run.sh says
#
# Both run the same guest files, and take turns, so that what else the machine does hits both. A row is judged by the least of
# its figures on either side: other programs only ever add time. The medians are shown beside them. The exit status is 1 when
# a row loses more than PERF_WITHIN percent, or has no figure.
. "$(dirname "$0")/common.sh"

NEW=${VMRUN:-$BUILD/bin/vmrun}
[ -n "${OLD:-}" ] || die "perf-turns: say which build to compare with: OLD=FOLDER (a build folder with bin/vmrun)"
[ -x "$OLD/bin/vmrun" ] || die "perf-turns: $OLD/bin/vmrun can't be run; OLD is a build folder"
OLD=$(CDPATH='' cd "$OLD" && pwd)
ARCHS=${PERF_ARCHS:-arm64 riscv64}
RUNS=${PERF_RUNS:-11}
WITHIN=${PERF_WITHIN:-6}
KINDS=${PERF_KINDS:-boot micro plain real}
ROWS=${PERF_ROWS:-}
TIMEOUT=${PERF_TIMEOUT:-180}
RAM=512
LOGS=$OUT/turns
STATS=''
. "$(dirname "$0")/boots.sh"
case $WITHIN in
'' | *[!0-9.]*) die "PERF_WITHIN is a number" ;;
esac

# shellcheck disable=SC2317
old()
{
	VMRUN=$OLD/bin/vmrun
	vmrun "$@"
}
# shellcheck disable=SC2317
new()
{
	VMRUN=$NEW
	vmrun "$@"
}

rm -rf "$LOGS"
mkdir -p "$LOGS"
run=0
while [ "$run" -lt "$RUNS" ]; do
	run=$((run + 1))
	# Each goes first as often as the other.
	if [ $((run % 2)) = 1 ]; then order='old new'; else order='new old'; fi
	for kind in boot micro plain real; do
		for arch in $ARCHS; do
			architecture "$arch"
			RAW=$LOGS/$arch.raw
			rows=$(rows_of $kind measured)
			[ -n "$rows" ] || continue
			# shellcheck disable=SC2086
			for machine in $order; do
				boot $machine $kind "$run" $rows
			done
		done
	done
done

status=0
for arch in $ARCHS; do
	[ -f "$LOGS/$arch.raw" ] || die "perf-turns: nothing was measured for $arch: no row of PERF_ROWS, PERF_KINDS is one of its"
	echo "$arch: runs of each, in turn: $RUNS; new is $NEW, old is $OLD/bin/vmrun"
	awk -v within="$WITHIN" -f "$TOP/perf/turns.awk" "$LOGS/$arch.raw" || status=1
	echo
done
exit $status
