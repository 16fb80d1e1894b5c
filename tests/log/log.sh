#!/bin/sh
# SPDX-License-Identifier: MIT
# The log of -d, item by item, for guests of both architectures in which the interesting places have labels; its ranges,
# its file, what is wrong with it; --perf-map and --jitdump.
LOG_TEST=${VR_B:-build}/tests/log
# shellcheck disable=SC2034 # lib.sh reads it
NEEDS="$LOG_TEST/arm64/probe $LOG_TEST/riscv64/probe $LOG_TEST/arm64/spin $LOG_TEST/riscv64/spin $LOG_TEST/jitdump"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
# shellcheck source=tests/guest/other_user.sh
. tests/guest/other_user.sh

# label ARCH NAME: its address, "0x40200040".
label()
{
	nm "$LOG_TEST/$1/probe.elf" | awk -v name="$2" '$3 == name { sub(/^0+/, "", $1); print "0x" $1 }'
}

# guest NAME ARCH OPTION...: the probe, whose log is in $LOG.
guest()
{
	name=$1 arch=$2
	LOG=$WORK/$1.log
	shift 2
	vm 30 "$name" -p soft -m 64M --kernel "$LOG_TEST/$arch/probe" --run x -D "$LOG" "$@"
	ended 0
}

# lines NAME COUNT REGEX: so many lines of $LOG match.
lines()
{
	same "$1" "$2" "$(grep -cE -- "$3" "$LOG")"
}

# some NAME REGEX: a line of $LOG does.
some()
{
	if grep -qE -- "$2" "$LOG"; then ok "$1"; else bad "$1" "a line like $2" "$(head -n 4 "$LOG" | tr '\n' '|')"; fi
}

# Nothing that is no line of one of the items.
only()
{
	same "$1: nothing else" '' "$(grep -vE "^($2): +[^ ]" "$LOG" | head -n 3)"
}

