#!/bin/sh
# SPDX-License-Identifier: MIT
# Plugins that break: a library that is not whole, and one (tests/core/faulty/breaks.c) that crashes, exits or hangs in a
# step of its life or while the guest runs. vmrun names the plugin in one line and ends with a status that is no guest's.
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
P=$WORK/plugins
BREAKS=$B/tests/faulty/breaks.so
mkdir -p "$P"
HOME=$WORK XDG_DATA_HOME=$WORK
export HOME XDG_DATA_HOME
[ -f "$BREAKS" ] || die "$BREAKS is missing; run this by \`make test\`, at the top of the source"
SANITIZED='' LIMIT=$SLOW
# vmrun makes the limit longer by itself then.
case $B in *san*) SANITIZED='the sanitizers have their own handlers of these signals' LIMIT=1 ;; esac

# manifest [CLASS [DEVICES]]: of the plugin t.
manifest()
{
	cat <<-END
		manifest: 1
		id: t
		version: 1.2.3
		summary: a test
		class: ${1:-device}
		library: {linux-$(uname -m): t.so}
		abi: {major: 1, minor: 0}
		provides: [vmrun.${1:-device}/1]
	END
	[ -z "${2:-}" ] || echo "devices: [$2]"
}

# What vmrun said besides its choice; the shell adds a line about the signal that ended a command.
said()
{
	grep -vE '^vmrun: arm64 guest on |^(Segmentation fault|Aborted|Bus error|Illegal instruction|Floating point exception)( \(core dumped\))? *$' "$ERR"
}

# one NAME STATUS TEXT: the last run (RC, $ERR) ended so, with one line besides the choice, which has TEXT (extended).
one()
{
	lines=$(said | wc -l)
	if [ "$RC" != "$2" ]; then
		bad "$1" "exit status $2" "$RC: $(head -n 3 "$ERR" | tr '\n' '|')"
	elif [ "$lines" != 1 ]; then
		bad "$1" "one line" "$lines: $(head -n 4 "$ERR" | tr '\n' '|')"
	elif ! said | grep -qE -- "^vmrun: error: $3"; then
		bad "$1" "vmrun: error: $3" "$(said)"
	else
		ok "$1"
	fi
}

# run NAME OPTION...: a guest whose command ends with 7.
run()
{
	name=$1
	shift
	vm 60 "$name" --plugin-path "$P" -p soft --kernel $KERNEL --initrd $INITRD "$@" --run 'exit 7'
}

# breaks STEP MANNER STATUS TEXT
breaks()
{
	if [ -n "$SANITIZED" ] && [ "$3" -gt 128 ]; then
		skip "$1-$2" "$SANITIZED"
		return
	fi
	VMRUN_TEST_BREAK=$1:$2
	export VMRUN_TEST_BREAK
	run "$1-$2" -p t
	unset VMRUN_TEST_BREAK
	one "$1-$2" "$3" "plugin 't'$4"
}

manifest >"$P/t.yaml"
cp "$BREAKS" "$P/t.so"
AT=" \\($P/t.so\\): "

# The plugin itself is right.
run sound -p t
ended 7

# ---- steps of its life ------------------------------------------------------------------------------------------------
breaks open segv 139 "${AT}opening its library crashed with SIGSEGV .* at 0x0; "
breaks open exit 4 "${AT}opening its library called exit\(0\); "
breaks magic ill 132 "${AT}vmrun_plugin_magic\(\) crashed with SIGILL"
breaks create segv 139 "${AT}vmrun_plugin_create\(\) crashed with SIGSEGV"
breaks create exit 4 "${AT}vmrun_plugin_create\(\) called exit\(0\); update, rebuild or remove"
breaks create abort 134 "${AT}vmrun_plugin_create\(\) crashed with SIGABRT"
breaks create libc 139 "${AT}vmrun_plugin_create\(\) crashed with SIGSEGV"
breaks probe bus 135 "${AT}probe\(\) crashed with SIGBUS"
breaks probe fpe 136 "${AT}probe\(\) crashed with SIGFPE"
breaks probe overflow 139 "${AT}probe\(\) crashed with SIGSEGV \(a stack that is full\)"
breaks start exit 4 "${AT}start\(\) called exit\(0\)"
breaks start quick 4 "${AT}start\(\) called quick_exit\(\)"
breaks stop segv 139 "${AT}stop\(\) crashed with SIGSEGV"
breaks destroy abort 134 "${AT}destroy\(\) crashed with SIGABRT"
if [ -n "$SANITIZED" ]; then
	skip create-_exit "the sanitizers have their own _exit()"
