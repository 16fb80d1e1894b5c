/* SPDX-License-Identifier: MIT */
/* pit.h: the interval timer (Intel 8254 data sheet) at ports 0x40..0x43, and port 0x61 that gates its
 * channel 2. */
#ifndef VR_BOARD_PC_PIT_H
#define VR_BOARD_PC_PIT_H

#include <board/tables.h>
#include <vmrun/state_pc.h>

#define PIT_HZ ((uint32_t)VR_X86_PIT_HZ)

struct vr_pit;

/* Channel 0 drives line `irq`. [main] */
int32_t vr_pit_new(const struct vr_tables *t, uint32_t irq, struct vr_pit **out);
void vr_pit_reset(struct vr_pit *p); /* [quiesced] */
void vr_pit_free(struct vr_pit *p);

/* All of it, checked; drives no line. [quiesced] */
void vr_pit_get(struct vr_pit *p, struct vr_state_x86_pit *s);
void vr_pit_set(struct vr_pit *p, const struct vr_state_x86_pit *s);

#endif
