/* SPDX-License-Identifier: MIT */
/* rmw.h: the read-modify-write ops on host memory. */
#ifndef SOFT_RMW_H
#define SOFT_RMW_H

#include <stdbool.h>

#include "cas16.h"

/* Are ops of 2^log2 bytes one step on this host, also against generated code? */
static inline bool soft_rmw_is_atomic(uint32_t log2)
{
	return log2 < 4 || SOFT_HAS_CAS16;
}
/* VR_IR_CAS, VR_IR_CAS2, VR_IR_AMO (of that kind) of 2^log2 bytes at `at`, which is aligned: one step where
 * soft_rmw_is_atomic(). *result: what was there, zero-extended. [any] */
void soft_rmw(uint32_t op, uint32_t log2, uint32_t kind, void *at, const union vr_v128 *a,
	      const union vr_v128 *b, union vr_v128 *result);

#endif
