#!/bin/sh
# SPDX-License-Identifier: MIT
# examples.sh: the examples of sdk/examples do what their pages say.
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
. tests/guest/lib.sh
E=$B/examples
T=$B/tests/examples
PLUGINS=$E:$B/plugins
[ -e "$E/primes.teach" ] || die "$E/primes.teach is missing; run this by \`make test\`, at the top of the source"

# ---- they keep the SDK's rules, and are built as their pages say
check()
{
	name=$1
	shift
	if "$@" >"$LOGS/$name.log" 2>&1; then ok "$name"; else bad "$name" "status 0" "$(grep -v '^pass' "$LOGS/$name.log" | tail -n 5 | tr '\n' ' ')"; fi
}
# The validator keeps what it read until it ends.
check rules-trace-accel env ASAN_OPTIONS=detect_leaks=0 "$VMRUN" plugins check "$E/trace-accel.yaml"
check rules-serial-log env ASAN_OPTIONS=detect_leaks=0 "$VMRUN" plugins check -o "file=$WORK/check.log" "$E/serial-log.yaml"
check rules-file-drop env ASAN_OPTIONS=detect_leaks=0 "$VMRUN" plugins check -o "folder=$WORK" "$E/file-drop.yaml"
check rules-sp805 env ASAN_OPTIONS=detect_leaks=0 "$VMRUN" plugins check "$E/sp805.yaml"
check rules-sbsa-gwdt env ASAN_OPTIONS=detect_leaks=0 "$VMRUN" plugins check "$E/sbsa-gwdt.yaml"
check rules-ram-disk env ASAN_OPTIONS=detect_leaks=0 "$VMRUN" plugins check "$E/ram-disk.yaml"
check rules-board-teach env ASAN_OPTIONS=detect_leaks=0 "$VMRUN" plugins check "$E/board-teach.yaml"
check rules-xlate-teach env ASAN_OPTIONS=detect_leaks=0 "$VMRUN" plugins check "$E/xlate-teach.yaml"
case $B in *san*) skip make "a plugin without the sanitizers can't be linked with what has them" ;; *)
	PKG_CONFIG_PATH=$env_b/lib/pkgconfig
	export PKG_CONFIG_PATH
	for d in sdk/examples/*/; do
		cp -R "$d" "$WORK/"
		# With flags of the user's own: what the plugin needs is added to them.
		check "make-$(basename "$d")" make -C "$WORK/$(basename "$d")" CFLAGS=-O1 CXXFLAGS=-O1 check
	done
	;;
esac

# ---- the teaching machine: lifter + emitter, and interpreted
primes=$(awk 'BEGIN { for (n = 2; n < 1000; n++) { for (d = 2; d * d <= n; d++) if (n % d == 0) break
	if (d * d > n) printf "%d ", n } }')
for tier in 0 1 2; do
	vm 60 teach-primes-tier$tier --plugin-path "$PLUGINS" -p soft,tier=$tier "$E/primes.teach"
	ended 168
	same "$NAME: output" "$primes" "$(head -n 1 "$OUT")"
done
vm 60 teach-state --plugin-path "$PLUGINS" -p board-teach -p xlate-teach -m 1M "$E/primes.teach"
ended 168
vm 60 teach-undefined --plugin-path "$PLUGINS" "$T/wrong.teach"
ended 1
has "$NAME: says so" "$ERR" "there is no instruction 0xc8, pc 0x1008"
vm 60 teach-nothing-there --plugin-path "$PLUGINS" "$T/nowhere.teach"
ended 1
has "$NAME: says so" "$ERR" "nothing to read at 0x78000010, pc 0x1008"
vm 60 teach-smp --plugin-path "$PLUGINS" --smp 2 "$E/primes.teach"
ended 3
has "$NAME: says so" "$ERR" "this machine has one CPU"
NAME=teach-console OUT=$LOGS/teach-console.out ERR=$LOGS/teach-console.err
(sleep 0.2; echo hello) | timeout 60 "$VMRUN" --plugin-path "$PLUGINS" "$T/cat.teach" >"$OUT" 2>"$ERR"
RC=$?
ended 42
same "$NAME: output" HELLO "$(head -n 1 "$OUT")"

# ---- file-drop: a guest reads a file by way of a helper process, and gets no other
mkdir "$WORK/drop"
seq 1 1000 >"$WORK/drop/note"
echo outside >"$WORK/outside"
ln -s ../outside "$WORK/drop/link"
mkfifo "$WORK/drop/pipe"
vm 60 file-drop --plugin-path "$PLUGINS" -m 64M -p "file-drop,folder=$WORK/drop" --kernel "$T/file-drop"
ended 0
guest_results "$OUT"
same "file-drop: the file" "$(cksum <"$WORK/drop/note")" "$(tr -d '\r' <"$OUT" | grep '^[0-9]*$' | cksum)"
vm 60 file-drop-wrong --plugin-path "$PLUGINS" -m 64M -p "file-drop,folder=$WORK/none" --kernel "$T/file-drop"
ended 3
has "file-drop: no such folder" "$ERR" "its helper (role share): folder= is no folder that can be read"
vm 60 file-drop-without --plugin-path "$PLUGINS" -m 64M -p file-drop --kernel "$T/file-drop"
ended 3
has "file-drop without folder" "$ERR" "Say -p file-drop,folder=FOLDER"

# ---- ram-disk: a disk that is a plugin, beside one that is a file
truncate -s 1M "$WORK/disk"
printf 'a file' >"$WORK/note"
dd if="$WORK/note" of="$WORK/disk" conv=notrunc 2>/dev/null
vm 120 ram-disk --plugin-path "$PLUGINS" -p ram-disk,size=8M --kernel "$KERNEL" --initrd "$INITRD" --disk "$WORK/disk" \
	--run 'cat /sys/block/vda/size /sys/block/vdb/size; head -c 6 /dev/vda; echo; dd if=/dev/zero bs=1M count=8 | tr "\0" X >/dev/vdb;
		sync; echo 3 >/proc/sys/vm/drop_caches; dd if=/dev/vdb bs=1M | tr -d X | wc -c; dd if=/dev/vdb bs=1M 2>/dev/null | wc -c'
ended 0
same "ram-disk: sizes, file, contents" "2048 16384 a file 0 8388608" "$(tr -d '\r' <"$OUT" | grep -v records | grep -v copied | tr '\n' ' ' | sed 's/ $//')"
for bad in "size=100|multiple of 512" "size=0|multiple of 512"; do
	vm 60 ram-disk-wrong --plugin-path "$PLUGINS" -p "ram-disk,${bad%%|*}" --kernel "$KERNEL" --initrd "$INITRD"
	ended 3
	has "ram-disk,${bad%%|*}" "$ERR" "${bad#*|}"
done

# ---- sp805 and sbsa-gwdt, by the drivers of Debian's kernel. Fed, both let the guest live past their timeouts; one that is
# stopped properly does no more; one that is not fed any longer resets the machine.
mkdir "$WORK/modules"
for name in sp805_wdt sbsa_gwdt; do
	find "$GUEST/kernel/lib/modules" -name "$name.ko" -exec cp {} "$WORK/modules" \;
	[ -e "$WORK/modules/$name.ko" ] || die "there is no $name.ko in $GUEST/kernel"
done
(cd "$WORK/modules" && printf '%s\n' ./*.ko | cpio -o -H newc --quiet) >"$WORK/modules.img"
# watchdogs NAME OPTION...: a guest with the drivers loaded
watchdogs()
{
	vm 120 "$@" --plugin-path "$PLUGINS" --no-reboot --kernel "$KERNEL" --initrd "$INITRD" --initrd "$WORK/modules.img"
}
watchdogs watchdogs -p sp805 -p sbsa-gwdt --run 'insmod /sp805_wdt.ko; insmod /sbsa_gwdt.ko; cd /sys/class/watchdog
	cat watchdog0/identity watchdog1/identity
	watchdog -T 6 -t 1 -F /dev/watchdog0 & a=$!; watchdog -T 6 -t 1 -F /dev/watchdog1 & b=$!
	sleep 8; for i in 0 1; do echo "$(cat watchdog$i/state), $(($(cat watchdog$i/timeleft) > 3)) of $(cat watchdog$i/timeout) s"; done
	kill $a; wait $a; cat watchdog0/state
	kill -9 $b; sleep 60; echo alive after all'
ended 125
same "$NAME: what the drivers say" "sp805-wdt|SBSA Generic Watchdog|active, 1 of 6 s|active, 1 of 6 s|inactive|" "$(tr -d '\r' <"$OUT" | tr '\n' '|')"
has "$NAME: not fed" "$ERR" "sbsa-gwdt: the guest has not fed the watchdog in time: the machine is reset"
watchdogs watchdog-sp805 -p sp805 --run 'insmod /sp805_wdt.ko; watchdog -T 2 -t 1 -F /dev/watchdog & sleep 1; kill -9 $!; sleep 60; echo alive after all'
ended 125
same "$NAME: nothing more" "" "$(cat "$OUT")"
has "$NAME: not fed" "$ERR" "sp805: the guest has not fed the watchdog in time: the machine is reset"

# ---- pl061, by the driver of Debian's kernel: a line that is driven comes back at another one, and interrupts
if [ -e "$WORK/pl061/pl061.so" ]; then
	vm 120 pl061 --plugin-path "$WORK/pl061:$B/plugins" -p pl061 --no-reboot --kernel "$KERNEL" --initrd "$INITRD" \
		--run 'cd /sys/class/gpio; readlink /sys/bus/amba/drivers/pl061_gpio/c000000.gpio | sed "s,.*/,,"; base=$(cat gpiochip*/base); out=gpio$base in=gpio$((base + 4))
			echo $base >export; echo $((base + 4)) >export; echo out >$out/direction
			cat $in/value; echo 1 >$out/value; cat $in/value; echo both >$in/edge; echo 0 >$out/value; echo 1 >$out/value
			awk "/c000000.gpio/ { print \$2, \$4, \$5 }" /proc/interrupts'
	ended 0
	same "$NAME: the driver, the levels, the interrupts" "c000000.gpio|0|1|2 4 Edge|" "$(tr -d '\r' <"$OUT" | tr '\n' '|')"
