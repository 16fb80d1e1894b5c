/* SPDX-License-Identifier: MIT */
/* magic.abi_major is an earlier one. */
#include "faulty.h"

FAULTY_MAGIC({32, {'V', 'M', 'R', 'N'}, VR_ABI_MAJOR - 1, 0, 0, {0}})
FAULTY_RIGHT_CREATE
