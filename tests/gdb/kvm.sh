#!/bin/sh
# SPDX-License-Identifier: MIT
# `--gdb` on KVM: gdb-multiarch with a script, on an x86-64 guest that has debug information. What the KVM at hand can't do
# (vmrun says so at the start) is refused, and that is looked at in its place. Then the same on a KVM that can do it: where
# this one can't, stepper.c is preloaded, which makes one of it.
# shellcheck disable=SC2034
NEEDS="${VR_B:-build}/tests/gdb/raw ${VR_B:-build}/tests/gdb/x86_64/guest ${VR_B:-build}/tests/gdb/stepper.so"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
# shellcheck source=tests/gdb/lib.sh
. tests/gdb/lib.sh

ARGS=''
kvm=$("$VMRUN" doctor 2>/dev/null | sed -n '/^  kvm  *accel/{s/^  kvm  *accel  *//p;/not usable/{n;s/^  */ /p}}' | tr -d '\n')
if [ "$(uname -m)" != x86_64 ] || [ "$kvm" != usable ]; then
	skip gdb-on-kvm "no KVM for x86-64 guests here: ${kvm:-$(uname -m)}"
	finish
fi

# The guest sums its code up before its first round, and after each: breakpoint instructions come after the first sum and
# must be gone from the last one.

# open NAME OPTION...: an x86-64 guest on KVM that a debugger can come to.
open()
{
	name=$1
	shift
	start "$PASS$name" x86_64 -p kvm --smp "${SMP:-2}" --gdb "unix:$SOCKET" "$@"
}

# end_it: a debugger finds the guest running, and has it end.
end_it()
{
	debug <<-C
		set var finish = 1
		continue
	C
	said ended 'exited normally'
	ends 0
	has "$NAME-code-is-as-before" "$OUT" 'ok gdb-code'
}

# ---- what this KVM can do; vmrun says what not before a debugger is answered ----
test_can()
{
	open can -S
	debug <<-C
		kill
	C
	ends 125
	SOFTWARE=1 WATCH=1
	if grep -q 'every breakpoint takes a debug register' "$ERR"; then SOFTWARE=''; fi
	if grep -q 'watchpoints are refused' "$ERR"; then WATCH=''; fi
	# KVM on the SVM of QEMU's TCG stops at a step and at nothing else.
	BREAKS=1
	if grep -Eq '[:,] breakpoints are refused' "$ERR"; then BREAKS='' SOFTWARE=''; fi
}

# ---- where nothing but steps works: that, and what is said of the rest ----
test_step()
{
	open step -S
	debug <<-C
		set \$from = \$pc
		stepi
		echo moved=
		output \$pc != \$from
		echo \\n
		info threads
		hbreak outer
		continue
	C
	same "$NAME-moves" 1 "$(value moved)"
	said threads '2    Thread 2 (vCPU 1)'
	said refused 'Cannot insert hardware breakpoint'
	has "$NAME-why" "$ERR" 'debug registers stop no instruction on this KVM'
	debug <<-C
		kill
	C
	ends 125
}

# ---- from the first instruction ----
test_first()
{
	open first -S
	has "$NAME-waits" "$ERR" "vmrun: waiting for gdb at $SOCKET"
	debug <<-C
		echo first=
		output \$pc == (unsigned long)_start
		echo \\n
		info threads
		hbreak outer
		continue
		delete
		set breakpoint always-inserted on
		break inner
		continue
		backtrace 4
		set \$byte = *(unsigned char *)\$pc
		set var *(unsigned char *)\$pc = \$byte
		continue
		print n
		echo \\nstep over a loop\\n
		next
		next
		finish
		delete
		set \$from = \$pc
		stepi
		echo moved=
		output \$pc != \$from
		echo \\n
		step
		echo \\nregisters\\n
		set \$old = \$rsi
		set \$rsi = 0x1122334455667788
		set \$r15 = 0x99
		set \$xmm3.v2_int64[1] = 0x99aabbccddeeff00
		set \$mxcsr = 0x3f80
		maintenance flush register-cache
		echo register-set=
		output \$rsi == 0x1122334455667788 && \$r15 == 0x99 && \$xmm3.v2_int64[1] == 0x99aabbccddeeff00 && \$mxcsr == 0x3f80
		echo \\n
		set \$rsi = \$old
		echo register-long-mode=
		output (\$efer & 0x400) != 0 && (\$cr0 & 1) != 0
		echo \\n
		echo \\nhardware breakpoint\\n
		hbreak middle
		continue
		echo hardware-sums=
		output first_sum != 0
		echo \\n
		delete
		set var finish = 1
		set var own_break = ${SOFTWARE:-0}
		continue
	C
	same "$NAME-instruction" 1 "$(value first)"
	said threads '2    Thread 2 (vCPU 1)'
	said breakpoint 'hit Breakpoint 2, inner (n='
	said frame-3 ' in guest_main () at tests/gdb/guest.c'
	same "$NAME-breakpoint-stays" 2 "$(grep -c 'hit Breakpoint 2, inner (n=' "$SAID")"
	said over-a-loop 'passed = sum; /* after the loop */'
	said finish 'Value returned is '
	same "$NAME-step-moves" 1 "$(value moved)"
	same "$NAME-registers" 1 "$(value register-set)"
	same "$NAME-system-registers" 1 "$(value register-long-mode)"
	said hardware-breakpoint 'hit Breakpoint 3, middle (n='
	said exited '[Inferior 1 (Remote target) exited normally]'
	ends 0
	has "$NAME-code-is-as-before" "$OUT" 'ok gdb-code'
	if [ -n "$SOFTWARE" ]; then
		has "$NAME-own-breakpoint-is-the-guests" "$OUT" 'ok gdb-own-breakpoint'
	fi
}

