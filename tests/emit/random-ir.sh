#!/bin/sh
# SPDX-License-Identifier: MIT
# random-ir.sh: random IRs that the verifier accepts, by every tier and emitter; see random_ir.c.
exec "${VR_B:-build}/tests/random-ir" 60000 1
