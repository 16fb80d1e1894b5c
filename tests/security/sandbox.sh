#!/bin/sh
# SPDX-License-Identifier: MIT
# sandbox.sh: what the machine process can still do once the guest runs, tried from inside: probe.c makes the calls of
# probe_calls.def from a vCPU's thread, the timers' and one that existed before. As this user and, where that is root, as an
# ordinary one; in a pipe and on a terminal.
# shellcheck disable=SC2034,SC2046,SC2086 # options are several words
cd "$(dirname "$0")/../.." || exit 1
NEEDS="${VR_B:-build}/tests/security/probe-guest ${VR_B:-build}/tests/guest/term"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
S=$B/tests/security
PLUGINS=$S:$B/plugins
KERNEL=$S/probe-guest
NOBODY='setpriv --reuid=65534 --regid=65534 --clear-groups'

# scene NAME [OWNER]: a folder $D with what the probe tries to change. An ordinary user has to reach it, so it is in /tmp.
scene()
{
	D=$SCENES/$1
	mkdir -m 755 "$D" "$D/room"
	printf secret >"$D/canary"
	chmod 600 "$D/canary"
	truncate -s 1M "$D/disk"
	[ -z "${2:-}" ] || chown -R "$2" "$D"
	BEFORE=$(state)
}
state()
{
	(cd "$D" && stat -c '%n %f %u %g %s %Y' -- * && cat canary)
}
SCENES=$(mktemp -d)
chmod 755 "$SCENES"
trap 'rm -rf "$WORK" "$SCENES"' EXIT

# judged NAME FILE CALLS: three threads told of every call.
ROWS=$(sed -n '/^TRY(/p' tests/security/probe_calls.def | wc -l)
[ "$(uname -m)" = x86_64 ] || ROWS=$((ROWS - $(sed -n '/^#ifdef/,/^#endif/{/^TRY(/p;}' tests/security/probe_calls.def | wc -l)))
judged()
{
	tr -d '\r' <"$2" | grep -aE '^(ok|not ok|skip) (vcpu|timer|early)-' | sed "s/^\(not ok\|ok\|skip\) /&$1:/" >"$WORK/results"
	guest_results "$WORK/results"
	same "$1: every call from every thread" $((3 * $3)) "$(wc -l <"$WORK/results")"
}

# probe NAME COMMAND...: in pipes
probe()
{
	NAME=$1 OUT=$LOGS/$1.out ERR=$LOGS/$1.err
	shift
	timeout -k 10 $((60 * SLOW)) "$@" >"$OUT" 2>"$ERR" </dev/null
	RC=$?
	ended 0
}

# vmrun as the probe is run.
probing()
{
	echo "$VMRUN" --plugin-path "$PLUGINS" -p "com.example.probe,dir=$D,kernel=$KERNEL" --kernel "$KERNEL" --disk "$D/disk" "$@"
}

users='self'
if [ "$(id -u)" = 0 ]; then
	if $NOBODY test -r "$KERNEL" -a -x "$VMRUN"; then
		users='self nobody'
	else
		skip nobody "user 65534 can't read this folder"
	fi
else
	skip root "the test runs as an ordinary user"
