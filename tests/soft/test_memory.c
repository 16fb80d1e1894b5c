/* SPDX-License-Identifier: MIT */
/* test_memory.c: memory accesses: widths, ends of pages, devices, rights, atomics, growth of the TLB. */
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

TestSuite(memory, .init = setup, .fini = teardown, .timeout = 30);

#define X (t->cpu[0]->x)
#define R(n) (fake_r(X)[n])

/* One instruction, then a stop. */
static int one(uint64_t insn)
{
	uint32_t before = fake_of(X)->faults;

	FAKE_LOAD(t, 0, 0, insn, FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	return fake_of(X)->faults != before;
}

Test(memory, widths_and_signs)
{
	fake_map(t, 0, DATA, 10, FAKE_R | FAKE_W, 0);
	fake_put(t, 10, 0x10, 0x8182838485868788u);
	R(1) = DATA;
	static const uint64_t zero[] = {0x88, 0x8788, 0x85868788, 0x8182838485868788};

	for (uint32_t n = 0; n < 4; n++) {
		cr_assert(!one(FAKE_OP(FAKE_LD, 2, 1, FAKE_HOW(n, 0), 0x10)));
		cr_assert_eq(R(2), zero[n]);
		cr_assert(!one(FAKE_OP(FAKE_LD, 2, 1, FAKE_HOW(n, FAKE_SIGN), 0x10)));
		cr_assert_eq(R(2), n < 3 ? zero[n] | UINT64_MAX << (8 << n) : zero[n]);
		fake_put(t, 10, 0x20, UINT64_MAX);
		R(2) = 0;
		cr_assert(!one(FAKE_OP(FAKE_ST, 2, 1, FAKE_HOW(n, 0), 0x20)));
		cr_assert_eq(fake_get(t, 10, 0x20), n < 3 ? UINT64_MAX << (8 << n) : 0);
	}
}

Test(memory, across_pages)
{
	fake_map(t, 0, DATA, 10, FAKE_R | FAKE_W, 0);
	fake_map(t, 0, DATA + 0x1000, 20, FAKE_R | FAKE_W, 0);
	R(1) = DATA + 0xffc;
	R(2) = 0x1122334455667788;
	cr_assert(!one(FAKE_OP(FAKE_ST, 2, 1, 3, 0)));
	cr_assert_eq(fake_get(t, 10, 0xff8) >> 32, 0x55667788);
	cr_assert_eq(fake_get(t, 20, 0) & UINT32_MAX, 0x11223344);
	cr_assert(!one(FAKE_OP(FAKE_LD, 3, 1, 3, 0)));
	cr_assert_eq(R(3), R(2));
	R(4) = 5;
	R(5) = 6;
	R(1) = DATA + 0xff9;
	cr_assert(!one(FAKE_OP(FAKE_STP, 4, 1, 3, 0)));
	cr_assert(!one(FAKE_OP(FAKE_LDP, 6, 1, 3, 0)));
	cr_assert_eq(R(6), 5);
	cr_assert_eq(R(7), 6);
}

Test(memory, faults_on_either_half)
{
	struct fake_state *s = fake_of(X);

	fake_map(t, 0, DATA, 10, FAKE_R | FAKE_W, 0);
	fake_map(t, 0, DATA + 0x1000, 20, FAKE_R, 0);
	R(1) = DATA + 0xffc;
	R(2) = UINT64_MAX;
	cr_assert(one(FAKE_OP(FAKE_ST, 2, 1, 3, 0)));
	cr_assert_eq(s->fault, FAKE_FORBIDDEN);
	cr_assert_eq(s->fault_va, DATA + 0x1000);
	cr_assert_eq(s->fault_pc, FAKE_CODE);
	cr_assert_eq(s->fault_access, VR_ACCESS_WRITE);
	cr_assert_eq(fake_get(t, 10, 0xff8), 0, "half a store");
	R(1) = DATA - 4;
	cr_assert(one(FAKE_OP(FAKE_LD, 2, 1, 3, 0)));
	cr_assert_eq(s->fault, FAKE_UNMAPPED);
	cr_assert_eq(s->fault_va, DATA - 4);
	cr_assert_eq(s->fault_access, VR_ACCESS_READ);
	cr_assert_eq(R(2), UINT64_MAX);
	/* The last bytes of the address space, and the first. */
	R(1) = UINT64_MAX - 3;
	cr_assert(one(FAKE_OP(FAKE_LD, 2, 1, 3, 0)));
	cr_assert_eq(s->fault_va, UINT64_MAX - 3);
}

Test(memory, fault_goes_away_without_a_flush)
{
	fake_map(t, 0, DATA, 10, FAKE_R, 0);
	R(1) = DATA;
	cr_assert(!one(FAKE_OP(FAKE_LD, 2, 1, 3, 0)));
	cr_assert(one(FAKE_OP(FAKE_ST, 2, 1, 3, 0)));
	fake_map(t, 0, DATA, 10, FAKE_R | FAKE_W, 0);
	cr_assert(!one(FAKE_OP(FAKE_ST, 2, 1, 3, 0)));
}

Test(memory, device)
{
	struct fake_state *s = fake_of(X);

	fake_map(t, 0, DATA, FAKE_DEVICE, FAKE_R | FAKE_W, 0);
	fake_map(t, 0, DATA + 0x1000, FAKE_NOTHING, FAKE_R | FAKE_W, 0);
	R(1) = DATA;
	for (uint32_t n = 0; n < 4; n++) {
		t->log_count = 0;
		cr_assert(!one(FAKE_OP(FAKE_LD, 2, 1, n, 0x40)));
		cr_assert_eq(t->log_count, 1);
		cr_assert_eq(t->log[0].width, 1u << n);
		cr_assert_eq(R(2), n ? n == 1 ? 0x40 : FAKE_DEVICE + 0x40 : 0x40);
	}
	t->log_count = 0;
	R(2) = 0x1122334455667788;
	cr_assert(!one(FAKE_OP(FAKE_ST, 2, 1, 3, 0x44)));
	cr_assert_eq(t->log_count, 2);
	cr_assert_eq(t->log[0].value, 0x55667788);
	cr_assert_eq(t->log[1].value, 0x11223344);
	cr_assert_eq(t->log[1].address, FAKE_DEVICE + 0x48);
	t->log_count = 0;
	cr_assert(!one(FAKE_OP(FAKE_LDP, 4, 1, 3, 0x80)));
	cr_assert_eq(t->log_count, 2);
	cr_assert_eq(R(5), FAKE_DEVICE + 0x88);
	t->log_count = 0;
	cr_assert(!one(FAKE_OP(FAKE_LD, 4, 1, 3, 0x81)));
	cr_assert_eq(t->log_count, 4); /* 1 2 4 1 */
	R(1) = DATA + 0x1000;
	cr_assert(one(FAKE_OP(FAKE_LD, 2, 1, 2, 8)));
	cr_assert_eq(s->fault, VR_FAULT_BUS);
	cr_assert_eq(s->fault_va, DATA + 0x1008);
	/* No device and no RAM at the second half's address; then at the first half's. */
	cr_assert(one(FAKE_OP(FAKE_LD, 2, 1, 3, -4)));
	cr_assert_eq(s->fault_va, DATA + 0x1000);
	fake_map(t, 0, DATA, FAKE_NOTHING, FAKE_R | FAKE_W, 0);
	cr_assert(one(FAKE_OP(FAKE_LD, 2, 1, 3, -4)));
	cr_assert_eq(s->fault_va, DATA + 0xffc);
	/* Read-modify-write ops need RAM. */
	R(1) = DATA;
	cr_assert(one(FAKE_OP(FAKE_AMO, 2, 1, 3, 3)));
	cr_assert_eq(s->fault, VR_FAULT_BUS);
}

Test(memory, read_only_memory_belongs_to_the_bus)
{
	fake_map(t, 0, DATA, FAKE_ROM, FAKE_R | FAKE_W, 0);
	R(1) = DATA;
	R(2) = 77;
	cr_assert(!one(FAKE_OP(FAKE_LD, 3, 1, 3, 8)));
	cr_assert_eq(t->log_count, 0);
	cr_assert(!one(FAKE_OP(FAKE_ST, 2, 1, 3, 8)));
	cr_assert_eq(t->log_count, 1);
	cr_assert_eq(t->log[0].address, FAKE_ROM + 8);
	cr_assert_eq(t->rom[8], 0);
	cr_assert(one(FAKE_OP(FAKE_AMO, 3, 1, 2, 3)));
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

	fake_map(t, 0, DATA, 10, FAKE_R | FAKE_W, 0);
	R(1) = DATA + 8;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint32_t n = 0; n < 4; n++) {
			uint32_t shift = (8u << n) - 8;
			uint64_t low = (UINT64_C(1) << shift) - 1,
				 mask = n < 3 ? (UINT64_C(1) << (8u << n)) - 1 : UINT64_MAX;

			fake_put(t, 10, 8, UINT64_C(0xf0) << shift);
			R(2) = UINT64_C(0x3c) << shift;
			cr_assert(!one(FAKE_OP(FAKE_AMO, 3, 1, 2, rows[i].kind << 8 | n)));
			cr_assert_eq(R(3), UINT64_C(0xf0) << shift);
			cr_assert_eq(fake_get(t, 10, 8) & mask & ~low, rows[i].result << shift & mask,
				     "kind %u", rows[i].kind);
		}
	fake_put(t, 10, 8, 5);
	R(2) = 5;
	R(3) = 9;
	cr_assert(!one(FAKE_OP(FAKE_CAS, 2, 1, 3, 3)));
	cr_assert_eq(R(2), 5);
	cr_assert_eq(fake_get(t, 10, 8), 9);
	R(2) = 5;
	cr_assert(!one(FAKE_OP(FAKE_CAS, 2, 1, 3, 3)));
	cr_assert_eq(R(2), 9);
	R(1) = DATA + 9;
	cr_assert(one(FAKE_OP(FAKE_AMO, 3, 1, 2, 1)));
	cr_assert_eq(fake_of(X)->fault, VR_FAULT_ALIGN);
}

