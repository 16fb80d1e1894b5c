#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh REPORT-FOLDER PROGRAM...: run each test program, show a line for each, its output when it failed, and a sum.
# A program that prints no count of tests fails: silence is not success.
#
# Several run at once: each of TEST_JOBS workers takes the first program that no worker has taken yet, so the order given is the
# order in which they begin, and the longest should be given first. What is shown of a program is shown when it ends, in one
# piece. TEST_JOBS is the number of CPUs by default, fewer where there is less than JOB_MIB of free memory for each; 1 runs the
# programs one after the other, in the order given.
#
# A script says in the comment that it begins with
#   time limit: N s        how long it may take; without it that is TEST_TIMEOUT, 900 s
#   runs alone: REASON     that no other may run beside it: it runs after those that run side by side
# What it writes to the file descriptor 3 is shown while it runs: whole lines that name the script.
#
# A signal that ends run.sh (Ctrl-C) ends the tests that run, and what they have started.
set -u
# shellcheck source=tests/env.sh
. tests/env.sh
JOB_MIB=2560 # two guests of 1 GiB at once, and what is around them
report=$1
shift
TEST_JOBS=${TEST_JOBS:-}
case $TEST_JOBS in
'')
	TEST_JOBS=$(nproc 2>/dev/null || echo 1)
	fit=$(awk -v each=$((JOB_MIB * 1024)) '$1 == "MemAvailable:" { print int($2 / each) }' /proc/meminfo 2>/dev/null)
	[ -z "$fit" ] || [ "$TEST_JOBS" -le "$fit" ] || TEST_JOBS=$fit
	[ "$TEST_JOBS" -ge 1 ] || TEST_JOBS=1
	;;
*[!0-9]* | 0*)
	echo "run.sh: TEST_JOBS=$TEST_JOBS: give the number of tests that run at once, 1 or more" >&2
	exit 2
	;;
esac
rm -rf "$HOME"
mkdir "$HOME" || exit 1
homes=$HOME
# A signal that the caller ignores, as nohup and background jobs do, must not be ignored by what is tested.
signals='env --default-signal'
$signals true 2>/dev/null || signals=''
mkdir -p "$report"
# One folder a program, by its number: made by the worker that takes it. shown: what is shown of it; sum: its counts.
state=$(mktemp -d "$TMPDIR/vmrun-run.XXXXXX") || exit 1
workers=''
trap 'rm -rf "$state"' EXIT

# descendants PID: all processes below it.
descendants()
{
	# The second field is the command in parentheses, which may hold blanks; the fourth the parent.
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^\([0-9]*\) (.*) [A-Za-z] \([0-9]*\) .*/\1 \2/' | awk -v top="$1" '
		{ parent[$1] = $2 }
		END {
			for (p in parent) {
				q = p
				for (depth = 0; q in parent && q != top && depth < 1000; depth++)
					q = parent[q]
				if (q == top && p != top)
					print p
			}
		}'
}

# alive PID...: whether one of these processes is there.
alive()
{
	for p in "$@"; do
		! kill -0 "$p" 2>/dev/null || return 0
	done
	return 1
}

# interrupted SIGNAL: the tests and what they have started end, and run.sh by that signal.
interrupted()
{
	trap '' INT TERM HUP
	left=''
	for w in $workers; do
		# Stopped, a worker begins no other test while its processes are looked for.
		kill -STOP "$w" 2>/dev/null || continue
		left="$left $(descendants "$w" | tr '\n' ' ')"
		kill -KILL "$w"
	done
	# shellcheck disable=SC2086 # several numbers, or none
	[ -z "$left" ] || kill -TERM $left 2>/dev/null
	n=0
	# shellcheck disable=SC2086
	while alive $left && [ $n -lt 50 ]; do
		sleep 0.1
		n=$((n + 1))
	done
	# shellcheck disable=SC2086
	[ -z "$left" ] || kill -KILL $left 2>/dev/null
	wait
	rm -rf "$state"
	trap - "$1" EXIT
	kill -"$1" $$
}
for s in INT TERM HUP; do
	# shellcheck disable=SC2064 # now
	trap "interrupted $s" $s
done

