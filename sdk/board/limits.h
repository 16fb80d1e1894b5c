/* SPDX-License-Identifier: MIT */
/* limits.h: whether a board can be the machine that is asked for. */
#ifndef VR_BOARD_LIMITS_H
#define VR_BOARD_LIMITS_H

#include <vmrun/board.h>

#include "tables.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VR_BOARD_RAM_GRAIN 0x10000u /* sizes of RAM are multiples of it, in bytes */

struct vr_board_limits {
	const char *plugin; /* its id */
	const char *arch;
	uint32_t vcpus;            /* at most; at least one */
	uint64_t ram_min, ram_max; /* bytes, multiples of the grain; ram_min is not 0 */
};

/* VR_E_CONFIG with a text that says what to change. [main] */
int32_t vr_board_limits_check(const struct vr_tables *t, const struct vr_board_limits *l,
			      const struct vr_board_config *c);

#ifdef __cplusplus
}
#endif

#endif
