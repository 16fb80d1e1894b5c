/* SPDX-License-Identifier: MIT */
/* Physical memory protection: which mode may do what where, page tables included, locks, and how the
 * registers read (privileged architecture, 3.7). */
#include <criterion/criterion.h>
#include <vmrun/state_riscv64.h>
#include "fake.h"

#define PMPCFG2 0x3a2

#define R 1u
#define W 2u
#define X 4u
#define TOR (1u << 3)
#define NA4 (2u << 3)
#define NAPOT (3u << 3)
#define L 0x80u
#define RWX (R | W | X)

#define PAGE 0x1000ull
#define HERE 0x80040000ull /* the page that is asked about */

/* pmpaddr of 2^n bytes at `base` in NAPOT mode. */
#define POW2(base, n) ((base) >> 2 | ((1ull << ((n)-3)) - 1))
#define EVERYWHERE ((1ull << 54) - 1)

static void entry(uint32_t n, uint64_t address, uint32_t cfg)
{
	uint32_t number = n < 8 ? PMPCFG0 : PMPCFG2, shift = n % 8 * 8;
	uint64_t old;

	csr_write(PMPADDR0 + n, address);
	old = csr_read(number);
	csr_write(number, (old & ~(0xffull << shift)) | (uint64_t)cfg << shift);
}

/* A hart as it comes out of reset, with every entry off. */
static void closed_world(void)
{
	fake_engine_new();
	rv_reset(fake.x);
	fake.flushes = 0;
}

static int32_t translate(uint64_t va, uint32_t access, struct vr_translation *t)
{
	*t = (struct vr_translation){.size = sizeof(*t)};
	return rv_translate(fake.x, va, access, 0, t);
}

/* Bit VR_ACCESS_*: allowed there, in the mode the hart is in. What is granted must say the same. */
static uint32_t may(uint64_t va)
{
	struct vr_translation t;
	uint32_t allowed = 0, granted[3] = {0, 0, 0};

	for (uint32_t access = 0; access < 3; access++) {
		int32_t fault = translate(va, access, &t);

		cr_assert(!fault || fault == RV_FAULT_ACCESS, "fault %d", fault);
		if (!fault) {
			allowed |= 1u << access;
			granted[access] = t.rights;
		}
	}
	for (uint32_t access = 0; access < 3; access++)
		if (allowed >> access & 1)
			cr_assert_eq(granted[access], allowed, "access %u may, and is told %x of %x", access,
				     granted[access], allowed);
	return allowed;
}

