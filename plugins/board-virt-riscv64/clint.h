/* SPDX-License-Identifier: MIT */
/*
 * clint.h: the core-local interruptor: software interrupts and the timer of M-mode (RISC-V ACLINT
 * specification, MSWI and MTIMER devices in the layout of SiFive's CLINT).
 *
 * mtime is guest time and an offset, which a write changes. The harts' time registers show mtime: they are
 * told that it changed and read the offset (state_riscv64.h, VR_RISCV_PIN_TIME).
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

/* mtime, and the guest time (ns) at which it reaches `ticks`; UINT64_MAX: never, or beyond what a timer can
 * say. Past ticks: now, or before. [any] */
uint64_t vr_clint_time(const struct vr_clint *c);
uint64_t vr_clint_when(const struct vr_clint *c, uint64_t ticks);
/* fn is called after mtime was written. One caller. [main] */
void vr_clint_on_write(struct vr_clint *c, void (*fn)(void *opaque), void *opaque);

#endif
