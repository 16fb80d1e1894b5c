/* SPDX-License-Identifier: MIT */
/* Taking and leaving exceptions (Arm ARM D1.10, D1.11), interrupts, software step. */
#include <criterion/criterion.h>
#include "fake.h"
#include "soft/interp.h"

#define VBAR 0xffff000000080800ull

static void ready(void)
{
	fake_engine_new(1);
	fake.s->vbar_el1 = VBAR;
	fake.x->pc = 0x1000;
}

Test(exception, vectors)
{
	static const struct {
		uint32_t el, spsel, offset;
	} from[] = {{1, 0, 0x000}, {1, 1, 0x200}, {0, 0, 0x400}};
	for (size_t i = 0; i < 3; i++)
		for (uint32_t vector = 0; vector < 0x200; vector += 0x80) {
			ready();
			a64_select_sp(fake.x, from[i].el, from[i].spsel);
			fake.s->esr_el1 = 7;
			a64_exception(fake.x, vector, 0x15, 0x1234, 0x2000, 0, 0);
			cr_assert_eq(fake.x->pc, VBAR + from[i].offset + vector);
			cr_assert_eq(fake.s->elr_el1, 0x2000);
			cr_assert_eq(fake.s->spsr_el1 & 0xf, from[i].el << 2 | from[i].spsel);
			if (vector == A64_VECTOR_SYNC || vector == A64_VECTOR_SERROR)
				cr_assert_eq(fake.s->esr_el1, 0x56001234);
			else
				cr_assert_eq(fake.s->esr_el1, 7);
			cr_assert_eq(a64_pstate(fake.x) & 0x3cf, 0x3c5);
		}
}

Test(exception, stack_pointers)
{
	ready();
	uint64_t *sp = &a64_x(fake.x)[31];
	*sp = 0x1111; /* SP_EL1 */
	fake.s->sp_el[0] = 0x2222;
	a64_select_sp(fake.x, 0, 0);
	cr_assert_eq(*sp, 0x2222);
	*sp = 0x3333;
	a64_exception(fake.x, A64_VECTOR_IRQ, 0, 0, 0, 0, 0);
	cr_assert_eq(*sp, 0x1111);
	cr_assert_eq(fake.s->sp_el[0], 0x3333);
	a64_helper_msr_imm(fake.x, 5, 0, 0); /* SPSel = 0 */
	cr_assert_eq(*sp, 0x3333);
	cr_assert(fake.x->mode_flags & A64_MODE_SP_EL0);
}

Test(exception, eret)
{
	ready();
	fake.s->spsr_el1 = 0x60000000 | PSTATE_I; /* EL0t, Z C */
	fake.s->elr_el1 = 0x4000;
	fake.s->excl_addr = 0x80;
	a64_helper_eret(fake.x, 0, 0, 0);
	cr_assert_eq(fake.x->pc, 0x4000);
	cr_assert_eq(fake.x->leave, 1);
	cr_assert_eq(fake.s->el, 0);
	cr_assert_eq(fake.s->flags, VR_FLAG_Z);
	cr_assert_eq(a64_pstate(fake.x), 0x60000080);
	cr_assert_eq(fake.s->excl_addr, UINT64_MAX);
	cr_assert(!(fake.x->mode_flags & A64_MODE_EL1));
	/* ... and at EL0 it is undefined */
	fake.x->pc = 0x4000;
	a64_helper_eret(fake.x, 0, 0, 0);
	cr_assert_eq(fake.s->esr_el1, 1u << 25);
	cr_assert_eq(fake.s->elr_el1, 0x4000);
	cr_assert_eq(fake.x->pc, VBAR + 0x400);
}

Test(exception, illegal_return)
{
	static const uint32_t modes[] = {1, 2, 3, 6, 8, 9, 0xc, 0xd, 0x10, 0x13, 0x1f};
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		ready();
		fake.s->spsr_el1 = 0x80000000 | modes[i];
		fake.s->elr_el1 = 0x4000;
		a64_helper_eret(fake.x, 0, 0, 0);
		cr_assert_eq(fake.s->esr_el1 >> 26, EC_ILLEGAL);
		cr_assert_eq(fake.s->elr_el1, 0x4000);
		cr_assert_eq(fake.s->spsr_el1, 0x80000000 | PSTATE_IL | 5);
		cr_assert_eq(fake.x->pc, VBAR + 0x200);
	}
}

