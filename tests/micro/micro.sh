#!/bin/sh
# SPDX-License-Identifier: MIT
# Every micro-guest on every accelerator that can run it, with the vmrun that was built: the same command line but for
# `-p NAME`. Which accelerators there are, what runs on them and what they can do is asked from `vmrun doctor`.
# shellcheck disable=SC2034
NEEDS=${VR_B:-build}/tests/guest/json
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
ARGS='' # each test names the accelerator itself
MICRO=$B/tests/micro
JSON=$TOOLS/json

# at FILE NAME: a value of a JSON file, or nothing.
at()
{
	"$JSON" "$2" <"$1" 2>"$WORK/wrong"
}

# $WORK/plugins: id, class, usable, index in the doctor's list, of each plugin.
"$VMRUN" doctor --json >"$WORK/doctor" 2>"$LOGS/doctor.err" || die "vmrun doctor failed: $(head -n 1 "$LOGS/doctor.err")"
"$VMRUN" plugins --json >"$WORK/manifests" 2>"$LOGS/plugins.err" || die "vmrun plugins failed: $(head -n 1 "$LOGS/plugins.err")"
HOST=$(at "$WORK/doctor" machine.arch)
i=0
while id=$(at "$WORK/doctor" "plugins.$i.id"); do
	echo "$id $(at "$WORK/doctor" "plugins.$i.class") $(at "$WORK/doctor" "plugins.$i.usable") $i"
	i=$((i + 1))
done >"$WORK/plugins"

# fact ACCEL NAME
fact()
{
	at "$WORK/doctor" "plugins.$(awk -v id="$1" '$1 == id { print $4 }' "$WORK/plugins").facts.$2"
}

# runs ACCEL ARCH: the doctor says that it would.
runs()
{
	[ -f "$WORK/doctor-$1" ] || "$VMRUN" doctor --json -p "$1" >"$WORK/doctor-$1" 2>&1
	j=0
	while a=$(at "$WORK/doctor-$1" "guests.$j.arch"); do
		[ "$a" != "$2" ] || [ "$(at "$WORK/doctor-$1" "guests.$j.works")" != true ] || return 0
		j=$((j + 1))
	done
	return 1
}

# has_option ID OPTION: its manifest says so.
has_option()
{
	k=0
	while m=$(at "$WORK/manifests" "plugins.$k.id"); do
		if [ "$m" = "$1" ]; then
			j=0
			while o=$(at "$WORK/manifests" "plugins.$k.options.$j.name"); do
				[ "$o" != "$2" ] || return 0
				j=$((j + 1))
			done
		fi
		k=$((k + 1))
	done
	return 1
}

# guest ACCEL OPTIONS NAME ARCH VCPUS STATUS FLAGS
guest()
{
	label=$4-$3-$1$(echo "$2" | tr ',=' '--')
	run=--run
	raw=''
	case ,$7, in *,bare,*) run='' ;; esac
	case ,$7, in *,raw,*) raw="--arch $4" ;; esac
	# shellcheck disable=SC2086
	vm 30 "$label" -p "$1$2" --smp "$5" -m 64M --kernel "$MICRO/$4/$3" $run ${run:+x} $raw
	if [ "$(fact "$1" 'kernel mode' | cut -c 1-8)" = emulated ] && case ,$7, in *,kernel,*) [ "$RC" != "$6" ] ;; *) false ;; esac; then
		why=$(sed -n "s/.*KVM can't emulate \('[^']*'\).*/KVM can't emulate \1/p" "$ERR" | head -n 1)
		[ -n "$why" ] || why=$(sed -n 's/^not ok /its answer is wrong: /p' "$OUT" | tr -d '\r' | head -n 1)
		skip "$label" "kernel mode is emulated here, and ${why:-it ended with $RC}"
		return
	fi
	ended "$6"
	tr -d '\r' <"$OUT" | grep -aE '^(ok|not ok|skip) ' | awk -v label="$label" '
		$1 == "ok" && seen[$2]++ { next }
		$1 == "not" { $3 = label ":" $3; print; next }
		{ $2 = label ":" $2; print }' >"$WORK/results"
	# A guest that is made to end early may have none.
	[ "$6" != 0 ] && [ ! -s "$WORK/results" ] || guest_results "$WORK/results"
}

