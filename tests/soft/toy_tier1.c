/* SPDX-License-Identifier: MIT */
/* toy_tier1.c: programs that are linked with it compile, for the host that tests run on. */
#include <emit/x86/x86.h>

#include "toy.h"

const struct vr_emit *const toy_emit = &x86_emit;
