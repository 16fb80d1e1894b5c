/* SPDX-License-Identifier: MIT */
/* test_vector.c: guest registers of 32 bytes: in loops, over ends of pages, to devices, when an access faults; FP ops that
 * fault. */
#include <criterion/criterion.h>

#include "fake_isa.h"

#define DATA 0x5000u

static struct fake_machine *t;

static void setup(void)
{
	t = fake_new(1);
}

static void teardown(void)
{
	fake_free(t);
}

TestSuite(vector, .init = setup, .fini = teardown, .timeout = 30);

#define X (t->cpu[0]->x)
#define R(n) (fake_r(X)[n])
#define W(n) (fake_of(X)->wide[n].d)

static void set(uint32_t n, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	fake_of(X)->wide[n] = (union vr_v256){.d = {a, b, c, d}};
}

static void is(uint32_t n, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	cr_assert(W(n)[0] == a && W(n)[1] == b && W(n)[2] == c && W(n)[3] == d, "w%u is %lx %lx %lx %lx", n,
		  W(n)[0], W(n)[1], W(n)[2], W(n)[3]);
}

/* Registers live in host registers over the rounds, and each access takes the slow path: a device has none other. */
Test(vector, in_a_loop)
{
	fake_map(t, 0, DATA, 10, FAKE_R | FAKE_W, 0);
	fake_map(t, 0, DATA + 0x1000, FAKE_DEVICE, FAKE_R | FAKE_W, 0);
	for (uint32_t n = 0; n < 4; n++)
		fake_put(t, 10, 0x40 + 8 * n, n + 1);
	R(1) = DATA + 0x40;
	R(2) = 5;
	R(4) = DATA + 0x1000;
	set(1, 0, 0, 0, 0);
	set(2, 100, 200, 300, 400);
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_LDW, 0, 1, 0, 0), FAKE_OP(FAKE_ADDW, 1, 1, 0, 0),
		  FAKE_OP(FAKE_STW, 1, 4, 0, 0), FAKE_OP(FAKE_ADDL, 2, 2, 0, 0),
		  FAKE_OP(FAKE_ADDI, 2, 2, 0, -1), FAKE_OP(FAKE_BNE, 0, 2, 3, -40),
		  FAKE_OP(FAKE_STW, 1, 1, 0, 0x20), FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	is(0, 1, 2, 3, 4);
	is(1, 5, 10, 15, 20);
	is(2, 105, 210, 300, 400);
	for (uint32_t n = 0; n < 4; n++)
		cr_assert_eq(fake_get(t, 10, 0x60 + 8 * n), 5 * (n + 1));
	cr_assert_eq(t->log_count, 20);
	for (uint32_t n = 0; n < 20; n++)
		cr_assert_eq(t->log[n].value, (n % 4 + 1) * (n / 4 + 1));
}

/* What is in two pages is written whole or not at all, and the registers are those of the faulting instruction. */
Test(vector, faults)
{
	struct fake_state *s = fake_of(X);

	fake_map(t, 0, DATA, 10, FAKE_R | FAKE_W, 0);
	fake_map(t, 0, DATA + 0x1000, 20, FAKE_R | FAKE_W, 0);
	R(1) = DATA + 0xff0;
	set(0, 1, 2, 3, 4);
	set(1, 10, 20, 30, 40);
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ADDW, 0, 0, 1, 0), FAKE_OP(FAKE_STW, 0, 1, 0, 0),
		  FAKE_OP(FAKE_ADDW, 0, 0, 1, 0), FAKE_OP(FAKE_ADDL, 1, 1, 1, 0),
		  FAKE_OP(FAKE_LDW, 2, 1, 0, 8), FAKE_OP(FAKE_ADDW, 0, 0, 1, 0), FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(s->faults, 0);
	cr_assert_eq(fake_get(t, 10, 0xff8), 22);
	cr_assert_eq(fake_get(t, 20, 0), 33);
	cr_assert_eq(fake_get(t, 20, 8), 44);
	is(2, 22, 33, 44, 0);
	is(0, 41, 82, 93, 124);

	fake_unmap(t, 0, DATA + 0x1000);
	set(0, 1, 2, 3, 4);
	set(1, 10, 20, 30, 40);
	s->faults = 0;
	soft_tlb_flush(X, VR_FLUSH_ALL, 0, 0, 0, 0);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(s->faults, 1);
	cr_assert_eq(s->fault_va, DATA + 0x1000);
	cr_assert_eq(s->fault_pc, FAKE_CODE + 8);
	cr_assert_eq(s->fault_access, VR_ACCESS_WRITE);
	is(0, 11, 22, 33, 44);
	is(1, 10, 20, 30, 40);
	cr_assert_eq(fake_get(t, 10, 0xff8), 22, "half a store");
	/* a load, whose instruction comes after one that keeps a high half */
	s->faults = 0;
	set(2, 7, 7, 7, 7);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE + 16), VR_EXIT_KICK);
	cr_assert_eq(s->fault_pc, FAKE_CODE + 32);
	is(0, 21, 42, 63, 84);
	is(1, 20, 40, 30, 40);
	is(2, 7, 7, 7, 7);
}

/* A division that faults in the third round: the registers are those of its instruction, and it wrote nothing. */
Test(vector, fp_exception)
{
	struct fake_state *s = fake_of(X);

	R(2) = 3;
	R(5) = 0;
	s->wide[0] = (union vr_v256){.f64 = {64, 32, 16, 8}};
	s->wide[1] = (union vr_v256){.f64 = {2, 2, 2, 2}};
	set(2, 1, 1, 1, 1);
	fake_map(t, 0, DATA, 10, FAKE_R | FAKE_W, 0);
	R(1) = DATA;
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ADDI, 5, 5, 0, 1), FAKE_OP(FAKE_ADDW, 2, 2, 2, 0),
		  FAKE_OP(FAKE_DIVW, 0, 0, 1, 0), FAKE_OP(FAKE_LDW, 1, 1, 0, 0),
		  FAKE_OP(FAKE_ADDI, 1, 1, 0, 32), FAKE_OP(FAKE_ADDI, 2, 2, 0, -1),
		  FAKE_OP(FAKE_BNE, 0, 2, 3, -48), FAKE_STOP);
	/* the divisors of round 2 and 3 */
	union vr_v256 next[2] = {{.f64 = {4, 4, 4, 4}}, {.f64 = {1, 1, 1, 0}}};

	for (uint32_t n = 0; n < 8; n++)
		fake_put(t, 10, 8 * n, next[n / 4].d[n % 4]);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(s->faults, 1);
	cr_assert_eq(s->fault, FAKE_DIVISION);
	cr_assert_eq(s->fault_pc, FAKE_CODE + 16);
	cr_assert_eq(s->fault_va, 3, "the isa sees an old register");
	cr_assert_eq(R(5), 3);
	cr_assert_eq(R(2), 1);
	is(2, 8, 8, 8, 8);
	cr_assert(s->wide[0].f64[0] == 8 && s->wide[0].f64[3] == 1);
	cr_assert_eq(X->leave, 0);
}
