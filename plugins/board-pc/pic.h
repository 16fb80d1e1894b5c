/* SPDX-License-Identifier: MIT */
/*
 * pic.h: the pair of interrupt controllers (Intel 8259A data sheet), master and slave on the master's input
 * 2, with the edge/level control registers that chipsets added. No lock of its own: intr.c's.
 */
#ifndef VR_BOARD_PC_PIC_H
#define VR_BOARD_PC_PIC_H

#include <stdint.h>
#include <vmrun/state_pc.h>

struct vr_pic {
	struct vr_x86_pic_chip chip[2]; /* 0 master, 1 slave */
};

#define PIC_COMMAND 0u
#define PIC_DATA 1u

void vr_pic_reset(struct vr_pic *p);
/* What a firmware would have said of inputs that are level-triggered: bit n, input n of 16. */
void vr_pic_set_level(struct vr_pic *p, uint32_t mask);
/* Input 0..15 is at `level`. */
void vr_pic_input(struct vr_pic *p, uint32_t input, uint32_t level);
/* INT of the master. */
uint32_t vr_pic_output(const struct vr_pic *p);
/* The interrupt-acknowledge cycle: the vector; that of input 7 where nothing asks any more ("spurious"). */
uint32_t vr_pic_acknowledge(struct vr_pic *p);

/* A port (PIC_COMMAND, PIC_DATA) of a chip; its ELCR. */
uint32_t vr_pic_read(struct vr_pic *p, uint32_t chip, uint32_t port);
void vr_pic_write(struct vr_pic *p, uint32_t chip, uint32_t port, uint32_t value);
uint32_t vr_pic_elcr_read(const struct vr_pic *p, uint32_t chip);
void vr_pic_elcr_write(struct vr_pic *p, uint32_t chip, uint32_t value);

/* All of it, checked. */
void vr_pic_get(const struct vr_pic *p, struct vr_state_x86_pic *s);
void vr_pic_set(struct vr_pic *p, const struct vr_state_x86_pic *s);

#endif
