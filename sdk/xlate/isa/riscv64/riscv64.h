/* SPDX-License-Identifier: MIT */
/*
 * riscv64.h: a riscv64 hart as the ISA library sees it: the layout of vr_exec for this guest, its registers,
 * the helpers. Chapters are those of the RISC-V Instruction Set Manual, volumes I (unprivileged) and II
 * (privileged).
 *
 * x0..x31 are the hot 256 bytes; the word of x0 stays 0, and no op uses it as a guest register. An f register is a
 * vector register of whose 128 bits the low half counts: it holds a double, or a single NaN-boxed (vol. I, "NaN
 * Boxing of Narrower Values").
 */
#ifndef VR_XLATE_RISCV64_H
#define VR_XLATE_RISCV64_H

#include <vmrun/state_riscv64.h>
#include <vmrun/isa.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Guest register numbers (GET/PUT imm). */
#define RV_REG_X(n) (n)    /* 1..31 */
#define RV_REG_RES_ADDR 32 /* LR's reservation: address, UINT64_MAX: none */
#define RV_REG_RES_VAL 33  /* what LR read there, sign-extended */
#define RV_REG_F(n) (34 + (n))
#define RV_REGS 66

#define RV_USER 0u
#define RV_SUPERVISOR 1u
#define RV_MACHINE 3u

/* Mode flags: everything translated code, or a translation, depends on. */
#define RV_MODE_PRIVILEGE 3u /* privilege */
#define RV_MODE_MMU 4u       /* satp.MODE is not Bare */
#define RV_MODE_FP \
	8u /* mstatus.FS is not Off: then it is Dirty, there is no tracking. Not in U-mode: see \
	      rv_helper_fp_on() */
#define RV_MODE_FRM_SHIFT 5
#define RV_MODE_FRM 0xe0u /* frm; with RV_MODE_FP */
#define RV_MODE_MXR 0x200u
#define RV_MODE_MPRV 0x400u /* data accesses as if in mode MPP: */
#define RV_MODE_MPP_SHIFT 11
#define RV_MODE_COUNT (1u << 20) /* code adds each instruction to minstret */

#define RV_PMP_ENTRIES 16u
#define RV_TRIGGERS 4u

/* A PMP entry that is not off, with the bytes it covers. */
struct rv_pmp_range {
	uint64_t first, last;
	uint32_t rights; /* bit VR_ACCESS_* */
	uint32_t locked; /* M-mode has no other rights either */
};

/* What pmpcfg and pmpaddr say, made ready for looking up: nothing but rv_pmp_update() changes it. See pmp.c.
 */
struct rv_pmp {
	uint32_t count;  /* ranges, in order of priority */
	uint32_t open;   /* S and U mode may do everything everywhere */
	uint32_t locked; /* some range binds M-mode */
	uint32_t reserved;
	struct rv_pmp_range range[RV_PMP_ENTRIES];
};

/* The ISA's part of vr_exec, at VR_EXEC_STATE. */
struct rv_state {
	union vr_v128 f[32];
	uint64_t res_addr, res_val;
	uint32_t mode; /* RV_USER ... */
	uint32_t frm;
	uint32_t pins;    /* atomic: levels, as bits of mip */
	uint32_t latched; /* atomic: bits of mip that software sets and clears: SSIP, STIP, SEIP */
	uint64_t unused;  /* of CSRs without storage */
	uint32_t fp_used; /* since the last trap, return, or write of FS as Off: an FP instruction met outside
			     U-mode */
	uint32_t counted; /* minstret is what code counts: software has written it. See csr.c */
	uint64_t mstatus, medeleg, mideleg, mie, mtvec, mcounteren, mcountinhibit, menvcfg;
	uint64_t mscratch, mepc, mcause, mtval;
	uint64_t stvec, scounteren, senvcfg, sscratch, sepc, scause, stval, satp, stimecmp;
	uint64_t pmpcfg[RV_PMP_ENTRIES / 8], pmpaddr[RV_PMP_ENTRIES];
	uint64_t mhpmevent[29];
	struct vr_timer *timer;
	uint64_t mcycle, minstret; /* see csr.c */
	uint64_t time_offset;      /* atomic: what time shows besides guest time; see timer.c */
	uint32_t time_stale;       /* atomic: the board is to be asked for it */
	uint32_t call_waits;       /* an ECALL is answered when the hart wakes; see trap.c */
	uint64_t reserved[12];
	struct rv_pmp pmp;
	uint64_t tselect, tdata1[RV_TRIGGERS], tdata2[RV_TRIGGERS];
};

static inline struct rv_state *rv_of(struct vr_exec *x)
{
	return (struct rv_state *)((uint8_t *)x + VR_EXEC_STATE);
}
static inline uint64_t *rv_x(struct vr_exec *x)
{
	return (uint64_t *)(void *)x->hot;
}
#define RV_STATE_OFFSET(member) (VR_EXEC_STATE + offsetof(struct rv_state, member))

enum rv_helper {
#define RV_HELPER(name, flags) RV_H_##name,
#include "helpers.def"
#undef RV_HELPER
	RV_H_COUNT
};

/* -- the lifter (lift.c, lift_*.c) -- */
/* A conditional branch: taken when a cc b, which are values. */
struct rv_branch {
	uint64_t to;
	uint32_t op; /* its BRCMP, 0: there is none */
	uint32_t cc, a, b;
};

struct rv_lift {
	struct vr_ir *ir;
	uint64_t pc; /* place of the current instruction: bytes from its page's base */
	uint64_t mode_flags;
	uint32_t insn;   /* the word, or the 16 bits of a compressed one */
	uint32_t length; /* 2 or 4 */
	uint32_t
		expanded; /* with RV_LIFT_EXPANDED: the 32-bit instruction that a compressed one stands for */
	uint32_t done;    /* set when a terminator was added */
	uint32_t boxed;   /* f registers known to hold a NaN-boxed single */
	struct rv_branch branch;
	uint32_t guarded; /* what is PUT now is only put when `branch` is not taken */
};

/* Fields of an instruction, set by the decoder as its row's pattern names them. */
struct rv_fields {
#define RV_FIELD(name) uint32_t name;
#include "fields.def"
#undef RV_FIELD
};

/* A row's handler: appends IR. 1: lifted; 0: illegal (the caller raises that); RV_LIFT_EXPANDED: nothing is
 * appended, rv_lift.expanded is to be lifted. */
#define RV_LIFT_EXPANDED 2
typedef int (*rv_handler)(struct rv_lift *l, const struct rv_fields *f);

#ifdef __cplusplus
}
#endif

#endif
