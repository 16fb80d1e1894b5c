/* SPDX-License-Identifier: MIT */
/*
 * system.h: the system side of arm64 (exceptions, translation, system registers, timers), private to this
 * library.
 *
 * The machine modelled is Armv8.0-A with EL0 and EL1 only, plus the features that idregs.def announces.
 * Section numbers are those of the Arm ARM, DDI 0487.
 */
#ifndef VR_XLATE_ARM64_SYSTEM_H
#define VR_XLATE_ARM64_SYSTEM_H

#include <xlate/isa/vcpu.h>

#include "isa.h"

/* ---- what hangs off vr_exec.isa ------------------------------------------------------------- */

#define A64_TIMER_VIRT 0
#define A64_TIMER_PHYS 1

struct a64_system {
	struct isa_common common; /* timer_lock: the timers' registers, `level` and the lines they drive */
	uint32_t level[2];        /* what A64_TIMER_*'s line was last driven to */
	uint32_t stepping;        /* software step: an instruction has begun; see debug.c */
};

static inline struct a64_system *a64_system_of(struct vr_exec *x)
{
	return (struct a64_system *)x->isa;
}

/* ---- SCTLR_EL1, TCR_EL1, PSTATE: D13.2.118, D13.2.131, C5.2 ---------------------------------- */

#define SCTLR_M (1u << 0)
#define SCTLR_A (1u << 1)
#define SCTLR_SA (1u << 3)
#define SCTLR_SA0 (1u << 4)
#define SCTLR_UMA (1u << 9)
#define SCTLR_DZE (1u << 14)
#define SCTLR_UCT (1u << 15)
#define SCTLR_NTWI (1u << 16)
#define SCTLR_NTWE (1u << 18)
#define SCTLR_WXN (1u << 19)
#define SCTLR_UCI (1u << 26)

#define TCR_EPD0 (1ull << 7)
#define TCR_A1 (1ull << 22)
#define TCR_EPD1 (1ull << 23)
#define TCR_AS (1ull << 36)
#define TCR_TBI0 (1ull << 37)
#define TCR_TBI1 (1ull << 38)

#define PSTATE_F (1u << 6)
#define PSTATE_I (1u << 7)
#define PSTATE_A (1u << 8)
#define PSTATE_D (1u << 9)
#define PSTATE_DAIF 0x3c0u
#define PSTATE_IL (1u << 20)
#define PSTATE_RESET 0x3c5u /* EL1h, DAIF set: D1.9.1 */
#define PSTATE_SS (1u << 21)

#define FPCR_AHP (1u << 26)
#define FPCR_DN (1u << 25)
#define FPCR_FZ (1u << 24)
#define FPCR_MASK 0x07c00000u /* AHP DN FZ RMode: no traps, no FP16 */
#define FPSR_QC_IDC 0x08000080u
#define FPSR_IEEE 0x1fu

#define MDSCR_SS (1u << 0)
#define MDSCR_TDCC (1u << 12)
#define MDSCR_KDE (1u << 13)
#define MDSCR_MDE (1u << 15)
#define OSLSR_OSLK (1u << 1)
#define OSDLR_DLK (1u << 0)

/* ESR_EL1.EC, D13.2.37. */
#define EC_UNKNOWN 0x00u
#define EC_WFX 0x01u
#define EC_FP 0x07u
#define EC_ILLEGAL 0x0eu
#define EC_SVC 0x15u
#define EC_HVC 0x16u
#define EC_SMC 0x17u
#define EC_SYSREG 0x18u
#define EC_INSN_LOWER 0x20u
#define EC_INSN_SAME 0x21u
#define EC_PC_ALIGN 0x22u
#define EC_DATA_LOWER 0x24u
#define EC_DATA_SAME 0x25u
#define EC_BREAKPOINT_LOWER 0x30u /* + 1: same */
#define EC_STEP_LOWER 0x32u
#define EC_STEP_SAME 0x33u
#define EC_WATCHPOINT_LOWER 0x34u /* + 1: same */

