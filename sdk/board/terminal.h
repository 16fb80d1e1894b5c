/* SPDX-License-Identifier: MIT */
/*
 * terminal.h: the option `terminal` that boards have: which device talks to console port 0, the user's. The other one has
 * port 1, which leads nowhere. A board declares it in its manifest:
 *
 *     - {name: terminal, type: string, default: uart, help: "..."}
 */
#ifndef VR_BOARD_TERMINAL_H
#define VR_BOARD_TERMINAL_H

#include "slots.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the option into s->terminal; s->t is set. A board without it has the serial port. VR_E_CONFIG, with a text: it
 * is neither uart nor virtio. [main] */
int32_t vr_terminal_choose(struct vr_slots *s);
/* The console port of the serial port. */
static inline uint32_t vr_terminal_uart_port(const struct vr_slots *s)
{
	return s->terminal ? 1 : 0;
}
/* A board's cmdline_words() (vmrun/board.h): a Linux kernel opens the serial port unless it is told of the other. A literal. */
const char *vr_terminal_words(const struct vr_slots *s);

#ifdef __cplusplus
}
#endif

#endif
