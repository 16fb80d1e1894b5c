#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests come up, do what they are told and end as they should.
. tests/guest/lib.sh
. tests/guest/smp.sh

# The counters, in a boot on one CPU.
numbers()
{
	sed -n '/^{/,/^}/p' "$ERR" >"$WORK/stats"
	if ! $TOOLS/json <"$WORK/stats" 2>"$WORK/wrong"; then
		bad stats-is-json "JSON on stderr" "$(cat "$WORK/wrong")"
		return
	fi
	ok stats-is-json
	rate=$($TOOLS/json accel.cache_hit_rate <"$WORK/stats" 2>&1)
	same stats-hit-rate-above-99% yes "$(echo "$rate" | awk '{ print (($1 > 0.99) ? "yes" : $0) }')"
	ns=$($TOOLS/json accel.translate_ns_per_insn <"$WORK/stats" 2>&1)
	# How long it takes depends on what else this machine does.
	same stats-translation-is-timed yes "$(echo "$ns" | awk '{ print (($1 > 0) ? "yes" : $0) }')"
	echo "     hit rate $rate, $ns ns a translated instruction"
}

smp kernel-initrd 1 --stats=json
numbers
smp kernel-initrd 2
smp kernel-initrd 4
# Less room for translated code than a boot takes: the oldest is evicted, under both CPUs.
smp small-cache 2 -p soft,cache=12M --stats=json
sed -n '/^{/,/^}/p' "$ERR" >"$WORK/stats"
evictions=$($TOOLS/json accel.evictions <"$WORK/stats")
same small-cache-evictions yes "$(echo "$evictions" | awk '{ print (($1 > 12) ? "yes" : $0) }')"
same small-cache-is-never-emptied 0 "$($TOOLS/json accel.cache_flushes <"$WORK/stats")"

# A disk: its Boot Loader Specification entry, with everything chosen by vmrun.
copy $IMG "$WORK/disk.img"
vm 60 image --run 'uname -m; cat /proc/cmdline; mount | grep " / "' "$WORK/disk.img"
ended 0
has image-uname "$OUT" $MACHINE
has image-bls-options "$OUT" root=PARTUUID=
has image-root "$OUT" 'type ext4'
has image-choice-is-told "$ERR" 'vmrun: arm64 guest on '
same image-one-line-on-stderr 1 "$(wc -l <"$ERR")"
same image-line-is-short yes "$(awk '{ print ((length($0) <= 100) ? "yes" : $0) }' "$ERR")"
vm 60 image-as-told -p soft -p xlate-arm64-x86 --run 'echo fine; exit 1' "$WORK/disk.img"
ended 1
has image-as-told-output "$OUT" fine
# A translator that is named beside an accelerator of another architecture is used; the line says so.
if [ "$(uname -m)" = x86_64 ]; then
	vm 60 image-by-the-translator -v -p kvm -p xlate-arm64-x86 --run 'echo fine' "$WORK/disk.img"
	ended 0
	has image-by-the-translator-line "$ERR" 'software, as asked for; kvm: runs only guests of the host'
fi
vm 60 image-smp4 --smp 4 -m 1G --run 'nproc; free -m | sed -n 2p' "$WORK/disk.img"
ended 0
same image-smp4-cpus 4 "$(grep -ax '[0-9]*' "$OUT" | head -n 1)"
mem=$(awk '/^Mem:/ { print ($2 > 850 && $2 < 1024) ? "yes" : $2 }' "$OUT")
same image-memory-of-1G yes "$mem"

# The least and the greatest status, and one that shells use themselves.
vm 60 output-is-what-was-printed -q --kernel $KERNEL --initrd $INITRD \
	--run 'dmesg -n 1; printf "one\ntwo  three\n"; printf "%s\n" "a%b" "c\\d"; exit 126'
ended 126
same output-is-what-was-printed "one two  three a%b c\\d" "$(head -n 4 "$OUT" | tr '\n' ' ' | sed 's/ $//')"
same quiet-says-nothing 0 "$(wc -c <"$ERR")"

. tests/guest/configs.sh

# What the user gives adds up: parameters, initrds beside a kernel and beside an image's own; a log level given keeps `quiet` away.
mkdir -p "$WORK/more/one" "$WORK/more/two"
echo first >"$WORK/more/one/given-one"
echo second >"$WORK/more/two/given-two"
for d in one two; do (cd "$WORK/more/$d" && find . | cpio --quiet -o -H newc) >"$WORK/$d.cpio"; done
vm 60 several --kernel $KERNEL --initrd $INITRD --initrd "$WORK/one.cpio" --initrd "$WORK/two.cpio" --append x.a=1 --append 'x.b=2 loglevel=4' \
	--run 'cat /given-one /given-two /proc/cmdline; exit 255'