else
	breaks create _exit 4 "${AT}vmrun_plugin_create\(\) called _exit\(0\)"
fi
# When vmrun ends no code of the library runs: its destructors change neither the status nor the end.
if [ -n "$SANITIZED" ]; then
	skip destructors "the sanitizers look for leaks in exit(), which runs destructors"
else
	for how in segv exit _exit hang; do
		VMRUN_TEST_BREAK=unload:$how run "unload-$how" -p t
		ended 7
		same "unload-$how: silent" 0 "$(said | wc -l)"
	done
fi
# A handler of SIGALRM that a plugin puts in place stays, though the time limit of each step uses that signal.
for step in create probe start; do
	VMRUN_TEST_BREAK=$step:alarm run "own-alarm-$step" -p t
	ended 7
done
# A process of the plugin's own that ends is no fault.
VMRUN_TEST_BREAK=probe:child run own-child -p t
ended 7

# ---- it does not come back ---------------------------------------------------------------------------------------------
VMRUN_PLUGIN_TIMEOUT=$LIMIT
export VMRUN_PLUGIN_TIMEOUT
for step in open create probe start; do
	case $step in open) what='opening its library' ;; create) what='vmrun_plugin_create\(\)' ;; *) what="$step\\(\\)" ;; esac
	breaks $step hang 4 "${AT}$what has not returned within [0-9]+ s; remove the plugin, or give it more with VMRUN_PLUGIN_TIMEOUT"
done
# At the end as well: what the guest did is on its disks by then.
for step in stop destroy; do
	breaks $step hang 4 "${AT}$step\\(\\) has not returned within"
done
breaks create spin 4 "${AT}vmrun_plugin_create\(\) has not returned"
# It takes 1.5 s: too long now, but not by default, and not without a limit.
VMRUN_PLUGIN_TIMEOUT=1
[ -n "$SANITIZED" ] || breaks probe slow 4 "${AT}probe\(\) has not returned within 1 s"
VMRUN_PLUGIN_TIMEOUT=0
VMRUN_TEST_BREAK=probe:slow run no-limit -p t
ended 7
for value in -1 x 1.5 99999999; do
	VMRUN_PLUGIN_TIMEOUT=$value run "limit-$value" -p t
	one "limit-$value" 2 "VMRUN_PLUGIN_TIMEOUT '$value' must be a number of seconds"
done
unset VMRUN_PLUGIN_TIMEOUT
VMRUN_TEST_BREAK=probe:slow run default-limit -p t
ended 7

# ---- while the guest runs ----------------------------------------------------------------------------------------------
breaks access segv 139 ": it crashed with SIGSEGV .* at 0x0"
breaks access libc 139 ": it crashed with SIGSEGV"
breaks access abort 134 ": it crashed with SIGABRT"
breaks access overflow 139 ": it crashed with SIGSEGV \(a stack that is full\)"
breaks timer fpe 136 ": it crashed with SIGFPE"
breaks thread overflow 139 ": it crashed with SIGSEGV \(a stack that is full\)"
breaks thread abort 134 ": it crashed with SIGABRT"
breaks access exit 4 ": it called exit\(0\)"
breaks timer exit 4 ": it called exit\(0\)"
[ -n "$SANITIZED" ] || breaks thread _exit 4 ": it called _exit\(0\)"
# A device that does not return: a line while the guest runs; a request to end ends the run all the same, with a line that names
# what holds it, by the signal that asked.
# begin_held STEP: starts one in the background: their waits are the same time. held STEP PID [LINE]: when it hangs, or LINE is said
# while it runs, the end is asked for. held_ends STEP PID LATE: LATE is said then.
begin_held()
{
	VMRUN_TEST_SAY=1 VMRUN_TEST_BREAK=$1:hang "$VMRUN" --plugin-path "$P" -p soft -p t --kernel $KERNEL --initrd $INITRD --append 'earlycon loglevel=7' \
		--run 'sleep 100' >"$LOGS/held-$1.out" 2>"$LOGS/held-$1.err" </dev/null &
}
# until_said LOG TEXT: waits for it.
until_said()
{
	n=0
	until grep -qF -- "$2" "$1" || [ $n = $((300 * SLOW)) ]; do
		sleep 0.1
		n=$((n + 1))
	done
}
held()
{
	log=$LOGS/held-$1.err
	# A signal before the guest runs ends vmrun at once.
	until_said "$log" 'Linux version'
	until_said "$log" "${3:-breaks: it hangs now}"
	[ -z "${3:-}" ] || has "held-$1-is-told" "$log" "$3"
	kill -TERM "$2"
}
held_ends()
{
	log=$LOGS/held-$1.err
	n=0
	while kill -0 "$2" 2>/dev/null && [ $n -lt $((200 * SLOW)) ]; do
		sleep 0.1
		n=$((n + 1))
	done
	kill -KILL "$2" 2>/dev/null
	wait "$2" 2>/dev/null
	same "held-$1-ends-by-the-signal" 143 $?
	if grep -qE -- "vmrun: error: the machine has not ended within 5 s of the signal: $3; it is ended now" "$log"; then
		ok "held-$1-why"
	else
		bad "held-$1-why" "$3" "$(tr '\n' '|' <"$log")"
	fi
}
begin_held timer
timer=$!
begin_held thread
thread=$!
begin_held access
access=$!
held timer $timer
held thread $thread
held access $access "vCPU 0 has been inside device 'breaks' (plugin 't') for"
held_ends timer $timer "a device's timer does not return"
held_ends thread $thread "the board's destroy\(\), or that of one of its devices, does not return"
held_ends access $access "vCPU 0 is inside device 'breaks' \(plugin 't'\)"
# The terminal is given back first.
if [ -n "$SANITIZED" ]; then
	skip terminal-after-a-crash "$SANITIZED"
