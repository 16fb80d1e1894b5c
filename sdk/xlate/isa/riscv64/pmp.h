/* SPDX-License-Identifier: MIT */
/* pmp.h: physical memory protection (vol. II, "Physical Memory Protection"): see pmp.c. */
#ifndef VR_XLATE_RISCV64_PMP_H
#define VR_XLATE_RISCV64_PMP_H

#include <stdint.h>

#define RV_PMP_ENTRIES 16u
/* "G": an entry begins and ends at multiples of 2^(G + 2) bytes, which is a page. */
#define RV_PMP_GRAIN 10u
#define RV_PMP_ALL 7u     /* every right: bits VR_ACCESS_* */
#define RV_PMP_OPEN 0x1fu /* pmpcfg of an entry: NAPOT, every right */

/* An entry that is not off, with the bytes it covers. */
struct rv_pmp_range {
	uint64_t first, last;
	uint32_t rights; /* bit VR_ACCESS_* */
	uint32_t locked; /* M-mode has no other rights either */
};

/* What pmpcfg and pmpaddr say, made ready for looking up: nothing but rv_pmp_update() changes it. */
struct rv_pmp {
	uint32_t count;  /* ranges, the one that wins first */
	uint32_t open;   /* S and U mode may do everything everywhere */
	uint32_t locked; /* some range binds M-mode */
	uint32_t reserved;
	struct rv_pmp_range range[RV_PMP_ENTRIES];
};

#endif
