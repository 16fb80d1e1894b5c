/* SPDX-License-Identifier: MIT */
/*
 * fuzz_walk_arm64.c: stage 1 translation with registers and tables that a guest chose. The result must be that
 * of a second reading of the manual (Arm ARM D5.2 - D5.5), which is written from its tables of address bits
 * instead of from strides, and AT must report the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_walk.h"
#include "tests/sys/fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	struct walk_tables tables;
	uint64_t sctlr, tcr, ttbr[2], va;
	uint8_t el, access, unprivileged, raw;
};

struct answer {
	int32_t fault;
	uint64_t physical, page_size;
	uint32_t rights[2], global;
};

#define FIELD 0x0000fffffffff000ull
#define READ 1u
#define WRITE 2u
#define EXECUTE 4u

static uint64_t page_address(uint64_t page)
{
	return RAM_BASE + page * 4096;
}

static int32_t fault(uint32_t code, uint32_t level)
{
	return (int32_t)(A64_FAULT | code | level);
}

static uint32_t bit(uint64_t word, uint32_t n)
{
	return word >> n & 1;
}

/* The lowest address bit that a table of a level resolves (D5.2.3, tables D5-11, D5-14, D5-17). 64: there is
 * no such level. */
static const uint8_t lowest[3][4] = {{39, 30, 21, 12}, {47, 36, 25, 14}, {64, 42, 29, 16}};

static struct answer leaf(uint64_t tables, uint64_t d, uint64_t va, uint32_t low)
{
	uint32_t ro = bit(d, 7) | bit(tables, 62), user = bit(d, 6) && !bit(tables, 61);
	uint32_t wxn = fake.s->sctlr_el1 >> 19 & 1, size_low = low;
	struct answer a = {.page_size = 1ull << size_low, .global = !bit(d, 11)};

	a.physical = (d & FIELD) >> low << low | (va & ((1ull << low) - 1));
	a.rights[1] = READ | (ro ? 0 : WRITE);
	if (user)
		a.rights[0] = a.rights[1];
	if (!(bit(d, 53) || bit(tables, 59) || (user && !ro) || (wxn && !ro)))
		a.rights[1] |= EXECUTE;
	if (!(bit(d, 54) || bit(tables, 60) || (wxn && user && !ro)))
		a.rights[0] |= EXECUTE;
	return a;
}

static struct answer read_again(uint64_t va)
{
	static const uint8_t granule0[4] = {0, 2, 1, 0}, granule1[4] = {0, 1, 0, 2}; /* rows of lowest[] */
	static const uint8_t sizes[8] = {32, 36, 40, 42, 44, 48, 48, 48};
	const struct a64_state *s = fake.s;
	uint32_t upper = bit(va, 55), tbi = bit(s->tcr_el1, upper ? 38 : 37), level = 0;
	uint32_t row = upper ? granule1[s->tcr_el1 >> 30 & 3] : granule0[s->tcr_el1 >> 14 & 3];
	uint32_t tsz = (uint32_t)(s->tcr_el1 >> (upper ? 16 : 0)) & 63, out = sizes[s->tcr_el1 >> 32 & 7];
	uint64_t address = upper ? s->ttbr1_el1 : s->ttbr0_el1, tables = 0, top;

	if (!bit(s->sctlr_el1, 0)) {
		if (tbi)
			va &= ~0ull >> 8;
		if (va >> 48)
			return (struct answer){.fault = fault(FSC_SIZE, 0)};
		return (struct answer){
			.physical = va, .page_size = 1ull << 30, .rights = {7, 7}, .global = 1};
	}
	tsz = tsz < 16 ? 16 : tsz > 39 ? 39 : tsz;
	for (uint32_t n = 64 - tsz; n < (tbi ? 56 : 64); n++)
		if (bit(va, n) != upper)
			return (struct answer){.fault = fault(FSC_TRANSLATION, 0)};
	if (bit(s->tcr_el1, upper ? 23 : 7))
		return (struct answer){.fault = fault(FSC_TRANSLATION, 0)};
	while (lowest[row][level] >= 64 - tsz)
		level++;
	/* The first table has as many entries as bits are left. */
	top = 63 - tsz;
	address &= FIELD | 0xfff;
	address = address >> (top - lowest[row][level] + 4) << (top - lowest[row][level] + 4);
	address &= (1ull << 48) - 1;
	for (;; level++) {
		uint32_t low = lowest[row][level];
		uint64_t index = (va & (~0ull >> (63 - top))) >> low, d;

		if (address >> out)
			return (struct answer){.fault = fault(FSC_SIZE, tables ? level - 1 : 0)};
		address += index * 8;
		if (address < RAM_BASE || address - RAM_BASE > FAKE_RAM_SIZE - 8)
			return (struct answer){.fault = fault(FSC_WALK, level)};
		d = *fake_word(address);
		if (!bit(d, 0) || (level == 3 && !bit(d, 1)))
			return (struct answer){.fault = fault(FSC_TRANSLATION, level)};
		if (level == 3 || !bit(d, 1)) {
			/* Blocks: 1 GiB and 2 MiB, 32 MiB, 512 MiB. */
			if (level < 3 && level != 2 && !(row == 0 && level == 1))
				return (struct answer){.fault = fault(FSC_TRANSLATION, level)};
			if (((d & FIELD) >> low << low) >> out)
				return (struct answer){.fault = fault(FSC_SIZE, level)};
			if (!bit(d, 10))
				return (struct answer){.fault = fault(FSC_ACCESS, level)};
			struct answer a = leaf(tables, d, va, low);

			a.fault = -(int32_t)level - 1; /* for a fault of permission */
			return a;
		}
		tables |= d;
		address = (d & FIELD) >> lowest[row][3] << lowest[row][3];
		top = low - 1;
	}
}

