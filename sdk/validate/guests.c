/* SPDX-License-Identifier: MIT */
/* guests.c: the guest architectures: the micro-guests' code, how a vCPU is set before them, random states. */
#include <stdio.h>
#include <string.h>
#include <vmrun/state_arm64.h>
#include <vmrun/state_riscv64.h>
#include <vmrun/state_x86.h>

#include "machine.h"

static const uint32_t arm64_words[] = {
#include "guests/arm64.inc"
};
static const uint32_t riscv64_words[] = {
#include "guests/riscv64.inc"
};
static const uint32_t x86_64_words[] = {
#include "guests/x86_64.inc"
};
_Static_assert(sizeof(arm64_words) == GUEST_BYTES, "the whole of it");
_Static_assert(sizeof(riscv64_words) == GUEST_BYTES, "the whole of it");
_Static_assert(sizeof(x86_64_words) == GUEST_BYTES, "the whole of it");

static char why[160];

static const char *differs(const char *what, uint32_t i, uint64_t set, uint64_t got)
{
	snprintf(why, sizeof(why), "%s%u: 0x%llx, then 0x%llx", what, i, (unsigned long long)set,
		 (unsigned long long)got);
	return why;
}
#define SAME(what, i, a, b)                                                        \
	do {                                                                       \
		if ((a) != (b))                                                    \
			return differs((what), (i), (uint64_t)(a), (uint64_t)(b)); \
	} while (0)

static void no_tables(struct machine *m)
{
	(void)m;
}

/* ---- arm64 ---------------------------------------------------------------------------------------- */

#define A64_VBAR VR_A64_SYSREG(3u, 0u, 12u, 0u, 0u)
#define A64_CPACR VR_A64_SYSREG(3u, 0u, 1u, 0u, 2u)
#define A64_TPIDR VR_A64_SYSREG(3u, 0u, 13u, 0u, 4u)
#define A64_SCTLR VR_A64_SYSREG(3u, 0u, 1u, 0u, 0u)

static void a64_sysreg(struct vr_state_arm64 *s, uint32_t id, uint64_t value)
{
	for (uint32_t i = 0; i < s->sysreg_count; i++)
		if (s->sysreg[i].id == id) {
			s->sysreg[i].value = value;
			return;
		}
	if (s->sysreg_count == VR_STATE_ARM64_SYSREGS)
		return;
	s->sysreg[s->sysreg_count].id = id;
	s->sysreg[s->sysreg_count++].value = value;
}

static uint64_t a64_read(const struct vr_state_arm64 *s, uint32_t id)
{
	for (uint32_t i = 0; i < s->sysreg_count; i++)
		if (s->sysreg[i].id == id)
			return s->sysreg[i].value;
	return 0;
}

static void a64_enter(const struct machine *m, void *state, uint64_t pc)
{
	struct vr_state_arm64 *s = state;

	memset(s->x, 0, sizeof(s->x));
	s->x[0] = m->isa->ram + MACHINE_DATA;
	s->x[1] = MACHINE_DEVICE;
	s->x[2] = MACHINE_UNMAPPED;
	s->x[3] = m->isa->rom;
	s->sp = m->isa->ram + MACHINE_DATA + 0x8000;
	s->pc = pc;
	s->pstate = 0x3c5; /* EL1h, DAIF */
	s->powered_on = 1;
	s->waiting = 0;
	s->exclusive_address = UINT64_MAX;
	a64_sysreg(s, A64_VBAR, m->vectors);
	a64_sysreg(s, A64_CPACR, 3u << 20);
}

static void a64_random(struct vr_check *c, void *state)
{
	struct vr_state_arm64 *s = state;

	for (uint32_t i = 0; i < 31; i++)
		s->x[i] = check_random(c);
	s->sp = check_random(c) & ~15ull;
	s->pc = 0x40000000 + (check_random(c) & 0xfffffc);
	s->pstate = 0x3c5 | (check_random(c) & 0xf0000000);
	for (uint32_t i = 0; i < 64; i++)
		s->v[i / 2][i % 2] = check_random(c);
	s->fpcr = (uint32_t)(check_random(c) & 3) << 22;
	s->fpsr = (uint32_t)check_random(c) & 0x1f;
	a64_sysreg(s, A64_TPIDR, check_random(c));
	a64_sysreg(s, A64_VBAR, check_random(c) & 0xfffffff800);
}

