// SPDX-License-Identifier: MIT
/* Taking and leaving exceptions (Arm ARM D1.10, D1.11), interrupts, software step. */
#include <criterion/criterion.h>
#include "double.h"

#define VBAR 0xffff000000080800ull

static void ready(void)
{
	world_new(1);
	w.s->vbar_el1 = VBAR;
	w.x->pc = 0x1000;
}

Test(exception, vectors)
{
	static const struct {
		uint32_t el, spsel, offset;
	} from[] = {{1, 0, 0x000}, {1, 1, 0x200}, {0, 0, 0x400}};
	for (size_t i = 0; i < 3; i++)
		for (uint32_t vector = 0; vector < 0x200; vector += 0x80) {
			ready();
			a64_select_sp(w.x, from[i].el, from[i].spsel);
			w.s->esr_el1 = 7;
			a64_exception(w.x, vector, 0x15, 0x1234, 0x2000, 0, 0);
			cr_assert_eq(w.x->pc, VBAR + from[i].offset + vector);
			cr_assert_eq(w.s->elr_el1, 0x2000);
			cr_assert_eq(w.s->spsr_el1 & 0xf, from[i].el << 2 | from[i].spsel);
			if (vector == A64_VECTOR_SYNC || vector == A64_VECTOR_SERROR)
				cr_assert_eq(w.s->esr_el1, 0x56001234);
			else
				cr_assert_eq(w.s->esr_el1, 7);
			cr_assert_eq(a64_pstate(w.x) & 0x3cf, 0x3c5);
		}
}

Test(exception, stack_pointers)
{
	ready();
	uint64_t *sp = &a64_x(w.x)[31];
	*sp = 0x1111; /* SP_EL1 */
	w.s->sp_el[0] = 0x2222;
	a64_select_sp(w.x, 0, 0);
	cr_assert_eq(*sp, 0x2222);
	*sp = 0x3333;
	a64_exception(w.x, A64_VECTOR_IRQ, 0, 0, 0, 0, 0);
	cr_assert_eq(*sp, 0x1111);
	cr_assert_eq(w.s->sp_el[0], 0x3333);
	a64_helper_msr_imm(w.x, 5, 0, 0); /* SPSel = 0 */
	cr_assert_eq(*sp, 0x3333);
	cr_assert(w.x->key & A64_KEY_SP_EL0);
}

Test(exception, eret)
{
	ready();
	w.s->spsr_el1 = 0x60000000 | PSTATE_I; /* EL0t, Z C */
	w.s->elr_el1 = 0x4000;
	w.s->excl_addr = 0x80;
	a64_helper_eret(w.x, 0, 0, 0);
	cr_assert_eq(w.x->pc, 0x4000);
	cr_assert_eq(w.x->leave, 1);
	cr_assert_eq(w.s->el, 0);
	cr_assert_eq(w.s->flags, VR_FLAG_Z);
	cr_assert_eq(a64_pstate(w.x), 0x60000080);
	cr_assert_eq(w.s->excl_addr, UINT64_MAX);
	cr_assert(!(w.x->key & A64_KEY_EL1));
	/* ... and at EL0 it is undefined */
	w.x->pc = 0x4000;
	a64_helper_eret(w.x, 0, 0, 0);
	cr_assert_eq(w.s->esr_el1, 1u << 25);
	cr_assert_eq(w.s->elr_el1, 0x4000);
	cr_assert_eq(w.x->pc, VBAR + 0x400);
}

