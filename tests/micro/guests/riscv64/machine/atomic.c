/* SPDX-License-Identifier: MIT */
/* LR, SC and AMOs that are not aligned trap, SC whatever is reserved (manual, volume I, "A"). */
#include "machine.h"

#define LOAD_MISALIGNED 4
#define STORE_MISALIGNED 6

static uint64_t words[4];
static uint8_t *at;

#define TRY(name, code)                                                    \
	static void name(void)                                             \
	{                                                                  \
		__asm__ volatile(code : : "r"(at) : "t0", "t1", "memory"); \
	}
TRY(lr_w, "lr.w t0, (%0)")
TRY(lr_d, "lr.d t0, (%0)")
TRY(sc_w, "sc.w t0, zero, (%0)")
TRY(sc_d, "sc.d t0, zero, (%0)")
TRY(amo_w, "amoadd.w t0, zero, (%0)")
TRY(amo_d, "amoadd.d t0, zero, (%0)")
/* With a reservation, of the aligned word that it is in. */
TRY(reserved_w, "andi t1, %0, -8; lr.w t0, (t1); sc.w t0, zero, (%0)")
TRY(reserved_d, "andi t1, %0, -4; lr.w t0, (t1); sc.d t0, zero, (%0)")

static void refused(const char *name, void (*fn)(void), uint64_t cause)
{
	SAME(name, machine_try(fn), cause);
	SAME(name, csr_read(mtval), (uintptr_t)at);
}

int guest_main(void)
{
	words[0] = words[1] = words[2] = UINT64_MAX;
	for (unsigned i = 1; i < 8; i++) {
		at = (uint8_t *)words + i;
		refused("misaligned-lr.d", lr_d, LOAD_MISALIGNED);
		refused("misaligned-sc.d", sc_d, STORE_MISALIGNED);
		refused("misaligned-sc.d-reserved", reserved_d, STORE_MISALIGNED);
		refused("misaligned-amo.d", amo_d, STORE_MISALIGNED);
		if (i == 4)
			continue;
		refused("misaligned-lr.w", lr_w, LOAD_MISALIGNED);
		refused("misaligned-sc.w", sc_w, STORE_MISALIGNED);
		refused("misaligned-sc.w-reserved", reserved_w, STORE_MISALIGNED);
		refused("misaligned-amo.w", amo_w, STORE_MISALIGNED);
	}
	at = (uint8_t *)&words[1]; /* no LR was of that one */
	SAME("aligned-sc-without-a-reservation", machine_try(sc_d), MACHINE_NO_TRAP);
	SAME("misaligned-nothing-is-stored", words[0] & words[1] & words[2], UINT64_MAX);
	return 0;
}
