/* SPDX-License-Identifier: MIT */
/*
 * mmu.c: VMSAv8-64 stage 1 translation (D5.2 - D5.5).
 *
 * An input address of `input` bits is resolved from the top, `stride` bits a level, down to the granule. What
 * the descriptors say about permission is gathered on the way: the tables' limits (APTable, XNTable,
 * PXNTable) are or-ed. Not modelled: the contiguous hint (a hint), hardware update of the access flag,
 * domains of the Armv8.1+ extensions.
 */
#include <xlate/large_page_filter.h>

#include "system.h"

#define PA_BITS 48u /* ID_AA64MMFR0_EL1.PARange */

#define DESC_VALID 1u
#define DESC_TABLE 2u
#define DESC_AP_EL0 (1ull << 6)
#define DESC_AP_RO (1ull << 7)
#define DESC_AF (1ull << 10)
#define DESC_NG (1ull << 11)
#define DESC_PXN (1ull << 53)
#define DESC_UXN (1ull << 54)
#define DESC_PXN_TABLE (1ull << 59)
#define DESC_XN_TABLE (1ull << 60)
#define DESC_AP_TABLE_NO_EL0 (1ull << 61)
#define DESC_AP_TABLE_RO (1ull << 62)

#define READ (1u << VR_ACCESS_READ)
#define WRITE (1u << VR_ACCESS_WRITE)
#define EXECUTE (1u << VR_ACCESS_EXECUTE)

/* One half of the address space, as TCR_EL1 describes it. */
struct regime {
	uint64_t base;    /* TTBRn_EL1 */
	uint32_t input;   /* bits of the input address */
	uint32_t granule; /* log2 */
	uint32_t tbi;
	uint32_t disabled; /* EPDn */
};

/* The address without the tag that bits 63:56 may hold. */
static uint64_t untagged(uint64_t va)
{
	return va << 8 >> 8;
}

static uint32_t upper_half(uint64_t va)
{
	return va >> 55 & 1;
}

/* TG0 and TG1 number the same granules differently (D13.2.131). */
uint32_t a64_granule(const struct a64_state *s, uint64_t va)
{
	static const uint8_t tg0[4] = {12, 16, 14, 12}, tg1[4] = {12, 14, 12, 16};
	return upper_half(va) ? tg1[s->tcr_el1 >> 30 & 3] : tg0[s->tcr_el1 >> 14 & 3];
}

static struct regime regime_of(const struct a64_state *s, uint64_t va)
{
	uint64_t tcr = s->tcr_el1;
	uint32_t upper = upper_half(va);
	uint32_t txsz = (uint32_t)(tcr >> (upper ? 16 : 0)) & 0x3f;
	txsz = txsz < 16 ? 16 : txsz > 39 ? 39 : txsz; /* D5.2.4: out of range is treated as the limit */
	return (struct regime){
		.base = upper ? s->ttbr1_el1 : s->ttbr0_el1,
		.input = 64 - txsz,
		.granule = a64_granule(s, va),
		.tbi = (tcr & (upper ? TCR_TBI1 : TCR_TBI0)) != 0,
		.disabled = (tcr & (upper ? TCR_EPD1 : TCR_EPD0)) != 0,
	};
}

static uint32_t output_bits(const struct a64_state *s)
{
	static const uint8_t bits[8] = {32, 36, 40, 42, 44, 48, 48, 48};
	uint32_t ips = bits[s->tcr_el1 >> 32 & 7];
	return ips < PA_BITS ? ips : PA_BITS;
}

static int32_t fault_at(uint32_t fsc, uint32_t level)
{
	return (int32_t)(A64_FAULT | fsc | level);
}

/* Bits [low, 48) of a descriptor or base. */
static uint64_t address_field(uint64_t value, uint32_t low)
{
	return value & ((1ull << 48) - (1ull << low));
}

/* All bits above the input size equal (TBI: not counting the top byte)? */
static uint32_t is_canonical(const struct regime *g, uint64_t va)
{
	uint64_t top = (g->tbi ? (uint64_t)((int64_t)(va << 8) >> 8) : va) >> g->input;
	return top == (upper_half(va) ? ~0ull >> g->input : 0);
}

/* D5.4.4: what a leaf and the tables above it allow. */
static void permissions(const struct a64_state *s, uint64_t leaf, uint64_t tables, struct a64_mapping *out)
{
	uint32_t writable = !(leaf & DESC_AP_RO) && !(tables & DESC_AP_TABLE_RO);
	uint32_t user = (leaf & DESC_AP_EL0) && !(tables & DESC_AP_TABLE_NO_EL0);
	uint32_t wxn = (s->sctlr_el1 & SCTLR_WXN) != 0;

	out->rights[1] = READ | (writable ? WRITE : 0);
	out->rights[0] = user ? out->rights[1] : 0;
	/* What EL0 can write, EL1 never executes. EL0 may execute what it can't read. */
	if (!(leaf & DESC_PXN) && !(tables & DESC_PXN_TABLE) && !(user && writable) && !(wxn && writable))
		out->rights[1] |= EXECUTE;
	if (!(leaf & DESC_UXN) && !(tables & DESC_XN_TABLE) && !(wxn && user && writable))
		out->rights[0] |= EXECUTE;
}

static void flat(uint64_t va, struct a64_mapping *out)
{
	*out = (struct a64_mapping){
		.physical = va,
		.page_size = 1ull << 30,
		.rights = {READ | WRITE | EXECUTE, READ | WRITE | EXECUTE},
		.global = 1,
	};
}