llvm=$(ldconfig -p 2>/dev/null | sed -n 's/.*=> \(.*libLLVM.*\)/\1/p' | head -n 1)
for arch in arm64 riscv64; do
	insn=$(label $arch the_insn) fault=$(label $arch the_fault)
	case $arch in
	arm64)
		bytes=9bc17c00 text='umulh x0, x0, x1' slot=x0 uart=pl011 at=0x9000000
		page_fault="$fault -> 0x[0-9a-f]* data abort taken from EL1, ESR 0x96000005, FAR 0x2000000000"
		timer='IRQ taken from EL1' return='ERET from EL1 to EL1'
		;;
	riscv64)
		bytes=02b53533 text='mulhu a0, a0, a1' slot=x10 uart=16550 at=0x10000000
		page_fault="$fault -> 0x[0-9a-f]* load page fault taken from S-mode to S-mode, cause 0xd, tval 0x2000000000"
		timer='S timer interrupt taken from S-mode to S-mode, cause 0x8000000000000005' return='SRET to S-mode'
		;;
	esac

	# One instruction's way.
	guest "way-$arch" "$arch" -d "insn,ir,ir-opt,host:$insn+4"
	if [ -n "$llvm" ]; then
		same "$arch insn" "insn:   $insn  $bytes  $text" "$(grep '^insn:' "$LOG")"
	else
		skip "$arch insn" "no libLLVM is installed"
	fi
	some "$arch ir: the operation" "^ir: +v[0-9]+ +MULHU\.i64 v[0-9]+, v[0-9]+$"
	some "$arch ir: its result" "^ir: +v[0-9]+ +PUT\.i64 v[0-9]+ \[$slot\]$"
	lines "$arch ir: one instruction" 1 "^ir: .* INSN[A-Z_]* 0x"
	for pass in 'forwarding and folding' 'dropping dead ops and sinking flags'; do
		some "$arch ir-opt: $pass" "^ir-opt: after $pass"
	done
	some "$arch host: of that instruction" "^host: +$insn$"
	some "$arch host: multiplies" '^host: +[0-9a-f]+  mulx? .*; [0-9a-f]{2}'
	only "$arch" 'insn|ir|ir-opt|host'

	# Everything: passes that change something print the IR again.
	guest "all-$arch" "$arch" -d insn,ir,ir-opt,host
	some "$arch ir-opt: a pass that changes" '^ir-opt: after [a-z, ]+$'
	some "$arch host: a slow path" '^host: +0x[0-9a-f]+ \(slow path\)$'
	some "$arch host: data is not disassembled" '^host: +[0-9a-f]+  data +; ([0-9a-f]{2} ?){8}$'
	same "$arch insn: all are known" '' "$(grep '^insn:' "$LOG" | grep -F byte | head -n 3)"

	# Ten calls, ten entries; the links that would hide them are made when no such log is asked for.
	guest "exec-$arch" "$arch" -d "exec:$insn"
	lines "$arch exec: each entry" 10 "^exec: +cpu0 $insn at host [0-9a-f]+, by (look-up|a direct exit)$"
	only "$arch exec" exec
	guest "exec-tier0-$arch" "$arch" -p soft,tier=0 -d "exec:$insn"
	lines "$arch exec: the interpreter's" 10 "^exec: +cpu0 $insn, by the interpreter$"

	guest "mmu-$arch" "$arch" -d mmu
	lines "$arch mmu: the fault" 1 "^mmu: +cpu0 read 0x2000000000 faults at pc $fault: fault 0x"
	some "$arch mmu: code" "^mmu: +cpu0 fetch fill $(echo "$insn" | sed 's/...$/000/') -> $(echo "$insn" | sed 's/...$/000/') r.x"
	some "$arch mmu: data" '^mmu: +cpu0 data fill 0x[0-9a-f]+ -> 0x[0-9a-f]+ rw- user'
	only "$arch mmu" mmu
	guest "mmu-range-$arch" "$arch" -d mmu:0x2000000000..0x20000000ff
	lines "$arch mmu: a range" 1 '^mmu: '
	some "$arch mmu: the fault alone" 'faults at pc'

	guest "int-$arch" "$arch" -d int
	lines "$arch int: the page fault" 1 "^int: +cpu0 $page_fault$"
	some "$arch int: the timer" "^int: +cpu0 0x[0-9a-f]+ -> 0x[0-9a-f]+ $timer"
	some "$arch int: the return" "^int: +cpu0 0x[0-9a-f]+ -> 0x[0-9a-f]+ $return$"
	only "$arch int" int
	guest "int-range-$arch" "$arch" -d "int:$fault+4"
	same "$arch int: a range" "1 1" "$(grep -cE "$page_fault" "$LOG") $(wc -l <"$LOG")"

	guest "dev-$arch" "$arch" -d "dev:$at+0x100"
	some "$arch dev: a write" "^dev: +cpu0 $at [a-z0-9-]*${uart}[a-z0-9-]*\+0x0 write [14] <- 0x6f$"
	same "$arch dev: of that device alone" '' "$(grep -v "$uart" "$LOG" | head -n 2)"
	guest "dev-all-$arch" "$arch" -d dev
	some "$arch dev: a read" '^dev: +cpu0 0x[0-9a-f]+ [a-z0-9-]+\+0x[0-9a-f]+ read [1248] -> 0x'

	# Several -d, each with ranges of its own.
	guest "two-$arch" "$arch" -d "insn:$insn+4:$fault" -d int
	same "$arch two: items" 'insn int' "$(sed 's/:.*//' "$LOG" | sort -u | tr '\n' ' ' | sed 's/ $//')"
	lines "$arch two: ranges" 2 '^insn: '

	# To standard error, and as a machine file says.
	vm 30 "stderr-$arch" -q -p soft -m 64M --kernel "$LOG_TEST/$arch/probe" --run x -d "int:$fault"
	LOG=$ERR
	some "$arch on standard error" "^int: +cpu0 $page_fault$"
	cat >"$WORK/machine.yaml" <<-Y
		accel: soft
		memory: 64M
		kernel: $PWD/$LOG_TEST/$arch/probe
		log: ["int:$fault", "exec:$insn"]
		log-file: file.log
	Y
	rm -f "$WORK/file.log"
	vm 30 "file-$arch" -c "$WORK/machine.yaml" --run x
	LOG=$WORK/file.log
	same "$arch machine file" '1 10' "$(grep -c '^int: ' "$LOG") $(grep -c '^exec: ' "$LOG")"
	vm 30 "file-given-$arch" -c "$WORK/machine.yaml" --run x -d "insn:$insn"
	lines "$arch the command line's -d is taken instead" 1 ''

	# Without the libraries: told once each, with a package's name, and numbers instead.
	mkdir -p "$WORK/none"
	for v in 14 15 16 17 18 19 20 21; do
		: >"$WORK/none/libLLVM-$v.so.1"
		: >"$WORK/none/libLLVM-$v.so"
		: >"$WORK/none/libLLVM.so.$v.1"
	done
	LD_LIBRARY_PATH=$PWD/$WORK/none
	export LD_LIBRARY_PATH
	guest "no-llvm-$arch" "$arch" -d "insn,host:$insn+4"
	unset LD_LIBRARY_PATH
	has "$arch no libLLVM: told" "$ERR" "code is shown as numbers: libLLVM is not there; install Debian's libllvm"
	same "$arch no libLLVM: numbers" "insn:   $insn  $bytes  .4byte 0x$bytes" "$(grep '^insn:' "$LOG")"
	some "$arch no libLLVM: host code is there" '^host: +[0-9a-f]+  mulx? '

	# The interpreter has no host code.
	guest "tier0-$arch" "$arch" -p soft,tier=0 -d "host,ir:$insn"
	has "$arch no host code: told" "$ERR" "-d host: accelerator 'soft' can't tell"
	some "$arch the interpreter's IR" 'MULHU'

	# The names of code: perf's two files.
	(
		rm -rf "$WORK/dump"
		mkdir "$WORK/dump"
		exec "$VMRUN" -p soft -m 64M --kernel "$LOG_TEST/$arch/spin" --run x --perf-map --jitdump="$WORK/dump"
	) >"$LOGS/names-$arch.out" 2>"$LOGS/names-$arch.err" </dev/null &
	pid=$!
	wait $pid
	same "$arch names: ended" 0 $?
	has "$arch names: told" "$LOGS/names-$arch.err" "generated code is named in /tmp/perf-$pid.map and $WORK/dump/jit-$pid.dump"
	has "$arch names: dumpable" "$LOGS/names-$arch.err" "with --perf-map and --jitdump this process stays dumpable: "
	same "$arch perf map: each line" '' "$(grep -vE "^[0-9a-f]+ [0-9a-f]+ (vmrun-thunks|$arch:0x[0-9a-f]+)$" "/tmp/perf-$pid.map" | head -n 3)"
	same "$arch perf map: the code" 1 "$(grep -c " $arch:$insn$" "/tmp/perf-$pid.map")"
	if "$LOG_TEST/jitdump" "$WORK/dump/jit-$pid.dump" $pid >"$WORK/code" 2>"$WORK/why"; then
		ok "$arch jitdump: header and records"
	else
		bad "$arch jitdump: header and records" "no fault" "$(cat "$WORK/why")"
	fi
	# One list in two forms: the same names, addresses and sizes.
	same "$arch jitdump: as the map" "$(awk '{ print $3, $1, $2 }' "/tmp/perf-$pid.map" | sort | sha256sum)" "$(awk '{ print $1, $2, $3 }' "$WORK/code" | sort | sha256sum)"
	rm -f "/tmp/perf-$pid.map"