/* What is not one aligned piece of RAM, with VR_MF_SPLIT and without. */
Test(memory, split_atomics)
{
	const uint32_t add = VR_AMO_ADD << 8;

	fake_map(t, 0, DATA, 10, FAKE_R | FAKE_W, 0);
	fake_map(t, 0, DATA + 0x1000, 12, FAKE_R | FAKE_W, 0);
	/* in a page, and over two, of each size */
	for (uint32_t n = 1; n < 4; n++)
		for (uint32_t over = 0; over < 2; over++) {
			const uint32_t bytes = 1u << n;
			const uint64_t mask = n < 3 ? (UINT64_C(1) << 8 * bytes) - 1 : UINT64_MAX,
				       old = UINT64_C(0x1122334455667788) & mask;
			uint64_t now = 0;

			R(1) = over ? DATA + 0x1000 - bytes / 2 : DATA + 0x101;
			uint8_t *at = fake_page(t, 10) + (R(1) - DATA), *rest = fake_page(t, 12);
			const uint32_t first = over ? bytes / 2 : bytes;

			memcpy(at, &old, first);
			memcpy(rest, (const uint8_t *)&old + first, bytes - first);
			R(2) = 0x99;
			cr_assert_eq(one(FAKE_OP(FAKE_AMO, 3, 1, 2, add | n)), 1);
			cr_assert_eq(fake_of(X)->fault, VR_FAULT_ALIGN);
			cr_assert_eq(one(FAKE_OP(FAKE_AMO, 3, 1, 2, add | n | FAKE_SPLIT)), 0);
			cr_assert_eq(R(3), old, "%lx", R(3));
			memcpy(&now, at, first);
			memcpy((uint8_t *)&now + first, rest, bytes - first);
			cr_assert_eq(now, (old + 0x99) & mask, "%lx", now);
			/* compare-and-swap: another value, and this one */
			R(3) = 1;
			R(4) = 0x7766554433221100 & mask;
			cr_assert_eq(one(FAKE_OP(FAKE_CAS, 3, 1, 4, n | FAKE_SPLIT)), 0);
			cr_assert_eq(R(3), now);
			cr_assert_eq(one(FAKE_OP(FAKE_CAS, 3, 1, 4, n | FAKE_SPLIT)), 0);
			cr_assert_eq(R(3), now);
			now = 0;
			memcpy(&now, at, first);
			memcpy((uint8_t *)&now + first, rest, bytes - first);
			cr_assert_eq(now, R(4));
		}
	/* 16 bytes */
	R(1) = DATA + 0x1000 - 8;
	fake_put(t, 10, 0xff8, 5);
	fake_put(t, 12, 0, 6);
	R(2) = 5;
	R(3) = 6;
	R(4) = 50;
	R(5) = 60;
	cr_assert_eq(one(FAKE_OP(FAKE_CAS, 2, 1, 4, 4)), 1);
	cr_assert_eq(one(FAKE_OP(FAKE_CAS, 2, 1, 4, 4 | FAKE_SPLIT)), 0);
	cr_assert_eq(fake_get(t, 10, 0xff8), 50);
	cr_assert_eq(fake_get(t, 12, 0), 60);
	cr_assert_eq(one(FAKE_OP(FAKE_CAS, 2, 1, 4, 4 | FAKE_SPLIT)), 0);
	cr_assert(R(2) == 50 && R(3) == 60);
}

