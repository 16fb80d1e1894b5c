# SPDX-License-Identifier: MIT
# boots.sh: one boot of a machine and what it gave; sourced by run.sh and turns.sh after they have set
#
#   RUNS TIMEOUT RAM KINDS ROWS   see run.sh
#   VMRUN STATS LOGS              the program, more options of it, a folder

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
			# Lines take some ms to come, the first one more than the last.
			if (host > 0 && (guest < host * 0.98 - 15e6 || guest > host * 1.02 + 15e6))
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
