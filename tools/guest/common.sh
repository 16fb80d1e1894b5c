# SPDX-License-Identifier: MIT
# common.sh: what the guest scripts share; sourced, not run.
set -eu
umask 022
LC_ALL=C
TZ=UTC
export LC_ALL TZ
PATH=$PATH:/usr/sbin:/sbin
TOP=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$TOP/build}
CACHE=${CACHE:-$TOP/build/cache}
OUT=${OUT:-$TOP/build/guest}
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