done

# ---- what an accelerator can't tell ---------------------------------------------------------------------------------
if "$VMRUN" doctor -p kvm 2>/dev/null | grep -q '^ *kvm.*usable' || [ -w /dev/kvm ]; then
	LOG=$WORK/kvm.log
	vm 60 kvm -p kvm -m 64M --kernel "$B/tests/micro/x86_64/status" --run x -d insn,dev -D "$LOG"
	if [ "$RC" = 42 ]; then
		has kvm-can-not "$ERR" "-d insn: accelerator 'kvm' can't tell; the log has none of it"
		some kvm-devices '^dev: +cpu0 port 0x3f8 .* write 1 <- 0x'
		LOG=$WORK/kvm-int.log
		vm 60 kvm-int -p kvm,irqchip=none -m 64M --kernel "$B/tests/micro/x86_64/timer" --run x -d int -D "$LOG"
		has kvm-int-can-not "$ERR" "-d int: KVM tells of no exception, and of no interrupt of its own controllers"
		some kvm-int-exit '^int: +cpu0 0x[0-9a-f]+ exit 2, port 0x3f8 write 1$'
		some kvm-int-injected '^int: +cpu0 0x[0-9a-f]+ interrupt injected, vector 0x[0-9a-f]+$'
		only kvm-int int
		LOG=$WORK/kvm-range.log
		vm 60 kvm-range -p kvm -m 64M --kernel "$B/tests/micro/x86_64/status" --run x -d int:0..0xf -D "$LOG"
		same kvm-int-range 0 "$(wc -c <"$LOG")"
	else
		skip kvm "its guest ended with $RC: $(tail -n 1 "$ERR")"
	fi
