#!/bin/sh
# SPDX-License-Identifier: MIT
# Whatever is wrong with what vmrun is given: one line that says what, where and what to do, the right exit status,
# and every file as it was. Images are made here, in small; the kernel and the initrd are the guest's.
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
# shellcheck source=tests/guest/other_user.sh
. tests/guest/other_user.sh
IN=$WORK/in
P=$WORK/plugins
mkdir -p "$IN" "$P" "$WORK/home"
HOME=$WORK/home
XDG_DATA_HOME=$WORK/home
export HOME XDG_DATA_HOME
mtools_skip_check=1
MTOOLS_SKIP_CHECK=$mtools_skip_check
export MTOOLS_SKIP_CHECK

# state: of each file there what changes when it is written, or replaced: its number, size, rights and time of change, which no call
# sets back. Reading the files before and after each of some hundred commands would take longer than the commands.
state()
{
	(cd "$IN" && find . -type f -printf '%i %s %m %C@ %p\n' | sort)
}

# wrong NAME STATUS TEXT COMMAND...: TEXT is an extended regular expression that the one line must match.
wrong()
{
	name=$1 status=$2 text=$3
	shift 3
	before=$(state)
	timeout -k 5 $((60 * SLOW)) "$@" >"$LOGS/$name.out" 2>"$LOGS/$name.err" </dev/null
	rc=$?
	errors=$(grep -c '^vmrun: error: ' "$LOGS/$name.err")
	# The user is told which accelerator runs the guest before its disks are opened; that is no message about the error.
	lines=$(grep -vc '^vmrun: arm64 guest on ' "$LOGS/$name.err")
	if [ $rc != "$status" ]; then
		bad "$name" "exit status $status" "$rc: $(head -n 3 "$LOGS/$name.err" | tr '\n' ' ')"
	elif [ "$errors" != 1 ] || [ "$lines" != "${LINES_ALLOWED:-1}" ]; then
		bad "$name" "one line, 'vmrun: error: ...'" "$lines lines, $errors of them errors: $(head -n 4 "$LOGS/$name.err" | tr '\n' '|')"
	elif ! grep '^vmrun: error: ' "$LOGS/$name.err" | grep -qE -- "$text"; then
		bad "$name" "$text" "$(grep '^vmrun: error: ' "$LOGS/$name.err")"
	elif [ "$before" != "$(state)" ]; then
		bad "$name" "every file as it was" "changed; before: $before, after: $(state)"
	else
		ok "$name"
	fi
}

