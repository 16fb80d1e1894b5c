/* SPDX-License-Identifier: MIT */
/* Control and status registers, the timer, the canonical state. */
#include <criterion/criterion.h>
#include "fake.h"

Test(csr, modes)
{
	for (uint32_t i = 0; i < rv_csr_count; i++) {
		const struct rv_csr *r = &rv_csrs[i];
		if (r->number > 0xfff) /* of the canonical state only */
			continue;
		uint32_t least = r->number >> 8 & 3;
		for (uint32_t mode = 0; mode < 4; mode++) {
			if (mode == 2)
				continue;
			fake_engine_new();
			fake.s->mcounteren = fake.s->scounteren = 7;
			fake.s->menvcfg = MENVCFG_STCE;
			enter_mode(mode);
			csr_read(r->number);
			cr_assert_eq(fake.x->leave, mode < least, "%s in mode %u", r->name, mode);
			fake_engine_new();
			fake.s->menvcfg = MENVCFG_STCE;
			fake.s->mcounteren = 7;
			enter_mode(mode);
			csr_write(r->number, 0);
			cr_assert_eq(fake.x->leave, mode < least || r->number >> 10 == 3, "%s in mode %u",
				     r->name, mode);
			if (fake.x->leave)
				cr_assert_eq(fake.s->mtval & 0xfff00000, (uint64_t)r->number << 20);
		}
	}
}

Test(csr, unknown_is_illegal)
{
	fake_engine_new();
	csr_read(0x7a5); /* tcontrol */
	cr_assert_eq(fake.s->mcause, RV_CAUSE_ILLEGAL);
	cr_assert_eq(fake.s->mepc, PC);
	cr_assert_eq(csr_read(0xb03), 0); /* a counter that always reads zero */
	cr_assert_eq(fake.x->leave, 0);
}

Test(csr, kinds)
{
	fake_engine_new();
	csr_write(0x340, 0xf0);
	cr_assert_eq(csr_op(0x340, 2, 0x0f), 0xf0);
	cr_assert_eq(csr_op(0x340, 3, 0x3c), 0xff);
	cr_assert_eq(csr_read(0x340), 0xc3);
}

Test(csr, status)
{
	fake_engine_new();
	csr_write(MSTATUS, ~0ull);
	uint64_t all = csr_read(MSTATUS);
	cr_assert_eq(all & MSTATUS_MPP, MSTATUS_MPP);
	cr_assert(all & MSTATUS_SD);
	cr_assert_eq(all >> 32 & 0xf, 0xa); /* UXL, SXL: 64 bits */
	csr_write(MSTATUS, 2ull << MSTATUS_MPP_SHIFT | 1ull << 13);
	cr_assert_eq(csr_read(MSTATUS) & MSTATUS_MPP, MSTATUS_MPP, "no such mode: as it was");
	cr_assert_eq(csr_read(MSTATUS) & MSTATUS_FS, MSTATUS_FS, "Initial becomes Dirty");
	/* Outside U-mode FP is part of the context with the first use alone. */
	cr_assert_eq(fake.x->mode_flags & RV_MODE_FP, 0);
	rv_helper_fp_on(fake.x, 0x53, 0, 0);
	cr_assert(fake.x->leave);
	cr_assert_eq(fake.x->pc, PC, "the instruction is looked up again");
	cr_assert(fake.x->mode_flags & RV_MODE_FP);
	csr_write(SSTATUS, 0);
	cr_assert_eq(csr_read(MSTATUS) & MSTATUS_MPP, MSTATUS_MPP);
	cr_assert_eq(csr_read(MSTATUS) & (MSTATUS_FS | MSTATUS_SD), 0);
	cr_assert_eq(fake.x->mode_flags & RV_MODE_FP, 0);
	rv_helper_fp_on(fake.x, 0x53, 0, 0);
	cr_assert_eq(fake.s->mcause, RV_CAUSE_ILLEGAL);
	cr_assert_eq(fake.s->mtval, 0x53);
	csr_write(MSTATUS, MSTATUS_FS);
	cr_assert_eq(fake.x->mode_flags & RV_MODE_FP, 0);
	enter_mode(RV_USER);
	cr_assert(fake.x->mode_flags & RV_MODE_FP);
}

