/* SPDX-License-Identifier: MIT */
/* pl031.h: the clock of the day (Arm DDI 0224, PrimeCell Real Time Clock PL031). */
#ifndef VR_BOARD_VIRT_PL031_H
#define VR_BOARD_VIRT_PL031_H

#include <board/tables.h>

struct vr_pl031;

/* Attaches itself at `base`; drives shared line `irq`. [main] */
int32_t vr_pl031_new(const struct vr_tables *t, uint64_t base, uint32_t irq, struct vr_pl031 **out);
void vr_pl031_reset(struct vr_pl031 *r); /* [quiesced] */
void vr_pl031_free(struct vr_pl031 *r);

#endif