uint32_t a64_flush_range(struct vr_exec *x, uint64_t va, uint64_t *first, uint64_t *length)
{
	struct isa_vm *vm = isa_vm_of(x);

	if (__atomic_load_n(&vm->tagged, __ATOMIC_SEQ_CST))
		return 0;
	xlate_large_page_range(&vm->large_pages, untagged(va), a64_granule(a64_of(x), va), first, length);
	*first = va & ~(*length - 1);
	return 1;
}

/* A block (rather than a page or a table) may stand at this level. */
static uint32_t block_allowed(uint32_t granule, uint32_t level)
{
	return level == 2 || (level == 1 && granule == 12);
}

int32_t a64_walk(struct vr_exec *x, uint64_t va, struct a64_mapping *out)
{
	const struct a64_state *s = a64_of(x);
	if (!(s->sctlr_el1 & SCTLR_M)) {
		/* AArch64.S1DisabledOutput(): TBI holds here as well. */
		if (s->tcr_el1 & (upper_half(va) ? TCR_TBI1 : TCR_TBI0))
			va = untagged(va);
		if (va >> PA_BITS)
			return fault_at(FSC_SIZE, 0);
		flat(va, out);
		return 0;
	}

	struct regime g = regime_of(s, va);
	if (g.disabled || !is_canonical(&g, va))
		return fault_at(FSC_TRANSLATION, 0);

	uint32_t stride = g.granule - 3, bits = output_bits(s);
	uint32_t level = 4 - (1 + (g.input - g.granule - 1) / stride);
	uint32_t low = g.granule + (3 - level) * stride; /* of the index at this level */
	uint64_t address = va & ((1ull << g.input) - 1);
	/* The first table is as large as the bits left over for it need, and aligned to that (D5.2.3). */
	uint64_t table = address_field(g.base, g.input - low + 3);
	uint64_t index = address >> low, limits = 0;
	if (table >> bits)
		return fault_at(FSC_SIZE, 0);

	for (;; level++) {
		const uint64_t *entry = x->env->ram(x, table + index * 8, 8);
		if (entry == NULL)
			return fault_at(FSC_WALK, level);
		uint64_t d = __atomic_load_n(entry, __ATOMIC_ACQUIRE);
		uint32_t is_leaf = level == 3 || !(d & DESC_TABLE);
		if (!(d & DESC_VALID) || (level == 3 && !(d & DESC_TABLE)) ||
		    (level < 3 && is_leaf && !block_allowed(g.granule, level)))
			return fault_at(FSC_TRANSLATION, level);
		if (is_leaf) {
			uint64_t base = address_field(d, low);
			if (base >> bits)
				return fault_at(FSC_SIZE, level);
			if (!(d & DESC_AF))
				return fault_at(FSC_ACCESS, level);
			out->physical = base | (address & ((1ull << low) - 1));
			out->page_size = 1ull << low;
			out->global = !(d & DESC_NG);
			out->attr = d >> 2 & 7;
			out->sh = d >> 8 & 3;
			out->level = level;
			permissions(s, d, limits, out);
			if (level < 3 && xlate_large_page_note(&isa_vm_of(x)->large_pages, untagged(va), low))
				return a64_walk(x, va, out);
			return 0;
		}
		limits |= d;
		table = address_field(d, g.granule);
		if (table >> bits)
			return fault_at(FSC_SIZE, level);
		low -= stride;
		index = address >> low & ((1ull << stride) - 1);
	}
}

int32_t VR_CALL a64_translate(struct vr_exec *x, uint64_t va, uint32_t access, uint32_t flags,
			      struct vr_translation *out)
{
	struct a64_mapping m;
	if (access == VR_ACCESS_EXECUTE && (va & 3))
		return A64_FAULT_PC;
	m.level = 0;
	int32_t fault = a64_walk(x, va, &m);
	if (fault)
		return fault;

	uint32_t el = flags & VR_MF_UNPRIV ? 0 : a64_of(x)->el != 0;
	if (!(m.rights[el] >> access & 1))
		return fault_at(FSC_PERMISSION, m.level);
	if ((uint64_t)((int64_t)(va << 8) >> 8) != va && (a64_of(x)->sctlr_el1 & SCTLR_M))
		__atomic_store_n(&isa_vm_of(x)->tagged, 1, __ATOMIC_SEQ_CST);
	out->rights = m.rights[a64_of(x)->el != 0];
	out->user_rights = m.rights[0];
	out->global = m.global;
	out->physical = m.physical;
	out->page_size = m.page_size;
	return 0;
}

/* AT S1E1R/W, S1E0R/W: the result goes to PAR_EL1 (D13.2.98). */
uint64_t VR_CALL a64_helper_at(struct vr_exec *x, uint64_t enc, uint64_t va, uint64_t c)
{
	struct a64_state *s = a64_of(x);
	struct a64_mapping m = {.attr = 0, .level = 0};

	(void)c;
	if (s->el == 0)
		return a64_raise(x, EC_UNKNOWN, 0);
	uint32_t access = enc & 1 ? VR_ACCESS_WRITE : VR_ACCESS_READ, el = enc & 2 ? 0 : 1;
	int32_t fault = a64_walk(x, va, &m);
	if (!fault && !(m.rights[el] >> access & 1))
		fault = fault_at(FSC_PERMISSION, m.level);
	if (fault) {
		s->par_el1 = 1u | ((uint64_t)fault & 0x3f) << 1 | 1u << 11;
	} else {
		uint64_t mmu = s->sctlr_el1 & SCTLR_M;
		uint64_t attr = mmu ? s->mair_el1 >> (m.attr * 8) & 0xff : 0;
		s->par_el1 = attr << 56 | address_field(m.physical, 12) | 1u << 11 | 1u << 9 |
			     (mmu ? m.sh : 2u) << 7;
	}
	return 0;
}