Test(csr, satp)
{
	fake_engine_new();
	csr_write(SATP, 8ull << 60 | 5ull << 44 | 0x80010);
	csr_write(SATP, 10ull << 60);
	cr_assert_eq(csr_read(SATP), 8ull << 60 | 5ull << 44 | 0x80010,
		     "Sv57 is not there: nothing is written");
	cr_assert_eq(fake.x->mode_flags & RV_MODE_MMU, 0, "not in M-mode");
	enter_mode(RV_SUPERVISOR);
	cr_assert(fake.x->mode_flags & RV_MODE_MMU);
	cr_assert_eq(fake.x->asid, 5);
	fake.s->mstatus |= MSTATUS_TVM;
	csr_read(SATP);
	cr_assert(fake.x->leave);
}

Test(csr, counters)
{
	fake_engine_new();
	fake.now = 1000;
	cr_assert_eq(csr_read(TIME), 10);
	enter_mode(RV_USER);
	csr_read(TIME);
	cr_assert(fake.x->leave);
	enter_mode(RV_MACHINE);
	csr_write(MCOUNTEREN, 2);
	enter_mode(RV_USER);
	csr_read(TIME);
	cr_assert(fake.x->leave);
	enter_mode(RV_SUPERVISOR);
	csr_write(SCOUNTEREN, 2);
	enter_mode(RV_USER);
	cr_assert_eq(csr_read(TIME), 10);
	cr_assert_eq(fake.x->leave, 0);
}

Test(timer, comparator)
{
	fake_engine_new();
	csr_write(MENVCFG, MENVCFG_STCE);
	csr_write(STIMECMP, 50);
	cr_assert_eq(csr_read(MIP) & RV_IP_STIP, 0);
	cr_assert_eq(fake.armed[0], 5000);
	fake_time(4999);
	cr_assert_eq(csr_read(MIP) & RV_IP_STIP, 0);
	fake_time(5000);
	cr_assert_eq(csr_read(MIP) & RV_IP_STIP, RV_IP_STIP);
	csr_op(MIP, 3, RV_IP_STIP);
	cr_assert_eq(csr_read(MIP) & RV_IP_STIP, RV_IP_STIP, "the comparator's alone");
	csr_write(STIMECMP, 60);
	cr_assert_eq(csr_read(MIP) & RV_IP_STIP, 0);
	csr_write(STIMECMP, UINT64_MAX);
	cr_assert_eq(fake.armed[0], UINT64_MAX);
}

Test(state, there_and_back)
{
	static struct vr_state_riscv64 a, b;
	fake_engine_new();
	csr_write(MSTATUS, MSTATUS_FS | MSTATUS_SIE);
	csr_write(0x340, 0x1111);
	csr_write(0x3b3, 0x2222);
	for (uint32_t i = 1; i < 32; i++)
		rv_x(fake.x)[i] = i;
	for (uint32_t i = 0; i < 32; i++)
		fake.s->f[i].d[0] = i << 8;
	fake.x->fp_flags = VR_FP_INVALID;
	rv_set_frm(fake.x, 3);
	rv_set_pin(fake.x, 9, 1);
	rv_set_pin(fake.x, 1, 1);
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(rv_get_state(fake.x, VR_STATE_RISCV64_ID, &a, sizeof(a)), 0);
	cr_assert_eq(a.fcsr, 3u << 5 | 0x10);
	cr_assert_eq(a.privilege, RV_SUPERVISOR);
	fake_engine_new();
	cr_assert_eq(rv_set_state(fake.x, VR_STATE_RISCV64_ID, &a, sizeof(a)), 0);
	cr_assert_eq(fake.x->fp_round, VR_RM_UP);
	cr_assert_eq(rv_get_state(fake.x, VR_STATE_RISCV64_ID, &b, sizeof(b)), 0);
	cr_assert_eq(memcmp(&a, &b, sizeof(a)), 0);
}

