/* SPDX-License-Identifier: MIT */
/* test_induction.c: loops over arrays, with same-page hints (VR_MF_SAME_PAGE): a hint changes no result. */
#include <string.h>

#include <criterion/criterion.h>

#include "fake_isa.h"

#define FROM 0x20000u
#define TO 0x40000u
#define PAGES 4u
#define FUNC 0x9000u  /* code, physical page 20 */
#define ALIAS 0xb000u /* the same page, as data */

static struct fake_machine *t;

/* Pages that are adjacent in one address space are not in the other. */
static uint64_t page_of(uint64_t first, uint64_t n)
{
	return first + n * 3 % PAGES * 2;
}

static void setup(void)
{
	t = fake_new(1);
	for (uint64_t n = 0; n < PAGES; n++) {
		fake_map(t, 0, FROM + n * SOFT_PAGE, page_of(40, n), FAKE_R | FAKE_W, 0);
		fake_map(t, 0, TO + n * SOFT_PAGE, page_of(60, n), FAKE_R | FAKE_W, 0);
	}
}

static void teardown(void)
{
	fake_free(t);
}

TestSuite(induction, .init = setup, .fini = teardown, .timeout = 60);

#define X (t->cpu[0]->x)
#define R(n) (fake_r(X)[n])

static uint8_t *byte_at(uint64_t va)
{
	uint64_t n = (va < TO ? va - FROM : va - TO) / SOFT_PAGE;

	return fake_page(t, page_of(va < TO ? 40 : 60, n)) + va % SOFT_PAGE;
}

static void fill(void)
{
	for (uint64_t n = 0; n < PAGES * SOFT_PAGE; n++) {
		*byte_at(FROM + n) = (uint8_t)(n * 7 + n / 251);
		*byte_at(TO + n) = 0;
	}
}

/* `count` iterations that load off r1, store off r2, and add `step` to both. */
static void copy(uint64_t load, uint64_t store, uint64_t from, uint64_t to, int32_t step, uint64_t count)
{
	FAKE_LOAD(t, 0, 0, load, store, FAKE_OP(FAKE_ADDI, 1, 1, 0, step), FAKE_OP(FAKE_ADDI, 2, 2, 0, step),
		  FAKE_OP(FAKE_BNE, 0, 1, 3, -32), FAKE_STOP);
	R(1) = from;
	R(2) = to;
	R(3) = from + (uint64_t)(int64_t)step * count;
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(fake_of(X)->faults, 0);
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
				copy(FAKE_OP(FAKE_LD, 4, 1, log2, -16), FAKE_OP(FAKE_ST, 4, 2, log2, 8),
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
		copy(FAKE_OP(FAKE_LDP, 4, 1, 3, 0), FAKE_OP(FAKE_STP, 4, 2, 3, 0), FROM + start, TO + start,
		     16, count);
		for (uint64_t n = 0; n < count * 16; n++)
			cr_assert_eq(*byte_at(TO + start + n), *byte_at(FROM + start + n), "start %u", start);
	}
}

/* Both pages have the same TLB index: each iteration evicts one entry, and refills it. */
Test(induction, pages_that_drive_each_other_out)
{
	for (uint32_t apart = 64; apart <= 1024; apart *= 2) {
		uint64_t to = FROM + (uint64_t)apart * SOFT_PAGE;

		fake_map(t, 0, to, 60, FAKE_R | FAKE_W, 0);
		memset(fake_page(t, 60), 0, SOFT_PAGE);
		for (uint32_t n = 0; n < 64; n++)
			fake_put(t, page_of(40, 0), 8 * n, n * 0x0101010101010101u + apart);
		copy(FAKE_OP(FAKE_LD, 4, 1, 3, 0), FAKE_OP(FAKE_ST, 4, 2, 3, 0), FROM, to, 8, 64);
		for (uint32_t n = 0; n < 64; n++)
			cr_assert_eq(fake_get(t, 60, 8 * n), n * 0x0101010101010101u + apart);
	}
}

/* Hook 1: map another page at FROM. */
static void hook_remap(struct fake_machine *m, struct vr_exec *x)
{
	uint64_t n = m->shared[0]++;

	fake_map(m, 0, FROM, n & 1 ? 80 : 82, FAKE_R | FAKE_W, 0);
	x->env->tlb_flush(x, VR_FLUSH_VA, x->asid, FROM, SOFT_PAGE, 0);
	x->env->sync(x);
}

Test(induction, a_page_that_is_mapped_anew_between_two_runs_of_the_loop)
{
	t->hooks[1] = hook_remap;
	for (uint32_t n = 0; n < 8; n++) {
		fake_put(t, 80, 8 * n, 1);
		fake_put(t, 82, 8 * n, 100);
	}
	/* r5 += eight words at FROM, six times, each after the hook. */
	FAKE_LOAD(t, 0, 0, FAKE_CALL_HOOK(1), FAKE_OP(FAKE_MOVI, 1, 0, 0, FROM), FAKE_OP(FAKE_LD, 4, 1, 3, 0),
		  FAKE_OP(FAKE_ADD, 5, 5, 4, 0), FAKE_OP(FAKE_ADDI, 1, 1, 0, 8),
		  FAKE_OP(FAKE_BNE, 0, 1, 3, -24), FAKE_OP(FAKE_ADDI, 6, 6, 0, 1),
		  FAKE_OP(FAKE_BNE, 0, 6, 7, -56), FAKE_STOP);
	R(3) = FROM + 64;
	R(5) = R(6) = 0;
	R(7) = 6;
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(5), 3 * 8 * 100 + 3 * 8 * 1);
}