else
	skip kvm "no usable /dev/kvm"
fi

# ---- the process and its user's others ------------------------------------------------------------------------------
# seen NAME WANTED OPTION...: while the guest sleeps, can another process of this user look at the machine's?
seen()
{
	name=$1 wanted=$2
	shift 2
	cp "$B/tests/micro/arm64/idle" "$OPEN/idle"
	# shellcheck disable=SC2086 # AS is several words
	$AS "$OPEN_VMRUN" -p soft -m 64M --kernel "$OPEN/idle" "$@" >"$LOGS/$name.out" 2>"$LOGS/$name.err" </dev/null &
	pid=$!
	tries=0
	until grep -aq idle "$LOGS/$name.out" || [ $((tries += 1)) -gt $((300 * SLOW)) ]; do sleep 0.1; done
	# shellcheck disable=SC2086
	if $AS ls "/proc/$pid/fd" >/dev/null 2>&1; then came=open; else came=closed; fi
	same "$name" "$wanted" "$came"
	kill $pid
	wait $pid
	rm -f "/tmp/perf-$pid.map"
}
case $B-$NO_OTHER in
*san*) skip dumpable "a build with sanitizers is always dumpable" ;;
*-)
	seen dumpable-without closed
	seen dumpable-with open --perf-map
	;;
*) skip dumpable "$NO_OTHER" ;;
esac

# ---- wrong input ------------------------------------------------------------------------------------------------------
# wrong NAME STATUS TEXT OPTION...: one line that says what.
wrong()
{
	name=$1 status=$2 text=$3
	shift 3
	vm 30 "$name" -q -p soft -m 64M --kernel "$LOG_TEST/arm64/probe" --run x "$@"
	same "$name-status" "$status 0 1" "$RC $(wc -c <"$OUT") $(wc -l <"$ERR")"
	has "$name" "$ERR" "$text"
}
wrong item 2 "-d 'insm': there is no item 'insm'; did you mean 'insn'?" -d insm
wrong item-far 2 "there is no item 'zzzzzzzz'; '-d help' lists them" -d int,zzzzzzzz
wrong item-empty 2 "no item is named; '-d help' lists them" -d ''
wrong range 2 "'here' is not a range; write A..B or A+LENGTH" -d insn:here
wrong range-order 2 "range '5..4' ends before it begins" -d insn:5..4
wrong range-empty 2 "range '0x10+0' is empty, or ends beyond 64 bits" -d insn:0x10+0
wrong range-long 2 "is empty, or ends beyond 64 bits" -d insn:0xffffffffffffffff+2
wrong range-tail 2 "'1..2x' is not a range" -d insn:1..2x
wrong file-alone 2 "--log-file without a log; say with -d what it is to hold" -D "$WORK/x"
wrong file-folder 3 "log '$WORK': is a folder; give a file" -d int -D "$WORK"
wrong file-nowhere 3 "log '$WORK/none/such/x': there is no such folder; check the path" -d int -D "$WORK/none/such/x"
# What the machine reads, and its disks, under any name, stay as they are.
head -c 65536 /dev/urandom >"$WORK/disk"
ln "$WORK/disk" "$WORK/disk-too"
ln -s disk "$WORK/disk-link"
cp "$LOG_TEST/arm64/probe" "$WORK/kernel"
before=$(cat "$WORK/disk" "$WORK/kernel" | sha256sum)
for to in disk disk-too disk-link; do
	wrong "file-$to" 3 "log '$WORK/$to': is disk '$WORK/disk' of this machine, or lies under it; name another file" -d int -D "$WORK/$to" --disk "$WORK/disk"
	wrong "file-$to-ro" 3 "log '$WORK/$to': is disk '$WORK/disk'" -d int -D "$WORK/$to" --disk "$WORK/disk,ro"
