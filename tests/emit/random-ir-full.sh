#!/bin/sh
# SPDX-License-Identifier: MIT
# random-ir-full.sh: as random-ir.sh, 1,000,000 of them.
# time limit: 7200 s
exec "${VR_B:-build}/tests/random-ir" 1000000 1000000