static void wrong(const char *what, const struct answer *want, int32_t rc, const struct vr_translation *t)
{
	fprintf(stderr,
		"%s: want fault %#x, %llx, %llx, rights %x %x, global %u; got %#x, %llx, %llx, rights %x %x, "
		"global %u; tcr %llx\n",
		what, (unsigned)want->fault, (unsigned long long)want->physical,
		(unsigned long long)want->page_size, want->rights[0], want->rights[1], want->global,
		(unsigned)rc, (unsigned long long)t->physical, (unsigned long long)t->page_size, t->rights,
		t->user_rights, t->global, (unsigned long long)fake.s->tcr_el1);
	abort();
}

/* AT S1E1R, S1E1W, S1E0R, S1E0W (C5.5): PAR_EL1.F, and the address. */
static void check_at(uint64_t va, uint32_t access, uint32_t el, const struct answer *a,
		     const struct vr_translation *t)
{
	if (fake.s->el == 0)
		return;
	a64_helper_at(fake.x, (access == VR_ACCESS_WRITE) | (el ? 0u : 2u), va, 0);
	if ((fake.s->par_el1 & 1) != (a->fault != 0) ||
	    (!a->fault && ((fake.s->par_el1 ^ a->physical) & FIELD)))
		wrong("AT", a, (int32_t)fake.s->par_el1, t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vr_translation t = {.size = sizeof(t)};
	struct input in;
	struct answer a;
	uint32_t access, el;
	int32_t rc, level;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	if (!fake.x)
		fake_engine_new(1);
	walk_fill(fake_word(RAM_BASE), &in.tables, FIELD, page_address);
	if (!(in.raw & 1))
		for (int i = 0; i < 2; i++)
			in.ttbr[i] =
				(in.ttbr[i] & ~FIELD) | page_address(in.ttbr[i] >> 12 & (WALK_PAGES - 1));
	if (!(in.raw & 2)) {
		in.tcr |= 7ull << 32;
		in.tcr &= ~(TCR_EPD0 | TCR_EPD1);
	}
	if (!(in.raw & 4)) /* the part that tables are asked for */
		in.va = (uint64_t)((int64_t)(in.va << 25) >> 25);
	enter_el(1);
	msr(R_TCR, in.tcr);
	msr(R_TTBR0, in.ttbr[0]);
	msr(R_TTBR1, in.ttbr[1]);
	msr(R_SCTLR, in.sctlr | (in.raw & 8 ? 0 : SCTLR_M));
	enter_el(in.el & 1);
	access = in.access % 3;
	el = in.unprivileged & 1 ? 0 : in.el & 1;
	if (access == VR_ACCESS_EXECUTE)
		in.va &= ~3ull;

	a = read_again(in.va);
	level = -a.fault - 1;
	if (a.fault < 0)
		a.fault = a.rights[el] >> access & 1 ? 0 : fault(FSC_PERMISSION, (uint32_t)level);
	else if (!a.fault && !(a.rights[el] >> access & 1))
		abort(); /* without the MMU there is every right */
	rc = a64_translate(fake.x, in.va, access, in.unprivileged & 1 ? VR_MF_UNPRIV : 0, &t);
	if (rc != a.fault)
		wrong("the fault", &a, rc, &t);
	if (!rc && (t.physical != a.physical || t.page_size != a.page_size ||
		    t.rights != a.rights[in.el & 1] || t.user_rights != a.rights[0] || t.global != a.global))
		wrong("the mapping", &a, rc, &t);
	if (access != VR_ACCESS_EXECUTE)
		check_at(in.va, access, el, &a, &t);
	return 0;
}
