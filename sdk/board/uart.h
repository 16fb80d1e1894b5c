/* SPDX-License-Identifier: MIT */
/* uart.h: the serial port of PCs and many others (PC16550D data sheet). */
#ifndef VR_BOARD_UART_H
#define VR_BOARD_UART_H

#include "tables.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vr_uart;

struct vr_uart_config {
	uint32_t space; /* VR_SPACE_MMIO or VR_SPACE_PORT */
	uint32_t irq;   /* shared line */
	uint64_t base;
	uint64_t length; /* bytes of the bus it answers at; its eight registers come first */
	uint32_t port;   /* of the console */
	uint32_t gated;  /* as on a PC: MCR's OUT2 lets the interrupt through */
};

/* Attaches itself to the bus and to the console. [main] */
int32_t vr_uart_new(const struct vr_tables *t, const struct vr_uart_config *c, struct vr_uart **out);
void vr_uart_reset(struct vr_uart *u); /* [quiesced] */
void vr_uart_free(struct vr_uart *u);

#ifdef __cplusplus
}
#endif

#endif
