/* SPDX-License-Identifier: MIT */
/* test_points.c: debug points: which accesses and instructions stop at them, and that all others run as
 * without. */
#include <string.h>

#include <criterion/criterion.h>

#include "fake_isa.h"

#define FUNC 0x9000u  /* code, physical page 20 */
#define DATA 0x20000u /* two pages, physical 40 and 41 */
#define USER 0x30000u /* physical 42: for user accesses, not for plain ones */
#define READS (1u << VR_ACCESS_READ)
#define WRITES (1u << VR_ACCESS_WRITE)
#define EXECUTES (1u << VR_ACCESS_EXECUTE)
#define LOOP_INSN (FAKE_CODE + 16) /* of the loop */

static struct fake_machine *t;

static void setup(void)
{
	t = fake_new(2);
	fake_map_global(t, FUNC, 20, FAKE_R | FAKE_W | FAKE_X, 0);
	fake_map_global(t, DATA, 40, FAKE_R | FAKE_W, FAKE_R | FAKE_W);
	fake_map_global(t, DATA + SOFT_PAGE, 41, FAKE_R | FAKE_W, FAKE_R | FAKE_W);
	fake_map_global(t, USER, 42, 0, FAKE_R | FAKE_W);
}

static void teardown(void)
{
	fake_free(t);
}

TestSuite(points, .init = setup, .fini = teardown, .timeout = 60);

#define X (t->cpu[0]->x)
#define R(n) (fake_r(X)[n])

static void set_on(uint32_t cpu, uint64_t first, uint64_t last, uint32_t access, uint32_t flags)
{
	struct vr_exec *x = t->cpu[cpu]->x;
	const struct vr_debug_point point = {.first = first, .last = last, .access = access};
	const struct vr_debug_points points = {.size = sizeof(points),
					       .count = access != 0,
					       .stride = sizeof(point),
					       .flags = flags,
					       .mask = UINT64_MAX >> 8,
					       .point = &point};

	cr_assert_eq(x->env->debug_points(x, &points), VR_OK);
}

static void set(uint64_t first, uint64_t last, uint32_t access)
{
	set_on(0, first, last, access, 0);
}

static void none(void)
{
	set(0, 0, 0);
}

/* Does the program stop at a point, for this address? */
static int stops(uint64_t where, uint32_t access)
{
	struct fake_state *s = fake_of(X);

	s->faults = 0;
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	if (!s->faults)
		return 0;
	cr_assert_eq(s->fault, VR_FAULT_DEBUG);
	cr_assert_eq(s->fault_va, where, "%#llx", (unsigned long long)s->fault_va);
	cr_assert_eq(s->fault_access, access);
	return 1;
}

/* r1 = 100 calls of FUNC, which adds 1 to r5. */
static void load_loop(void)
{
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_ADDI, 5, 5, 0, 1), FAKE_OP(FAKE_RET, 0, 0, 0, 0));
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_MOVI, 1, 0, 0, 0), FAKE_OP(FAKE_MOVI, 2, 0, 0, 100),
		  FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - LOOP_INSN), FAKE_OP(FAKE_ADDI, 1, 1, 0, 1),
		  FAKE_OP(FAKE_BNE, 0, 1, 2, -16), FAKE_OP(FAKE_ADDI, 6, 1, 0, 0), FAKE_STOP);
	R(5) = 0;
}

Test(points, before_an_instruction)
{
	load_loop();
	for (uint32_t round = 0; round < 3; round++) {
		R(5) = 0;
		cr_assert(!stops(0, 0));
		cr_assert_eq(R(5), 100);
		/* At the beginning, in the loop, after it, in the function. */
		static const uint64_t places[] = {FAKE_CODE,      LOOP_INSN, FAKE_CODE + 24,
						  FAKE_CODE + 40, FUNC,      FUNC + 8};
		static const uint64_t calls[] = {0, 0, 1, 100, 0, 1};
		for (uint32_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			R(5) = 0;
			set(places[i], places[i], EXECUTES);
			cr_assert(stops(places[i], VR_ACCESS_EXECUTE));
			cr_assert_eq(fake_of(X)->fault_pc, places[i]);
			cr_assert_eq(R(5), calls[i], "%u", i);
			/* No stop in the middle of an instruction, nor when the ISA does not count the
			 * point. */
			set(places[i] + 1, places[i] + 7, EXECUTES);
			cr_assert(!stops(0, 0));
			set(places[i], places[i], EXECUTES | READS);
			fake_of(X)->points_off = 1;
			cr_assert(!stops(0, 0));
			fake_of(X)->points_off = 0;
			none();
		}
	}
	/* A point from there to the end of the address space. */
	set(FUNC, UINT64_MAX >> 8, EXECUTES);
	cr_assert(stops(FUNC, VR_ACCESS_EXECUTE));
}

