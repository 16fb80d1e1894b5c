/* SPDX-License-Identifier: MIT */
/*
 * cas16.c: compare-and-swap of 16 bytes by the host's own instruction, so that it is atomic against generated code, which uses the
 * same. The compiler's built-in for 16 bytes is a call of libatomic, which may take a lock that generated code knows nothing of. A
 * host without such an instruction makes these accesses while all other vCPUs stand (SOFT_REQ_ALONE).
 */
#include "cas16.h"

#if SOFT_HAS_CAS16 && defined(__x86_64__)
/* SDM vol. 2, CMPXCHG8B/CMPXCHG16B; emitters for this host ask for the feature in their probe. */
void soft_cas16(void *at, const union vr_v128 *expected, const union vr_v128 *desired, union vr_v128 *old)
{
	uint64_t lo = expected->d[0], hi = expected->d[1];

	__asm__ volatile("lock cmpxchg16b %0"
			 : "+m"(*(union vr_v128 *)at), "+a"(lo), "+d"(hi)
			 : "b"(desired->d[0]), "c"(desired->d[1])
			 : "memory", "cc");
	old->d[0] = lo;
	old->d[1] = hi;
}
#elif SOFT_HAS_CAS16 && defined(__aarch64__)
/* Arm ARM B2.9: what the exclusive pair read is whole only when the exclusive store succeeds, so the old value is written back
 * where it is not the expected one. */
void soft_cas16(void *at, const union vr_v128 *expected, const union vr_v128 *desired, union vr_v128 *old)
{
	uint64_t lo, hi, new_lo, new_hi;
	uint32_t failed;

	__asm__ volatile("1:	ldaxp	%0, %1, [%5]\n"
			 "	cmp	%0, %6\n"
			 "	ccmp	%1, %7, #0, eq\n"
			 "	csel	%2, %8, %0, eq\n"
			 "	csel	%3, %9, %1, eq\n"
			 "	stlxp	%w4, %2, %3, [%5]\n"
			 "	cbnz	%w4, 1b"
			 : "=&r"(lo), "=&r"(hi), "=&r"(new_lo), "=&r"(new_hi), "=&r"(failed)
			 : "r"(at), "r"(expected->d[0]), "r"(expected->d[1]), "r"(desired->d[0]),
			   "r"(desired->d[1])
			 : "memory", "cc");
	old->d[0] = lo;
	old->d[1] = hi;
}
#endif
