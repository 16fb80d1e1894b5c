/* SPDX-License-Identifier: MIT */
/* entry.h: the state in which a hart of this board starts. */
#ifndef BOARD_RISCV64_ENTRY_H
#define BOARD_RISCV64_ENTRY_H

#include <board/tables.h>

#define ENTRY_S 1u
#define ENTRY_M 3u

struct registry_entry {
	uint32_t privilege; /* ENTRY_S: below the built-in SBI; ENTRY_M: firmware */
	uint32_t on;        /* the state's powered_on */
	uint64_t pc, a0, a1, a2;
};

/* Reset values, the MMU and interrupts off. The hart is off or the machine is quiesced. */
int32_t entry_set(const struct vr_tables *t, uint32_t vcpu, const struct registry_entry *e);

#endif
