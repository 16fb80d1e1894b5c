/* SPDX-License-Identifier: MIT */
/*
 * reset.h: the ways a PC is reset: the keyboard controller (ports 0x60 and 0x64), port 0x92 and the reset
 * control register (0xcf9). Of the keyboard controller there is no more: no keyboard is connected.
 */
#ifndef VR_BOARD_PC_RESET_H
#define VR_BOARD_PC_RESET_H

#include <board/tables.h>
#include <pthread.h>

struct vr_reset {
	const struct vr_tables *t;
	pthread_mutex_t lock; /* everything below */
	uint8_t command;      /* of the keyboard controller, whose data byte is next; 0: none */
	uint8_t output, full; /* its answer */
	uint8_t config;       /* its command byte */
	uint8_t port92, control;
};

int32_t vr_reset_init(struct vr_reset *r, const struct vr_tables *t); /* [main] */
void vr_reset_reset(struct vr_reset *r);                              /* [quiesced] */
void vr_reset_fini(struct vr_reset *r);

#endif
