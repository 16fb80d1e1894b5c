/* SPDX-License-Identifier: MIT */
/* Sv39 and Sv48: levels, permissions, faults (privileged architecture, "Virtual Address Translation
 * Process"). */
#include <criterion/criterion.h>
#include "fake.h"

#define V 1ull
#define R 2ull
#define W 4ull
#define X 8ull
#define U 16ull
#define G 32ull
#define A 64ull
#define D 128ull
#define ALL (V | R | W | X | A | D)

#define TABLES 0x80010000ull
#define FRAME 0x80200000ull
#define VA 0x40201000ull

static uint64_t pte(uint64_t pa, uint64_t bits)
{
	return pa >> 2 | bits;
}

/* The entry for va at `leaf` (0: page), with tables down to it. */
static uint64_t *place(uint32_t levels, uint64_t va, uint32_t leaf)
{
	uint64_t table = TABLES;
	csr_write(SATP, (uint64_t)(levels + 5) << 60 | 7ull << 44 | TABLES >> 12);
	for (uint32_t level = levels - 1;; level--) {
		uint64_t *entry = fake_word(table + (va >> (12 + 9 * level) & 0x1ff) * 8);
		if (level == leaf)
			return entry;
		table += 0x1000;
		*entry = pte(table, V);
	}
}

static int32_t translate(uint64_t va, uint32_t access, struct vr_translation *t)
{
	*t = (struct vr_translation){.size = sizeof(*t)};
	return rv_translate(fake.x, va, access, 0, t);
}

Test(walk, levels)
{
	struct vr_translation t;
	for (uint32_t levels = 3; levels <= 4; levels++)
		for (uint32_t leaf = 0; leaf < levels; leaf++) {
			uint64_t size = 4096ull << 9 * leaf, va = VA | 0x123, base = size * 3;
			fake_engine_new();
			*place(levels, va, leaf) = pte(base, ALL);
			enter_mode(RV_SUPERVISOR);
			cr_assert_eq(translate(va, VR_ACCESS_READ, &t), 0);
			cr_assert_eq(t.physical, base | (va & (size - 1)));
			cr_assert_eq(t.page_size, size);
			cr_assert_eq(t.global, 0);
			if (leaf) {
				*place(levels, va, leaf) = pte(base + 4096, ALL); /* misaligned superpage */
				enter_mode(RV_SUPERVISOR);
				cr_assert_eq(translate(va, VR_ACCESS_READ, &t), RV_FAULT_PAGE);
			}
		}
}

Test(walk, permissions)
{
	static const struct {
		uint64_t bits, status;
		uint32_t mode, allowed; /* bit VR_ACCESS_* */
	} all[] = {
		{ALL, 0, RV_SUPERVISOR, 7},
		{ALL, 0, RV_USER, 0},
		{ALL | U, 0, RV_USER, 7},
		{ALL | U, 0, RV_SUPERVISOR, 0},
		{ALL | U, MSTATUS_SUM, RV_SUPERVISOR, 3},
		{V | R | A, 0, RV_SUPERVISOR, 1},
		{V | R | W | A, 0, RV_SUPERVISOR, 1}, /* D clear */
		{V | R | W | D, 0, RV_SUPERVISOR, 0}, /* A clear */
		{V | X | A, 0, RV_SUPERVISOR, 4},
		{V | X | A, MSTATUS_MXR, RV_SUPERVISOR, 5},
		{V | W | A | D, 0, RV_SUPERVISOR, 0},     /* reserved */
		{ALL | 1ull << 63, 0, RV_SUPERVISOR, 0},  /* N */
		{ALL | 1ull << 61, 0, RV_SUPERVISOR, 0},  /* PBMT */
		{R | W | X | A | D, 0, RV_SUPERVISOR, 0}, /* not valid */
		{V, 0, RV_SUPERVISOR, 0},                 /* a table at the last level */
	};
	struct vr_translation t;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (uint32_t access = 0; access < 3; access++) {
			fake_engine_new();
			*place(3, VA, 0) = pte(FRAME, all[i].bits);
			fake.s->mstatus |= all[i].status;
			enter_mode(all[i].mode);
			cr_assert_eq(translate(VA, access, &t),
				     all[i].allowed >> access & 1 ? 0 : RV_FAULT_PAGE, "%zu, access %u", i,
				     access);
		}
}