/* Every kind of match, for every mode: what S- and U-mode may do in HERE, and what M-mode may. */
Test(pmp, table)
{
	static const struct {
		const char *what;
		struct {
			uint32_t n;
			uint64_t address;
			uint32_t cfg;
		} entry[3];
		uint32_t count, below, machine;
	} all[] = {
		{"all off", {{0}}, 0, 0, RWX},
		{"no match", {{0, POW2(HERE + PAGE, 12), NAPOT | RWX}}, 1, 0, RWX},
		{"NAPOT, a page", {{0, POW2(HERE, 12), NAPOT | RWX}}, 1, RWX, RWX},
		{"NAPOT, read", {{0, POW2(HERE, 12), NAPOT | R}}, 1, R, RWX},
		{"NAPOT, read and write", {{0, POW2(HERE, 12), NAPOT | R | W}}, 1, R | W, RWX},
		{"NAPOT, execute", {{0, POW2(HERE, 12), NAPOT | X}}, 1, X, RWX},
		{"NAPOT, read and execute", {{0, POW2(HERE, 12), NAPOT | R | X}}, 1, R | X, RWX},
		{"NAPOT, nothing", {{0, POW2(HERE, 12), NAPOT}}, 1, 0, RWX},
		{"NAPOT, 32 KiB around it", {{0, POW2(HERE, 15), NAPOT | R}}, 1, R, RWX},
		{"NAPOT, 32 KiB below it", {{0, POW2(HERE - 0x8000, 15), NAPOT | R}}, 1, 0, RWX},
		{"NAPOT, everywhere", {{0, EVERYWHERE, NAPOT | RWX}}, 1, RWX, RWX},
		{"NAPOT, half of everything", {{0, EVERYWHERE >> 1, NAPOT | RWX}}, 1, RWX, RWX},
		{"NAPOT, bits below the grain", {{0, HERE >> 2, NAPOT | R}}, 1, R, RWX},
		{"NAPOT, the last entry", {{15, POW2(HERE, 12), NAPOT | R | X}}, 1, R | X, RWX},
		{"locked binds M", {{0, POW2(HERE, 12), NAPOT | L | R}}, 1, R, R},
		{"locked, execute", {{0, POW2(HERE, 12), NAPOT | L | X}}, 1, X, X},
		{"locked, nothing", {{0, POW2(HERE, 12), NAPOT | L}}, 1, 0, 0},
		{"locked elsewhere", {{0, POW2(HERE + PAGE, 12), NAPOT | L}}, 1, 0, RWX},
		{"locked and off", {{0, POW2(HERE, 12), L | RWX}}, 1, 0, RWX},
		{"TOR from zero", {{0, (HERE + PAGE) >> 2, TOR | R | X}}, 1, R | X, RWX},
		{"TOR from zero to below it", {{0, HERE >> 2, TOR | RWX}}, 1, 0, RWX},
		{"TOR, of one page", {{3, HERE >> 2, 0}, {4, (HERE + PAGE) >> 2, TOR | R}}, 2, R, RWX},
		{"TOR, across both registers",
		 {{7, HERE >> 2, 0}, {8, (HERE + PAGE) >> 2, TOR | R | W}},
		 2,
		 R | W,
		 RWX},
		{"TOR, of no bytes", {{3, HERE >> 2, 0}, {4, HERE >> 2, TOR | R}}, 2, 0, RWX},
		{"TOR, upside down", {{3, (HERE + PAGE) >> 2, 0}, {4, HERE >> 2, TOR | R}}, 2, 0, RWX},
		{"TOR, bits below the grain",
		 {{3, HERE >> 2 | 0x3ff, 0}, {4, (HERE + PAGE) >> 2 | 0x3ff, TOR | R}},
		 2,
		 R,
		 RWX},
		{"TOR, less than the grain",
		 {{3, HERE >> 2, 0}, {4, (HERE + 0x800) >> 2, TOR | R}},
		 2,
		 0,
		 RWX},
		{"TOR, locked", {{3, HERE >> 2, 0}, {4, (HERE + PAGE) >> 2, TOR | L | R}}, 2, R, R},
		{"the lower entry decides",
		 {{0, POW2(HERE, 12), NAPOT | R}, {1, EVERYWHERE, NAPOT | RWX}},
		 2,
		 R,
		 RWX},
		{"a lower entry takes all away",
		 {{0, POW2(HERE, 12), NAPOT}, {1, EVERYWHERE, NAPOT | RWX}},
		 2,
		 0,
		 RWX},
		{"the higher entry where the lower is not",
		 {{0, POW2(HERE + PAGE, 12), NAPOT}, {1, EVERYWHERE, NAPOT | RWX}},
		 2,
		 RWX,
		 RWX},
		{"a lower entry, not locked, frees M from a locked one",
		 {{0, POW2(HERE, 12), NAPOT | R}, {1, EVERYWHERE, NAPOT | L | X}},
		 2,
		 R,
		 RWX},
		{"a lower entry, locked, binds M though a higher one would not",
		 {{0, POW2(HERE, 12), NAPOT | L | R}, {1, EVERYWHERE, NAPOT | RWX}},
		 2,
		 R,
		 R},
		{"write alone is reserved: nothing", {{0, POW2(HERE, 12), NAPOT | W}}, 1, 0, RWX},
		{"write and execute: execute", {{0, POW2(HERE, 12), NAPOT | W | X}}, 1, X, RWX},
		{"NA4 is finer than the grain", {{0, HERE >> 2, NA4 | RWX}}, 1, 0, RWX},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		closed_world();
		for (uint32_t k = 0; k < all[i].count; k++)
			entry(all[i].entry[k].n, all[i].entry[k].address, all[i].entry[k].cfg);
		cr_assert_eq(may(HERE), all[i].machine, "%s, M", all[i].what);
		cr_assert_eq(may(HERE + PAGE - 1), all[i].machine, "%s, M, the page's end", all[i].what);
		for (uint32_t mode = RV_USER; mode <= RV_SUPERVISOR; mode++) {
			enter_mode(mode);
			cr_assert_eq(may(HERE), all[i].below, "%s, mode %u", all[i].what, mode);
			cr_assert_eq(may(HERE + PAGE - 1), all[i].below, "%s, mode %u, the page's end",
				     all[i].what, mode);
			/* M-mode's data accesses as if it were that one; its fetches stay its own. */
			enter_mode(RV_MACHINE);
			csr_write(MSTATUS, MSTATUS_MPRV | (uint64_t)mode << MSTATUS_MPP_SHIFT);
			struct vr_translation t;
			for (uint32_t access = 0; access < 3; access++)
				cr_assert_eq(!translate(HERE, access, &t),
					     (access == VR_ACCESS_EXECUTE ? all[i].machine : all[i].below) >>
							     access &
						     1,
					     "%s, MPRV %u, access %u", all[i].what, mode, access);
			csr_write(MSTATUS, 0);
		}
	}
}

