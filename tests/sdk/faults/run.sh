#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh FOLDER: with what is installed alone (vmrun and vmrun-sdk; PATH and PKG_CONFIG_PATH lead to them): plugin.cc, a device in C++,
# is built in FOLDER by each C++ compiler that is there, and crashes, hangs and throws in each call of it. vmrun names it every time, and
# ends: with the signal's status, with 4 where a call does not return, by SIGTERM where the guest runs on.
set -u
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
ID=com.example.faults
passed=0 failed=0 skipped=0
ok()
{
	passed=$((passed + 1))
	echo "ok   $1"
}
bad()
{
	failed=$((failed + 1))
	echo "FAIL $1"
	printf '%s\n' "$2" | sed 's/^/     /' | tail -n 20
}
cd "$1" || exit 1
T=$(pkg-config --variable=tinydir vmrun-sdk)
run()
{
	vmrun --plugin-path ".:$T" -p $ID "$@" </dev/null
}

# named CALL MANNER: the run has ended with $rc, and said $said.
named()
{
	wanted=0 who="plugin '$ID'"
	case $2 in
	crash) wanted=139 text='crashed with SIGSEGV' ;;
	throw) wanted=134 text='crashed with SIGABRT (abort(), also after a C++ exception that left the plugin)' ;;
	hang) wanted=4 text='has not returned within 1 s' ;;
	esac
	case $1 in
	magic | create) step="vmrun_plugin_$1() " ;;
	query | probe | start | stop | destroy) step="$1() " ;;
	*) step='' ;;
	esac
	case $1-$2 in
	made-hang | window-hang | irq-hang | compatible-hang | node_name-hang | describe-hang) text="$text while the machine is made" ;;
	reset-hang) text="$text while the machine is reset" ;;
	timer-hang | thread-hang | gone-hang) text="$text while the machine ends" ;;
	esac
	if [ "$rc" != $wanted ]; then
		bad "$1-$2" "status $rc, not $wanted: $said"
	elif ! printf '%s\n' "$said" | grep -F "vmrun: error: $who" | grep -qF "$step$text"; then
		bad "$1-$2" "no line with $who and '$step$text' in: $said"
	else
		ok "$1-$2"
	fi
}

# held CALL: it hangs while the guest runs: one line says so, and SIGTERM ends the run within 5 s, which another line explains.
held()
{
	# No function: the signal is for vmrun itself.
	PLUGIN_FAULT=$1:hang vmrun --plugin-path ".:$T" -p $ID guest.img >out 2>"held-$1" </dev/null &
	held=$!
	n=0
	: >>"held-$1"
	until grep -q 'has been inside device' "held-$1" || [ $n = 300 ]; do
		sleep 0.1
		n=$((n + 1))
	done
	kill -TERM $held
	wait $held 2>/dev/null
	rc=$?
	said=$(cat "held-$1")
	if [ $rc = 143 ] && grep -q "warning: vCPU 0 has been inside device '$ID' (plugin '$ID') for" "held-$1" &&
		grep -q "error: the machine has not ended within 5 s of the signal: vCPU 0 is inside device '$ID' (plugin '$ID')" "held-$1"; then
		ok "$1-hang"
	else
		bad "$1-hang" "status $rc, not 143, or no line: $said"
	fi
}

vmrun plugins new mmio-device $ID >/dev/null && cd $ID && rm plugin.c && cp "$here/plugin.cc" . && make -s guest.img || exit 1
# What hangs takes a second each, and does so whoever compiled it.
manners='crash throw hang'
for cxx in g++ clang++; do
	if ! command -v $cxx >/dev/null; then
		skipped=$((skipped + 1))
		echo "skip $cxx: skipped, it is not installed"
		continue
	fi
	rm -f $ID.so
	if why=$(make -s CXX=$cxx CXXFLAGS='-O2 -Wall -Wextra -Wshadow -Werror -Wno-unused-command-line-argument' $ID.so 2>&1) &&
		run --no-reboot guest.img >out 2>err && cmp out expected; then
		ok "$cxx: without a fault"
	else
		bad "$cxx" "$why $(cat out err)"
		continue
	fi
	for call in magic create query probe start made window irq compatible node_name describe read write reset timer thread gone stop destroy; do
		for manner in $manners; do
			case $call-$manner in read-hang | write-hang) continue ;; esac
			# A child is waited for by this shell, which may have words of its own on its end.
			said=$({ VMRUN_PLUGIN_TIMEOUT=1 PLUGIN_FAULT=$call:$manner run guest.img >/dev/null; echo "status $?"; } 2>&1)
			rc=$(printf '%s\n' "$said" | sed -n 's/^status //p')
			named $call $manner
		done
	done
	manners='crash throw'
done
if [ -e $ID.so ]; then
	held read
	held write
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