fi
for user in $users; do
	as='' owner=''
	if [ $user = nobody ]; then as=$NOBODY owner=65534:65534; fi
	scene "$user-pipe" $owner
	probe "$user-pipe" $as $(probing)
	judged "$user-pipe" "$ERR" "$ROWS"
	same "$user-pipe: nothing was changed" "$BEFORE" "$(state)"

	scene "$user-terminal" $owner
	probe "$user-terminal" "$TOOLS/term" -t $((60 * SLOW)) -l "$LOGS/$user-terminal.log" "expect=ok vcpu-" end=0 sane -- $as $(probing)
	judged "$user-terminal" "$LOGS/$user-terminal.log" "$ROWS"
	same "$user-terminal: nothing was changed" "$BEFORE" "$(state)"

	# The same calls do what they are there for when nothing holds them back.
	scene "$user-control" $owner
	probe "$user-control" $as $(probing --no-sandbox -p com.example.probe,control=true)
	judged "$user-control" "$ERR" "$(sed -n '/^TRY("[^"]*", [A-Z_]*, 1,/p' tests/security/probe_calls.def | wc -l)"
done

# ---- seen from outside ----------------------------------------------------------------------------------------
# status PID FIELD: what its threads have there, each value once.
status()
{
	sed -n "s/^$2:[[:space:]]*//p" /proc/"$1"/task/*/status | sort -u | tr '\n' ' '
}
for user in $users; do
	as='' owner=''
	if [ $user = nobody ]; then as=$NOBODY owner=65534:65534; fi
	scene "$user-idle" $owner
	NAME=$user-idle OUT=$LOGS/$user-idle.out ERR=$LOGS/$user-idle.err
	: >"$OUT"
	# Descriptor 9 is one that a careless parent left open. The probe's own thread is there, and does nothing.
	$as "$VMRUN" --plugin-path "$PLUGINS" --smp 2 --stats --disk "$D/disk" \
		-p "com.example.probe,dir=$D,kernel=$KERNEL" --kernel "$S/idle-guest" >"$OUT" 2>"$ERR" </dev/null 9<"$D/canary" &
	pid=$!
	tries=0
	until grep -aq asleep "$OUT" || [ $((tries += 1)) -gt $((300 * SLOW)) ]; do sleep 0.1; done
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		# Leaving that set needs a capability, which an ordinary user does not have; no_new_privs makes it useless.
		if [ $set = CapBnd ] && { [ "$user" = nobody ] || [ "$(id -u)" != 0 ]; }; then continue; fi
		same "$NAME: $set of all threads" '0000000000000000 ' "$(status "$pid" $set)"
	done
	same "$NAME: no_new_privs of all threads" '1 ' "$(status "$pid" NoNewPrivs)"
	same "$NAME: a filter on all threads" '2 ' "$(status "$pid" Seccomp)"
	if [ "$(id -u)" = 0 ]; then
		same "$NAME: no inherited descriptor" '' "$(find "/proc/$pid/fd" -lname "$D/canary")"
		same "$NAME: (its disk is open)" 1 "$(find "/proc/$pid/fd" -lname "$D/disk" | wc -l)"
	else
		skip "$NAME-descriptors" "only root can look at them"
	fi
	case $B-$user in
	*san*) ;; # dumpable there
	*-nobody) if $as ls "/proc/$pid/fd" >/dev/null 2>&1; then bad "$NAME: closed to its user's other processes" refused "/proc/$pid/fd can be read"; else ok "$NAME: closed to its user's other processes"; fi ;;
	esac
	kill "$pid"
	(sleep $((30 * SLOW)) && kill -KILL "$pid") 2>/dev/null &
	dog=$!
	wait "$pid"
	RC=$?
	kill "$dog"
	ended 143
	has "$NAME: --stats reads smaps" "$ERR" host_pss_beyond_ram_bytes
done

# ---- what has to work inside ------------------------------------------------------------------------------------
# A descriptor that an option names is kept; a reset boots a file again that has no name any more.
cp "$B/tests/micro/arm64/reset" "$WORK/gone"
exec 8<"$WORK/gone"
rm "$WORK/gone"
vm 30 reset-without-a-name --kernel /dev/fd/8 --run x
exec 8<&-
ended 0
has "$NAME: all resets" "$OUT" "ok reset-count"
# A crash puts the terminal back and ends by its signal.
for crash in abort-134 segv-139; do
	scene "crash-$crash"
	case $B-$crash in *san*-segv*)
		# The report finds the source line, for which files are read, and the status is its own.
			ASAN_OPTIONS=handle_segv=1 timeout -k 10 $((60 * SLOW)) $(probing -p com.example.probe,crash=segv) >"$LOGS/crash.out" 2>"$LOGS/crash.err" </dev/null
		has crash-is-reported "$LOGS/crash.err" 'AddressSanitizer: SEGV'
		has crash-is-reported-with-its-line "$LOGS/crash.err" 'tests/security/probe.c:'
		continue
		;;
	esac
	if "$TOOLS/term" -t $((60 * SLOW)) -l "$LOGS/crash-$crash.log" end="${crash#*-}" sane -- $(probing -p "com.example.probe,crash=${crash%-*}") 2>"$LOGS/crash-$crash.err"; then
		ok "crash-$crash"
	else
		bad "crash-$crash" "status ${crash#*-} and the terminal as before" "$(cat "$LOGS/crash-$crash.err")"
	fi
done

# A filter that does not hold for every thread is none: no guest runs.
scene own-filter
vm 30 own-filter $(probing -p com.example.probe,filter=true | sed 's/^[^ ]* //')
ended 1
has "$NAME: told" "$ERR" "sandbox: the system call filter can't be installed: Device or resource busy (a plugin's thread has a filter of its own); --no-sandbox runs without"
same "$NAME: the guest did not run" '' "$(grep -a '^ok vcpu' "$ERR")"

# ---- a passthrough plugin: files can be opened, the rest stays -----------------------------------------------------
scene passthrough
PLUGINS=$S/passthrough:$PLUGINS
probe passthrough $(probing -p com.example.passthrough)
has "$NAME: told" "$ERR" "plugin 'com.example.passthrough' opens files while the guest runs"
has "$NAME: opens" "$ERR" "not ok vcpu-open-write expected EPERM, came it works"
for call in execve fork clone-process ptrace-parent socket-inet socket-unix mmap-rwx kill-parent tiocsti-stdin mount capset chmod; do
	same "$NAME: not $call" "ok vcpu-$call" "$(grep -a " vcpu-$call\( \|.\?$\)" "$ERR" | tr -d "\r")"
done
"$VMRUN" --plugin-path "$PLUGINS" doctor >"$LOGS/doctor.out" 2>&1
has "doctor: told" "$LOGS/doctor.out" "weaker with -p com.example.passthrough"
has "doctor: what the kernel has" "$LOGS/doctor.out" "seccomp yes, Landlock"

# ---- a kernel that has none of it: the emulator's, which knows neither seccomp nor Landlock -------------------------
if command -v qemu-x86_64 >/dev/null && case $B in *san*) false ;; *) [ "$(uname -m)" = x86_64 ] ;; esac; then
	qemu-x86_64 "$VMRUN" doctor >"$LOGS/bare-doctor.out" 2>&1
	has "doctor: no seccomp, no Landlock" "$LOGS/bare-doctor.out" "seccomp no, Landlock no"
	same "doctor: what is not covered" 7 "$(grep -c '^  not covered: ' "$LOGS/bare-doctor.out")"
	OUT=$LOGS/bare.out ERR=$LOGS/bare.err NAME=bare
	VMRUN_CODECACHE=single timeout -k 10 60 qemu-x86_64 "$VMRUN" -v -p soft --kernel "$B/tests/micro/arm64/status" --run x >"$OUT" 2>"$ERR" </dev/null
	RC=$?
	ended 42
	same "$NAME: told at level info, each thing once" '7 7' "$(grep -c 'sandbox: not covered' "$ERR") $(grep 'sandbox: not covered' "$ERR" | sort -u | wc -l)"
else
	skip bare-kernel "no qemu-x86_64, or a build with sanitizers"
fi
finish
