/* SPDX-License-Identifier: MIT */
/* Stage 1 translation: granules, levels, permissions, faults (Arm ARM D5.2 - D5.5). */
#include <criterion/criterion.h>
#include "fake.h"

#define PAGE 3ull
#define BLOCK 1ull
#define TABLE 3ull
#define AF (1ull << 10)
#define NG (1ull << 11)
#define EL0 (1ull << 6)
#define RO (1ull << 7)
#define PXN (1ull << 53)
#define UXN (1ull << 54)

#define R (1u << VR_ACCESS_READ)
#define W (1u << VR_ACCESS_WRITE)
#define X (1u << VR_ACCESS_EXECUTE)

#define IPS48 (5ull << 32)
#define EPD1 (1ull << 23)

static void mmu_on(uint64_t tcr)
{
	msr(R_TCR, tcr);
	msr(R_SCTLR, 1);
}

/* The descriptor that translates va, in tables at RAM_BASE + level * 64 KiB of `granule` for `bits` of input
 * address. */
static uint64_t *place(uint64_t va, uint32_t granule, uint32_t bits, uint32_t leaf_level)
{
	uint32_t stride = granule - 3, level = 4 - (1 + (bits - granule - 1) / stride);
	uint64_t table = RAM_BASE + 0x10000;
	msr(va >> 55 & 1 ? R_TTBR1 : R_TTBR0, table);
	va &= (1ull << bits) - 1;
	for (;; level++) {
		uint32_t low = granule + (3 - level) * stride;
		uint64_t index =
			va >> low &
			(level == 4 - (1 + (bits - granule - 1) / stride) ? ~0ull : (1ull << stride) - 1);
		uint64_t *entry = fake_word(table + index * 8);
		if (level == leaf_level)
			return entry;
		table += 0x10000;
		*entry = table | TABLE;
	}
}

static int32_t translate(uint64_t va, uint32_t access, struct vr_translation *t)
{
	*t = (struct vr_translation){.size = sizeof(*t)};
	return a64_translate(fake.x, va, access, 0, t);
}

Test(walk, off_is_flat)
{
	struct vr_translation t;
	fake_engine_new(1);
	cr_assert_eq(translate(0x12345678, VR_ACCESS_EXECUTE, &t), 0);
	cr_assert_eq(t.physical, 0x12345678);
	cr_assert_eq(t.rights, R | W | X);
	cr_assert_eq(t.user_rights, R | W | X);
	cr_assert(t.global);
	cr_assert_eq(translate(1ull << 48, VR_ACCESS_READ, &t), A64_FAULT | FSC_SIZE);
	cr_assert_eq(translate(2, VR_ACCESS_EXECUTE, &t), A64_FAULT_PC);
}

struct granule {
	uint32_t log2, tg0, tg1, bits, level;
};

Test(walk, every_granule_and_level)
{
	static const struct granule cases[] = {
		{12, 0, 2, 48, 3}, {12, 0, 2, 48, 2}, {12, 0, 2, 48, 1}, {12, 0, 2, 39, 3}, {12, 0, 2, 39, 1},
		{12, 0, 2, 25, 3}, {14, 2, 1, 48, 3}, {14, 2, 1, 47, 2}, {14, 2, 1, 36, 3}, {14, 2, 1, 36, 2},
		{16, 1, 3, 48, 3}, {16, 1, 3, 48, 2}, {16, 1, 3, 42, 3}, {16, 1, 3, 42, 2}, {16, 1, 3, 29, 3},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint32_t upper = 0; upper < 2; upper++) {
			const struct granule *g = &cases[i];
			struct vr_translation t;
			fake_engine_new(1);
			uint64_t tsz = 64 - g->bits;
			mmu_on(tsz | tsz << 16 | (uint64_t)g->tg0 << 14 | (uint64_t)g->tg1 << 30 | IPS48);
			uint32_t low = g->log2 + (3 - g->level) * (g->log2 - 3);
			uint64_t va = (0x0000123456789abcull & ((1ull << g->bits) - 1)) |
				      (upper ? ~0ull << g->bits : 0);
			uint64_t pa = 0x0000fedc00000000ull & ~((1ull << low) - 1);
			*place(va, g->log2, g->bits, g->level) = pa | (g->level == 3 ? PAGE : BLOCK) | AF;
			cr_assert_eq(translate(va, VR_ACCESS_READ, &t), 0, "case %zu", i);
			cr_assert_eq(t.physical, pa | (va & ((1ull << low) - 1)), "case %zu", i);
			cr_assert_eq(t.page_size, 1ull << low);
			cr_assert(t.global);
			cr_assert_eq(t.rights, R | W | X);
			cr_assert_eq(t.user_rights, X);
		}
}

