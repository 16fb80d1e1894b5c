/* SPDX-License-Identifier: MIT */
/* vmrun_plugin_magic() returns nothing. */
#include "faulty.h"

const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	return NULL;
}

FAULTY_RIGHT_CREATE
