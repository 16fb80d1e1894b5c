#!/bin/sh
# SPDX-License-Identifier: MIT
# guest-programs.sh at length, and on four CPUs.
#
# time limit: 3300 s
VMRUN_TEST_FULL=full
export VMRUN_TEST_FULL
. tests/guest/guest-programs.sh
