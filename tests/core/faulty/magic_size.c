/* SPDX-License-Identifier: MIT */
/* magic.size is not 32. */
#include "faulty.h"

FAULTY_MAGIC({24, {'V', 'M', 'R', 'N'}, VR_ABI_MAJOR, VR_ABI_MINOR, 0, {0}})
FAULTY_RIGHT_CREATE
