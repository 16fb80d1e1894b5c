#!/bin/sh
# SPDX-License-Identifier: MIT
# Whole machines on KVM, with a guest of our own (tests/kvm/machine): the disk by a doorbell, and what is left when
# KVM is missing, refuses or goes away while the guest runs. The faults are machine/fault.c's.
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
# shellcheck source=tests/guest/other_user.sh
. tests/guest/other_user.sh
ELF=$B/tests/kvm/disk.elf
# Relative: a blank or a colon in LD_PRELOAD separates names, and the source's path may have one.
FAULT=$B/tests/kvm/fault.so
DISK=$WORK/disk.img
SECTORS=256
ARGS=''
NO_KVM='' # or why there is none for the tests that need it

if [ "$(uname -m)" != x86_64 ]; then
	skip kvm-machines "this machine is no x86-64, and the guest is"
	finish
fi
for f in "$ELF" "$FAULT"; do
	[ -f "$f" ] || die "$f is missing; run this by \`make test\`, at the top of the source"
done

# new_disk TASK: it begins with what the guest is to do.
new_disk()
{
	{
		printf '%s\n' "$1"
		head -c $((SECTORS * 512)) /dev/urandom
	} | head -c $((SECTORS * 512)) >"$DISK"
	cp "$DISK" "$WORK/expected.img"
	chmod 666 "$DISK"
}

# What the guest's `wN` makes of the disk: N sectors from 8 on.
write_expected()
{
	for s in $(seq 0 $(($1 - 1))); do
		head -c 512 /dev/zero | tr '\0' "\\$(printf '%o' $((65 + s % 26)))"
	done | dd of="$WORK/expected.img" bs=512 seek=8 conv=notrunc status=none
}

# faulty NAME STATUS TEXT FAULT COMMAND...: it ends with that status and one line about the error, which has the text
# (an extended regular expression); the disk is as expected.
faulty()
{
	name=$1 status=$2 text=$3 inject=$4
	shift 4
	if [ -n "$NO_KVM" ]; then
		skip "$name" "$NO_KVM"
		return
	fi
	log=$LOGS/$name
	if [ -n "$inject" ]; then
		set -- env "VMRUN_FAULT=$inject" "LD_PRELOAD=$FAULT" ASAN_OPTIONS=verify_asan_link_order=0 "$@"
	fi
	timeout -k 5 $((60 * SLOW)) "$@" >"$log.out" 2>"$log.err" </dev/null
	rc=$?
	lines=$(grep -vc '^vmrun: x86_64 guest on ' "$log.err")
	if [ $rc != "$status" ]; then
		bad "$name" "exit status $status" "$rc: $(head -n 3 "$log.err" | tr '\n' ' ')"
	elif [ "$lines" != 1 ] || ! grep -q '^vmrun: error: ' "$log.err"; then
		bad "$name" "one line, 'vmrun: error: ...'" "$lines lines: $(head -n 4 "$log.err" | tr '\n' '|')"
	elif ! grep -qE -- "$text" "$log.err"; then
		bad "$name" "$text" "$(grep '^vmrun: error: ' "$log.err")"
	elif ! cmp -s "$DISK" "$WORK/expected.img"; then
		bad "$name" "the disk as expected" "$(cmp "$DISK" "$WORK/expected.img")"
	else
		ok "$name"
	fi
}

# ---- no KVM to be had ---------------------------------------------------------------------------------------------
new_disk r8
WITH="-m 64M --kernel $ELF --disk $DISK"
V="$VMRUN $WITH"
: >"$WORK/file"
# shellcheck disable=SC2086 # several words
{
	faulty device-missing 3 "$WORK/none is missing.*(switch|modprobe)" '' $V -p "kvm,device=$WORK/none"
	faulty device-is-a-folder 3 "$WORK is not a device; name the KVM device with -p kvm,device=/dev/kvm" '' $V -p "kvm,device=$WORK"
	faulty device-is-another 3 '/dev/null is not the KVM device .*; name it with -p kvm,device=/dev/kvm' '' $V -p kvm,device=/dev/null
	if [ -n "$NO_OTHER" ]; then
		skip device-may-not-be-opened "$NO_OTHER"
	else
		cp "$ELF" "$OPEN/disk.elf"
		cp "$DISK" "$OPEN/disk.img"
		: >"$OPEN/file"
		chmod 644 "$OPEN/disk.elf"
		chmod 666 "$OPEN/disk.img"
		chmod 000 "$OPEN/file"
		faulty device-may-not-be-opened 3 'no permission to open it; add the user to the group' '' \
			$AS $OPEN_VMRUN -m 64M --kernel $OPEN/disk.elf --disk $OPEN/disk.img -p "kvm,device=$OPEN/file"
	fi
	faulty device-is-a-file 3 "$WORK/file is not a device; name the KVM device" '' $V -p "kvm,device=$WORK/file"
	faulty open-no-permission 3 '/dev/kvm: no permission' open:EACCES $V -p kvm
	faulty open-no-driver 3 '/dev/kvm is there but no driver answers; load' open:ENODEV $V -p kvm
	faulty open-too-many-files 3 '/dev/kvm: .*ulimit -n' open:EMFILE $V -p kvm
}

