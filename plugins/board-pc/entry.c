/* SPDX-License-Identifier: MIT */
#include "entry.h"

#include <stdlib.h>
#include <string.h>
#include <vmrun/state_x86.h>

#include "map.h"

#define SEL_CODE 0x10u /* the selectors that Linux' boot protocol asks for */
#define SEL_DATA 0x18u
#define SEL_TSS 0x20u
#define GDT_ENTRIES 6u

#define CR0_PE 0x00000001ull
#define CR0_ET 0x00000010ull
#define CR0_NE 0x00000020ull
#define CR0_PG 0x80000000ull
#define CR0_RESET 0x60000010ull /* CD, NW, ET */
#define CR4_PAE 0x20ull
#define EFER_LONG 0x500ull /* LME, LMA */

#define PAGE 4096u
#define PTE_TABLE 0x03ull /* present, writable */
#define PTE_LARGE 0x83ull /* and 2 MiB large */

#define FLAT_LIMIT 0xffffffffu
#define ATTR_DATA (VR_X86_SEG_G | VR_X86_SEG_DB | VR_X86_SEG_P | VR_X86_SEG_S | 3u)
#define ATTR_CODE32 (VR_X86_SEG_G | VR_X86_SEG_DB | VR_X86_SEG_P | VR_X86_SEG_S | 11u)
#define ATTR_CODE64 (VR_X86_SEG_G | VR_X86_SEG_L | VR_X86_SEG_P | VR_X86_SEG_S | 11u)
#define ATTR_REAL_DATA (VR_X86_SEG_P | VR_X86_SEG_S | 3u)
#define ATTR_REAL_CODE (VR_X86_SEG_P | VR_X86_SEG_S | 11u)
#define ATTR_TSS (VR_X86_SEG_P | 11u) /* busy, in 32 and in 64 bits */
#define ATTR_LDT (VR_X86_SEG_P | 2u)

#define CODE32 0x00cf9b000000ffffull

static const uint64_t gdt[GDT_ENTRIES] = {
	[SEL_CODE / 8] = 0x00af9b000000ffff, /* 64-bit code */
	[SEL_DATA / 8] = 0x00cf93000000ffff,
	[SEL_TSS / 8] = 0x00008b0000000067,
};

static struct vr_x86_segment segment(uint32_t selector, uint64_t base, uint32_t limit, uint32_t attributes)
{
	return (struct vr_x86_segment){
		.base = base, .limit = limit, .attributes = attributes, .selector = (uint16_t)selector};
}

static int32_t place_gdt(const struct vr_tables *t, uint32_t mode)
{
	uint64_t copy[GDT_ENTRIES];

	memcpy(copy, gdt, sizeof(copy));
	/* An interrupt reloads CS from here: the descriptor must say what the register holds. */
	if (mode == ENTRY_PROTECTED)
		copy[SEL_CODE / 8] = CODE32;
	return vr_tables_copy(t, PC_GDT, copy, sizeof(copy));
}

int32_t entry_tables(const struct vr_tables *t, uint32_t mode)
{
	struct vr_mapping m;
	int32_t rc = place_gdt(t, mode);
	uint64_t *tables;

	if (rc < 0)
		return rc;
	tables = (void *)vr_tables_ram(t, PC_PAGE_TABLES, 6 * PAGE, &m);
	if (!tables)
		return VR_E_INTERNAL;
	/* One page map, one pointer table, four directories of 2 MiB pages (SDM vol. 3, 4.5). */
	tables[0] = (PC_PAGE_TABLES + PAGE) | PTE_TABLE;
	for (uint64_t i = 0; i < 4; i++)
		tables[512 + i] = (PC_PAGE_TABLES + (2 + i) * PAGE) | PTE_TABLE;
	for (uint64_t i = 0; i < 4 * 512; i++)
		tables[1024 + i] = i << 21 | PTE_LARGE;
	vr_tables_filled(t, &m);
	return VR_OK;
}