/* Where a range begins and ends. */
Test(pmp, ends)
{
	closed_world();
	entry(0, POW2(HERE, 14), NAPOT | R);
	entry(2, 0x90000000 >> 2, 0);
	entry(3, 0x90003000 >> 2, TOR | R | W);
	entry(4, EVERYWHERE, NAPOT | X);
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(may(HERE - 1), X);
	cr_assert_eq(may(HERE), R);
	cr_assert_eq(may(HERE + 0x3fff), R);
	cr_assert_eq(may(HERE + 0x4000), X);
	cr_assert_eq(may(0x8fffffff), X);
	cr_assert_eq(may(0x90000000), R | W);
	cr_assert_eq(may(0x90002fff), R | W);
	cr_assert_eq(may(0x90003000), X);
	cr_assert_eq(may(0), X);
	cr_assert_eq(may((1ull << 56) - 1), X);
	cr_assert_eq(may(1ull << 56), 0);
}

/* What is refused is an access fault of the access's kind. */
Test(pmp, causes)
{
	static const uint32_t causes[3] = {RV_CAUSE_LOAD_ACCESS, RV_CAUSE_STORE_ACCESS,
					   RV_CAUSE_FETCH_ACCESS};
	struct vr_translation t;

	for (uint32_t access = 0; access < 3; access++) {
		closed_world();
		enter_mode(RV_USER);
		rv_fault(fake.x, HERE, access, translate(HERE, access, &t));
		cr_assert_eq(fake.s->mcause, causes[access]);
		cr_assert_eq(fake.s->mtval, HERE);
	}
}

/* ---- with translation ---- */

#define TABLES 0x80010000ull
#define VA 0x40201000ull
#define PTE_V 1ull
#define PTE_RW 6ull
#define PTE_X 8ull
#define PTE_AD 0xc0ull

/* VA -> HERE by Sv39, in S-mode; its page table has `bits`. */
static uint64_t *mapped(uint64_t bits)
{
	uint64_t *leaf = fake_word(TABLES + 2 * PAGE + (VA >> 12 & 0x1ff) * 8);

	*fake_word(TABLES + (VA >> 30 & 0x1ff) * 8) = (TABLES + PAGE) >> 2 | PTE_V;
	*fake_word(TABLES + PAGE + (VA >> 21 & 0x1ff) * 8) = (TABLES + 2 * PAGE) >> 2 | PTE_V;
	*leaf = HERE >> 2 | bits;
	csr_write(SATP, 8ull << 60 | TABLES >> 12);
	return leaf;
}