# poke FILE OFFSET OCTAL...: bytes written over a file's, such as \\377
poke()
{
	# shellcheck disable=SC2059 # the format is the bytes
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# ---- a disk that would boot -------------------------------------------------------------------------------------
ESP=$((1024 * 1024))
entry()
{
	printf 'title Test\nlinux /linux\ninitrd /initrd\noptions console=ttyAMA0\n'
}

# disk FILE: GPT, 40 MiB FAT32 with /loader/entries/t.conf from $WORK/t.conf, /linux and /initrd from $WORK.
disk()
{
	rm -f "$1" "$WORK/esp"
	truncate -s 40M "$WORK/esp"
	mkfs.vfat -F 32 -s 1 "$WORK/esp" >/dev/null
	mmd -i "$WORK/esp" ::/loader ::/loader/entries
	[ ! -f "$WORK/t.conf" ] || mcopy -i "$WORK/esp" "$WORK/t.conf" ::/loader/entries/t.conf
	[ ! -f "$WORK/linux" ] || mcopy -i "$WORK/esp" "$WORK/linux" ::/linux
	mcopy -i "$WORK/esp" "$WORK/initrd" ::/initrd
	truncate -s 42M "$1"
	printf 'label: gpt\nstart=2048, size=81920, type=c12a7328-f81f-11d2-ba4b-00a0c93ec93b\n' | sfdisk -q "$1" >/dev/null
	dd if="$WORK/esp" of="$1" bs=1M seek=1 conv=notrunc,sparse status=none
}

gzip -1 -c "$KERNEL" >"$WORK/Image.gz"
head -c 3000000 "$WORK/Image.gz" >"$WORK/cut.gz"
cp "$WORK/Image.gz" "$WORK/bad.gz"
poke "$WORK/bad.gz" 1000000 '\377\377\377\377\377\377\377\377'
head -c 100000 "$KERNEL" >"$WORK/linux"
cp "$INITRD" "$WORK/initrd"
entry >"$WORK/t.conf"
disk "$IN/good.img"
GOOD=$IN/good.img

# with NAME: a copy of the good disk, to be spoilt.
with()
{
	[ -z "${I:-}" ] || rm -f "$I"
	cp --sparse=always "$GOOD" "$IN/$1.img"
	I=$IN/$1.img
}

# ---- images -----------------------------------------------------------------------------------------------------
wrong image-missing 3 "$IN/none.img: no such file; check the path" "$VMRUN" "$IN/none.img"
wrong image-is-a-folder 3 "$IN: is a folder; give a file" "$VMRUN" "$IN"
: >"$IN/empty.img"
wrong image-empty 3 "$IN/empty.img: is empty; copy or make the image again" "$VMRUN" "$IN/empty.img"
mkfifo "$WORK/fifo"
wrong image-is-a-pipe 3 "$WORK/fifo: is a FIFO \(named pipe\); give a file, a block device or a pipe; the shell can open it for you: /dev/stdin <$WORK/fifo" "$VMRUN" "$WORK/fifo"
wrong image-is-a-device 3 "/dev/null: is a character device; give a file" "$VMRUN" /dev/null
with truncated
truncate -s 20M "$I"
wrong image-truncated 3 "truncated.img: .*truncated.*copy or make it again" "$VMRUN" "$I"
with stump
truncate -s 1500 "$I"
wrong image-cut-in-the-table 3 "stump.img: .*GPT.*(make the image again|copy)" "$VMRUN" "$I"
with gpt
poke "$I" 528 '\1\2\3\4'
poke "$I" $((42 * 1024 * 1024 - 512 + 16)) '\1\2\3\4'
wrong gpt-both-headers 3 "gpt.img: GPT is bad: .*CRC.*backup.*repair it" "$VMRUN" "$I"
with gpt-entries
poke "$I" 1024 '\1\2\3\4'
poke "$I" $((42 * 1024 * 1024 - 512 * 33)) '\1\2\3\4'
wrong gpt-both-tables 3 "gpt-entries.img: GPT is bad: .*CRC.*repair it" "$VMRUN" "$I"
with mbr
dd if=/dev/zero of="$I" bs=512 seek=1 count=1 conv=notrunc status=none
dd if=/dev/zero of="$I" bs=512 seek=$((42 * 2048 - 1)) count=1 conv=notrunc status=none
poke "$I" 450 '\203'
wrong image-mbr-only 3 "mbr.img: has a boot sector but no GPT.*--kernel" "$VMRUN" "$I"
with no-esp
sfdisk -q --part-type "$I" 1 0fc63daf-8483-4772-8e79-3d69d8477de4 >/dev/null 2>&1
wrong image-without-esp 3 "no-esp.img: none of its 1 partitions is an EFI system partition; give a kernel" "$VMRUN" "$I"
with fat
poke "$I" $((ESP + 510)) '\0\0'
wrong fat-no-signature 3 "fat.img: .*FAT volume at byte $((ESP + 510)): no 55 AA.*(check it|make the image again)" "$VMRUN" "$I"
with fat-sector
poke "$I" $((ESP + 11)) '\7\7'
wrong fat-sector-size 3 "fat-sector.img: .*FAT volume.* bytes a sector" "$VMRUN" "$I"
with fat-root
poke "$I" $((ESP + 44)) '\377\377\377\7'
wrong fat-root-cluster 3 "fat-root.img: .*root folder's cluster" "$VMRUN" "$I"
# All of both FATs but the first entries and the root folder's: chains lead to 0.
with fat-chain
reserved=$(od -An -tu2 -j $((ESP + 14)) -N 2 "$I" | tr -d ' ')
fat_size=$(od -An -tu4 -j $((ESP + 36)) -N 4 "$I" | tr -d ' ')
for k in 0 1; do
	dd if=/dev/zero of="$I" bs=1 seek=$((ESP + (reserved + k * fat_size) * 512 + 24)) count=4096 conv=notrunc status=none
done
wrong fat-chains-lost 3 "fat-chain.img: .*(chain|cluster).*(check it|make the)" "$VMRUN" "$I"
printf '\121\106\111\373%s' "$(head -c 2000 /dev/zero | tr '\0' x)" >"$IN/q.qcow2"
wrong image-qcow2 3 'q.qcow2: is a qcow2 image.*qemu-img convert -O raw' "$VMRUN" "$IN/q.qcow2"
truncate -s 2M "$IN/e.ext4"
mke2fs -q -t ext4 "$IN/e.ext4" >/dev/null 2>&1
wrong image-is-a-file-system 3 'e.ext4: is an ext2/3/4 file system without a partition table; give a kernel' "$VMRUN" "$IN/e.ext4"
# What people try to boot, or to attach: named for what it is, with what to do. looks NAME OFFSET BYTES: a file.
looks()
{
	rm -f "$IN/$1"
	truncate -s 1M "$IN/$1"
	poke "$IN/$1" "$2" "$3"
}
while read -r file offset bytes what; do
	looks "$file" "$offset" "$bytes"
	wrong "boots-$file" 3 "$file: is $what" "$VMRUN" "$IN/$file"
	wrong "kernel-$file" 3 "$file: is $what" "$VMRUN" --kernel "$IN/$file"
done <<-'END'
	disk.qcow2 0 QFI\373 a qcow2 image; .*qemu-img convert -O raw
	disk.vmdk 0 KDMV a VMDK image; .*qemu-img convert -O raw
	disk.vhd 0 conectix a VHD image; .*qemu-img convert -O raw
	disk.vhdx 0 vhdxfile a VHDX image; .*qemu-img convert -O raw
	disk.vdi 64 \177\020\332\276 a VDI image; .*qemu-img convert -O raw
	cd.iso 32769 CD001 an ISO 9660 image .*--kernel and --initrd, and the CD with --disk FILE,ro
	initrd 0 070701 an initrd .*give it with --initrd, and a kernel with --kernel
	root.xfs 0 XFSB an XFS file system .*--kernel, this with --disk
	root.btrfs 65600 _BHRfS_M a Btrfs file system .*--kernel, this with --disk
	root.squashfs 0 hsqs a squashfs file system; .*--kernel, this with --disk
	root.tar 257 ustar a tar archive; unpack it
	root.zip 0 PK\003\004 compressed with zip.*unpack it first
	it.deb 0 !<arch>\012 an ar archive, as Debian packages are; unpack it
	it.sh 0 #!/bin/sh a script; .*--run runs a command in a guest
END
gzip -c "$IN/initrd" >"$IN/initrd.gz"
wrong kernel-is-a-packed-initrd 3 'initrd.gz: is an initrd .*give it with --initrd' "$VMRUN" --kernel "$IN/initrd.gz"
for d in qcow2 vmdk vhd vhdx vdi; do
	wrong "disk-$d" 3 "disk '$IN/disk.$d' is a [A-Z2a-z]* image; .*qemu-img convert -O raw \(--disk FILE,raw: " \
		"$VMRUN" --kernel $KERNEL --disk "$IN/disk.$d"
done
printf 'disks:\n  - {path: disk.vdi}\n' >"$IN/raw.yaml"
wrong disk-vdi-in-a-machine-file 3 "disk '$IN/disk.vdi' is a VDI image" "$VMRUN" -c "$IN/raw.yaml" --kernel $KERNEL
wrong kernel-is-a-program 3 "ls: is an ELF program for .* and no kernel; .*put it on a disk, or into an initrd" "$VMRUN" --kernel "$(command -v ls)"
wrong image-is-a-program 3 "ls: is an ELF program for .* and no kernel" "$VMRUN" "$(command -v ls)"
# An ELF header (ELF gABI): 64 bits, big-endian, EM_PPC64. An EFI program (PE) for LoongArch.
looks vmlinux.ppc64 0 '\177ELF\002\002\001'
poke "$IN/vmlinux.ppc64" 16 '\000\002\000\025'
wrong kernel-for-ppc64 3 'vmlinux.ppc64: is a file for ppc64, and no installed board boots that \(boards: board-' "$VMRUN" --kernel "$IN/vmlinux.ppc64"
looks Image.loong 0 MZ
poke "$IN/Image.loong" 60 '\100'
poke "$IN/Image.loong" 64 'PE\000\000\144\142'
wrong kernel-for-loongarch 3 'Image.loong: is a file for loongarch64, and no installed board boots that' "$VMRUN" "$IN/Image.loong"
# A disk that a firmware boots by GRUB.
with grub
mdel -i "$I@@1M" ::/loader/entries/t.conf
mmd -i "$I@@1M" ::/EFI ::/EFI/debian
mcopy -i "$I@@1M" "$WORK/t.conf" ::/EFI/debian/grub.cfg
wrong image-boots-by-grub 3 'grub.img: boots by GRUB and has no entry of the Boot Loader Specification.*--kernel and --initrd.*--disk' "$VMRUN" "$I"

# bls NAME TEXT: with what stands in $WORK/t.conf
bls()
{
	disk "$IN/$1.img"
	wrong "$1" 3 "$IN/$1.img: .*$2" "$VMRUN" "$IN/$1.img"
	rm -f "$IN/$1.img"
}
entry | sed 's#/linux#/vmlinuz#' >"$WORK/t.conf"
bls bls-kernel-missing 'has no /vmlinuz'
entry | sed 's#/initrd#/gone#' >"$WORK/t.conf"
bls bls-initrd-missing 'has no /gone'
entry | sed '/^linux/d' >"$WORK/t.conf"
bls bls-no-linux-line 'has a "linux" line'
{
	entry
	echo 'linux /other'
} >"$WORK/t.conf"
bls bls-linux-twice 't.conf:5: a second "linux"; keep one'
{
	entry
	printf 'options \001\002\n'
} >"$WORK/t.conf"
bls bls-not-text 't.conf:5: column .* byte 0x01.*write it again'
printf 'linux\n' >"$WORK/t.conf"
bls bls-no-path 't.conf:1: "linux" has no path'
head -c 100000 /dev/zero | tr '\0' '#' >"$WORK/t.conf"
bls bls-too-long 't.conf .*has 100000 bytes; at most'
{
	entry
	printf 'options x=%s\n' "$(head -c 2100 /dev/zero | tr '\0' x)"
} >"$WORK/t.conf"
bls bls-options-too-long 'command line has 2118 bytes, and this kernel takes 2047: 0 of --append .*, 0 of --run, 2118 of the image.s boot entry'
rm -f "$WORK/t.conf"
bls bls-no-entry 'no \*.conf in /loader/entries.*--kernel'
entry >"$WORK/t.conf"
mv "$WORK/linux" "$WORK/linux.was"
cp "$WORK/cut.gz" "$WORK/linux"
bls bls-kernel-gzip-cut '/linux: gzip data ends too early.*copy the file again'
echo 'no kernel' >"$WORK/linux"
bls bls-no-kernel '/linux: can.t tell which architecture.*--arch'
mv "$WORK/linux.was" "$WORK/linux"

rm -f "$I"
mv "$GOOD" "$WORK/good.img"
GOOD=$WORK/good.img

# ---- kernels ----------------------------------------------------------------------------------------------------
cp "$WORK/cut.gz" "$WORK/bad.gz" "$IN/"
wrong kernel-missing 3 'none: no such file' "$VMRUN" --kernel "$IN/none"
wrong kernel-gzip-cut 3 'cut.gz: gzip data ends too early.*copy the file again' "$VMRUN" --kernel "$IN/cut.gz"
wrong kernel-gzip-corrupt 3 'bad.gz: gzip data is corrupt near byte [0-9]+.*copy the file again' "$VMRUN" --kernel "$IN/bad.gz"
: >"$IN/nothing"
wrong kernel-empty 3 'nothing: is empty' "$VMRUN" --kernel "$IN/nothing"
seq 10000 >"$IN/text"
wrong kernel-is-text 3 "text: can't tell which architecture.*--arch" "$VMRUN" --kernel "$IN/text"
wrong kernel-is-text-arm64 3 'text: .*magic.*Image' "$VMRUN" --arch arm64 --kernel "$IN/text"
wrong kernel-for-another 3 '(kernel for arm64, and --arch says x86_64|no board for x86_64)' "$VMRUN" --arch x86_64 --kernel $KERNEL
head -c 60 $KERNEL >"$IN/short"
wrong kernel-too-short 3 'short: .*(too few|magic|tell which)' "$VMRUN" --kernel "$IN/short"
printf 'MZ\0\0zimg\377\377\0\0\377\377\0\0\0\0\0\0\0\0\0\0gzip\0' >"$IN/zboot"
head -c 200 /dev/zero >>"$IN/zboot"
wrong kernel-zboot 3 'zboot: .*EFI zboot.*copy the file again' "$VMRUN" --kernel "$IN/zboot"
wrong memory-too-small 3 'RAM is too small.*give more with -m' "$VMRUN" -m 16M --kernel $KERNEL
truncate -s 200M "$IN/large"
wrong initrd-too-large 3 'RAM is too small.*give more with -m' "$VMRUN" -m 128M --kernel $KERNEL --initrd "$IN/large"
rm -f "$IN/large"
wrong initrd-empty 3 'nothing: is empty; copy or make it again' "$VMRUN" --kernel $KERNEL --initrd "$IN/nothing"
wrong initrd-missing 3 'none: no such file' "$VMRUN" --kernel $KERNEL --initrd "$IN/none"

rm -f "$IN/cut.gz" "$IN/bad.gz"

# Files that are no files, wherever one is named: nothing waits for them.
for kind in folder fifo device socket; do
	case $kind in
	folder) at=$IN is='is a folder' ;;
	fifo) at=$WORK/fifo is='is a FIFO \(named pipe\)' ;;
	device) at=/dev/zero is='is a character device' ;;
	socket)
		at=$WORK/socket is='is a socket'
		"$TOOLS/socket" "$at" || die "$TOOLS/socket makes no socket"
		;;
	esac
	wrong "kernel-is-a-$kind" 3 "$at: $is; give a file" "$VMRUN" --kernel "$at"
	wrong "initrd-is-a-$kind" 3 "$at: $is; give a file" "$VMRUN" --kernel $KERNEL --initrd "$at"
	wrong "any-disk-is-a-$kind" 3 "disk '$at': $is; give a file or a block device" "$VMRUN" --kernel $KERNEL --disk "$at"
	wrong "config-is-any-$kind" 3 "$at: $is; give a file" "$VMRUN" -c "$at"
	if [ -f build/guest-riscv64/Image ]; then
		LINES_ALLOWED=2 wrong "firmware-is-a-$kind" 3 "firmware '$at': $is; give a file" \
			"$VMRUN" -p "board-virt-riscv64,firmware=$at" --kernel build/guest-riscv64/Image
	else
		skip "firmware-is-a-$kind" "build/guest-riscv64/Image is not made"
	fi
