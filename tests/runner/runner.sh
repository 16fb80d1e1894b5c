#!/bin/sh
# SPDX-License-Identifier: MIT
# runner.sh: tests/run.sh on programs made for this: they run side by side or one after the other, what they print comes out
# whole, what fails is counted, and nothing is left when run.sh is ended. The programs wait for each other, not for a time.
set -u
# shellcheck source=tests/env.sh
. tests/env.sh
W=$(mktemp -d "$TMPDIR/vmrun-runner.XXXXXX") || exit 1
trap 'rm -rf "$W"' EXIT
trap 'exit 1' INT TERM HUP
export W
passed=0 failed=0

# same NAME EXPECTED CAME
same()
{
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s\n     expected: %s\n     came:     %s\n' "$1" "$2" "$3"
	fi
}
# program NAME: a script for run.sh, its lines on standard input.
program()
{
	{
		printf '#!/bin/sh\n'
		cat
	} >"$W/$1"
	chmod 755 "$W/$1"
}
# run JOBS PROGRAM...: what run.sh shows in $W/shown, its status in $rc.
run()
{
	jobs=$1
	shift
	for t in "$@"; do set -- "$@" "$W/$t"; shift; done
	: >"$W/events"
	timeout 100 env TEST_JOBS="$jobs" tests/run.sh "$W/report" "$@" >"$W/shown" 2>"$W/err" </dev/null
	rc=$?
}
events() { tr '\n' ' ' <"$W/events"; }
# shown: the lines for programs, without their seconds, and the sum.
lines() { sed -n '/^  [okFAILED]* *[a-z0-9]*\.sh /s/ *[0-9]*s$//p; /^[0-9]/p' "$W/shown" | tr -s ' ' | sed 's/ passed//; s/ failed//; s/ skipped//' | tr '\n' ';'; }

# ---- side by side, and one after the other ------------------------------------------------------------------------------
for n in 1:2 2:1; do
	program "meet${n%:*}.sh" <<-S
		touch "\$W/here${n%:*}"
		# The comment that a script begins with has ended. These are none of its marks:
		# runs alone: no
		# time limit: 0 s
		n=0
		until [ -e "\$W/here${n#*:}" ] || [ \$n = 600 ]; do sleep 0.1; n=\$((n + 1)); done
		[ \$n -lt 600 ] && echo '2 passed, 0 failed, 0 skipped'
	S
done
for n in 1 2 3; do
	program "plain$n.sh" <<-S
		echo "begin$n" >>"\$W/events"
		sleep 0.1
		echo "end$n" >>"\$W/events"
		echo "$n passed, 0 failed"
	S
done
run 2 meet1.sh meet2.sh
same "two run at once" "0 4 passed, 0 failed, 0 skipped" "$rc $(tail -n 1 "$W/shown")"
run 1 plain2.sh plain1.sh plain3.sh
same "one after the other, in the order given" 'begin2 end2 begin1 end1 begin3 end3 ' "$(events)"
same "lines in that order" ' ok plain2.sh 2 0 0; ok plain1.sh 1 0 0; ok plain3.sh 3 0 0;6, 0, 0;' "$(lines)"
run 9 plain1.sh
same "more jobs than programs" ' ok plain1.sh 1 0 0;1, 0, 0;' "$(lines)"
for jobs in 0 -1 x 01; do
	run $jobs plain1.sh
	same "TEST_JOBS=$jobs" "2 run.sh: TEST_JOBS=$jobs: give the number of tests that run at once, 1 or more" "$rc $(cat "$W/err")"
done

# ---- alone --------------------------------------------------------------------------------------------------------------
program alone.sh <<'S'
# runs alone: it says so
echo begin-alone >>"$W/events"
sleep 0.3
echo end-alone >>"$W/events"
echo '1 passed, 0 failed, 0 skipped'
S
run 3 alone.sh plain1.sh plain2.sh alone.sh plain3.sh
same "alone: after all others, and not beside its like" 'begin-alone end-alone begin-alone end-alone ' "$(tail -n 4 "$W/events" | tr '\n' ' ')"
same "alone: all are counted" 8 "$(sed -n '$s/ passed.*//p' "$W/shown")"