/* Nothing is written when either page can't be, and the fault names the page. */
Test(memory, split_atomics_fault)
{
	const uint64_t code = FAKE_OP(FAKE_AMO, 3, 1, 2, VR_AMO_ADD << 8 | 3 | FAKE_SPLIT);

	R(1) = DATA + 0x1000 - 4;
	R(2) = 1;
	for (uint32_t bad = 0; bad < 2; bad++)
		for (uint32_t rights = 0; rights < 2; rights++) {
			fake_map(t, 0, DATA, 10, bad == 0 ? rights : FAKE_R | FAKE_W, 0);
			fake_map(t, 0, DATA + 0x1000, 12, bad == 1 ? rights : FAKE_R | FAKE_W, 0);
			X->env->tlb_flush(X, VR_FLUSH_ALL, 0, 0, 0, 0);
			fake_put(t, 10, 0xff8, 7);
			fake_put(t, 12, 0, 8);
			cr_assert_eq(one(code), 1);
			cr_assert_eq(fake_of(X)->fault, FAKE_FORBIDDEN);
			cr_assert_eq(fake_of(X)->fault_access, VR_ACCESS_WRITE);
			cr_assert_eq(fake_of(X)->fault_va, bad ? DATA + 0x1000 : R(1));
			cr_assert(fake_get(t, 10, 0xff8) == 7 && fake_get(t, 12, 0) == 8);
		}
}