/* SUM: no change of context, and the engine is told when it matters. */
Test(walk, sum_opens_user_access)
{
	struct vr_translation t;
	fake_engine_new();
	*place(3, VA, 0) = pte(FRAME, V | R | W | U | A | D);
	enter_mode(RV_SUPERVISOR);
	uint64_t mode_flags = fake.x->mode_flags;
	csr_op(SSTATUS, 2, MSTATUS_SUM);
	cr_assert_eq(fake.x->mode_flags, mode_flags);
	cr_assert_eq(fake.opens, 1);
	cr_assert_eq(translate(VA, VR_ACCESS_WRITE, &t), 0);
	cr_assert_eq(t.rights, 0);
	cr_assert_eq(t.user_rights, 3);
	/* A trap to M-mode, and back with MPRV; user mode needs no SUM. */
	fake.s->mideleg = 0;
	rv_raise(fake.x, RV_CAUSE_ECALL + RV_SUPERVISOR, 0);
	cr_assert_eq(fake.s->mode, RV_MACHINE);
	cr_assert_eq(fake.closes, 1);
	csr_op(MSTATUS, 2, MSTATUS_MPRV);
	cr_assert_eq(fake.opens, 2);
	csr_op(MSTATUS, 3, MSTATUS_MPRV);
	cr_assert_eq(fake.closes, 2);
	rv_helper_mret(fake.x, 0, 0, 0);
	cr_assert_eq(fake.opens, 3);
	csr_op(SSTATUS, 3, MSTATUS_SUM);
	cr_assert_eq(fake.closes, 3);
	cr_assert_eq(translate(VA, VR_ACCESS_READ, &t), RV_FAULT_PAGE);
	enter_mode(RV_USER);
	cr_assert_eq(translate(VA, VR_ACCESS_READ, &t), 0);
	cr_assert_eq(t.user_rights, 0);
}

/* ---- Svadu: menvcfg.ADUE ---- */

static void adue_world(uint64_t bits, uint32_t mode)
{
	fake_engine_new();
	csr_write(MENVCFG, MENVCFG_ADUE);
	*place(3, VA, 0) = pte(FRAME, bits);
	enter_mode(mode);
}

Test(walk, hardware_marks_what_is_accessed)
{
	static const struct {
		uint64_t before;
		uint32_t mode, access;
		int32_t result;
		uint64_t after;
	} all[] = {
		{V | R | W, RV_SUPERVISOR, VR_ACCESS_READ, 0, V | R | W | A},
		{V | R | W, RV_SUPERVISOR, VR_ACCESS_WRITE, 0, V | R | W | A | D},
		{V | R | W | A, RV_SUPERVISOR, VR_ACCESS_WRITE, 0, V | R | W | A | D},
		{V | R | X, RV_SUPERVISOR, VR_ACCESS_EXECUTE, 0, V | R | X | A},
		{V | R | W | D | U, RV_USER, VR_ACCESS_READ, 0, V | R | W | D | U | A},
		/* What is refused leaves no mark. */
		{V | R, RV_SUPERVISOR, VR_ACCESS_WRITE, RV_FAULT_PAGE, V | R},
		{V | R | W, RV_SUPERVISOR, VR_ACCESS_EXECUTE, RV_FAULT_PAGE, V | R | W},
		{V | R | W | U, RV_SUPERVISOR, VR_ACCESS_READ, RV_FAULT_PAGE, V | R | W | U},
		{V | R | W, RV_USER, VR_ACCESS_WRITE, RV_FAULT_PAGE, V | R | W},
		{V | W, RV_SUPERVISOR, VR_ACCESS_WRITE, RV_FAULT_PAGE, V | W},
	};
	struct vr_translation t;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		adue_world(all[i].before, all[i].mode);
		cr_assert_eq(translate(VA, all[i].access, &t), all[i].result, "%zu", i);
		cr_assert_eq(*place(3, VA, 0), pte(FRAME, all[i].after), "%zu", i);
		/* Only a write may be answered with the right to write without D. */
		if (!all[i].result)
			cr_assert_eq(t.rights >> VR_ACCESS_WRITE & 1, (all[i].after & (W | D)) == (W | D));
	}
	/* A large one, whose address is still checked first. */
	adue_world(0, RV_SUPERVISOR);
	*place(3, VA, 1) = pte(FRAME, V | R | W);
	cr_assert_eq(translate(VA, VR_ACCESS_WRITE, &t), 0);
	cr_assert_eq(*place(3, VA, 1), pte(FRAME, V | R | W | A | D));
	*place(3, VA, 1) = pte(FRAME + 4096, V | R | W);
	cr_assert_eq(translate(VA, VR_ACCESS_WRITE, &t), RV_FAULT_PAGE);
	cr_assert_eq(*place(3, VA, 1), pte(FRAME + 4096, V | R | W));
}

