#!/bin/sh
# SPDX-License-Identifier: MIT
# `--gdb` on the software engine: gdb-multiarch with a script, on arm64 and riscv64 guests that have debug information, and
# raw packets that no debugger sends.
# shellcheck disable=SC2034
NEEDS="${VR_B:-build}/tests/gdb/raw"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
# shellcheck source=tests/gdb/lib.sh
. tests/gdb/lib.sh

# registers ARCH: the commands that write and read some; what is written is what is read.
registers()
{
	case $1 in
	arm64) pairs='x5=0x1122334455667788 x30=0x40000000 v3.d.u[1]=0x99aabbccddeeff00 fpcr=0x1000000 sp=0x41000000 far_el1=0x1234' ;;
	riscv64) pairs='t3=0x1122334455667788 ra=0x80000000 fa3=0x99aabbccddeeff00 frm=3 sp=0x81000000 sscratch=0x1234' ;;
	esac
	for p in $pairs; do
		name=${p%%=*} new=${p#*=} field=${p%%=*}
		[ "$name" != fa3 ] || field=fa3.double new=2.5
		printf '%s\n' "set \$old = \$$field" "set \$$field = $new" 'maintenance flush register-cache' "echo register-$name=" \
			"output \$$field == $new" 'echo \n' "set \$$field = \$old"
	done
}

for arch in arm64 riscv64; do
	case $arch in
	arm64) text=0x40200000 ram=0x40000000 pc=0x40200000 ;;
	riscv64) text=0x80200000 ram=0x80000000 pc=0x80200000 ;;
	esac
	for tier in 2 0; do
		# ---- from the first instruction, by -S: break, watch, step, finish, trace back ----
		start "debug-$arch-$tier" $arch -p soft,tier=$tier --smp 2 --gdb "unix:$SOCKET" -S
		has "$NAME-waits" "$ERR" "vmrun: waiting for gdb at $SOCKET"
		has "$NAME-dumpable" "$ERR" 'with --gdb this process stays dumpable'
		debug <<-C
			echo first=
			output/x \$pc
			echo \\n
			set breakpoint always-inserted on
			break inner
			continue
			backtrace 4
			info breakpoints
			print n
			echo \\nstep over a loop\\n
			next
			next
			finish
			echo \\nwatch\\n
			delete
			watch watched
			continue
			continue
			delete
			rwatch rounds
			continue
			delete
			awatch watched
			continue
			delete
			echo \\nstep\\n
			break outer if n == 5
			continue
			echo arg=
			output n
			echo \\n
			set \$from = \$pc
			stepi
			echo moved=
			output \$pc != \$from
			echo \\n
			step
			delete
			echo \\nregisters\\n
			$(registers $arch)
			echo \\nhardware breakpoint\\n
			hbreak middle
			continue
			echo \\ncode\\n
			break outer
			break code_sum
			continue
			continue
			continue
			continue
			echo sums=
			output first_sum == last_sum && first_sum != 0
			echo \\n
			delete
			echo \\nend\\n
			set var finish = 1
			continue
		C
		same "$NAME-first-instruction" $pc "$(value first)"
		said breakpoint "hit Breakpoint 1, inner (n="
		said frames '#3  0x'
		said frame-0 '#0  inner (n=1000)'
		said frame-2 ' in outer (n='
		said frame-3 ' in guest_main () at tests/gdb/guest.c'
		said over-a-loop 'passed = sum; /* after the loop */'
		said finish 'Value returned is '
		said watch 'hit Hardware watchpoint 2: watched'
		said watch-old 'Old value = 0'
		said watch-new 'New value = 3'
		said watch-next 'New value = 6'
		said read-watch 'Hardware read watchpoint 3: rounds'
		said read-watch-hit 'hit Hardware read watchpoint 3: rounds'
		said access-watch-hit 'hit Hardware access (read/write) watchpoint 4: watched'
		same "$NAME-condition" 5 "$(value arg)"
		same "$NAME-step-moves" 1 "$(value moved)"
		grep -c '^register-.*=1$' "$SAID" >"$WORK/registers"
		same "$NAME-registers" 6 "$(cat "$WORK/registers")"
		said hardware-breakpoint 'hit Breakpoint 6, middle (n='
		same "$NAME-code-unchanged" 1 "$(value sums)"
		said exited '[Inferior 1 (Remote target) exited normally]'
		ends 0
		has "$NAME-guest-saw-its-code" "$OUT" 'ok gdb-code'

		# ---- what is stepped is in the log of -d ----
		start "step-log-$arch-$tier" $arch -p soft,tier=$tier --gdb "unix:$SOCKET" -S -d insn,exec -D "$WORK/steps"
		debug <<-C
			stepi
			stepi
			echo third=
			output/x \$pc
			echo \\n
			stepi
			kill
		C
		ends 125
		third=$(value third)
		same "$NAME-steps" 3 "$(grep -c 'exec: .*, by a step$' "$WORK/steps")"
		has "$NAME-third" "$WORK/steps" "cpu0 $third, by a step"
		has "$NAME-insn" "$WORK/steps" "insn:   $third  "
	done

	# ---- two vCPUs; physical memory ----
	start "threads-$arch" $arch -p soft --smp 2 --gdb "unix:$SOCKET" -S
	debug <<-C
		info threads
		break other_round
		continue
		echo who=
		output \$_thread
		echo \\n
		info threads
		delete
		set \$n = others
		tbreak tests/gdb/guest.c:$(line 'it has counted')
		continue
		echo counted=
		output others == \$n + 1
		echo \\n
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
		echo \\nmonitor\\n
		monitor help
		monitor xp $text 32
		monitor xp 0x10 8
		monitor translate $text
		monitor translate 0x7000000000
		monitor nonsense
		set var others = 0x1234
		set \$where = (unsigned long)&others
		echo virtual=
		output *(unsigned *)\$where
		echo \\n
		monitor phys on
		echo physical=
		output *(unsigned *)\$where
		echo \\n
		set var *(unsigned *)\$where = 0x4321
		monitor phys off
		echo written=
		output others
		echo \\n
		set var finish = 1
		continue
	C
	said off '(vCPU 1, powered off)'
	same "$NAME-second-stopped" 2 "$(value who)"
	said current '* 2    Thread 2 (vCPU 1)'
	said frame 'guest_cpu (cpu='
	same "$NAME-counted" 1 "$(value counted)"
	same "$NAME-second-stepped" 1 "$(value moved)"
	same "$NAME-first-stood" 1 "$(value stood)"
	said help 'xp ADDRESS [LENGTH]'
	# The first instruction, as gdb reads it from the program.
	said xp "$(printf '0x%016x:' $((text)))"
	said xp-nothing 'no memory there'
	said translate "$text is at physical address $text"
	said translate-nothing '0x7000000000 is not mapped in vCPU 0'
	said monitor-unknown "no command 'nonsense'"
	same "$NAME-virtual" 4660 "$(value virtual)"
	same "$NAME-physical" 4660 "$(value physical)"
	same "$NAME-physical-written" 17185 "$(value written)"
	ends 0

	# ---- attached while it runs; interrupt, detach; the guest goes on and a second debugger finds it ----
	start "attach-$arch" $arch -p soft --smp 2 --gdb "unix:$SOCKET"
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
		echo after=
		output rounds
		echo \\n
		set var finish = 1
		continue
	C
	same "$NAME-went-on" 1 "$(($(value after) > before))"
	ends 0
	has "$NAME-guest-ended-well" "$OUT" 'ok gdb-code'

	# ---- gdb's own Ctrl-C ----
	start "interrupt-$arch" $arch -p soft --gdb "unix:$SOCKET" -S
	debug <<-C
		python import os, threading, signal
		python threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
		continue
		echo stopped=
		output rounds > 0
		echo \\n
		kill
	C
	said signal 'SIGINT'
	same "$NAME-stopped" 1 "$(value stopped)"
	ends 125

	# ---- a reset; a debugger that just goes ----
	start "reset-$arch" $arch -p soft --smp 2 --gdb "unix:$SOCKET" -S
	debug <<-C
		break inner
		continue
		monitor reset
		maintenance flush register-cache
		echo again=
		output/x \$pc
		echo \\n
		continue
		backtrace 1
		disconnect
	C
	same "$NAME-first-instruction" $pc "$(value again)"
	said breakpoint-again '#0  inner (n=1000)'
	# With -S the guest stands still until the next one, without the breakpoint.
	debug <<-C
		echo same=
		output/x \$pc == (unsigned long)inner
		echo \\n
		set var finish = 1
		continue
	C
	said exited 'exited normally'
	ends 0

	# ---- what no debugger sends ----
	start "raw-$arch" $arch -p soft --smp 2 --gdb "unix:$SOCKET" -S
	for kind in forms random kill; do
		raw $kind
	done
	# A guest that was killed has not run its command.
	ends 125
