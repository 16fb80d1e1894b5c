/* SPDX-License-Identifier: MIT */
/* entry.h: the state in which vCPUs of this board start. */
#ifndef BOARD_PC_ENTRY_H
#define BOARD_PC_ENTRY_H

#include <board/tables.h>

#define ENTRY_LONG 0u      /* 64 bits, paging on: Linux' 64-bit boot protocol, plain ELF */
#define ENTRY_PROTECTED 1u /* 32 bits, paging off: PVH */

struct registry_entry {
	uint32_t mode; /* ENTRY_* */
	uint64_t rip, rbx, rsi, rsp;
};

/* The first vCPU, after entry_tables(). The machine is quiesced. */
int32_t entry_boot(const struct vr_tables *t, const struct registry_entry *e);
/* Real mode at vector * 4096 as a start-up interrupt begins it. The vCPU is off. VR_E_STATE: it still runs.
 */
int32_t entry_real_mode(const struct vr_tables *t, uint32_t vcpu, uint8_t vector);
/* Waiting for a start-up interrupt that the accelerator's own local APIC takes; or it has come, with
 * `vector`. */
int32_t entry_wait(const struct vr_tables *t, uint32_t vcpu, uint32_t come, uint8_t vector);

/* Writes GDT and page tables to where entry_boot() points: PC_GDT and PC_PAGE_TABLES; the first 4 GiB are
 * mapped to themselves. */
int32_t entry_tables(const struct vr_tables *t, uint32_t mode);

#endif