done
vm 30 file-kernel -q -p soft -m 64M --kernel "$WORK/kernel" --run x -d int -D "$WORK/kernel"
same file-kernel-status 3 "$RC"
has file-kernel "$ERR" "log '$WORK/kernel': is file '$WORK/kernel' of this machine"
vm 30 file-initrd -q -p soft -m 64M --kernel "$WORK/kernel" --initrd "$WORK/disk" --run x -d int -D "$WORK/disk"
same file-initrd-status 3 "$RC"
has file-initrd "$ERR" "log '$WORK/disk': is file '$WORK/disk' of this machine"
same files-as-before "$before" "$(cat "$WORK/disk" "$WORK/kernel" | sha256sum)"
mkdir "$WORK/plugins"
cp "$B/plugins/xlate-arm64-x86.so" "$B/plugins/xlate-arm64-x86.yaml" "$WORK/plugins/"
echo 'memory: 64M' >"$WORK/machine.yaml"
before=$(cat "$WORK/plugins"/* "$WORK/machine.yaml" | sha256sum)
for to in so yaml; do
	file=$WORK/plugins/xlate-arm64-x86.$to
	wrong "file-plugin-$to" 3 "log '$file': is plugin 'xlate-arm64-x86' of this machine" --plugin-path "$WORK/plugins" -d int -D "$file"
done
wrong file-machine 3 "log '$WORK/machine.yaml': is machine file '$WORK/machine.yaml' of this machine" -c "$WORK/machine.yaml" -d int -D "$WORK/machine.yaml"
same plugins-as-before "$before" "$(cat "$WORK/plugins"/* "$WORK/machine.yaml" | sha256sum)"
wrong jitdump-nowhere 3 "can't be made: No such file or directory; check that the folder is there" --jitdump="$WORK/none/such"
printf 'log: [insm]\nkernel: x\n' >"$WORK/bad.yaml"
vm 30 bad-yaml -c "$WORK/bad.yaml"
same bad-yaml-status 3 "$RC"
has bad-yaml "$ERR" "bad.yaml:1:7: log 'insm': there is no item 'insm'; did you mean 'insn'?"

# A log that can't be written ends; the guest does not.
if [ -c /dev/full ]; then
	vm 30 full -p soft -m 64M --kernel "$LOG_TEST/arm64/probe" --run x -d insn -D /dev/full
	ended 0
	same full-told 1 "$(grep -c "the log of -d can't be written to '/dev/full': No space left on device; it ends here" "$ERR")"
fi

# ---- the list ---------------------------------------------------------------------------------------------------------
vm 30 help -d help
ended 0
sed -n 's/^VR_DEBUGLOG_ITEM([A-Z_]*, "\([a-z-]*\)".*/\1/p' sdk/include/vmrun/debuglog.def >"$WORK/items"
while read -r item; do
	same "help: $item" 1 "$(grep -cE "^  $item +[a-zA-Z]" "$OUT")"
done <"$WORK/items"
same "help: items" 8 "$(wc -l <"$WORK/items")"
finish