static const char *a64_compare(const void *set, const void *got)
{
	const struct vr_state_arm64 *a = set, *b = got;

	for (uint32_t i = 0; i < 31; i++)
		SAME("x", i, a->x[i], b->x[i]);
	SAME("sp", 0, a->sp, b->sp);
	SAME("pc", 0, a->pc, b->pc);
	SAME("pstate", 0, a->pstate, b->pstate);
	for (uint32_t i = 0; i < 64; i++)
		SAME("v, half ", i, a->v[i / 2][i % 2], b->v[i / 2][i % 2]);
	SAME("fpcr", 0, a->fpcr, b->fpcr);
	SAME("fpsr", 0, a->fpsr, b->fpsr);
	SAME("TPIDR_EL1 ", 0, a64_read(a, A64_TPIDR), a64_read(b, A64_TPIDR));
	SAME("VBAR_EL1 ", 0, a64_read(a, A64_VBAR), a64_read(b, A64_VBAR));
	return NULL;
}

static uint64_t a64_pc(const void *state)
{
	return ((const struct vr_state_arm64 *)state)->pc;
}

static void a64_register(void *state, uint32_t i, uint64_t value)
{
	((struct vr_state_arm64 *)state)->x[i] = value;
}

#define A64_SPSR VR_A64_SYSREG(3u, 0u, 4u, 0u, 0u)
#define A64_NZCV 0xf0000000ull

static void a64_forget_flags(void *state)
{
	struct vr_state_arm64 *s = state;

	s->pstate &= ~A64_NZCV;
	a64_sysreg(s, A64_SPSR, a64_read(s, A64_SPSR) & ~A64_NZCV);
}

/* ---- riscv64 ---------------------------------------------------------------------------------------- */

#define RV_MSTATUS 0x300u
#define RV_MEDELEG 0x302u
#define RV_MIDELEG 0x303u
#define RV_STVEC 0x105u
#define RV_SSCRATCH 0x140u
#define RV_PMPCFG0 0x3a0u
#define RV_PMPADDR0 0x3b0u

static void rv_set(struct vr_state_riscv64 *s, uint32_t id, uint64_t value)
{
	for (uint32_t i = 0; i < s->csr_count; i++)
		if (s->csr[i].id == id) {
			s->csr[i].value = value;
			return;
		}
	if (s->csr_count == VR_STATE_RISCV64_CSRS)
		return;
	s->csr[s->csr_count].id = id;
	s->csr[s->csr_count++].value = value;
}

static uint64_t rv_read(const struct vr_state_riscv64 *s, uint32_t id)
{
	for (uint32_t i = 0; i < s->csr_count; i++)
		if (s->csr[i].id == id)
			return s->csr[i].value;
	return 0;
}

static void rv_enter(const struct machine *m, void *state, uint64_t pc)
{
	struct vr_state_riscv64 *s = state;

	memset(s->x, 0, sizeof(s->x));
	s->x[10] = m->isa->ram + MACHINE_DATA;
	s->x[11] = MACHINE_DEVICE;
	s->x[12] = MACHINE_UNMAPPED;
	s->x[13] = m->isa->rom;
	s->x[2] = m->isa->ram + MACHINE_DATA + 0x8000;
	s->pc = pc;
	s->privilege = 1;
	s->powered_on = 1;
	s->waiting = 0;
	s->reservation_address = UINT64_MAX;
	/* As firmware leaves it: all of memory is S-mode's. */
	rv_set(s, RV_PMPADDR0, UINT64_MAX >> 10);
	rv_set(s, RV_PMPCFG0, 0x1f); /* NAPOT, every right */
	rv_set(s, RV_STVEC, m->vectors);
	rv_set(s, RV_MEDELEG, VR_RISCV_S_MEDELEG);
	rv_set(s, RV_MIDELEG, VR_RISCV_S_MIDELEG);
	rv_set(s, RV_MSTATUS, 3u << 13); /* FS */
}

