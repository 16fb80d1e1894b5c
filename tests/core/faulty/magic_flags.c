/* SPDX-License-Identifier: MIT */
/* magic.flags has an unknown flag. */
#include "faulty.h"

FAULTY_MAGIC({32, {'V', 'M', 'R', 'N'}, VR_ABI_MAJOR, VR_ABI_MINOR, 0x10, {0}})
FAULTY_RIGHT_CREATE