/* What INIT leaves (SDM vol. 3, table 10-1): vector registers and most MSRs stay as they were. */
static void init(struct vr_state_x86 *s)
{
	memset(s->gpr, 0, sizeof(s->gpr));
	s->gpr[VR_X86_RDX] = 0x600; /* a processor of family 6 */
	s->rip = 0;
	s->rflags = 2;
	for (uint32_t i = 0; i < VR_X86_LDTR; i++)
		s->segment[i] = segment(0, 0, 0xffff, ATTR_REAL_DATA);
	s->segment[VR_X86_LDTR] = segment(0, 0, 0xffff, ATTR_LDT);
	s->segment[VR_X86_TR] = segment(0, 0, 0xffff, ATTR_TSS);
	s->gdt = s->idt = (struct vr_x86_table){.limit = 0xffff};
	s->cr0 = CR0_RESET;
	s->cr2 = s->cr3 = s->cr4 = s->cr8 = s->efer = 0;
	memset(s->dr, 0, sizeof(s->dr));
	s->dr6 = 0xffff0ff0;
	s->dr7 = 0x400;
	s->flags &= ~VR_X86_HAS_PDPTR;
	s->events = (struct vr_x86_events){.flags = 0};
	s->mp_state = VR_X86_MP_RUNNING;
}

static int32_t get(const struct vr_tables *t, uint32_t vcpu, struct vr_state_x86 **out)
{
	struct vr_state_x86 *s = aligned_alloc(_Alignof(struct vr_state_x86), sizeof(*s));
	int32_t rc;

	if (!s)
		return vr_tables_fail(t, VR_E_NOMEM, "vCPU %u: no memory for its state", vcpu);
	memset(s, 0, sizeof(*s));
	s->size = sizeof(*s);
	rc = t->machine->vcpu_get_state(t->host, vcpu, VR_STATE_X86_ID, s, sizeof(*s));
	if (rc < 0) {
		free(s);
		return rc;
	}
	*out = s;
	return VR_OK;
}

static int32_t put(const struct vr_tables *t, uint32_t vcpu, struct vr_state_x86 *s)
{
	int32_t rc = t->machine->vcpu_set_state(t->host, vcpu, VR_STATE_X86_ID, s, sizeof(*s));

	free(s);
	return rc < 0 ? rc : VR_OK;
}

static void enter(struct vr_state_x86 *s, const struct registry_entry *e)
{
	int is_long = e->mode == ENTRY_LONG;

	init(s);
	for (uint32_t i = 0; i < VR_X86_LDTR; i++)
		s->segment[i] = segment(SEL_DATA, 0, FLAT_LIMIT, ATTR_DATA);
	s->segment[VR_X86_CS] = segment(SEL_CODE, 0, FLAT_LIMIT, is_long ? ATTR_CODE64 : ATTR_CODE32);
	s->segment[VR_X86_LDTR] = segment(0, 0, 0, ATTR_LDT | VR_X86_SEG_UNUSABLE);
	s->segment[VR_X86_TR] = segment(SEL_TSS, 0, 0x67, ATTR_TSS);
	s->gdt = (struct vr_x86_table){.base = PC_GDT, .limit = sizeof(gdt) - 1};
	s->idt = (struct vr_x86_table){.base = 0};
	s->cr0 = CR0_PE | CR0_ET;
	if (is_long) {
		s->cr0 |= CR0_NE | CR0_PG;
		s->cr3 = PC_PAGE_TABLES;
		s->cr4 = CR4_PAE;
		s->efer = EFER_LONG;
	}
	s->rip = e->rip;
	s->gpr[VR_X86_RBX] = e->rbx;
	s->gpr[VR_X86_RSI] = e->rsi;
	s->gpr[VR_X86_RSP] = e->rsp;
}

int32_t entry_boot(const struct vr_tables *t, const struct registry_entry *e)
{
	struct vr_state_x86 *s;
	int32_t rc = get(t, 0, &s);

	if (rc < 0)
		return rc;
	enter(s, e);
	return put(t, 0, s);
}

int32_t entry_real_mode(const struct vr_tables *t, uint32_t vcpu, uint8_t vector)
{
	struct vr_state_x86 *s;
	int32_t rc = get(t, vcpu, &s);

	if (rc < 0)
		return rc;
	init(s);
	s->segment[VR_X86_CS] =
		segment((uint32_t)vector << 8, (uint64_t)vector << 12, 0xffff, ATTR_REAL_CODE);
	return put(t, vcpu, s);
}

int32_t entry_wait(const struct vr_tables *t, uint32_t vcpu, uint32_t come, uint8_t vector)
{
	uint32_t wanted = come ? VR_X86_MP_SIPI : VR_X86_MP_INIT;
	struct vr_state_x86 *s;
	int32_t rc = get(t, vcpu, &s);

	if (rc < 0)
		return rc;
	if (s->mp_state == wanted && (!come || s->events.sipi_vector == vector)) {
		free(s);
		return VR_OK;
	}
	s->mp_state = wanted;
	s->events.sipi_vector = vector;
	return put(t, vcpu, s);
}