done
# What comes out of a pipe: at most what the guest has memory for; a disk must stay where it is.
wrong pipe-without-end 3 '/dev/stdin: more than 64 MiB come out of this pipe, .*give more with -m' sh -c "cat /dev/zero | \"$VMRUN\" -m 64M --kernel /dev/stdin"
wrong pipe-empty 3 '/dev/stdin: is empty' sh -c ": | \"$VMRUN\" --kernel /dev/stdin"
wrong pipe-is-a-disk-image 3 '/dev/stdin: is a disk image that comes out of a pipe.*write it to a file first' sh -c "cat \"$GOOD\" | \"$VMRUN\" /dev/stdin"
wrong pipe-as-disk 3 "disk '/dev/stdin': is a pipe; give a file or a block device" sh -c "cat $KERNEL | \"$VMRUN\" --kernel $KERNEL --disk /dev/stdin"

# ---- compressed files that are wrong ---------------------------------------------------------------------------------
for f in 'xz xz -0' 'zstd zstd -q -1' 'lz4 lz4 -q -1' 'lz4 lz4 -q -l -1' 'bzip2 bzip2 -1' 'lzma xz --format=lzma -0'; do
	name=$(echo "${f#* }" | tr -d ' ')
	${f#* } -c <$KERNEL >"$IN/packed"
	half=$(($(wc -c <"$IN/packed") / 2))
	head -c $half "$IN/packed" >"$IN/packed.cut"
	wrong "packed-cut-$name" 3 "packed.cut: ${f%% *} data ends too early, after $half bytes; copy the file again" "$VMRUN" --kernel "$IN/packed.cut"
	poke "$IN/packed" $half '\377\0\377\0\377\0\377\0\377\0\377\0\377\0\377\0'
	wrong "packed-damaged-$name" 3 "(packed: ${f%% *} data is corrupt near byte [0-9]+: .*; copy|cut short|can't tell which|magic)" "$VMRUN" --kernel "$IN/packed"
	# A gibibyte of zeros.
	head -c 1073741824 /dev/zero | ${f#* } -c >"$IN/bomb"
	wrong "packed-bomb-$name" 3 "bomb: ${f%% *} data unpacks to more than 64 MiB" "$VMRUN" -m 64M --kernel "$IN/bomb"
	${f#* } -c <"$GOOD" >"$IN/disk.packed"
	wrong "packed-disk-$name" 3 "disk.packed: is a disk image compressed with ${f%% *}.*unpack it first" "$VMRUN" "$IN/disk.packed"
done
printf '\211LZO\0\r\n\032\n%s' "$(head -c 200 /dev/zero | tr '\0' x)" >"$IN/packed"
wrong packed-lzo 3 "packed: is compressed with lzo, which vmrun can't unpack; unpack it first \(lzop -d\)" "$VMRUN" --kernel "$IN/packed"
# Without its library: one that is no library stands in its place.
xz -0 -c <$KERNEL >"$IN/packed"
mkdir "$WORK/libraries"
echo 'no library' >"$WORK/libraries/liblzma.so.5"
wrong packed-without-its-library 3 'packed: unpacking it needs a library: .*liblzma.so.5.*; install the package liblzma5' \
	env LD_LIBRARY_PATH="$WORK/libraries" "$VMRUN" --kernel "$IN/packed"
rm -f "$IN/packed" "$IN/packed.cut" "$IN/bomb" "$IN/disk.packed"

# ---- disks ------------------------------------------------------------------------------------------------------
wrong disk-missing 3 "disk '$IN/none': no such file; check the path" "$VMRUN" --kernel $KERNEL --disk "$IN/none"
wrong disk-is-a-folder 3 "disk '$IN': is a folder; give a file or a block device" "$VMRUN" --kernel $KERNEL --disk "$IN"
wrong disk-empty 3 "disk '$IN/nothing' is empty; give it a size" "$VMRUN" --kernel $KERNEL --disk "$IN/nothing"
wrong disk-is-a-fifo 3 "disk '$WORK/fifo': is a FIFO \(named pipe\); give a file or a block device" "$VMRUN" --kernel $KERNEL --disk "$WORK/fifo"
set --
for i in $(seq 64); do set -- "$@" --disk "$IN/text,ro"; done
wrong disks-too-many 3 'disks: at most [0-9]+' "$VMRUN" --kernel $KERNEL "$@"
wrong disk-twice 3 "text' is the same as disk '$IN/text' of this machine; give it once" "$VMRUN" --kernel $KERNEL --disk "$IN/text" --disk "$IN/text"
cp "$IN/text" "$WORK/locked"
"$VMRUN" $ARGS --kernel $KERNEL --initrd $INITRD --disk "$WORK/locked" --run 'echo up; sleep 300' >"$LOGS/holder.out" 2>&1 </dev/null &
holder=$!
n=0
until grep -q up "$LOGS/holder.out" || [ $n -ge $((400 * SLOW)) ]; do
	sleep 0.1
	n=$((n + 1))
done
wrong disk-locked 3 "disk '$WORK/locked' is in use by another machine; end that one, or work on a copy" \
	"$VMRUN" --kernel $KERNEL --disk "$WORK/locked"
for word in ro ephemeral; do
	wrong disk-locked-$word 3 "disk '$WORK/locked' is in use by another machine that writes it" \
		"$VMRUN" --kernel $KERNEL --disk "$WORK/locked,$word"
done
wrong ephemeral-nowhere 3 "disk '$IN/text': no temporary file for its changes can be made in $WORK/none \\(No such file or directory\\); set TMPDIR" \
	env TMPDIR="$WORK/none" "$VMRUN" --kernel $KERNEL --disk "$IN/text,ephemeral"
kill -TERM $holder
wait $holder
same sigterm-without-terminal 143 $?

# As a user without the right.
if [ -n "$NO_OTHER" ]; then
	for name in disk-may-not-be-written image-may-not-be-read plugin-may-not-be-read; do skip "$name" "$NO_OTHER"; done
else
	cp "$KERNEL" "$OPEN/Image"
	cp "$IN/text" "$IN/q.qcow2" "$OPEN/"
	chmod 644 "$OPEN/Image"
	chmod 444 "$OPEN/text"
	chmod 000 "$OPEN/q.qcow2"
	# shellcheck disable=SC2086
	{
		wrong disk-may-not-be-written 3 "disk '$OPEN/text': can't be written: .*(writable|read-only)" \
			$AS "$OPEN_VMRUN" --kernel "$OPEN/Image" --disk "$OPEN/text"
		wrong image-may-not-be-read 3 'q.qcow2: not readable by this user; check its permissions' $AS "$OPEN_VMRUN" "$OPEN/q.qcow2"
	}
fi

# ---- plugins ----------------------------------------------------------------------------------------------------
manifest()
{
	cat <<-END
		manifest: 1
		id: ${1:-t}
		version: 1.2.3
		summary: a test
		class: accel
		library: {linux-$(uname -m): t.so}
		abi: {major: 1, minor: 0}
		provides: [vmrun.accel/1]
		guest: [arm64]
	END
}

# library NAME TEXT: a plugin that is wrong in one thing, asked for by name.
library()
{
	rm -rf "${P:?}"/*
	manifest >"$P/t.yaml"
	cp "$B/tests/faulty/$1.so" "$P/t.so"
	wrong "plugin-$1" 3 "t.so: .*$2|$2" "$VMRUN" --plugin-path "$P" -p t --kernel $KERNEL
}
if [ -f "$B/tests/faulty/good.so" ]; then
	library magic_null 'vmrun_plugin_magic\(\) returned NULL; rebuild'
	library magic_size 'magic.size is 24, not 32; rebuild'
	library magic_tag "magic.tag is 'QM\?', not 'VMRN'"
	library magic_major 'magic.abi_major is 2, this vmrun has 1; rebuild'
	library magic_minor 'magic.abi_minor is 1, this vmrun has 0; update'
	library magic_flags 'magic.flags is 0x10.*update'
	library magic_extra "magic.abi_extra is 'fork', not zeros"
	library no_magic 'has no symbol vmrun_plugin_magic'
	library no_create 'has no symbol vmrun_plugin_create'
	library create_fails 'vmrun_plugin_create: '
	library create_null 'vmrun_plugin_create\(\) returned no plugin; rebuild'
	library plugin_size "plugin.size is 48, which ends before 'query'"
	library plugin_query 'plugin.query is NULL; rebuild'
	library no_interface 'promises vmrun.accel/1, but'
	library unresolved "can't be loaded: "
	library probe_fails 'VM_ACCEL_FALLBACK=1'
	library start_fails 'VM_ACCEL_FALLBACK=1'
	manifest >"$P/t.yaml"
	cp "$B/tests/faulty/probe_fails.so" "$P/t.so"
	# With leave to fall back it is a warning, and the guest runs.
	VM_ACCEL_FALLBACK=1
	export VM_ACCEL_FALLBACK
	vm 60 fallback --plugin-path "$P" -p t --kernel $KERNEL --initrd $INITRD --run 'exit 9'
	ended 9
	has fallback-is-told "$ERR" "accelerator 't' can't be used"
	VM_ACCEL_FALLBACK=perhaps
	wrong fallback-value 2 "VM_ACCEL_FALLBACK 'perhaps' must be 1 or 0" "$VMRUN" --kernel $KERNEL
	unset VM_ACCEL_FALLBACK
else
	skip faulty-plugins "$B/tests/faulty is not built"
fi
manifest >"$P/t.yaml"
seq 1000 >"$P/t.so"
wrong plugin-is-text 3 "t.so: can't be loaded: " "$VMRUN" --plugin-path "$P" -p t --kernel $KERNEL
rm "$P/t.so"
wrong plugin-library-missing 3 "t.so: can't be loaded: .*No such file" "$VMRUN" --plugin-path "$P" -p t --kernel $KERNEL
sed -i 's/major: 1/major: 2/' "$P/t.yaml"
wrong plugin-abi-of-manifest 3 't.yaml: abi 2.0, this vmrun has 1.0; update vmrun' "$VMRUN" --plugin-path "$P" -p t --kernel $KERNEL
manifest | sed 's/^library.*/library: {plan9-mips: t.so}/' >"$P/t.yaml"
wrong plugin-for-another-system 3 "t.yaml: plugin 't' has no library for linux" "$VMRUN" --plugin-path "$P" -p t --kernel $KERNEL
wrong plugin-not-installed 3 "plugin 'nosuch' is not installed; .*nstalled: " "$VMRUN" -p nosuch --kernel $KERNEL
wrong translator-of-another-guest 3 "translator 'xlate-riscv64-x86' was named and can't be used for this guest: soft: .* not for arm64 guests" "$VMRUN" -p xlate-riscv64-x86 --kernel $KERNEL
wrong plugin-misspelt 3 "plugin 'sofy' is not installed; did you mean 'soft'" "$VMRUN" -p sofy --kernel $KERNEL
if [ -z "$NO_OTHER" ]; then
	mkdir "$OPEN/p"
	manifest >"$OPEN/p/t.yaml"
	: >"$OPEN/p/t.so"
	chmod 000 "$OPEN/p/t.so"
	# shellcheck disable=SC2086
	wrong plugin-may-not-be-read 3 't.so: .*[Pp]ermission' $AS "$OPEN_VMRUN" --plugin-path "$OPEN/p" -p t --kernel "$OPEN/Image"
fi

# rule NAME TEXT: the manifest on stdin is refused with file:line:column, and its plugin can't be had.
rule()
{
	rm -rf "${P:?}"/*
	cat >"$P/t.yaml"
	# The one line is the manifest's own error.
	wrong "manifest-$1" 3 "plugin 't' is left out: " "$VMRUN" --plugin-path "$P" -p t --kernel $KERNEL
	if grep -qE -- "t.yaml:[0-9]+:[0-9]+: .*$2" "$LOGS/manifest-$1.err"; then
		ok "manifest-$1-says-where"
	else
		bad "manifest-$1-says-where" "t.yaml:LINE:COLUMN: $2" "$(tr '\n' '|' <"$LOGS/manifest-$1.err")"
	fi
}
for key in manifest id version summary class library abi provides; do
	manifest | sed "/^$key:/d" | rule "without-$key" "has no '$key'; add it"
done
manifest | sed 's/^manifest: 1/manifest: 2/' | rule format 'manifest format 2 is not known'
manifest | sed 's/^id: t/id: ..\/T/' | rule id 'lower-case'
manifest | sed 's/^version.*/version: new/' | rule version 'not of the form 1.2.3'
manifest | sed 's/^class.*/class: engine/' | rule class "class 'engine' is not one of"
manifest | sed 's/t.so/..\/t.so/' | rule library-path 'must be a plain file name'
manifest | sed 's/^abi.*/abi: 1/' | rule abi "'abi' must be a map"
manifest | sed 's/accel\/1/accel/' | rule interface 'is not an interface id'
manifest | sed 's/accel\/1/board\/1/' | rule class-provides 'must provide vmrun.accel'
{ manifest && echo 'colour: red'; } | rule unknown-key "no key 'colour'"
{ manifest && echo 'id: u'; } | rule duplicate-key "duplicate key 'id'"
{ manifest && printf -- '---\nid: u\n'; } | rule second-document 'a second document'
{ manifest && echo 'x-a: &a 1'; } | rule anchor '.'
{ manifest && echo 'x-a: !!str 1'; } | rule tag '.'
{ manifest && echo 'x-a: [1'; } | rule not-yaml '.'
{ manifest && echo 'x-a: [[[[[1]]]]]'; } | rule too-deep '.'
{ manifest && echo 'options: [{name: a, type: float, help: h}]'; } | rule option-type "option type 'float'"
{ manifest && echo 'priority: 5000'; } | rule priority 'it must be from -1000 to 1000'
{ manifest && head -c 70000 /dev/zero | tr '\0' '#'; } | rule too-long '.'
{ manifest && printf 'x-a: \377\376\n'; } | rule not-utf8 '.'

# Nothing that could translate: a vmrun that has only some of the plugins.
mkdir -p "$WORK/few/bin" "$WORK/few/p"
cp "$VMRUN" "$WORK/few/bin/vmrun"
for f in soft board-virt virtio; do cp "$B/plugins/$f.so" "$B/plugins/$f.yaml" "$WORK/few/p/"; done
wrong translator-missing 3 'no translator for arm64 guests on .*installed: none' "$WORK/few/bin/vmrun" --plugin-path "$WORK/few/p" --kernel $KERNEL
wrong translator-missing-by-name 3 "plugin 'xlate-arm64-x86' is not installed" "$WORK/few/bin/vmrun" --plugin-path "$WORK/few/p" -p xlate-arm64-x86 --kernel $KERNEL
wrong plugins-none 3 'no installed board|no board' "$WORK/few/bin/vmrun" --plugin-path "$WORK/home" --kernel $KERNEL
if [ "$(uname -m)" = x86_64 ] && [ -f "$B/plugins/kvm.yaml" ]; then
	wrong accel-for-another 3 "accelerator 'kvm' can't run this guest: .*VM_ACCEL_FALLBACK=1" "$VMRUN" -p kvm --kernel $KERNEL
else
	skip accel-for-another "the plugin kvm is not built"
fi

# ---- command lines ----------------------------------------------------------------------------------------------
usage()
{
	name=$1 text=$2
	shift 2
	wrong "usage-$name" 2 "$text" "$VMRUN" "$@"
}
usage nothing 'nothing to boot; name an image'
usage unknown "unknown option '--frobnicate'" --frobnicate "$GOOD"
usage misspelt "unknown option '--kernal'; did you mean '--kernel'" --kernal x
usage letter "z" -z "$GOOD"
usage no-value '--kernel needs a value' --kernel
usage value-not-wanted '--read-only takes no value' --read-only=1 "$GOOD"
for m in 0 x -1 1.5M 100K 99999T 1G2; do usage "memory-$m" "--memory '$m' " -m "$m" "$GOOD"; done
for n in 0 x -1 99999 4294967297; do usage "smp-$n" "--smp '$n' " --smp "$n" "$GOOD"; done
usage stats-value "--stats 'xml' " --stats=xml "$GOOD"
usage two-images 'image|argument' "$GOOD" "$GOOD"
usage empty-image "image's name is empty" ''
usage empty-run "run" --run '' "$GOOD"
usage initrd-alone 'nothing to boot; name an image, or a kernel' --initrd x
usage run-twice '--run is given twice; give several commands as one' --run a --run b "$GOOD"
usage run-and-file '--run-file is given beside' --run a --run-file b "$GOOD"
usage cwd-alone '--cwd goes with --run or --run-file' --cwd /tmp "$GOOD"
usage args-alone '--args goes with --run or --run-file' "$GOOD" --args a
usage env-name "--env 'a-b=1' has no name" --run a --env a-b=1 "$GOOD"
usage timeout "--timeout '-1' must be a number of seconds" --timeout -1 "$GOOD"
usage read-only-alone '--read-only without an image' --read-only --kernel $KERNEL
usage ephemeral-alone '--ephemeral without a disk; it is for an image and for --disk FILE' --ephemeral --kernel $KERNEL
usage disk-ro-and-ephemeral "can't be both: ',ro' lets the guest write nothing, ',ephemeral' forgets it" --kernel $KERNEL --disk x,ro,ephemeral
usage quiet-and-verbose '--quiet and --verbose exclude' -q -v "$GOOD"
usage empty-plugin "begins without the id" -p ,a=1 "$GOOD"
usage two-files '--config is given twice' -c a -c b
usage arch "--arch" --arch 'no such' "$GOOD"
usage json-alone 'json' --json "$GOOD"
wrong append-too-long 3 'command line has [0-9]+ bytes.*this kernel takes 2047.*3000 of --append.*[0-9]+ of --run' "$VMRUN" --run x --append "$(head -c 3000 /dev/zero | tr '\0' x)" --kernel $KERNEL
wrong run-file-missing 3 "--run-file '/none': .*no such file" "$VMRUN" --run-file /none "$GOOD"
wrong run-file-folder 3 "--run-file '/': .*folder" "$VMRUN" --run-file / "$GOOD"
: >"$WORK/empty"
wrong run-file-empty 3 "--run-file '.*/empty': is empty" "$VMRUN" --run-file "$WORK/empty" "$GOOD"
wrong console-log-folder 3 "--console-log '/none/x'" "$VMRUN" --run true --console-log /none/x --kernel $KERNEL --initrd $INITRD
wrong console-log-input 3 "--console-log '.*': is file .* of this machine" "$VMRUN" --run true --console-log $INITRD --kernel $KERNEL --initrd $INITRD
wrong plugin-option-unknown 3 "plugin 'soft' has no option 'x'; it has: tier" "$VMRUN" -p soft,x=1 "$GOOD"
wrong plugin-option-type 3 "plugin 'soft', option 'tier': 'many' must be a number" "$VMRUN" -p soft,tier=many "$GOOD"
wrong plugin-option-range 3 'tier 0 to 2' "$VMRUN" -p soft,tier=9 --kernel $KERNEL
wrong two-accelerators 3 'both of class accel; give one' "$VMRUN" -p soft -p kvm "$GOOD"
wrong show-unknown 3 "nosuch" "$VMRUN" plugins show nosuch

# ---- machine files ----------------------------------------------------------------------------------------------
wrong config-missing 3 'none.yaml: ' "$VMRUN" -c "$IN/none.yaml"
wrong config-is-a-folder 3 "$IN: is a folder; give a file" "$VMRUN" -c "$IN"
wrong config-is-a-fifo 3 "$WORK/fifo: is a FIFO \(named pipe\); give a file" "$VMRUN" -c "$WORK/fifo"
# config NAME TEXT: the machine file on stdin
config()
{
	cat >"$IN/m.yaml"
	wrong "config-$1" 3 "m.yaml:[0-9]+:[0-9]+: .*$2" "$VMRUN" -c "$IN/m.yaml"
}
echo '- a' | config list 'a map of keys to values'
echo 'colour: red' | config unknown-key "no key 'colour'"
echo 'cpu: 1' | config near-key "did you mean 'cpus'"
printf 'cpus: 1\ncpus: 2\n' | config duplicate "duplicate key 'cpus'"
echo 'arch: "a b"' | config arch 'is not the name of an architecture'
echo 'arch: [arm64]' | config arch-list 'must be a single value'
echo 'memory: much' | config memory "memory 'much' is not a size"
echo 'memory: 10K' | config memory-unit 'whole number of MiB'
echo 'cpus: 0' | config cpus-zero 'it must be from 1'
echo 'cpus: two' | config cpus-word 'must be a number'
echo 'read-only: maybe' | config bool 'must be true or false'
echo 'ephemeral: maybe' | config ephemeral 'must be true or false'
echo 'disks: [{path: a, read-only: true, ephemeral: true}]' | config disk-both "a disk can't be both read-only and ephemeral; leave one out"
echo 'reboot: 2' | config reboot 'must be true or false'
echo 'sandbox: []' | config sandbox 'must be'
echo 'image:' | config image-empty "'image' is empty"
echo 'kernel: {a: b}' | config kernel-map 'must be a single value'
echo 'append: [a]' | config append-list 'must be a single value'
echo 'disks: a' | config disks 'must be a list'
echo 'disks: [a]' | config disk 'must be a map'
echo 'disks: [{read-only: true}]' | config disk-path "has no 'path'"
echo 'disks: [{path: a, size: 3}]' | config disk-key "no key 'size'"
echo 'plugins: [soft]' | config plugins 'must be a map'
echo 'plugins: {soft: 1}' | config plugin 'must be a map'
echo 'plugins: {soft: {cache: [1]}}' | config plugin-value 'must be a single value'
echo 'a: [' | config not-yaml '.'
printf 'cpus: 1\n---\ncpus: 2\n' | config second-document 'a second document'
echo 'append: &a b' | config anchor '.'
echo 'append: !!str b' | config tag '.'
head -c 70000 /dev/zero | tr '\0' '#' >"$IN/m.yaml"
wrong config-too-long 3 'm.yaml' "$VMRUN" -c "$IN/m.yaml"
echo "plugins: {nosuch: {a: 1}}" >"$IN/m.yaml"
wrong config-plugin-not-installed 3 "m.yaml:1:11: .*nosuch" "$VMRUN" -c "$IN/m.yaml" --kernel $KERNEL
# A path in YAML's single quotes.
quoted()
{
	printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"
}
printf 'accel: board-virt\nkernel: %s\n' "$(quoted "$PWD/$KERNEL")" >"$IN/m.yaml"
wrong config-wrong-class 3 "m.yaml: .*board-virt.*class board" "$VMRUN" -c "$IN/m.yaml"
printf 'accel: nosuch\nkernel: %s\n' "$(quoted "$PWD/$KERNEL")" >"$IN/m.yaml"
wrong config-accel-not-installed 3 "nosuch.*not installed" "$VMRUN" -c "$IN/m.yaml"
printf 'image: gone.img\n' >"$IN/m.yaml"
wrong config-image-beside 3 "$IN/gone.img: no such file" "$VMRUN" -c "$IN/m.yaml"
# Paths: the home folder and variables, in each key that is one; what is wrong is told with its place.
unset VMRUN_TEST_UNSET
for key in image kernel initrd log-file console-log jitdump; do
	# shellcheck disable=SC2016 # the braces are vmrun's
	printf 'cpus: 1\n%s: "${VMRUN_TEST_UNSET}/x"\n' "$key" >"$IN/m.yaml"
	wrong "config-unset-variable-$key" 3 "m.yaml:2:[0-9]+: path '[^']*': the environment has no variable VMRUN_TEST_UNSET; set it" "$VMRUN" -c "$IN/m.yaml"
done
# shellcheck disable=SC2016
{
	echo 'disks: [{path: "a/${VMRUN_TEST_UNSET}"}]' | config unset-variable-disk 'no variable VMRUN_TEST_UNSET'
	echo 'kernel: $HOME/x' | config variable-without-braces "path '[$]HOME/x': '[$]' begins a variable, written [$][{]NAME[}]; a dollar is written [$][$]"
	echo 'kernel: "${HOME/x"' | config variable-without-end 'begins a variable'
	echo 'kernel: "${}"' | config variable-without-name 'begins a variable'
	echo 'kernel: x$' | config dollar-at-the-end 'begins a variable'
	echo 'kernel: ~root/x' | config home-of-another "'~' stands for your own home folder only"
	printf 'kernel: %s\nplugins:\n  board-virt-riscv64: {firmware: "${VMRUN_TEST_UNSET}"}\n' "$(quoted "$PWD/$KERNEL")" >"$IN/m.yaml"
	wrong config-unset-variable-plugin 3 "m.yaml:3:[0-9]+: path '[^']*': the environment has no variable" "$VMRUN" -c "$IN/m.yaml"
	echo 'kernel: ~/gone' >"$IN/m.yaml"
	wrong config-home 3 "/some/home/gone: no such file" env HOME=/some/home "$VMRUN" -c "$IN/m.yaml"
	wrong config-no-home 3 "m.yaml:1:9: path '~/gone': the environment has no variable HOME" env -u HOME "$VMRUN" -c "$IN/m.yaml"
	echo 'kernel: "${FOLDER}/a$$b${EMPTY}~"' >"$IN/m.yaml"
	wrong config-variables 3 "$IN/sub [$]x/a[$]b~: no such file" env EMPTY= FOLDER='sub $x' "$VMRUN" -c "$IN/m.yaml"
	wrong config-variable-is-absolute 3 "/a/b/a[$]b~: no such file" env EMPTY= FOLDER=/a/b "$VMRUN" -c "$IN/m.yaml"
	echo 'kernel: "${EMPTY}"' >"$IN/m.yaml"
	wrong config-empty-path "3" "is empty once its variables are replaced" env EMPTY= "$VMRUN" -c "$IN/m.yaml"
}

# ---- the console's log ------------------------------------------------------------------------------------------
copy_of_kernel=$IN/kernel-to-spare
cp "$KERNEL" "$copy_of_kernel"
wrong console-log-is-a-folder 3 "--console-log '$IN': is a folder" "$VMRUN" --console-log "$IN" --kernel $KERNEL
wrong console-log-is-the-kernel 3 "--console-log '$copy_of_kernel': is file" "$VMRUN" --console-log "$copy_of_kernel" --kernel "$copy_of_kernel"
wrong console-log-is-the-log 3 "log '$WORK/both': is the file of --console-log as well" "$VMRUN" --console-log "$WORK/both" -d int -D "$WORK/both" --kernel $KERNEL
same console-log-kept-the-kernel yes "$(cmp -s "$KERNEL" "$copy_of_kernel" && echo yes)"
rm -f "$copy_of_kernel"

# ---- no memory --------------------------------------------------------------------------------------------------
# Under a limit on address space: either it is enough, or one line says so. Never a signal, never silence.
case $B in
*san*) skip no-memory "AddressSanitizer needs all of the address space" ;;
*)
	wrong no-memory-for-ram 3 'memory|allocate' sh -c "ulimit -v 600000; exec \"$VMRUN\" -m 4G --kernel $KERNEL --initrd $INITRD --run true"
	for k in 20000 40000 60000 80000 120000 200000 300000 400000 500000 600000; do
		name=no-memory-$k
		(
			ulimit -v $k
			exec timeout -k 5 $((60 * SLOW)) "$VMRUN" $ARGS -m 128M --kernel $KERNEL --initrd $INITRD --run 'exit 6'
		) >"$LOGS/$name.out" 2>"$LOGS/$name.err" </dev/null
		rc=$?
		n=$(grep -c '^vmrun: error: ' "$LOGS/$name.err")
		case $rc-$n in
		6-0 | [13]-1) ok $name ;;
		127-0) # the loader had no room for libc
			if grep -q 'loading shared libraries' "$LOGS/$name.err"; then ok $name; else bad $name '6, or one error' "$rc, $n errors"; fi ;;
		*) bad $name 'status 6, or 1 or 3 with one error' "$rc, $n errors: $(head -n 3 "$LOGS/$name.err" | tr '\n' '|')" ;;
		esac
	done
	;;
