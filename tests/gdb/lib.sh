# SPDX-License-Identifier: MIT
# lib.sh: what the tests of --gdb share; sourced, after tests/guest/lib.sh.
GDB=$(command -v gdb-multiarch) || die 'no gdb-multiarch; run `make deps`'
RAW=$B/tests/gdb/raw
SOCKET=$WORK/s

# launch SECONDS NAME OPTION...: a guest in the background, when its socket is there: PID, OUT, ERR.
launch()
{
	limit=$(($1 * SLOW)) NAME=$2
	OUT=$LOGS/$2.out ERR=$LOGS/$2.err
	shift 2
	rm -f "$WORK/ended"
	# shellcheck disable=SC2086
	(
		[ -z "${PRELOAD:-}" ] || export LD_PRELOAD="$PRELOAD" ASAN_OPTIONS=verify_asan_link_order=0
		timeout -k 10 "$limit" "$VMRUN" $ARGS "$@" >"$OUT" 2>"$ERR" </dev/null
		echo $? >"$WORK/status"
		mv "$WORK/status" "$WORK/ended"
	) &
	PID=$!
	tries=0
	while ! grep -q ' gdb at ' "$ERR" 2>/dev/null && [ ! -e "$WORK/ended" ] && [ $tries -lt $((100 * SLOW)) ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

# start NAME ARCH OPTION...: one of the small guests; its debug information is in $SYMBOLS.
start()
{
	name=$1 kernel=$B/tests/gdb/$2/guest
	shift 2
	SYMBOLS=$kernel.elf
	launch 120 "$name" -m 64M --kernel "$kernel" --run x "$@"
}

# ends STATUS: vmrun comes to its end, with that.
ends()
{
	wait $PID
	RC=$(cat "$WORK/ended")
	ended "$1"
}

# debug: runs gdb on the commands of standard input; what it says is in $SAID.
debug()
{
	SAID=$LOGS/$NAME.gdb
	{
		echo 'set confirm off'
		echo 'set pagination off'
		echo 'set width 0'
		echo "target remote ${1:-$SOCKET}"
		cat
	} >"$WORK/commands"
	timeout -k 5 $((${GDB_LIMIT:-60} * SLOW)) "$GDB" -nx -q -batch -x "$WORK/commands" "$SYMBOLS" >"$SAID" 2>&1 </dev/null
}

# raw KIND: what no debugger sends; the program comes to its end, and each of its results counts.
raw()
{
	timeout $((100 * SLOW)) "$RAW" "$SOCKET" "$1" >"$WORK/raw"
	same "$NAME-raw-$1-ends" 0 $?
	guest_results "$WORK/raw"
}

# said WHAT TEXT: gdb printed a line with the text.
said()
{
	has "$NAME-$1" "$SAID" "$2"
}
# said_not WHAT TEXT
said_not()
{
	if grep -qF -- "$2" "$SAID"; then bad "$NAME-$1" "no '$2' in $SAID" "$2"; else ok "$NAME-$1"; fi
}

# line TEXT: the number of the guest's line with it.
line()
{
	grep -n -m 1 -F -- "$1" tests/gdb/guest.c | cut -d : -f 1
}

# value NAME: what a command `echo NAME=` and `output` printed.
value()
{
	sed -n "s/^$1=//p" "$SAID" | tail -n 1
}
