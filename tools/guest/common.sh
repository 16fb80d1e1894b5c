# SPDX-License-Identifier: MIT
# common.sh: what the guest scripts share; sourced, not run.
set -eu
umask 022
LC_ALL=C
TZ=UTC
export LC_ALL TZ
PATH=$PATH:/usr/sbin:/sbin
TOP=$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$TOP/build}
CACHE=${CACHE:-$TOP/build/cache}
# GUEST_ARCH: the guests' architecture as Debian spells it; with it go the release, the folders and the kernel's
# magic at byte 56 of its Image (Documentation/arch/arm64/booting.rst, riscv/boot-image-header.rst); '': a bzImage.
GUEST_ARCH=${GUEST_ARCH:-arm64}
case $GUEST_ARCH in
arm64)
	SUITE=bookworm RELEASE=12 PYTHON=3.11 MAGIC=41524d64 SUFFIX=''
	CONSOLE=ttyAMA0 EFI_ARCH=aa64
	ROOT_TYPE=b921b045-1df0-41c3-af44-4c6f280d3fae # of the root partition (Discoverable Partitions)
	;;
riscv64)
	SUITE=trixie RELEASE=13 PYTHON=3.13 MAGIC=52534305 SUFFIX=-riscv64
	CONSOLE=ttyS0 EFI_ARCH=riscv64
	ROOT_TYPE=72ec70a6-cf74-40e6-bd49-4bda08e8f224
	;;
amd64)
	SUITE=bookworm RELEASE=12 PYTHON=3.11 MAGIC='' SUFFIX=-x86_64
	CONSOLE=ttyS0 EFI_ARCH=x64
	ROOT_TYPE=4f68bce3-e8cd-4db1-96e7-fbcaf984b709
	;;
*)
	echo "vmrun: GUEST_ARCH=$GUEST_ARCH: arm64, riscv64 or amd64" >&2
	exit 1
	;;
esac
export GUEST_ARCH
OUT=${OUT:-$TOP/build/guest$SUFFIX}
# Every time stamp in what we make. Fixed, so that two builds of the same packages are the same bytes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1700000000}
export SOURCE_DATE_EPOCH

say()
{
	printf '  GUEST   %s\n' "$*"
}

die()
{
	printf 'vmrun: %s\n' "$*" >&2
	exit 1
}

# need COMMAND PACKAGE...: commands that the script can't do without.
need()
{
	while [ $# -gt 0 ]; do
		command -v "$1" >/dev/null 2>&1 || die "$1 is not installed; run \`make deps\` (Debian package: $2)"
		shift 2
	done
}

# same_times FOLDER: nothing in it is newer than SOURCE_DATE_EPOCH (or carries a time of this build).
same_times()
{
	find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}
