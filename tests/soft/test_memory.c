/* SPDX-License-Identifier: MIT */
/* test_memory.c: accesses: widths, pages' ends, devices, rights, atomics, the TLB's growth. */
#include <criterion/criterion.h>

#include "toy.h"

#define DATA 0x5000u

static struct toy *t;

static void setup(void)
{
	t = toy_new(1);
}

static void teardown(void)
{
	toy_free(t);
}

TestSuite(memory, .init = setup, .fini = teardown, .timeout = 30);

#define X (t->cpu[0]->x)
#define R(n) (toy_r(X)[n])

/* One instruction, then a stop. */
static int one(uint64_t insn)
{
	uint32_t before = toy_of(X)->faults;

	TOY_LOAD(t, 0, 0, insn, TOY_STOP);
	cr_assert_eq(toy_go(t, 0, TOY_CODE), VR_EXIT_KICK);
	return toy_of(X)->faults != before;
}

Test(memory, widths_and_signs)
{
	toy_map(t, 0, DATA, 10, TOY_R | TOY_W, 0);
	toy_put(t, 10, 0x10, 0x8182838485868788u);
	R(1) = DATA;
	static const uint64_t zero[] = {0x88, 0x8788, 0x85868788, 0x8182838485868788};

	for (uint32_t n = 0; n < 4; n++) {
		cr_assert(!one(TOY_OP(TOY_LD, 2, 1, TOY_HOW(n, 0), 0x10)));
		cr_assert_eq(R(2), zero[n]);
		cr_assert(!one(TOY_OP(TOY_LD, 2, 1, TOY_HOW(n, TOY_SIGN), 0x10)));
		cr_assert_eq(R(2), n < 3 ? zero[n] | UINT64_MAX << (8 << n) : zero[n]);
		toy_put(t, 10, 0x20, UINT64_MAX);
		R(2) = 0;
		cr_assert(!one(TOY_OP(TOY_ST, 2, 1, TOY_HOW(n, 0), 0x20)));
		cr_assert_eq(toy_get(t, 10, 0x20), n < 3 ? UINT64_MAX << (8 << n) : 0);
	}
}

Test(memory, across_pages)
{
	toy_map(t, 0, DATA, 10, TOY_R | TOY_W, 0);
	toy_map(t, 0, DATA + 0x1000, 20, TOY_R | TOY_W, 0);
	R(1) = DATA + 0xffc;
	R(2) = 0x1122334455667788;
	cr_assert(!one(TOY_OP(TOY_ST, 2, 1, 3, 0)));
	cr_assert_eq(toy_get(t, 10, 0xff8) >> 32, 0x55667788);
	cr_assert_eq(toy_get(t, 20, 0) & UINT32_MAX, 0x11223344);
	cr_assert(!one(TOY_OP(TOY_LD, 3, 1, 3, 0)));
	cr_assert_eq(R(3), R(2));
	R(4) = 5;
	R(5) = 6;
	R(1) = DATA + 0xff9;
	cr_assert(!one(TOY_OP(TOY_STP, 4, 1, 3, 0)));
	cr_assert(!one(TOY_OP(TOY_LDP, 6, 1, 3, 0)));
	cr_assert_eq(R(6), 5);
	cr_assert_eq(R(7), 6);
}

Test(memory, faults_on_either_half)
{
	struct toy_state *s = toy_of(X);

	toy_map(t, 0, DATA, 10, TOY_R | TOY_W, 0);
	toy_map(t, 0, DATA + 0x1000, 20, TOY_R, 0);
	R(1) = DATA + 0xffc;
	R(2) = UINT64_MAX;
	cr_assert(one(TOY_OP(TOY_ST, 2, 1, 3, 0)));
	cr_assert_eq(s->fault, TOY_FORBIDDEN);
	cr_assert_eq(s->fault_va, DATA + 0x1000);
	cr_assert_eq(s->fault_pc, TOY_CODE);
	cr_assert_eq(s->fault_access, VR_ACCESS_WRITE);
	cr_assert_eq(toy_get(t, 10, 0xff8), 0, "half a store");
	R(1) = DATA - 4;
	cr_assert(one(TOY_OP(TOY_LD, 2, 1, 3, 0)));
	cr_assert_eq(s->fault, TOY_UNMAPPED);
	cr_assert_eq(s->fault_va, DATA - 4);
	cr_assert_eq(s->fault_access, VR_ACCESS_READ);
	cr_assert_eq(R(2), UINT64_MAX);
	/* The last bytes of the address space, and the first. */
	R(1) = UINT64_MAX - 3;
	cr_assert(one(TOY_OP(TOY_LD, 2, 1, 3, 0)));
	cr_assert_eq(s->fault_va, UINT64_MAX - 3);
}