# ---- every guest ----------------------------------------------------------------------------------------------
awk '$2 == "accel"' "$WORK/plugins" >"$WORK/accels"
[ -s "$WORK/accels" ] || bad accelerators "some" none
while read -r accel class usable index; do
	if [ "$usable" != true ]; then
		skip "$accel" "$(at "$WORK/doctor" "plugins.$index.reason")"
		continue
	fi
	for arch in ${MICRO_ARCHS:-x86_64 arm64 riscv64}; do
		runs "$accel" $arch || continue
		grep -v '^#' tests/micro/list | while read -r name arches vcpus status flags; do
			[ "$arches" = '*' ] || [ "$arches" = $arch ] || continue
			guest "$accel" '' "$name" $arch "$vcpus" "$status" "$flags"
			case ,$flags, in *,tiers,*) ! has_option "$accel" tier || guest "$accel" ,tier=0 "$name" $arch "$vcpus" "$status" "$flags" ;; esac
			case ,$flags, in *,irq,*) ;; *) continue ;; esac
			has_option "$accel" irqchip || continue
			for kind in none split full; do
				case "$kind $(fact "$accel" irqchip)" in
				none* | *"$kind"*" "*"$kind"*) guest "$accel" ",irqchip=$kind" "$name" $arch "$vcpus" "$status" "$flags" ;;
				esac
			done
		done
	done
done <"$WORK/accels"

# ---- the choice -------------------------------------------------------------------------------------------------
# One image, one command line; only -p differs, and the line on standard error says what runs it.
line()
{
	grep "^vmrun: $1 guest on " "$ERR" | sed 's/^[^:]*: [^:]*: //'
}
while read -r accel class usable index; do
	[ "$usable" = true ] || continue
	for arch in ${MICRO_ARCHS:-x86_64 arm64 riscv64}; do
		runs "$accel" $arch || continue
		vm 30 "choice-$arch-$accel" -p "$accel" --kernel "$MICRO/$arch/status" --run x
		same "choice-$arch-$accel" "42 $accel" "$RC $(line $arch | sed 's/[ ,].*//')"
		# Without --run the status is the machine's own: it powered off.
		vm 30 "power-off-$arch-$accel" -p "$accel" --kernel "$MICRO/$arch/status"
		ended 0
		has "power-off-$arch-$accel-output" "$OUT" 'vmrun-exit: 42'
	done
done <"$WORK/accels"

# refused NAME STATUS TEXT OPTION...: no guest, one line that says why.
refused()
{
	name=$1 status=$2 text=$3
	shift 3
	vm 30 "$name" "$@"
	same "$name-status" "$status $(wc -c </dev/null)" "$RC $(wc -c <"$OUT")"
	has "$name" "$ERR" "$text"
}

# An accelerator of the host's architecture only, asked to run another one's guest; and the one way round that.
OTHER=arm64
[ "$HOST" != arm64 ] || OTHER=riscv64
native=$(while read -r accel class usable index; do
	[ "$usable" != true ] || ! runs "$accel" "$HOST" || runs "$accel" $OTHER || echo "$accel"
done <"$WORK/accels" | head -n 1)
soft=$(while read -r accel class usable index; do
	[ "$usable" != true ] || ! runs "$accel" $OTHER || echo "$accel"
done <"$WORK/accels" | head -n 1)
if [ -n "$native" ]; then
	refused other-architecture 3 "accelerator '$native' can't run this guest: runs only guests of the host's architecture ($HOST)" \
		-p "$native" --kernel "$MICRO/$OTHER/status" --run x
	has other-architecture-way-out "$ERR" 'VM_ACCEL_FALLBACK=1 takes software instead'
	VM_ACCEL_FALLBACK=1
	export VM_ACCEL_FALLBACK
	vm 30 fall-back -p "$native" --kernel "$MICRO/$OTHER/status" --run x
	unset VM_ACCEL_FALLBACK
	same fall-back "42 $soft" "$RC $(line $OTHER | sed 's/[ ,].*//')"
	has fall-back-warns "$ERR" "accelerator '$native' can't be used"
	has fall-back-output "$OUT" 'a line of a guest'
else
	skip other-architecture "no usable accelerator runs only this host's architecture"
fi
# A guest that software has no translator for.
for arch in ${MICRO_ARCHS:-x86_64 arm64 riscv64}; do
	[ -n "$soft" ] && ! runs "$soft" $arch || continue
	refused "no-translator-$arch" 3 "no translator for $arch guests on $HOST hosts is installed" -p "$soft" --kernel "$MICRO/$arch/status" --run x
done
refused no-such-accelerator 3 "plugin 'none-such' is not installed" -p none-such --kernel "$MICRO/arm64/status" --run x
finish
