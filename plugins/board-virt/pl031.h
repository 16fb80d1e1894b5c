/* SPDX-License-Identifier: MIT */
/* pl031.h: the clock of the day (Arm DDI 0224, PrimeCell Real Time Clock PL031). */
#ifndef BOARD_VIRT_PL031_H
#define BOARD_VIRT_PL031_H

#include <board/tables.h>
#include <vmrun/state_virt.h>

struct pl031;

/* Attaches itself at `base`; drives shared line `irq`. [main] */
int32_t pl031_new(const struct vr_tables *t, uint64_t base, uint32_t irq, struct pl031 **out);
void pl031_reset(struct pl031 *r); /* [quiesced] */
void pl031_free(struct pl031 *r);

/* All of it, checked; drives no line. [quiesced] */
void pl031_get(struct pl031 *r, struct vr_state_pl031 *s);
void pl031_set(struct pl031 *r, const struct vr_state_pl031 *s);

#endif