static void rv_random(struct vr_check *c, void *state)
{
	struct vr_state_riscv64 *s = state;

	for (uint32_t i = 1; i < 32; i++)
		s->x[i] = check_random(c);
	s->x[0] = 0;
	for (uint32_t i = 0; i < 32; i++)
		s->f[i] = check_random(c);
	s->pc = 0x80000000 + (check_random(c) & 0xfffffc);
	s->fcsr = (uint32_t)(check_random(c) % 5) << 5 | (uint32_t)(check_random(c) & 31);
	s->privilege = (uint32_t)(check_random(c) & 1);
	rv_set(s, RV_MSTATUS, 3u << 13);
	rv_set(s, RV_SSCRATCH, check_random(c));
	rv_set(s, RV_STVEC, check_random(c) & 0x3ffffffffcull);
}

static const char *rv_compare(const void *set, const void *got)
{
	const struct vr_state_riscv64 *a = set, *b = got;

	for (uint32_t i = 0; i < 32; i++)
		SAME("x", i, a->x[i], b->x[i]);
	for (uint32_t i = 0; i < 32; i++)
		SAME("f", i, a->f[i], b->f[i]);
	SAME("pc", 0, a->pc, b->pc);
	SAME("fcsr", 0, a->fcsr, b->fcsr);
	SAME("privilege", 0, a->privilege, b->privilege);
	SAME("sscratch ", 0, rv_read(a, RV_SSCRATCH), rv_read(b, RV_SSCRATCH));
	SAME("stvec ", 0, rv_read(a, RV_STVEC), rv_read(b, RV_STVEC));
	return NULL;
}

static uint64_t rv_pc(const void *state)
{
	return ((const struct vr_state_riscv64 *)state)->pc;
}

static void rv_register(void *state, uint32_t i, uint64_t value)
{
	((struct vr_state_riscv64 *)state)->x[i + 1] = value;
}

/* ---- x86-64 ------------------------------------------------------------------------------------------- */

#define X86_GDT MACHINE_TABLES
#define X86_IDT (MACHINE_TABLES + 0x1000)
#define X86_TSS (MACHINE_TABLES + 0x2000)
#define X86_PML4 (MACHINE_TABLES + 0x3000)
#define X86_CODE 0x08u
#define X86_DATA 0x10u
#define X86_TSS_SEL 0x18u

static void x86_put(struct machine *m, uint64_t offset, uint64_t value)
{
	memcpy(m->ram + offset, &value, sizeof(value));
}

/* SDM vol. 3 4.5: 4 GiB identical in pages of 2 MiB, accessed and dirty already. */
static void x86_prepare(struct machine *m)
{
	uint64_t ram = m->isa->ram, handler = m->vectors;

	x86_put(m, X86_GDT + X86_CODE, 0x00af9b000000ffffull);
	x86_put(m, X86_GDT + X86_DATA, 0x00cf93000000ffffull);
	x86_put(m, X86_GDT + X86_TSS_SEL, 0x67ull | (ram + X86_TSS) << 16 | 0x8bull << 40);
	for (uint32_t i = 0; i < 256; i++) {
		x86_put(m, X86_IDT + 16 * i,
			(handler & 0xffff) | X86_CODE << 16 | 0x8eull << 40 | (handler >> 16 & 0xffff) << 48);
		x86_put(m, X86_IDT + 16 * i + 8, handler >> 32);
	}
	x86_put(m, X86_PML4, (ram + X86_PML4 + 0x1000) | 0x27);
	for (uint32_t i = 0; i < 4; i++) {
		x86_put(m, X86_PML4 + 0x1000 + 8 * i, (ram + X86_PML4 + 0x2000 + 0x1000 * i) | 0x27);
		for (uint32_t k = 0; k < 512; k++)
			x86_put(m, X86_PML4 + 0x2000 + 0x1000 * i + 8 * k,
				(uint64_t)(512 * i + k) << 21 | 0xe7);
	}
}

