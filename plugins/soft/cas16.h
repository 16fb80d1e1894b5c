/* SPDX-License-Identifier: MIT */
/* cas16.h: compare-and-swap of 16 bytes, atomic against generated code. */
#ifndef SOFT_CAS16_H
#define SOFT_CAS16_H

#include <vmrun/isa.h>

/* Store *desired at `at`, a multiple of 16, if *expected is there; *old: what was there. Acquire and release. [any] */
void soft_cas16(void *at, const union vr_v128 *expected, const union vr_v128 *desired, union vr_v128 *old);

#endif
