/* SPDX-License-Identifier: MIT */
/* magic.tag is another program's. */
#include "faulty.h"

FAULTY_MAGIC({32, {'Q', 'M', 0x01, 0}, VR_ABI_MAJOR, VR_ABI_MINOR, 0, {0}})
FAULTY_RIGHT_CREATE
