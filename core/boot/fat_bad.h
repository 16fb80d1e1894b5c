/* SPDX-License-Identifier: MIT */
/* fat_bad.h: the error of a volume that breaks the format, at a byte of the volume. */
#ifndef BOOT_FAT_BAD_H
#define BOOT_FAT_BAD_H

#include <inttypes.h>
#include <vmrun/abi.h>
#include "boot/fat.h"
#include "common/error.h"

#define FAT_BAD(f, at, format, ...)                                   \
	vr_error_set(VR_E_IMAGE,                                      \
		     "%s: FAT volume at byte %" PRIu64 ": " format    \
		     "; check it (fsck.fat) or make the image again", \
		     (f)->source->name, (f)->base + (at), __VA_ARGS__)

#endif
