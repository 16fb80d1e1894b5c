#!/bin/sh
# SPDX-License-Identifier: MIT
# What may happen to the files that a machine uses: a kernel that is cut anywhere, a kernel and an initrd out of pipes or gone
# when the guest resets, a disk that is made shorter, and a disk that is given under two names.
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh

# ---- a kernel that is cut ------------------------------------------------------------------------------------------
# cuts NAME FILE FIRST END OPTION...: cut at many points, it is refused with one line, at each; END: where that ends.
cuts()
{
	name=$1 file=$2 first=$3 end=$4
	shift 4
	wrong='' n=0 at=$first
	while [ "$at" -lt "$end" ]; do
		head -c "$at" "$file" >"$WORK/cut"
		timeout -k 5 $((20 * SLOW)) "$VMRUN" $ARGS "$@" --kernel "$WORK/cut" >"$WORK/cut.out" 2>"$WORK/cut.err" </dev/null
		rc=$?
		[ $rc = 3 ] && [ "$(grep -c '^vmrun: error: ' "$WORK/cut.err")" = 1 ] || wrong="$wrong $at:$rc"
		n=$((n + 1))
		# Near the ends byte by byte, between them at 24 places.
		if [ "$at" -lt $((first + 4)) ] || [ "$at" -ge $((end - 4)) ]; then
			at=$((at + 1))
		else
			at=$((at + (end - first) / 24))
			[ "$at" -lt $((end - 4)) ] || at=$((end - 4))
		fi
	done
	if [ -z "$wrong" ] && [ $n -ge 20 ]; then
		ok "$name"
	else
		bad "$name" "exit status 3 and one error at each of $n places" "at byte:status$wrong"
	fi
}

u32()
{
	od -An -tu4 -j "$2" -N 4 "$1" | tr -d ' '
}

# Where the sections of a PE program end in its file.
pe_end()
{
	pe=$(u32 "$1" 60)
	sections=$(od -An -tu2 -j $((pe + 6)) -N 2 "$1" | tr -d ' ')
	table=$((pe + 24 + $(od -An -tu2 -j $((pe + 20)) -N 2 "$1" | tr -d ' ')))
	last=0
	for i in $(seq 0 $((sections - 1))); do
		e=$(($(u32 "$1" $((table + 40 * i + 16))) + $(u32 "$1" $((table + 40 * i + 20)))))
		[ $e -le $last ] || last=$e
	done
	echo $last
}

cuts cut-Image $KERNEL 0 "$(pe_end $KERNEL)"
head -c "$(pe_end $KERNEL)" $KERNEL >"$WORK/whole"
vm 60 cut-Image-after-its-end --kernel "$WORK/whole" --initrd $INITRD --run 'exit 5'
ended 5
rm -f "$WORK/whole"
RV=build/guest-riscv64/Image
if [ -f $RV ]; then cuts cut-riscv64-Image $RV 0 "$(pe_end $RV)"; else skip cut-riscv64-Image "$RV is not made"; fi
PC=build/guest-x86_64/vmlinuz
if [ -f $PC ]; then
	# setup_sects and syssize: Linux Documentation/arch/x86/boot.rst
	cuts cut-bzImage $PC 0 $((($(od -An -tu1 -j 497 -N 1 $PC) + 1) * 512 + $(u32 $PC 500) * 16))
else
	skip cut-bzImage "$PC is not made"
