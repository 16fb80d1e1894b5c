#!/bin/sh
# SPDX-License-Identifier: MIT
# `--gdb` with lldb, on an arm64 guest of the software engine: what lldb asks differs from gdb.
# shellcheck disable=SC2034
NEEDS="${VR_B:-build}/tests/gdb/arm64/guest"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
# shellcheck source=tests/gdb/lib.sh
. tests/gdb/lib.sh
LLDB=$(command -v lldb || ls /usr/bin/lldb-[1-9]* 2>/dev/null | head -n 1)
if [ -z "$LLDB" ]; then
	skip lldb "no lldb is installed (Debian package: lldb)"
	finish
fi

start lldb arm64 -p soft --smp 2 --gdb tcp:127.0.0.1:0 -S
port=$(sed -n 's/.*waiting for gdb at 127.0.0.1:\([1-9][0-9]*\)$/\1/p' "$ERR")
SAID=$LOGS/lldb.said
cat >"$WORK/commands" <<-C
	gdb-remote 127.0.0.1:$port
	register read pc
	breakpoint set -n inner
	continue
	thread backtrace
	thread list
	memory read --format hex --size 4 --count 2 \$pc
	next
	breakpoint delete -f
	finish
	thread step-inst
	register write x5 0x1234
	register read x5 far_el1
	watchpoint set variable watched
	continue
	continue
	watchpoint delete -f
	expression finish = 1
	continue
C
timeout -k 5 $((60 * SLOW)) "$LLDB" --no-lldbinit -b -s "$WORK/commands" "$SYMBOLS" >"$SAID" 2>&1 </dev/null
said first 'pc = 0x0000000040200000'
said breakpoint 'stop reason = breakpoint 1.1'
said frame-0 'inner(n=1000) at guest.c:'
said frame-3 'guest_main at guest.c:'
said threads 'thread #2'
said memory "0x$(nm "$SYMBOLS" | sed -n 's/^0*\([0-9a-f]*\) T inner$/\1/p'): 0x"
said finish 'Return value: (uint64_t) $'
said step 'stop reason = instruction step into'
said register 'x5 = 0x0000000000001234'
said system-register 'far_el1 = 0x'
# lldb steps over the access before it looks: the values are those before and after.
said watch 'new value: 3'
said watch-next 'new value: 6'
said exited 'exited with status = 0'
ends 0
has "$NAME-code-unchanged" "$OUT" 'ok gdb-code'
finish
