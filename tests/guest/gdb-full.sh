#!/bin/sh
# SPDX-License-Identifier: MIT
# `--gdb` on Debian's kernel with the symbols of its build: from its first function to the first process, with breakpoints,
# a watchpoint on the kernel's clock, and steps; then the debugger goes, and the guest runs its command.
DEBUG=build/guest/debug
# shellcheck disable=SC2034
NEEDS="$DEBUG/Image $DEBUG/vmlinux build/guest/initrd.img"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
# shellcheck source=tests/gdb/lib.sh
. tests/gdb/lib.sh
SYMBOLS=$DEBUG/vmlinux
GDB_LIMIT=600

# The initrd's modules are another build's, which the kernel refuses; init says so and goes on.
launch 900 linux -p soft --smp 2 -m 512M --kernel $DEBUG/Image --initrd build/guest/initrd.img --append nokaslr \
	--run 'uname -r; echo up; sleep 1; exit 7' --gdb "unix:$SOCKET" -S
debug <<-C
	break start_kernel
	continue
	backtrace
	echo banner=
	output linux_banner[0] == 'L' && linux_banner[4] == 'x'
	echo \\n
	echo boot-cpu=
	output \$_thread
	echo \\n
	next
	next
	set \$from = \$pc
	stepi
	echo moved=
	output \$pc != \$from
	echo \\n
	delete
	hbreak kernel_init
	continue
	backtrace
	delete
	echo cpu-ids=
	output nr_cpu_ids
	echo \\n
	watch jiffies_64
	continue
	backtrace
	continue
	delete
	hbreak run_init_process
	continue
	echo cpus=
	output __num_online_cpus.counter
	echo \\n
	info threads
	thread 2
	backtrace 1
	delete
	detach
C
# Debian's kernel has a pad before functions, with a symbol of its own: two places, of which the first is met first.
said start-kernel 'hit Breakpoint 1'
said start-kernel-frame 'start_kernel () at init/main.c:'
said start-kernel-caller ' in __primary_switched () at '
same "$NAME-boot-cpu" 1 "$(value boot-cpu)"
same "$NAME-banner" 1 "$(value banner)"
same "$NAME-step-moves" 1 "$(value moved)"
said kernel-init 'in kernel_init ()'
said kernel-init-caller ' in ret_from_fork () at '
same "$NAME-cpu-ids" 2 "$(value cpu-ids)"
said watch 'hit Hardware watchpoint 3: jiffies_64'
said watch-writer '#0  do_timer (ticks=1) at kernel/time/timekeeping.c:'
said watch-interrupt ' gic_handle_irq ('
same "$NAME-watch-twice" 2 "$(grep -c 'hit Hardware watchpoint 3: jiffies_64' "$SAID")"
said run-init 'in run_init_process ()'
same "$NAME-cpus-online" 2 "$(value cpus)"
said threads 'Thread 2 (vCPU 1)'
said detached '[Inferior 1 (Remote target) detached]'
ends 7
has "$NAME-guest-boots-on" "$OUT" up
finish
