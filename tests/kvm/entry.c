/* SPDX-License-Identifier: MIT */
/* entry.c: descriptor tables, page tables, and the states that guests are entered in. */
#include "vm.h"

static void put(struct test_vm *k, uint32_t at, uint64_t value)
{
	memcpy(k->ram + at, &value, sizeof(value));
}

void test_tables(struct test_vm *k)
{
	static const struct {
		uint32_t selector;
		uint64_t descriptor;
	} gdt[] = {
		{SEL_CODE64, 0x00af9b000000ffffull}, {SEL_DATA, 0x00cf93000000ffffull},
		{SEL_CODE32, 0x00cf9b000000ffffull}, {SEL_CODE16, 0x00009b000000ffffull},
		{SEL_DATA16, 0x000093000000ffffull}, {SEL_DATA3, 0x00cff3000000ffffull},
		{SEL_CODE3, 0x00affb000000ffffull},
	};

	for (uint32_t i = 0; i < sizeof(gdt) / sizeof(gdt[0]); i++)
		put(k, GDT + (gdt[i].selector & ~7u), gdt[i].descriptor);
	put(k, GDT + SEL_TSS, 0x67ull | (uint64_t)TSS << 16 | 0x8bull << 40);
	put(k, TSS + 4, STACK); /* RSP0 */
	/* Accessed and dirty already, so that the processor writes none of it. */
	put(k, TABLES, (TABLES + 0x1000) | 0x27);
	for (uint32_t i = 0; i < 4; i++) {
		put(k, TABLES + 0x1000 + 8 * i, (TABLES + 0x2000 + 0x1000 * i) | 0x27);
		for (uint32_t j = 0; j < 512; j++)
			put(k, TABLES + 0x2000 + 0x1000 * i + 8 * j, (uint64_t)(512 * i + j) << 21 | 0xe7);
	}
}

static struct vr_x86_segment segment(uint16_t selector, uint32_t attributes)
{
	return (struct vr_x86_segment){.limit = 0xffffffff, .selector = selector, .attributes = attributes};
}

void test_entry(struct vr_state_x86 *s, uint32_t mode)
{
	static const uint32_t data = 0xc093, user = 0xc0f3;
	struct vr_x86_segment d = mode == MODE_USER ? segment(SEL_DATA3, user) : segment(SEL_DATA, data);

	s->rip = ORG;
	s->rflags = 2;
	s->gpr[VR_X86_RSP] = STACK;
	s->mp_state = VR_X86_MP_RUNNING;
	s->gdt = (struct vr_x86_table){.base = GDT, .limit = SEL_TSS + 15};
	if (mode == MODE_REAL) {
		s->segment[VR_X86_CS].base = 0;
		s->segment[VR_X86_CS].selector = 0;
		return;
	}
	for (uint32_t i = VR_X86_ES; i <= VR_X86_GS; i++)
		s->segment[i] = d;
	s->segment[VR_X86_TR] = segment(SEL_TSS, 0x8b);
	s->segment[VR_X86_TR].base = TSS;
	s->segment[VR_X86_TR].limit = 0x67;
	s->segment[VR_X86_LDTR] = (struct vr_x86_segment){.attributes = VR_X86_SEG_UNUSABLE};
	s->idt = (struct vr_x86_table){.base = IDT, .limit = 0xfff};
	s->cr0 = 0x33; /* PE, MP, ET, NE */
	s->segment[VR_X86_CS] = segment(SEL_CODE32, 0xc09b);
	if (mode == MODE_PROTECTED)
		return;
	s->cr0 |= 1ull << 31;
	s->cr3 = TABLES;
	s->cr4 = 0x620;  /* PAE, OSFXSR, OSXMMEXCPT */
	s->efer = 0x501; /* LMA, LME, SCE */
	s->segment[VR_X86_CS] = segment(SEL_CODE64, 0xa09b);
	if (mode == MODE_USER) {
		s->segment[VR_X86_CS] = segment(SEL_CODE3, 0xa0fb);
		s->gpr[VR_X86_RSP] = STACK3;
		s->rflags |= 3u << 12;
	}
}
