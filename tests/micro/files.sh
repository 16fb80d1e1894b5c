#!/bin/sh
# SPDX-License-Identifier: MIT
# A kernel in every compressed format, in an EFI zboot file, and out of a pipe, boots, and boots again after a reset: the
# micro-guests `status` (ends with 42) and `reset` (resets the machine in every way it has).
# shellcheck disable=SC2034
NEEDS=${VR_B:-build}/tests/micro/arm64/reset
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
ARGS=''
MICRO=$B/tests/micro

# FORMAT COMMAND: what packs, as the kernel's build does and as users do.
cat >"$WORK/formats" <<'END'
gzip gzip -9
xz xz --check=crc32 --lzma2=dict=1MiB
lzma xz --format=lzma -9
zstd zstd -q -22 --ultra
lz4 lz4 -q -l -9
lz4-frame lz4 -q -9
bzip2 bzip2 -9
END

le32()
{
	# shellcheck disable=SC2059 # the format is the bytes
	printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"
}

# zboot METHOD PAYLOAD FILE: the header that Linux documents (CONFIG_EFI_ZBOOT), and the payload.
zboot()
{
	{
		printf 'MZ\0\0zimg'
		le32 64
		le32 "$(wc -c <"$2")"
		printf '\0\0\0\0\0\0\0\0%s' "$1"
		head -c $((40 - ${#1})) /dev/zero
		cat "$2"
	} >"$3"
}

# both NAME ARCH KERNEL: `reset` in some shape; the machine ends well, and the guest's own checks held.
resets()
{
	vm 30 "$1" -m 64M --kernel "$2" --run x
	ended 0
	if grep -aq '^ok reset-count' "$OUT"; then ok "$1-resets"; else bad "$1-resets" 'ok reset-count' "$(tail -n 2 "$OUT" | tr '\r\n' '  ')"; fi
}

for arch in ${MICRO_ARCHS:-arm64 riscv64}; do
	while read -r format command; do
		case $format in lz4-frame) method=lz4 ;; xz) method=xzkern ;; zstd) method=zstd22 ;; *) method=$format ;; esac
		$command -c <"$MICRO/$arch/reset" >"$WORK/k"
		resets "$arch-$format" "$WORK/k"
		[ "$format" != bzip2 ] || continue # the kernel's build has no such zboot
		zboot $method "$WORK/k" "$WORK/z"
		resets "$arch-zboot-$format" "$WORK/z"
		gzip -c "$WORK/z" >"$WORK/zz"
		resets "$arch-zboot-$format-in-gzip" "$WORK/zz"
	done <"$WORK/formats"
done

# An ELF kernel is known for x86-64 through its compression; which accelerator runs it is chosen after that.
while read -r format command; do
	$command -c <"$MICRO/x86_64/status" >"$WORK/vmlinux"
	vm 60 "vmlinux-$format" -m 64M --kernel "$WORK/vmlinux" --run x
	if grep -qE '^vmrun: x86_64 guest on |for x86_64 guests|this guest' "$ERR"; then
		ok "vmlinux-$format-is-x86_64"
	else
		bad "vmlinux-$format-is-x86_64" 'x86_64' "$(head -n 2 "$ERR" | tr '\n' '|')"
	fi
	if grep -q '^vmrun: x86_64 guest on ' "$ERR"; then ended 42; else skip "vmlinux-$format" "$(grep '^vmrun: error' "$ERR" | cut -c 1-120)"; fi
done <"$WORK/formats"

# ---- pipes: read once, kept for the reset -------------------------------------------------------------------------
piped()
{
	name=$1 kernel=$2
	shift 2
	"$@" | timeout -k 5 $((30 * SLOW)) "$VMRUN" -m 64M --kernel "$kernel" --run x >"$LOGS/$name.out" 2>"$LOGS/$name.err"
	rc=$?
	same "$name" 0 $rc
	has "$name-resets" "$LOGS/$name.out" 'ok reset-count'
}
for path in /dev/stdin /dev/fd/0 /proc/self/fd/0; do
	piped "pipe-$(echo $path | tr / -)" $path cat "$MICRO/arm64/reset"
	piped "pipe-gzip-$(echo $path | tr / -)" $path gzip -c "$MICRO/arm64/reset"
done
# A slow writer is waited for.
piped pipe-slow /dev/stdin sh -c "head -c 1000 '$MICRO/arm64/reset'; sleep 1; tail -c +1001 '$MICRO/arm64/reset'"
# A redirected file is no pipe, and boots as well.
timeout -k 5 $((30 * SLOW)) "$VMRUN" -m 64M --kernel /dev/stdin --run x <"$MICRO/arm64/reset" >"$LOGS/redirected.out" 2>"$LOGS/redirected.err"
same redirected 0 $?
finish
