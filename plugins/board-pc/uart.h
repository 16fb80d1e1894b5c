/* SPDX-License-Identifier: MIT */
/* uart.h: the serial port (PC16550D data sheet). */
#ifndef VR_BOARD_PC_UART_H
#define VR_BOARD_PC_UART_H

#include "tables.h"

struct vr_uart;

/* Attaches itself at I/O port `base`; talks to console port `port`; drives line `irq`. [main] */
int32_t vr_uart_new(const struct vr_tables *t, uint32_t base, uint32_t irq, uint32_t port,
		    struct vr_uart **out);
void vr_uart_reset(struct vr_uart *u); /* [quiesced] */
void vr_uart_free(struct vr_uart *u);

#endif
