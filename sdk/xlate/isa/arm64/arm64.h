/* SPDX-License-Identifier: MIT */
/*
 * arm64.h: an arm64 vCPU as the ISA library sees it: the layout of vr_exec for this guest, its registers, the
 * helpers.
 *
 * X0..X30 and SP fill the hot 256 bytes; everything else follows at VR_EXEC_STATE. SP is the current stack
 * pointer: the banked SP_EL0/SP_EL1 hold the other one while it is not selected.
 */
#ifndef VR_XLATE_ARM64_H
#define VR_XLATE_ARM64_H

#include <vmrun/state_arm64.h>
#include <vmrun/isa.h>

#include "../../ir/build.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Guest register numbers (GET/PUT imm). */
#define A64_REG_X(n) (n) /* 0..30 */
#define A64_REG_SP 31
#define A64_REG_FLAGS 32
#define A64_REG_EXCL_ADDR 33 /* exclusive monitor: address, UINT64_MAX: open */
#define A64_REG_EXCL_VAL 34  /* value read by LDXR / low half of a pair */
#define A64_REG_EXCL_HIGH 35 /* high half of a pair */
#define A64_REG_V(n) (64 + (n))
#define A64_REGS 96 /* 36..63 unused: kind VR_REG_INT, offset of a scratch word */

/* Mode flags: everything translated code depends on. */
#define A64_MODE_EL1 1u       /* else EL0 */
#define A64_MODE_FP 2u        /* FP/AdvSIMD accesses do not trap */
#define A64_MODE_FPSLOW 4u    /* FPCR has FZ, DN, AHP or FZ16 set: all FP through helpers */
#define A64_MODE_ALIGN 8u     /* SCTLR.A: unaligned data accesses fault */
#define A64_MODE_SPALIGN 16u  /* SP alignment checked (advisory) */
#define A64_MODE_UCI 32u      /* EL0: cache maintenance allowed (SCTLR.UCI) */
#define A64_MODE_UCT 64u      /* EL0: CTR_EL0 */
#define A64_MODE_DZE 128u     /* EL0: DC ZVA */
#define A64_MODE_UMA 256u     /* EL0: DAIF */
#define A64_MODE_STEP 1024u   /* software step active: one instruction a block, after A64_H_step */
#define A64_MODE_SP_EL0 2048u /* EL1t: PSTATE.SP = 0 */
#define A64_MODE_MMU 4096u    /* SCTLR.M */

/* What A64_H_step notes of an instruction: it is being stepped, it is a load-exclusive. */
#define A64_STEPPING 1u
#define A64_STEPPING_EXCLUSIVE 2u

/* The ISA's part of vr_exec, at VR_EXEC_STATE. */
struct a64_state {
	union vr_v128 v[32];
	uint32_t flags; /* register A64_REG_FLAGS, packed (VR_FLAG_*) */
	uint32_t daif;  /* PSTATE.DAIF in bits 9:6 */
	uint64_t excl_addr, excl_val, excl_high;
	uint64_t unused_reg;
	uint32_t el;           /* 0 or 1 */
	uint32_t spsel;        /* PSTATE.SP */
	uint32_t pstate_il_ss; /* IL bit 20, SS bit 21 */
	uint32_t fpcr;
	uint32_t fpsr_qc; /* FPSR.QC (bit 27) and IDC (bit 7): what the host's unit does not hold */
	uint32_t pins;    /* atomic: input levels */
	uint64_t tpidr_el0, tpidrro_el0, tpidr_el1;
	uint64_t sp_el[2]; /* SP_EL0, SP_EL1 while not current */
	uint64_t elr_el1, spsr_el1, esr_el1, far_el1, vbar_el1;
	uint64_t sctlr_el1, ttbr0_el1, ttbr1_el1, tcr_el1, mair_el1, amair_el1, contextidr_el1, cpacr_el1,
		par_el1;
	uint64_t mdscr_el1, afsr0_el1, afsr1_el1, csselr_el1, actlr_el1, cntkctl_el1;
	uint64_t cntp_ctl, cntp_cval, cntv_ctl, cntv_cval, cntvoff;
	uint64_t mpidr_el1;
	uint64_t oslsr, osdlr;
	uint64_t dbgbvr[6], dbgbcr[6], dbgwvr[4], dbgwcr[4];
	uint64_t pmcr, pmcntenset, pmintenset, pmovsset, pmuserenr, pmselr, pmccntr, pmccfiltr;
	uint64_t event;      /* WFE event register */
	uint64_t call_waits; /* an HVC (1) or SMC (2) is answered when the vCPU wakes; see sys_ops.c */
	struct vr_timer *timer_virt, *timer_phys;
	uint64_t mdccint, osdtrrx, osdtrtx, dbgprcr, dbgclaim;
	uint64_t reserved[26];
};

