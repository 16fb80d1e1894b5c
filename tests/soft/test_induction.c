/* SPDX-License-Identifier: MIT */
/* test_induction.c: loops over arrays, whose page an emitter keeps at hand (VR_MF_SAME_PAGE): nothing can be
 * told from it. */
#include <string.h>

#include <criterion/criterion.h>

#include "toy.h"

#define FROM 0x20000u
#define TO 0x40000u
#define PAGES 4u
#define FUNC 0x9000u  /* code, physical page 20 */
#define ALIAS 0xb000u /* the same page, as data */

static struct toy *t;

/* Neighbours in one address space are none in the other. */
static uint64_t page_of(uint64_t first, uint64_t n)
{
	return first + n * 3 % PAGES * 2;
}

static void setup(void)
{
	t = toy_new(1);
	for (uint64_t n = 0; n < PAGES; n++) {
		toy_map(t, 0, FROM + n * SOFT_PAGE, page_of(40, n), TOY_R | TOY_W, 0);
		toy_map(t, 0, TO + n * SOFT_PAGE, page_of(60, n), TOY_R | TOY_W, 0);
	}
}

static void teardown(void)
{
	toy_free(t);
}

TestSuite(induction, .init = setup, .fini = teardown, .timeout = 60);

#define X (t->cpu[0]->x)
#define R(n) (toy_r(X)[n])

static uint8_t *byte_at(uint64_t va)
{
	uint64_t n = (va < TO ? va - FROM : va - TO) / SOFT_PAGE;

	return toy_page(t, page_of(va < TO ? 40 : 60, n)) + va % SOFT_PAGE;
}

static void fill(void)
{
	for (uint64_t n = 0; n < PAGES * SOFT_PAGE; n++) {
		*byte_at(FROM + n) = (uint8_t)(n * 7 + n / 251);
		*byte_at(TO + n) = 0;
	}
}

/* `count` rounds that load off r1, store off r2, and step both by `step`; from an address each. */
static void copy(uint64_t load, uint64_t store, uint64_t from, uint64_t to, int32_t step, uint64_t count)
{
	TOY_LOAD(t, 0, 0, load, store, TOY_OP(TOY_ADDI, 1, 1, 0, step), TOY_OP(TOY_ADDI, 2, 2, 0, step),
		 TOY_OP(TOY_BNE, 0, 1, 3, -32), TOY_STOP);
	R(1) = from;
	R(2) = to;
	R(3) = from + (uint64_t)(int64_t)step * count;
	cr_assert_eq(toy_go(t, 0, TOY_CODE), VR_EXIT_KICK);
	cr_assert_eq(toy_of(X)->faults, 0);
	cr_assert_eq(R(2) - to, (uint64_t)(int64_t)step * count);
}

Test(induction, every_width_up_and_down_aligned_and_not)
{
	for (uint32_t log2 = 0; log2 < 4; log2++)
		for (uint32_t start = 0; start < 9; start++)
			for (int32_t way = -1; way <= 1; way += 2) {
				int32_t step = way * (1 << log2);
				uint64_t count = (3 * SOFT_PAGE - 64) >> log2, at = 32 + start;

				if (way < 0)
					at += (count - 1) << log2;
				fill();
				copy(TOY_OP(TOY_LD, 4, 1, log2, -16), TOY_OP(TOY_ST, 4, 2, log2, 8),
				     FROM + 16 + at, TO - 8 + at, step, count);
				for (uint64_t n = 0; n < PAGES * SOFT_PAGE; n++) {
					int copied = n >= 32 + start && n < 32 + start + (count << log2);

					cr_assert_eq(*byte_at(TO + n), copied ? *byte_at(FROM + n) : 0,
						     "width %u start %u way %d byte %u", 1u << log2, start,
						     way, (uint32_t)n);
				}
			}
}

Test(induction, pairs)
{
	for (uint32_t start = 0; start < 17; start++) {
		uint64_t count = (3 * SOFT_PAGE - 64) / 16;

		fill();
		copy(TOY_OP(TOY_LDP, 4, 1, 3, 0), TOY_OP(TOY_STP, 4, 2, 3, 0), FROM + start, TO + start, 16,
		     count);
		for (uint64_t n = 0; n < count * 16; n++)
			cr_assert_eq(*byte_at(TO + start + n), *byte_at(FROM + start + n), "start %u", start);
	}
}

