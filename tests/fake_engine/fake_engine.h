/* SPDX-License-Identifier: MIT */
/*
 * fake_engine.h: a host and an engine that only remember what they were asked, around one vCPU of a guest
 * architecture (sdk/xlate/isa). The file that includes it says which one: FAKE_STATE is the type of its state,
 * FAKE_RAM_SIZE how many bytes of RAM there are at RAM_BASE.
 */
#ifndef TESTS_FAKE_ENGINE_H
#define TESTS_FAKE_ENGINE_H

#include <vmrun/isa.h>

#ifndef FAKE_STATE /* alone */
#define FAKE_STATE void
#define FAKE_RAM_SIZE 4096
#endif

struct flush {
	uint32_t kind, broadcast;
	uint64_t asid, va, length;
};

struct fake_engine {
	struct vr_isa_vm *vm;
	struct vr_exec *x;
	FAKE_STATE *s;
	uint8_t ram[FAKE_RAM_SIZE];
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
extern struct fake_engine fake;

/* 64-bit word of guest-physical memory. */
uint64_t *fake_word(uint64_t pa);
/* Time goes on to `now`: what was armed up to there fires. */
void fake_time(uint64_t now);

#endif
