#!/bin/sh
# SPDX-License-Identifier: MIT
# perf.sh: the parts of `make perf`, without a machine: answers, watching from outside, medians and verdicts.
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
perf=build/perf
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
passed=0 failed=0

# check NAME COMMAND...
check()
{
	name=$1
	shift
	if "$@" >"$t/log" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $name"
		cat "$t/log"
	fi
}

has()
{
	grep -q -e "$1" "$2" || {
		echo "no '$1' in:"
		cat "$2"
		return 1
	}
}

# Every micro row of perf/rows is a row of the program, and the other way round.
same_rows()
{
	awk '$2 == "micro" { print $1 }' perf/rows | sort >"$t/a"
	sed -n 's/^ROW(\([a-z_]*\),.*/\1/p' perf/bench/rows.def | sort >"$t/b"
	diff "$t/a" "$t/b" && awk '$2 == "real" && !/^memory/ { print $1 }' perf/rows | sort >"$t/a" &&
		sed -n 's/^row \([a-z0-9_]*\) .*/\1/p' perf/guest/programs | sort >"$t/b" && diff "$t/a" "$t/b"
}

check "same rows" same_rows
for row in crc mix scalar_double neon_int neon_float switch page_fault; do
	check "answer of $row" "$perf/native/bench" $row
done
refuses_row()
{
	! "$perf/native/bench" no_such_row
}
check "a row that is not there" refuses_row

"$perf/watch" -t 20 -r 64 -m here "$t/w" sh -c 'echo a; echo here; exit 3' >"$t/out"
check "watch: exit status" has '^exit 3$' "$t/out"
check "watch: mark" has '^mark [0-9]*$' "$t/out"
check "watch: lines with times" has '^[0-9]* here$' "$t/w"
"$perf/watch" -t 1 "$t/w" sleep 30 >"$t/out"
check "watch: time is up" has '^exit 124$' "$t/out"
"$perf/watch" "$t/w" "$t/none" >"$t/out"
check "watch: no such program" has '^exit 127$' "$t/out"

cat >"$t/facts" <<-END
	runs=3
	host=a "quoted" one
END
cat >"$t/raw" <<-END
	vmrun indirect 100 ok 1
	vmrun indirect 900 ok 1
	vmrun indirect 200 ok 1
	qemu indirect 800 ok 1
	vmrun recursion 100 ok 1
	qemu recursion 100 ok 1
	vmrun neon_int 100 WRONG
	qemu neon_int 1000 ok 1
	vmrun gzip 100 ok 12345678
	qemu gzip 100 ok f68e415d
	vmrun !boot 0 exit status 3: why
	vmrun %translate_ns_per_insn 120 ok
	vmrun %cache_hit_rate 0.998 ok
END

awk -v arch=arm64 -v want='boot indirect recursion scalar_double neon_int gzip' -v json="$t/json" -f perf/report.awk "$t/facts" perf/rows "$t/raw" >"$t/table"
check "report: status" [ $? = 1 ]
check "report: median and ratio" has '^indirect *|.* 4\.00 .*| *2 | yes$' "$t/table"
check "report: short" has 'recursion: 1\.00 of 2 times' "$t/table"
check "report: geometric mean" has '^calls *| *2 of 2 | *2\.00 |.*yes$' "$t/table"
check "report: a missing row is no mean" has '^scalar_double *| *0 of 1 | *- |.*NO$' "$t/table"
check "report: part of a group is no verdict" has '^neon *| *0 of 2 | *- |.*(a part)$' "$t/table"
check "report: wrong answer" has 'neon_int: .*vmrun: wrong answer' "$t/table"
check "report: wrong sum" has 'gzip: .*wrong answer: 12345678' "$t/table"
check "report: failed boot" has 'boot: .*exit status 3: why' "$t/table"
check "report: counters" has '^cache hit rate  99\.80 .*yes$' "$t/table"
awk -v arch=riscv64 -v want='indirect recursion neon_int' -v json="$t/json2" -f perf/report.awk "$t/facts" perf/rows \
	perf/reasons "$t/raw" >"$t/table2"
check "report: a row that the architecture does not have" has '^neon_int .*| n/a$' "$t/table2"
check "report: why not" has 'neon_int: .*no vectors' "$t/table2"
check "report: JSON" has '"name": "indirect".*"speedup": 4\.000.*"met": true' "$t/json"
check "report: JSON quotes" has '"host": "a \\"quoted\\" one"' "$t/json"

cat >"$t/raw" <<-END
	vmrun 10000000 11000000 1048576
	qemu 100000000 110000000 31457280
	vmrun 30000000 31000000 2097152
	qemu 100000000 110000000 31457280
	vmrun 30000000 12000000 1048576
	qemu 90000000 90000000 31457280
END
: >"$t/json"
awk -v arch=toy -v machine=m -v options=o -v json="$t/json" -f perf/start.awk "$t/raw" >"$t/table"
check "start: status" [ $? = 0 ]
check "start: least, median and ratio" has '^first  |    10\.00 ms |    30\.00 ms |    90\.00 ms |   100\.00 ms |      0\.300 | 0\.25    | NO$' "$t/table"
check "start: memory" has '^memory |    1\.00 MiB |    1\.00 MiB |   30\.00 MiB .* yes$' "$t/table"
check "start: JSON" has '"serial": {"vmrun": 12000000, .*"met": true}' "$t/json"
echo 'vmrun ! exit status 3: why' >>"$t/raw"
awk -v arch=toy -v machine=m -v options=o -v json="$t/json" -f perf/start.awk "$t/raw" >"$t/table"
check "start: a failed start" [ $? = 1 ]
check "start: its reason" has 'failed starts: 1: vmrun ! exit status 3: why' "$t/table"

cat >"$t/raw" <<-END
	old alu 100000000 ok 1
	new alu 104000000 ok 1
	new alu 190000000 ok 1
	old alu 110000000 ok 1
	old crc 100000000 ok 1
	new crc 107000000 ok 1
	old memory 1048576 ok
	new memory 1048576 ok
END
turns()
{
	awk -v within="$1" -f perf/turns.awk "$t/raw" >"$t/table"
}
turns 10
check "turns: nothing slower" [ $? = 0 ]
check "turns: least and median" has '^alu *100\.00 ms *104\.00 ms *1\.040 *1\.040$' "$t/table"
check "turns: memory" has '^memory .* 1\.0 MiB *1\.000' "$t/table"
turns 6
check "turns: a slower row" [ $? = 1 ]
check "turns: its verdict" has '^crc .*1\.070 *1\.070  SLOWER$' "$t/table"
echo 'new !boot 0 exit status 3: why' >>"$t/raw"
turns 10
check "turns: a failed boot" [ $? = 1 ]
check "turns: its reason" has 'no figure: new !boot 0 exit status 3: why' "$t/table"
refuses_old()
{
	! OLD='' perf/turns.sh 2>"$t/e" && has 'say which build to compare with' "$t/e" &&
		! OLD="$t" perf/turns.sh 2>"$t/e" && has "$t/bin/vmrun can't be run" "$t/e"
}
check "turns: without another build" refuses_old

echo "$passed passed, $failed failed"
[ $failed = 0 ]
