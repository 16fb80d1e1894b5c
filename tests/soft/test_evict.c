/* SPDX-License-Identifier: MIT */
/*
 * test_evict.c: the oldest part of the code cache makes room, and what led to it leads elsewhere.
 *
 * The program is a ring of pages. Page i holds: r5 += i, a call of page i + 1 at every other page, a jump there at the rest, and the last
 * page stops recursing. So there are links between pages, return addresses on the return-address stack, and indirect
 * branches, across all parts of the cache.
 */
#include <criterion/criterion.h>

#include "fake_isa.h"

#define PAGES 96u
#define AT 0x100000u /* virtual */
#define FIRST 100u   /* physical page */
#define DEPTH (PAGES / 2)
#define STACK 0x8000u /* of vCPU i: + i pages, physical 60 + i */

static struct fake_machine *t;

#define R(index, n) (fake_r(t->cpu[index]->x)[n])

/* As if the current part were full. */
static void hook_full(struct fake_machine *m, struct vr_exec *x)
{
	(void)m;
	soft_cache_full(soft_of(x), VR_E_NOMEM);
	soft_of(x)->full_again = 0;
}

/* r14 is the stack pointer; a page of an even number pushes r15, calls the next one, and returns. */
static void make(uint32_t cpus, bool full)
{
	t = fake_new(cpus);
	t->hooks[1] = hook_full;
	for (uint32_t i = 0; i < cpus; i++)
		fake_map(t, 0, STACK + i * 0x1000, 60 + i, FAKE_R | FAKE_W, 0);
	for (uint32_t i = 0; i < PAGES; i++) {
		const uint64_t hook = full ? FAKE_CALL_HOOK(1) : FAKE_OP(FAKE_ADDI, 0, 0, 0, 0);

		fake_map(t, 0, AT + i * 0x1000, FIRST + i, FAKE_R | FAKE_X, 0);
		if (i % 2)
			FAKE_LOAD(t, FIRST + i, 0, FAKE_OP(FAKE_ADDI, 5, 5, 0, (int32_t)i), hook,
				  i == PAGES - 1 ? FAKE_OP(FAKE_RET, 0, 0, 0, 0)
						 : FAKE_OP(FAKE_J, 0, 0, 0, 0x1000 - 0x10));
		else
			FAKE_LOAD(t, FIRST + i, 0, FAKE_OP(FAKE_ST, 15, 14, 3, 0),
				  FAKE_OP(FAKE_ADDI, 14, 14, 0, 8), FAKE_OP(FAKE_ADDI, 5, 5, 0, (int32_t)i),
				  FAKE_OP(FAKE_CALL, 0, 0, 0, 0x1000 - 0x18), hook,
				  FAKE_OP(FAKE_ADDI, 14, 14, 0, -8), FAKE_OP(FAKE_LD, 15, 14, 3, 0),
				  FAKE_OP(FAKE_RET, 0, 0, 0, 0));
	}
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_CALL, 0, 0, 0, AT - FAKE_CODE), FAKE_OP(FAKE_ADDI, 4, 4, 0, 1),
		  FAKE_OP(FAKE_BNE, 0, 4, 8, -0x10), FAKE_STOP);
}

static void finish(void)
{
	fake_free(t);
}

TestSuite(evict, .fini = finish, .timeout = 300);

static void begin(uint32_t index, uint64_t rounds)
{
	R(index, 14) = STACK + index * 0x1000;
	R(index, 4) = R(index, 5) = 0;
	R(index, 8) = rounds;
}

static void check(uint32_t index, uint64_t rounds)
{
	cr_assert_eq(R(index, 4), rounds);
	cr_assert_eq(R(index, 5), rounds * (PAGES * (PAGES - 1) / 2), "vCPU %u", index);
	cr_assert_eq(R(index, 14), STACK + index * 0x1000);
}

/* From here on half of the program's code fits. */
static void half_the_room(void)
{
	begin(0, 1);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	check(0, 1);
	t->vm->meta_limit = soft_segments_meta(t->vm) / 2;
	t->accel->vm_reset((struct vr_vm *)t->vm);
}

Test(evict, more_code_than_room)
{
	make(1, false);
	half_the_room();
	begin(0, 300);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	check(0, 300);
	cr_assert_eq(fake_counter(t, "cache_flushes"), 0);
	cr_assert_geq(fake_counter(t, "evictions"), 300);
	cr_assert_geq(fake_counter(t, "evicted_regions"), 300);
}

/* Each return finds its code evicted, or just not. */
Test(evict, while_functions_are_called)
{
	make(1, true);
	begin(0, 50);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	check(0, 50);
	cr_assert_eq(fake_counter(t, "cache_flushes"), 0);
	cr_assert_geq(fake_counter(t, "evictions"), 50);
}

/* What stays is not translated again. */
Test(evict, new_code_stays)
{
	make(1, false);
	begin(0, 1);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	const uint64_t first = fake_counter(t, "translations");

	for (uint32_t i = 0; i < SOFT_SEGMENTS - 1; i++) {
		hook_full(t, t->cpu[0]->x);
		begin(0, 1);
		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	}
	cr_assert(fake_counter(t, "translations") == first || fake_hot);
	cr_assert_eq(fake_counter(t, "evictions"), 0);
	hook_full(t, t->cpu[0]->x);
	begin(0, 1);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(fake_counter(t, "evictions"), 1);
	cr_assert(fake_counter(t, "translations") == 2 * first || fake_hot);
	cr_assert(fake_counter(t, "evicted_regions") == first || fake_hot);
	check(0, 1);
}

static void run_all(uint64_t rounds)
{
	pthread_t threads[4];

	for (uint32_t i = 0; i < 4; i++) {
		begin(i, rounds);
		threads[i] = fake_start(t, i, FAKE_CODE);
	}
	for (uint32_t i = 0; i < 4; i++) {
		void *reason;

		pthread_join(threads[i], &reason);
		cr_assert_eq((intptr_t)reason, VR_EXIT_KICK);
		check(i, rounds);
	}
	cr_assert_eq(fake_counter(t, "cache_flushes"), 0);
	cr_assert_geq(fake_counter(t, "evictions"), 20, "%llu",
		      (unsigned long long)fake_counter(t, "evictions"));
}

/* Each vCPU runs what another one's translations push out. */
Test(evict, several_vcpus_with_too_little_room)
{
	make(4, false);
	half_the_room();
	run_all(50);
}

Test(evict, several_vcpus_that_ask_for_room)
{
	make(4, true);
	run_all(10);
}

/* The table of entries grows while they run. */
Test(evict, the_table_grows)
{
	make(1, false);
	const uint32_t chains = t->vm->table_mask + 1;

	/* As if it had been crowded for long. */
	t->vm->entry_count = 2 * chains + 1;
	begin(0, 3);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	check(0, 3);
	cr_assert_gt(t->vm->table_mask + 1, chains);
	cr_assert_eq(fake_counter(t, "cache_flushes"), 0);
	cr_assert_eq(fake_counter(t, "evictions"), 0);
}