else
	skip pl061 "it is not built for the sanitizers"
fi

# ---- the device tree with its node is written at each reset (device-tree.md, "What is whose")
for arch in arm64 riscv64; do
	vm 60 tree-again-$arch --plugin-path "$PLUGINS" -m 64M -p sp805 --kernel "$T/tree-again-$arch"
	ended 0
	guest_results "$OUT"
	has "$NAME: thrice" "$OUT" "boots 0x3"
done
# What device-tree.md says under "Use it", as it stands there, with guest.img for its debian-arm64.img.
page=$(sed -n 's/^    vmrun --plugin-path \. \(-p sp805 .*\) debian-arm64\.img$/\1/p' sdk/doc/device-tree.md)
eval "vm 120 device-tree-page --plugin-path \"\$PLUGINS\" $page guest.img"
ended 125
same "$NAME: nothing more" "" "$(cat "$OUT")"
has "$NAME: not fed" "$ERR" "sp805: the guest has not fed the watchdog in time: the machine is reset"

# ---- serial-log and trace-accel, in one Linux
log=$WORK/serial.log trace=$WORK/trace.log
vm 120 linux --plugin-path "$PLUGINS" -p "trace-accel,accel=soft,log=$trace" -p "serial-log,file=$log" \
	--kernel "$KERNEL" --initrd "$INITRD" --append 'ignore_loglevel console=ttyS0 console=ttyAMA0' \
	--run 'cat /proc/tty/driver/serial; echo from the guest >/dev/ttyS0'