# ---- KVM, and then it refuses ----------------------------------------------------------------------------------------
kvm=$("$VMRUN" doctor 2>/dev/null | sed -n '/^  kvm  *accel/{s/^  kvm  *accel  *//p;/not usable/{n;s/^  */ /p}}' | tr -d '\n')
[ "$kvm" = usable ] || NO_KVM=${kvm:-the plugin kvm is not built}

# shellcheck disable=SC2086
{
	faulty vm-busy 3 'virtualisation is taken; end the other hypervisor' vm:EBUSY $V -p kvm
	faulty vm-no-memory 3 'no memory for a virtual machine; free some memory, or give the guest less' vm:ENOMEM $V -p kvm
	faulty vcpu-too-many-files 3 'KVM makes no vCPU 0: .*ulimit -n' vcpu:EMFILE $V -p kvm
	faulty vcpu-no-memory 3 'KVM makes no vCPU 0: .*give the guest less' vcpu:ENOMEM $V -p kvm
	faulty vcpu-exists 3 'KVM makes no vCPU 0: .*start it again' vcpu:EEXIST $V -p kvm
	faulty second-vcpu 3 'KVM makes no vCPU 1: .*ulimit -n' vcpu:EMFILE:1 $V -p kvm --smp 2
	faulty memory-beyond 3 "memory 'ram-640k' at 0x0: KVM refuses memory slot 0.*give the guest less" memory:EINVAL $V -p kvm
	faulty memory-slots 3 "memory 'firmware' at 0xe0000: KVM refuses memory slot 1.*use fewer devices" memory:ENOSPC:1 $V -p kvm
	faulty memory-none 3 "memory 'ram-low' at 0x100000: KVM refuses memory slot 2.*free some memory" memory:ENOMEM:2 $V -p kvm
}
# shellcheck disable=SC2086
if [ -z "$NO_KVM" ]; then
	if VMRUN_FAULT=vcpu:EMFILE LD_PRELOAD=$FAULT ASAN_OPTIONS=verify_asan_link_order=0 "$TOOLS/term" -t $((60 * SLOW)) \
		-l "$LOGS/refused.out" 'expect=vmrun: error: ' end=3 sane -- $V -p kvm 2>"$WORK/wrong"; then
		ok refused-leaves-the-terminal-sane
	else
		bad refused-leaves-the-terminal-sane "status 3, and the terminal as before" "$(cat "$WORK/wrong")"
	fi
fi

# ---- it goes while the guest runs -----------------------------------------------------------------------------------
# The guest needs less than 500 runs of its vCPU for what it writes, and then goes on for ever.
GONE='KVM has gone or fails .*start the guest again, or run it in software'
for fault in run:ENODEV run:EBADF run:EIO gone:ENODEV; do
	for smp in 1 2; do
		new_disk w64
		write_expected 64
		case=$(echo "$fault-$smp" | tr ':A-Z' '-a-z')
		# shellcheck disable=SC2086
		faulty "$case" 1 "vCPU 0 can't go on: vCPU 0: .*; $GONE" "$fault:2000" $V -p kvm --smp $smp
		[ -n "$NO_KVM" ] || has "$case-after-its-writes" "$LOGS/$case.out" written
	done
