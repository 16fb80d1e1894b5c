/* SPDX-License-Identifier: MIT */
/* Traps, delegation, returns, interrupts, waiting, calls, fences (privileged architecture). */
#include <criterion/criterion.h>
#include "fake.h"

#define M_VECTOR 0x80002000ull
#define S_VECTOR 0x80003000ull

static void ready(uint32_t mode)
{
	fake_engine_new();
	csr_write(MTVEC, M_VECTOR);
	csr_write(STVEC, S_VECTOR);
	enter_mode(mode);
}

Test(trap, to_machine)
{
	ready(RV_USER);
	fake.s->mstatus |= MSTATUS_MIE;
	rv_helper_raise(fake.x, RV_CAUSE_ILLEGAL, 0xbad, 0);
	cr_assert_eq(fake.x->pc, M_VECTOR);
	cr_assert_eq(fake.s->mepc, PC);
	cr_assert_eq(fake.s->mcause, RV_CAUSE_ILLEGAL);
	cr_assert_eq(fake.s->mtval, 0xbad);
	cr_assert_eq(fake.s->mode, RV_MACHINE);
	cr_assert_eq(fake.s->mstatus & (MSTATUS_MPP | MSTATUS_MIE | MSTATUS_MPIE), MSTATUS_MPIE);
	rv_helper_mret(fake.x, 0, 0, 0);
	cr_assert_eq(fake.x->pc, PC);
	cr_assert_eq(fake.s->mode, RV_USER);
	cr_assert(fake.s->mstatus & MSTATUS_MIE);
}

Test(trap, delegated)
{
	ready(RV_USER);
	csr_write(MEDELEG, 0);
	fake.s->medeleg = 1u << RV_CAUSE_LOAD_PAGE;
	enter_mode(RV_SUPERVISOR);
	fake.s->mstatus |= MSTATUS_SIE;
	rv_fault(fake.x, 0x1234, VR_ACCESS_READ, RV_FAULT_PAGE);
	cr_assert_eq(fake.x->pc, S_VECTOR);
	cr_assert_eq(fake.s->scause, RV_CAUSE_LOAD_PAGE);
	cr_assert_eq(fake.s->stval, 0x1234);
	cr_assert_eq(fake.s->mstatus & (MSTATUS_SPP | MSTATUS_SIE | MSTATUS_SPIE),
		     MSTATUS_SPP | MSTATUS_SPIE);
	rv_helper_sret(fake.x, 0, 0, 0);
	cr_assert_eq(fake.x->pc, PC);
	cr_assert_eq(fake.s->mode, RV_SUPERVISOR);
	cr_assert(fake.s->mstatus & MSTATUS_SIE);
	/* from M-mode nothing is delegated */
	enter_mode(RV_MACHINE);
	rv_fault(fake.x, 0x1234, VR_ACCESS_READ, RV_FAULT_PAGE);
	cr_assert_eq(fake.x->pc, M_VECTOR);
}

Test(trap, faults_by_access)
{
	static const struct {
		uint32_t access;
		int32_t fault;
		uint32_t cause;
	} all[] = {{VR_ACCESS_EXECUTE, RV_FAULT_PAGE, 12}, {VR_ACCESS_READ, RV_FAULT_PAGE, 13},
		   {VR_ACCESS_WRITE, RV_FAULT_PAGE, 15},   {VR_ACCESS_EXECUTE, VR_FAULT_BUS, 1},
		   {VR_ACCESS_READ, VR_FAULT_BUS, 5},      {VR_ACCESS_WRITE, RV_FAULT_ACCESS, 7},
		   {VR_ACCESS_READ, VR_FAULT_ALIGN, 4},    {VR_ACCESS_WRITE, VR_FAULT_ALIGN, 6}};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		ready(RV_SUPERVISOR);
		rv_fault(fake.x, 8, all[i].access, all[i].fault);
		cr_assert_eq(fake.s->mcause, all[i].cause);
	}
}

Test(trap, sret_may_be_trapped)
{
	ready(RV_SUPERVISOR);
	fake.s->mstatus |= MSTATUS_TSR;
	rv_helper_sret(fake.x, 0, 0, 0);
	cr_assert_eq(fake.s->mcause, RV_CAUSE_ILLEGAL);
}

Test(interrupt, order_and_masks)
{
	ready(RV_SUPERVISOR);
	cr_assert_eq(rv_interrupt(fake.x), 0);
	fake.s->mie = RV_IP_ALL;
	fake.s->mideleg = RV_IP_S;
	rv_set_pin(fake.x, 9, 1);
	rv_set_pin(fake.x, 7, 1);
	cr_assert_eq(fake.kicks, 2);
	cr_assert(rv_has_work(fake.x));
	cr_assert_eq(rv_interrupt(fake.x), 1); /* MTIP: M-mode's go first, and S-mode can't mask them */
	cr_assert_eq(fake.s->mcause, RV_CAUSE_INTERRUPT | 7);
	cr_assert_eq(rv_interrupt(fake.x), 0); /* in M-mode with MIE clear */
	rv_set_pin(fake.x, 7, 0);
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(rv_interrupt(fake.x), 0); /* SIE clear */
	fake.s->mstatus |= MSTATUS_SIE;
	csr_write(STVEC, S_VECTOR | 1);
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(rv_interrupt(fake.x), 1);
	cr_assert_eq(fake.x->pc, S_VECTOR + 4 * 9); /* vectored */
	cr_assert_eq(fake.s->scause, RV_CAUSE_INTERRUPT | 9);
}