/* Both pages want the same place in the TLB: each round loses one, and takes it back. */
Test(induction, pages_that_drive_each_other_out)
{
	for (uint32_t apart = 64; apart <= 1024; apart *= 2) {
		uint64_t to = FROM + (uint64_t)apart * SOFT_PAGE;

		toy_map(t, 0, to, 60, TOY_R | TOY_W, 0);
		memset(toy_page(t, 60), 0, SOFT_PAGE);
		for (uint32_t n = 0; n < 64; n++)
			toy_put(t, page_of(40, 0), 8 * n, n * 0x0101010101010101u + apart);
		copy(TOY_OP(TOY_LD, 4, 1, 3, 0), TOY_OP(TOY_ST, 4, 2, 3, 0), FROM, to, 8, 64);
		for (uint32_t n = 0; n < 64; n++)
			cr_assert_eq(toy_get(t, 60, 8 * n), n * 0x0101010101010101u + apart);
	}
}

/* Hook 1: what is at FROM is another page from now on. */
static void hook_remap(struct toy *m, struct vr_exec *x)
{
	uint64_t n = m->shared[0]++;

	toy_map(m, 0, FROM, n & 1 ? 80 : 82, TOY_R | TOY_W, 0);
	x->env->tlb_flush(x, VR_FLUSH_VA, x->asid, FROM, SOFT_PAGE, 0);
	x->env->sync(x);
}

