/* SPDX-License-Identifier: MIT */
/* rmw.c: read-modify-write ops by the compiler's atomics, which are those that generated code meets. */
#include <string.h>
#include <vmrun/ir.h>

#include "rmw.h"

#define ATOMIC_OPS(T, S)                                                                                    \
	static T amo_##T(T *at, T b, uint32_t kind)                                                         \
	{                                                                                                   \
		switch (kind) {                                                                             \
		case VR_AMO_ADD:                                                                            \
			return __atomic_fetch_add(at, b, __ATOMIC_SEQ_CST);                                 \
		case VR_AMO_ANDN:                                                                           \
			return __atomic_fetch_and(at, (T)~b, __ATOMIC_SEQ_CST);                             \
		case VR_AMO_XOR:                                                                            \
			return __atomic_fetch_xor(at, b, __ATOMIC_SEQ_CST);                                 \
		case VR_AMO_OR:                                                                             \
			return __atomic_fetch_or(at, b, __ATOMIC_SEQ_CST);                                  \
		case VR_AMO_SWAP:                                                                           \
			return __atomic_exchange_n(at, b, __ATOMIC_SEQ_CST);                                \
		default:                                                                                    \
			break;                                                                              \
		}                                                                                           \
		T old = __atomic_load_n(at, __ATOMIC_SEQ_CST), next;                                        \
		do {                                                                                        \
			switch (kind) {                                                                     \
			case VR_AMO_SMAX:                                                                   \
				next = (S)old > (S)b ? old : b;                                             \
				break;                                                                      \
			case VR_AMO_SMIN:                                                                   \
				next = (S)old < (S)b ? old : b;                                             \
				break;                                                                      \
			case VR_AMO_UMAX:                                                                   \
				next = old > b ? old : b;                                                   \
				break;                                                                      \
			default:                                                                            \
				next = old < b ? old : b;                                                   \
				break;                                                                      \
			}                                                                                   \
		} while (!__atomic_compare_exchange_n(at, &old, next, 0, __ATOMIC_SEQ_CST,                  \
						      __ATOMIC_SEQ_CST));                                   \
		return old;                                                                                 \
	}                                                                                                   \
	static T cas_##T(T *at, T expected, T desired)                                                      \
	{                                                                                                   \
		__atomic_compare_exchange_n(at, &expected, desired, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
		return expected;                                                                            \
	}
ATOMIC_OPS(uint8_t, int8_t)
ATOMIC_OPS(uint16_t, int16_t)
ATOMIC_OPS(uint32_t, int32_t)
ATOMIC_OPS(uint64_t, int64_t)

static void cas_16(void *at, const union vr_v128 *a, const union vr_v128 *b, union vr_v128 *result)
{
#if SOFT_HAS_CAS16
	soft_cas16(at, a, b, result);
#else
	memcpy(result, at, 16);
	if (!memcmp(result, a, 16))
		memcpy(at, b, 16);
#endif
}

void soft_rmw(uint32_t op, uint32_t log2, uint32_t kind, void *at, const union vr_v128 *a,
	      const union vr_v128 *b, union vr_v128 *result)
{
	const bool amo = op == VR_IR_AMO;

	result->d[0] = result->d[1] = 0;
	switch (log2) {
	case 0:
		result->d[0] = amo ? amo_uint8_t(at, a->b[0], kind) : cas_uint8_t(at, a->b[0], b->b[0]);
		break;
	case 1:
		result->d[0] = amo ? amo_uint16_t(at, a->h[0], kind) : cas_uint16_t(at, a->h[0], b->h[0]);
		break;
	case 2:
		result->d[0] = amo ? amo_uint32_t(at, a->s[0], kind) : cas_uint32_t(at, a->s[0], b->s[0]);
		break;
	case 3:
		result->d[0] = amo ? amo_uint64_t(at, a->d[0], kind) : cas_uint64_t(at, a->d[0], b->d[0]);
		break;
	default:
		cas_16(at, a, b, result);
	}
}