Test(induction, code_that_a_loop_writes)
{
	fake_map(t, 0, FUNC, 20, FAKE_R | FAKE_X, 0);
	fake_map(t, 0, ALIAS, 20, FAKE_R | FAKE_W, 0);
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_MOVI, 5, 0, 0, 1), FAKE_OP(FAKE_RET, 0, 0, 0, 0));
	/* Five times: a call, r6 += its result; then a loop writes the 4 bytes of the immediate one by one.
	 */
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - FAKE_CODE), FAKE_OP(FAKE_ADD, 6, 6, 5, 0),
		  FAKE_OP(FAKE_ADDI, 4, 5, 0, 1), FAKE_OP(FAKE_MOVI, 1, 0, 0, ALIAS + 4),
		  FAKE_OP(FAKE_ST, 4, 1, 0, 0), FAKE_OP(FAKE_ADDI, 1, 1, 0, 1),
		  FAKE_OP(FAKE_MOVI, 4, 0, 0, 0), FAKE_OP(FAKE_BNE, 0, 1, 3, -24),
		  FAKE_OP(FAKE_ADDI, 7, 7, 0, -1), FAKE_OP(FAKE_BNE, 0, 7, 8, -72), FAKE_STOP);
	R(3) = ALIAS + 8;
	R(6) = R(8) = 0;
	R(7) = 5;
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(6), 1 + 2 + 3 + 4 + 5);
}

Test(induction, the_first_address_that_faults)
{
	for (uint32_t way = 0; way < 2; way++) {
		fake_unmap(t, 0, TO + 2 * SOFT_PAGE);
		fill();
		FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_LD, 4, 1, 3, 0), FAKE_OP(FAKE_ST, 4, 2, 3, 0),
			  FAKE_OP(FAKE_ADDI, 1, 1, 0, 8), FAKE_OP(FAKE_ADDI, 2, 2, 0, 8),
			  FAKE_OP(FAKE_BNE, 0, 1, 3, -32), FAKE_STOP);
		R(1) = FROM;
		R(2) = TO + way * 4; /* the second time the access that crosses into it */
		R(3) = FROM + PAGES * SOFT_PAGE;
		uint32_t before = fake_of(X)->faults;

		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		cr_assert_eq(fake_of(X)->faults, before + 1);
		cr_assert_eq(fake_of(X)->fault_va, TO + 2 * SOFT_PAGE);
		cr_assert_eq(fake_of(X)->fault_pc, FAKE_CODE + 8);
		cr_assert_eq(R(2), TO + 2 * SOFT_PAGE - way * 4);
		cr_assert_eq(R(1), FROM + 2 * SOFT_PAGE - way * 8);
	}
}

/* Of two linked regions one loads from a page and the other stores to it: a hint for loads must not allow
 * the store, wherever the two regions are. */
Test(induction, a_page_that_one_region_reads_and_another_must_not_write)
{
	const uint64_t page = TO + SOFT_PAGE;

	fake_map(t, 0, FUNC, 20, FAKE_R | FAKE_X, 0);
	fake_map(t, 0, page, 61, FAKE_R, 0);
	memset(fake_page(t, 61), 0x5a, SOFT_PAGE);
	for (uint32_t at = 0; at < 64; at += 8) {
		const int32_t there = (int32_t)(FUNC + at - FAKE_CODE);

		/* r1: eight words of the page at a time; r2: the last words before the page, then its first
		 * ones. */
		FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_LD, 4, 1, 3, 0), FAKE_OP(FAKE_ADDI, 1, 1, 0, 8),
			  FAKE_OP(FAKE_BNE, 0, 1, 3, -16), FAKE_OP(FAKE_ADDI, 3, 3, 0, 64),
			  FAKE_OP(FAKE_J, 0, 0, 0, there - 32));
		FAKE_LOAD(t, 20, at, FAKE_OP(FAKE_ST, 2, 2, 3, 0), FAKE_OP(FAKE_ADDI, 2, 2, 0, 8),
			  FAKE_OP(FAKE_BNE, 0, 2, 5, -16), FAKE_OP(FAKE_ADDI, 5, 5, 0, 64),
			  FAKE_OP(FAKE_J, 0, 0, 0, -there - 32));
		R(1) = page;
		R(2) = page - 256;
		R(3) = R(1) + 64;
		R(5) = R(2) + 64;
		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		cr_assert_eq(R(2), page, "at %u: stored up to 0x%llx", at, (unsigned long long)R(2));
		cr_assert_eq(fake_of(X)->faults, at / 8 + 1);
		cr_assert_eq(fake_of(X)->fault_va, page);
		cr_assert_eq(fake_of(X)->fault_access, VR_ACCESS_WRITE);
		for (uint32_t n = 0; n < SOFT_PAGE; n += 8)
			cr_assert_eq(fake_get(t, 61, n), 0x5a5a5a5a5a5a5a5a);
	}
}