#define ISS_COND_ALWAYS 0x1e00000u /* CV = 1, COND = AL */

/* ---- context.c -------------------------------------------------------------------------------- */

/* Index in sp_el[] of the stack pointer that PSTATE selects. */
static inline uint32_t a64_sp_index(const struct a64_state *s)
{
	return s->el != 0 && s->spsel != 0;
}
/* PSTATE.EL and .SP, with the stack pointer that goes with them. */
void a64_select_sp(struct vr_exec *x, uint32_t el, uint32_t spsel);
/* The OS lock or the OS double lock is set: no debug exceptions (D2.3). */
static inline uint32_t a64_debug_locked(const struct a64_state *s)
{
	return (s->oslsr & OSLSR_OSLK) || (s->osdlr & OSDLR_DLK);
}
/* Debug exceptions from EL `el` go to EL1 (D2.3, "enabling debug exceptions"). */
static inline uint32_t a64_debug_enabled(const struct a64_state *s, uint32_t el, uint32_t daif)
{
	if (a64_debug_locked(s))
		return 0;
	return el == 0 || ((s->mdscr_el1 & MDSCR_KDE) && !(daif & PSTATE_D));
}

/* ---- pins.c ----------------------------------------------------------------------------------- */

/* Pins that are high and not masked. */
uint32_t a64_pending(const struct a64_state *s);
/* After PSTATE.DAIF was cleared: have a pending interrupt looked at. 1: there is one. */
uint32_t a64_recheck(struct vr_exec *x);

/* ---- exception.c ------------------------------------------------------------------------------ */

/* A synchronous exception at the current instruction (exec.pc), from a helper: sets exec.leave. Returns 0. */
uint64_t a64_raise(struct vr_exec *x, uint32_t ec, uint32_t iss);
/* From a helper at the current instruction: leave, and go on with the next one. A second call does nothing.
 * */
void a64_exit_next_pc(struct vr_exec *x);
/* For a log: an exception was taken at `from`, in EL `el`; a return was made. exec.pc and the state are the
 * new ones. */
void a64_log_taken(struct vr_exec *x, uint64_t from, uint32_t el, uint32_t vector, uint32_t has_far);
void a64_log_return(struct vr_exec *x, uint64_t from, uint32_t el);
/* EC 0x18 for MSR/MRS/system instruction `enc` (D13.2.37, "trapped MSR, MRS or System instruction"). */
uint64_t a64_raise_sysreg(struct vr_exec *x, uint32_t enc, uint32_t rt, uint32_t is_read);
/* AArch64.BranchAddr(): `pc` without the tag that TCR_EL1.TBIn lets software keep in it. Every address that
 * becomes the PC of an exception, or exec.pc outside generated code, goes through this. */
static inline uint64_t a64_branch_address(const struct a64_state *s, uint64_t pc)
{
	uint64_t plain = (uint64_t)((int64_t)(pc << 8) >> 8);

	return s->tcr_el1 & (pc >> 55 & 1 ? TCR_TBI1 : TCR_TBI0) ? plain : pc;
}
/* ---- debug.c ------------------------------------------------------------------------------------ */

/* A register that says where breakpoints and watchpoints are has changed. */
void a64_debug_update(struct vr_exec *x);
/* A breakpoint's exception at exec.pc, or a watchpoint's for an access at va. */
void a64_debug_exception(struct vr_exec *x, uint64_t va, uint32_t access);
/* Software step is active and the one instruction has run, or was not to run. */
uint32_t a64_step_pending(struct vr_exec *x);
void a64_step_exception(struct vr_exec *x);
/* ---- sys_ops.c ---------------------------------------------------------------------------------- */

/* Before interrupts are looked at: 1: the vCPU still sleeps in a call to the board's firmware. */
uint32_t a64_call_waits(struct vr_exec *x);

/* ---- mmu.c ---------------------------------------------------------------------------------- */

/* Fault numbers of a64_translate(): the fault status code (D13.2.37, DFSC) and a bit that makes them
 * non-zero. */