Test(exception, illegal_return)
{
	static const uint32_t modes[] = {1, 2, 3, 6, 8, 9, 0xc, 0xd, 0x10, 0x13, 0x1f};
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		ready();
		w.s->spsr_el1 = 0x80000000 | modes[i];
		w.s->elr_el1 = 0x4000;
		a64_helper_eret(w.x, 0, 0, 0);
		cr_assert_eq(w.s->esr_el1 >> 26, EC_ILLEGAL);
		cr_assert_eq(w.s->elr_el1, 0x4000);
		cr_assert_eq(w.s->spsr_el1, 0x80000000 | PSTATE_IL | 5);
		cr_assert_eq(w.x->pc, VBAR + 0x200);
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
		a64_fault(w.x, 0xabc, cases[i].access, cases[i].fault);
		cr_assert_eq(w.s->esr_el1, cases[i].esr, "case %zu: %lx", i, (unsigned long)w.s->esr_el1);
		cr_assert_eq(w.s->far_el1, 0xabc);
		cr_assert_eq(w.s->elr_el1, 0x1000);
	}
}

Test(exception, interrupts)
{
	ready();
	cr_assert_eq(a64_has_work(w.x), 0);
	a64_set_pin(w.x, 0, 1);
	cr_assert_eq(w.kicks, 1);
	a64_set_pin(w.x, 0, 1); /* no edge: no kick */
	cr_assert_eq(w.kicks, 1);
	cr_assert(a64_has_work(w.x)); /* masked as it is */
	cr_assert_eq(a64_interrupt(w.x), 0);
	a64_helper_msr_imm(w.x, 3 << 3 | 7, 2, 0); /* DAIFClr #2 */
	cr_assert_eq(w.kicks, 2, "unmasking has the pending one looked at");
	cr_assert_eq(a64_interrupt(w.x), 1);
	cr_assert_eq(w.x->pc, VBAR + 0x280);
	cr_assert_eq(w.s->elr_el1, 0x1004);
	cr_assert_eq(w.s->spsr_el1, 0x345);
	cr_assert_eq(a64_interrupt(w.x), 0);
	a64_set_pin(w.x, 0, 0);
	a64_set_pin(w.x, 1, 1);
	msr(R_DAIF, 0);
	cr_assert_eq(a64_interrupt(w.x), 1);
	cr_assert_eq(w.x->pc, VBAR + 0x300);
}

Test(exception, step)
{
	ready();
	msr(VR_A64_SYSREG(2, 0, 0, 2, 2), MDSCR_SS);
	cr_assert(!(w.x->key & A64_KEY_STEP));
	msr(VR_A64_SYSREG(2, 0, 1, 0, 4), 0); /* OSLAR: unlock */
	w.s->spsr_el1 = PSTATE_SS;
	w.s->elr_el1 = 0x4000;
	a64_helper_eret(w.x, 0, 0, 0);
	cr_assert(w.x->key & A64_KEY_STEP);
	w.x->leave = 0;
	a64_helper_step(w.x, 0, 0, 0);
	cr_assert_eq(w.x->leave, 0, "the first instruction goes on");
	/* it faults: it will be stepped again */
	a64_fault(w.x, 0x10, VR_ACCESS_READ, A64_FAULT | 7);
	cr_assert(w.s->spsr_el1 & PSTATE_SS);
	cr_assert(!(w.x->key & A64_KEY_STEP));
	a64_helper_eret(w.x, 0, 0, 0);
	w.x->leave = 0;
	a64_helper_step(w.x, 0, 0, 0);
	w.x->pc = 0x4004;
	a64_helper_step(w.x, 0, 0, 0);
	cr_assert_eq(w.x->leave, 1);
	cr_assert_eq(w.s->esr_el1, 0xcb000022);
	cr_assert_eq(w.s->elr_el1, 0x4004);
	cr_assert_eq(w.s->spsr_el1 & PSTATE_SS, 0);
	cr_assert(!(w.x->key & A64_KEY_STEP));
	/* a return with SS clear: nothing is executed */
	a64_helper_eret(w.x, 0, 0, 0);
	a64_helper_step(w.x, 0, 0, 0);
	cr_assert_eq(w.s->esr_el1, 0xca000022);
	cr_assert_eq(w.s->elr_el1, 0x4004);
}
