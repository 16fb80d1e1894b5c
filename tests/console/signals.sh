#!/bin/sh
# SPDX-License-Identifier: MIT
# Every signal that would end or stop the process; the terminal; an output that no process reads.
# shellcheck disable=SC2034
NEEDS="${VR_B:-build}/tests/guest/term ${VR_B:-build}/tests/micro/arm64/idle"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
MICRO=$B/tests/micro/arm64
IDLE="$VMRUN -q -m 64M --kernel $MICRO/idle"

# on_terminal NAME STEP... -- COMMAND...
on_terminal()
{
	name=$1
	shift
	if $TOOLS/term -t $((20 * SLOW)) -l "$LOGS/$name.out" "$@" 2>"$WORK/wrong"; then
		ok "$name"
	else
		bad "$name" "every step" "$(cat "$WORK/wrong")"
	fi
}

# until_in FILE TEXT: waits for it.
until_in()
{
	n=0
	until grep -aqF -- "$2" "$1" 2>/dev/null || [ $n -ge $((200 * SLOW)) ]; do
		sleep 0.05
		n=$((n + 1))
	done
}

# ---- the end --------------------------------------------------------------------------------------------------------
# The machine ends in order (the counters are printed after that), and the terminal is as before. Then vmrun dies by
# the signal, but for those that would write a core file as large as the guest's RAM.
for s in HUP INT USR2 ALRM TERM STKFLT VTALRM PROF IO PWR RTMIN RTMAX; do
	# shellcheck disable=SC2086
	on_terminal "ends-by-$s" raw expect=idle "signal=$s" expect=run_ns "killed=$s" sane -- $IDLE --stats
done
for s in QUIT:131 TRAP:133 XCPU:152 SYS:159; do
	# shellcheck disable=SC2086
	on_terminal "ends-by-${s%:*}" raw expect=idle "signal=${s%:*}" expect=run_ns "exit=${s#*:}" sane -- $IDLE --stats
done
# A fault of the process. A sanitizer has handlers of its own for some, and reports.
for s in SEGV BUS ILL FPE ABRT; do
	case $B in *san*)
		skip "faults-by-$s" "the sanitizers handle it"
		continue
		;;
	esac
	# shellcheck disable=SC2086
	on_terminal "faults-by-$s" raw expect=idle "signal=$s" "killed=$s" sane -- $IDLE
done
# shellcheck disable=SC2086
on_terminal ignored raw expect=idle signal=PIPE signal=XFSZ 'send=\x01h' 'expect=Ctrl-A x' 'send=\x01x' end=5 sane -- $IDLE

# The counters so far, as often as they are asked for, with lines that a raw terminal shows as such; the guest goes on.
# shellcheck disable=SC2086
on_terminal counters raw expect=idle signal=USR1 'expect=vmrun: arm64 guest on ' 'expect=\r\n  run_ns' 'expect=\r\nsoft:\r\n  lookups' 'expect=tlb_bytes' \
	signal=USR1 'expect=run_ns' 'expect=tlb_bytes' 'send=\x01h' 'expect=Ctrl-A x' 'send=\x01x' end=5 sane -- $IDLE
# In a pipe they are on standard error, as JSON if that was asked for, and vmrun ends by what ends it.
# shellcheck disable=SC2086
$IDLE --stats=json </dev/null >"$LOGS/counters-pipe.out" 2>"$LOGS/counters-pipe.err" &
vmrun=$!
until_in "$LOGS/counters-pipe.out" idle
kill -USR1 $vmrun
until_in "$LOGS/counters-pipe.err" tlb_bytes
until_in "$LOGS/counters-pipe.err" '}'
kill -TERM $vmrun
wait $vmrun
same counters-in-a-pipe "143 2 2" "$? $(grep -c '"run_ns"' "$LOGS/counters-pipe.err") $(grep -c '^}' "$LOGS/counters-pipe.err")"
sed '/^}/q' "$LOGS/counters-pipe.err" >"$WORK/counters"
same counters-are-json 1 "$($TOOLS/json core.vcpus <"$WORK/counters" 2>&1)"

# nohup stays nohup.
# shellcheck disable=SC2086
(
	trap '' HUP
	exec $IDLE --stats >"$LOGS/nohup.out" 2>"$LOGS/nohup.err" </dev/null
) &
p=$!
until_in "$LOGS/nohup.out" idle
kill -HUP $p
sleep 0.3
kill -TERM $p
wait $p 2>/dev/null
same ignored-signal-stays-ignored 143 $?

