/* SPDX-License-Identifier: MIT */
/*
 * sys.c: MRS and MSR: the table of system registers, which exception levels may use them, and those that are
 * more than a field.
 *
 * A register that is not in the table may belong to a device (the interrupt controller's CPU interface): the
 * register bus is asked. One that no device has is UNDEFINED, as is an EL0 access that EL0 can never have; an
 * EL0 access that EL1 may allow traps (D1.12, "traps to EL1 of EL0 accesses").
 */
#include <string.h>
#include "system.h"

/* ---- conditions of EL0 accesses ------------------------------------------------------------ */

static uint64_t trap_unless(struct vr_exec *x, const struct a64_sysreg *r, uint32_t rt, uint32_t is_read,
			    uint64_t allowed)
{
	if (a64_of(x)->el || allowed)
		return 0;
	a64_raise_sysreg(x, r->enc, rt, is_read);
	return 1;
}

static uint64_t check_ctr(struct vr_exec *x, const struct a64_sysreg *r, uint32_t rt, uint32_t is_read)
{
	return trap_unless(x, r, rt, is_read, a64_of(x)->sctlr_el1 & SCTLR_UCT);
}

static uint64_t check_daif(struct vr_exec *x, const struct a64_sysreg *r, uint32_t rt, uint32_t is_read)
{
	return trap_unless(x, r, rt, is_read, a64_of(x)->sctlr_el1 & SCTLR_UMA);
}

static uint64_t check_tdcc(struct vr_exec *x, const struct a64_sysreg *r, uint32_t rt, uint32_t is_read)
{
	return trap_unless(x, r, rt, is_read, !(a64_of(x)->mdscr_el1 & MDSCR_TDCC));
}

static uint64_t check_fp(struct vr_exec *x, const struct a64_sysreg *r, uint32_t rt, uint32_t is_read)
{
	(void)r, (void)rt, (void)is_read;
	if (x->mode_flags & A64_MODE_FP)
		return 0;
	a64_raise(x, EC_FP, ISS_COND_ALWAYS);
	return 1;
}

/* CNTKCTL_EL1 (D13.8.17): EL0PCTEN 0, EL0VCTEN 1, EL0VTEN 8, EL0PTEN 9. CNTFRQ_EL0 goes with either counter.
 */
static uint64_t check_counter(struct vr_exec *x, const struct a64_sysreg *r, uint32_t rt, uint32_t is_read)
{
	uint32_t which = r->enc & 7; /* op2: 0 CNTFRQ, 1 CNTPCT, 2 CNTVCT */
	return trap_unless(x, r, rt, is_read, a64_of(x)->cntkctl_el1 & (which ? which : 3));
}

static uint32_t timer_of(const struct a64_sysreg *r)
{
	return (r->enc >> 3 & 15) == 3 ? A64_TIMER_VIRT : A64_TIMER_PHYS; /* CRm */
}

static uint64_t check_timer(struct vr_exec *x, const struct a64_sysreg *r, uint32_t rt, uint32_t is_read)
{
	return trap_unless(x, r, rt, is_read,
			   a64_of(x)->cntkctl_el1 >> (timer_of(r) == A64_TIMER_VIRT ? 8 : 9) & 1);
}

/* C5.2.18: an access to SP_EL0 by name is UNDEFINED while it is the selected stack pointer. */
static uint64_t check_sp_el0(struct vr_exec *x, const struct a64_sysreg *r, uint32_t rt, uint32_t is_read)
{
	(void)r, (void)rt, (void)is_read;
	if (a64_of(x)->spsel)
		return 0;
	a64_raise(x, EC_UNKNOWN, 0);
	return 1;
}

/* ---- registers that are more than a field ---------------------------------------------------- */

/* D13.2.25: bits 2:0 log2(line words) - 2, 12:3 ways - 1, 27:13 sets - 1. 64 KiB 4-way; L2 1 MiB 16-way. */
static uint64_t read_ccsidr(struct vr_exec *x, const struct a64_sysreg *r)
{
	static const uint64_t caches[4] = {
		255u << 13 | 3u << 3 | 2,   /* CSSELR 0: L1 data */
		255u << 13 | 3u << 3 | 2,   /* 1: L1 instruction */
		1023u << 13 | 15u << 3 | 2, /* 2: L2 */
	};
	uint64_t select = a64_of(x)->csselr_el1;
	(void)r;
	return select < 4 ? caches[select] : 0;
}

