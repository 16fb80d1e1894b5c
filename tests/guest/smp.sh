# SPDX-License-Identifier: MIT
# smp.sh: smp, a boot to user space with all CPUs at work; sourced after lib.sh.

# Work on every CPU at once; all must find the same sum, and each must have had time and timer interrupts.
work="timer=$TIMER;"' n=$(nproc); echo "cpus $n"; i=0; while [ $i -lt $n ]; do
(taskset -p $((1 << i)) $$ >/dev/null; :)
taskset $(printf %x $((1 << i))) sh -c "head -c 2000000 /dev/zero | sha256sum" >/tmp/sum.$i & i=$((i + 1)); done; wait
sort -u /tmp/sum.*; cat /tmp/sum.* | wc -l
awk "/^cpu[0-9]/ { if (\$2 + \$4 > 0) k++ } END { print \"worked\", k }" /proc/stat
awk "/$timer/ { for (i = 2; i <= $n + 1; i++) if (\$i > 0) k++ } END { print \"ticked\", k }" /proc/interrupts'
zeros=$(head -c 2000000 /dev/zero | sha256sum)

# smp NAME CPUS OPTION...
smp()
{
	name=$1-smp$2 cpus=$2
	shift 2
	vm 60 "$name" --smp "$cpus" --kernel $KERNEL --initrd $INITRD --run "$work" "$@"
	ended 0
	has "$name-cpus" "$OUT" "cpus $cpus"
	same "$name-sums" "$zeros $cpus" "$(grep -a ' -$' "$OUT") $(grep -ax '[0-9][0-9]*' "$OUT" | tail -n 1)"
	has "$name-all-worked" "$OUT" "worked $cpus"
	has "$name-all-ticked" "$OUT" "ticked $cpus"
}