Test(pmp, both_must_allow)
{
	struct vr_translation t;

	closed_world();
	mapped(PTE_V | PTE_RW | PTE_AD);
	entry(0, POW2(HERE, 12), NAPOT | R | X);
	entry(1, EVERYWHERE, NAPOT | RWX);
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(translate(VA, VR_ACCESS_READ, &t), 0);
	cr_assert_eq(t.rights, R, "a store has to come again");
	cr_assert_eq(t.page_size, PAGE);
	cr_assert_eq(translate(VA, VR_ACCESS_WRITE, &t), RV_FAULT_ACCESS);
	cr_assert_eq(translate(VA, VR_ACCESS_EXECUTE, &t), RV_FAULT_PAGE, "the page table is asked first");
	/* MXR makes executable pages readable, not executable memory. */
	enter_mode(RV_MACHINE);
	mapped(PTE_V | PTE_X | PTE_AD);
	entry(0, POW2(HERE, 12), NAPOT | X);
	fake.s->mstatus |= MSTATUS_MXR;
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(translate(VA, VR_ACCESS_READ, &t), RV_FAULT_ACCESS);
	cr_assert_eq(translate(VA, VR_ACCESS_EXECUTE, &t), 0);
}

/* User pages, with SUM open. */
Test(pmp, user_rights)
{
	struct vr_translation t;

	closed_world();
	mapped(PTE_V | PTE_RW | PTE_AD | 16);
	entry(0, POW2(HERE, 12), NAPOT | R);
	entry(1, EVERYWHERE, NAPOT | RWX);
	fake.s->mstatus |= MSTATUS_SUM;
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(translate(VA, VR_ACCESS_READ, &t), 0);
	cr_assert_eq(t.rights, 0);
	cr_assert_eq(t.user_rights, R);
	cr_assert_eq(translate(VA, VR_ACCESS_WRITE, &t), RV_FAULT_ACCESS);
}

/* Each table on the way is read as S-mode reads, in every mode. */
Test(pmp, tables_are_read)
{
	struct vr_translation t;

	for (uint32_t level = 0; level < 3; level++)
		for (uint32_t access = 0; access < 3; access++) {
			closed_world();
			mapped(PTE_V | PTE_RW | PTE_X | PTE_AD | 16);
			entry(0, POW2(TABLES + level * PAGE, 12), NAPOT | X);
			entry(1, EVERYWHERE, NAPOT | RWX);
			enter_mode(RV_USER);
			cr_assert_eq(translate(VA, access, &t), RV_FAULT_ACCESS, "table %u", level);
			enter_mode(RV_MACHINE);
			entry(0, POW2(TABLES + level * PAGE, 12), NAPOT | R);
			enter_mode(RV_USER);
			cr_assert_eq(translate(VA, access, &t), 0, "table %u", level);
		}
}

/* ... and marked as it writes: where that is refused nothing is marked, nor where the page itself is. */
Test(pmp, tables_are_marked)
{
	struct vr_translation t;

	for (uint32_t access = VR_ACCESS_READ; access <= VR_ACCESS_WRITE; access++) {
		closed_world();
		csr_write(MENVCFG, MENVCFG_ADUE);
		uint64_t *leaf = mapped(PTE_V | PTE_RW), before = *leaf;
		entry(0, POW2(TABLES + 2 * PAGE, 12), NAPOT | R);
		entry(1, EVERYWHERE, NAPOT | RWX);
		enter_mode(RV_SUPERVISOR);
		cr_assert_eq(translate(VA, access, &t), RV_FAULT_ACCESS);
		cr_assert_eq(*leaf, before);
		enter_mode(RV_MACHINE);
		entry(0, POW2(HERE, 12), NAPOT | X);
		enter_mode(RV_SUPERVISOR);
		cr_assert_eq(translate(VA, access, &t), RV_FAULT_ACCESS);
		cr_assert_eq(*leaf, before);
		cr_assert_eq(fake.exchanges, 0);
		enter_mode(RV_MACHINE);
		entry(0, POW2(HERE, 12), NAPOT | R | W);
		enter_mode(RV_SUPERVISOR);
		cr_assert_eq(translate(VA, access, &t), 0);
		cr_assert_neq(*leaf, before);
	}
}

