#!/bin/sh
# SPDX-License-Identifier: MIT
# guest-programs.sh on riscv64 at length, and on four CPUs.
# shellcheck disable=SC2034
#
# time limit: 3300 s
GUEST_ARCH=riscv64
. tests/guest/guest-programs-full.sh
