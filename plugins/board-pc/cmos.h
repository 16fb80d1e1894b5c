/* SPDX-License-Identifier: MIT */
/* cmos.h: the clock and its memory (Motorola MC146818A data sheet) at ports 0x70 and 0x71. */
#ifndef VR_BOARD_PC_CMOS_H
#define VR_BOARD_PC_CMOS_H

#include <board/tables.h>
#include <vmrun/state_pc.h>

struct vr_cmos;

/* Drives line `irq`; ram_size is what the memory says of RAM. [main] */
int32_t vr_cmos_new(const struct vr_tables *t, uint32_t irq, uint64_t ram_size, struct vr_cmos **out);
void vr_cmos_reset(struct vr_cmos *c); /* [quiesced]; the clock runs on: it is battery-backed */
void vr_cmos_free(struct vr_cmos *c);

/* All of it, checked; drives no line. [quiesced] */
void vr_cmos_get(struct vr_cmos *c, struct vr_state_x86_cmos *s);
void vr_cmos_set(struct vr_cmos *c, const struct vr_state_x86_cmos *s);

#endif
