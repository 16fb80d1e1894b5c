/* SPDX-License-Identifier: MIT */
/* System instructions: TLB and cache maintenance, waiting, calls upwards. */
#include <criterion/criterion.h>
#include "double.h"

#define TLBI(crm, op2) VR_A64_SYSREG(1, 0, 8, crm, op2)

static void ready(uint32_t el)
{
	world_new(1);
	w.x->pc = 0x1000;
	w.s->tcr_el1 = TCR_AS | 2ull << 30;
	enter_el(el);
}

Test(ops, tlbi)
{
	static const struct {
		uint32_t op2, kind;
	} cases[] = {{0, VR_FLUSH_ALL},    {1, VR_FLUSH_VA}, {2, VR_FLUSH_ASID},
		     {3, VR_FLUSH_VA_ALL}, {5, VR_FLUSH_VA}, {7, VR_FLUSH_VA_ALL}};
	const uint64_t value = 0x1234ull << 48 | 0x12345;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint32_t crm = 3; crm <= 7; crm += 4) {
			ready(1);
			a64_helper_tlbi(w.x, TLBI(crm, cases[i].op2), value, 0);
			cr_assert_eq(w.flushes, 1);
			cr_assert_eq(w.flush.kind, cases[i].kind);
			cr_assert_eq(w.flush.broadcast, crm == 3);
			if (cases[i].kind == VR_FLUSH_VA || cases[i].kind == VR_FLUSH_ASID)
				cr_assert_eq(w.flush.asid, 0x1234);
			if (cases[i].kind == VR_FLUSH_VA || cases[i].kind == VR_FLUSH_VA_ALL)
				cr_assert_eq(w.flush.length, 4096);
		}
}

Test(ops, tlbi_addresses)
{
	ready(1);
	a64_helper_tlbi(w.x, TLBI(7, 3), 0x0000ffff12345678ull >> 12, 0);
	cr_assert_eq(w.flush.va, 0x0000ffff12345000ull);
	/* bits 47:44 are not address, bit 55 fills what is above it */
	a64_helper_tlbi(w.x, TLBI(7, 3), 0xffff000012345678ull >> 12, 0);
	cr_assert_eq(w.flush.va, 0xffff000012345000ull);
	a64_helper_tlbi(w.x, TLBI(7, 3), (0xffff000012345678ull >> 12) & 0xfffffffffff, 0);
	cr_assert_eq(w.flush.va, 0xffff000012345000ull);
	w.s->tcr_el1 = 3ull << 30; /* TG1: 64 KiB */
	a64_helper_tlbi(w.x, TLBI(7, 1), ((0xffff000012345678ull >> 12) & 0xfffffffffff) | 0x1234ull << 48,
			0);
	cr_assert_eq(w.flush.va, 0xffff000012340000ull);
	cr_assert_eq(w.flush.length, 65536);
	cr_assert_eq(w.flush.asid, 0x34);
}

Test(ops, tlbi_undefined)
{
	static const uint32_t undefined[] = {TLBI(3, 4), TLBI(7, 6), TLBI(1, 0),
					     VR_A64_SYSREG(1, 4, 8, 3, 0)};
	for (size_t i = 0; i < 4; i++) {
		ready(1);
		a64_helper_tlbi(w.x, undefined[i], 0, 0);
		cr_assert_eq(w.flushes, 0);
		cr_assert(w.x->leave);
	}
	ready(0);
	a64_helper_tlbi(w.x, TLBI(7, 0), 0, 0);
	cr_assert(w.x->leave && !w.flushes);
}

Test(ops, caches)
{
	ready(1);
	a64_helper_ic_ivau(w.x, 0x12345, 0, 0);
	cr_assert_eq(w.code_va, 0x12340);
	cr_assert_eq(w.code_length, 64);
	a64_helper_ic_iallu(w.x, 0, 0, 0);
	cr_assert_eq(w.code_length, 0);
	a64_helper_dsb(w.x, 0, 0, 0);
	cr_assert_eq(w.syncs, 1);
	a64_helper_dc_zva(w.x, 0x12345, 0, 0);
	cr_assert_eq(w.writes, 4);
	cr_assert_eq(w.written[0], 0x12340);
	cr_assert_eq(w.written[3], 0x12370);
	w.write_result = 1;
	a64_helper_dc_zva(w.x, 0x12345, 0, 0);
	cr_assert_eq(w.writes, 4);
	cr_assert(w.x->leave);
}

Test(ops, waiting)
{
	ready(1);
	a64_helper_wfi(w.x, 0x1004, 0, 0);
	cr_assert_eq(w.waits, 1);
	cr_assert_eq(w.x->pc, 0x1004);
	a64_set_pin(w.x, 0, 1);
	a64_helper_wfi(w.x, 0x1008, 0, 0);
	cr_assert_eq(w.waits, 1);
	a64_helper_sev(w.x, 0, 0, 0);
	a64_helper_wfe(w.x, 0x100c, 0, 0);
	cr_assert_eq(w.yields, 0);
	a64_helper_wfe(w.x, 0x1010, 0, 0);
	cr_assert_eq(w.yields, 1);
}

Test(ops, waiting_traps_at_el0)
{
	ready(0);
	a64_helper_wfi(w.x, 0x1004, 0, 0);
	cr_assert_eq(w.s->esr_el1, 0x07e00000);
	cr_assert_eq(w.s->elr_el1, 0x1000);
	ready(0);
	a64_helper_wfe(w.x, 0x1004, 0, 0);
	cr_assert_eq(w.s->esr_el1, 0x07e00001);
	ready(0);
	w.s->sctlr_el1 |= SCTLR_NTWI | SCTLR_NTWE;
	a64_helper_wfi(w.x, 0x1004, 0, 0);
	cr_assert_eq(w.waits, 1);
}

Test(ops, hypercall)
{
	ready(1);
	for (uint32_t i = 0; i < 31; i++)
		a64_x(w.x)[i] = i;
	a64_helper_hypercall(w.x, 1, 0, 0);
	cr_assert_eq(w.call_kind, 1);
	cr_assert_eq(w.call_regs[17], 17);
	cr_assert_eq(a64_x(w.x)[0], 100);
	cr_assert_eq(a64_x(w.x)[17], 117);
	cr_assert_eq(a64_x(w.x)[18], 18);
	cr_assert(!w.x->leave);
	w.call_result = VR_E_NOENT;
	a64_helper_hypercall(w.x, 0, 0, 0);
	cr_assert(w.x->leave);
	cr_assert_eq(w.s->esr_el1, 1u << 25);
	cr_assert_eq(w.s->elr_el1, 0x1000);
}
