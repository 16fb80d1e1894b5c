#!/bin/sh
# SPDX-License-Identifier: MIT
# sandbox.sh: what the machine process can still do once the guest runs, tried from inside: probe.c makes the calls of
# probe_calls.def from a vCPU's thread, the timers' and one that existed before. As this user and, where that is root, as an
# ordinary one; in a pipe and on a terminal.
cd "$(dirname "$0")/../.." || exit 1
NEEDS="${VR_B:-build}/tests/security/probe-guest ${VR_B:-build}/tests/guest/term"
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

# The calls that each thread has to report: the rows of the table.
rows()
{
	"$CPP" -P -DTRY="probe-row" "$1"
}

# judged NAME FILE: three threads told of every call.
ROWS=$(sed -n '/^TRY(/p' tests/security/probe_calls.def | wc -l)
[ "$(uname -m)" = x86_64 ] || ROWS=$((ROWS - $(sed -n '/^#ifdef/,/^#endif/{/^TRY(/p;}' tests/security/probe_calls.def | wc -l)))
judged()
{
	tr -d '\r' <"$2" | grep -aE '^(ok|not ok) (vcpu|timer|early)-' | sed "s/^\(not ok\|ok\) /&$1:/" >"$WORK/results"
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
	# shellcheck disable=SC2046 # words
	probe "$user-pipe" $as $(probing)
	judged "$user-pipe" "$ERR" "$ROWS"
	same "$user-pipe: nothing was changed" "$BEFORE" "$(state)"

	scene "$user-terminal" $owner
	# shellcheck disable=SC2046
	probe "$user-terminal" "$TOOLS/term" -t $((60 * SLOW)) -l "$LOGS/$user-terminal.log" raw end=0 sane -- $as $(probing)
	judged "$user-terminal" "$LOGS/$user-terminal.log" "$ROWS"
	same "$user-terminal: nothing was changed" "$BEFORE" "$(state)"

	# The same calls do what they are there for when nothing holds them back.
	scene "$user-control" $owner
	# shellcheck disable=SC2046
	probe "$user-control" $as $(probing --no-sandbox -p com.example.probe,control=true)
	judged "$user-control" "$ERR" "$(sed -n '/^TRY("[^"]*", [A-Z_]*, 1,/p' tests/security/probe_calls.def | wc -l)"
done
finish
