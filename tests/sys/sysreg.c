/* SPDX-License-Identifier: MIT */
/* MRS and MSR: rights, masks, what else they do. */
#include <criterion/criterion.h>
#include "fake.h"

#define VBAR 0x80000ull

static void ready(uint32_t el)
{
	fake_engine_new(1);
	fake.s->vbar_el1 = VBAR;
	fake.x->pc = 0x1000;
	enter_el(el);
}

/* EC of the exception that the last access took, or -1. */
static int ec(void)
{
	return fake.x->pc >= VBAR ? (int)(fake.s->esr_el1 >> 26) : -1;
}

/* By the table: what `access` does not name is undefined, at both levels. */
Test(sysreg, rights)
{
	for (uint32_t el = 0; el < 2; el++)
		for (uint32_t i = 0; i < a64_sysreg_count; i++) {
			const struct a64_sysreg *r = &a64_sysregs[i];
			uint8_t need_read = el ? A64_R1 : A64_R0, need_write = el ? A64_W1 : A64_W0;
			ready(el);
			cr_assert_eq(a64_sysreg_find(r->enc), r);
			mrs(r->enc);
			if (!(r->access & need_read))
				cr_assert_eq(ec(), EC_UNKNOWN, "%s read at EL%u", r->name, el);
			else if (!r->check)
				cr_assert_eq(ec(), -1, "%s read at EL%u", r->name, el);
			ready(el);
			msr(r->enc, 0);
			if (!(r->access & need_write))
				cr_assert_eq(ec(), EC_UNKNOWN, "%s write at EL%u", r->name, el);
			else if (!r->check)
				cr_assert_eq(ec(), -1, "%s write at EL%u", r->name, el);
		}
}

Test(sysreg, plain_fields_keep_what_the_mask_allows)
{
	for (uint32_t i = 0; i < a64_sysreg_count; i++) {
		const struct a64_sysreg *r = &a64_sysregs[i];
		if (!(r->access & A64_W1) || !(r->access & A64_R1) || r->read || r->write || r->check ||
		    r->flags & A64_SR_FIXED)
			continue;
		ready(1);
		for (uint32_t k = 0; k < 2; k++) {
			uint64_t value = k ? 0 : ~0ull;
			msr(r->enc, value);
			enter_el(1);
			cr_assert_eq(mrs(r->enc), (value & r->mask) | (r->reset & ~r->mask), "%s", r->name);
		}
	}
}

Test(sysreg, el0_traps_name_the_access)
{
	static const struct {
		uint32_t enc, is_read;
	} traps[] = {
		{VR_A64_SYSREG(3, 3, 0, 0, 1), 1},
		{VR_A64_SYSREG(3, 3, 14, 0, 0), 1},
		{VR_A64_SYSREG(3, 3, 14, 0, 1), 1},
		{R_CNTVCT, 1},
		{R_CNTV_CTL, 0},
		{R_CNTP_CVAL, 1},
		{R_DAIF, 0},
	};
	for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		ready(0);
		if (traps[i].is_read)
			mrs(traps[i].enc);
		else
			msr(traps[i].enc, 0);
		uint32_t e = traps[i].enc;
		uint32_t iss = (e >> 14 & 3) << 20 | (e & 7) << 17 | (e >> 11 & 7) << 14 |
			       (e >> 7 & 15) << 10 | 3 << 5 | (e >> 3 & 15) << 1 | traps[i].is_read;
		cr_assert_eq(fake.s->esr_el1, 0x62000000u | iss);
		cr_assert_eq(fake.s->elr_el1, 0x1000);
		cr_assert_eq(fake.x->pc, VBAR + 0x400);
	}
}

Test(sysreg, el0_allowed_by_el1)
{
	ready(0);
	fake.s->sctlr_el1 |= SCTLR_UCT | SCTLR_UMA;
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 3, 0, 0, 1)), 0x9444c004);
	msr(R_DAIF, 0);
	cr_assert_eq(ec(), -1);
	fake.s->cntkctl_el1 = 1;
	mrs(VR_A64_SYSREG(3, 3, 14, 0, 1));
	cr_assert_eq(ec(), -1);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 3, 14, 0, 0)), 62500000);
	fake.s->cntkctl_el1 = 2;
	mrs(R_CNTVCT);
	cr_assert_eq(ec(), -1);
	fake.s->cntkctl_el1 = 1 << 8;
	msr(R_CNTV_CTL, 0);
	cr_assert_eq(ec(), -1);
	mrs(R_CNTP_CTL);
	cr_assert_eq(ec(), EC_SYSREG);
}

Test(sysreg, fp_traps)
{
	static const struct {
		uint64_t fpen;
		uint32_t el, trapped;
	} cases[] = {{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}, {2, 0, 1}, {2, 1, 1}, {3, 0, 0}, {3, 1, 0}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ready(1);
		msr(R_CPACR, cases[i].fpen << 20);
		enter_el(cases[i].el);
		cr_assert_eq((fake.x->mode_flags & A64_MODE_FP) == 0, cases[i].trapped);
		mrs(VR_A64_SYSREG(3, 3, 4, 4, 0));
		cr_assert_eq(ec(), cases[i].trapped ? (int)EC_FP : -1);
		if (cases[i].trapped)
			cr_assert_eq(fake.s->esr_el1 & 0x1ffffff, 0x1e00000);
	}
}

Test(sysreg, fpcr_fpsr)
{
	ready(1);
	msr(R_CPACR, 3 << 20);
	msr(VR_A64_SYSREG(3, 3, 4, 4, 0), ~0ull);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 3, 4, 4, 0)), 0x07c00000);
	cr_assert_eq(fake.x->fp_round, VR_RM_ZERO);
	cr_assert(fake.x->mode_flags & A64_MODE_FPSLOW);
	msr(VR_A64_SYSREG(3, 3, 4, 4, 1), ~0ull);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 3, 4, 4, 1)), 0x0800009f);
}

