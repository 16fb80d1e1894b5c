/* SPDX-License-Identifier: MIT */
/* test_short.c: links by veneers, and what the engine tells of changed code; on the host of fake_isa_short.c. */
#include <criterion/criterion.h>

#include "fake_isa.h"
#include "short.h"

#define PAGES 6
#define FIRST 0x9000u /* pages of code, physical 20 .. */

static struct fake_machine *t;

static void setup(void)
{
	t = fake_new(1);
	for (uint32_t i = 0; i < PAGES; i++)
		fake_map(t, 0, FIRST + i * 0x1000, 20 + i, FAKE_RWX, 0);
}

static void teardown(void)
{
	fake_free(t);
}

TestSuite(short_host, .init = setup, .fini = teardown, .timeout = 60);

#define X (t->cpu[0]->x)
#define R(n) (fake_r(X)[n])

/* One round through all pages, r1 times: each adds its number + `plus` to r2. */
static void load(int32_t plus)
{
	for (uint32_t i = 0; i < PAGES; i++)
		FAKE_LOAD(t, 20 + i, 0, FAKE_OP(FAKE_ADDI, 2, 2, 0, (int32_t)i + plus),
			  FAKE_OP(FAKE_J, 0, 0, 0,
				  i + 1 < PAGES ? 0x1000 - 8
						: (int32_t)(FAKE_CODE - (FIRST + i * 0x1000u + 8))));
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ADDI, 1, 1, 0, -1), FAKE_OP(FAKE_BNE, 0, 1, 3, 0x10), FAKE_STOP,
		  FAKE_OP(FAKE_J, 0, 0, 0, (int32_t)(FIRST - (FAKE_CODE + 0x18))));
}

static void go(uint64_t rounds, uint64_t sum)
{
	R(1) = rounds + 1;
	R(2) = R(3) = 0;
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(2), sum, "%lu", R(2));
}

/* Nearly all rounds go by links, over more code than a branch reaches, and go on when code dies and is made anew. */
Test(short_host, links)
{
	for (int32_t plus = 0; plus < 4; plus++) {
		load(plus);
		go(1000, 1000u * (15u + (uint32_t)plus * PAGES));
	}
	cr_assert_gt(short_counts.veneers, PAGES);
	cr_assert_gt(short_counts.direct, PAGES);
	cr_assert_lt(fake_counter(t, "lookups"), 200);
	cr_assert_gt(short_counts.kills, PAGES);
	cr_assert_eq(fake_counter(t, "refused_links"), 0);
}

/* The cache of this host does find it when it is not told. */
Test(short_host, changes_that_are_not_reported)
{
	short_counts.hide = 1;
	load(0);
	go(10, 150);
	load(1);
	go(10, 210);
	fake_free(t);
	cr_assert_gt(short_counts.stale, 0);
	short_counts.hide = short_counts.stale = 0;
	setup();
}
