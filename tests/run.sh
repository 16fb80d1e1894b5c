#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh REPORT-FOLDER PROGRAM...: run each test program, show a line for each, its output when it failed, and a sum.
# A program that prints no count of tests fails: silence is not success.
#
# A script may say how long it takes, in a comment "time limit: N s"; otherwise it is TEST_TIMEOUT, 900 s. What it writes to
# the file descriptor 3 is shown while it runs.
set -u
# shellcheck source=tests/env.sh
. tests/env.sh
rm -rf "$HOME"
mkdir "$HOME" || exit 1
# A signal that the caller ignores, as nohup and background jobs do, must not be ignored by what is tested.
signals='env --default-signal'
$signals true 2>/dev/null || signals=''
report=$1
shift
mkdir -p "$report"
passed=0 failed=0 skipped=0
for t in "$@"; do
	name=$(basename "$t")
	log=$report/$name.log
	start=$(date +%s)
	limit=${TEST_TIMEOUT:-900}
	case $t in *.sh) limit=$(sed -n '/^# time limit: [0-9]* s$/{s/[^0-9]*//g;p;q}' "$t" | grep . || echo "$limit") ;; esac
	case $t in /*) program=$t ;; *) program=./$t ;; esac
	# shellcheck disable=SC2086 # several words, or none
	timeout -k 10 "$limit" $signals "$program" 3>&1 >"$log" 2>&1 </dev/null
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
	set -- $counts "$@"
	p=$1 f=$2 s=$3
	shift 3
	[ "$rc" != 0 ] && [ "$f" = 0 ] && {
		f=1
		echo "$name: exit status $rc" >>"$log"
	}
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '  %-6s %-28s %4d passed %3d failed %3d skipped %4ds\n' "$([ "$f" = 0 ] && echo ok || echo FAILED)" \
		"$name" "$p" "$f" "$s" "$(($(date +%s) - start))"
	[ "$f" = 0 ] || { sed '/^ok /d; s/^/    | /' "$log" | tail -n 60; }
	[ "$s" = 0 ] || { grep -i 'skip' "$log" | sed 's/^/    | /' | head -n 20; }
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