Test(interrupt, ssip_is_latched)
{
	ready(RV_SUPERVISOR);
	fake.s->mideleg = RV_IP_S;
	rv_set_pin(fake.x, 1, 1);
	rv_set_pin(fake.x, 1, 0);
	cr_assert_eq(csr_read(SIP), RV_IP_SSIP);
	csr_op(SIP, 3, RV_IP_SSIP);
	cr_assert_eq(csr_read(SIP), 0);
	/* what a pin drives can't be cleared, nor does clearing another bit latch it */
	rv_set_pin(fake.x, 9, 1);
	csr_op(SIP, 3, RV_IP_SSIP | RV_IP_SEIP);
	cr_assert_eq(csr_read(SIP), RV_IP_SEIP);
	rv_set_pin(fake.x, 9, 0);
	cr_assert_eq(csr_read(SIP), 0);
}

Test(interrupt, unmasking_is_noticed)
{
	ready(RV_SUPERVISOR);
	fake.s->mideleg = RV_IP_S;
	fake.s->mie = RV_IP_ALL;
	rv_set_pin(fake.x, 9, 1);
	uint32_t kicks = fake.kicks;
	csr_op(SSTATUS, 2, MSTATUS_SIE);
	cr_assert_eq(fake.kicks, kicks + 1);
}

Test(wait, sleeps_unless_there_is_work)
{
	ready(RV_SUPERVISOR);
	rv_helper_wfi(fake.x, 0, 0, 0);
	cr_assert_eq(fake.waits, 1);
	cr_assert_eq(fake.x->pc, PC + 4);
	fake.s->mie = RV_IP_ALL;
	rv_set_pin(fake.x, 7, 1);
	enter_mode(RV_SUPERVISOR);
	rv_helper_wfi(fake.x, 0, 0, 0);
	cr_assert_eq(fake.waits, 1);
	fake.s->mstatus |= MSTATUS_TW;
	rv_helper_wfi(fake.x, 0, 0, 0);
	cr_assert_eq(fake.s->mcause, RV_CAUSE_ILLEGAL);
}

Test(call, answered_or_taken)
{
	ready(RV_SUPERVISOR);
	rv_x(fake.x)[17] = 0x10;
	rv_helper_ecall(fake.x, 0, 0, 0);
	cr_assert_eq(fake.calls, 1);
	cr_assert_eq(fake.call_regs[7], 0x10);
	cr_assert_eq(rv_x(fake.x)[10], 0);
	cr_assert_eq(rv_x(fake.x)[11], 0x1234);
	cr_assert_eq(fake.x->leave, 0);
	fake.call_result = VR_E_NOENT;
	rv_helper_ecall(fake.x, 0, 0, 0);
	cr_assert_eq(fake.s->mcause, 9);
	cr_assert_eq(fake.x->pc, M_VECTOR);
}

Test(call, remote_fence)
{
	ready(RV_SUPERVISOR);
	uint64_t *x = rv_x(fake.x);
	x[17] = 0x52464e43;
	x[16] = 1;
	x[12] = 0x7000;
	x[13] = 0x2000;
	rv_helper_ecall(fake.x, 0, 0, 0);
	cr_assert_eq(fake.flush.kind, VR_FLUSH_VA_ALL);
	cr_assert(fake.flush.broadcast);
	cr_assert_eq(fake.flush.va, 0x7000);
	cr_assert_eq(fake.flush.length, 0x2000);
	cr_assert_eq(fake.syncs, 1);
	x[16] = 2;
	x[12] = 0;
	x[13] = UINT64_MAX;
	x[14] = 5;
	rv_helper_ecall(fake.x, 0, 0, 0);
	cr_assert_eq(fake.flush.kind, VR_FLUSH_ASID);
	cr_assert_eq(fake.flush.asid, 5);
}

Test(fence, kinds)
{
	static const uint32_t kinds[4] = {VR_FLUSH_ALL, VR_FLUSH_VA_ALL, VR_FLUSH_ASID, VR_FLUSH_VA};
	ready(RV_SUPERVISOR);
	for (uint64_t given = 0; given < 4; given++) {
		rv_helper_sfence(fake.x, 0x5000, 3, given);
		cr_assert_eq(fake.flush.kind, kinds[given]);
		cr_assert_eq(fake.flush.broadcast, 0);
	}
	cr_assert_eq(fake.flush.va, 0x5000);
	cr_assert_eq(fake.flush.length, 4096);
	fake.s->mstatus |= MSTATUS_TVM;
	rv_helper_sfence(fake.x, 0, 0, 0);
	cr_assert_eq(fake.s->mcause, RV_CAUSE_ILLEGAL);
}

/* The second page of an instruction or an access: tval is where it was met, epc the instruction. */
Test(trap, fault_beyond_the_page)
{
	static const uint64_t causes[3] = {RV_CAUSE_LOAD_PAGE, RV_CAUSE_STORE_PAGE, RV_CAUSE_FETCH_PAGE};
	for (uint32_t access = 0; access < 3; access++) {
		fake_engine_new();
		csr_write(MEDELEG, 0xb1ff);
		enter_mode(RV_USER);
		fake.x->pc = PC + 0xffe;
		rv_fault(fake.x, PC + 0x1000, access, RV_FAULT_PAGE);
		cr_assert_eq(fake.s->mode, RV_SUPERVISOR);
		cr_assert_eq(fake.s->scause, causes[access]);
		cr_assert_eq(fake.s->sepc, PC + 0xffe);
		cr_assert_eq(fake.s->stval, PC + 0x1000);
	}
}