# ---- what is shown ------------------------------------------------------------------------------------------------------
program fails.sh <<'S'
echo 'ok   this is not shown'
for i in $(seq 100); do echo "line $i"; done
echo '3 passed, 2 failed, 0 skipped'
exit 1
S
program silent.sh <<'S'
exit 0
S
program nothing.sh <<'S'
echo '0 passed, 0 failed, 0 skipped'
S
program status.sh <<'S'
echo '1 passed, 0 failed, 0 skipped'
exit 3
S
program skips.sh <<'S'
echo 'skip this: skipped, there is none'
echo '1 passed, 0 failed, 1 skipped'
S
program slow.sh <<'S'
# time limit: 1 s
echo '1 passed, 0 failed, 0 skipped'
sleep 600
S
program live.sh <<'S'
echo 'a line for whom it concerns' >&3
until [ -e "$W/seen" ]; do sleep 0.05; done
echo "$HOME" >"$W/home"
: >"$HOME/file"
(: >&4) 2>/dev/null && echo 4 >"$W/descriptors"
echo '1 passed, 0 failed, 0 skipped'
S
run 2 fails.sh silent.sh nothing.sh status.sh skips.sh slow.sh
same "failures are counted" '1 6 passed, 6 failed, 1 skipped' "$rc $(tail -n 1 "$W/shown")"
same "one line each" 6 "$(grep -c '^  [okFAILED]* *[a-z]*\.sh ' "$W/shown")"
# after NAME: what is shown of a program, up to the next one's line.
after() { awk -v name="$1" '/^  [^ ]/ { on = $2 == name; next } /^[0-9]/ { on = 0 } on' "$W/shown"; }
same "a failure's output follows its line: the last 60" '60     | line 42     | 3 passed, 2 failed, 0 skipped' \
	"$(after fails.sh | wc -l)$(after fails.sh | sed -n '1p;$p' | sed 's/^/ /' | tr -d '\n')"
same "silence" '    | silent.sh: printed no count of tests (exit status 0)' "$(after silent.sh)"
same "an empty count" '    | nothing.sh: its count says that it tried nothing' "$(after nothing.sh | tail -n 1)"
same "a status without a failure" '    | status.sh: exit status 3' "$(after status.sh | tail -n 1)"
same "a reason to skip" '    | skip this: skipped, there is none' "$(after skips.sh | head -n 1)"
same "a time limit" '    | slow.sh: exit status 124' "$(after slow.sh | tail -n 1)"

# ---- live output, a home of its own, no descriptor of run.sh's ------------------------------------------------------------
rm -f "$W/shown"
mkfifo "$W/out"
TEST_JOBS=2 tests/run.sh "$W/report" "$W/live.sh" >"$W/out" </dev/null &
{
	read -r first
	touch "$W/seen"
	cat >"$W/shown"
} <"$W/out"
wait $!
same "descriptor 3 is shown while it runs" "0 a line for whom it concerns" "$? $first"
same "a home of its own" "$HOME/live.sh" "$(cat "$W/home")"
same "no descriptor of run.sh's" '' "$(cat "$W/descriptors" 2>/dev/null)"
run 1 live.sh
same "its home is empty at the beginning" yes "$([ ! -e "$HOME/plain1.sh" ] && [ -e "$HOME/live.sh/file" ] && echo yes)"

# ---- it is ended ---------------------------------------------------------------------------------------------------------
program hangs.sh <<'S'
trap 'rm "$W/work"; exit 1' TERM
: >"$W/work"
timeout 1000 sleep 600 &
echo $! >>"$W/pids"
sleep 600 &
echo $! >>"$W/pids"
echo $$ >>"$W/pids"
echo ready >>"$W/ready"
wait
S
# alive: those of the processes in pids that are there.
alive() { while read -r p; do ! kill -0 "$p" 2>/dev/null || echo "$p"; done <"$W/pids"; }
for signal in TERM:143 HUP:129 INT:130; do
	rm -f "$W/pids" "$W/ready"
	env --default-signal=INT TEST_JOBS=2 tests/run.sh "$W/report" "$W/hangs.sh" "$W/hangs.sh" "$W/plain1.sh" >"$W/shown" 2>&1 </dev/null &
	n=0
	until [ "$(grep -c ready "$W/ready" 2>/dev/null)" = 2 ] || [ $n = 600 ]; do
		sleep 0.1
		n=$((n + 1))
	done
	: >"$W/events"
	kill "-${signal%:*}" $!
	wait $! 2>/dev/null
	same "${signal%:*} ends it" "${signal#*:}" $?
	same "${signal%:*}: its processes have ended" '6' "$(wc -l <"$W/pids")$(alive)"
	same "${signal%:*}: a test could clear up, and no other began" '' "$(ls "$W/work" 2>/dev/null; events)"
done

echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
