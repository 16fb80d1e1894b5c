/* SPDX-License-Identifier: MIT */
/* magic.abi_extra names a fork. */
#include "faulty.h"

FAULTY_MAGIC({32, {'V', 'M', 'R', 'N'}, VR_ABI_MAJOR, VR_ABI_MINOR, 0, {'f', 'o', 'r', 'k'}})
FAULTY_RIGHT_CREATE
