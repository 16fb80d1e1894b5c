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

# What an architecture is: the only place that says so.
#   GUEST    folder of its kernel and initrd (tools/build.mk)
#   QEMU     what follows qemu-system-
#   MACHINE  QEMU's options for the same processor: same extensions, same page tables
#   SBI      what answers the kernel's SBI calls, where that is not the same for both machines
architecture()
{
	arch=$1
	SBI=''
	case $arch in
	arm64)
		GUEST=$BUILD/guest DISK=$TOP/guest.img CONSOLE=ttyAMA0
		QEMU=aarch64 MACHINE='-cpu cortex-a72'
		;;
	riscv64)
		GUEST=$BUILD/guest-riscv64 CONSOLE=ttyS0
		DISK=$GUEST/guest.img
		QEMU=riscv64
		# vmrun's hart and no more (not -cpu max, whose V the guest's programs would find): RV64GC, Zba, Zbb, Zbs,
		# Sstc, Svadu, Sv39, Sv48, PMP; no debug triggers. OpenSBI and the kernel find the same on both. Without
		# svadu=on QEMU would mark page tables as well, but not say so.
		MACHINE="-cpu rv64i,m=on,a=on,f=on,d=on,c=on,zicntr=on,zicsr=on,zifencei=on,zba=on,zbb=on,zbs=on,s=on,u=on,sstc=on,svadu=on,sv39=on,sv48=on,mmu=on,pmp=on,debug=off
			-bios $GUEST/firmware/fw_dynamic.bin"
		SBI='riscv64: vmrun answers SBI calls itself; QEMU runs OpenSBI, whose start is part of its boot'
		;;
	*) die "PERF_ARCHS: there is no '$arch'" ;;
	esac
	IMAGE=$GUEST/Image INITRD=$GUEST/initrd.img MORE=$OUT/$arch/initrd.img RAW=$OUT/$arch/raw
	APPEND="console=$CONSOLE quiet${PERF_APPEND:+ $PERF_APPEND}"
	OPTIONS=${PERF_VMRUN:--p soft -p xlate-$arch-x86}
}

# QEMU_LIB: folders of libraries that came with an unpacked QEMU and that the host lacks.
QEMU_LIB='' QEMU_DIR=''
if [ -n "${PERF_QEMU:-}" ]; then
	QEMU_DIR=$PERF_QEMU/
elif [ -f "$OUT/qemu/env" ]; then
	. "$OUT/qemu/env"
fi

case $RUNS$TIMEOUT in
*[!0-9]*) die "PERF_RUNS and PERF_TIMEOUT are numbers" ;;
esac
for r in $ROWS; do
	grep -q "^$r " "$TOP/perf/rows" || die "PERF_ROWS: there is no row '$r'; see perf/rows"
done

# The rows of a kind that were asked for, in order. `measured`: less those that this architecture does not have.
rows_of()
{
	case " $KINDS " in *" $1 "*) ;; *) return 0 ;; esac
	awk -v kind="$1" -v want=" $ROWS " -v arch="${2:+$arch}" '
		/^#/ || $2 != kind { next }
		arch != "" && NF > 5 && index("," $6 ",", "," arch ",") == 0 { next }
		want == "  " || index(want, " " $1 " ") { printf "%s%s", sep, $1; sep = " " }' "$TOP/perf/rows"
}

vmrun()
{
	LIB=''
	# shellcheck disable=SC2086
	watch "$1" "$VMRUN" $OPTIONS -m $RAM --smp 1 --kernel "$IMAGE" --initrd "$2" ${4:+--disk "$DISK,ro"} \
		--append "$APPEND vmrun.run=$3" $STATS
}