else
	for how in segv:139 exit:4; do
		if VMRUN_TEST_BREAK=thread:${how%:*} "$TOOLS/term" -t $((60 * SLOW)) -l "$LOGS/terminal-$how.out" \
			"expect=plugin 't': it " "end=${how#*:}" sane -- "$VMRUN" --plugin-path "$P" -p soft -p t --kernel $KERNEL \
			--initrd $INITRD 2>"$WORK/wrong"; then
			ok "terminal-after-${how%:*}"
		else
			bad "terminal-after-${how%:*}" "a line, status ${how#*:} and the terminal as before" "$(cat "$WORK/wrong")"
		fi
	done
fi
# vmrun's own end by another process is not a plugin's doing.
"$VMRUN" --plugin-path "$P" -p soft --kernel $KERNEL --initrd $INITRD --run 'sleep 100' >"$LOGS/sent.out" 2>"$LOGS/sent.err" </dev/null &
pid=$!
until_said "$LOGS/sent.err" ' guest on '
kill -SEGV $pid
wait $pid 2>/dev/null
RC=$? ERR=$LOGS/sent.err
if [ -n "$SANITIZED" ]; then skip signal-of-another "$SANITIZED"; else one signal-of-another 139 "process $$ sent SIGSEGV"; fi

# ---- C++ -----------------------------------------------------------------------------------------------------------------
CXX=${CXX:-c++}
if ! command -v "$CXX" >/dev/null; then
	skip exception "there is no C++ compiler here ($CXX)"
elif [ -n "$SANITIZED" ]; then
	skip exception "$SANITIZED"
else
	cat >"$WORK/throws.cc" <<-'END'
		#include <stdexcept>
		extern "C" {
		#include <vmrun/plugin.h>
		const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
		{
			static const struct vr_magic magic = VR_MAGIC_INITIALIZER;
			return &magic;
		}
		int32_t VR_CALL vmrun_plugin_create(const struct vr_host *, const char *, const struct vr_plugin **)
		{
			throw std::runtime_error("not caught");
		}
		}
	END
	if "$CXX" -shared -fPIC -Isdk/include -o "$P/t.so" "$WORK/throws.cc" 2>"$LOGS/throws.log"; then
		run exception -p t
		# The C++ library has lines of its own before.
		grep -a 'vmrun: ' "$ERR" >"$ERR.ours"
		ERR=$ERR.ours
		one exception 134 "plugin 't'${AT}vmrun_plugin_create\(\) crashed with SIGABRT"
	else
		bad exception "a plugin in C++" "$(head -n 1 "$LOGS/throws.log")"
	fi
fi

