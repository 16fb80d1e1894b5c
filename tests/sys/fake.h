/* SPDX-License-Identifier: MIT */
/* fake.h: a host and an engine that only remember what they were asked, around one arm64 vCPU. */
#ifndef TESTS_SYS_FAKE_H
#define TESTS_SYS_FAKE_H

#include "xlate/isa/arm64/system.h"

#define RAM_BASE 0x40000000ull
#define FAKE_RAM_SIZE (4u << 20)
#define FAKE_STATE struct a64_state
#include "../fake_engine/fake_engine.h"

/* A fresh engine with a vCPU after reset; returns it. */
struct vr_exec *fake_engine_new(uint32_t vcpus);

static inline uint64_t mrs(uint32_t enc)
{
	fake.x->leave = 0;
	fake.x->pc = 0x1000;
	return a64_helper_sysreg_read(fake.x, enc, 0, 3);
}
static inline void msr(uint32_t enc, uint64_t value)
{
	fake.x->leave = 0;
	fake.x->pc = 0x1000;
	a64_helper_sysreg_write(fake.x, enc, value, 3);
}
/* Go to EL0 or EL1h by hand. */
static inline void enter_el(uint32_t el)
{
	a64_select_sp(fake.x, el, el);
	a64_context(fake.x);
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