/* ---- the registers ---- */

Test(pmp, fields_that_are_there)
{
	closed_world();
	csr_write(PMPCFG0, ~0ull);
	cr_assert_eq(csr_read(PMPCFG0), 0x9f9f9f9f9f9f9f9f);
	closed_world();
	csr_write(PMPCFG2, 0x020306080e121a1full);
	/* W without R goes; NA4 leaves A as it was, which is off. */
	cr_assert_eq(csr_read(PMPCFG2), 0x000304080c00181full);
	cr_assert_eq(csr_read(PMPCFG0), 0);
	csr_write(PMPADDR0 + 15, ~0ull);
	cr_assert_eq(csr_read(PMPADDR0 + 15), EVERYWHERE & ~0x3ffull);
	csr_read(0x3a1); /* of RV32 only */
	cr_assert(fake.x->leave);
}

/* How software finds the grain out, and what is kept of an address that is not shown. */
Test(pmp, grain)
{
	closed_world();
	csr_write(PMPCFG0, 0);
	csr_write(PMPADDR0, ~0ull);
	cr_assert_eq(__builtin_ctzll(csr_read(PMPADDR0)), RV_PMP_GRAIN);
	csr_write(PMPADDR0, 0);
	csr_write(PMPCFG0, NAPOT);
	cr_assert_eq(csr_read(PMPADDR0), 0x1ff);
	csr_write(PMPCFG0, TOR);
	cr_assert_eq(csr_read(PMPADDR0), 0);
	csr_write(PMPADDR0, 0x12345678);
	cr_assert_eq(csr_read(PMPADDR0), 0x12345400);
	csr_write(PMPCFG0, NAPOT);
	cr_assert_eq(csr_read(PMPADDR0), 0x12345678 | 0x1ff, "bit G - 1 is as it was written");
	csr_write(PMPADDR0, 0x12345800);
	cr_assert_eq(csr_read(PMPADDR0), 0x123459ff);
	csr_write(PMPCFG0, 0);
	cr_assert_eq(csr_read(PMPADDR0), 0x12345800);
}

Test(pmp, locks)
{
	closed_world();
	entry(1, 0x10000, 0);
	entry(2, 0x20000, TOR | L | R);
	entry(5, 0x30000, NAPOT | L | R);
	csr_write(PMPADDR0 + 1, 0);
	csr_write(PMPADDR0 + 2, 0);
	csr_write(PMPADDR0 + 5, 0);
	csr_write(PMPADDR0 + 4, 0x5000);
	cr_assert_eq(csr_read(PMPADDR0 + 1), 0x10000, "the bottom of a locked TOR entry");
	cr_assert_eq(csr_read(PMPADDR0 + 2), 0x20000);
	cr_assert_eq(csr_read(PMPADDR0 + 5), 0x30000 | 0x1ff);
	cr_assert_eq(csr_read(PMPADDR0 + 4), 0x5000 & ~0x3ffull,
		     "the entry below a locked NAPOT one is not locked");
	csr_write(PMPCFG0, 0x1f1f1f1f1f1f1f1full);
	cr_assert_eq(csr_read(PMPCFG0),
		     0x1f1f001f1f001f1full | (uint64_t)(TOR | L | R) << 16 | (uint64_t)(NAPOT | L | R) << 40);
	rv_reset(fake.x);
	cr_assert_eq(csr_read(PMPCFG0), 0);
	cr_assert_eq(csr_read(PMPADDR0 + 1), 0);
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(may(HERE), 0, "and what they allowed is gone");
}

