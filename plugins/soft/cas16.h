/* SPDX-License-Identifier: MIT */
/* cas16.h: compare-and-swap of 16 bytes, atomic against generated code. */
#ifndef SOFT_CAS16_H
#define SOFT_CAS16_H

#include <vmrun/isa.h>

/* Has the host the instruction? -DSOFT_HAS_CAS16=0 builds without it, for a test. */
#ifndef SOFT_HAS_CAS16
#if defined(__x86_64__) || defined(__aarch64__)
#define SOFT_HAS_CAS16 1
#else
#define SOFT_HAS_CAS16 0
#endif
#endif

/* Store *desired at `at`, a multiple of 16, if *expected is there; *old: what was there. Acquire and release. Only with SOFT_HAS_CAS16. [any] */
void soft_cas16(void *at, const union vr_v128 *expected, const union vr_v128 *desired, union vr_v128 *old);

#endif
