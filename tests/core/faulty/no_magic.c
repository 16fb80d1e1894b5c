/* SPDX-License-Identifier: MIT */
/* Exports no vmrun_plugin_magic. */
#include "faulty.h"

FAULTY_RIGHT_CREATE
