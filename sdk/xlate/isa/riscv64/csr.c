/* SPDX-License-Identifier: MIT */
/*
 * csr.c: the table of control and status registers, which modes may use them, and those that are more than a
 * field (vol. I, "Zicsr"; vol. II, "Control and Status Registers").
 *
 * A register that is not in the table may belong to a device: the register bus is asked. One that no device
 * has is illegal.
 */
#include <string.h>
#include "system.h"

/* MXL 64 bits; A C D F I M S U */
#define MISA (2ull << 62 | 1u << 0 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 8 | 1u << 12 | 1u << 18 | 1u << 20)

/* ---- conditions ----------------------------------------------------------------------------- */

/* mcounteren, scounteren: cycle, time, instret are bits 0, 1, 2. */
static uint32_t check_counter(struct vr_exec *x, const struct rv_csr *r)
{
	const struct rv_state *s = rv_of(x);
	uint64_t enabled = s->mode == RV_MACHINE      ? ~0ull
			   : s->mode == RV_SUPERVISOR ? s->mcounteren
						      : s->mcounteren & s->scounteren;
	return enabled >> (r->number & 31) & 1;
}

/* "Sstc": below M with mcounteren.TM and menvcfg.STCE alone. */
static uint32_t check_stimecmp(struct vr_exec *x, const struct rv_csr *r)
{
	const struct rv_state *s = rv_of(x);
	(void)r;
	return s->mode == RV_MACHINE || ((s->mcounteren & 2) && (s->menvcfg & MENVCFG_STCE));
}

static uint32_t check_satp(struct vr_exec *x, const struct rv_csr *r)
{
	const struct rv_state *s = rv_of(x);
	(void)r;
	return s->mode == RV_MACHINE || !(s->mstatus & MSTATUS_TVM);
}

/* ---- registers that are more than a field ---------------------------------------------------- */

static void write_inhibit(struct vr_exec *x, const struct rv_csr *r, uint64_t value);

static uint64_t read_zero(struct vr_exec *x, const struct rv_csr *r)
{
	(void)x, (void)r;
	return 0;
}

static void write_nothing(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	(void)x, (void)r, (void)value;
}

static uint64_t read_hartid(struct vr_exec *x, const struct rv_csr *r)
{
	(void)r;
	return x->index;
}

static uint64_t read_misa(struct vr_exec *x, const struct rv_csr *r)
{
	(void)x, (void)r;
	return MISA;
}

static uint64_t read_time(struct vr_exec *x, const struct rv_csr *r)
{
	(void)r;
	return rv_time(x);
}

/*
 * mcycle and minstret ("Hardware Performance Monitor"). A cycle is a nanosecond, and so is an instruction
 * until software writes minstret: from then on translated code counts each one (RV_MODE_COUNT), which costs
 * time, so that it is done only for software that counts instructions itself. The fields hold the counter's
 * value less the nanoseconds where it counts those, so a counter that mcountinhibit stops holds its value.
 */
#define COUNTER_BIT(r) ((r)->number & 31) /* in mcountinhibit: CY 0, IR 2 */
#define BIT_IR 2u                         /* RV_COUNTER_IR */

static uint64_t counted_by_time(struct vr_exec *x, const struct rv_csr *r)
{
	const struct rv_state *s = rv_of(x);

	if ((s->mcountinhibit >> COUNTER_BIT(r) & 1) || (COUNTER_BIT(r) == BIT_IR && s->counted))
		return 0;
	return rv_nanoseconds(x);
}

uint64_t rv_counter_get(struct vr_exec *x, const struct rv_csr *r)
{
	uint64_t value = rv_csr_get(x, r);

	return r->number == RV_CSR_MCOUNTINHIBIT ? value : value + counted_by_time(x, r);
}

void rv_counter_set(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	if (r->number == RV_CSR_MCOUNTINHIBIT)
		write_inhibit(x, r, value);
	else
		rv_csr_set(x, r, value - counted_by_time(x, r));
}

/* The instruction that reads has been counted already. */
static uint64_t read_counter(struct vr_exec *x, const struct rv_csr *r)
{
	return rv_counter_get(x, r) - (COUNTER_BIT(r) == BIT_IR && (x->mode_flags & RV_MODE_COUNT));
}

static void write_minstret(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	rv_of(x)->counted = 1;
	rv_counter_set(x, r, value);
}

/* Both counters keep their value, whether they are started or stopped. */
static void write_inhibit(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	const struct rv_csr *cycle = rv_csr_find(RV_CSR_MCYCLE), *instret = rv_csr_find(RV_CSR_MINSTRET);
	uint64_t cycles = rv_counter_get(x, cycle), instructions = rv_counter_get(x, instret);

	rv_csr_set(x, r, value);
	rv_counter_set(x, cycle, cycles);
	rv_counter_set(x, instret, instructions);
}