Test(memory, fault_goes_away_without_a_flush)
{
	toy_map(t, 0, DATA, 10, TOY_R, 0);
	R(1) = DATA;
	cr_assert(!one(TOY_OP(TOY_LD, 2, 1, 3, 0)));
	cr_assert(one(TOY_OP(TOY_ST, 2, 1, 3, 0)));
	toy_map(t, 0, DATA, 10, TOY_R | TOY_W, 0);
	cr_assert(!one(TOY_OP(TOY_ST, 2, 1, 3, 0)));
}

Test(memory, device)
{
	struct toy_state *s = toy_of(X);

	toy_map(t, 0, DATA, TOY_DEVICE, TOY_R | TOY_W, 0);
	toy_map(t, 0, DATA + 0x1000, TOY_NOTHING, TOY_R | TOY_W, 0);
	R(1) = DATA;
	for (uint32_t n = 0; n < 4; n++) {
		t->log_count = 0;
		cr_assert(!one(TOY_OP(TOY_LD, 2, 1, n, 0x40)));
		cr_assert_eq(t->log_count, 1);
		cr_assert_eq(t->log[0].width, 1u << n);
		cr_assert_eq(R(2), n ? n == 1 ? 0x40 : TOY_DEVICE + 0x40 : 0x40);
	}
	t->log_count = 0;
	R(2) = 0x1122334455667788;
	cr_assert(!one(TOY_OP(TOY_ST, 2, 1, 3, 0x44)));
	cr_assert_eq(t->log_count, 2);
	cr_assert_eq(t->log[0].value, 0x55667788);
	cr_assert_eq(t->log[1].value, 0x11223344);
	cr_assert_eq(t->log[1].address, TOY_DEVICE + 0x48);
	t->log_count = 0;
	cr_assert(!one(TOY_OP(TOY_LDP, 4, 1, 3, 0x80)));
	cr_assert_eq(t->log_count, 2);
	cr_assert_eq(R(5), TOY_DEVICE + 0x88);
	t->log_count = 0;
	cr_assert(!one(TOY_OP(TOY_LD, 4, 1, 3, 0x81)));
	cr_assert_eq(t->log_count, 4); /* 1 2 4 1 */
	R(1) = DATA + 0x1000;
	cr_assert(one(TOY_OP(TOY_LD, 2, 1, 2, 8)));
	cr_assert_eq(s->fault, VR_FAULT_BUS);
	cr_assert_eq(s->fault_va, DATA + 0x1008);
	/* The second half has nothing behind it; then the first. */
	cr_assert(one(TOY_OP(TOY_LD, 2, 1, 3, -4)));
	cr_assert_eq(s->fault_va, DATA + 0x1000);
	toy_map(t, 0, DATA, TOY_NOTHING, TOY_R | TOY_W, 0);
	cr_assert(one(TOY_OP(TOY_LD, 2, 1, 3, -4)));
	cr_assert_eq(s->fault_va, DATA + 0xffc);
	/* Read-modify-write needs memory. */
	R(1) = DATA;
	cr_assert(one(TOY_OP(TOY_AMO, 2, 1, 3, 3)));
	cr_assert_eq(s->fault, VR_FAULT_BUS);
}

Test(memory, read_only_memory_belongs_to_the_bus)
{
	toy_map(t, 0, DATA, TOY_ROM, TOY_R | TOY_W, 0);
	R(1) = DATA;
	R(2) = 77;
	cr_assert(!one(TOY_OP(TOY_LD, 3, 1, 3, 8)));
	cr_assert_eq(t->log_count, 0);
	cr_assert(!one(TOY_OP(TOY_ST, 2, 1, 3, 8)));
	cr_assert_eq(t->log_count, 1);
	cr_assert_eq(t->log[0].address, TOY_ROM + 8);
	cr_assert_eq(t->rom[8], 0);
	cr_assert(one(TOY_OP(TOY_AMO, 3, 1, 2, 3)));
	cr_assert_eq(t->rom[0], 0);
}