# ---- what is not used is not opened ------------------------------------------------------------------------------------
cp "$BREAKS" "$P/t.so"
manifest device com.example.other >"$P/t.yaml"
VMRUN_TEST_BREAK=open:exit run unused-device
ended 7
same unused-device-is-silent 0 "$(said | wc -l)"
# Without `devices` it may make anything, as those of ABI 1.0.
manifest >"$P/t.yaml"
VMRUN_TEST_BREAK=open:exit run old-device
one old-device 4 "plugin 't'${AT}opening its library called exit"
# Each class, with a library that is not whole: another does its work.
head -c 9000 "$BREAKS" >"$P/t.so"
manifest accel >"$P/t.yaml"
printf 'guest: [any]\npriority: -10\n' >>"$P/t.yaml"
vm 60 unused-accel --plugin-path "$P" --kernel $KERNEL --initrd $INITRD --run 'exit 7'
ended 7
same unused-accel-is-silent 0 "$(said | wc -l)"
manifest translator >"$P/t.yaml"
printf 'guest: [arm64]\nhost: [%s]\npriority: -10\n' "$(uname -m)" >>"$P/t.yaml"
run unused-translator
ended 7
manifest board >"$P/t.yaml"
printf 'guest: [arm64]\npriority: -10\n' >>"$P/t.yaml"
run unused-board
ended 7
manifest accel >"$P/t.yaml"
printf 'guest: [any]\npriority: 100\n' >>"$P/t.yaml"
vm 60 preferred-accel -v --plugin-path "$P" --kernel $KERNEL --initrd $INITRD --run 'exit 7'
ended 7
has preferred-accel-is-named "$ERR" "t: $P/t.so: can't be loaded: it is cut short"
manifest device virtio-blk >"$P/t.yaml"
echo 'priority: 500' >>"$P/t.yaml"
run preferred-device
ended 7
has preferred-device-is-named "$ERR" "warning: devices of plugin 't' can't be had: $P/t.so: can't be loaded: it is cut short"

# ---- libraries that are not whole ---------------------------------------------------------------------------------------
manifest >"$P/t.yaml"
# As long as the segments are there it is whole: what follows is for debuggers.
need=0
for end in $(readelf -lW "$BREAKS" | sed -n 's/^  [A-Z_]*  *\(0x[0-9a-f]*\) 0x[0-9a-f]* 0x[0-9a-f]* \(0x[0-9a-f]*\) .*/\1+\2/p'); do
	# shellcheck disable=SC2004 # a sum in a variable needs the $ here
	[ $(($end)) -le $need ] || need=$(($end))
done
for length in 0 1 15 16 40 63 64 100 700 4095 4096 4097 5000 $((need / 2)) $((need - 1)); do
	head -c "$length" "$BREAKS" >"$P/t.so"
	run "length-$length" -p t
	one "length-$length" 3 "$P/t.so: can't be loaded: it is (cut short: |empty|no shared library)"
done
head -c "$need" "$BREAKS" >"$P/t.so"
run "length-$need" -p t
ended 7

# poke NAME OFFSET OCTAL... TEXT: bytes of the file replaced.
poke()
{
	cp "$BREAKS" "$P/t.so"
	# shellcheck disable=SC2059 # the format is the bytes
	printf "$3" | dd of="$P/t.so" bs=1 seek="$2" conv=notrunc status=none
	run "$1" -p t
	one "$1" 3 "$P/t.so: can't be loaded: $4"
}
poke magic-number 0 '\0' 'it is no shared library \(no ELF header\)'
poke class-32 4 '\1' 'it is a library of 32 bits'
poke big-endian 5 '\2' 'it is for another byte order'
poke machine-arm 18 '\50\0' 'it is for arm, and this machine is '
poke machine-unknown 18 '\1\2' 'it is for another processor \(e_machine 513\)'
poke type-program 16 '\2' 'it is a program, no shared library'
poke type-object 16 '\1' 'it is an object file, no shared library'
poke header-size 54 '\40' 'its program headers have 32 bytes, not 56'
poke no-segments 56 '\0\0' 'it has 0 segments'
poke segments-outside 32 '\377\377\377\377' 'it is cut short: its [0-9]+ program headers'
poke segment-outside 96 '\377\377\377\177' 'it is cut short: segment 1 of '
rm "$P/t.so"
mkdir "$P/t.so"
run folder -p t
one folder 3 "$P/t.so: can't be loaded: it is no regular file"
rmdir "$P/t.so"

