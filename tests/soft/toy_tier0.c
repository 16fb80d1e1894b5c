/* SPDX-License-Identifier: MIT */
/* toy_tier0.c: programs that are linked with it interpret. */
#include "toy.h"

const struct vr_emit *const toy_emit = NULL;