Test(walk, permissions)
{
	static const struct {
		uint64_t leaf, table;
		uint32_t el1, el0, wxn1, wxn0;
	} cases[] = {
		{0, 0, R | W | X, X, R | W, X},
		{EL0, 0, R | W, R | W | X, R | W, R | W},
		{RO, 0, R | X, X, R | X, X},
		{RO | EL0, 0, R | X, R | X, R | X, R | X},
		{RO | EL0 | UXN, 0, R | X, R, R | X, R},
		{RO | EL0 | PXN, 0, R, R | X, R, R | X},
		{PXN | UXN, 0, R | W, 0, R | W, 0},
		{EL0, 1ull << 61, R | W | X, X, R | W, X},     /* APTable: no EL0 */
		{EL0, 1ull << 62, R | X, R | X, R | X, R | X}, /* APTable: read-only */
		{EL0 | RO, 3ull << 61, R | X, X, R | X, X},
		{RO | EL0, 1ull << 60, R | X, R, R | X, R}, /* XNTable */
		{RO | EL0, 1ull << 59, R, R | X, R, R | X}, /* PXNTable */
	};
	const uint64_t va = 0x7654321000;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint32_t wxn = 0; wxn < 2; wxn++) {
			struct vr_translation t;
			struct a64_mapping m;
			fake_engine_new(1);
			mmu_on(16 | 16 << 16 | 2ull << 30 | IPS48);
			msr(R_SCTLR, 1 | (wxn ? SCTLR_WXN : 0));
			*place(va, 12, 48, 3) = 0x50000000 | PAGE | AF | NG | cases[i].leaf;
			*place(va, 12, 48, 2) |= cases[i].table;
			cr_assert_eq(a64_walk(fake.x, va, &m), 0);
			cr_assert_eq(m.rights[1], wxn ? cases[i].wxn1 : cases[i].el1, "case %zu wxn %u", i,
				     wxn);
			cr_assert_eq(m.rights[0], wxn ? cases[i].wxn0 : cases[i].el0, "case %zu wxn %u", i,
				     wxn);
			for (uint32_t el = 0; el < 2; el++) {
				enter_el(el);
				for (uint32_t access = 0; access < 3; access++) {
					int32_t rc = translate(va, access, &t);
					cr_assert_eq(rc, m.rights[el] >> access & 1
								 ? 0
								 : (A64_FAULT | FSC_PERMISSION | 3));
					if (!rc) {
						cr_assert_eq(t.rights, m.rights[el]);
						cr_assert_eq(t.user_rights, m.rights[0]);
						cr_assert(!t.global);
					}
				}
			}
			enter_el(1);
			int32_t rc = a64_translate(fake.x, va, VR_ACCESS_READ, VR_MF_UNPRIV, &t);
			cr_assert_eq(rc == 0, (m.rights[0] & R) != 0);
		}
}

Test(walk, faults)
{
	struct vr_translation t;
	const uint64_t va = 0x7654321000;
	fake_engine_new(1);
	mmu_on(16 | 16 << 16 | 2ull << 30 | 2ull << 32 | EPD1); /* 40 bits of PA */
	uint64_t *leaf = place(va, 12, 48, 3);

	*leaf = 0;
	cr_assert_eq(translate(va, VR_ACCESS_READ, &t), A64_FAULT | FSC_TRANSLATION | 3);
	*leaf = 0x50000000 | BLOCK | AF; /* reserved at level 3 */
	cr_assert_eq(translate(va, VR_ACCESS_READ, &t), A64_FAULT | FSC_TRANSLATION | 3);
	*leaf = 0x50000000 | PAGE;
	cr_assert_eq(translate(va, VR_ACCESS_READ, &t), A64_FAULT | FSC_ACCESS | 3);
	*leaf = 1ull << 40 | PAGE | AF;
	cr_assert_eq(translate(va, VR_ACCESS_READ, &t), A64_FAULT | FSC_SIZE | 3);
	*place(va, 12, 48, 1) = 0x90000000 | TABLE; /* not RAM */
	cr_assert_eq(translate(va, VR_ACCESS_READ, &t), A64_FAULT | FSC_WALK | 2);
	*place(va, 12, 48, 1) = 1ull << 41 | TABLE;
	cr_assert_eq(translate(va, VR_ACCESS_READ, &t), A64_FAULT | FSC_SIZE | 1);
	*place(va, 12, 48, 0) = 0x50000000 | BLOCK | AF; /* no blocks at level 0 */
	cr_assert_eq(translate(va, VR_ACCESS_READ, &t), A64_FAULT | FSC_TRANSLATION | 0);
	/* in neither half, in a half that is switched off */
	cr_assert_eq(translate(1ull << 50, VR_ACCESS_READ, &t), A64_FAULT | FSC_TRANSLATION | 0);
	cr_assert_eq(translate(~0ull << 20, VR_ACCESS_READ, &t), A64_FAULT | FSC_TRANSLATION | 0);
	msr(R_TTBR0, 1ull << 45);
	cr_assert_eq(translate(va, VR_ACCESS_READ, &t), A64_FAULT | FSC_SIZE | 0);
}

