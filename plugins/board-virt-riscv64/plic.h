/* SPDX-License-Identifier: MIT */
/*
 * plic.h: the platform-level interrupt controller (RISC-V Platform-Level Interrupt Controller Specification,
 * version 1.0.0). Two contexts a hart, 2 * hart for M-mode and the next for S-mode; level-triggered sources.
 */
#ifndef BOARD_RISCV64_PLIC_H
#define BOARD_RISCV64_PLIC_H

#include <board/tables.h>
#include <pthread.h>

#include "map.h"

#define PLIC_SOURCES 96u /* with source 0, which does not exist */
#define PLIC_WORDS (PLIC_SOURCES / 32u)
#define PLIC_PRIORITY_MASK 7u
#define PLIC_CONTEXTS (2u * RV_MAX_VCPUS)

struct plic {
	const struct vr_tables *t;
	uint32_t contexts;
	pthread_mutex_t lock; /* everything below */
	uint8_t priority[PLIC_SOURCES];
	uint32_t level[PLIC_WORDS];   /* the inputs */
	uint32_t pending[PLIC_WORDS]; /* passed the gateway, not claimed */
	uint32_t claimed[PLIC_WORDS]; /* the gateway waits for completion */
	struct plic_context {
		uint32_t enable[PLIC_WORDS];
		uint32_t threshold;
		uint32_t pin; /* as last told */
	} context[PLIC_CONTEXTS];
};

/* Attaches itself and becomes the root controller. [main] */
int32_t plic_new(const struct vr_tables *t, uint32_t vcpu_count, struct plic **out);
void plic_free(struct plic *p);
void plic_reset(struct plic *p); /* [quiesced] */

/* A hart got a new state, which knows nothing of its pins: tell them again. [any] */
void plic_hart_start(struct plic *p, uint32_t vcpu);

#endif
