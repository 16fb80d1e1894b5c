/* SPDX-License-Identifier: MIT */
/*
 * reset.h: the ways a PC is reset: the keyboard controller (ports 0x60 and 0x64), port 0x92 and the reset
 * control register (0xcf9). Of the keyboard controller there is no more: no keyboard is connected.
 */
#ifndef BOARD_PC_RESET_H
#define BOARD_PC_RESET_H

#include <board/ports.h>
#include <vmrun/state_pc.h>

#define RESET_PORTS 3u

struct reset_control {
	const struct vr_tables *t;
	struct vr_ports ports[RESET_PORTS];
	pthread_mutex_t lock; /* everything below */
	struct vr_state_x86_i8042 s;
};

int32_t reset_init(struct reset_control *r, const struct vr_tables *t); /* [main] */
void reset_reset(struct reset_control *r);                              /* [quiesced] */
void reset_fini(struct reset_control *r);

/* The reset control register, which lies between PCI's ports. [vcpu] */
uint8_t reset_control_read(struct reset_control *r);
void reset_control_write(struct reset_control *r, uint8_t value);

/* All of it, checked; resets nothing. [quiesced] */
void reset_get(struct reset_control *r, struct vr_state_x86_i8042 *s);
void reset_set(struct reset_control *r, const struct vr_state_x86_i8042 *s);

#endif
