/* SPDX-License-Identifier: MIT */
/*
 * fuzz_walk_riscv64.c: translation with registers and tables that a guest chose. The result and what was marked
 * in the tables must be those of a second reading of the manual (vol. II, "Virtual Address Translation
 * Process", its ten steps). No right may be given out for an access that would not have got it by itself.
 *
 * Physical memory protection is asked as it is: tests/riscv64/pmp.c has its own second reading.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_walk.h"
#include "tests/riscv64/fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	struct walk_tables tables;
	uint64_t satp, mstatus, menvcfg, va, pmpaddr[3], pmpcfg;
	uint8_t mode, access, raw, reserved;
};

struct answer {
	int32_t fault;
	uint64_t physical, page_size;
	uint64_t place, marked; /* entry that changes; place 0: none */
};

#define FIELD 0x003ffffffffffc00ull

static uint64_t before[WALK_WORDS];

static uint64_t page_field(uint64_t page)
{
	return (RAM_BASE / 4096 + page) << 10;
}

static uint32_t bit(uint64_t word, uint32_t n)
{
	return word >> n & 1;
}

/* The mode that an access is checked by. */
static uint32_t effective(uint32_t access)
{
	const struct rv_state *s = fake.s;

	return s->mode == RV_MACHINE && (s->mstatus & MSTATUS_MPRV) && access != VR_ACCESS_EXECUTE
		       ? (uint32_t)(s->mstatus >> MSTATUS_MPP_SHIFT & 3)
		       : s->mode;
}

static struct answer failed(int32_t code)
{
	return (struct answer){.fault = code};
}

/* Step 5: what the leaf's bits allow. */
static uint32_t allowed(uint64_t pte, uint32_t mode, uint32_t access, uint32_t sum)
{
	uint32_t user = bit(pte, 4);

	if (mode == RV_USER && !user)
		return 0;
	if (mode == RV_SUPERVISOR && user && (access == VR_ACCESS_EXECUTE || !sum))
		return 0;
	switch (access) {
	case VR_ACCESS_READ:
		return bit(pte, 1) || (bit(pte, 3) && (fake.s->mstatus & MSTATUS_MXR));
	case VR_ACCESS_WRITE:
		return bit(pte, 2);
	default:
		return bit(pte, 3);
	}
}

static struct answer read_again(uint64_t va, uint32_t access, uint32_t sum)
{
	const struct rv_state *s = fake.s;
	uint32_t mode = effective(access), scheme = (uint32_t)(s->satp >> 60), levels = scheme - 5;
	uint64_t a = (s->satp & ((1ull << 44) - 1)) << 12, sign;
	uint32_t i;

	if (mode == RV_MACHINE || scheme == 0) {
		if (va >> 56 || !(rv_pmp_rights(s, va, mode) >> access & 1))
			return failed(RV_FAULT_ACCESS);
		return (struct answer){.physical = va, .page_size = 1ull << 30};
	}
	sign = va >> (12 + 9 * levels - 1);
	if (sign != 0 && sign != ~0ull >> (12 + 9 * levels - 1))
		return failed(RV_FAULT_PAGE);
	for (i = levels - 1;; i--) {
		uint64_t place = a + (va >> (12 + 9 * i) & 511) * 8, pte, size = 4096ull << 9 * i;
		uint32_t rights = rv_pmp_rights(s, place, RV_SUPERVISOR);

		if (!(rights & 1) || place < RAM_BASE || place - RAM_BASE > FAKE_RAM_SIZE - 8)
			return failed(RV_FAULT_ACCESS);
		pte = *fake_word(place);
		if (!bit(pte, 0) || (!bit(pte, 1) && bit(pte, 2)) || pte >> 54)
			return failed(RV_FAULT_PAGE);
		a = (pte >> 10 & ((1ull << 44) - 1)) << 12;
		if (!bit(pte, 1) && !bit(pte, 3)) {
			if (i == 0 || bit(pte, 4) || bit(pte, 6) || bit(pte, 7))
				return failed(RV_FAULT_PAGE);
			continue;
		}
		if (!allowed(pte, mode, access, sum) || a % size)
			return failed(RV_FAULT_PAGE);
		uint64_t marked = pte | 1ull << 6 | (access == VR_ACCESS_WRITE ? 1ull << 7 : 0);
		struct answer out = {.physical = a | (va & (size - 1)), .page_size = size};

		if (marked != pte && !(s->menvcfg & MENVCFG_ADUE))
			return failed(RV_FAULT_PAGE);
		if (!(rv_pmp_rights(s, out.physical, mode) >> access & 1))
			return failed(RV_FAULT_ACCESS);
		if (marked != pte) {
			if (!(rights & 2))
				return failed(RV_FAULT_ACCESS);
			out.place = place;
			out.marked = marked;
		}
		return out;
	}
}

