/* SPDX-License-Identifier: MIT */
/* pl011.h: the serial port (Arm DDI 0183, PrimeCell UART PL011). */
#ifndef BOARD_VIRT_PL011_H
#define BOARD_VIRT_PL011_H

#include <board/tables.h>

struct pl011;

/* Attaches itself at `base`; talks to console port `port`; drives shared line `irq`. [main] */
int32_t pl011_new(const struct vr_tables *t, uint64_t base, uint32_t irq, uint32_t port, struct pl011 **out);
void pl011_reset(struct pl011 *u); /* [quiesced] */
void pl011_free(struct pl011 *u);

#endif
