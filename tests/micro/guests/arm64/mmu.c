/* SPDX-License-Identifier: MIT */
/*
 * Address translation as ID_AA64MMFR0_EL1 announces it: granules of 4, 16 and 64 KiB, ASIDs of 16 bits,
 * physical addresses of 48 (Arm ARM D5.2). Each granule has tables of its own: devices and memory where they
 * are, in blocks, and two pages at a place of their own.
 */
#include "guest.h"

#include "arch.h"

#define BLOCK 1
#define TABLE 3
#define PAGE 3
#define DEVICE 0x0060000000000400 /* not executable; AF; attribute 0 */
#define MEMORY 0x704              /* AF, inner shareable, attribute 1 */
#define NOT_GLOBAL 0x800
#define WINDOW UINT64_C(0x1000000000)
#define FAR_PAGE (WINDOW + 0x100000)
#define FAR_PHYSICAL UINT64_C(0x7fffffff0000)
#define AS (UINT64_C(1) << 36)
#define IPS_48 (UINT64_C(5) << 32)
#define TCR (25u | 1u << 8 | 1u << 10 | 3u << 12 | 1u << 23)

static uint64_t first[8192] __attribute__((aligned(65536))), second[8192] __attribute__((aligned(65536))),
	window[8192] __attribute__((aligned(65536))), last[8192] __attribute__((aligned(65536)));
static uint64_t runtime_ttbr, runtime_tcr;
static uint64_t pages[2][8192] __attribute__((aligned(65536)));

/* With the MMU off between, as the tables of one granule mean nothing in another. */
void mmu_switch(uint64_t ttbr, uint64_t tcr);
__asm__(".text\n"
	"mmu_switch: mrs x2, sctlr_el1\n"
	"	bic x3, x2, #1\n"
	"	dsb sy\n"
	"	msr sctlr_el1, x3\n"
	"	isb\n"
	"	msr ttbr0_el1, x0\n"
	"	msr tcr_el1, x1\n"
	"	isb\n"
	"	tlbi vmalle1\n"
	"	dsb sy\n"
	"	isb\n"
	"	msr sctlr_el1, x2\n"
	"	isb\n"
	"	ret\n");

static uint64_t at(const volatile uint64_t *where)
{
	__asm__ volatile("at s1e1r, %0; isb" : : "r"(where) : "memory");
	return sysreg_read(par_el1);
}

static void clear(uint64_t *table)
{
	for (unsigned i = 0; i < 8192; i++)
		table[i] = 0;
}

/* The index of an address at a level, which `low` bits lie below, in tables of `bits`. */
static uint64_t *entry(uint64_t *table, uint64_t address, unsigned low, unsigned bits)
{
	return &table[address >> low & ((1u << bits) - 1)];
}

static void granule(const char *name, unsigned log2, uint32_t tg0)
{
	const unsigned stride = log2 - 3, block = log2 + stride; /* a block at level 2 */
	const uint64_t tcr = TCR | tg0 << 14 | IPS_48, size = UINT64_C(1) << log2;
	volatile uint64_t *a = (volatile uint64_t *)WINDOW, *b = (volatile uint64_t *)(WINDOW + size);
	uint64_t *level2 = first;

	mmu_switch(runtime_ttbr, runtime_tcr);
	clear(first);
	clear(second);
	clear(window);
	clear(last);
	/* 39 bits begin at level 1, but for 64 KiB, where level 2 resolves all of them. */
	if (block + stride < 39) {
		level2 = second;
		*entry(first, 0, block + stride, stride) = (uintptr_t)second | TABLE;
		*entry(first, WINDOW, block + stride, stride) =
			(uintptr_t)(log2 == 12 ? window : second) | TABLE;
	}
	for (uint64_t i = 0; i < UINT64_C(1) << 30; i += UINT64_C(1) << block)
		*entry(level2, i, block, stride) = i | DEVICE | BLOCK;
	for (uint64_t i = UINT64_C(1) << 30; i < UINT64_C(2) << 30; i += UINT64_C(1) << block) {
		if (log2 == 12) /* the next gibibyte has an entry of its own */
			*entry(first, i, 30, stride) = i | MEMORY | BLOCK;
		else
			*entry(level2, i, block, stride) = i | MEMORY | BLOCK;
	}
	*entry(log2 == 12 ? window : level2, WINDOW, block, stride) = (uintptr_t)last | TABLE;
	*entry(last, WINDOW, log2, stride) = (uintptr_t)pages[1] | MEMORY | PAGE;
	*entry(last, WINDOW + size, log2, stride) = (uintptr_t)pages[0] | MEMORY | PAGE;
	*entry(last, FAR_PAGE, log2, stride) = (FAR_PHYSICAL & ~(size - 1)) | MEMORY | PAGE;
	pages[0][0] = 1;
	pages[1][0] = 2;
	pages[0][size / 8 - 1] = 3;
	pages[1][size / 8 - 1] = 4;
	mmu_switch((uintptr_t)first, tcr);
	SAME(name, a[0], 2);
	SAME(name, b[0], 1);
	SAME(name, a[size / 8 - 1], 4);
	SAME(name, b[size / 8 - 1], 3);
	a[5] = 99;
	SAME(name, pages[1][5], 99);
	SAME(name, at(a + 1) & UINT64_C(0xfffffffff001), (uintptr_t)pages[1] & ~UINT64_C(0xfff));
}