Test(memory, atomics)
{
	static const struct {
		uint32_t kind;
		uint64_t result;
	} rows[] = {
		{VR_AMO_ADD, 0xf0 + 0x3c}, {VR_AMO_ANDN, 0xf0 & ~0x3c}, {VR_AMO_XOR, 0xf0 ^ 0x3c},
		{VR_AMO_OR, 0xf0 | 0x3c},  {VR_AMO_SMAX, 0x3c},         {VR_AMO_SMIN, 0xf0},
		{VR_AMO_UMAX, 0xf0},       {VR_AMO_UMIN, 0x3c},         {VR_AMO_SWAP, 0x3c},
	};

	toy_map(t, 0, DATA, 10, TOY_R | TOY_W, 0);
	R(1) = DATA + 8;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint32_t n = 0; n < 4; n++) {
			uint32_t shift = (8u << n) - 8;
			uint64_t low = (UINT64_C(1) << shift) - 1,
				 mask = n < 3 ? (UINT64_C(1) << (8u << n)) - 1 : UINT64_MAX;

			toy_put(t, 10, 8, UINT64_C(0xf0) << shift);
			R(2) = UINT64_C(0x3c) << shift;
			cr_assert(!one(TOY_OP(TOY_AMO, 3, 1, 2, rows[i].kind << 8 | n)));
			cr_assert_eq(R(3), UINT64_C(0xf0) << shift);
			cr_assert_eq(toy_get(t, 10, 8) & mask & ~low, rows[i].result << shift & mask,
				     "kind %u", rows[i].kind);
		}
	toy_put(t, 10, 8, 5);
	R(2) = 5;
	R(3) = 9;
	cr_assert(!one(TOY_OP(TOY_CAS, 2, 1, 3, 3)));
	cr_assert_eq(R(2), 5);
	cr_assert_eq(toy_get(t, 10, 8), 9);
	R(2) = 5;
	cr_assert(!one(TOY_OP(TOY_CAS, 2, 1, 3, 3)));
	cr_assert_eq(R(2), 9);
	R(1) = DATA + 9;
	cr_assert(one(TOY_OP(TOY_AMO, 3, 1, 2, 1)));
	cr_assert_eq(toy_of(X)->fault, VR_FAULT_ALIGN);
}

/* What generated code compares with a tag has the bits below the access size: "never" must not be one of
 * them. */
Test(memory, tags_without_rights_match_no_address)
{
	toy_map(t, 0, DATA, 10, TOY_R, 0);
	R(1) = DATA;
	cr_assert(!one(TOY_OP(TOY_LD, 2, 1, 3, 0)));
	const struct vr_tlb_entry *e =
		&X->mmu_context->tlb[(DATA >> 12) & (X->mmu_context->tlb_mask / sizeof(*e))];

	cr_assert_eq(e->tag_read, DATA);
	for (uint64_t low = 0; low < 32; low++)
		cr_assert_neq(e->tag_write, DATA + low);
	R(1) = DATA + 1;
	cr_assert(one(TOY_OP(TOY_AMO, 3, 1, 2, 2)));
}

Test(memory, alignment_asked_for)
{
	toy_map(t, 0, DATA, 10, TOY_R | TOY_W, 0);
	R(1) = DATA + 4;
	cr_assert(!one(TOY_OP(TOY_LD, 2, 1, TOY_HOW(2, TOY_ALIGN), 0)));
	cr_assert(!one(TOY_OP(TOY_LD, 2, 1, 3, 0)));
	cr_assert(one(TOY_OP(TOY_LD, 2, 1, TOY_HOW(3, TOY_ALIGN), 0)));
	cr_assert_eq(toy_of(X)->fault, VR_FAULT_ALIGN);
	cr_assert(one(TOY_OP(TOY_ST, 2, 1, TOY_HOW(3, TOY_ALIGN), 0)));
}

/* What a kernel opens for a copy from or to its users, and closes again. */
Test(memory, user_access)
{
	const uint32_t pages = 2 * SOFT_OPENED;

	for (uint32_t i = 0; i < pages; i++)
		toy_map(t, 0, DATA + 0x1000 * i, 100 + i, 0, TOY_R | TOY_W);
	for (uint32_t round = 0; round < 3; round++)
		for (uint32_t open = 0; open < 2; open++) {
			uint32_t walks = toy_of(X)->translations;

			X->env->user_access(X, open);
			for (uint32_t i = 0; i < pages; i++) {
				R(1) = DATA + 0x1000 * i;
				cr_assert_eq(one(TOY_OP(TOY_LD, 2, 1, 3, 0)), !open, "page %u", i);
				cr_assert_eq(one(TOY_OP(TOY_ST, 2, 1, 3, 0)), !open, "page %u", i);
			}
			/* What was open before is not walked to again: neither are the program's own pages.
			 */
			if (round && open)
				cr_assert_eq(toy_of(X)->translations, walks);
		}
}

