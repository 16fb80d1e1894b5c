/* SPDX-License-Identifier: MIT */
/* The struct vr_plugin ends before query. */
#include "faulty.h"

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)
FAULTY_CREATE(.size = offsetof(struct vr_plugin, query), .query = faulty_query)
