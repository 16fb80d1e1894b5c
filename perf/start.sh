#!/bin/sh
# SPDX-License-Identifier: MIT
# start.sh: start-up. The same guest (perf/startup/flat_*.S) in vmrun and in QEMU, in turn, N times; a table of minima and
# medians, and $OUT/start.json. `make perf-start` builds what it needs first.
#
#   PERF_START_RUNS=15   how often each is started
#   PERF_START_ARCHS=..  x86_64 (KVM in both) and arm64 (soft, TCG)
#
# From exec, seen from outside by perf/host/watch.c, the same way for both:
#
#   first    to the first byte on the serial port. The guest's first instructions write it, so this is when the guest
#            begins, and what the way of a byte to the terminal takes.
#   serial   to the first byte that comes after the guest has set the serial port up.
#   memory   resident at that time, beyond guest RAM (128 MiB; smaps, proportional share). vmrun's RAM of a PC is in pieces,
#            of which the large one (127 MiB) is taken off; the rest counts as vmrun's.
#
# QEMU is given the smallest machine that boots it: for x86_64 microvm, without option ROMs, PIT, PIC, RTC, PCI and
# defaults, whose firmware (qboot) does nothing but enter the kernel; vmrun gives its guest the whole PC. QEMU keeps its
# default processor: "-cpu host" fails on some KVMs.
. "$(dirname "$0")/common.sh"
VMRUN=${VMRUN:-$BUILD/bin/vmrun}
RUNS=${PERF_START_RUNS:-15}
ARCHS=${PERF_START_ARCHS:-x86_64 arm64}
LOG=$OUT/logs/start
RAM=128
RAM_PIECE=127
mkdir -p "$OUT/logs"
case $RUNS in '' | *[!0-9]* | 0) die "PERF_START_RUNS is a number" ;; esac
QEMU_LIB='' QEMU_DIR=''
[ ! -f "$OUT/qemu/env" ] || . "$OUT/qemu/env"

architecture()
{
	case $1 in
	x86_64)
		OPTIONS='-p kvm' QEMU=qemu-system-x86_64
		MACHINE='-M microvm,x-option-roms=off,pit=off,pic=off,rtc=off,pcie=off,isa-serial=on -accel kvm'
		;;
	arm64)
		OPTIONS='-p soft -p xlate-arm64-x86' QEMU=qemu-system-aarch64
		MACHINE='-M virt -accel tcg -cpu cortex-a72'
		;;
	*) die "PERF_START_ARCHS: there is no '$1'" ;;
	esac
	LIB=$QEMU_LIB PROGRAM=$QEMU_DIR$QEMU
	# Firmware that the host has is not unpacked again. Not SeaBIOS', whose file for microvm has the same name.
	OWN_DATA=$OUT/qemu/usr/share/qemu HOST_DATA=/usr/share/qemu
	[ -d "$OWN_DATA" ] || OWN_DATA=''
	[ -d "$HOST_DATA" ] || HOST_DATA=''
	[ -n "$QEMU_DIR" ] && [ -x "$PROGRAM" ] || LIB='' PROGRAM=$QEMU OWN_DATA='' HOST_DATA=''
	command -v "$PROGRAM" >/dev/null || die "no $QEMU; run \`make deps\`"
}

# machine NAME ARCH: one start; a line "name first serial memory", or "name ! why".
machine()
{
	if [ "$1" = vmrun ]; then
		# shellcheck disable=SC2086
		set -- "$1" "$2" "$VMRUN" -q $OPTIONS -m $RAM --no-reboot --kernel "$OUT/start.$2"
		lib=''
	else
		# shellcheck disable=SC2086
		set -- "$1" "$2" "$PROGRAM" ${OWN_DATA:+-L "$OWN_DATA"} ${HOST_DATA:+-L "$HOST_DATA"} $MACHINE -m $RAM -nodefaults -no-user-config -display none -monitor none \
			-serial stdio -no-reboot -kernel "$OUT/start.$2"
		lib=$LIB
	fi
	name=$1
	shift 2
	LD_LIBRARY_PATH=$lib "$OUT/watch" -t 30 -r $RAM_PIECE -m perf-mark "$LOG.$name" "$@" >"$LOG.$name.out"
	awk -v name="$name" -v log_="$LOG.$name" '
		{ out[$1] = $2 }
		END {
			getline <log_
			if (out["exit"] || !("mark" in out) || !("pss" in out) || $2 != "1") {
				while ((getline line <(log_ ".err")) > 0) if (line ~ /[^ ]/) text = line
				print name, "! exit status", out["exit"] ": " text
			} else print name, $1, out["mark"], out["pss"] * 1024
		}' "$LOG.$name.out"
}

status=0
printf '{' >"$OUT/start.json"
separator=''
for arch in $ARCHS; do
	architecture "$arch"
	if [ "$arch" = x86_64 ] && ! "$VMRUN" doctor -p kvm 2>/dev/null | grep -q 'x86_64 guest on .*: kvm,'; then
		say "$arch: left out, KVM can't be used here"
		continue
	fi
	say "start-up: $arch, $RUNS runs each of vmrun and $(LD_LIBRARY_PATH=$LIB "$PROGRAM" --version | head -n 1)"
	: >"$LOG.raw"
	# Once for the page cache.
	machine vmrun "$arch" >"$LOG.warm"
	machine qemu "$arch" >>"$LOG.warm"
	run=0
	while [ "$run" -lt "$RUNS" ]; do
		run=$((run + 1))
		machine vmrun "$arch" >>"$LOG.raw"
		machine qemu "$arch" >>"$LOG.raw"
	done
	printf '%s\n"%s": ' "$separator" "$arch" >>"$OUT/start.json"
	separator=','
	awk -v arch="$arch" -v machine="$(basename "$PROGRAM") $MACHINE" -v options="$OPTIONS" -v json="$OUT/start.json" \
		-f "$TOP/perf/start.awk" "$LOG.raw" || status=1
done
echo '}' >>"$OUT/start.json"
exit $status