static void take_away(uint64_t *word)
{
	*word &= ~V;
}

static void mark_dirty(uint64_t *word)
{
	*word |= A | D;
}

static void move(uint64_t *word)
{
	*word = pte(FRAME + 0x1000, V | R | W);
}

/* An entry that another hart changed between the look and the mark is looked at again. */
Test(walk, hardware_marks_race)
{
	struct vr_translation t;

	adue_world(V | R | W, RV_SUPERVISOR);
	fake.before_exchange = take_away;
	cr_assert_eq(translate(VA, VR_ACCESS_WRITE, &t), RV_FAULT_PAGE);
	cr_assert_eq(*place(3, VA, 0), pte(FRAME, R | W));

	adue_world(V | R | W, RV_SUPERVISOR);
	fake.before_exchange = mark_dirty;
	cr_assert_eq(translate(VA, VR_ACCESS_READ, &t), 0);
	cr_assert_eq(*place(3, VA, 0), pte(FRAME, V | R | W | A | D));
	cr_assert_eq(fake.exchanges, 1);

	adue_world(V | R | W, RV_SUPERVISOR);
	fake.before_exchange = move;
	cr_assert_eq(translate(VA, VR_ACCESS_WRITE, &t), 0);
	cr_assert_eq(t.physical, FRAME + 0x1000);
	cr_assert_eq(*place(3, VA, 0), pte(FRAME + 0x1000, V | R | W | A | D));

	adue_world(V | R | W, RV_SUPERVISOR);
	fake.read_only = 1;
	cr_assert_eq(translate(VA, VR_ACCESS_READ, &t), RV_FAULT_ACCESS);
}

Test(walk, canonical)
{
	struct vr_translation t;
	fake_engine_new();
	*place(3, VA, 0) = pte(FRAME, ALL);
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(translate(VA | 1ull << 39, VR_ACCESS_READ, &t), RV_FAULT_PAGE);
	cr_assert_eq(translate(VA | ~0ull << 39, VR_ACCESS_READ, &t), RV_FAULT_PAGE);
}

Test(walk, global_and_machine)
{
	struct vr_translation t;
	fake_engine_new();
	*place(3, VA, 0) = pte(FRAME, ALL | G);
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(translate(VA, VR_ACCESS_READ, &t), 0);
	cr_assert_eq(t.global, 1);
	enter_mode(RV_MACHINE);
	cr_assert_eq(translate(VA, VR_ACCESS_READ, &t), 0);
	cr_assert_eq(t.physical, VA);
	/* MPRV: data accesses as MPP, fetches as ever */
	csr_write(MSTATUS, MSTATUS_MPRV | (uint64_t)RV_SUPERVISOR << MSTATUS_MPP_SHIFT);
	cr_assert_eq(translate(VA, VR_ACCESS_READ, &t), 0);
	cr_assert_eq(t.physical, FRAME);
	cr_assert_eq(translate(VA, VR_ACCESS_EXECUTE, &t), 0);
	cr_assert_eq(t.physical, VA);
}

Test(walk, tables_outside_ram)
{
	struct vr_translation t;
	fake_engine_new();
	csr_write(SATP, 8ull << 60 | 0x1000);
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(translate(VA, VR_ACCESS_READ, &t), RV_FAULT_ACCESS);
}

Test(walk, a_fence_drops_the_whole_mapping)
{
	struct vr_translation t;
	uint64_t first, length, va = 0x123456780000ull >> 9; /* no other test uses it */
	fake_engine_new();
	rv_flush_range(fake.x, va, 1, &first, &length);
	cr_assert_eq(length, 4096);
	*place(4, va, 1) = pte(FRAME, ALL);
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(translate(va, VR_ACCESS_READ, &t), 0);
	rv_flush_range(fake.x, va, 1, &first, &length);
	cr_assert_eq(length, 1u << 21);
	cr_assert_eq(first, va & ~0x1fffffull);
	/* A range that ends in one, and one that begins in one. */
	rv_flush_range(fake.x, first - 0x3000, 0x3001, &va, &length);
	cr_assert_eq(va, first - 0x3000);
	cr_assert_eq(length, 0x3000 + (1u << 21));
	rv_flush_range(fake.x, first + 0x1ff123, 0x2000, &va, &length);
	cr_assert_eq(va, first);
	cr_assert_eq(length, (1u << 21) + 0x2000);
}