esac

# ---- files and terminals ----------------------------------------------------------------------------------------
vm_closed()
{
	name=$1 redirect=$2
	shift 2
	timeout -k 5 $((60 * SLOW)) sh -c "exec \"\$@\" $redirect" sh "$VMRUN" $ARGS "$@" --kernel $KERNEL --initrd $INITRD --run 'echo here; exit 11' \
		>"$LOGS/$name.out" 2>"$LOGS/$name.err"
	same "$name" 11 $?
}
vm_closed stdin-closed '<&-'
has stdin-closed-output "$LOGS/stdin-closed.out" here
vm_closed stdout-closed '>&-'
vm_closed stderr-closed '2>&-'
vm_closed all-closed '<&- >&- 2>&-'
if [ -c /dev/full ]; then
	vm_closed stdout-full-goes-on '>/dev/full' --on-output-closed=continue
	wrong help-to-full-disk 1 "standard output: can't write" sh -c "exec \"$VMRUN\" --help >/dev/full"
	wrong doctor-to-full-disk 1 "standard output: can't write" sh -c "exec \"$VMRUN\" doctor >/dev/full"
fi
for s in INT:130 TERM:143 HUP:129; do
	# shellcheck disable=SC2086
	if $TOOLS/term -t $((60 * SLOW)) -l "$LOGS/sig${s%:*}.out" raw 'expect=Booting Linux' "signal=${s%:*}" "end=${s#*:}" sane -- \
		"$VMRUN" $ARGS --kernel $KERNEL --initrd $INITRD --append 'earlycon' 2>"$WORK/wrong"; then
		ok "sig${s%:*}-leaves-the-terminal-sane"
	else
		bad "sig${s%:*}-leaves-the-terminal-sane" "status ${s#*:}, and the terminal as before" "$(cat "$WORK/wrong")"
	fi
done
# An error after the terminal was taken.
if $TOOLS/term -t $((20 * SLOW)) -l "$LOGS/error.out" 'expect=vmrun: error: ' end=3 sane -- "$VMRUN" -m 16M --kernel $KERNEL 2>"$WORK/wrong"; then
	ok error-leaves-the-terminal-sane
else
	bad error-leaves-the-terminal-sane 'status 3, and the terminal as before' "$(cat "$WORK/wrong")"
fi
finish