/* The right to write that comes back is not one to a page whose code was translated in the meantime. */
Test(memory, user_access_to_code)
{
	toy_map(t, 0, DATA, 20, 0, TOY_R | TOY_W);
	toy_map(t, 0, DATA + 0x1000, 20, TOY_R | TOY_X, 0);
	TOY_LOAD(t, 20, 0, TOY_OP(TOY_MOVI, 5, 0, 0, 0), TOY_STOP);
	R(1) = DATA;
	for (uint64_t i = 1; i < 6; i++) {
		X->env->user_access(X, 1);
		R(2) = TOY_OP(TOY_MOVI, 5, 0, 0, i);
		cr_assert(!one(TOY_OP(TOY_ST, 2, 1, 3, 0)));
		X->env->user_access(X, 0);
		cr_assert_eq(toy_go(t, 0, DATA + 0x1000), VR_EXIT_KICK);
		cr_assert_eq(R(5), i, "stale code ran");
	}
}

Test(memory, unprivileged_accesses)
{
	/* Kernel's alone; for both; read-only for users; for users but not the kernel. */
	toy_map(t, 0, DATA, 10, TOY_R | TOY_W, 0);
	toy_map(t, 0, DATA + 0x1000, 11, TOY_R | TOY_W, TOY_R | TOY_W);
	toy_map(t, 0, DATA + 0x2000, 12, TOY_R | TOY_W, TOY_R);
	toy_map(t, 0, DATA + 0x3000, 13, 0, TOY_R | TOY_W);
	static const uint8_t fails[4][4] = {/* plain load, store, unprivileged load, store */
					    {0, 0, 1, 1},
					    {0, 0, 0, 0},
					    {0, 0, 0, 1},
					    {1, 1, 0, 0}};

	/* Twice, in both orders: what one kind left in the TLB must not serve the other. */
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t p = 0; p < 4; p++)
			for (uint32_t i = 0; i < 4; i++) {
				uint32_t k = round ? 3 - i : i, how = TOY_HOW(3, k & 2 ? TOY_UNPRIV : 0);

				R(1) = DATA + 0x1000 * p;
				cr_assert_eq(one(TOY_OP(k & 1 ? TOY_ST : TOY_LD, 2, 1, how, 0)), fails[p][k],
					     "page %u kind %u", p, k);
			}
	R(1) = DATA + 0x1000;
	cr_assert(!one(TOY_OP(TOY_ST, 2, 1, 3, 0)));
	uint32_t walks = toy_of(X)->translations;

	cr_assert(!one(TOY_OP(TOY_ST, 2, 1, TOY_HOW(3, TOY_UNPRIV), 0)));
	cr_assert(!one(TOY_OP(TOY_LD, 2, 1, TOY_HOW(3, TOY_UNPRIV), 0)));
	cr_assert_eq(toy_of(X)->translations, walks, "the TLB knew");
}

Test(memory, tlb_grows_and_stays_right)
{
	for (uint32_t i = 0; i < 1500; i++) {
		toy_map(t, 0, 0x100000 + i * 0x1000, 100 + i, TOY_R | TOY_W, 0);
		toy_put(t, 100 + i, 0, i);
	}
	/* r3 += [r1]; r1 += 4096; until r1 == r2 */
	TOY_LOAD(t, 0, 0, TOY_OP(TOY_LD, 4, 1, 3, 0), TOY_OP(TOY_ADD, 3, 3, 4, 0),
		 TOY_OP(TOY_ADDI, 1, 1, 0, 0x1000), TOY_OP(TOY_BNE, 0, 1, 2, -24), TOY_STOP);
	for (uint32_t round = 0; round < 6; round++) {
		R(1) = 0x100000;
		R(2) = 0x100000 + 1500 * 0x1000;
		R(3) = 0;
		cr_assert_eq(toy_go(t, 0, TOY_CODE), VR_EXIT_KICK);
		cr_assert_eq(R(3), 1500 * 1499 / 2);
	}
	cr_assert_geq(toy_counter(t, "tlb_resizes"), 1);
	uint64_t misses = toy_counter(t, "tlb_misses");

	R(1) = 0x100000;
	cr_assert_eq(toy_go(t, 0, TOY_CODE), VR_EXIT_KICK);
	cr_assert_eq(toy_counter(t, "tlb_misses"), misses, "all fit now");
}

Test(memory, memory_that_goes_leaves_nothing)
{
	toy_map(t, 0, DATA, TOY_ROM, TOY_R, 0);
	R(1) = DATA;
	cr_assert(!one(TOY_OP(TOY_LD, 2, 1, 3, 0)));
	cr_assert_eq(t->accel->memory_unmap(t->vm, 1), VR_OK);
	cr_assert(one(TOY_OP(TOY_LD, 2, 1, 3, 0)));
	cr_assert_eq(toy_of(X)->fault, VR_FAULT_BUS);
}