/* On a device: one read and one write, also of a compare-and-swap that finds another value. */
Test(memory, split_atomics_on_devices)
{
	fake_map(t, 0, DATA, FAKE_DEVICE, FAKE_R | FAKE_W, 0);
	fake_map(t, 0, DATA + 0x1000, FAKE_ROM, FAKE_R | FAKE_W, 0);
	fake_map(t, 0, DATA + 0x2000, FAKE_NOTHING, FAKE_R | FAKE_W, 0);
	R(1) = DATA + 0x20;
	R(2) = 3;
	cr_assert_eq(one(FAKE_OP(FAKE_AMO, 3, 1, 2, VR_AMO_ADD << 8 | 2)), 1);
	cr_assert_eq(fake_of(X)->fault, VR_FAULT_BUS);
	cr_assert_eq(t->log_count, 0);
	cr_assert_eq(one(FAKE_OP(FAKE_AMO, 3, 1, 2, VR_AMO_ADD << 8 | 2 | FAKE_SPLIT)), 0);
	cr_assert_eq(R(3), FAKE_DEVICE + 0x20);
	R(3) = 1;
	R(4) = 2;
	cr_assert_eq(one(FAKE_OP(FAKE_CAS, 3, 1, 4, 2 | FAKE_SPLIT)), 0);
	cr_assert_eq(R(3), FAKE_DEVICE + 0x20);
	cr_assert_eq(t->log_count, 4);
	for (uint32_t i = 0; i < 4; i++) {
		cr_assert_eq(t->log[i].address, FAKE_DEVICE + 0x20);
		cr_assert_eq(t->log[i].width, 4);
		cr_assert_eq(t->log[i].write, i & 1);
	}
	cr_assert_eq(t->log[1].value, FAKE_DEVICE + 0x23);
	cr_assert_eq(t->log[3].value, FAKE_DEVICE + 0x20);
	/* memory that takes no writes is read as memory, and the write is the bus's */
	R(1) = DATA + 0x1000;
	t->rom[0] = 9;
	cr_assert_eq(one(FAKE_OP(FAKE_AMO, 3, 1, 2, VR_AMO_ADD << 8 | 0 | FAKE_SPLIT)), 0);
	cr_assert_eq(R(3), 9);
	cr_assert_eq(t->rom[0], 9);
	cr_assert(t->log_count == 5 && t->log[4].write && t->log[4].value == 12);
	/* nothing is there */
	R(1) = DATA + 0x2000;
	cr_assert_eq(one(FAKE_OP(FAKE_AMO, 3, 1, 2, VR_AMO_ADD << 8 | 2 | FAKE_SPLIT)), 1);
	cr_assert_eq(fake_of(X)->fault, VR_FAULT_BUS);
}

