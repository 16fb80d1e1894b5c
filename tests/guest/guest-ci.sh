#!/bin/sh
# SPDX-License-Identifier: MIT
# configs/ci, used as CI uses it: a library tested on arm64 and riscv64, two runs at once; then with what CI is there to find.
# shellcheck disable=SC2034
NEEDS="build/ci/arm64.img build/ci/riscv64.img"
# shellcheck source=tests/guest/lib.sh
. tests/guest/lib.sh
case $VMRUN in /*) ;; *) VMRUN=$PWD/$VMRUN ;; esac
out=$WORK/out

# ci NAME ARGUMENT...: make there; its output in $OUT and $ERR, its status in $RC.
ci()
{
	NAME=$1
	OUT=$LOGS/$NAME.out ERR=$LOGS/$NAME.err
	shift
	make -C configs/ci --no-print-directory OUT="$PWD/$out" VMRUN="$VMRUN $ARGS" TIMEOUT=$((200 * SLOW)) "$@" >"$OUT" 2>"$ERR" </dev/null
	RC=$?
}

# xml NAME FILE TEXT COUNT: so many elements have the text.
xml()
{
	same "$1" "$4" "$(grep -cF -- "$3" "$2")"
}

before=$(stat -c '%y %s' build/ci/*.img)
ci all -j2
ended 0
same all-four-runs '4 4' "$(wc -l <"$OUT") $(grep -c -- '^[a-z0-9]*-[a-z]*: 14 passed, 0 failed, exit status 0$' "$OUT")"
for arch in arm64 riscv64; do
	case $arch in arm64) machine=AArch64 uname=aarch64 ;; *) machine=RISC-V uname=riscv64 ;; esac
	for how in cross native; do
		n=$arch-$how
		xml "$n-xml-says-so" "$out/$n.xml" "<testsuite name=\"$n\" tests=\"14\" failures=\"0\">" 1
		xml "$n-xml-has-each" "$out/$n.xml" '<testcase ' 14
		same "$n-library" "3 $machine" "$(readelf -h "$out/$n/libcodec.a" | sed -n 's/ *Machine: *//p' | sort | uniq -c | sed 's/^ *//')"
		has "$n-console-has-the-kernel" "$out/$n.console" 'EXT4-fs (vda2): mounted'
	done
	has "$arch-native-is-native" "$out/$arch-native.log" " $uname"
	has "$arch-native-compiles" "$out/$arch-native.log" 'gcc -O2 -Wall -Wextra -Werror -c -o /tmp/out/crc32c.o'
done
same images-are-as-before "$before" "$(stat -c '%y %s' build/ci/*.img)"

# What passes where char is signed, as on x86-64, and fails where it is not.
cp -r configs/ci/lib "$WORK/char"
sed -i 's/^static int value_of/static char value_of/' "$WORK/char/base64.c"
if [ "$(uname -m)" = x86_64 ]; then
	make -s -C "$WORK/char" OUT="$PWD/$WORK/host" check >"$LOGS/host.out" 2>&1
	same fault-is-not-seen-on-the-host 0 $?
fi
ci fault -k -j2 arm64-cross riscv64-cross LIB="$PWD/$WORK/char"
ended 2
for n in arm64-cross riscv64-cross; do
	has "fault-$n" "$OUT" "$n: 12 passed, 2 failed, exit status 1"
	xml "fault-$n-xml" "$out/$n.xml" 'name="base64: what is none is refused"><failure' 1
	xml "fault-$n-xml-counts" "$out/$n.xml" 'tests="14" failures="2"' 1
done
has fault-is-told "$ERR" 'not ok 8 - base64: what is none is refused'

# A test that hangs, and one that crashes after its first check.
cp -r configs/ci/lib "$WORK/hangs"
sed -i 's/^\tcrc();/\tfflush(stdout);\n\tfor (;;)\n\t\t;/' "$WORK/hangs/test.c"
sed -i 's/^static void crc/__attribute__((unused)) static void crc/' "$WORK/hangs/test.c"
ci hangs arm64-cross LIB="$PWD/$WORK/hangs" TIMEOUT=$((6 * SLOW))
ended 2
has hangs-is-told "$OUT" 'arm64-cross: 12 passed, 0 failed, exit status 124'
xml hangs-xml "$out/arm64-cross.xml" 'name="exit status"><failure message="ended by --timeout"' 1
cp -r configs/ci/lib "$WORK/crashes"
sed -i 's/^\tleb128();/\tfflush(stdout);\n\t__builtin_trap();/; s/^static void leb128/__attribute__((unused)) &/' "$WORK/crashes/test.c"
ci crashes riscv64-cross LIB="$PWD/$WORK/crashes"
ended 2
same crashes-is-told 1 "$(grep -cE '^riscv64-cross: 9 passed, 0 failed, exit status 1(32|33)$' "$OUT")"
xml crashes-xml "$out/riscv64-cross.xml" '<failure message="the test did not come to its end"' 1

# What the guest's compiler refuses.
cp -r configs/ci/lib "$WORK/wrong"
echo 'int x = "no number";' >>"$WORK/wrong/base64.c"
ci wrong arm64-native LIB="$PWD/$WORK/wrong"
ended 2
has wrong-is-told "$ERR" 'base64.c:'
has wrong-status "$OUT" 'arm64-native: 0 passed, 0 failed, exit status 2'
finish
