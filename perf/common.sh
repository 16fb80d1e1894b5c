# SPDX-License-Identifier: MIT
# common.sh: what the scripts here share; sourced, not run.
set -eu
umask 022
LC_ALL=C
TZ=UTC
export LC_ALL TZ
PATH=$PATH:/usr/sbin:/sbin
TOP=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$TOP/build}
OUT=$BUILD/perf
mkdir -p "$OUT"

say()
{
	printf '  PERF    %s\n' "$*" >&2
}

die()
{
	printf 'vmrun: %s\n' "$*" >&2
	exit 1
}