# ---- the commands survive --------------------------------------------------------------------------------------------------
# doctor NAME TEXT: it ends well, has TEXT for this plugin, and all others are usable.
doctor()
{
	ERR=$LOGS/doctor-$1.err OUT=$LOGS/doctor-$1.out
	timeout -k 5 $((60 * SLOW)) "$VMRUN" --plugin-path "$P" doctor >"$OUT" 2>"$ERR" </dev/null
	same "doctor-$1-ends" 0 $?
	if sed -n '/^  t  *device  *not usable/{n;p}' "$OUT" | grep -qE -- "$2"; then
		ok "doctor-$1"
	else
		bad "doctor-$1" "$2" "$(grep -A1 '^  t ' "$OUT" | tr '\n' ' ')"
	fi
	grep -q '^  soft  *accel  *usable' "$OUT" && ok "doctor-$1-others" || bad "doctor-$1-others" "soft usable" "$(grep '^  soft' "$OUT")"
}
cp "$BREAKS" "$P/t.so"
export VMRUN_TEST_BREAK
if [ -z "$SANITIZED" ]; then
	VMRUN_TEST_BREAK=open:segv doctor segv 'opening its library crashed with SIGSEGV'
	VMRUN_TEST_BREAK=probe:overflow doctor overflow 'probe\(\) crashed with SIGSEGV \(a stack that is full\)'
	VMRUN_TEST_BREAK=create:_exit doctor _exit 'vmrun_plugin_create\(\) called _exit\(0\)'
	VMRUN_TEST_BREAK=destroy:abort doctor abort 'destroy\(\) crashed with SIGABRT'
else
	skip doctor-segv "$SANITIZED"
fi
VMRUN_TEST_BREAK=create:exit doctor exit 'vmrun_plugin_create\(\) called exit\(0\)'
VMRUN_PLUGIN_TIMEOUT=$LIMIT VMRUN_TEST_BREAK=probe:hang doctor hang 'probe\(\) has not returned within'
VMRUN_PLUGIN_TIMEOUT=$LIMIT VMRUN_TEST_BREAK=destroy:closes doctor closes 'loading or probing it did not end; remove the plugin'
# It is usable, whatever it has to say; and vmrun's parent may ignore SIGCHLD.
ignoring='env --ignore-signal=CHLD'
$ignoring true 2>/dev/null || { skip doctor-ignored-signal "env has no --ignore-signal"; ignoring='env'; }
for how in facts:many none:none; do
	# Neither dash nor timeout(1) passes an ignored SIGCHLD on.
	# shellcheck disable=SC2086 # several words
	VMRUN_TEST_BREAK=$how timeout -k 5 $((60 * SLOW)) $ignoring "$VMRUN" --plugin-path "$P" doctor \
		>"$OUT" 2>"$ERR" </dev/null
	same "doctor-${how%:*}-ends" 0 $?
	grep -q '^  t  *device  *usable' "$OUT" && ok "doctor-${how%:*}" || bad "doctor-${how%:*}" "t usable" "$(grep -A1 '^  t ' "$OUT" | tr '\n' ' ')"
	[ $how = none:none ] || has doctor-many-facts "$OUT" '    a fact  '
done
if [ -z "$SANITIZED" ]; then
	VMRUN_TEST_BREAK=open:segv "$VMRUN" --plugin-path "$P" doctor --json >"$OUT" 2>"$ERR"
	same doctor-json 0 $?
	has doctor-json-text "$OUT" 'opening its library crashed with SIGSEGV'
	VMRUN_TEST_BREAK=create:segv timeout 60 "$VMRUN" plugins check "$P/t.yaml" >"$OUT" 2>&1
	same check-crash 1 $?
	has check-crash-text "$OUT" 'vmrun_plugin_create crashed: signal 11'
fi
unset VMRUN_TEST_BREAK
head -c 9000 "$BREAKS" >"$P/t.so"
doctor cut 't.so: can.t be loaded: it is cut short: segment'
"$VMRUN" --plugin-path "$P" plugins >"$OUT" 2>"$ERR"
same list-ends 0 $?
has list-shows-it "$OUT" 'a test'
has list-says-so "$ERR" "warning: plugin 't': $P/t.so: can't be loaded: it is cut short"
"$VMRUN" --plugin-path "$P" plugins --json >"$OUT" 2>"$ERR"
has list-json-says-so "$OUT" "t.so: can't be loaded: it is cut short"
timeout 60 "$VMRUN" plugins check "$P/t.yaml" >"$OUT" 2>&1
same check-cut 1 $?
has check-cut-text "$OUT" 'FAIL  R-LOAD-05'
grep -q 'FAIL.*it is cut short' "$OUT" && ok check-cut-says-so || bad check-cut-says-so 'cut short' "$(grep FAIL "$OUT")"
grep -q "^FAIL.*crashed" "$OUT" && bad check-cut-does-not-crash 'no crash' "$(grep -m1 "^FAIL.*crashed" "$OUT")" || ok check-cut-does-not-crash
finish