/* 64-byte blocks; DZP (bit 4) where DC ZVA is not allowed. D13.2.36 */
static uint64_t read_dczid(struct vr_exec *x, const struct a64_sysreg *r)
{
	const struct a64_state *s = a64_of(x);
	(void)r;
	return 4 | (s->el == 0 && !(s->sctlr_el1 & SCTLR_DZE) ? 16u : 0);
}

static uint64_t read_isr(struct vr_exec *x, const struct a64_sysreg *r)
{
	uint32_t pins = __atomic_load_n(&a64_of(x)->pins, __ATOMIC_SEQ_CST);
	(void)r;
	return (pins & 1 ? PSTATE_I : 0) | (pins & 2 ? PSTATE_F : 0);
}

static uint64_t read_spsel(struct vr_exec *x, const struct a64_sysreg *r)
{
	(void)r;
	return a64_of(x)->spsel;
}

static void write_spsel(struct vr_exec *x, const struct a64_sysreg *r, uint64_t value)
{
	(void)r;
	a64_select_sp(x, 1, value & 1);
}

static uint64_t read_current_el(struct vr_exec *x, const struct a64_sysreg *r)
{
	(void)r;
	return a64_of(x)->el << 2;
}

static uint64_t read_nzcv(struct vr_exec *x, const struct a64_sysreg *r)
{
	(void)r;
	return a64_pstate(x) & 0xf0000000;
}

static void write_nzcv(struct vr_exec *x, const struct a64_sysreg *r, uint64_t value)
{
	(void)r;
	a64_set_pstate(x, (a64_pstate(x) & ~0xf0000000ull) | (value & 0xf0000000));
}

static void write_daif(struct vr_exec *x, const struct a64_sysreg *r, uint64_t value)
{
	a64_sysreg_set(x, r, value);
	if (a64_recheck(x))
		a64_exit_next_pc(x);
}

/* The host's rounding mode is set by the FPSETROUND that a lifter appends, or when the engine next enters. */
static void write_fpcr(struct vr_exec *x, const struct a64_sysreg *r, uint64_t value)
{
	a64_sysreg_set(x, r, value);
	x->fp_round = value >> 22 & 3; /* RMode has the numbers of VR_RM_* */
	a64_context(x);
}

static uint64_t read_fpsr(struct vr_exec *x, const struct a64_sysreg *r)
{
	(void)r;
	return a64_fpsr_read(x);
}

static void write_fpsr(struct vr_exec *x, const struct a64_sysreg *r, uint64_t value)
{
	(void)r;
	a64_of(x)->fpsr_qc = (uint32_t)value & FPSR_QC_IDC;
	x->fp_flags = (uint32_t)value & FPSR_IEEE; /* in the order of VR_FP_* */
}

static void write_oslar(struct vr_exec *x, const struct a64_sysreg *r, uint64_t value)
{
	struct a64_state *s = a64_of(x);
	(void)r;
	s->oslsr = (s->oslsr & ~(uint64_t)OSLSR_OSLK) | (value & 1 ? OSLSR_OSLK : 0);
}

static uint64_t read_reset(struct vr_exec *x, const struct a64_sysreg *r)
{
	(void)x;
	return r->reset;
}

/* DBGCLAIMSET_EL1 and, with the next CRm, DBGCLAIMCLR_EL1: ones set, or clear. */
static void write_claim(struct vr_exec *x, const struct a64_sysreg *r, uint64_t value)
{
	struct a64_state *s = a64_of(x);
	if (r->enc >> 3 & 1)
		s->dbgclaim &= ~value;
	else
		s->dbgclaim |= value & 0xff;
}

static uint64_t read_count(struct vr_exec *x, const struct a64_sysreg *r)
{
	return a64_count(x, (r->enc & 7) == 2 ? A64_TIMER_VIRT : A64_TIMER_PHYS);
}

static uint64_t *cval_of(struct a64_state *s, uint32_t timer)
{
	return timer == A64_TIMER_VIRT ? &s->cntv_cval : &s->cntp_cval;
}

static uint64_t read_tval(struct vr_exec *x, const struct a64_sysreg *r)
{
	uint32_t t = timer_of(r);
	return (uint32_t)(*cval_of(a64_of(x), t) - a64_count(x, t));
}

static void write_cval(struct vr_exec *x, uint64_t *field, uint64_t value)
{
	pthread_mutex_lock(&a64_system_of(x)->common.timer_lock);
	*field = value;
	pthread_mutex_unlock(&a64_system_of(x)->common.timer_lock);
	a64_timer_update(x);
}

