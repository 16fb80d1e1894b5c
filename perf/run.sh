#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh: vmrun, QEMU and a native build in turn, for each guest architecture; a table each, and $OUT/report.json.
# `make perf` builds what it needs first.
#
#   PERF_ARCHS='a b'   guest architectures: arm64 riscv64
#   PERF_RUNS=3        how often each is measured; the table has the medians
#   PERF_ROWS='a b'    only these rows of perf/rows
#   PERF_KINDS='...'   only these kinds: boot micro plain real
#   PERF_TIMEOUT=180   seconds that one boot may take
#   PERF_VMRUN='-p ..' plugins and options of vmrun; default: soft and the architecture's translator
#   PERF_APPEND='...'  more kernel parameters, for both machines
#   PERF_QEMU=FOLDER   the QEMU programs in there, not those of build/perf/qemu or of PATH
#
# Both machines get the same kernel, initrd, disk (read-only), RAM, one processor and the same kernel parameters, and run
# alone, one after the other, for each run anew. What is read from outside (time to a line on the console, memory) is
# read by perf/host/watch.c for both. In the guest a row is timed by the guest's own clock, which is held against the
# host's: where they differ by more than 2% over a boot, its rows do not count.
. "$(dirname "$0")/common.sh"

VMRUN=${VMRUN:-$BUILD/bin/vmrun}
ARCHS=${PERF_ARCHS:-arm64 riscv64}
RUNS=${PERF_RUNS:-3}
KINDS=${PERF_KINDS:-boot micro plain real}
ROWS=${PERF_ROWS:-}
TIMEOUT=${PERF_TIMEOUT:-180}
RAM=512
LOGS=$OUT/logs
. "$(dirname "$0")/boots.sh"

# The native build prints the same lines as the guest; it is the same for every guest.
native()
{
	kind=$1 run=$2
	shift 2
	say "run $run of $RUNS: $kind, native"
	case $kind in
	micro) "$OUT/native/bench" "$@" ;;
	real) native_programs "$@" ;;
	esac >"$LOGS/native.$kind.$run" 2>"$LOGS/native.$kind.$run.err" || :
	for arch in $ARCHS; do
		architecture "$arch"
		awk '$1 == "@" { print "native", $2, $3, ($5 == "ok" ? "ok " $4 : $5) }' "$LOGS/native.$kind.$run" >>"$RAW"
	done
}

native_programs()
(
	[ ! -f "$OUT/programs/env" ] || . "$OUT/programs/env"
	in=/dev/shm
	[ -d $in ] && [ -w $in ] || in=$OUT
	t=$(mktemp -d "$in/vmrun-perf.XXXXXX")
	trap 'rm -rf "$t"' EXIT
	"$OUT/native/programs" "$t" "$@"
)

startup()
{
	i=0
	say "start-up of the binaries"
	while [ $i -lt 10 ]; do
		i=$((i + 1))
		for machine in vmrun qemu; do
			case $machine in
			vmrun) LIB=''; watch "$LOGS/startup" "$VMRUN" --version ;;
			qemu) LIB=$QEMU_LIB; watch "$LOGS/startup" "${QEMU_DIR}qemu-system-$QEMU" --version ;;
			esac
			awk -v machine=$machine '
				$1 == "wall" { wall = $2 }
				$1 == "exit" { print machine, "startup", wall, ($2 ? "exit status " $2 : "ok") }' "$LOGS/startup.out" >>"$RAW"
		done
	done
}

# One more boot, with counters; its time does not count.
counters()
{
	say "$arch: counters of a boot"
	STATS=--stats=json
	vmrun "$LOGS/$arch.stats" "$INITRD" 'echo%20perf-mark' ''
	STATS=''
	# shellcheck disable=SC2020
	tr '{,}' '\n\n\n' <"$LOGS/$arch.stats.err" |
		sed -n 's/^ *"\(translate_ns_per_insn\|cache_hit_rate\|translate_ns\|translated_insns\)": *\([0-9.eE+-]*\) *$/vmrun %\1 \2 ok/p' >>"$RAW"
}

facts()
{
	echo "date=$(date -u +%Y-%m-%dT%H:%M:%SZ)"
	echo "vmrun=$("$VMRUN" --version 2>&1 | head -n 1)"
	echo "host=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) processors, $(uname -sr)"
	echo "load=$(cut -d' ' -f1 /proc/loadavg)"
	echo "runs=$RUNS"
	if [ -f "$OUT/programs/env" ]; then
		echo "native=small programs: the same, built for this machine; real programs: those of Debian 12"
	else
		echo "native=real programs as this machine has them"
	fi
}

guest_facts()
{
	echo "guest=$arch: $(cat "$GUEST/kernel/.from" 2>/dev/null || echo '?'), $RAM MiB, 1 processor"
	echo "kernel=$APPEND"
	echo "qemu=$(LD_LIBRARY_PATH="$QEMU_LIB" "${QEMU_DIR}qemu-system-$QEMU" --version | head -n 1)"
	[ -z "$SBI" ] || echo "sbi=$SBI"
}

rm -rf "$LOGS"
mkdir -p "$LOGS"
STATS=''
for arch in $ARCHS; do
	architecture "$arch"
	command -v "${QEMU_DIR}qemu-system-$QEMU" >/dev/null || die "no qemu-system-$QEMU; run \`make deps\`"
	mkdir -p "$OUT/$arch"
	: >"$RAW"
	guest_facts >"$OUT/$arch/facts"
	sed -n 's/^qemu=//p' "$OUT/$arch/facts" | while read -r version; do say "$version"; done
done
facts >"$OUT/facts"
awk -F= '$1 == "load" && $2 > 0.5 { exit 1 }' "$OUT/facts" ||
	say "other programs are running (load $(sed -n 's/^load=//p' "$OUT/facts")): the figures will be worse than they should"

run=0
while [ "$run" -lt "$RUNS" ]; do
	run=$((run + 1))
	for kind in boot micro plain real; do
		for arch in $ARCHS; do
			architecture "$arch"
			rows=$(rows_of $kind measured)
			[ -n "$rows" ] || continue
			# shellcheck disable=SC2086,SC2154
			for machine in vmrun qemu; do
				boot $machine $kind "$run" $rows
			done
		done
		[ $kind = micro ] || [ $kind = real ] || continue
		rows=$(rows_of $kind)
		# shellcheck disable=SC2086
		[ -z "$rows" ] || native $kind "$run" $rows
	done
done

# A table each; the report has them one after the other.
status=0
printf '{' >"$OUT/report.json"
separator=''
for arch in $ARCHS; do
	architecture "$arch"
	[ -z "$(rows_of boot)" ] || {
		startup
		counters
	}
	cat "$OUT/facts" "$OUT/$arch/facts" >"$OUT/$arch/all.facts"
	awk -v arch="$arch" -v want="$(rows_of boot) $(rows_of micro) $(rows_of plain) $(rows_of real)" -v json="$OUT/$arch/report.json" \
		-f "$TOP/perf/report.awk" "$OUT/$arch/all.facts" "$TOP/perf/rows" "$TOP/perf/reasons" "$RAW" || status=1
	printf '%s\n"%s": ' "$separator" "$arch" >>"$OUT/report.json"
	cat "$OUT/$arch/report.json" >>"$OUT/report.json"
	separator=','
	echo
done
echo '}' >>"$OUT/report.json"
exit $status