/* A kernel with breakpoints for each process changes them with every switch. */
Test(points, changes_drop_no_code)
{
	uint64_t translations = 0;

	load_loop();
	for (uint32_t round = 0; round < 50; round++) {
		set(FUNC + 8, FUNC + 8, EXECUTES);
		cr_assert(stops(FUNC + 8, VR_ACCESS_EXECUTE));
		set(FUNC + 16, FUNC + 16, EXECUTES);
		cr_assert(!stops(0, 0));
		none();
		cr_assert(!stops(0, 0));
		if (round == 0)
			translations = fake_counter(t, "translations");
	}
	cr_assert(fake_counter(t, "translations") == translations || fake_hot);
	cr_assert_eq(fake_counter(t, "invalidated_regions"), 0);
}

/* When the points are gone there are no look-ups and no slow accesses. */
Test(points, no_trace_is_left)
{
	uint64_t lookups, slow;

	load_loop();
	cr_assert(!stops(0, 0));
	cr_assert(!stops(0, 0));
	lookups = fake_counter(t, "lookups");
	slow = fake_counter(t, "slow_memory");
	cr_assert(!stops(0, 0));
	lookups = fake_counter(t, "lookups") - lookups;
	slow = fake_counter(t, "slow_memory") - slow;
	set(FUNC + 32, FUNC + 32, EXECUTES);
	cr_assert(!stops(0, 0));
	none();
	cr_assert(!stops(0, 0));
	cr_assert(!stops(0, 0));
	uint64_t lookups_then = fake_counter(t, "lookups"), slow_then = fake_counter(t, "slow_memory");
	cr_assert(!stops(0, 0));
	cr_assert_eq(fake_counter(t, "lookups") - lookups_then, lookups);
	cr_assert_eq(fake_counter(t, "slow_memory") - slow_then, slow);
}

/* Each vCPU has its own points. */
Test(points, of_one_vcpu)
{
	load_loop();
	set_on(1, FUNC, FUNC, EXECUTES, 0);
	cr_assert(!stops(0, 0));
	set(FUNC + 8, FUNC + 8, EXECUTES);
	cr_assert_eq(fake_go(t, 1, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(fake_of(t->cpu[1]->x)->fault_va, FUNC);
	cr_assert(stops(FUNC + 8, VR_ACCESS_EXECUTE));
}

/* Code that changes while its page is checked, or has a point for data, is the new code. */
Test(points, code_that_changes)
{
	R(1) = FUNC;
	R(2) = 7;
	R(3) = FUNC + 0x800;
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_MOVI, 5, 0, 0, 1), FAKE_OP(FAKE_RET, 0, 0, 0, 0));
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - FAKE_CODE), FAKE_OP(FAKE_ADDI, 6, 5, 0, 0),
		  FAKE_OP(FAKE_ST, 2, 1, 2, 4), FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - (FAKE_CODE + 24)),
		  FAKE_STOP);
	for (uint32_t access = READS; access <= (READS | WRITES | EXECUTES); access++) {
		FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_MOVI, 5, 0, 0, 1), FAKE_OP(FAKE_RET, 0, 0, 0, 0));
		set(FUNC + 0x800, FUNC + 0x800, access);
		cr_assert(!stops(0, 0));
		cr_assert_eq(R(6), 1);
		cr_assert_eq(R(5), 7);
	}
}

/* One access at DATA + `offset` of `bytes`. */
static void try_access(uint64_t insn, uint64_t offset, uint64_t bytes, uint32_t kinds)
{
	const uint64_t first = DATA + offset, last = first + bytes - 1;

	R(1) = first;
	R(2) = 0;
	R(3) = 0;
	FAKE_LOAD(t, 0, 0, insn, FAKE_STOP);
	none();
	cr_assert(!stops(0, 0));
	for (uint64_t at = first - 1; at <= last + 1; at++) {
		int inside = at >= first && at <= last;
		set(at, at, READS | WRITES);
		cr_assert_eq(stops(at, kinds & READS ? VR_ACCESS_READ : VR_ACCESS_WRITE), inside);
		set(at, at, READS);
		cr_assert_eq(stops(at, VR_ACCESS_READ), inside && (kinds & READS));
		set(at, at, WRITES);
		cr_assert_eq(stops(at, VR_ACCESS_WRITE), inside && (kinds & WRITES));
	}
	set(first - 100, last + 100, kinds);
	cr_assert(stops(first, kinds & READS ? VR_ACCESS_READ : VR_ACCESS_WRITE));
	/* Bits outside the mask are not compared. */
	set((UINT64_C(0xab) << 56) | first, (UINT64_C(0xab) << 56) | first, kinds);
	cr_assert(stops(first, kinds & READS ? VR_ACCESS_READ : VR_ACCESS_WRITE));
	fake_of(X)->points_off = 1;
	cr_assert(!stops(0, 0));
	fake_of(X)->points_off = 0;
	none();
	cr_assert(!stops(0, 0));
}