Test(sysreg, unknown_registers)
{
	ready(1);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 0, 0, 3, 7)), 0); /* ID space: zero */
	cr_assert_eq(ec(), -1);
	mrs(VR_A64_SYSREG(3, 0, 15, 0, 0));
	cr_assert_eq(ec(), EC_UNKNOWN);
	enter_el(0);
	mrs(VR_A64_SYSREG(3, 0, 0, 3, 7));
	cr_assert_eq(ec(), EC_UNKNOWN);
}

Test(sysreg, device_registers)
{
	const uint32_t icc_pmr = VR_A64_SYSREG(3, 0, 4, 6, 0);
	ready(1);
	fake.bus_address = icc_pmr;
	fake.bus_value = 0xf0;
	cr_assert_eq(mrs(icc_pmr), 0xf0);
	msr(icc_pmr, 0x80);
	cr_assert_eq(fake.bus_value, 0x80);
	enter_el(0);
	mrs(icc_pmr);
	cr_assert_eq(ec(), EC_UNKNOWN);
}

Test(sysreg, pstate)
{
	ready(1);
	msr(VR_A64_SYSREG(3, 3, 4, 2, 0), 0xb0000000);
	cr_assert_eq(fake.s->flags, VR_FLAG_N | VR_FLAG_V);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 3, 4, 2, 0)), 0xb0000000);
	msr(VR_A64_SYSREG(3, 3, 4, 2, 0), 0x90000000);
	cr_assert_eq(fake.s->flags, VR_FLAG_N | VR_FLAG_V | VR_FLAG_NOT_C);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 0, 4, 2, 2)), 4);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 0, 4, 2, 0)), 1);
	msr(R_SP_EL0, 0x777);
	cr_assert_eq(ec(), -1);
	a64_x(fake.x)[31] = 0x111;
	msr(VR_A64_SYSREG(3, 0, 4, 2, 0), 0);
	cr_assert_eq(a64_x(fake.x)[31], 0x777);
	mrs(R_SP_EL0);
	cr_assert_eq(ec(), EC_UNKNOWN);
}

Test(sysreg, context)
{
	ready(1);
	fake.contexts = 0;
	msr(R_TTBR0, 5ull << 48);
	cr_assert_eq(fake.contexts, 0, "no ASID while the MMU is off");
	msr(R_SCTLR, SCTLR_M);
	cr_assert_eq(fake.contexts, 1);
	cr_assert_eq(fake.x->asid, 5);
	msr(R_TTBR0, 0x105ull << 48);
	cr_assert_eq(fake.x->asid, 5, "8 bits");
	msr(R_TCR, TCR_AS);
	cr_assert_eq(fake.x->asid, 0x105);
	msr(R_TTBR1, 9ull << 48);
	msr(R_TCR, TCR_AS | TCR_A1);
	cr_assert_eq(fake.x->asid, 9);
	fake.contexts = 0;
	msr(R_TCR, TCR_AS | TCR_A1 | 16);
	cr_assert_eq(fake.contexts, 0);
}

/* The rest of the block was translated for the old context. */
Test(sysreg, a_change_of_context_leaves)
{
	ready(1);
	msr(R_SCTLR, SCTLR_M);
	cr_assert_eq(fake.x->leave, 1);
	cr_assert_eq(fake.x->pc, 0x1004);
	msr(R_SCTLR, SCTLR_M);
	cr_assert_eq(fake.x->leave, 0);
	cr_assert_eq(fake.x->pc, 0x1000);
	msr(R_DAIF, 0);
	cr_assert_eq(fake.x->leave, 0);
	a64_set_pin(fake.x, 0, 1);
	msr(R_DAIF, 0x3c0);
	cr_assert_eq(fake.x->leave, 0);
	msr(R_DAIF, 0);
	cr_assert_eq(fake.x->leave, 1);
	cr_assert_eq(fake.x->pc, 0x1004);
}

Test(sysreg, msr_immediate)
{
	ready(1);
	a64_helper_msr_imm(fake.x, 3 << 3 | 7, 15, 0);
	cr_assert_eq(mrs(R_DAIF), 0);
	a64_helper_msr_imm(fake.x, 3 << 3 | 6, 5, 0);
	cr_assert_eq(mrs(R_DAIF), 0x140);
	enter_el(0);
	a64_helper_msr_imm(fake.x, 3 << 3 | 6, 2, 0);
	cr_assert_eq(fake.s->esr_el1, 0x62000000u | 6 << 17 | 3 << 14 | 4 << 10 | 31 << 5 | 2 << 1);
	enter_el(0);
	fake.x->pc = 0x1000;
	a64_helper_msr_imm(fake.x, 5, 1, 0);
	cr_assert_eq(ec(), EC_UNKNOWN);
}

Test(sysreg, identity)
{
	ready(1);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 0, 0, 0, 5)), 0xc0000000);
	fake_engine_new(4);
	fake.x->index = 0x23;
	a64_reset(fake.x);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 0, 0, 0, 5)), 0x80000203);
	/* CCSIDR follows CSSELR */
	msr(VR_A64_SYSREG(3, 2, 0, 0, 0), 2);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 1, 0, 0, 0)), 1023u << 13 | 15 << 3 | 2);
	msr(VR_A64_SYSREG(3, 2, 0, 0, 0), 6);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 1, 0, 0, 0)), 0);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 3, 0, 0, 7)), 4);
	enter_el(0);
	cr_assert_eq(mrs(VR_A64_SYSREG(3, 3, 0, 0, 7)), 0x14);
}
