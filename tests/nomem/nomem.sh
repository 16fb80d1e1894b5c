#!/bin/sh
# SPDX-License-Identifier: MIT
# Out of memory, at every point of a machine's life: vmrun with a whole guest (sdk/examples/teach) on the engine, and on
# KVM one of tests/kvm. Whichever allocation of the process fails, vmrun ends with an exit status of its manual: no signal
# ends it, no library aborts it (as the C library does for a thread-local variable that it has no memory for).
#
# NOMEM_STEP=N: only every N-th allocation.
# shellcheck source=tests/guest/lib.sh
NEEDS=''
. tests/guest/lib.sh
INJECT=$env_b/tests/nomem/inject.so
[ -f "$INJECT" ] || die "$INJECT is missing; run this by \`make test\`, at the top of the source"
HOME=$WORK XDG_DATA_HOME=$WORK
export HOME XDG_DATA_HOME

# A vmrun that sees no other manifests than those it needs: reading one more takes hundreds of allocations.
mkdir -p "$WORK/few/bin" "$WORK/soft" "$WORK/kvm"
cp "$VMRUN" "$WORK/few/bin/vmrun"
VMRUN_FEW=$WORK/few/bin/vmrun
cp "$B/plugins/soft.so" "$B/plugins/soft.yaml" "$B"/examples/board-teach.* "$B"/examples/xlate-teach.* "$WORK/soft"

# every NAME STATUS COMMAND...: STATUS when nothing fails (the teaching guest's is 168, the number of its primes).
every()
{
	name=$1 status=$2
	shift 2
	rm -f "$WORK/count"
	timeout 60 env "VMRUN_NOMEM_COUNT=$WORK/count" "LD_PRELOAD=$INJECT" "$@" >"$LOGS/$name.out" 2>&1 </dev/null
	same "$name-alone" "$status" $?
	total=$(cat "$WORK/count" 2>/dev/null)
	[ "${total:-0}" -gt 50 ] || {
		bad "$name" "a count of allocations" "${total:-none}"
		return
	}
	n=1 wrong='' made=0
	# Some more than before: threads make the number vary.
	while [ $n -le $((total + 20)) ]; do
		timeout -k 5 30 env "VMRUN_NOMEM=$n" "LD_PRELOAD=$INJECT" "$@" >"$WORK/out" 2>&1 </dev/null
		rc=$?
		# The guest's own status is a way to end as well: it did not notice.
		if [ $rc -gt 3 ] && [ $rc != "$status" ]; then
			wrong="$wrong $n:$rc"
			cp "$WORK/out" "$LOGS/$name-$n.out"
		fi
		n=$((n + ${NOMEM_STEP:-1})) made=$((made + 1))
	done
	if [ -z "$wrong" ]; then
		ok "$name: $made of $total allocations failed in turn"
	else
		bad "$name" "exit status 0 to 3" "allocation:status$(echo "$wrong" | cut -c 1-300), see $LOGS"
	fi
}

every soft 168 "$VMRUN_FEW" -q --plugin-path "$WORK/soft" -p soft -m 1M "$B/examples/primes.teach"
if [ ! -f "$B/tests/kvm/disk.elf" ]; then
	skip kvm "there is no guest for it on this machine"
else
	kvm=$("$VMRUN" doctor 2>/dev/null | sed -n '/^  kvm  *accel/{s/^  kvm  *accel  *//p;/not usable/{n;s/^  */ /p}}' | tr -d '\n')
	if [ "$kvm" != usable ]; then
		skip kvm "${kvm:-the plugin kvm is not built}"
	else
		# It ends by an error of KVM's, whose text each layer handles.
		{
			printf 'e\n'
			head -c 131070 /dev/zero
		} >"$WORK/disk.img"
		for p in kvm board-pc virtio; do cp "$B/plugins/$p.so" "$B/plugins/$p.yaml" "$WORK/kvm"; done
		every kvm 1 "$VMRUN_FEW" -q --plugin-path "$WORK/kvm" -p kvm -m 16M --kernel "$B/tests/kvm/disk.elf" --disk "$WORK/disk.img"
	fi
fi
finish
