/* SPDX-License-Identifier: MIT */
/*
 * world.h: a host and an engine that only remember what they were asked, around one vCPU of a guest
 * architecture (sdk/xlate/isa). Who includes it says which one: WORLD_STATE is the type of its state,
 * WORLD_RAM_SIZE how many bytes of RAM there are at RAM_BASE.
 */
#ifndef TESTS_DOUBLE_WORLD_H
#define TESTS_DOUBLE_WORLD_H

#include <vmrun/translator.h>

#ifndef WORLD_STATE /* alone */
#define WORLD_STATE void
#define WORLD_RAM_SIZE 4096
#endif

struct flush {
	uint32_t kind, broadcast;
	uint64_t asid, va, length;
};

struct world {
	struct vr_exec *x;
	WORLD_STATE *s;
	uint8_t ram[WORLD_RAM_SIZE];
	/* engine */
	uint32_t contexts, syncs, kicks, waits, yields;
	uint32_t flushes;
	struct flush flush; /* the last one */
	uint64_t code_va, code_length;
	int32_t write_result; /* of env->write */
	uint64_t written[8];
	uint32_t writes;
	void (*before_exchange)(uint64_t *word); /* another vCPU was faster; once */
	uint32_t exchanges, read_only, opens, closes;
	uint32_t point_count; /* debug points, as last set */
	struct vr_debug_point point[VR_DEBUG_POINTS];
	/* host */
	uint64_t now;
	uint64_t armed[2]; /* by timer, in order of creation; UINT64_MAX: not armed */
	void(VR_CALL *fire[2])(void *);
	void *fire_opaque[2];
	uint32_t timers;
	uint32_t line[32], line_sets;
	uint64_t bus_address; /* the register that a device owns, in VR_SPACE_SYSREG */
	uint64_t bus_value;
	int32_t call_result;
	uint32_t calls, call_kind;
	uint64_t call_regs[18];
};
extern struct world w;

/* 64-bit word of guest-physical memory. */
uint64_t *world_word(uint64_t pa);
/* Time goes on to `now`: what was armed up to there fires. */
void world_time(uint64_t now);

#endif
