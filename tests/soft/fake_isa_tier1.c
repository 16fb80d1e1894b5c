/* SPDX-License-Identifier: MIT */
/* fake_isa_tier1.c: programs that are linked with it compile, for the host that tests run on. */
#include <emit/x86/x86.h>

#include "fake_isa.h"

const struct vr_emit *const fake_emit = &x86_emit;
