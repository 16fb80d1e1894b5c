/* SPDX-License-Identifier: MIT */
/* double.h: a host and an engine that only remember what they were asked, around one arm64 vCPU. */
#ifndef TESTS_SYS_DOUBLE_H
#define TESTS_SYS_DOUBLE_H

#include "xlate/isa/arm64/system.h"

#define RAM_BASE 0x40000000ull
#define RAM_SIZE (4u << 20)

struct flush {
	uint32_t kind, broadcast;
	uint64_t asid, va, length;
};

struct world {
	struct vr_exec *x;
	struct a64_state *s;
	uint8_t ram[RAM_SIZE];
	/* engine */
	uint32_t contexts, syncs, kicks, waits, yields;
	uint32_t flushes;
	struct flush flush; /* the last one */
	uint64_t code_va, code_length;
	int32_t write_result; /* of env->write */
	uint64_t written[8];
	uint32_t writes;
	/* host */
	uint64_t now;
	uint64_t armed[2]; /* by timer, in order of creation; UINT64_MAX: not armed */
	void(VR_CALL *fire[2])(void *);
	void *fire_opaque[2];
	uint32_t timers;
	uint32_t line[32], line_sets;
	uint32_t bus_enc; /* the register that a device owns */
	uint64_t bus_value;
	int32_t call_result;
	uint32_t call_kind;
	uint64_t call_regs[18];
};
extern struct world w;

/* A fresh world with a vCPU after reset; returns it. */
struct vr_exec *world_new(uint32_t vcpus);
/* 64-bit word of guest-physical memory. */
uint64_t *world_word(uint64_t pa);
/* Time goes on to `now`: what was armed up to there fires. */
void world_time(uint64_t now);

static inline uint64_t mrs(uint32_t enc)
{
	w.x->leave = 0;
	w.x->pc = 0x1000;
	return a64_helper_sysreg_read(w.x, enc, 0, 3);
}
static inline void msr(uint32_t enc, uint64_t value)
{
	w.x->leave = 0;
	w.x->pc = 0x1000;
	a64_helper_sysreg_write(w.x, enc, value, 3);
}
/* Go to EL0 or EL1h by hand. */
static inline void enter_el(uint32_t el)
{
	a64_select_sp(w.x, el, el);
	a64_context(w.x);
}

#define R_SCTLR VR_A64_SYSREG(3, 0, 1, 0, 0)
#define R_CPACR VR_A64_SYSREG(3, 0, 1, 0, 2)
#define R_TTBR0 VR_A64_SYSREG(3, 0, 2, 0, 0)
#define R_TTBR1 VR_A64_SYSREG(3, 0, 2, 0, 1)
#define R_TCR VR_A64_SYSREG(3, 0, 2, 0, 2)
#define R_DAIF VR_A64_SYSREG(3, 3, 4, 2, 1)
#define R_SP_EL0 VR_A64_SYSREG(3, 0, 4, 1, 0)
#define R_CNTKCTL VR_A64_SYSREG(3, 0, 14, 1, 0)
#define R_CNTVCT VR_A64_SYSREG(3, 3, 14, 0, 2)
#define R_CNTV_TVAL VR_A64_SYSREG(3, 3, 14, 3, 0)
#define R_CNTV_CTL VR_A64_SYSREG(3, 3, 14, 3, 1)
#define R_CNTV_CVAL VR_A64_SYSREG(3, 3, 14, 3, 2)
#define R_CNTP_CTL VR_A64_SYSREG(3, 3, 14, 2, 1)
#define R_CNTP_CVAL VR_A64_SYSREG(3, 3, 14, 2, 2)

#endif