# says WHAT SCRIPT: what its first comment has to say of that.
says()
{
	sed -n "/^#/!q;s/^# $1: //p" "$2"
}

# one NUMBER PROGRAM: runs it; its line and its output go to standard output, its counts to the file `sum`.
one()
{
	name=$(basename "$2")
	log=$report/$name.log
	start=$(date +%s)
	limit=${TEST_TIMEOUT:-900}
	case $2 in *.sh) limit=$(says 'time limit' "$2" | sed 's/[^0-9]*//g' | grep . || echo "$limit") ;; esac
	case $2 in /*) program=$2 ;; *) program=./$2 ;; esac
	mkdir -p "$homes/$name"
	# shellcheck disable=SC2086 # several words, or none
	HOME=$homes/$name timeout -k 10 "$limit" $signals "$program" 3>&4 4>&- >"$log" 2>&1 </dev/null
	rc=$?
	counts=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | awk '
		/Synthesis: Tested:/ {
			gsub("\\|", " ")
			for (i = 1; i <= NF; i++) {
				if ($i == "Tested:") t = $(i + 1)
				if ($i == "Passing:") p = $(i + 1)
			}
			gp += p; gf += t - p; seen = 1
		}
		/[Ww]arning! The test .* was skipped|\[SKIP\]|: Test is disabled/ { gs++ }
		/^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ { gp += $1; gf += $3; gs += $5; seen = 1 }
		END { if (seen) print gp + 0, gf + 0, gs + 0 }')
	if [ -z "$counts" ] && grep -q '^criterion: Could not initialize inheritable arena' "$log" && [ ! -w /dev/shm ]; then
		counts='0 0 1' rc=0
		echo "$name: skipped, Criterion needs /dev/shm, which is not there (mount -t tmpfs shm /dev/shm)" >>"$log"
	fi
	if [ "$counts" = '0 0 0' ]; then
		counts="0 1 0"
		echo "$name: its count says that it tried nothing" >>"$log"
	fi
	if [ -z "$counts" ]; then
		counts="0 1 0"
		echo "$name: printed no count of tests (exit status $rc)" >>"$log"
	fi
	# shellcheck disable=SC2086 # three numbers
	set -- "$1" $counts
	p=$2 f=$3 s=$4
	[ "$rc" != 0 ] && [ "$f" = 0 ] && {
		f=1
		echo "$name: exit status $rc" >>"$log"
	}
	printf '  %-6s %-28s %4d passed %3d failed %3d skipped %4ds\n' "$([ "$f" = 0 ] && echo ok || echo FAILED)" \
		"$name" "$p" "$f" "$s" "$(($(date +%s) - start))"
	[ "$f" = 0 ] || { sed '/^ok /d; s/^/    | /' "$log" | tail -n 60; }
	[ "$s" = 0 ] || { grep -i 'skip' "$log" | sed 's/^/    | /' | head -n 20; }
	echo "$p $f $s" >"$state/$1/sum"
}

# work alone|beside PROGRAM...: those that no worker has taken, and that may run so.
work()
{
	how=$1
	shift
	number=0
	for t in "$@"; do
		number=$((number + 1))
		mark=beside
		case $t in *.sh) [ -z "$(says 'runs alone' "$t")" ] || mark=alone ;; esac
		[ $mark = "$how" ] || continue
		mkdir "$state/$number" 2>/dev/null || continue # another worker has it
		one $number "$t" >"$state/$number/shown"
		# A pipe takes a long text in parts: no two workers write at once.
		until mkdir "$state/writing" 2>/dev/null; do sleep 0.05; done
		cat "$state/$number/shown"
		rmdir "$state/writing"
	done
}

exec 4>&1
w=0
while [ $w -lt "$TEST_JOBS" ] && [ $w -lt $# ]; do
	work beside "$@" &
	workers="$workers $!"
	w=$((w + 1))
done
wait
work alone "$@" &
workers=$!
wait

passed=0 failed=0 skipped=0 number=0
for t in "$@"; do
	number=$((number + 1))
	if read -r p f s 2>/dev/null <"$state/$number/sum"; then
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	else
		failed=$((failed + 1))
		echo "  FAILED $(basename "$t"): run.sh's worker ended before it"
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
