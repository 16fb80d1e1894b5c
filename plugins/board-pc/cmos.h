/* SPDX-License-Identifier: MIT */
/* cmos.h: the clock and its memory (Motorola MC146818A data sheet) at ports 0x70 and 0x71. */
#ifndef BOARD_PC_CMOS_H
#define BOARD_PC_CMOS_H

#include <board/tables.h>
#include <vmrun/state_pc.h>

struct cmos;

/* Drives line `irq`; ram_size is what the memory says of RAM. [main] */
int32_t cmos_new(const struct vr_tables *t, uint32_t irq, uint64_t ram_size, struct cmos **out);
void cmos_reset(struct cmos *c); /* [quiesced]; the clock runs on: it is battery-backed */
void cmos_free(struct cmos *c);

/* All of it, checked; drives no line. [quiesced] */
void cmos_get(struct cmos *c, struct vr_state_x86_cmos *s);
void cmos_set(struct cmos *c, const struct vr_state_x86_cmos *s);

#endif