#define A64_FAULT 0x100
#define A64_FAULT_PC 0x200 /* misaligned pc */
#define FSC_SIZE 0x00u     /* + level */
#define FSC_TRANSLATION 0x04u
#define FSC_ACCESS 0x08u
#define FSC_PERMISSION 0x0cu
#define FSC_EXTERNAL 0x10u
#define FSC_WALK 0x14u /* external abort on a walk, + level */
#define FSC_ALIGNMENT 0x21u

struct a64_mapping {
	uint64_t physical; /* of the address */
	uint64_t page_size;
	uint32_t rights[2]; /* by EL: bits VR_ACCESS_* */
	uint32_t global;
	uint32_t attr;  /* MAIR index */
	uint32_t sh;    /* shareability */
	uint32_t level; /* that the descriptor was found at */
};
/* The stage 1 walk: 0 or a fault number; permissions are not checked. */
int32_t a64_walk(struct vr_exec *x, uint64_t va, struct a64_mapping *out);
/* log2 of the translation granule of the half that va lies in. */
uint32_t a64_granule(const struct a64_state *s, uint64_t va);
/* The range that a TLBI of `va` has to drop: at least a granule, and as much as any block mapping there ever
 * covered. 0: no range will do, drop everything. */
uint32_t a64_flush_range(struct vr_exec *x, uint64_t va, uint64_t *first, uint64_t *length);

/* ---- timer.c -------------------------------------------------------------------------------- */

#define A64_CNTFRQ 62500000u /* 16 ns a tick */

int32_t a64_timer_init(struct vr_exec *x);
void a64_timer_fini(struct vr_exec *x);
/* Look at both timers again: their registers may have changed. */
void a64_timer_update(struct vr_exec *x);
/* The same, and drive the lines anew: the interrupt controller may have been reset too. */
void a64_timer_restart(struct vr_exec *x);
uint64_t a64_count(struct vr_exec *x, uint32_t timer); /* CNTVCT or CNTPCT */

/* ---- sys.c: system registers ------------------------------------------------------------------ */

/* Access rights: read and write, at EL1 and EL0. */
#define A64_R1 1u
#define A64_W1 2u
#define A64_R0 4u
#define A64_W0 8u

/* Flags. */
#define A64_SR_STATE 1u   /* part of the canonical state */
#define A64_SR_CONTEXT 2u /* a write may change the context (a64_context) */
#define A64_SR_FIXED 4u   /* no storage: reads as `reset`, writes are ignored */
#define A64_SR_DEBUG 8u   /* a write may change breakpoints and watchpoints (a64_debug_update) */

struct a64_sysreg {
	const char *name;
	uint32_t enc;    /* VR_A64_SYSREG() */
	uint8_t access;  /* A64_R1 ... */
	uint8_t flags;   /* A64_SR_* */
	uint16_t bytes;  /* of the storage: 4 or 8 */
	uint32_t offset; /* of the storage in vr_exec */
	uint64_t reset;  /* bits outside `mask` keep this value */
	uint64_t mask;   /* writable bits */
	uint64_t (*read)(struct vr_exec *x, const struct a64_sysreg *r); /* NULL: the storage */
	void (*write)(struct vr_exec *x, const struct a64_sysreg *r, uint64_t value);
	/* Is this access, which `access` allows, allowed now? 0, or an exception has been raised. */
	uint64_t (*check)(struct vr_exec *x, const struct a64_sysreg *r, uint32_t rt, uint32_t is_read);
};

extern const struct a64_sysreg a64_sysregs[];
extern const uint32_t a64_sysreg_count;
const struct a64_sysreg *a64_sysreg_find(uint32_t enc);                 /* NULL: not modelled */
uint64_t a64_sysreg_get(struct vr_exec *x, const struct a64_sysreg *r); /* the storage, no effects */
void a64_sysreg_set(struct vr_exec *x, const struct a64_sysreg *r, uint64_t value); /* masked */

#endif