qemu()
{
	set -- "$1" "$2" "$3" ${4:+-drive "file=$DISK,format=raw,if=none,id=disk,readonly=on" -device virtio-blk-device,drive=disk}
	log=$1 initrd=$2 command=$3
	shift 3
	LIB=$QEMU_LIB
	# shellcheck disable=SC2086
	watch "$log" "${QEMU_DIR}qemu-system-$QEMU" -M virt $MACHINE -accel tcg -m $RAM -smp 1 \
		-nodefaults -no-user-config -display none -monitor none -serial stdio -no-reboot \
		-kernel "$IMAGE" -initrd "$initrd" -append "$APPEND vmrun.run=$command" "$@"
}

watch()
{
	watched=$1
	shift
	LD_LIBRARY_PATH=$LIB "$OUT/watch" -t "$TIMEOUT" -r $RAM -m perf-mark "$watched" "$@" >"$watched.out"
}

# record MACHINE KIND LOG: what one boot gave, as lines "machine row value status" of $RAW.
record()
{
	awk -v machine="$1" -v kind="$2" -v timeout="$TIMEOUT" -v errors="$3.err" '
		FILENAME ~ /\.out$/ { out[$1] = $2; next }
		$2 == "clock" { if (n++) { guest = $3 - g; host = $1 - h } else { g = $3; h = $1 }; next }
		$2 == "@" { name[++count] = $3; value[count] = $4; sum[count] = $5; status[count] = $6; next }
		$2 == "vmrun-exit:" { said = 1; code = $3; next }
		NF > 1 { last = $0; sub(/^[0-9]+ /, "", last) }
		END {
			if (out["exit"] == 124) why = "no end after " timeout " s"
			else if (out["exit"]) {
				why = "exit status " out["exit"]
				while ((getline line <errors) > 0) if (line ~ /[^ ]/) text = line
				if (text != "") why = why ": " text
			} else if (!said) why = "init did not report" (last == "" ? "" : "; last line: " last)
			else if (!("mark" in out)) why = "exit status " code " in the guest"
			if (host > 0 && (guest < host * 0.98 || guest > host * 1.02))
				clock = sprintf("guest clock runs at %.3f of the host'\''s", guest / host)
			if (kind == "boot" && why == "") {
				print machine, "boot", out["mark"], "ok"
				print machine, "power_off", out["wall"] - out["mark"], "ok"
			}
			if ((kind == "boot" || kind == "real") && why == "") {
				if ("pss" in out) print machine, (kind == "boot" ? "memory" : "memory_real"), out["pss"] * 1024, "ok"
				if (kind == "boot" && "rss" in out) {
					print machine, "memory_rss", out["rss"] * 1024, "ok"
					print machine, "memory_guest", out["ram"] * 1024, "ok"
				}
			}
			for (i = 1; i <= count; i++)
				print machine, name[i] (kind == "plain" ? "_plain" : ""), value[i], (clock != "" && status[i] == "ok" ? clock : status[i] == "ok" ? "ok " sum[i] : status[i])
			if (why != "") print machine, "!" kind, 0, why
		}' "$3.out" "$3" >>"$RAW"
}

# guest_command SCRIPT ROW...: for vmrun.run=. Rows of kind plain are rows of kind micro with one more word.
guest_command()
{
	printf '/perf/%s' "$1"
	shift
	for row; do
		printf '%%20%s' "${row%_plain}"
	done
}

# boot MACHINE KIND RUN ROW...
boot()
{
	machine=$1 kind=$2 run=$3
	shift 3
	say "run $run of $RUNS: $arch, $kind, $machine"
	log=$LOGS/$arch.$machine.$kind.$run
	# The machine is a function above.
	case $kind in
	boot) "$machine" "$log" "$INITRD" 'echo%20perf-mark' '' ;;
	micro) "$machine" "$log" "$MORE" "$(guest_command micro "$@")" '' ;;
	plain)
		guarded=$APPEND
		APPEND="$APPEND mitigations=off kpti=off"
		"$machine" "$log" "$MORE" "$(guest_command micro "$@")" ''
		APPEND=$guarded
		;;
	real) "$machine" "$log" "$MORE" "$(guest_command real "$@")" disk ;;
	esac
	record "$machine" "$kind" "$log"
}

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
