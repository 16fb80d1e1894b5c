/* SPDX-License-Identifier: MIT */
/* The canonical state: reset, out and in again. */
#include <criterion/criterion.h>
#include <string.h>
#include "fake.h"

static uint64_t seed = 0x9e3779b97f4a7c15ull;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static struct vr_state_arm64 get(void)
{
	struct vr_state_arm64 s;
	cr_assert_eq(a64_get_state(fake.x, VR_STATE_ARM64_ID, &s, sizeof(s)), 0);
	return s;
}

static int32_t set(const struct vr_state_arm64 *s)
{
	return a64_set_state(fake.x, VR_STATE_ARM64_ID, s, sizeof(*s));
}

Test(state, reset)
{
	fake_engine_new(1);
	struct vr_state_arm64 s = get();
	cr_assert_eq(s.pstate, 0x3c5);
	cr_assert_eq(s.pc, 0);
	cr_assert_eq(s.exclusive_address, UINT64_MAX);
	cr_assert_eq(fake.s->sctlr_el1, 0x30d00980);
	cr_assert_eq(fake.x->mode_flags, A64_MODE_EL1);
	cr_assert_eq(fake.x->asid, 0);
	cr_assert_gt(s.sysreg_count, 50);
	for (uint32_t i = 0; i < s.sysreg_count; i++)
		for (uint32_t k = 0; k < i; k++)
			cr_assert_neq(s.sysreg[i].id, s.sysreg[k].id);
}

/* A state of random values, once set, goes out and in unchanged, also into another vCPU. */
Test(state, round_trip)
{
	static const uint32_t modes[] = {0, 4, 5};
	fake_engine_new(2);
	const struct vr_state_arm64 shape = get();
	for (uint32_t n = 0; n < 300; n++) {
		struct vr_state_arm64 in = shape;
		for (uint32_t i = 0; i < 31; i++)
			in.x[i] = next_random();
		in.sp = next_random();
		in.pc = next_random();
		in.pstate = (next_random() & 0xf03003c0) | modes[n % 3];
		for (uint32_t i = 0; i < 32; i++)
			in.v[i][0] = next_random(), in.v[i][1] = next_random();
		in.fpcr = (uint32_t)next_random() & FPCR_MASK;
		in.fpsr = (uint32_t)next_random() & (FPSR_QC_IDC | FPSR_IEEE);
		in.exclusive_address = next_random();
		in.exclusive_value[0] = next_random();
		in.exclusive_value[1] = next_random();
		in.pins = next_random() & 3;
		for (uint32_t i = 0; i < in.sysreg_count; i++)
			in.sysreg[i].value = next_random();
		cr_assert_eq(set(&in), 0);
		struct vr_state_arm64 once = get();
		for (uint32_t i = 0; i < once.sysreg_count; i++) {
			const struct a64_sysreg *r = a64_sysreg_find(once.sysreg[i].id);
			uint64_t expected = (in.sysreg[i].value & r->mask) | (r->reset & ~r->mask);
			if (r->offset == A64_STATE_OFFSET(sp_el) + (modes[n % 3] == 5 ? 8u : 0u))
				expected = in.sp;
			cr_assert_eq(once.sysreg[i].value, expected, "%s", r->name);
			in.sysreg[i].value = expected;
		}
		cr_assert_eq(memcmp(&once, &in, sizeof(in)), 0, "round %u", n);
		cr_assert_eq(set(&shape), 0);
		cr_assert_eq(set(&once), 0);
		struct vr_state_arm64 twice = get();
		cr_assert_eq(memcmp(&once, &twice, sizeof(once)), 0);
	}
}

Test(state, what_is_not_listed_is_reset)
{
	fake_engine_new(1);
	struct vr_state_arm64 s = get();
	msr(R_SCTLR, SCTLR_M);
	fake.s->tpidr_el1 = 5;
	s.sysreg_count = 1;
	s.sysreg[0].id = VR_A64_SYSREG(3, 0, 12, 0, 0);
	s.sysreg[0].value = 0x10800;
	s.sysreg[1].value = 1;
	fake.contexts = 0;
	cr_assert_eq(set(&s), 0);
	cr_assert_eq(fake.s->sctlr_el1 & SCTLR_M, 0);
	cr_assert_eq(fake.s->tpidr_el1, 0);
	cr_assert_eq(fake.s->vbar_el1, 0x10800);
	cr_assert_geq(fake.contexts, 1);
	s.sysreg[0].id = VR_A64_SYSREG(3, 0, 15, 7, 7); /* not modelled: ignored */
	cr_assert_eq(set(&s), 0);
}

Test(state, refusals)
{
	fake_engine_new(1);
	struct vr_state_arm64 s = get();
	cr_assert_eq(a64_get_state(fake.x, "vmrun.state.x86/1", &s, sizeof(s)), VR_E_UNSUPPORTED);
	cr_assert_eq(a64_set_state(fake.x, "vmrun.state.x86/1", &s, sizeof(s)), VR_E_UNSUPPORTED);
	cr_assert_eq(a64_get_state(fake.x, VR_STATE_ARM64_ID, &s, sizeof(s) - 1), VR_E_INVAL);
	s.sysreg_count = VR_STATE_ARM64_SYSREGS + 1;
	cr_assert_eq(set(&s), VR_E_INVAL);
	s = get();
	s.pstate = 0x3c9; /* EL2h */
	cr_assert_eq(set(&s), VR_E_UNSUPPORTED);
}
