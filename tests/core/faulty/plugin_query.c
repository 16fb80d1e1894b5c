/* SPDX-License-Identifier: MIT */
/* The struct vr_plugin has no query. */
#include "faulty.h"

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)
FAULTY_CREATE(.size = sizeof(struct vr_plugin))
