/* SPDX-License-Identifier: MIT */
/*
 * clint.h: the core-local interruptor: software interrupts and the timer of M-mode (RISC-V ACLINT
 * specification, MSWI and MTIMER devices in the layout of SiFive's CLINT).
 *
 * mtime is guest time and an offset, which a write changes. The harts' time registers show mtime: they are
 * told that it changed and read the offset (state_riscv64.h, VR_RISCV_PIN_TIME).
 */
#ifndef BOARD_RISCV64_CLINT_H
#define BOARD_RISCV64_CLINT_H

#include <board/tables.h>

struct clint;

/* [main] */
int32_t clint_new(const struct vr_tables *t, uint32_t vcpu_count, struct clint **out);
void clint_free(struct clint *c);
void clint_reset(struct clint *c); /* [quiesced] */

/* A hart got a new state, which knows nothing of its pins: tell them again. [any] */
void clint_hart_start(struct clint *c, uint32_t vcpu);

/* mtime, and the guest time (ns) at which it reaches `ticks`; UINT64_MAX: never, or beyond what a timer can
 * say. Past ticks: now, or before. [any] */
uint64_t clint_time(const struct clint *c);
uint64_t clint_when(const struct clint *c, uint64_t ticks);
/* fn is called after mtime was written. One caller. [main] */
void clint_on_write(struct clint *c, void (*fn)(void *opaque), void *opaque);

#endif