ended 0
has "serial-log: Linux has the port" "$OUT" "0: uart:16550A mmio:0x0C000000"
has "serial-log: what was sent is in the file" "$log" "from the guest"
has "serial-log: the kernel's log as well" "$log" "Linux version"
cp "$trace" "$log" "$LOGS"
has "trace-accel: chosen" "$ERR" "trace-accel around soft + xlate-arm64-x86"
for line in "call   0 (0x84000000" "mmio   write serial-log   0xc000000/1" "state  write vmrun.state.arm64/1" \
	"mmio   read  virtio-rng" "---- summary" "call   0 (0x84000008"; do
	has "trace-accel: $line" "$trace" "$line"
done
# What was sent to the port is what came out of it: what is written to its first register while that is neither the divisor's
# (LCR bit 7) nor goes round in a loop (MCR bit 4).
sent=$(awk '$3 == "mmio" && $4 == "write" && $5 == "serial-log" { if ($6 ~ /3\/1$/) divisor = $8 ~ /^0x[89a-f].$/; if ($6 ~ /4\/1$/) loop = $8 ~ /^0x1.$/
	if ($6 ~ /0000\/1$/ && !divisor && !loop) n++ } END { print n + 0 }' "$trace")
same "trace-accel: writes to the port are the file's bytes" "$(wc -c <"$log")" "$sent"

vm 60 trace-limit --plugin-path "$PLUGINS" -p "trace-accel,log=$trace,events=mmio,limit=3,top=1" "$E/primes.teach"
ended 168
same "trace-accel: limit" 3 "$(grep -c 'cpu0 mmio' "$trace")"
has "trace-accel: no accel= takes what would have run" "$ERR" "trace-accel around soft + xlate-teach"

# ---- the same around hardware
if [ "$(uname -m)" = x86_64 ] && [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
	vm 60 trace-kvm --plugin-path "$PLUGINS" -p "trace-accel,accel=kvm,log=$trace" -m 64M --kernel "$T/pvh.elf"
	ended 0
	has "trace-kvm: output" "$OUT" OK
	has "trace-kvm: port" "$trace" "port   write 16550"
	has "trace-kvm: mmio" "$trace" "mmio   read  virtio-rng   0xd0000000/4 -> 0x74726976"
else
	skip trace-kvm "there is no /dev/kvm that may be used here"
fi

# ---- what is wrong is said
for bad in "trace-accel,accel=nonesuch|'nonesuch' is not installed" "trace-accel,accel=trace-accel|wraps itself" \
	"trace-accel,events=mmio+foo|'foo' is no event" "trace-accel,log=/nonexistent/x|there is no such folder"; do
	vm 60 wrong --plugin-path "$PLUGINS" -p "${bad%%|*}" "$E/primes.teach"
	ended 3
	has "-p ${bad%%|*}" "$ERR" "${bad#*|}"
done
vm 60 wrong --plugin-path "$PLUGINS" -p serial-log --kernel "$KERNEL" --initrd "$INITRD"
ended 3
has "serial-log without file" "$ERR" "Say -p serial-log,file=FILE"
finish