# ---- more breakpoints than there are debug registers; what is in memory is not shown ----
test_many()
{
	open many -S
	debug <<-C
		hbreak outer
		continue
		delete
		set breakpoint always-inserted on
		set \$one = *(unsigned long *)&inner
		break inner
		break middle
		break outer
		break code_sum
		break tests/gdb/guest.c:$(line 'after the loop')
		continue
		continue
		continue
		continue
		echo same=
		output *(unsigned long *)&inner == \$one && *(unsigned long *)&middle != 0
		echo \\n
		detach
	C
	if [ -n "$SOFTWARE" ]; then
		same "$NAME-all-set" 0 "$(grep -c 'no debug register is left' "$ERR")"
		same "$NAME-memory-is-shown-without" 1 "$(value same)"
		for f in inner middle code_sum; do said "$f" ", $f ("; done
	else
		has "$NAME-refused" "$ERR" 'no debug register is left for the breakpoint at 0x'
		said refused 'Cannot insert breakpoint'
	fi
	# The guest is whole when they are gone.
	end_it
}

# ---- watchpoints ----
test_watch()
{
	# One: stepper.c can't tell which vCPU changed the bytes.
	SMP=1
	open watch -S
	SMP=''
	debug <<-C
		hbreak guest_main
		continue
		delete
		watch watched
		continue
		continue
		delete
		awatch rounds
		continue
		delete
		detach
	C
	if [ -n "$WATCH" ]; then
		# gdb names it when it is made, and at each hit.
		same "$NAME-watch" 3 "$(grep -c '^Hardware watchpoint 2: watched' "$SAID")"
		said old 'Old value = 0'
		said new 'New value = 3'
		said next 'New value = 6'
		same "$NAME-access" 2 "$(grep -c '^Hardware access (read/write) watchpoint 3: rounds' "$SAID")"
	else
		said refused 'Could not insert hardware watchpoint 2'
		has "$NAME-why" "$ERR" 'this KVM stops at no data access of kernel mode'
	fi
	debug <<-C
		rwatch rounds
		continue
	C
	said reads-alone 'Could not insert hardware'
	if [ -n "$WATCH" ]; then
		has "$NAME-reads-alone-why" "$ERR" "x86-64 processors can't tell reads alone"
	fi
	end_it
}

# ---- two vCPUs; memory by its physical address ----
test_threads()
{
	open threads -S
	debug <<-C
		hbreak other_round
		continue
		echo who=
		output \$_thread
		echo \\n
		delete
		thread 1
		set \$one = \$pc
		thread 2
		set \$two = \$pc
		backtrace 2
		stepi
		stepi
		echo moved=
		output \$pc != \$two
		echo \\n
		thread 1
		echo stood=
		output \$pc == \$one
		echo \\n
		monitor translate 0x100000
		monitor translate 0x7000000000
		set var others = 0x1234
		set \$where = (unsigned long)&others
		monitor phys on
		echo physical=
		output *(unsigned *)\$where
		echo \\n
		set var *(unsigned *)\$where = 0x4321
		monitor phys off
		echo written=
		output others
		echo \\n
		detach
	C
	same "$NAME-second-stopped" 2 "$(value who)"
	said frame 'guest_cpu (cpu='
	same "$NAME-second-stepped" 1 "$(value moved)"
	same "$NAME-first-stood" 1 "$(value stood)"
	said translate '0x100000 is at physical address 0x100000'
	said translate-nothing '0x7000000000 is not mapped in vCPU 0'
	same "$NAME-physical" 4660 "$(value physical)"
	same "$NAME-written" 17185 "$(value written)"
	end_it
}

# ---- attached while it runs: interrupt, detach, a second debugger ----
test_attach()
{
	open attach
	has "$NAME-open" "$ERR" "vmrun: open to gdb at $SOCKET"
	debug <<-C
		break inner
		continue
		echo before=
		output rounds
		echo \\n
		delete
		detach
	C
	said detached '[Inferior 1 (Remote target) detached]'
	before=$(value before)
	raw stop
	debug <<-C
		hbreak outer
		continue
		echo after=
		output rounds
		echo \\n
		delete
		detach
	C
	same "$NAME-went-on" 1 "$(($(value after) > before))"
	end_it
}

# ---- a reset: the breakpoint is there again ----
test_reset()
{
	open reset -S
	debug <<-C
		hbreak outer
		continue
		delete
		set \$sum = first_sum
		break inner
		continue
		monitor reset
		maintenance flush register-cache
		echo again=
		output \$pc == (unsigned long)_start
		echo \\n
		set breakpoint always-inserted on
		continue
		backtrace 1
		delete
		set var first_sum = \$sum
		detach
	C
	same "$NAME-first-instruction" 1 "$(value again)"
	said breakpoint-again '#0  inner (n=1000)'
	end_it
}

# ---- what no debugger sends ----
test_raw()
{
	open raw -S
	for kind in forms random kill; do
		raw $kind
	done
	ends 125
}

for PASS in '' able-; do
	if [ "$PASS" = able- ]; then
		[ -z "$SOFTWARE" ] || [ -z "$WATCH" ] || break
		# Each of the guest's instructions is a step then: for hours on a machine that is itself emulated.
		if [ "$SLOW" -gt 4 ]; then
			skip able-all "stepping through everything takes hours where VMRUN_SLOW is $SLOW"
			SOFTWARE=1 WATCH=1
			break
		fi
		PRELOAD=$B/tests/gdb/stepper.so
	fi
	test_can
	if [ -z "$BREAKS" ]; then
		test_step
		continue
	fi
	for name in first many watch threads attach reset raw; do test_$name; done
done
same everything-was-tried 11 "${SOFTWARE:-0}${WATCH:-0}"
finish
