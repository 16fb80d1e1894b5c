/* SPDX-License-Identifier: MIT */
/* pit.h: the interval timer (Intel 8254 data sheet) at ports 0x40..0x43, and port 0x61 that gates its
 * channel 2. */
#ifndef BOARD_PC_PIT_H
#define BOARD_PC_PIT_H

#include <board/tables.h>
#include <vmrun/state_pc.h>

#define PIT_HZ ((uint32_t)VR_X86_PIT_HZ)

struct pit;

/* Channel 0 drives line `irq`. [main] */
int32_t pit_new(const struct vr_tables *t, uint32_t irq, struct pit **out);
void pit_reset(struct pit *p); /* [quiesced] */
void pit_free(struct pit *p);

/* All of it, checked; drives no line. [quiesced] */
void pit_get(struct pit *p, struct vr_state_x86_pit *s);
void pit_set(struct pit *p, const struct vr_state_x86_pit *s);

#endif