ended 255
same several-initrds 'first second' "$(grep -a '^first$\|^second$' "$OUT" | tr '\n' ' ' | sed 's/ $//')"
has several-parameters "$OUT" ' x.a=1 x.b=2 loglevel=4'
same no-quiet 0 "$(grep -ac 'quiet.*vmrun.agent' "$OUT")"
copy $IMG "$WORK/more.img"
vm 60 image-and-initrd --initrd "$WORK/one.cpio" --run 'dmesg | grep -c "Unpacking initramfs"; uname -m' "$WORK/more.img"
ended 0
has image-and-initrd-runs "$OUT" $MACHINE
NAME=machine-from-stdin OUT=$LOGS/machine-from-stdin.out ERR=$LOGS/machine-from-stdin.err
printf 'kernel: %s\ninitrd: %s\nmemory: 256M\n' "$KERNEL" "$INITRD" | timeout 60 "$VMRUN" -c - --run 'free -m | sed -n 2p' >"$OUT" 2>"$ERR"
RC=$?
ended 0
same machine-from-stdin-memory yes "$(awk '/^Mem:/ { print ($2 > 180 && $2 < 256) ? "yes" : $2 }' "$OUT")"
printf 'kernel: [\n' | timeout 60 "$VMRUN" -c - --run true >"$OUT" 2>"$ERR"
RC=$?
ended 3
has machine-from-stdin-wrong "$ERR" 'error: standard input:2:1: '
"$VMRUN" doctor --arch ppc64 >"$OUT" 2>"$ERR"
has doctor-of-an-architecture-without-a-board "$OUT" 'ppc64      none: no board for ppc64 guests is installed'
same doctor-of-one-architecture 0 "$(grep -c '^  arm64 ' "$OUT")"

# A reset boots again; what the guest wrote before it is there.
copy $IMG "$WORK/reboot.img"
again='if [ -e /root/again ]; then echo second; exit 5; fi; echo first; touch /root/again; sync; reboot -f; sleep 60'
vm 90 reboot --stats=json --run "$again" "$WORK/reboot.img"
ended 5
same reboot-first-then-second 'first second ' "$(grep -aE '^(first|second)' "$OUT" | tr -d '\r' | tr '\n' ' ')"
sed -n '/^{/,/^}/p' "$ERR" >"$WORK/stats"
same reboot-is-counted 1 "$($TOOLS/json core.resets <"$WORK/stats" 2>&1)"
vm 60 no-reboot --no-reboot --kernel $KERNEL --initrd $INITRD --append 'quiet vmrun.run=echo%20before;reboot%20-f;sleep%2060'
same no-reboot '0 1' "$RC $(grep -ac before "$OUT")"
vm 60 no-reboot-run --no-reboot --kernel $KERNEL --initrd $INITRD --run 'reboot -f; sleep 60'
same no-reboot-run 125 "$RC"
has no-reboot-run-says-reset "$ERR" '--run: the guest reset the machine while the command ran, and told no exit status (--no-reboot ends the run there)'
vm 60 reboot-smp4 --smp 4 --run "$again" "$WORK/reboot.img"
ended 5

# on_terminal NAME STEP... -- OPTION...
on_terminal()
{
	name=$1
	shift
	if $TOOLS/term -t $((60 * SLOW)) -l "$LOGS/$name.out" "$@" 2>"$WORK/wrong"; then
		ok "$name"
	else
		bad "$name" "every step" "$(cat "$WORK/wrong")"
	fi
}

# A shell: what is typed comes back computed; ^C reaches the guest (the program that prints has the terminal already: between two
# commands of a list the guest's own shell loses it now and then); Ctrl-A x ends vmrun and leaves the terminal as it was.
# shellcheck disable=SC2086
on_terminal shell 'expect=# ' 'send=echo $((6*7))-$((2+1))\r' expect=42-3 'expect=# ' 'send=sh -c "echo be""gun; exec sleep 1000"\r' expect=begun \
	'send=\x03' 'expect=# ' 'send=stty size\r' 'expect=# ' 'send=\x01x' end=5 sane -- \
	"$VMRUN" $ARGS --kernel $KERNEL --initrd $INITRD --append quiet
# shellcheck disable=SC2086
on_terminal shell-ends-with-exit 'expect=# ' 'send=python3 -c "print(2**64)"\r' expect=18446744073709551616 'expect=# ' \
	'send=exit\r' end=0 sane -- "$VMRUN" $ARGS "$WORK/disk.img"
# shellcheck disable=SC2086
on_terminal escape-twice-is-sent raw 'expect=# ' 'send=cat -v\r' 'expect=cat -v' 'send=\x01\x01\r' 'expect=^A' \
	'send=\x01h' 'expect=Ctrl-A x' 'send=\x01x' end=5 sane -- "$VMRUN" $ARGS --kernel $KERNEL --initrd $INITRD
finish