/* Generated code compares a tag with an address that has its bits below the access size: VR_TLB_NEVER must
 * not be among these bits. */
Test(memory, tags_without_rights_match_no_address)
{
	fake_map(t, 0, DATA, 10, FAKE_R, 0);
	R(1) = DATA;
	cr_assert(!one(FAKE_OP(FAKE_LD, 2, 1, 3, 0)));
	const struct vr_mmu_context *context = vr_engine_exec(X)->mmu_context;
	const struct vr_tlb_entry *e = &context->tlb[(DATA >> 12) & (context->tlb_mask / sizeof(*e))];

	cr_assert_eq(e->tag_read, DATA);
	for (uint64_t low = 0; low < 32; low++)
		cr_assert_neq(e->tag_write, DATA + low);
	R(1) = DATA + 1;
	cr_assert(one(FAKE_OP(FAKE_AMO, 3, 1, 2, 2)));
}

Test(memory, alignment_asked_for)
{
	fake_map(t, 0, DATA, 10, FAKE_R | FAKE_W, 0);
	R(1) = DATA + 4;
	cr_assert(!one(FAKE_OP(FAKE_LD, 2, 1, FAKE_HOW(2, FAKE_ALIGN), 0)));
	cr_assert(!one(FAKE_OP(FAKE_LD, 2, 1, 3, 0)));
	cr_assert(one(FAKE_OP(FAKE_LD, 2, 1, FAKE_HOW(3, FAKE_ALIGN), 0)));
	cr_assert_eq(fake_of(X)->fault, VR_FAULT_ALIGN);
	cr_assert(one(FAKE_OP(FAKE_ST, 2, 1, FAKE_HOW(3, FAKE_ALIGN), 0)));
}

/* User access that a kernel opens for a copy from or to its users, and closes again. */
Test(memory, user_access)
{
	const uint32_t pages = 2 * SOFT_OPENED;

	for (uint32_t i = 0; i < pages; i++)
		fake_map(t, 0, DATA + 0x1000 * i, 100 + i, 0, FAKE_R | FAKE_W);
	for (uint32_t round = 0; round < 3; round++)
		for (uint32_t open = 0; open < 2; open++) {
			uint32_t walks = fake_of(X)->translations;

			X->env->user_access(X, open);
			for (uint32_t i = 0; i < pages; i++) {
				R(1) = DATA + 0x1000 * i;
				cr_assert_eq(one(FAKE_OP(FAKE_LD, 2, 1, 3, 0)), !open, "page %u", i);
				cr_assert_eq(one(FAKE_OP(FAKE_ST, 2, 1, 3, 0)), !open, "page %u", i);
			}
			/* Pages that were open before need no second page-table walk, nor do the program's
			 * own. */
			if (round && open)
				cr_assert_eq(fake_of(X)->translations, walks);
		}
}

/* Reopening gives no right to write a page whose code was translated in the meantime. */
Test(memory, user_access_to_code)
{
	fake_map(t, 0, DATA, 20, 0, FAKE_R | FAKE_W);
	fake_map(t, 0, DATA + 0x1000, 20, FAKE_R | FAKE_X, 0);
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_MOVI, 5, 0, 0, 0), FAKE_STOP);
	R(1) = DATA;
	for (uint64_t i = 1; i < 6; i++) {
		X->env->user_access(X, 1);
		R(2) = FAKE_OP(FAKE_MOVI, 5, 0, 0, i);
		cr_assert(!one(FAKE_OP(FAKE_ST, 2, 1, 3, 0)));
		X->env->user_access(X, 0);
		cr_assert_eq(fake_go(t, 0, DATA + 0x1000), VR_EXIT_KICK);
		cr_assert_eq(R(5), i, "invalidated code ran");
	}
}