/* An address without a page, and a page in the upper part of 48 bits, which AT translates. */
static void faults(const char *name, unsigned log2)
{
	const uint64_t size = UINT64_C(1) << log2;

	SAME(name, at((volatile uint64_t *)(WINDOW + 2 * size)) & 0x7f, 1 | 7 << 1);
	SAME("mmu-physical-addresses", at((volatile uint64_t *)FAR_PAGE) & UINT64_C(0xffffffff0001),
	     FAR_PHYSICAL);
}

/* ASIDs that differ in their high byte alone are different, and both stay valid without maintenance. */
static void asids(void)
{
	static uint64_t top[512] __attribute__((aligned(4096))), other[512] __attribute__((aligned(4096))),
		leaf[512] __attribute__((aligned(4096)));
	const uint64_t one = (uintptr_t)first | UINT64_C(0x0142) << 48,
		       two = (uintptr_t)top | UINT64_C(0x0242) << 48;
	volatile uint64_t *a = (volatile uint64_t *)WINDOW;
	unsigned wrong = 0;

	/* The window of each has another page at its beginning; the rest is the same. */
	for (unsigned i = 0; i < 512; i++)
		top[i] = first[i];
	other[0] = (uintptr_t)leaf | TABLE;
	last[0] |= NOT_GLOBAL;
	leaf[0] = (uintptr_t)pages[0] | MEMORY | NOT_GLOBAL | PAGE;
	top[WINDOW >> 30] = (uintptr_t)other | TABLE;
	mmu_switch(one, TCR | AS | IPS_48);
	for (unsigned i = 0; i < 100; i++) {
		sysreg_write(ttbr0_el1, i & 1 ? two : one);
		wrong += a[0] != (i & 1 ? 1 : 2);
	}
	SAME("mmu-16-bit-asids", wrong, 0);
	SAME("mmu-16-bit-asids", sysreg_read(ttbr0_el1) >> 48, 0x0242);
	SAME("mmu-16-bit-asids", sysreg_read(tcr_el1) & AS, AS);
	/* TLBI ASIDE1 drops those of one alone: what it changes to is seen. */
	leaf[0] = (uintptr_t)pages[1] | MEMORY | NOT_GLOBAL | PAGE;
	last[0] = (uintptr_t)pages[0] | MEMORY | NOT_GLOBAL | PAGE;
	__asm__ volatile("dsb ish; tlbi aside1, %0; dsb ish; isb" : : "r"(UINT64_C(0x0242) << 48) : "memory");
	__asm__ volatile("tlbi aside1, %0; dsb ish; isb" : : "r"(UINT64_C(0x0142) << 48) : "memory");
	SAME("mmu-tlbi-asid", a[0], 2);
	sysreg_write(ttbr0_el1, one);
	SAME("mmu-tlbi-asid", a[0], 1);
}

int guest_main(void)
{
	runtime_ttbr = sysreg_read(ttbr0_el1);
	runtime_tcr = sysreg_read(tcr_el1);
	granule("mmu-64k", 16, 1);
	faults("mmu-64k", 16);
	granule("mmu-16k", 14, 2);
	faults("mmu-16k", 14);
	granule("mmu-4k", 12, 0);
	faults("mmu-4k", 12);
	asids();
	mmu_switch(runtime_ttbr, runtime_tcr);
	CHECK(1, "mmu-back");
	return 0;
}