Test(points, accesses)
{
	static const uint64_t offsets[] = {64, 61, SOFT_PAGE - 8, SOFT_PAGE - 5, SOFT_PAGE};

	for (uint32_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		for (uint32_t log2 = 0; log2 < 4; log2++) {
			try_access(FAKE_OP(FAKE_LD, 2, 1, log2, 0), offsets[i], 1u << log2, READS);
			try_access(FAKE_OP(FAKE_ST, 2, 1, log2, 0), offsets[i], 1u << log2, WRITES);
			try_access(FAKE_OP(FAKE_LDP, 2, 1, log2, 0), offsets[i], 2u << log2, READS);
			try_access(FAKE_OP(FAKE_STP, 2, 1, log2, 0), offsets[i], 2u << log2, WRITES);
		}
		try_access(FAKE_OP(FAKE_LD, 2, 1, 3 | FAKE_UNPRIV, 0), offsets[i], 8, READS);
		try_access(FAKE_OP(FAKE_ST, 2, 1, 3 | FAKE_UNPRIV, 0), offsets[i], 8, WRITES);
	}
	try_access(FAKE_OP(FAKE_AMO, 2, 1, 3, VR_AMO_ADD << 8 | 3), 64, 8, READS | WRITES);
	try_access(FAKE_OP(FAKE_CAS, 2, 1, 3, 3), 64, 8, READS | WRITES);
}

/* A page with a point, while user access is opened and closed. */
Test(points, user_access)
{
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ST, 2, 1, 3, 0), FAKE_OP(FAKE_LD, 3, 1, 3, 8), FAKE_STOP);
	R(1) = USER + 64;
	X->env->user_access(X, 1);
	cr_assert(!stops(0, 0));
	set(USER + 72, USER + 72, READS);
	cr_assert(stops(USER + 72, VR_ACCESS_READ));
	cr_assert(stops(USER + 72, VR_ACCESS_READ));
	X->env->user_access(X, 0);
	fake_of(X)->faults = 0;
	fake_go(t, 0, FAKE_CODE);
	cr_assert_eq(fake_of(X)->fault, FAKE_FORBIDDEN);
	X->env->user_access(X, 1);
	cr_assert(stops(USER + 72, VR_ACCESS_READ));
}

/* Which comes first, a point or the access's own fault. */
Test(points, order)
{
	const uint64_t nowhere = 0x40000;

	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_LD, 2, 1, 3 | FAKE_ALIGN, 0), FAKE_STOP);
	R(1) = nowhere;
	set_on(0, nowhere, nowhere, READS, 0);
	fake_go(t, 0, FAKE_CODE);
	cr_assert_eq(fake_of(X)->fault, FAKE_UNMAPPED);
	set_on(0, nowhere, nowhere, READS, VR_DEBUG_BEFORE_FAULTS);
	cr_assert(stops(nowhere, VR_ACCESS_READ));
	R(1) = DATA + 1;
	set_on(0, DATA + 4, DATA + 4, READS, VR_DEBUG_BEFORE_FAULTS);
	cr_assert(stops(DATA + 4, VR_ACCESS_READ));
	set_on(0, DATA + 4, DATA + 4, READS, 0);
	fake_go(t, 0, FAKE_CODE);
	cr_assert_eq(fake_of(X)->fault, VR_FAULT_ALIGN);
}

static int32_t helper_result;
static void helper_reads(struct fake_machine *m, struct vr_exec *x)
{
	uint64_t value;

	(void)m;
	helper_result = x->env->read(x, DATA + 64, 8, 0, &value);
}

/* An access that a helper makes for an instruction stops that instruction. */
Test(points, helpers)
{
	t->hooks[1] = helper_reads;
	FAKE_LOAD(t, 0, 0, FAKE_CALL_HOOK(1), FAKE_STOP);
	cr_assert(!stops(0, 0));
	set(DATA + 71, DATA + 71, READS);
	cr_assert(stops(DATA + 71, VR_ACCESS_READ));
	cr_assert_eq(helper_result, VR_FAULT_DEBUG);
	set(DATA + 71, DATA + 71, WRITES);
	cr_assert(!stops(0, 0));
}

Test(points, too_many)
{
	static struct vr_debug_point many[VR_DEBUG_POINTS + 1];
	const struct vr_debug_points points = {.size = sizeof(points),
					       .count = VR_DEBUG_POINTS + 1,
					       .stride = sizeof(many[0]),
					       .mask = UINT64_MAX,
					       .point = many};

	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_LD, 2, 1, 3, 0), FAKE_STOP);
	R(1) = DATA;
	set(DATA, DATA, READS);
	cr_assert_eq(X->env->debug_points(X, &points), VR_E_RANGE);
	cr_assert(stops(DATA, VR_ACCESS_READ));
}