fi
for f in 'gzip gzip -1' 'xz xz -0' 'zstd zstd -q -1' 'lz4 lz4 -q -1' 'lz4-legacy lz4 -q -l -1' 'bzip2 bzip2 -1'; do
	${f#* } -c <$KERNEL >"$WORK/packed"
	cuts "cut-${f%% *}" "$WORK/packed" 0 "$(wc -c <"$WORK/packed")"
done
rm -f "$WORK/packed" "$WORK/cut"

# ---- pipes --------------------------------------------------------------------------------------------------------
timeout -k 5 $((60 * SLOW)) sh -c 'cat '"$KERNEL"' | (exec 3<&0; gzip -dc '"$INITRD"' | "$0" --kernel /dev/fd/3 --initrd /dev/fd/0 --run "exit 13")' \
	"$VMRUN" >"$LOGS/pipes.out" 2>"$LOGS/pipes.err"
same kernel-and-initrd-from-pipes 13 $?

# ---- a reset ------------------------------------------------------------------------------------------------------
# resets NAME: starts a guest with $WORK/kernel and $WORK/initrd that resets itself some seconds after its "ready"; does
# what stands on stdin then; waits for the end or for a second "ready".
resets()
{
	name=$1
	meanwhile=$(cat)
	cp $KERNEL "$WORK/kernel"
	cp $INITRD "$WORK/initrd"
	"$VMRUN" $ARGS --kernel "$WORK/kernel" --initrd "$WORK/initrd" --run 'echo ready; sleep 2; reboot -f; sleep 60' \
		>"$LOGS/$name.out" 2>"$LOGS/$name.err" </dev/null &
	pid=$!
	n=0
	until grep -aq '^ready' "$LOGS/$name.out" 2>/dev/null || [ $n -ge $((60 * SLOW)) ]; do
		sleep 0.3
		n=$((n + 1))
	done
	eval "$meanwhile"
	while kill -0 $pid 2>/dev/null && [ "$(grep -ac '^ready' "$LOGS/$name.out")" -lt 2 ] && [ $n -lt $((120 * SLOW)) ]; do
		sleep 0.3
		n=$((n + 1))
	done
	kill $pid 2>/dev/null
	wait $pid
	rc=$?
	boots=$(grep -ac '^ready' "$LOGS/$name.out")
}
resets reset-without-its-files <<'END'
rm "$WORK/kernel" "$WORK/initrd"
END
same reset-without-its-files 2 "$boots"
resets reset-with-a-cut-kernel <<'END'
truncate -s 1M "$WORK/kernel"
END
same reset-with-a-cut-kernel '1 1' "$rc $boots"
has reset-with-a-cut-kernel-says-so "$LOGS/reset-with-a-cut-kernel.err" 'reset: board '
has reset-with-a-cut-kernel-says-why "$LOGS/reset-with-a-cut-kernel.err" 'is cut short: the kernel has '
# In place, as a guest would write it to its disk. No library is opened any more.
xz -0 -c $KERNEL >"$WORK/kernel.xz"
resets reset-with-another-format <<'END'
cat "$WORK/kernel.xz" >"$WORK/kernel"
END
same reset-with-another-format '1 1' "$rc $boots"
has reset-with-another-format-says-why "$LOGS/reset-with-another-format.err" 'no library is opened once a guest has run; end vmrun and start it again'
rm -f "$WORK/kernel.xz" "$WORK/kernel" "$WORK/initrd"

# ---- a disk that is made shorter -----------------------------------------------------------------------------------
tr '\0' X </dev/zero | head -c 8388000 >"$WORK/disk"
cat >"$WORK/shorter" <<'END'
look() { echo 3 >/proc/sys/vm/drop_caches; dd if=/dev/vda of=/tmp/piece bs=512 skip=$1 count=1 2>/dev/null && cat /tmp/piece | tr -d '\0' | wc -c; }
echo tail $(look 16382)
echo ready
n=0; while look 10000 >/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
[ $n = 100 ] && echo beyond $(look 10000)
look 10000 >/dev/null || echo beyond fails
echo before $(look 100)
dd if=/dev/zero of=/dev/vda bs=512 seek=12000 count=1 conv=fsync 2>/dev/null && echo written || echo write fails
blkdiscard -z -o 6291456 -l 65536 /dev/vda 2>/dev/null && echo zeroed || echo zero fails
printf Y | dd of=/dev/vda bs=512 seek=7 count=1 conv=fsync 2>/dev/null; echo end
END
"$VMRUN" $ARGS --kernel $KERNEL --initrd $INITRD --disk "$WORK/disk" --run "$(cat "$WORK/shorter")" >"$LOGS/shorter.out" 2>"$LOGS/shorter.err" </dev/null &
pid=$!
n=0
until grep -aq '^ready' "$LOGS/shorter.out" 2>/dev/null || [ $n -ge $((60 * SLOW)) ]; do
	sleep 0.3
	n=$((n + 1))
done
truncate -s 4M "$WORK/disk"
wait $pid
# 8388000 bytes are 16382 sectors and 416 bytes.
has shorter-tail-reads-as-zeros "$LOGS/shorter.out" 'tail 416'
has shorter-read-fails "$LOGS/shorter.out" 'beyond fails'
has shorter-read-before "$LOGS/shorter.out" 'before 512'
has shorter-write-fails "$LOGS/shorter.out" 'write fails'
has shorter-zero-fails "$LOGS/shorter.out" 'zero fails'
same shorter-size-stays 4194304 "$(wc -c <"$WORK/disk")"
same shorter-one-line 1 "$(grep -c "error: disk '$WORK/disk': the file became shorter than its 8388000 bytes" "$LOGS/shorter.err")"
same shorter-no-more-lines 1 "$(grep -c '^vmrun: error' "$LOGS/shorter.err")"

# ---- one disk under two names --------------------------------------------------------------------------------------
twice()
{
	name=$1 text=$2
	shift 2
	timeout -k 5 $((20 * SLOW)) "$VMRUN" $ARGS "$@" --kernel $KERNEL >"$LOGS/$name.out" 2>"$LOGS/$name.err" </dev/null
	same "$name" 3 $?
	has "$name-says-so" "$LOGS/$name.err" "$text"
}
ln "$WORK/disk" "$WORK/hard"
ln -s disk "$WORK/soft"
twice disk-twice "disk '$WORK/disk' is the same as disk '$WORK/disk' of this machine" --disk "$WORK/disk" --disk "$WORK/disk"
twice disk-and-hard-link "disk '$WORK/hard' is the same as disk '$WORK/disk'" --disk "$WORK/disk" --disk "$WORK/hard"
twice disk-and-symbolic-link "disk '$WORK/soft' is the same as disk '$WORK/disk'" --disk "$WORK/disk" --disk "$WORK/soft,ro"
loops=''
trap 'for l in $loops; do losetup -d $l; done; rm -rf "$WORK"' EXIT
# loop OPTION... FILE: sets $loop
loop()
{
	loop=$(losetup -f --show "$@" 2>"$LOGS/losetup.err") && [ -b "$loop" ] && loops="$loops $loop"
}
if [ "$(id -u)" = 0 ] && loop "$WORK/disk"; then
	one=$loop
	twice disk-and-loop "(both lie on '$(realpath "$WORK/disk")')" --disk "$WORK/disk" --disk "$one"
	twice loop-and-disk "disk '$WORK/disk' is the same as disk '$one'" --disk "$one" --disk "$WORK/disk"
	loop "$WORK/disk"
	twice two-loops "disk '$loop' is the same as disk '$one'" --disk "$one" --disk "$loop"
	# Two halves are two disks; a half and the whole are not.
	loop --offset 0 --sizelimit 2097152 "$WORK/disk"
	low=$loop
	loop --offset 2097152 "$WORK/disk"
	vm 60 two-halves --disk "$low" --disk "$loop" --kernel $KERNEL --initrd $INITRD --run 'blockdev --getsize64 /dev/vda /dev/vdb; exit 4'
	ended 4
	twice half-and-whole "(both lie on '" --disk "$low" --disk "$WORK/disk"
	# Another machine has the file by its other name.
	"$VMRUN" $ARGS --kernel $KERNEL --initrd $INITRD --disk "$one" --run 'echo up; sleep 600' >"$LOGS/holder.out" 2>&1 </dev/null &
	holder=$!
	n=0
	until grep -aq '^up' "$LOGS/holder.out" 2>/dev/null || [ $n -ge $((60 * SLOW)) ]; do
		sleep 0.3
		n=$((n + 1))
	done
	twice loop-in-another-machine "disk '$WORK/disk' is in use by another machine" --disk "$WORK/disk"
	twice loop-in-another-machine-read-only "in use by another machine that writes it" --disk "$WORK/disk,ro"
	twice other-loop-in-another-machine "lies on '$(realpath "$WORK/disk")', which is in use by another machine" --disk "$loop"
	kill $holder
	wait $holder
else
	skip disk-and-loop "no loop device can be made here: $(id -un), $(head -n 1 "$LOGS/losetup.err" 2>/dev/null)"
fi
finish
