/* SPDX-License-Identifier: MIT */
/*
 * clint.h: the core-local interruptor: software interrupts and the timer of M-mode (RISC-V ACLINT
 * specification, MSWI and MTIMER devices in the layout of SiFive's CLINT). mtime is the hart's time register:
 * guest time; it can't be written.
 */
#ifndef VR_BOARD_RISCV64_CLINT_H
#define VR_BOARD_RISCV64_CLINT_H

#include <board/tables.h>

struct vr_clint;

/* [main] */
int32_t vr_clint_new(const struct vr_tables *t, uint32_t vcpu_count, struct vr_clint **out);
void vr_clint_free(struct vr_clint *c);
void vr_clint_reset(struct vr_clint *c); /* [quiesced] */

/* A hart got a new state, which knows nothing of its pins: tell them again. [any] */
void vr_clint_hart_start(struct vr_clint *c, uint32_t vcpu);

#endif
