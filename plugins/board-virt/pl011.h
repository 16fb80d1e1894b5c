/* SPDX-License-Identifier: MIT */
/* pl011.h: the serial port (Arm DDI 0183, PrimeCell UART PL011). */
#ifndef VR_BOARD_VIRT_PL011_H
#define VR_BOARD_VIRT_PL011_H

#include <board/tables.h>

struct vr_pl011;

/* Attaches itself at `base`; talks to console port `port`; drives shared line `irq`. [main] */
int32_t vr_pl011_new(const struct vr_tables *t, uint64_t base, uint32_t irq, uint32_t port,
		     struct vr_pl011 **out);
void vr_pl011_reset(struct vr_pl011 *u); /* [quiesced] */
void vr_pl011_free(struct vr_pl011 *u);

#endif
