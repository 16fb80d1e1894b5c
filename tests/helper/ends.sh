# SPDX-License-Identifier: MIT
# ends.sh: helpers end with vmrun, however it ends, and nothing is left of them; sourced by helper.sh.
# shellcheck shell=sh

# begin NAME ROLE SCRIPT [OPTIONS]: a run in the background, below `run`, which counts what it leaves; vmrun's pid is $pid.
begin()
{
	NAME=$1 OUT=$LOGS/$1.out ERR=$LOGS/$1.err
	timeout -k 10 $((60 * SLOW)) "$H/run" "$WORK/left" "$VMRUN" --plugin-path "$P:$B/plugins" -m 64M \
		-p "helper-$2,script=$3${4:+,$4}" --kernel "$H/guest" >"$OUT" 2>"$ERR" </dev/null &
	job=$!
	# The guest prints what came of the letters before the last one, which does not return.
	waits "^${5:-n} done" "$OUT"
	pid=$(processes vmrun)
}
# waits PATTERN FILE: until a line of it fits.
waits()
{
	for _ in $(seq $((300 * SLOW))); do
		grep -aq "$1" "$2" && return
		sleep 0.1
	done
	bad "$NAME" "a line like '$1'" "$(tail -n 3 "$2" "$ERR" | tr '\r\n' '  ')"
}
# finished STATUS: vmrun ended so, and left nothing.
finished()
{
	wait "$job"
	RC=$?
	ended "$1"
	same "$NAME: what it leaves" 0 "$(cat "$WORK/left")"
	gone "$NAME"
}

# ---- which processes there are
begin processes share nh many=3
same "$NAME: the spawner" 1 "$(processes vmrun-spawner | wc -l)"
same "$NAME: the helpers" 3 "$(processes vmrun-share | wc -l)"
for p in $(processes vmrun-spawner) $(processes vmrun-share); do
	same "$NAME: $p holds no signal of the terminal's" "$p" "$(sed 's/.*) //' "/proc/$p/stat" | cut -d' ' -f4)"
done
# vmrun's thread that reads the helpers' channels is there before the sandbox: it has given up what all have.
same "$NAME: no thread has capabilities" 0000000000000000 "$(cat "/proc/$pid"/task/*/status | sed -n 's/^CapEff:[[:space:]]*//p' | sort -u)"
same "$NAME: of memory's end" 300 "$(cat "/proc/$(processes vmrun-share | head -n 1)/oom_score_adj")"
kill "$pid"
finished 143
begin forged share Xnh
same "$NAME: no other helper" 1 "$(processes | grep -cvE "^($pid|$(processes vmrun-spawner))\$")"
kill "$pid"
finished 143
# Where no plugin that is used has a role there is no spawner, though such plugins are installed.
begin no-role none ZZZZ how=go-on Z
same "$NAME: no spawner" "" "$(processes vmrun-spawner)"
finished 0

# ---- vmrun is ended
for end in TERM:143 HUP:129 INT:130; do
	begin "sig${end%:*}" share nh
	kill "-${end%:*}" "$pid"
	finished "${end#*:}"
done
begin sigKILL share nh many=8
kill -KILL "$pid"
finished 137
# The spawner can't end its helpers: the kernel does it (PR_SET_PDEATHSIG).
begin sigKILL-while-stopped share nh many=3
kill -STOP "$(processes vmrun-spawner)"
kill -KILL "$pid"
finished 137

# ---- the spawner is ended
begin spawner-killed share nhe
kill -KILL "$(processes vmrun-spawner)"
finished 0
said "the guest gets an error" h "error 0x200"
has "$NAME: told" "$ERR" "plugin 'helper-share': its helper (role share) is lost: the spawner ended"
begin spawner-killed-then-start share nhR
kill -KILL "$(processes vmrun-spawner)"
finished 0
said "no other can be had" R "done 0xfffffff4"
# A helper is ended from outside.
begin helper-killed share nhRe
kill -KILL "$(processes vmrun-share)"
finished 0
has "$NAME: told" "$ERR" "was ended by signal 9 (Killed)"
said "another one" e "done 0x0"

# ---- a terminal: Ctrl-C is vmrun's; what is in the way of a terminal that is raw
if [ -x "$TOOLS/term" ]; then
	NAME=ctrl-c OUT=$LOGS/ctrl-c.out ERR=$LOGS/ctrl-c.out
	if $TOOLS/term -t $((60 * SLOW)) -l "$OUT" 'expect=n done' 'send=\x03' end=130 sane -- "$VMRUN" --plugin-path "$P:$B/plugins" \
		-m 64M -p helper-share,script=nh --kernel "$H/guest" --run x 2>"$WORK/wrong"; then
		ok "$NAME"
	else
		bad "$NAME" "status 130" "$(cat "$WORK/wrong")"
	fi
	same "$NAME: the helper is not hit" 0 "$(grep -c 'signal' "$OUT")"
	gone "$NAME"
	NAME=terminal OUT=$LOGS/terminal.out
	if $TOOLS/term -t $((60 * SLOW)) -l "$OUT" raw 'expect=j done 0x1' 'expect=t done 0x9' 'send=\x01x' end=5 sane -- "$VMRUN" \
		--plugin-path "$P:$B/plugins" -m 64M -p helper-share,script=jth --kernel "$H/guest" 2>"$WORK/wrong"; then
		ok "$NAME"
	else
		bad "$NAME" "the helper neither types nor reads" "$(cat "$WORK/wrong")"
	fi
	gone "$NAME"
else
	skip terminal "$TOOLS/term is missing"
fi