done

# ---- TCP on loopback; a port of the system's choice ----
start tcp arm64 -p soft --gdb tcp:127.0.0.1:0 -S
port=$(sed -n 's/.*waiting for gdb at 127.0.0.1:\([1-9][0-9]*\)$/\1/p' "$ERR")
debug "localhost:$port" <<-C
	break outer
	continue
	delete
	set var finish = 1
	continue
C
said exited 'exited normally'
ends 0

# ---- refused: one line, and no guest ----
# refused NAME STATUS TEXT OPTION...
refused()
{
	name=$1 status=$2 text=$3
	shift 3
	vm 20 "$name" -m 64M --kernel "$B/tests/gdb/arm64/guest" "$@"
	same "$name-status" "$status" "$RC"
	has "$name" "$ERR" "$text"
}
refused anywhere 2 'an address that other machines may reach' --gdb tcp:0.0.0.0:1234
refused anywhere-6 2 'an address that other machines may reach' --gdb 'tcp:[::]:1234'
refused no-kind 2 'begins with neither unix: nor tcp:' --gdb :1234
refused no-port 2 'has no port' --gdb tcp:127.0.0.1
refused port-range 2 'has no port' --gdb tcp:127.0.0.1:65536
refused no-host 2 'has no numeric address' --gdb tcp::1234
refused no-path 2 'names no file' --gdb unix:
refused long-path 2 'too long for a socket' --gdb "unix:/$(printf '%0200d' 0)"
refused wait-alone 2 '-S goes with --gdb' -S
refused anywhere-alone 2 '--gdb-anywhere goes with --gdb' --gdb-anywhere
: >"$WORK/file"
refused a-file 3 "can't listen there" -p soft --gdb "unix:$WORK/file"
refused no-folder 3 "can't listen there" -p soft --gdb "unix:$WORK/none/s"
same a-file-stays 0 "$(wc -c <"$WORK/file")"
# It can be asked for; the process listens there, and a user of another machine would get in.
start asked-for arm64 -p soft --gdb tcp:0.0.0.0:0 --gdb-anywhere -S
port=$(sed -n 's/.*waiting for gdb at 0.0.0.0:\([1-9][0-9]*\)$/\1/p' "$ERR")
debug "127.0.0.1:$port" <<-C
	kill
C
ends 125

# Without --gdb there is no socket, and the process is not dumpable.
vm 20 quiet -p soft -m 64M --kernel "$B/tests/micro/arm64/status" --run x
same without-gdb-no-line 0 "$(grep -c 'gdb\|dumpable' "$ERR")"
finish