Test(exception, faults)
{
	static const struct {
		uint32_t el, access;
		int32_t fault;
		uint64_t esr;
	} cases[] = {
		{0, VR_ACCESS_READ, A64_FAULT | 7, 0x92000007},
		{0, VR_ACCESS_WRITE, A64_FAULT | 0xf, 0x9200004f},
		{1, VR_ACCESS_READ, A64_FAULT | 5, 0x96000005},
		{1, VR_ACCESS_WRITE, VR_FAULT_ALIGN, 0x96000061},
		{1, VR_ACCESS_READ, VR_FAULT_BUS, 0x96000010},
		{0, VR_ACCESS_EXECUTE, A64_FAULT | 0xf, 0x8200000f},
		{1, VR_ACCESS_EXECUTE, A64_FAULT | 4, 0x86000004},
		{0, VR_ACCESS_EXECUTE, A64_FAULT_PC, 0x8a000000},
		{0, VR_ACCESS_EXECUTE, VR_FAULT_BUS, 0x82000010},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ready();
		enter_el(cases[i].el);
		a64_fault(fake.x, 0xabc, cases[i].access, cases[i].fault);
		cr_assert_eq(fake.s->esr_el1, cases[i].esr, "case %zu: %lx", i,
			     (unsigned long)fake.s->esr_el1);
		cr_assert_eq(fake.s->far_el1, 0xabc);
		cr_assert_eq(fake.s->elr_el1, 0x1000);
	}
}

Test(exception, interrupts)
{
	ready();
	cr_assert_eq(a64_has_work(fake.x), 0);
	a64_set_pin(fake.x, 0, 1);
	cr_assert_eq(fake.kicks, 1);
	a64_set_pin(fake.x, 0, 1); /* no edge: no kick */
	cr_assert_eq(fake.kicks, 1);
	cr_assert(a64_has_work(fake.x)); /* masked as it is */
	cr_assert_eq(a64_interrupt(fake.x), 0);
	a64_helper_msr_imm(fake.x, 3 << 3 | 7, 2, 0); /* DAIFClr #2 */
	cr_assert_eq(fake.kicks, 2, "unmasking has the pending one looked at");
	cr_assert_eq(a64_interrupt(fake.x), 1);
	cr_assert_eq(fake.x->pc, VBAR + 0x280);
	cr_assert_eq(fake.s->elr_el1, 0x1004);
	cr_assert_eq(fake.s->spsr_el1, 0x345);
	cr_assert_eq(a64_interrupt(fake.x), 0);
	a64_set_pin(fake.x, 0, 0);
	a64_set_pin(fake.x, 1, 1);
	msr(R_DAIF, 0);
	cr_assert_eq(a64_interrupt(fake.x), 1);
	cr_assert_eq(fake.x->pc, VBAR + 0x300);
}

/* ---- software step, as code that is lifted and run --------------------------------------------------- */

static int32_t no_memory(struct vr_exec *x, const struct vr_ir_op *op, uint64_t address,
			 const union vr_v256 *arg1, const union vr_v256 *arg2, union vr_v256 *result)
{
	(void)arg1, (void)arg2, (void)result;
	a64_fault(x, address, op->op == VR_IR_STORE ? VR_ACCESS_WRITE : VR_ACCESS_READ, A64_FAULT | 7);
	return 1;
}

/* Runs one block of `code`, which is at exec.pc. */
static void run(uint32_t code)
{
	static const struct soft_interp_memory memory = {.access = no_memory};
	static union vr_v256 values[256];
	struct vr_ir_op ops[256];
	struct vr_ir_block block;
	struct vr_ir ir = {
		.size = sizeof(ir), .op_capacity = 256, .block_capacity = 1, .ops = ops, .blocks = &block};
	const struct vr_lift rq = {.size = sizeof(rq),
				   .max_insns = 8,
				   .offset = (uint32_t)(fake.x->pc & 4095),
				   .mode_flags = fake.x->mode_flags,
				   .code = (const uint8_t *)&code,
				   .length = sizeof(code)};

	cr_assert_eq(a64_lift_block(NULL, &rq, &ir), 0);
	soft_interp_block(fake.x, &a64_isa, &ir, 0, fake.x->pc & ~UINT64_C(4095), values, &memory);
}

