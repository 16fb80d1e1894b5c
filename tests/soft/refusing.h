/* SPDX-License-Identifier: MIT */
/* refusing.h: an emitter that refuses what a test says, and else is the one for the host that tests run on. */
#ifndef TESTS_SOFT_REFUSING_H
#define TESTS_SOFT_REFUSING_H

#include <vmrun/emitter.h>

struct refusing {
	uint8_t op[VR_IR_COUNT]; /* not 0: region() answers VR_E_UNSUPPORTED to an IR with that op */
	int32_t always;          /* region() answers this to every IR but the engine's own; 0: it does not */
	uint32_t no_room;        /* region() answers VR_E_NOMEM so often, then as usual */
	uint32_t ir_ops;         /* vr_emit.ir_ops, 0: as the host's emitter */
	uint32_t memory_orders;  /* vr_emit.memory_orders, 0: as the host's emitter */
	uint32_t links;          /* link() refuses all but every n-th: VR_E_RANGE; 0: none */
	uint32_t link_calls, links_refused;
	uint32_t calls, refusals;
	uint32_t beyond; /* an IR with an op of ir_ops or above came */
};
extern struct refusing refusing;
/* With refusing.ir_ops as it is now. */
void refusing_set(void);

#endif