Test(state, refusals)
{
	static struct vr_state_riscv64 a;
	fake_engine_new();
	cr_assert_eq(rv_get_state(fake.x, "other", &a, sizeof(a)), VR_E_UNSUPPORTED);
	cr_assert_eq(rv_get_state(fake.x, VR_STATE_RISCV64_ID, &a, 8), VR_E_INVAL);
	rv_get_state(fake.x, VR_STATE_RISCV64_ID, &a, sizeof(a));
	a.privilege = 2;
	cr_assert_eq(rv_set_state(fake.x, VR_STATE_RISCV64_ID, &a, sizeof(a)), VR_E_UNSUPPORTED);
	a.privilege = 3;
	a.pc = 1;
	cr_assert_eq(rv_set_state(fake.x, VR_STATE_RISCV64_ID, &a, sizeof(a)), VR_E_INVAL);
	a.pc = 0;
	a.csr_count = VR_STATE_RISCV64_CSRS + 1;
	cr_assert_eq(rv_set_state(fake.x, VR_STATE_RISCV64_ID, &a, sizeof(a)), VR_E_INVAL);
}

/* ---- triggers (Debug 1.0, chapter 5): what the engine is told ---------------------------------------- */

#define TSELECT 0x7a0
#define TDATA1 0x7a1
#define TDATA2 0x7a2
#define MCONTROL6 (6ull << 60)

Test(trigger, points)
{
	static const struct {
		uint64_t match, value, first, last;
		uint32_t points;
	} cases[] = {
		{0, 0x1234, 0x1234, 0x1234, 1},
		{1, 0x1230, 0x1230, 0x1231, 1},
		{1, 0x1237, 0x1230, 0x123f, 1},
		{1, UINT64_MAX, 0, UINT64_MAX, 1},
		{2, 0x1234, 0x1234, UINT64_MAX, 1},
		{3, 0x1234, 0, 0x1233, 1},
		{3, 0, 0, 0, 0},
		{8, 0x1234, 0x1234, 0x1234, 1}, /* reserved: taken as equal */
	};

	fake_engine_new();
	csr_write(TSELECT, 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		csr_write(TDATA1, MCONTROL6 | cases[i].match << 7 | 0x5a);
		csr_write(TDATA2, cases[i].value);
		cr_assert_eq(fake.point_count, cases[i].points, "case %zu", i);
		if (!cases[i].points)
			continue;
		cr_assert_eq(fake.point[0].first, cases[i].first, "case %zu", i);
		cr_assert_eq(fake.point[0].last, cases[i].last, "case %zu", i);
		cr_assert_eq(fake.point[0].access, 1u << VR_ACCESS_WRITE);
	}
	csr_write(TDATA1, MCONTROL6 | 7);
	cr_assert_eq(fake.point_count, 0, "in no mode");
	csr_write(TDATA1, MCONTROL6 | 0x58);
	cr_assert_eq(fake.point_count, 0, "for no access");
}

Test(trigger, in_the_state)
{
	static struct vr_state_riscv64 state;

	fake_engine_new();
	csr_write(TSELECT, 3);
	csr_write(TDATA1, MCONTROL6 | 0x4c);
	csr_write(TDATA2, 0x8000);
	cr_assert_eq(rv_get_state(fake.x, VR_STATE_RISCV64_ID, &state, sizeof(state)), 0);
	rv_reset(fake.x);
	cr_assert_eq(fake.point_count, 0);
	cr_assert_eq(rv_set_state(fake.x, VR_STATE_RISCV64_ID, &state, sizeof(state)), 0);
	cr_assert_eq(fake.point_count, 1);
	cr_assert_eq(fake.point[0].first, 0x8000);
	cr_assert_eq(csr_read(TSELECT), 3);
	cr_assert_eq(csr_read(TDATA1), MCONTROL6 | 0x4c);
	/* Values that it may not have do not reach the hart. */
	for (uint32_t i = 0; i < state.csr_count; i++)
		if (state.csr[i].id == VR_RISCV_TRIGGER_CSR(3u, 0x7a1u))
			state.csr[i].value = ~0ull;
	cr_assert_eq(rv_set_state(fake.x, VR_STATE_RISCV64_ID, &state, sizeof(state)), 0);
	cr_assert_eq(csr_read(TDATA1), 15ull << 60);
}
