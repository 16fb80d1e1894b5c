/* SPDX-License-Identifier: MIT */
/* System instructions: TLB and cache maintenance, waiting, calls upwards. */
#include <criterion/criterion.h>
#include "fake.h"

#define TLBI(crm, op2) VR_A64_SYSREG(1, 0, 8, crm, op2)

static void ready(uint32_t el)
{
	fake_engine_new(1);
	fake.x->pc = 0x1000;
	fake.s->tcr_el1 = TCR_AS | 2ull << 30;
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
			a64_helper_tlbi(fake.x, TLBI(crm, cases[i].op2), value, 0);
			cr_assert_eq(fake.flushes, 1);
			cr_assert_eq(fake.flush.kind, cases[i].kind);
			cr_assert_eq(fake.flush.broadcast, crm == 3);
			if (cases[i].kind == VR_FLUSH_VA || cases[i].kind == VR_FLUSH_ASID)
				cr_assert_eq(fake.flush.asid, 0x1234);
			if (cases[i].kind == VR_FLUSH_VA || cases[i].kind == VR_FLUSH_VA_ALL)
				cr_assert_eq(fake.flush.length, 4096);
		}
}

Test(ops, tlbi_addresses)
{
	ready(1);
	a64_helper_tlbi(fake.x, TLBI(7, 3), 0x0000ffff12345678ull >> 12, 0);
	cr_assert_eq(fake.flush.va, 0x0000ffff12345000ull);
	/* bits 47:44 are not address, bit 55 fills what is above it */
	a64_helper_tlbi(fake.x, TLBI(7, 3), 0xffff000012345678ull >> 12, 0);
	cr_assert_eq(fake.flush.va, 0xffff000012345000ull);
	a64_helper_tlbi(fake.x, TLBI(7, 3), (0xffff000012345678ull >> 12) & 0xfffffffffff, 0);
	cr_assert_eq(fake.flush.va, 0xffff000012345000ull);
	fake.s->tcr_el1 = 3ull << 30; /* TG1: 64 KiB */
	a64_helper_tlbi(fake.x, TLBI(7, 1), ((0xffff000012345678ull >> 12) & 0xfffffffffff) | 0x1234ull << 48,
			0);
	cr_assert_eq(fake.flush.va, 0xffff000012340000ull);
	cr_assert_eq(fake.flush.length, 65536);
	cr_assert_eq(fake.flush.asid, 0x34);
}

Test(ops, tlbi_undefined)
{
	static const uint32_t undefined[] = {TLBI(3, 4), TLBI(7, 6), TLBI(1, 0),
					     VR_A64_SYSREG(1, 4, 8, 3, 0)};
	for (size_t i = 0; i < 4; i++) {
		ready(1);
		a64_helper_tlbi(fake.x, undefined[i], 0, 0);
		cr_assert_eq(fake.flushes, 0);
		cr_assert(fake.x->leave);
	}
	ready(0);
	a64_helper_tlbi(fake.x, TLBI(7, 0), 0, 0);
	cr_assert(fake.x->leave && !fake.flushes);
}

Test(ops, caches)
{
	ready(1);
	a64_helper_ic_ivau(fake.x, 0x12345, 0, 0);
	cr_assert_eq(fake.code_va, 0x12340);
	cr_assert_eq(fake.code_length, 64);
	a64_helper_ic_iallu(fake.x, 0, 0, 0);
	cr_assert_eq(fake.code_length, 0);
	a64_helper_dsb(fake.x, 0, 0, 0);
	cr_assert_eq(fake.syncs, 1);
	a64_helper_dc_zva(fake.x, 0x12345, 0, 0);
	cr_assert_eq(fake.writes, 4);
	cr_assert_eq(fake.written[0], 0x12340);
	cr_assert_eq(fake.written[3], 0x12370);
	fake.write_result = 1;
	a64_helper_dc_zva(fake.x, 0x12345, 0, 0);
	cr_assert_eq(fake.writes, 4);
	cr_assert(fake.x->leave);
}

Test(ops, waiting)
{
	ready(1);
	a64_helper_wfi(fake.x, 0x1004, 0, 0);
	cr_assert_eq(fake.waits, 1);
	cr_assert_eq(fake.x->pc, 0x1004);
	a64_set_pin(fake.x, 0, 1);
	a64_helper_wfi(fake.x, 0x1008, 0, 0);
	cr_assert_eq(fake.waits, 1);
	a64_helper_sev(fake.x, 0, 0, 0);
	a64_helper_wfe(fake.x, 0x100c, 0, 0);
	cr_assert_eq(fake.yields, 0);
	a64_helper_wfe(fake.x, 0x1010, 0, 0);
	cr_assert_eq(fake.yields, 1);
}

Test(ops, waiting_traps_at_el0)
{
	ready(0);
	a64_helper_wfi(fake.x, 0x1004, 0, 0);
	cr_assert_eq(fake.s->esr_el1, 0x07e00000);
	cr_assert_eq(fake.s->elr_el1, 0x1000);
	ready(0);
	a64_helper_wfe(fake.x, 0x1004, 0, 0);
	cr_assert_eq(fake.s->esr_el1, 0x07e00001);
	ready(0);
	fake.s->sctlr_el1 |= SCTLR_NTWI | SCTLR_NTWE;
	a64_helper_wfi(fake.x, 0x1004, 0, 0);
	cr_assert_eq(fake.waits, 1);
}

Test(ops, hypercall)
{
	ready(1);
	for (uint32_t i = 0; i < 31; i++)
		a64_x(fake.x)[i] = i;
	a64_helper_hypercall(fake.x, 1, 0, 0);
	cr_assert_eq(fake.call_kind, 1);
	cr_assert_eq(fake.call_regs[17], 17);
	cr_assert_eq(a64_x(fake.x)[0], 100);
	cr_assert_eq(a64_x(fake.x)[17], 117);
	cr_assert_eq(a64_x(fake.x)[18], 18);
	cr_assert(!fake.x->leave);
	fake.call_result = VR_E_NOENT;
	a64_helper_hypercall(fake.x, 0, 0, 0);
	cr_assert(fake.x->leave);
	cr_assert_eq(fake.s->esr_el1, 1u << 25);
	cr_assert_eq(fake.s->elr_el1, 0x1000);
}