/* A write that changes something flushes this hart's translations, one that does not flushes none; the block
 * is left. */
Test(pmp, changes_flush)
{
	closed_world();
	csr_write(PMPADDR0, EVERYWHERE);
	cr_assert_eq(fake.flushes, 0, "an entry that is off");
	csr_write(PMPCFG0, RV_PMP_OPEN);
	cr_assert_eq(fake.flushes, 1);
	cr_assert_eq(fake.flush.kind, VR_FLUSH_ALL);
	cr_assert_eq(fake.flush.broadcast, 0);
	csr_write(PMPCFG0, RV_PMP_OPEN);
	csr_write(PMPADDR0, EVERYWHERE);
	csr_write(PMPADDR0 + 3, 0x1000);
	cr_assert_eq(fake.flushes, 1);
	csr_write(PMPADDR0, POW2(HERE, 12));
	cr_assert_eq(fake.flushes, 2);
	fake.x->leave = 0;
	fake.x->pc = PC;
	rv_helper_csr_write(fake.x, PMPCFG0 << 20 | 1u << 12 | 0x73, 0, 1);
	cr_assert_eq(fake.flushes, 3);
	cr_assert(fake.x->leave);
	cr_assert_eq(fake.x->pc, PC + 4);
}

/* ---- states ---- */

/* Boards that know nothing of PMP start S-mode; M-mode comes out of reset. */
Test(pmp, states)
{
	static const struct {
		uint32_t privilege, id;
		uint64_t value;
		uint32_t below;
	} all[] = {
		{RV_SUPERVISOR, 0, 0, RWX},
		{RV_USER, 0, 0, RWX},
		{RV_MACHINE, 0, 0, 0},
		{RV_SUPERVISOR, PMPCFG0, 0, 0},
		{RV_SUPERVISOR, PMPADDR0 + 15, 0, 0},
		{RV_USER, PMPCFG2, NAPOT | R, 0},
		{RV_MACHINE, PMPCFG0, NAPOT | R, 0},
	};
	struct vr_state_riscv64 s = {.size = sizeof(s), .reservation_address = UINT64_MAX};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		closed_world();
		s.privilege = all[i].privilege;
		s.csr_count = all[i].id != 0;
		s.csr[0].id = all[i].id;
		s.csr[0].value = all[i].value;
		cr_assert_eq(rv_set_state(fake.x, VR_STATE_RISCV64_ID, &s, sizeof(s)), 0);
		enter_mode(RV_SUPERVISOR);
		cr_assert_eq(may(HERE), all[i].below, "state %zu", i);
	}
}

/* What was taken from one hart and given to another means the same there. */
Test(pmp, states_move)
{
	static struct vr_state_riscv64 s;

	closed_world();
	entry(2, 0x12345678, NAPOT | L | R);
	entry(9, POW2(HERE, 12), NAPOT | R | X);
	cr_assert_eq(rv_get_state(fake.x, VR_STATE_RISCV64_ID, &s, sizeof(s)), 0);
	fake_engine_new();
	cr_assert_eq(rv_set_state(fake.x, VR_STATE_RISCV64_ID, &s, sizeof(s)), 0);
	cr_assert_eq(csr_read(PMPADDR0 + 2), 0x12345678 | 0x1ff);
	cr_assert_eq(fake.s->pmpaddr[2], 0x12345678);
	cr_assert_eq(may(0x12345678ull << 2 & ~0xfffull), R);
	enter_mode(RV_SUPERVISOR);
	cr_assert_eq(may(HERE), R | X);
	/* A state does not set what software could not write. */
	s.csr_count = 1;
	s.csr[0].id = PMPCFG0;
	s.csr[0].value = NA4 | RWX;
	cr_assert_eq(rv_set_state(fake.x, VR_STATE_RISCV64_ID, &s, sizeof(s)), 0);
	cr_assert_eq(csr_read(PMPCFG0), RWX);
}
