/* SPDX-License-Identifier: MIT */
/*
 * reset.h: the ways a PC is reset: the keyboard controller (ports 0x60 and 0x64), port 0x92 and the reset
 * control register (0xcf9). Of the keyboard controller there is no more: no keyboard is connected.
 */
#ifndef VR_BOARD_PC_RESET_H
#define VR_BOARD_PC_RESET_H

#include <board/ports.h>
#include <vmrun/state_pc.h>

#define VR_RESET_PORTS 3u

struct vr_reset {
	const struct vr_tables *t;
	struct vr_ports ports[VR_RESET_PORTS];
	pthread_mutex_t lock; /* everything below */
	struct vr_state_x86_i8042 s;
};

int32_t vr_reset_init(struct vr_reset *r, const struct vr_tables *t); /* [main] */
void vr_reset_reset(struct vr_reset *r);                              /* [quiesced] */
void vr_reset_fini(struct vr_reset *r);

/* The reset control register, which lies between PCI's ports. [vcpu] */
uint8_t vr_reset_control_read(struct vr_reset *r);
void vr_reset_control_write(struct vr_reset *r, uint8_t value);

/* All of it, checked; resets nothing. [quiesced] */
void vr_reset_get(struct vr_reset *r, struct vr_state_x86_i8042 *s);
void vr_reset_set(struct vr_reset *r, const struct vr_state_x86_i8042 *s);

#endif