done
new_disk w64
write_expected 64
# shellcheck disable=SC2086
faulty run-memory-gone 1 "KVM_RUN: .*guest memory that the host can't provide" run:EFAULT:2000 $V -p kvm
# It asks for a reset, and that fails.
new_disk x16
# shellcheck disable=SC2086
faulty reset-fails 1 "the machine can't be reset: vCPU 0: KVM_SET_REGS: Input/output error; $GONE" registers:EIO:1 $V -p kvm
[ -n "$NO_KVM" ] || has reset-was-asked-for "$LOGS/reset-fails.out" reset
# An instruction that KVM's emulator does not know: one line, and with -v the registers.
new_disk e
# shellcheck disable=SC2086
{
	faulty not-emulated 1 "vCPU 0 can't go on: vCPU 0: KVM can't emulate 'paddd xmm0, .*' \\(bytes 66 0f fe .*\\) at 0x[0-9a-f]+, 64-bit mode, CPL 0, .*; run it again with -v for the registers" '' $V -p kvm
	if [ -z "$NO_KVM" ]; then
		timeout -k 5 $((60 * SLOW)) $V -v -p kvm >"$LOGS/verbose.out" 2>"$LOGS/verbose.err" </dev/null
		same not-emulated-verbose 1 $?
		has not-emulated-registers "$LOGS/verbose.err" '  rax '
		has not-emulated-segments "$LOGS/verbose.err" '  cs  '
		same not-emulated-verbose-error 1 "$(grep -c '^vmrun: error: ' "$LOGS/verbose.err")"
	fi
}
if [ -n "$NO_KVM" ]; then
	for name in not-emulated-verbose refused-leaves-the-terminal-sane gone-leaves-the-terminal-sane unflushed-is-flushed only-read-is-not-flushed notifications-are-doorbells \
		a-doorbell-is-no-exit doorbells-over-a-reset two-vcpus; do
		skip "$name" "$NO_KVM"
	done
	finish
fi
new_disk w64
# shellcheck disable=SC2086
if VMRUN_FAULT=run:ENODEV:2000 LD_PRELOAD=$FAULT ASAN_OPTIONS=verify_asan_link_order=0 "$TOOLS/term" -t $((60 * SLOW)) -l "$LOGS/terminal.out" \
	raw 'expect=written' 'expect=vmrun: error: ' end=1 sane -- $V -p kvm 2>"$WORK/wrong"; then
	ok gone-leaves-the-terminal-sane
else
	bad gone-leaves-the-terminal-sane "status 1, and the terminal as before" "$(cat "$WORK/wrong")"
fi

# ---- what was written is on the medium when vmrun ends, though the guest never asked for it -------------------------------
new_disk u8
write_expected 8
: >"$WORK/syncs"
# shellcheck disable=SC2086
VMRUN_SYNCS=$WORK/syncs LD_PRELOAD=$FAULT ASAN_OPTIONS=verify_asan_link_order=0 vm 60 unflushed $WITH -p kvm
ended 0
same unflushed-is-flushed fdatasync "$(cat "$WORK/syncs")"
same unflushed-contents "$(sha256sum <"$WORK/expected.img")" "$(sha256sum <"$DISK")"
new_disk r8
: >"$WORK/syncs"
# shellcheck disable=SC2086
VMRUN_SYNCS=$WORK/syncs LD_PRELOAD=$FAULT ASAN_OPTIONS=verify_asan_link_order=0 vm 60 only-read $WITH -p kvm
ended 0
same only-read-is-not-flushed '' "$(cat "$WORK/syncs")"

# ---- doorbells ------------------------------------------------------------------------------------------------------------
# stat NAME: a number of the last vm's --stats=json
stat()
{
	sed -n "s/^ *\"$1\": *\([0-9]*\),*$/\1/p" "$ERR"
}

sum()
{
	od -An -v -tu4 -w4 "$DISK" | awk -v n=$(($1 * 128)) 'NR <= n { s = (s + $1) % 4294967296 } END { printf "sum 0x%x\n", s }'
}

new_disk r128
for notify in true false; do
	# shellcheck disable=SC2086
	vm 60 "read-notify-$notify" $WITH -p kvm,notify=$notify --stats=json
	ended 0
	has "read-notify-$notify-contents" "$OUT" "$(sum 128)"
	eval "mmio_$notify=$(stat mmio) bells_$notify=$(stat doorbells)"
done
# shellcheck disable=SC2154 # set by eval
{
	# Two that come close to each other may be one call.
	same notifications-are-doorbells yes "$([ "$bells_true" -ge 1 ] && [ "$bells_true" -le 129 ] && echo yes || echo "$bells_true")"
	same none-when-switched-off 0 "$bells_false"
	same a-doorbell-is-no-exit 129 $((mmio_false - mmio_true))
}
new_disk x16
# shellcheck disable=SC2086
vm 60 doorbells-over-a-reset $WITH -p kvm --stats=json
ended 0
has doorbells-over-a-reset-happened "$OUT" reset
has doorbells-over-a-reset-contents "$OUT" "$(sum 16)"
same doorbells-over-a-reset-resets 1 "$(stat resets)"
bells=$(stat doorbells)
same doorbells-over-a-reset-rung yes "$([ "$bells" -ge 2 ] && [ "$bells" -le 18 ] && echo yes || echo "$bells")"
new_disk r16
# shellcheck disable=SC2086
vm 60 two-vcpus $WITH -p kvm --smp 2
ended 0
has two-vcpus-contents "$OUT" "$(sum 16)"
finish
