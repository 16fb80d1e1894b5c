/* SPDX-License-Identifier: MIT */
/* test_flush.c: MMU contexts, address spaces, and every kind of flush, here and on another vCPU. */
#include <criterion/criterion.h>

#include "fake_isa.h"

#define DATA 0x5000u
#define FUNC 0x9000u

static struct fake_machine *t;
static struct soft_request wanted;
static uint32_t broadcast;

static void setup(void)
{
	t = fake_new(2);
}

static void teardown(void)
{
	fake_free(t);
}

TestSuite(flush, .init = setup, .fini = teardown, .timeout = 30);

#define R(n) (fake_r(t->cpu[0]->x)[n])

/* Hook 1: flush as `wanted` says. */
static void hook_flush(struct fake_machine *m, struct vr_exec *x)
{
	(void)m;
	x->env->tlb_flush(x, wanted.kind, wanted.asid, wanted.va, wanted.length, broadcast);
	x->env->sync(x);
}

/* Hook 2: to address space r9. */
static void hook_asid(struct fake_machine *m, struct vr_exec *x)
{
	(void)m;
	x->asid = fake_r(x)[9];
	x->env->context(x);
}

static uint64_t load_at(uint32_t cpu, uint32_t asid, uint64_t va)
{
	struct vr_exec *x = t->cpu[cpu]->x;

	t->hooks[2] = hook_asid;
	FAKE_LOAD(t, 0, 0x800, FAKE_CALL_HOOK(2), FAKE_OP(FAKE_LD, 2, 1, 3, 0), FAKE_STOP);
	fake_r(x)[1] = va;
	fake_r(x)[9] = asid;
	cr_assert_eq(fake_go(t, cpu, FAKE_CODE + 0x800), VR_EXIT_KICK);
	return fake_r(x)[2];
}

/* What the function at FUNC returns. */
static uint64_t call_at(uint32_t cpu, uint32_t asid, uint64_t va)
{
	struct vr_exec *x = t->cpu[cpu]->x;

	t->hooks[2] = hook_asid;
	FAKE_LOAD(t, 0, 0xc00, FAKE_CALL_HOOK(2),
		  FAKE_OP(FAKE_CALL, 0, 0, 0, (int32_t)(va - (FAKE_CODE + 0xc08))), FAKE_STOP);
	fake_r(x)[9] = asid;
	cr_assert_eq(fake_go(t, cpu, FAKE_CODE + 0xc00), VR_EXIT_KICK);
	return fake_r(x)[5];
}

static void flush_from(uint32_t cpu, uint32_t kind, uint64_t asid, uint64_t va, uint64_t length,
		       uint32_t everywhere)
{
	wanted = (struct soft_request){.kind = kind, .asid = asid, .va = va, .length = length};
	broadcast = everywhere;
	t->hooks[1] = hook_flush;
	FAKE_LOAD(t, 0, 0x400, FAKE_CALL_HOOK(1), FAKE_STOP);
	cr_assert_eq(fake_go(t, cpu, FAKE_CODE + 0x400), VR_EXIT_KICK);
}

Test(flush, address_spaces_keep_their_entries)
{
	for (uint32_t i = 0; i < 3; i++) {
		fake_map(t, i, DATA, 10 + i, FAKE_R, 0);
		fake_put(t, 10 + i, 0, 100 + i);
		cr_assert_eq(load_at(0, i, DATA), 100 + i);
	}
	uint64_t misses = fake_counter(t, "tlb_misses");

	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(load_at(0, i, DATA), 100 + i);
	cr_assert_eq(fake_counter(t, "tlb_misses"), misses);
	cr_assert_eq(fake_counter(t, "mmu_context_recycles"), 0);
}

Test(flush, more_address_spaces_than_mmu_contexts)
{
	for (uint32_t round = 0; round < 3; round++)
		for (uint32_t i = 0; i < FAKE_ASIDS; i++) {
			fake_map(t, i, DATA, 10 + i, FAKE_R, 0);
			fake_put(t, 10 + i, 0, 100 + i);
			cr_assert_eq(load_at(0, i, DATA), 100 + i);
		}
	cr_assert_gt(fake_counter(t, "mmu_context_recycles"), FAKE_ASIDS);
	cr_assert_leq(t->cpu[0]->mmu_context_count, SOFT_MMU_CONTEXTS);
}

/* Two address spaces and both kinds of page, on vCPU `cpu`, in the TLB. */
static void fill(uint32_t cpu)
{
	for (uint32_t i = 0; i < 2; i++) {
		fake_map(t, i, DATA, 10 + i, FAKE_R, 0);
		fake_map(t, i, FUNC, 20 + i, FAKE_R | FAKE_X, 0);
		fake_map(t, i, DATA + 0x1000, 30, FAKE_R, 0);
		fake_put(t, 10 + i, 0, 1);
		FAKE_LOAD(t, 20 + i, 0, FAKE_OP(FAKE_MOVI, 5, 0, 0, 1), FAKE_OP(FAKE_RET, 0, 0, 0, 0));
		/* Where the tables will point. */
		fake_put(t, 15 + i, 0, 2);
		FAKE_LOAD(t, 25 + i, 0, FAKE_OP(FAKE_MOVI, 5, 0, 0, 2), FAKE_OP(FAKE_RET, 0, 0, 0, 0));
		cr_assert_eq(load_at(cpu, i, DATA), 1);
		cr_assert_eq(call_at(cpu, i, FUNC), 1);
		fake_map(t, i, DATA, 15 + i, FAKE_R, 0);
		fake_map(t, i, FUNC, 25 + i, FAKE_R | FAKE_X, 0);
	}
	for (uint32_t i = 0; i < 2; i++) {
		cr_assert_eq(load_at(cpu, i, DATA), 1, "an entry stays until it is flushed");
		cr_assert_eq(call_at(cpu, i, FUNC), 1);
	}
}

