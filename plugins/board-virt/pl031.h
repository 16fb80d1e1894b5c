/* SPDX-License-Identifier: MIT */
/* pl031.h: the clock of the day (Arm DDI 0224, PrimeCell Real Time Clock PL031). */
#ifndef VR_BOARD_VIRT_PL031_H
#define VR_BOARD_VIRT_PL031_H

#include <board/tables.h>
#include <vmrun/state_virt.h>

struct vr_pl031;

/* Attaches itself at `base`; drives shared line `irq`. [main] */
int32_t vr_pl031_new(const struct vr_tables *t, uint64_t base, uint32_t irq, struct vr_pl031 **out);
void vr_pl031_reset(struct vr_pl031 *r); /* [quiesced] */
void vr_pl031_free(struct vr_pl031 *r);

/* All of it, checked; drives no line. [quiesced] */
void vr_pl031_get(struct vr_pl031 *r, struct vr_state_pl031 *s);
void vr_pl031_set(struct vr_pl031 *r, const struct vr_state_pl031 *s);

#endif