static void write_tval(struct vr_exec *x, const struct a64_sysreg *r, uint64_t value)
{
	uint32_t t = timer_of(r);
	write_cval(x, cval_of(a64_of(x), t), a64_count(x, t) + (uint64_t)(int64_t)(int32_t)value);
}

/* ISTATUS (bit 2): the condition is met; D13.8.18 leaves it UNKNOWN while ENABLE is 0. */
static uint64_t read_ctl(struct vr_exec *x, const struct a64_sysreg *r)
{
	uint32_t t = timer_of(r);
	uint64_t ctl = a64_sysreg_get(x, r);
	return ctl | (ctl & 1 && a64_count(x, t) >= *cval_of(a64_of(x), t) ? 4u : 0);
}

static void write_timer(struct vr_exec *x, const struct a64_sysreg *r, uint64_t value)
{
	write_cval(x, (uint64_t *)(void *)((uint8_t *)x + r->offset), value & r->mask);
}

/* ---- the table -------------------------------------------------------------------------------- */

enum {
#define A64_SYSREG(name, op0, op1, crn, crm, op2, access, field, reset, mask, read, write, check, flags) \
	SR_##name,
#define A64_IDREG(name, op0, op1, crn, crm, op2, value, check) SR_##name,
#include "sysregs.def"
#include "idregs.def"
#undef A64_IDREG
#undef A64_SYSREG
	SR_COUNT
};

const struct a64_sysreg a64_sysregs[] = {
#define A64_SYSREG(sr_name, op0, op1, crn, crm, op2, sr_access, field, sr_reset, sr_mask, sr_read, sr_write, \
		   sr_check, sr_flags)                                                                       \
	{.name = #sr_name,                                                                                   \
	 .enc = VR_A64_SYSREG(op0, op1, crn, crm, op2),                                                      \
	 .access = sr_access,                                                                                \
	 .flags = sr_flags,                                                                                  \
	 .bytes = sizeof(((struct a64_state *)0)->field),                                                    \
	 .offset = A64_STATE_OFFSET(field),                                                                  \
	 .reset = sr_reset,                                                                                  \
	 .mask = sr_mask,                                                                                    \
	 .read = sr_read,                                                                                    \
	 .write = sr_write,                                                                                  \
	 .check = sr_check},
/* CTR, CNTFRQ, MDCCSR: with a condition, EL0 may read them. */
#define A64_IDREG(sr_name, op0, op1, crn, crm, op2, value, sr_check) \
	{.name = #sr_name,                                           \
	 .enc = VR_A64_SYSREG(op0, op1, crn, crm, op2),              \
	 .access = A64_R1 | ((op1) == 3 ? A64_R0 : 0),               \
	 .flags = A64_SR_FIXED,                                      \
	 .bytes = 8,                                                 \
	 .offset = A64_STATE_OFFSET(unused_reg),                     \
	 .reset = value,                                             \
	 .check = sr_check},
#include "sysregs.def"
#include "idregs.def"
#undef A64_IDREG
#undef A64_SYSREG
};
const uint32_t a64_sysreg_count = SR_COUNT;