static struct vr_x86_segment x86_segment(uint16_t selector, uint32_t attributes)
{
	return (struct vr_x86_segment){.limit = 0xffffffff, .selector = selector, .attributes = attributes};
}

static void x86_long_mode(struct vr_state_x86 *s, uint64_t ram)
{
	for (uint32_t i = VR_X86_ES; i <= VR_X86_GS; i++)
		s->segment[i] = x86_segment(X86_DATA, 0xc093);
	s->segment[VR_X86_CS] = x86_segment(X86_CODE, 0xa09b);
	s->segment[VR_X86_TR] = x86_segment(X86_TSS_SEL, 0x8b);
	s->segment[VR_X86_TR].base = ram + X86_TSS;
	s->segment[VR_X86_TR].limit = 0x67;
	s->segment[VR_X86_LDTR] = (struct vr_x86_segment){.attributes = VR_X86_SEG_UNUSABLE};
	s->gdt = (struct vr_x86_table){.base = ram + X86_GDT, .limit = X86_TSS_SEL + 15};
	s->idt = (struct vr_x86_table){.base = ram + X86_IDT, .limit = 0xfff};
	s->cr0 = 0x80000033;
	s->cr3 = ram + X86_PML4;
	s->cr4 = 0x620;
	s->efer = 0x501;
	s->mp_state = VR_X86_MP_RUNNING;
}

static void x86_enter(const struct machine *m, void *state, uint64_t pc)
{
	struct vr_state_x86 *s = state;

	memset(s->gpr, 0, sizeof(s->gpr));
	x86_long_mode(s, m->isa->ram);
	s->gpr[VR_X86_RDI] = m->isa->ram + MACHINE_DATA;
	s->gpr[VR_X86_RSI] = MACHINE_DEVICE;
	s->gpr[VR_X86_RDX] = MACHINE_UNMAPPED;
	s->gpr[VR_X86_RCX] = m->isa->rom;
	s->gpr[VR_X86_RSP] = m->isa->ram + MACHINE_DATA + 0x8000;
	s->rip = pc;
	s->rflags = 2;
	s->events = (struct vr_x86_events){0};
}

static void x86_random(struct vr_check *c, void *state)
{
	struct vr_state_x86 *s = state;

	x86_long_mode(s, 0);
	for (uint32_t i = 0; i < 16; i++)
		s->gpr[i] = check_random(c);
	s->rip = check_random(c) & 0x7fffffff;
	s->rflags = 2 | (check_random(c) & 0x8d5);
	s->segment[VR_X86_FS].base = check_random(c) & 0x7fffffffffff;
	s->segment[VR_X86_GS].base = check_random(c) & 0x7fffffffffff;
	s->cr2 = check_random(c);
	for (uint32_t i = 0; i < 4; i++)
		s->dr[i] = check_random(c) & 0x7fffffffffff;
	if (s->xsave_size >= 576) {
		uint64_t components;

		for (uint32_t i = 0; i < 16; i++) /* XMM0..15, SDM vol. 1 10.5.1 */
			for (uint32_t k = 0; k < 16; k++)
				s->xsave[160 + 16 * i + k] = (uint8_t)check_random(c);
		memcpy(&components, s->xsave + 512, sizeof(components));
		components |= 3;
		memcpy(s->xsave + 512, &components, sizeof(components));
	}
}