Test(memory, unprivileged_accesses)
{
	/* For the kernel alone; for both; read-only for users; for users but not for the kernel. */
	fake_map(t, 0, DATA, 10, FAKE_R | FAKE_W, 0);
	fake_map(t, 0, DATA + 0x1000, 11, FAKE_R | FAKE_W, FAKE_R | FAKE_W);
	fake_map(t, 0, DATA + 0x2000, 12, FAKE_R | FAKE_W, FAKE_R);
	fake_map(t, 0, DATA + 0x3000, 13, 0, FAKE_R | FAKE_W);
	static const uint8_t fails[4][4] = {/* plain load, store, unprivileged load, store */
					    {0, 0, 1, 1},
					    {0, 0, 0, 0},
					    {0, 0, 0, 1},
					    {1, 1, 0, 0}};

	/* Twice, in both orders: an entry that one kind of access left in the TLB must not allow the other.
	 */
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t p = 0; p < 4; p++)
			for (uint32_t i = 0; i < 4; i++) {
				uint32_t k = round ? 3 - i : i, how = FAKE_HOW(3, k & 2 ? FAKE_UNPRIV : 0);

				R(1) = DATA + 0x1000 * p;
				cr_assert_eq(one(FAKE_OP(k & 1 ? FAKE_ST : FAKE_LD, 2, 1, how, 0)),
					     fails[p][k], "page %u kind %u", p, k);
			}
	R(1) = DATA + 0x1000;
	cr_assert(!one(FAKE_OP(FAKE_ST, 2, 1, 3, 0)));
	uint32_t walks = fake_of(X)->translations;

	cr_assert(!one(FAKE_OP(FAKE_ST, 2, 1, FAKE_HOW(3, FAKE_UNPRIV), 0)));
	cr_assert(!one(FAKE_OP(FAKE_LD, 2, 1, FAKE_HOW(3, FAKE_UNPRIV), 0)));
	cr_assert_eq(fake_of(X)->translations, walks, "the TLB knew");
}

Test(memory, tlb_grows_and_stays_right)
{
	for (uint32_t i = 0; i < 1500; i++) {
		fake_map(t, 0, 0x100000 + i * 0x1000, 100 + i, FAKE_R | FAKE_W, 0);
		fake_put(t, 100 + i, 0, i);
	}
	/* r3 += [r1]; r1 += 4096; until r1 == r2 */
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_LD, 4, 1, 3, 0), FAKE_OP(FAKE_ADD, 3, 3, 4, 0),
		  FAKE_OP(FAKE_ADDI, 1, 1, 0, 0x1000), FAKE_OP(FAKE_BNE, 0, 1, 2, -24), FAKE_STOP);
	for (uint32_t round = 0; round < 6; round++) {
		R(1) = 0x100000;
		R(2) = 0x100000 + 1500 * 0x1000;
		R(3) = 0;
		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		cr_assert_eq(R(3), 1500 * 1499 / 2);
	}
	cr_assert_geq(fake_counter(t, "tlb_resizes"), 1);
	uint64_t misses = fake_counter(t, "tlb_misses");

	R(1) = 0x100000;
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(fake_counter(t, "tlb_misses"), misses, "all fit now");
}

Test(memory, memory_that_goes_leaves_nothing)
{
	fake_map(t, 0, DATA, FAKE_ROM, FAKE_R, 0);
	R(1) = DATA;
	cr_assert(!one(FAKE_OP(FAKE_LD, 2, 1, 3, 0)));
	cr_assert_eq(t->accel->memory_unmap((struct vr_vm *)t->vm, 1), VR_OK);
	cr_assert(one(FAKE_OP(FAKE_LD, 2, 1, 3, 0)));
	cr_assert_eq(fake_of(X)->fault, VR_FAULT_BUS);
}