Test(induction, a_page_that_is_mapped_anew_between_two_runs_of_the_loop)
{
	t->hooks[1] = hook_remap;
	for (uint32_t n = 0; n < 8; n++) {
		toy_put(t, 80, 8 * n, 1);
		toy_put(t, 82, 8 * n, 100);
	}
	/* r5 += eight words at FROM, six times, each after the hook. */
	TOY_LOAD(t, 0, 0, TOY_CALL_HOOK(1), TOY_OP(TOY_MOVI, 1, 0, 0, FROM), TOY_OP(TOY_LD, 4, 1, 3, 0),
		 TOY_OP(TOY_ADD, 5, 5, 4, 0), TOY_OP(TOY_ADDI, 1, 1, 0, 8), TOY_OP(TOY_BNE, 0, 1, 3, -24),
		 TOY_OP(TOY_ADDI, 6, 6, 0, 1), TOY_OP(TOY_BNE, 0, 6, 7, -56), TOY_STOP);
	R(3) = FROM + 64;
	R(5) = R(6) = 0;
	R(7) = 6;
	cr_assert_eq(toy_go(t, 0, TOY_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(5), 3 * 8 * 100 + 3 * 8 * 1);
}

Test(induction, code_that_a_loop_writes)
{
	toy_map(t, 0, FUNC, 20, TOY_R | TOY_X, 0);
	toy_map(t, 0, ALIAS, 20, TOY_R | TOY_W, 0);
	TOY_LOAD(t, 20, 0, TOY_OP(TOY_MOVI, 5, 0, 0, 1), TOY_OP(TOY_RET, 0, 0, 0, 0));
	/* Five times: call, r6 += what it returned; then a loop writes the immediate, as 4 bytes one by one.
	 */
	TOY_LOAD(t, 0, 0, TOY_OP(TOY_CALL, 0, 0, 0, FUNC - TOY_CODE), TOY_OP(TOY_ADD, 6, 6, 5, 0),
		 TOY_OP(TOY_ADDI, 4, 5, 0, 1), TOY_OP(TOY_MOVI, 1, 0, 0, ALIAS + 4),
		 TOY_OP(TOY_ST, 4, 1, 0, 0), TOY_OP(TOY_ADDI, 1, 1, 0, 1), TOY_OP(TOY_MOVI, 4, 0, 0, 0),
		 TOY_OP(TOY_BNE, 0, 1, 3, -24), TOY_OP(TOY_ADDI, 7, 7, 0, -1), TOY_OP(TOY_BNE, 0, 7, 8, -72),
		 TOY_STOP);
	R(3) = ALIAS + 8;
	R(6) = R(8) = 0;
	R(7) = 5;
	cr_assert_eq(toy_go(t, 0, TOY_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(6), 1 + 2 + 3 + 4 + 5);
}

Test(induction, the_first_address_that_faults)
{
	for (uint32_t way = 0; way < 2; way++) {
		toy_unmap(t, 0, TO + 2 * SOFT_PAGE);
		fill();
		TOY_LOAD(t, 0, 0, TOY_OP(TOY_LD, 4, 1, 3, 0), TOY_OP(TOY_ST, 4, 2, 3, 0),
			 TOY_OP(TOY_ADDI, 1, 1, 0, 8), TOY_OP(TOY_ADDI, 2, 2, 0, 8),
			 TOY_OP(TOY_BNE, 0, 1, 3, -32), TOY_STOP);
		R(1) = FROM;
		R(2) = TO + way * 4; /* the second time the access that crosses into it */
		R(3) = FROM + PAGES * SOFT_PAGE;
		uint32_t before = toy_of(X)->faults;

		cr_assert_eq(toy_go(t, 0, TOY_CODE), VR_EXIT_KICK);
		cr_assert_eq(toy_of(X)->faults, before + 1);
		cr_assert_eq(toy_of(X)->fault_va, TO + 2 * SOFT_PAGE);
		cr_assert_eq(toy_of(X)->fault_pc, TOY_CODE + 8);
		cr_assert_eq(R(2), TO + 2 * SOFT_PAGE - way * 4);
		cr_assert_eq(R(1), FROM + 2 * SOFT_PAGE - way * 8);
	}
}

/* Of two regions that are linked one loads from a page, and the other comes to store to it: that the page may
 * be read says nothing about that, wherever the two lie. */
Test(induction, a_page_that_one_region_reads_and_another_must_not_write)
{
	const uint64_t page = TO + SOFT_PAGE;

	toy_map(t, 0, FUNC, 20, TOY_R | TOY_X, 0);
	toy_map(t, 0, page, 61, TOY_R, 0);
	memset(toy_page(t, 61), 0x5a, SOFT_PAGE);
	for (uint32_t at = 0; at < 64; at += 8) {
		const int32_t there = (int32_t)(FUNC + at - TOY_CODE);

		/* r1: eight words of the page a time; r2: the last ones before it, then the first of it. */
		TOY_LOAD(t, 0, 0, TOY_OP(TOY_LD, 4, 1, 3, 0), TOY_OP(TOY_ADDI, 1, 1, 0, 8),
			 TOY_OP(TOY_BNE, 0, 1, 3, -16), TOY_OP(TOY_ADDI, 3, 3, 0, 64),
			 TOY_OP(TOY_J, 0, 0, 0, there - 32));
		TOY_LOAD(t, 20, at, TOY_OP(TOY_ST, 2, 2, 3, 0), TOY_OP(TOY_ADDI, 2, 2, 0, 8),
			 TOY_OP(TOY_BNE, 0, 2, 5, -16), TOY_OP(TOY_ADDI, 5, 5, 0, 64),
			 TOY_OP(TOY_J, 0, 0, 0, -there - 32));
		R(1) = page;
		R(2) = page - 256;
		R(3) = R(1) + 64;
		R(5) = R(2) + 64;
		cr_assert_eq(toy_go(t, 0, TOY_CODE), VR_EXIT_KICK);
		cr_assert_eq(R(2), page, "at %u: stored up to 0x%llx", at, (unsigned long long)R(2));
		cr_assert_eq(toy_of(X)->faults, at / 8 + 1);
		cr_assert_eq(toy_of(X)->fault_va, page);
		cr_assert_eq(toy_of(X)->fault_access, VR_ACCESS_WRITE);
		for (uint32_t n = 0; n < SOFT_PAGE; n += 8)
			cr_assert_eq(toy_get(t, 61, n), 0x5a5a5a5a5a5a5a5a);
	}
}
