/* SPDX-License-Identifier: MIT */
/* fake_isa_tier0.c: programs that are linked with it interpret. */
#include "fake_isa.h"

const struct vr_emit *const fake_emit = NULL;
