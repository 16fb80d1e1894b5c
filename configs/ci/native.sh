#!/bin/sh
# SPDX-License-Identifier: MIT
# native.sh: runs in the guest. Standard input is the library's source, as a tar file; standard output, as one too, what is to be
# kept: the test's output and the library. The exit status is that of the compiler or the test.
mkdir -p /tmp/source /tmp/out
tar x -C /tmp/source || exit
cd /tmp/source || exit
uname -srm >&2
: >/tmp/out/test.tap
make CC="${CC:-cc}" OUT=/tmp/out /tmp/out/test >&2 && /tmp/out/test >/tmp/out/test.tap
status=$?
cd /tmp/out && tar c test.tap $(ls libcodec.a 2>/dev/null)
exit $status