# timeout(1) signals its child and then the group that it is in: one request. Twice, with time between them, is two.
timeout -s TERM 1 "$VMRUN" -q -m 64M --stats --kernel "$MICRO/idle" >"$LOGS/timeout.out" 2>"$LOGS/timeout.err" </dev/null
same timeout-status 124 $?
has timeout-ends-in-order "$LOGS/timeout.err" run_ns
# second SIGNAL-COUNT: a guest that waits for a pipe that no process reads; how it ended is in second.err.
mkfifo "$WORK/pipe"
second()
{
	sleep 30 <"$WORK/pipe" &
	reader=$!
	# shellcheck disable=SC2086
	"$VMRUN" -q -m 64M --stats --kernel "$MICRO/chatter" >"$WORK/pipe" 2>"$LOGS/second.err" </dev/null &
	p=$!
	sleep 1
	kill -TERM $p
	sleep 0.6
	[ "$1" = 1 ] || kill -TERM $p 2>/dev/null
	wait $p 2>/dev/null
	echo "$? $(grep -c run_ns "$LOGS/second.err")"
	kill $reader
	wait $reader 2>/dev/null
}
same one-request-waits-for-the-output '143 1' "$(second 1)"
same second-request-ends-at-once '143 0' "$(second 2)"

# A request to the disk for 4 GiB is under way.
truncate -s 8G "$WORK/sparse"
"$VMRUN" -q -m 64M --kernel "$MICRO/bigread" --disk "$WORK/sparse,ro" >"$LOGS/bigread.out" 2>"$LOGS/bigread.err" </dev/null &
p=$!
until_in "$LOGS/bigread.out" reading
start=$(date +%s%N)
kill -TERM $p
wait $p 2>/dev/null
same big-request-status 143 $?
ms=$((($(date +%s%N) - start) / 1000000))
if grep -q done "$LOGS/bigread.out"; then
	skip big-request-is-broken-off "the host read 4 GiB before the signal came"
else
	same big-request-is-broken-off yes "$([ $ms -lt $((2000 * SLOW)) ] && echo yes || echo "after $ms ms")"
fi

# ---- job control ----------------------------------------------------------------------------------------------------
for s in TSTP TTIN TTOU; do
	# shellcheck disable=SC2086
	on_terminal "stops-by-$s" raw expect=idle signal=$s stopped=$s sane take foreground raw 'send=\x01x' end=5 sane -- $IDLE
done
# The kernel stops no process of an orphaned process group: the machine goes on, and takes the terminal again.
# shellcheck disable=SC2086
on_terminal stop-without-a-shell -s raw expect=idle signal=TSTP raw 'send=\x01x' end=5 -- $IDLE
# Stopped without notice: the shell puts the terminal right, and vmrun takes it again.
# shellcheck disable=SC2086
on_terminal stops-by-STOP raw expect=idle signal=STOP stopped=STOP take sane foreground raw 'send=\x01x' end=5 sane -- $IDLE
# In the background it leaves the terminal alone, reads nothing, and can be ended.
# shellcheck disable=SC2086
on_terminal background-end raw expect=idle signal=STOP stopped=STOP take background 'send=\x01x' signal=TERM end=143 sane -- $IDLE
# It takes the terminal when it is given back, without a signal as well; and a second stop is like the first.
# shellcheck disable=SC2086
on_terminal background-and-back raw expect=idle signal=TSTP stopped=TSTP take background signal=CONT give raw \
	signal=TSTP stopped=TSTP sane take foreground raw 'send=\x01x' end=5 sane -- $IDLE

# ---- the output is gone ---------------------------------------------------------------------------------------------
CHATTER="$VMRUN -m 64M --kernel $MICRO/chatter"
# shellcheck disable=SC2086
{
	timeout -k 5 $((20 * SLOW)) $CHATTER 2>"$LOGS/closed.err" </dev/null
	echo $? >"$WORK/status"
} | head -n 1 >"$LOGS/closed.out"
same output-closed-ends 141 "$(cat "$WORK/status")"
has output-closed-is-said "$LOGS/closed.err" 'standard output is closed; the machine ends'
# shellcheck disable=SC2086
{
	timeout -k 5 2 $CHATTER --on-output-closed=continue 2>"$LOGS/continue.err" </dev/null
	echo $? >"$WORK/status"
} | head -n 1 >"$LOGS/continue.out"
same output-closed-goes-on 124 "$(cat "$WORK/status")"
same output-closed-is-said-once 1 "$(grep -c 'standard output is closed; the machine goes on' "$LOGS/continue.err")"
if [ -c /dev/full ]; then
	# shellcheck disable=SC2086
	timeout -k 5 $((20 * SLOW)) $CHATTER >/dev/full 2>"$LOGS/full.err" </dev/null
	same output-full-ends 1 $?
	has output-full-is-said "$LOGS/full.err" "error: standard output can't be written: No space left on device"
else
	skip output-full "there is no /dev/full"
fi
# What is lost at the very end counts as well.
timeout -k 5 $((20 * SLOW)) "$VMRUN" -m 64M --kernel "$MICRO/status" >&- 2>"$LOGS/none.err" </dev/null
same output-not-open 0 $?
timeout -k 5 $((20 * SLOW)) sh -c "exec '$VMRUN' -m 64M --kernel '$MICRO/status' <&- >&- 2>&-"
same nothing-open 0 $?
"$VMRUN" --on-output-closed=maybe --kernel "$MICRO/idle" >"$LOGS/maybe.out" 2>"$LOGS/maybe.err" </dev/null
same on-output-closed-takes-two-words 2 $?
has on-output-closed-names-them "$LOGS/maybe.err" 'must be end or continue'
finish