static uint64_t with_sd(uint64_t status)
{
	return status | (status & MSTATUS_FS ? MSTATUS_SD : 0);
}

static uint64_t read_mstatus(struct vr_exec *x, const struct rv_csr *r)
{
	(void)r;
	return with_sd(rv_of(x)->mstatus);
}

static uint64_t read_sstatus(struct vr_exec *x, const struct rv_csr *r)
{
	(void)r;
	return with_sd(rv_of(x)->mstatus & (MSTATUS_S | MSTATUS_UXL));
}

static void change_status(struct vr_exec *x, uint64_t mask, uint64_t value)
{
	struct rv_state *s = rv_of(x);
	uint64_t status = (s->mstatus & ~mask) | (value & mask);

	if ((status & MSTATUS_MPP) == 2ull << MSTATUS_MPP_SHIFT) /* no such mode */
		status = (status & ~MSTATUS_MPP) | (s->mstatus & MSTATUS_MPP);
	if (status & MSTATUS_FS)
		status |= MSTATUS_FS;
	else
		s->fp_used = 0;
	s->mstatus = status;
}

static void write_mstatus(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	(void)r;
	change_status(x, MSTATUS_M, value);
}

static void write_sstatus(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	(void)r;
	change_status(x, MSTATUS_S, value);
}

static uint64_t read_sie(struct vr_exec *x, const struct rv_csr *r)
{
	(void)r;
	return rv_of(x)->mie & rv_of(x)->mideleg;
}

static void write_sie(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	struct rv_state *s = rv_of(x);
	(void)r;
	s->mie = (s->mie & ~s->mideleg) | (value & s->mideleg);
}

static uint64_t read_mip(struct vr_exec *x, const struct rv_csr *r)
{
	(void)r;
	return rv_pending(x);
}

static uint64_t read_sip(struct vr_exec *x, const struct rv_csr *r)
{
	(void)r;
	return rv_pending(x) & rv_of(x)->mideleg;
}

