/* SPDX-License-Identifier: MIT */
/* pit.h: the interval timer (Intel 8254 data sheet) at ports 0x40..0x43, and port 0x61 that gates its
 * channel 2. */
#ifndef VR_BOARD_PC_PIT_H
#define VR_BOARD_PC_PIT_H

#include <board/tables.h>

#define PIT_HZ 1193182u

struct vr_pit;

/* Channel 0 drives line `irq`. [main] */
int32_t vr_pit_new(const struct vr_tables *t, uint32_t irq, struct vr_pit **out);
void vr_pit_reset(struct vr_pit *p); /* [quiesced] */
void vr_pit_free(struct vr_pit *p);

#endif
