/* SPDX-License-Identifier: MIT */
/* Exports no vmrun_plugin_create. */
#include "faulty.h"

FAULTY_MAGIC(VR_MAGIC_INITIALIZER)
