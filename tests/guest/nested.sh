#!/bin/sh
# SPDX-License-Identifier: MIT
# nested.sh: what the tests of KVM say on a machine whose KVM has hardware under it. Few machines that tests run on have: so
# QEMU is one, whose processor (TCG) has SVM with nested paging. Debian's kernel boots on it with kvm-amd, sees this
# machine's files (9p, read-only, with room for changes over it), and runs the tests of this tree from the same place; so no
# kernel-mode instruction of a guest is emulated, and nothing may be skipped for that reason.
#
#   NESTED_TESTS='...'   these programs instead
#
# time limit: 3300 s
PC=build/guest-x86_64
# shellcheck disable=SC2034
NEEDS="$PC/vmlinuz $PC/nested.img"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
QEMU=$(command -v qemu-system-x86_64) || die 'no qemu-system-x86_64; run `make deps`'
TESTS=${NESTED_TESTS:-$B/tests/test-kvm-probe $B/tests/test-kvm-cpuid $B/tests/test-kvm-guests $B/tests/test-kvm-notify $B/tests/test-kvm-irqchip
	tests/kvm/kvm-machine.sh tests/gdb/kvm.sh tests/guest/guest-x86_64.sh}
here=$(pwd)
for t in $TESTS; do
	[ -x "$t" ] || die "$t is missing; run this by \`make test-full\`"
done

# quoted TEXT: as one word for a shell
quoted()
{
	printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}
# What init runs: the tree as it is here, under a root that is this machine's.
cat >"$WORK/inside" <<-I
	for d in usr etc var tmp root work home opt srv; do [ ! -d /h/\$d ] || list="\$list \$d"; done
	mkdir -p /up /new && mount -t tmpfs -o size=1500m up /up && mkdir /up/u /up/w &&
	mount -t overlay -o lowerdir=/h,upperdir=/up/u,workdir=/up/w over /new &&
	for d in proc sys dev; do mount -o bind /\$d /new/\$d; done
	case $(quoted "$here") in /tmp/*) ;; *) mount -t tmpfs tmp /new/tmp ;; esac
	mount -t devpts devpts /new/dev/pts 2>/dev/null
	(while sleep 2; do echo beat >/dev/ttyS1; done) &
	exec chroot /new /usr/bin/env -i PATH=$(quoted "$PATH") HOME=/root TEST_TIMEOUT=3000 VMRUN_SLOW=20 VR_B=$B MICRO_ARCHS=x86_64 VMRUN_STATE_ROUNDS=200 \
		/bin/sh -c 'cd "\$1" && exec tests/run.sh $WORK/report $(echo $TESTS)' - $(quoted "$here")
I
command="mkdir%20/h;mount%20-t%209p%20-o%20trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose%20host%20/h%20&&%20sh%20$(quoted "/h$here/$WORK/inside" | sed 's/%/%25/g; s/ /%20/g')"
# One start of QEMU: its status in $RC, and FROZE=1 when the whole machine stood still.
machine()
{
	: >"$LOGS/nested.beat"
	timeout -k 5 "${NESTED_TIMEOUT:-3000}" "$QEMU" -M q35 -cpu max,+svm,+npt -accel tcg,thread=multi -m 3G -smp 2 -nodefaults -no-user-config \
		-display none -serial stdio -serial file:"$LOGS/nested.beat" -no-reboot -kernel $PC/vmlinuz -initrd $PC/nested.img \
		-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
		-append "console=ttyS0 quiet vmrun.run=$command" </dev/null >"$LOGS/nested.out" 2>"$LOGS/nested.err" &
	qemu=$! FROZE='' last_beat=-1 still=0
	while kill -0 $qemu 2>/dev/null; do
		sleep 1
		beat=$(wc -c <"$LOGS/nested.beat")
		if [ "$beat" = 0 ] || [ "$beat" != "$last_beat" ]; then still=0; else still=$((still + 1)); fi
		last_beat=$beat
		if [ $still -ge "${NESTED_STILL:-120}" ]; then
			FROZE=1
			kill $qemu
			break
		fi
	done
	wait $qemu
	RC=$?
}
# The timers of QEMU's processor stop now and then while a guest runs on its SVM (QEMU 7.2; with the whole machine: a shell
# that sleeps does not wake). No program can do that to the machine that it runs on, so it is started again.
for try in 1 2 3; do
	machine
	[ -n "$FROZE" ] || break
	echo "     start $try: QEMU's machine stood still, which is no result; its last line was '$(tr -d '\r' <"$LOGS/nested.out" | tail -n 1 | cut -c 1-100)'"
done
tr -d '\r' <"$LOGS/nested.out" | sed 's/\x1b[^a-zA-Z]*[a-zA-Z]//g' >"$WORK/out"
grep -aE '^ *(ok|FAILED) |^    \| |passed, .* failed' "$WORK/out" | sed 's/^/  /'
last=$(grep -aE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$WORK/out" | tail -n 1)
if [ -z "$last" ]; then
	bad nested 'the tests to end' "status $RC${FROZE:+, the machine stood still}, $(tail -n 2 "$LOGS/nested.err" "$WORK/out" | tr '\n' '|' | cut -c 1-300)"
	finish
fi
# shellcheck disable=SC2086
set -- $last
echo "$1 passed, $3 failed, $5 skipped"
[ "$3" = 0 ]
