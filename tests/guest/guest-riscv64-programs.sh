#!/bin/sh
# SPDX-License-Identifier: MIT
# guest-programs.sh on riscv64.
# shellcheck disable=SC2034
GUEST_ARCH=riscv64
. tests/guest/guest-programs.sh