/* Both are new in address space 0; in address space 1 as `other` says. */
static void check(uint32_t cpu, uint64_t data, uint64_t code, uint64_t other)
{
	cr_assert_eq(load_at(cpu, 0, DATA), data);
	cr_assert_eq(call_at(cpu, 0, FUNC), code);
	if (other) {
		cr_assert_eq(load_at(cpu, 1, DATA), other);
		cr_assert_eq(call_at(cpu, 1, FUNC), other);
	}
}

#define KINDS(name, from, everywhere)                                                       \
	Test(flush, name##_all)                                                             \
	{                                                                                   \
		fill(0);                                                                    \
		flush_from(from, VR_FLUSH_ALL, 0, 0, 0, everywhere);                        \
		check(0, 2, 2, 2);                                                          \
	}                                                                                   \
	Test(flush, name##_asid)                                                            \
	{                                                                                   \
		fill(0);                                                                    \
		flush_from(from, VR_FLUSH_ASID, 0, 0, 0, everywhere);                       \
		check(0, 2, 2, 1);                                                          \
	}                                                                                   \
	Test(flush, name##_va)                                                              \
	{                                                                                   \
		fill(0);                                                                    \
		flush_from(from, VR_FLUSH_VA, 0, DATA, 4096, everywhere);                   \
		check(0, 2, 1, 0);                                                          \
		flush_from(from, VR_FLUSH_VA, 0, FUNC, 4096, everywhere);                   \
		check(0, 2, 2, 0);                                                          \
	}                                                                                   \
	Test(flush, name##_va_all)                                                          \
	{                                                                                   \
		fill(0);                                                                    \
		flush_from(from, VR_FLUSH_VA_ALL, 0, DATA, FUNC + 4096 - DATA, everywhere); \
		check(0, 2, 2, 2);                                                          \
	}
KINDS(local, 0, 0)
KINDS(broadcast, 1, 1)

Test(flush, local_flushes_leave_others_alone)
{
	fill(0);
	flush_from(1, VR_FLUSH_ALL, 0, 0, 0, 0);
	check(0, 1, 1, 1);
}

Test(flush, odd_ranges)
{
	static const uint64_t ranges[][2] = {
		{DATA + 0xfff, 1},         {DATA - 1, 2},
		{0, UINT64_MAX},           {UINT64_MAX, UINT64_MAX},
		{DATA + 1, 0x4000 + 0x10}, {UINT64_MAX - 0xfff, 0x10000},
		{1, UINT64_MAX - 4094},
	};

	for (uint32_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		fill(0);
		flush_from(0, VR_FLUSH_VA_ALL, 0, ranges[i][0], ranges[i][1], 0);
		cr_assert_eq(load_at(0, 0, DATA), 2, "range %u", i);
		flush_from(0, VR_FLUSH_ALL, 0, 0, 0, 0);
	}
	/* Nothing. */
	fill(0);
	flush_from(0, VR_FLUSH_VA_ALL, 0, DATA, 0, 0);
	check(0, 1, 1, 1);
}

/* More requests than the queue holds become one that flushes everything. */
Test(flush, too_many_requests)
{
	fill(0);
	for (uint32_t i = 0; i < 2 * SOFT_REQUESTS; i++)
		flush_from(1, VR_FLUSH_VA_ALL, 0, 0x100000 + i * 0x1000, 4096, 1);
	check(0, 2, 2, 2);
}

Test(flush, state_that_is_set_drops_everything)
{
	uint64_t registers[16] = {0};

	fill(0);
	cr_assert_eq(
		t->accel->vcpu_set_state((struct vr_vcpu *)t->cpu[0], "fake", registers, sizeof(registers)),
		VR_OK);
	check(0, 2, 2, 2);
}

Test(flush, reset)
{
	fill(0);
	t->accel->vm_reset((struct vr_vm *)t->vm);
	check(0, 2, 2, 2);
}

/* Return addresses that code pushes while its own page is flushed are dropped at the next look-up. */
Test(flush, return_stack_of_a_flushed_page)
{
	struct vr_exec *x = t->cpu[0]->x;

	fill(0);
	hook_asid(t, x);
	call_at(0, 0, FUNC);
	struct vr_mmu_context *b = vr_engine_exec(x)->mmu_context;

	x->env->tlb_flush(x, VR_FLUSH_VA, 0, FAKE_CODE, 4096, 0);
	b->ras[0].pc = FAKE_CODE + 8;
	const struct soft_itlb_entry *it = soft_fetch(x, FUNC);

	cr_assert_not_null(it);
	cr_assert_eq(b->ras[0].pc, SOFT_RAS_EMPTY);
}