static void wrong(const char *what, const struct answer *want, int32_t rc, const struct vr_translation *t)
{
	fprintf(stderr,
		"%s: want fault %d, %llx, %llx; got %d, %llx, %llx, rights %x %x; satp %llx mstatus %llx "
		"mode %u\n",
		what, want->fault, (unsigned long long)want->physical, (unsigned long long)want->page_size,
		rc, (unsigned long long)t->physical, (unsigned long long)t->page_size, t->rights,
		t->user_rights, (unsigned long long)fake.s->satp, (unsigned long long)fake.s->mstatus,
		fake.s->mode);
	abort();
}

/* Each right is one that its access gets without a walk that changes something. */
static void check_rights(uint64_t va, uint32_t access, const struct vr_translation *t)
{
	for (uint32_t other = 0; other < 3; other++) {
		struct answer plain, with_sum;

		/* MPRV: fetches have another mode, and another page in the TLB. */
		if ((other == VR_ACCESS_EXECUTE) != (access == VR_ACCESS_EXECUTE) &&
		    effective(other) != effective(access))
			continue;
		plain = read_again(va, other, 0);
		with_sum = read_again(va, other, 1);
		if (t->rights >> other & 1 && (plain.fault || plain.place))
			wrong("a right too many", &plain, 0, t);
		if (t->user_rights >> other & 1 && (with_sum.fault || with_sum.place))
			wrong("a right too many with SUM", &with_sum, 0, t);
	}
}

static void set_registers(const struct input *in, uint32_t mode)
{
	fake_engine_new();
	if (in->raw & 16) {
		for (uint32_t i = 0; i < 3; i++)
			csr_write(PMPADDR0 + i, in->pmpaddr[i]);
		csr_write(PMPCFG0,
			  (in->pmpcfg & 0x7f7f7f) | (in->raw & 32 ? 0 : (uint64_t)RV_PMP_OPEN << 24));
		csr_write(PMPADDR0 + 3, ~0ull);
	}
	csr_write(MENVCFG, in->menvcfg);
	csr_write(MSTATUS, mode == RV_MACHINE ? in->mstatus : in->mstatus & ~MSTATUS_MPRV);
	csr_write(SATP, in->satp);
	enter_mode(mode);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t modes[4] = {RV_USER, RV_SUPERVISOR, RV_SUPERVISOR, RV_MACHINE};
	struct vr_translation t = {.size = sizeof(t)};
	uint32_t access;
	struct input in;
	struct answer a;
	int32_t rc;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	if (!(in.raw & 1))
		in.satp = (in.satp & 1 ? 8ull : 9ull) << 60 |
			  (RAM_BASE / 4096 + (in.satp >> 4 & (WALK_PAGES - 1)));
	if (!(in.raw & 2))
		in.va = (uint64_t)((int64_t)(in.va << 25) >> 25);
	set_registers(&in, modes[in.mode & 3]);
	walk_fill(fake_word(RAM_BASE), &in.tables, FIELD | (in.raw & 4 ? 0 : 1023ull << 54), page_field);
	memcpy(before, fake_word(RAM_BASE), sizeof(before));
	access = in.access % 3;

	a = read_again(in.va, access, (fake.s->mstatus & MSTATUS_SUM) != 0);
	rc = rv_translate(fake.x, in.va, access, 0, &t);
	if (rc != a.fault)
		wrong("the fault", &a, rc, &t);
	if (a.place)
		before[(a.place - RAM_BASE) / 8] = a.marked;
	if (memcmp(before, fake_word(RAM_BASE), sizeof(before)))
		wrong("what was marked", &a, rc, &t);
	if (rc)
		return 0;
	if (t.physical != a.physical || (t.page_size != a.page_size && t.page_size != 4096))
		wrong("the mapping", &a, rc, &t);
	if (!((t.rights | (fake.s->mstatus & MSTATUS_SUM ? t.user_rights : 0)) >> access & 1))
		wrong("the right that was asked for", &a, rc, &t);
	check_rights(in.va, access, &t);
	return 0;
}