static const char *x86_compare(const void *set, const void *got)
{
	const struct vr_state_x86 *a = set, *b = got;

	for (uint32_t i = 0; i < 16; i++)
		SAME("gpr ", i, a->gpr[i], b->gpr[i]);
	SAME("rip", 0, a->rip, b->rip);
	SAME("rflags", 0, a->rflags, b->rflags);
	for (uint32_t i = 0; i < 8; i++) {
		SAME("base of segment ", i, a->segment[i].base, b->segment[i].base);
		SAME("selector of segment ", i, a->segment[i].selector, b->segment[i].selector);
	}
	SAME("cr", 2, a->cr2, b->cr2);
	SAME("cr", 3, a->cr3, b->cr3);
	SAME("cr", 4, a->cr4, b->cr4);
	for (uint32_t i = 0; i < 4; i++)
		SAME("dr", i, a->dr[i], b->dr[i]);
	if (a->xsave_size >= 576)
		for (uint32_t i = 0; i < 256; i++)
			SAME("XMM registers, byte ", i, a->xsave[160 + i], b->xsave[160 + i]);
	return NULL;
}

static uint64_t x86_pc(const void *state)
{
	return ((const struct vr_state_x86 *)state)->rip;
}

static void x86_register(void *state, uint32_t i, uint64_t value)
{
	((struct vr_state_x86 *)state)->gpr[i] = value;
}

static void x86_forget_flags(void *state)
{
	((struct vr_state_x86 *)state)->rflags &= ~0x8d5ull;
}

/* ---- all ---------------------------------------------------------------------------------------------- */

const struct check_isa check_isas[] = {
	{
		.arch = "arm64",
		.state_id = VR_STATE_ARM64_ID,
		.state_size = sizeof(struct vr_state_arm64),
		.wake_pin = 0,
		.ram = 0x40000000,
		.rom = MACHINE_ROM,
		.words = arm64_words,
		.unmapped = 0x25, /* Arm ARM D17.2.37, EC: a data abort without a change of level */
		.call = 0x1111,
		.prepare = no_tables,
		.enter = a64_enter,
		.random = a64_random,
		.compare = a64_compare,
		.pc = a64_pc,
		.set_register = a64_register,
		.forget_flags = a64_forget_flags,
		.registers = 31,
		.end = {0x02, 0x00, 0x00, 0xd4, 0x00, 0x00, 0x00, 0x14}, /* HVC #0; B . */
		.end_bytes = 8,
		.unit = 4,
	},
	{
		.arch = "riscv64",
		.state_id = VR_STATE_RISCV64_ID,
		.state_size = sizeof(struct vr_state_riscv64),
		.wake_pin = 9,
		.ram = 0x80000000,
		.rom = 0x90000000,
		.words = riscv64_words,
		.unmapped = 5, /* privileged architecture, scause: load access fault */
		.call = 0x1111,
		.prepare = no_tables,
		.enter = rv_enter,
		.random = rv_random,
		.compare = rv_compare,
		.pc = rv_pc,
		.set_register = rv_register,
		.registers = 31,
		.end = {0x73, 0x00, 0x00, 0x00, 0x6f, 0x00, 0x00, 0x00}, /* ECALL; J . */
		.end_bytes = 8,
		.unit = 2,
	},
	{
		.arch = "x86_64",
		.state_id = VR_STATE_X86_ID,
		.state_size = sizeof(struct vr_state_x86),
		.wake_pin = 0,
		.ram = 0,
		.rom = MACHINE_ROM,
		.words = x86_64_words,
		.no_call = "x86 has no hypercalls",
		.unmapped = UINT64_MAX,
		.prepare = x86_prepare,
		.enter = x86_enter,
		.random = x86_random,
		.compare = x86_compare,
		.pc = x86_pc,
		.set_register = x86_register,
		.forget_flags = x86_forget_flags,
		.registers = 16,
		.end = {0xf4, 0xeb, 0xfd}, /* HLT; JMP back to it */
		.end_bytes = 3,
		.unit = 1,
	},
};
const uint32_t check_isa_count = sizeof(check_isas) / sizeof(check_isas[0]);
_Static_assert(sizeof(struct vr_state_x86) <= MACHINE_STATE, "room for the largest state");