/* Other harts may latch SSIP meanwhile: only what is written changes. */
static void latch(struct vr_exec *x, uint32_t mask, uint64_t value)
{
	uint32_t *latched = &rv_of(x)->latched;
	__atomic_fetch_and(latched, ~mask | (uint32_t)value, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(latched, mask & (uint32_t)value, __ATOMIC_SEQ_CST);
}

/* With Sstc, only the comparator changes STIP. */
static void write_mip(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	(void)r;
	latch(x, rv_of(x)->menvcfg & MENVCFG_STCE ? RV_IP_SSIP | RV_IP_SEIP : RV_IP_S, value);
}

static void write_sip(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	(void)r;
	latch(x, RV_IP_SSIP & (uint32_t)rv_of(x)->mideleg, value);
}

/* A mode that is not implemented: nothing is written ("Supervisor Address Translation and Protection"). */
static void write_satp(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	uint64_t mode = value >> SATP_MODE_SHIFT;

	if (mode == SATP_BARE || mode == SATP_SV39 || mode == SATP_SV48)
		rv_csr_set(x, r, value);
}

static void write_timer(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	pthread_mutex_lock(&rv_system_of(x)->common.timer_lock);
	rv_csr_set(x, r, value);
	pthread_mutex_unlock(&rv_system_of(x)->common.timer_lock);
	rv_timer_update(x);
}

/* ---- the table ------------------------------------------------------------------------------- */

enum {
#define RV_CSR(name, number, field, reset, mask, read, write, check, flags) CSR_##name,
#include "csrs.def"
#undef RV_CSR
	CSR_COUNT
};

const struct rv_csr rv_csrs[] = {
#define RV_CSR(csr_name, csr_number, field, csr_reset, csr_mask, csr_read, csr_write, csr_check, csr_flags) \
	{.name = #csr_name,                                                                                 \
	 .number = csr_number,                                                                              \
	 .flags = csr_flags,                                                                                \
	 .bytes = sizeof(((struct rv_state *)0)->field),                                                    \
	 .offset = RV_STATE_OFFSET(field),                                                                  \
	 .reset = csr_reset,                                                                                \
	 .mask = csr_mask,                                                                                  \
	 .read = csr_read,                                                                                  \
	 .write = csr_write,                                                                                \
	 .check = csr_check},
#include "csrs.def"
#undef RV_CSR
};
const uint32_t rv_csr_count = CSR_COUNT;

/* One case a register: two with the same number do not compile. */
const struct rv_csr *rv_csr_find(uint32_t number)
{
	switch (number) {
#define RV_CSR(name, number, field, reset, mask, read, write, check, flags) \
	case number:                                                        \
		return &rv_csrs[CSR_##name];
#include "csrs.def"
#undef RV_CSR
	default:
		return NULL;
	}
}

/* ---- CSRRW, CSRRS, CSRRC --------------------------------------------------------------------- */

/* mhpmcounter3..31 and mhpmevent3..31: there, and always zero ("Hardware Performance Monitor"). */
static uint32_t is_zero_counter(uint32_t number)
{
	return (number >= 0xb03 && number <= 0xb1f) || (number >= 0x323 && number <= 0x33f);
}

static uint32_t allowed(struct vr_exec *x, uint32_t number, uint32_t writes)
{
	return rv_of(x)->mode >= (number >> 8 & 3) && !(writes && number >> 10 == 3);
}

/* A register of a device: VR_OK, or an error when no device has it. */
static int32_t ask_bus(struct vr_exec *x, uint32_t number, uint32_t is_write, uint64_t *value)
{
	const struct rv_system *system = rv_system_of(x);
	if (system->common.mmio == NULL)
		return VR_E_NOENT;
	return system->common.mmio->access(system->common.host, VR_SPACE_SYSREG, x->index, number, 8,
					   is_write, value);
}

/* 1 and the old value, or an exception has been raised. */
static uint32_t read_checked(struct vr_exec *x, uint32_t insn, uint32_t writes, uint64_t *value)
{
	uint32_t number = insn >> 20;
	const struct rv_csr *r = rv_csr_find(number);

	*value = 0;
	if (allowed(x, number, writes)) {
		if (r && (!r->check || r->check(x, r))) {
			*value = r->read ? r->read(x, r) : rv_csr_get(x, r);
			return 1;
		}
		if (!r && (is_zero_counter(number) || ask_bus(x, number, 0, value) == 0))
			return 1;
	}
	rv_raise(x, RV_CAUSE_ILLEGAL, insn);
	return 0;
}

uint64_t VR_CALL rv_helper_csr_read(struct vr_exec *x, uint64_t insn, uint64_t b, uint64_t c)
{
	uint64_t value;

	(void)b, (void)c;
	read_checked(x, (uint32_t)insn, 0, &value);
	return value;
}

/* The instruction's bits 13:12: 1 write, 2 set, 3 clear. mip and sip: what pins drive is not written back. */
uint64_t VR_CALL rv_helper_csr_write(struct vr_exec *x, uint64_t insn, uint64_t operand, uint64_t leaves)
{
	uint32_t number = (uint32_t)insn >> 20, kind = insn >> 12 & 3, leave;
	const struct rv_csr *r = rv_csr_find(number);
	uint64_t old, base, value, mode_flags = x->mode_flags, asid = x->asid;

	if (!read_checked(x, (uint32_t)insn, 1, &old))
		return 0;
	base = r && r->offset == RV_STATE_OFFSET(latched)
		       ? __atomic_load_n(&rv_of(x)->latched, __ATOMIC_SEQ_CST)
		       : old;
	value = kind == 1 ? operand : kind == 2 ? base | operand : base & ~operand;
	if (r == NULL) {
		if (!is_zero_counter(number))
			ask_bus(x, number, 1, &value);
		return old;
	}
	if (r->write)
		r->write(x, r, value);
	else
		rv_csr_set(x, r, value);
	leave = r->flags & (RV_CSR_PMP | RV_CSR_DEBUG);
	if (r->flags & RV_CSR_CONTEXT) {
		/* An interrupt that this unmasks is taken before the next instruction, which may mask it
		 * again ("Supervisor Interrupt (sip and sie)"). */
		rv_context(x);
		leave |= rv_recheck(x) || x->mode_flags != mode_flags || x->asid != asid;
	}
	if (leaves && leave) {
		x->pc += 4;
		x->leave = 1;
	}
	return old;
}

/* ---- fcsr ------------------------------------------------------------------------------------- */

uint32_t rv_swap_flags(uint32_t flags)
{
	uint32_t swapped = 0;

	for (uint32_t i = 0; i < 5; i++)
		swapped |= (flags >> i & 1) << (4 - i);
	return swapped;
}

uint32_t rv_set_frm(struct vr_exec *x, uint32_t frm)
{
	static const uint8_t modes[8] = {VR_RM_NEAREST, VR_RM_ZERO,    VR_RM_DOWN,    VR_RM_UP,
					 VR_RM_NEAREST, VR_RM_NEAREST, VR_RM_NEAREST, VR_RM_NEAREST};

	rv_of(x)->frm = frm & 7;
	return modes[frm & 7];
}

uint64_t VR_CALL rv_helper_set_frm(struct vr_exec *x, uint64_t frm, uint64_t b, uint64_t c)
{
	uint32_t mode = rv_set_frm(x, (uint32_t)frm);

	(void)b, (void)c;
	rv_context(x);
	return mode;
}