Test(walk, top_byte_ignored)
{
	struct vr_translation t;
	const uint64_t va = 0x7654321000, tagged = va | 0x5aull << 56;
	uint64_t first, length;
	fake_engine_new(1);
	mmu_on(16 | 16 << 16 | 2ull << 30 | IPS48);
	*place(va, 12, 48, 3) = 0x50000000 | PAGE | AF;
	cr_assert_eq(translate(tagged, VR_ACCESS_READ, &t), A64_FAULT | FSC_TRANSLATION | 0);
	cr_assert(a64_flush_range(fake.x, va, &first, &length));
	msr(R_TCR, fake.s->tcr_el1 | TCR_TBI0);
	cr_assert_eq(translate(tagged, VR_ACCESS_READ, &t), 0);
	cr_assert_eq(t.physical, 0x50000000);
	/* from now on a range does not find all that may be cached */
	cr_assert(!a64_flush_range(fake.x, va, &first, &length));
}

Test(walk, flush_range_covers_blocks)
{
	struct vr_translation t;
	const uint64_t va = 0x7654321000, block = 0x7656000000;
	uint64_t first, length;
	fake_engine_new(1);
	mmu_on(16 | 16 << 16 | 2ull << 30 | IPS48);
	cr_assert(a64_flush_range(fake.x, va + 0x1234, &first, &length));
	cr_assert_eq(first, va + 0x1000);
	cr_assert_eq(length, 4096);
	*place(block, 12, 48, 2) = 0x50000000 | BLOCK | AF;
	cr_assert_eq(translate(block + 0x12345, VR_ACCESS_READ, &t), 0);
	cr_assert(a64_flush_range(fake.x, block + 0x54321, &first, &length));
	cr_assert_eq(first, block);
	cr_assert_eq(length, 2 << 20);
}

/* Another vCPU replaces a block that was never seen before, and flushes it, between our look at the
 * descriptor and the note that others would have to drop all of it. */
static uint64_t *raced;
static uint32_t looks;
static void *(VR_CALL *real_ram)(struct vr_exec *x, uint64_t pa, uint64_t length);

static void *VR_CALL racing_ram(struct vr_exec *x, uint64_t pa, uint64_t length)
{
	if (++looks == 4) /* levels 0 to 2 were read once */
		*raced = 0x60000000 | BLOCK | AF;
	return real_ram(x, pa, length);
}

Test(walk, a_block_seen_first_is_looked_at_again)
{
	const uint64_t block = 0x1122200000;
	struct vr_translation t;
	fake_engine_new(1);
	mmu_on(16 | 16 << 16 | 2ull << 30 | IPS48);
	raced = place(block, 12, 48, 2);
	*raced = 0x50000000 | BLOCK | AF;
	struct vr_isa_env env = *fake.x->env;
	real_ram = env.ram;
	env.ram = racing_ram;
	fake.x->env = &env;
	cr_assert_eq(translate(block + 0x3000, VR_ACCESS_READ, &t), 0);
	cr_assert_eq(t.physical, 0x60003000);
	cr_assert_eq(looks, 6);
	cr_assert_eq(translate(block + 0x3000, VR_ACCESS_READ, &t), 0);
	cr_assert_eq(looks, 9, "a known block is walked once");
}

Test(walk, at_fills_par)
{
	const uint64_t va = 0x7654321000, at = VR_A64_SYSREG(1, 0, 7, 8, 0);
	fake_engine_new(1);
	mmu_on(16 | 16 << 16 | 2ull << 30 | IPS48);
	fake.s->mair_el1 = 0xff00;
	*place(va, 12, 48, 3) = 0x50000000 | PAGE | AF | 1 << 2 | 3 << 8;
	a64_helper_at(fake.x, at, va | 0x123, 0);
	cr_assert_eq(fake.s->par_el1, 0xff00000050000b80ull);
	a64_helper_at(fake.x, at + 2, va, 0); /* S1E0R */
	cr_assert_eq(fake.s->par_el1, 0x801u | (FSC_PERMISSION | 3) << 1);
}