/* One case a register: two with the same encoding do not compile. */
const struct a64_sysreg *a64_sysreg_find(uint32_t enc)
{
	switch (enc) {
#define A64_SYSREG(name, op0, op1, crn, crm, op2, access, field, reset, mask, read, write, check, flags) \
	case VR_A64_SYSREG(op0, op1, crn, crm, op2):                                                     \
		return &a64_sysregs[SR_##name];
#define A64_IDREG(name, op0, op1, crn, crm, op2, value, check) \
	case VR_A64_SYSREG(op0, op1, crn, crm, op2):           \
		return &a64_sysregs[SR_##name];
#include "sysregs.def"
#include "idregs.def"
#undef A64_IDREG
#undef A64_SYSREG
	default:
		return NULL;
	}
}

uint64_t a64_sysreg_get(struct vr_exec *x, const struct a64_sysreg *r)
{
	const uint8_t *field = (const uint8_t *)x + r->offset;
	uint64_t value = 0;
	if (r->flags & A64_SR_FIXED)
		return r->reset;
	if (r->bytes == 4)
		return *(const uint32_t *)(const void *)field;
	memcpy(&value, field, sizeof(value));
	return value;
}

void a64_sysreg_set(struct vr_exec *x, const struct a64_sysreg *r, uint64_t value)
{
	uint8_t *field = (uint8_t *)x + r->offset;
	if (r->flags & A64_SR_FIXED)
		return;
	value = (value & r->mask) | (r->reset & ~r->mask);
	if (r->bytes == 4)
		*(uint32_t *)(void *)field = (uint32_t)value;
	else
		memcpy(field, &value, sizeof(value));
}

/* ---- MRS, MSR ----------------------------------------------------------------------------------- */

/* The ID space (C5.1.1): what is not allocated yet reads as zero. */
static uint32_t is_id_space(uint32_t enc)
{
	return enc >= VR_A64_SYSREG(3, 0, 0, 1, 0) && enc <= VR_A64_SYSREG(3, 0, 0, 7, 7);
}

/* A register of a device: VR_OK, or an error when no device has it. */
static int32_t ask_bus(struct vr_exec *x, uint32_t enc, uint32_t is_write, uint64_t *value)
{
	const struct a64_system *system = a64_system_of(x);
	if (a64_of(x)->el == 0 || system->common.mmio == NULL)
		return VR_E_NOENT;
	return system->common.mmio->access(system->common.host, VR_SPACE_SYSREG, x->index, enc, 8, is_write,
					   value);
}

static uint32_t allowed(struct vr_exec *x, const struct a64_sysreg *r, uint32_t is_read)
{
	uint32_t need = a64_of(x)->el ? (is_read ? A64_R1 : A64_W1) : (is_read ? A64_R0 : A64_W0);
	return r->access & need;
}

uint64_t VR_CALL a64_helper_sysreg_read(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t rt)
{
	uint32_t enc = (uint32_t)a;
	const struct a64_sysreg *r = a64_sysreg_find(enc);
	uint64_t value = 0;

	(void)b;
	if (r == NULL) {
		if (ask_bus(x, enc, 0, &value) == 0 || (is_id_space(enc) && a64_of(x)->el))
			return value;
		return a64_raise(x, EC_UNKNOWN, 0);
	}
	if (!allowed(x, r, 1))
		return a64_raise(x, EC_UNKNOWN, 0);
	if (r->check && r->check(x, r, (uint32_t)rt, 1))
		return 0;
	return r->read ? r->read(x, r) : a64_sysreg_get(x, r);
}

/* The code that follows was translated for the old context: when it has changed, leave, and look up the next
 * instruction. */
static void context_after(struct vr_exec *x)
{
	uint64_t mode_flags = x->mode_flags, asid = x->asid;
	a64_context(x);
	if (x->mode_flags != mode_flags || x->asid != asid)
		a64_exit_next_pc(x);
}

uint64_t VR_CALL a64_helper_sysreg_write(struct vr_exec *x, uint64_t a, uint64_t value, uint64_t rt)
{
	uint32_t enc = (uint32_t)a;
	const struct a64_sysreg *r = a64_sysreg_find(enc);

	if (r == NULL) {
		if (ask_bus(x, enc, 1, &value) != 0)
			return a64_raise(x, EC_UNKNOWN, 0);
		return 0;
	}
	if (!allowed(x, r, 0))
		return a64_raise(x, EC_UNKNOWN, 0);
	if (r->check && r->check(x, r, (uint32_t)rt, 0))
		return 0;
	if (r->write)
		r->write(x, r, value);
	else
		a64_sysreg_set(x, r, value);
	if (r->flags & A64_SR_DEBUG)
		a64_debug_update(x);
	if (r->flags & A64_SR_CONTEXT)
		context_after(x);
	return 0;
}

/* MSR (immediate), C6.2.208. */
#define MSR_SPSEL (0u << 3 | 5u)
#define MSR_DAIFSET (3u << 3 | 6u)
#define MSR_DAIFCLR (3u << 3 | 7u)

uint64_t VR_CALL a64_helper_msr_imm(struct vr_exec *x, uint64_t field, uint64_t imm, uint64_t c)
{
	struct a64_state *s = a64_of(x);
	uint32_t bits = ((uint32_t)imm & 15) << 6;

	(void)c;
	if (s->el == 0 && (field == MSR_DAIFSET || field == MSR_DAIFCLR) && !(s->sctlr_el1 & SCTLR_UMA))
		return a64_raise_sysreg(x, VR_A64_SYSREG(0, 3, 4, (uint32_t)imm & 15, (uint32_t)field & 7),
					31, 0);
	if (field == MSR_DAIFSET)
		s->daif |= bits;
	else if (field == MSR_DAIFCLR)
		s->daif &= ~bits;
	else if (field == MSR_SPSEL && s->el)
		a64_select_sp(x, 1, (uint32_t)imm & 1);
	else
		return a64_raise(x, EC_UNKNOWN, 0);
	context_after(x);
	if (a64_recheck(x))
		a64_exit_next_pc(x);
	return 0;
}