#define NOP 0xd503201fu
#define LDR 0xf9400020u  /* ldr x0, [x1] */
#define LDXR 0xc85f7c20u /* ldxr x0, [x1] */
#define SVC 0xd4000001u
#define ERET 0xd69f03e0u

static void unlock_and_step(void)
{
	ready();
	msr(VR_A64_SYSREG(2, 0, 0, 2, 2), MDSCR_SS);
	cr_assert(!(fake.x->mode_flags & A64_MODE_STEP));
	msr(VR_A64_SYSREG(2, 0, 1, 0, 4), 0); /* OSLAR: unlock */
	fake.s->spsr_el1 = PSTATE_SS;
	fake.s->elr_el1 = 0x4000;
	run(ERET);
	cr_assert(fake.x->mode_flags & A64_MODE_STEP);
	cr_assert_eq(fake.x->pc, 0x4000);
}

static void stepped(uint64_t esr, uint64_t elr)
{
	cr_assert_eq(fake.x->pc, VBAR + 0x400);
	cr_assert_eq(fake.s->esr_el1, esr, "%#llx", (unsigned long long)fake.s->esr_el1);
	cr_assert_eq(fake.s->elr_el1, elr);
	cr_assert_eq(fake.s->spsr_el1 & PSTATE_SS, 0);
	cr_assert(!(fake.x->mode_flags & A64_MODE_STEP));
}

Test(exception, step)
{
	unlock_and_step();
	/* it faults: it will be stepped again */
	run(LDR);
	cr_assert_eq(fake.s->esr_el1 >> 26, EC_DATA_LOWER);
	cr_assert(fake.s->spsr_el1 & PSTATE_SS);
	cr_assert(!(fake.x->mode_flags & A64_MODE_STEP));
	run(ERET);
	run(NOP);
	cr_assert_eq(fake.x->pc, 0x4004);
	run(NOP);
	stepped(0xcb000022, 0x4004);
	/* a return with SS clear: nothing is executed */
	run(ERET);
	run(NOP);
	stepped(0xca000022, 0x4004);
}

Test(exception, step_of_a_call)
{
	unlock_and_step();
	run(SVC);
	cr_assert_eq(fake.s->esr_el1 >> 26, EC_SVC);
	cr_assert_eq(fake.s->spsr_el1 & PSTATE_SS, 0);
	run(ERET);
	run(NOP);
	stepped(0xca000022, 0x4004);
}

/* The next instruction can't be fetched, or an interrupt comes first. */
Test(exception, step_then)
{
	unlock_and_step();
	run(NOP);
	a64_fault(fake.x, 0x4004, VR_ACCESS_EXECUTE, A64_FAULT | 7);
	stepped(0xcb000022, 0x4004);
	unlock_and_step();
	run(NOP);
	a64_set_pin(fake.x, 0, 1);
	cr_assert_eq(a64_interrupt(fake.x), 1);
	cr_assert_eq(fake.s->elr_el1, 0x4004);
	cr_assert_eq(fake.s->spsr_el1 & PSTATE_SS, 0);
	unlock_and_step();
	a64_set_pin(fake.x, 0, 1);
	cr_assert_eq(a64_interrupt(fake.x), 1);
	cr_assert_eq(fake.s->elr_el1, 0x4000);
	cr_assert(fake.s->spsr_el1 & PSTATE_SS, "nothing was executed");
}

/* Between two instructions the canonical state holds all of software step. */
Test(exception, step_in_the_state)
{
	static struct vr_state_arm64 state;

	unlock_and_step();
	run(NOP);
	cr_assert_eq(a64_get_state(fake.x, VR_STATE_ARM64_ID, &state, sizeof(state)), 0);
	fake_engine_new(1);
	cr_assert_eq(a64_set_state(fake.x, VR_STATE_ARM64_ID, &state, sizeof(state)), 0);
	run(NOP);
	stepped(0xca000022, 0x4004);
}