static inline struct a64_state *a64_of(struct vr_exec *x)
{
	return (struct a64_state *)((uint8_t *)x + VR_EXEC_STATE);
}
/* X0..X30 and [31] = SP. */
static inline uint64_t *a64_x(struct vr_exec *x)
{
	return (uint64_t *)(void *)x->hot;
}
#define A64_STATE_OFFSET(member) (VR_EXEC_STATE + offsetof(struct a64_state, member))

/* Helper numbers: three tables, one a file group, joined in isa.c in this order. */
enum a64_helper {
#define A64_HELPER(name, flags) A64_H_##name,
#include "helpers_int.def"
#include "helpers_sys.def"
#include "helpers_fp.def"
#undef A64_HELPER
	A64_H_COUNT
};

/* -- sys.c, mmu.c, exception.c, timer.c (system side) -- */
/* Recompute x->mode_flags and x->asid from the state and tell the engine when they changed. */
void a64_context(struct vr_exec *x);
/* Take an exception to EL1. ec: ESR.EC, iss: ESR.ISS; `ret`: preferred return address; far valid when
 * has_far. Offsets follow D1.10.2. Clears the exclusive monitor on ERET only. */
#define A64_VECTOR_SYNC 0x000
#define A64_VECTOR_IRQ 0x080
#define A64_VECTOR_FIQ 0x100
#define A64_VECTOR_SERROR 0x180
void a64_exception(struct vr_exec *x, uint32_t vector, uint32_t ec, uint32_t iss, uint64_t ret,
		   uint32_t has_far, uint64_t far);
/* PSTATE as SPSR has it, and back (does not call a64_context). */
uint64_t a64_pstate(struct vr_exec *x);
void a64_set_pstate(struct vr_exec *x, uint64_t spsr);

/* -- fp.c -- */
uint32_t a64_fpsr_read(struct vr_exec *x); /* merges the host's flags (x->fp_flags) */
int32_t VR_CALL a64_fp_slow(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			    const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c);

/* -- the lifter (lift.c, lift_*.c) -- */
struct a64_lift {
	struct vr_ir *ir;
	uint64_t pc; /* place of the current instruction: bytes from its page's base */
	uint64_t mode_flags;
	uint32_t insn; /* the word */
	uint32_t done; /* set when a terminator was added */
};

/* Fields of an instruction, set by the decoder as its row's pattern names them. */
struct a64_fields {
#define A64_FIELD(name) uint32_t name;
#include "fields.def"
#undef A64_FIELD
};

/* A row's handler: appends IR. 1: lifted; 0: this encoding is unallocated (the caller raises UNDEFINED). */
typedef int (*a64_handler)(struct a64_lift *l, const struct a64_fields *f);

/* X register as a source: 31 is zero (XZR); type VR_T_I32/I64. */
static inline uint32_t a64_get_x(struct a64_lift *l, uint32_t r, uint32_t type)
{
	return r == 31 ? vr_ir_const(l->ir, type, 0) : vr_ir_get(l->ir, type, r);
}
static inline void a64_put_x(struct a64_lift *l, uint32_t r, uint32_t value)
{
	if (r != 31)
		vr_ir_put(l->ir, VR_T_I64, r, value);
}
/* The same with 31 = SP. */
static inline uint32_t a64_get_xsp(struct a64_lift *l, uint32_t r, uint32_t type)
{
	return vr_ir_get(l->ir, type, r);
}
static inline void a64_put_xsp(struct a64_lift *l, uint32_t r, uint32_t value)
{
	vr_ir_put(l->ir, VR_T_I64, r, value);
}
/* Raise a synchronous exception at the current instruction and end the block (ec/iss are constants). */
void a64_lift_exception(struct a64_lift *l, uint32_t ec, uint32_t iss);
/* FP/AdvSIMD instruction: 1 when accessible; else the trap (EC 0x07) was lifted. Call first in every FP
 * handler: `if (!a64_lift_fp_check(l)) return 1;` */
int a64_lift_fp_check(struct a64_lift *l);

#ifdef __cplusplus
}
#endif

#endif
