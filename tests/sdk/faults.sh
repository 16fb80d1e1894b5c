#!/bin/sh
# SPDX-License-Identifier: MIT
# faults.sh: tests/sdk/faults/run.sh against an installed SDK, outside of the source. tests/sdk/clean.sh does the same with the packages.
#
# time limit: 300 s
set -u
CDPATH='' cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/env.sh
. tests/env.sh
here=$PWD/tests/sdk/faults
W=$(mktemp -d "$TMPDIR/vmrun-faults.XXXXXX") || exit 1
trap 'rm -rf "$W"' EXIT
trap 'exit 1' INT TERM HUP
${MAKE:-make} --no-print-directory -s install install-sdk PREFIX="$W/prefix" DESTDIR= >"$W/log" 2>&1 </dev/null || { cat "$W/log"; exit 1; }
PATH=$W/prefix/bin:$PATH
PKG_CONFIG_PATH=$W/prefix/lib/pkgconfig
HOME=$W/home
export PATH PKG_CONFIG_PATH HOME
mkdir "$W/home" "$W/plugins"
"$here/run.sh" "$W/plugins"