/* ---- breakpoints and watchpoints: what the engine is told (D2.8, D2.10) ---------------------------------
 */

#define R_MDSCR VR_A64_SYSREG(2, 0, 0, 2, 2)
#define R_BVR(n) VR_A64_SYSREG(2, 0, 0, n, 4)
#define R_BCR(n) VR_A64_SYSREG(2, 0, 0, n, 5)
#define R_WVR(n) VR_A64_SYSREG(2, 0, 0, n, 6)
#define R_WCR(n) VR_A64_SYSREG(2, 0, 0, n, 7)

static void watchpoint(uint64_t value, uint64_t control)
{
	msr(R_WVR(2), value);
	msr(R_WCR(2), control);
}

Test(exception, points)
{
	static struct vr_state_arm64 state;

	ready();
	msr(R_BVR(1), 0x12345677);
	msr(R_BCR(1), 7);
	msr(R_MDSCR, MDSCR_MDE);
	cr_assert_eq(fake.point_count, 0, "the OS lock");
	msr(VR_A64_SYSREG(2, 0, 1, 0, 4), 0);
	cr_assert_eq(fake.point_count, 1);
	cr_assert_eq(fake.point[0].first, 0x12345674);
	cr_assert_eq(fake.point[0].last, 0x12345674);
	cr_assert_eq(fake.point[0].access, 1u << VR_ACCESS_EXECUTE);
	/* What a state brings. */
	cr_assert_eq(a64_get_state(fake.x, VR_STATE_ARM64_ID, &state, sizeof(state)), 0);
	msr(R_MDSCR, 0);
	cr_assert_eq(fake.point_count, 0);
	cr_assert_eq(a64_set_state(fake.x, VR_STATE_ARM64_ID, &state, sizeof(state)), 0);
	cr_assert_eq(fake.point_count, 1);
	a64_reset(fake.x);
	cr_assert_eq(fake.point_count, 0);
}

Test(exception, watched_bytes)
{
	static const struct {
		uint64_t value, control, first, bytes; /* bytes 0: disabled */
	} cases[] = {
		{0x1000, 0xff << 5, 0x1000, 8},
		{0x1000, 0x0c << 5, 0x1002, 2},
		{0x1000, 0x80 << 5, 0x1007, 1},
		{0x1004, 0x0f << 5, 0x1004, 4},
		{0x1004, 0xff << 5, 0x1004, 4},
		{0x1004, 0xf0 << 5, 0, 0},
		{0x1000, 0x05 << 5, 0, 0},
		{0x1000, 0, 0, 0},
		{0x1234, 3 << 24 | 0xff << 5, 0x1230, 8},
		{0x1234, 12 << 24 | 0xff << 5, 0x1000, 4096},
		{0x1234, 31u << 24 | 0xff << 5, 0, 1u << 31},
		{0x1234, 12 << 24 | 0x0f << 5, 0, 0},
		{0x1234, 2 << 24 | 0xff << 5, 0, 0},
	};

	ready();
	msr(VR_A64_SYSREG(2, 0, 1, 0, 4), 0);
	msr(R_MDSCR, MDSCR_MDE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		watchpoint(cases[i].value, cases[i].control | 1 | 3 << 3);
		cr_assert_eq(fake.point_count, cases[i].bytes != 0, "case %zu", i);
		if (!cases[i].bytes)
			continue;
		cr_assert_eq(fake.point[0].first, cases[i].first, "case %zu", i);
		cr_assert_eq(fake.point[0].last - fake.point[0].first + 1, cases[i].bytes, "case %zu", i);
		watchpoint(cases[i].value, cases[i].control | 1);
		cr_assert_eq(fake.point_count, 0, "neither loads nor stores");
		watchpoint(cases[i].value, cases[i].control | 3 << 3);
		cr_assert_eq(fake.point_count, 0, "not enabled");
	}
}
