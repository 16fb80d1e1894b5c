/* SPDX-License-Identifier: MIT */
/* debug.h: self-hosted debug as the guests about it use it (Arm ARM D2, D17.3). */
#ifndef VR_MICRO_DEBUG_H
#define VR_MICRO_DEBUG_H

#include "arch.h"

#define MDSCR_SS (1u << 0)
#define MDSCR_KDE (1u << 13)
#define MDSCR_MDE (1u << 15)
#define SPSR_D (1u << 9)
#define SPSR_SS (1u << 21)

#define EC(esr) ((uint32_t)((esr) >> 26) & 63)
#define EC_SVC 0x15
#define EC_DATA_LOWER 0x24
#define EC_DATA_SAME 0x25
#define EC_BREAKPOINT 0x30 /* + 1: from EL1 */
#define EC_STEP 0x32
#define EC_WATCHPOINT 0x34
#define EC_BRK 0x3c
#define ISS_WNR (1u << 6)
#define ISS_DEBUG 0x22u

/* DBGBCR, DBGWCR */
#define ENABLED 1u
#define AT_EL1 2u
#define AT_EL0 4u
#define LOADS (1u << 3)
#define STORES (2u << 3)
#define BYTES(bas) ((uint64_t)(bas) << 5)
#define LINK(n) ((uint64_t)(n) << 16)
#define RANGE(log2) ((uint64_t)(log2) << 24 | BYTES(0xff))
#define WATCH_LINKED (1u << 20)
#define BREAK_LINKED (1u << 20)
#define BREAK_CONTEXT (2u << 20)
#define BREAK_CONTEXT_LINKED (3u << 20)

/* BAS is all ones where it is not RES1 by itself. */
#define breakpoint(n, address, control)                                         \
	do {                                                                    \
		sysreg_write(dbgbvr##n##_el1, (uint64_t)(address));             \
		sysreg_write(dbgbcr##n##_el1, (uint64_t)(control) | BYTES(15)); \
	} while (0)
#define watchpoint(n, address, control)                             \
	do {                                                        \
		sysreg_write(dbgwvr##n##_el1, (uint64_t)(address)); \
		sysreg_write(dbgwcr##n##_el1, (uint64_t)(control)); \
	} while (0)
/* The address that user mode has a function or an object at. */
#define IN_USER(place) ((uint64_t)(uintptr_t)(place) + ALIAS)

/* In kernel mode with debug exceptions unmasked; arch_try() without. */
static inline void debug_unmask(void)
{
	__asm__ volatile("msr daifclr, #8; isb" : : : "memory");
}
static inline void debug_mask(void)
{
	__asm__ volatile("msr daifset, #8; isb" : : : "memory");
}

#endif
