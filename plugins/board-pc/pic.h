/* SPDX-License-Identifier: MIT */
/*
 * pic.h: the pair of interrupt controllers (Intel 8259A data sheet), master and slave on the master's input
 * 2, with the edge/level control registers that chipsets added. No lock of its own: intr.c's.
 */
#ifndef BOARD_PC_PIC_H
#define BOARD_PC_PIC_H

#include <stdint.h>
#include <vmrun/state_pc.h>

struct pic {
	struct vr_x86_pic_chip chip[2]; /* 0 master, 1 slave */
};

#define PIC_COMMAND 0u
#define PIC_DATA 1u

void pic_reset(struct pic *p);
/* What a firmware would have said of inputs that are level-triggered: bit n, input n of 16. */
void pic_set_level(struct pic *p, uint32_t mask);
/* Input 0..15 is at `level`. */
void pic_input(struct pic *p, uint32_t input, uint32_t level);
/* INT of the master. */
uint32_t pic_output(const struct pic *p);
/* The interrupt-acknowledge cycle: the vector; that of input 7 where nothing asks any more ("spurious"). */
uint32_t pic_acknowledge(struct pic *p);

/* A port (PIC_COMMAND, PIC_DATA) of a chip; its ELCR. */
uint32_t pic_read_port(struct pic *p, uint32_t chip, uint32_t port);
void pic_write_port(struct pic *p, uint32_t chip, uint32_t port, uint32_t value);
uint32_t pic_elcr_read(const struct pic *p, uint32_t chip);
void pic_elcr_write(struct pic *p, uint32_t chip, uint32_t value);

/* All of it, checked. */
void pic_get(const struct pic *p, struct vr_state_x86_pic *s);
void pic_set(struct pic *p, const struct vr_state_x86_pic *s);

#endif
