/* SPDX-License-Identifier: MIT */
/*
 * isa.h: vmrun.isa/1, a guest architecture: what its instructions mean, how its addresses translate, how it takes
 * exceptions. Stable: a plugin built against it works with every later engine of this major.
 *
 * The engine (soft) owns the IR, the code cache, the software TLB and the vCPU loop. Engine, generated code, isa and
 * the isa's helpers work on one block of memory a vCPU:
 *
 *     [0, VR_EXEC_HOT)                 the hottest guest registers
 *     [VR_EXEC_HOT, sizeof(vr_exec))   what engine and isa share
 *     [sizeof(vr_exec), VR_EXEC_STATE) the engine's; an isa neither reads nor writes it
 *     [VR_EXEC_STATE, + state_size)    the isa's own state
 *
 * An isa knows nothing of the host. What generates code from the IR is an emitter, vmrun.emitter/1 (emitter.h), which
 * may come from another plugin.
 */
#ifndef VMRUN_ISA_H
#define VMRUN_ISA_H

#include <vmrun/abi.h>
#include <vmrun/host.h>
#include <vmrun/ir.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_ISA_ID "vmrun.isa/1"

union vr_v128 {
	uint8_t b[16];
	uint16_t h[8];
	uint32_t s[4];
	uint64_t d[2];
	float f32[4];
	double f64[2];
};

/* 32 bytes. */
union vr_v256 {
	union vr_v128 half[2]; /* the low one first */
	uint8_t b[32];
	uint16_t h[16];
	uint32_t s[8];
	uint64_t d[4];
	float f32[8];
	double f64[4];
};

/* ---- the vCPU's block ----------------------------------------------------------------------- */

#define VR_EXEC_HOT 256    /* bytes; an emitter addresses them with its shortest displacements */
#define VR_EXEC_STATE 2048 /* byte offset of the isa's own state */

struct vr_engine_vcpu; /* the engine's; opaque to the isa */
struct vr_isa_vcpu;    /* the isa's; opaque to the engine */

/*
 * How code addresses lie in linear ones. A linear address is what translate() takes, and what exec.pc is. A code address is what
 * the guest's instructions see: what a call stores, what an indirect jump is given, PC_CONST. They differ where code has a base,
 * or where addresses wrap at 16 or 32 bits. Zeros: both are the same, 64 bits wide.
 *
 * What follows an instruction, and where a branch goes, is found among code addresses: code that runs off their end goes on at
 * code address 0. The bits that are ignored are all the bits from some bit on.
 */
struct vr_code_space {
	uint64_t base;           /* linear address of code address 0 */
	uint64_t ignored;        /* bits that a code address does not have */
	uint64_t linear_ignored; /* bits that a linear address does not have; none below bit 12 */
};
static inline uint64_t vr_linear_address(const struct vr_code_space *s, uint64_t code)
{
	return (s->base + (code & ~s->ignored)) & ~s->linear_ignored;
}
static inline uint64_t vr_code_address(const struct vr_code_space *s, uint64_t linear)
{
	return (linear - s->base) & ~s->ignored;
}
/* Where a place in the IR is: `place` bytes from a page at linear address `page`. */
static inline uint64_t vr_place_address(const struct vr_code_space *s, uint64_t page, uint64_t place)
{
	return vr_linear_address(s, vr_code_address(s, page + place));
}

/* Zeros before vr_isa.init(). */
struct vr_exec {
	uint8_t hot[VR_EXEC_HOT];
	uint64_t
		pc; /* linear address of the next instruction: valid outside generated code, and where an op's
			contract says so */
	/* The engine's: != 0: leave generated code. Atomic; generated code polls it on back-edges and indirect
	 * branches. An isa calls env->kick(). */
	uint32_t exit_request;
	uint32_t leave; /* set by a helper with VR_HF_MAY_LEAVE: pc is set, go to the dispatcher */
	uint64_t asid;  /* of the current address space; set by the isa, then env->context() */
	/* What translated code depends on besides its bytes: exception level, FP access ... Bit 63 is the
	 * engine's, here it is 0. Set by the isa, then env->context(). */
	uint64_t mode_flags;
	uint32_t index;          /* vCPU number */
	uint32_t fp_round;       /* VR_RM_*: the rounding mode */
	uint32_t fp_flags;       /* VR_FP_*: sticky flags that are not, or no longer, in the host's unit */
	uint32_t user_open;      /* as env->user_access() was last told; the isa reads it only */
	struct vr_isa_vcpu *isa; /* what init() made */
	struct vr_engine_vcpu *engine; /* the engine's vCPU */
	const struct vr_isa_env *env;
	/* Translated code depends on it as on mode_flags. Set by the isa, then env->context(). */
	struct vr_code_space code;
	uint64_t reserved[20];
};

/* ---- what a guest architecture is ------------------------------------------------------------- */

#define VR_REG_INT 0
#define VR_REG_VEC 1
#define VR_REG_FLAGS 2
/*
 * An integer register (8 bytes; I32, I64) that belongs to the guest's condition flags: what a parity flag is computed from, say.
 * As of FLAGS, a PUT that another PUT follows before any GET may be dropped, also where an access between the two faults: the
 * guest then finds an older value, which the instruction that it goes on with overwrites. PUTs of these registers and of FLAGS
 * that come last in a block, FLAGS last of all, are done on the edges where they are of use only; what computes their values
 * is not, so a lifter PUTs values that are there anyway.
 */
#define VR_REG_CONDITION 3
#define VR_REG_VEC256 4
struct vr_guest_reg {
	uint32_t offset; /* in vr_exec; INT and CONDITION 8 bytes, VEC 16, FLAGS 4, VEC256 32 */
	uint32_t kind;   /* VR_REG_* */
	const char *name;
};

/* The default memory order. VR_MF_* and FENCE ask for more where an instruction does. */
#define VR_ORDER_WEAK 0u /* none but between accesses that depend on each other */
#define VR_ORDER_TSO 1u  /* loads are acquires and stores releases; a store may be seen after a later load */

#define VR_HF_READS 1u     /* needs guest registers up to date in memory */
#define VR_HF_WRITES 2u    /* may change guest registers in memory */
#define VR_HF_PC 4u        /* needs exec.pc = the current instruction */
#define VR_HF_MAY_LEAVE 8u /* may set exec.leave (took an exception ...) */
#define VR_HF_VECTOR 16u   /* a vector helper (VCALL) */
#define VR_HF_FP 32u       /* runs with, and may raise, the guest's FP environment */
#define VR_HF_SIX 64u /* a helper of six arguments: vr_helper6_fn (CALL after ARGS); not with VR_HF_VECTOR */
#define VR_HF_V256 128u /* with VR_HF_VECTOR: its arguments and its result are V256 */
typedef uint64_t(VR_CALL *vr_helper_fn)(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c);
typedef uint64_t(VR_CALL *vr_helper6_fn)(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
					 uint64_t e, uint64_t f);
/* Each argument, and the result at d, is one union of 16 bytes, or of a VCALL of type V256 two, the low half first. */
typedef void(VR_CALL *vr_vhelper_fn)(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a,
				     const union vr_v128 *b, const union vr_v128 *c, uint64_t imm);
struct vr_helper {
	const char *name;
	uint32_t flags;
	uint32_t reserved;
	union {
		vr_helper_fn fn;
		vr_vhelper_fn vfn;
		vr_helper6_fn fn6;
	} u;
};

#define VR_ACCESS_READ 0
#define VR_ACCESS_WRITE 1
#define VR_ACCESS_EXECUTE 2

struct vr_translation {
	uint32_t size;
	uint32_t rights;      /* bit VR_ACCESS_*: allowed in the current mode */
	uint32_t user_rights; /* the same for VR_MF_UNPRIV accesses */
	uint32_t global;      /* holds in every address space */
	uint64_t physical;    /* of the address asked for */
	uint64_t page_size;   /* bytes of the mapping (>= 4096) */
};

/* TLB maintenance kinds. */
#define VR_FLUSH_ALL 0
#define VR_FLUSH_ASID 1   /* everything of one address-space id that is not global */
#define VR_FLUSH_VA 2     /* one range in one address space and global ones */
#define VR_FLUSH_VA_ALL 3 /* one range in every address space */

/* Addresses whose use the guest wants to be told of: its hardware breakpoints and watchpoints */
struct vr_debug_point {
	uint64_t first, last; /* its first and last byte */
	uint32_t access; /* bits 1 << VR_ACCESS_*: reads and writes of any of these bytes, an instruction that
			  * begins at one of them */
	uint32_t id;     /* the ISA's own */
};
#define VR_DEBUG_POINTS 32        /* most of a vCPU */
#define VR_DEBUG_BEFORE_FAULTS 1u /* a data access stops at a point before its own faults are found */
struct vr_debug_points {
	uint32_t size;
	uint32_t count;
	uint32_t stride; /* bytes from one point to the next */
	uint32_t flags;  /* VR_DEBUG_* */
	uint64_t mask;   /* bits of an address that are compared; a point does not wrap in them */
	const struct vr_debug_point *point;
};

/* What the engine does for the ISA. */
struct vr_isa_env {
	uint32_t size;
	uint32_t vcpu_count;
	const struct vr_host *host;
	/* exec.asid, exec.mode_flags or exec.code changed: select the MMU context. The op after the helper must be
	 * EXIT/EXIT_TO. [vcpu] */
	void(VR_CALL *context)(struct vr_exec *x);
	/* broadcast != 0: on every vCPU; complete when sync() returns. [vcpu] */
	void(VR_CALL *tlb_flush)(struct vr_exec *x, uint32_t kind, uint64_t asid, uint64_t va,
				 uint64_t length, uint32_t broadcast);
	void(VR_CALL *sync)(struct vr_exec *x);
	/* Translations of guest code at these virtual addresses (length 0: all) are invalid. [vcpu] */
	void(VR_CALL *code_flush)(struct vr_exec *x, uint64_t va, uint64_t length);
	/* Guest-virtual access, as VR_MF_* flags; size 1..16. 0, or != 0: the exception has been taken
	 * (exec.pc was the current instruction; exec.leave is set). [vcpu] */
	int32_t(VR_CALL *read)(struct vr_exec *x, uint64_t va, uint32_t bytes, uint32_t flags, void *out);
	int32_t(VR_CALL *write)(struct vr_exec *x, uint64_t va, uint32_t bytes, uint32_t flags,
				const void *in);
	/* Host address of guest-physical RAM [pa, pa+length) or NULL. [vcpu] */
	void *(VR_CALL *ram)(struct vr_exec *x, uint64_t pa, uint64_t length);
	/* After this helper returns, sleep until isa->has_work() (WFI). exec.pc must be where to go on.
	 * [vcpu] */
	void(VR_CALL *wait)(struct vr_exec *x);
	/* Let another vCPU run (YIELD, WFE). [vcpu] */
	void(VR_CALL *yield)(struct vr_exec *x);
	/* Make the vCPU look at its interrupts soon, and wake it. [any] */
	void(VR_CALL *kick)(struct vr_exec *x);
	/* Replace the 8 bytes of RAM at `pa`, a multiple of 8, if they hold `expected`; one step
	 * as all vCPUs see it. For what hardware writes into translation tables: translate() may call it. 1:
	 * done; 0: they hold something else; VR_E_PERM: no RAM, or read-only. [vcpu] */
	int32_t(VR_CALL *exchange)(struct vr_exec *x, uint64_t pa, uint64_t expected, uint64_t desired);
	/* From now on plain accesses may (open != 0) or may no longer do what user_rights of a
	 * translation say, besides what its rights say. For a switch that a kernel throws around every copy
	 * from and to its users: it changes no MMU context, and code need not be left. [vcpu] */
	void(VR_CALL *user_access)(struct vr_exec *x, uint32_t open);
	/* The vCPU's debug points from now on, in place of those before. Where an access or an
	 * instruction touches one the engine asks vr_isa.debug_match. Code and memory of pages without points
	 * run as fast as ever; points may change at every switch of processes. When a point with
	 * VR_ACCESS_EXECUTE changes, the op after the helper must be EXIT/EXIT_TO. VR_E_RANGE: more than
	 * VR_DEBUG_POINTS, the points stay as they are. [vcpu] */
	int32_t(VR_CALL *debug_points)(struct vr_exec *x, const struct vr_debug_points *points);
	/* NULL: no log wants it. The ISA took an exception or an interrupt, or returned from one:
	 * from and to are exec.pc before and after. text: what it was, in one line. [vcpu] */
	void(VR_CALL *exception_log)(struct vr_exec *x, uint64_t from, uint64_t to, const char *text);
};

struct vr_lift {
	uint32_t size;
	uint32_t max_insns;  /* stop after so many */
	uint64_t mode_flags; /* see vr_exec.mode_flags */
	const uint8_t *code; /* the bytes to lift */
	uint32_t offset;     /* of the first one in its 4 KiB page */
	uint32_t length;     /* readable bytes there, up to the end of the page (or more: see lift()) */
	/* The engine's VR_IR_REVISION: it knows no ops of later ones. 0, of an engine that does not say: 1. */
	uint32_t ir_revision;
	uint32_t reserved;
};

struct vr_isa_vm; /* an isa's own, of one virtual machine */

struct vr_isa_config {
	uint32_t size;
	uint32_t vcpu_count;
	const struct vr_host *host; /* the engine's */
};

struct vr_isa {
	uint32_t size;
	uint32_t state_size;  /* bytes the ISA needs at VR_EXEC_STATE */
	const char *arch;     /* "arm64" */
	const char *state_id; /* canonical state: VR_STATE_ARM64_ID ... */
	const struct vr_guest_reg *guest_regs;
	const struct vr_helper *helpers;
	uint32_t guest_reg_count;
	uint32_t helper_count;
	uint32_t
		guest_reg_stride; /* bytes from one to the next: sizeof(struct vr_guest_reg) of the isa's header */
	uint32_t helper_stride;
	/* Log2 of what every instruction's address is a multiple of: 2 for words, 0 where instructions begin at any byte. */
	uint32_t code_align_log2;
	uint32_t reserved2;
	/* The isa's object for a virtual machine: what its vCPUs share. `self` of the plugin that offers the isa.
	 * Both may be missing: then vm is NULL below. 0, or an error. [main] */
	int32_t(VR_CALL *create)(struct vr_plugin_self *self, const struct vr_isa_config *c,
				 struct vr_isa_vm **out);
	void(VR_CALL *destroy)(struct vr_isa_vm *vm); /* its vCPUs are gone. [main][quiesced] */
	/* Set up / tear down the ISA's part of x. [vcpu] */
	int32_t(VR_CALL *init)(struct vr_isa_vm *vm, struct vr_exec *x, const struct vr_isa_env *env);
	void(VR_CALL *fini)(struct vr_exec *x);
	void(VR_CALL *reset)(struct vr_exec *x); /* power-on state; calls env->context [vcpu][quiesced] */
	/* Canonical state by id, while the vCPU does not run. [vcpu] */
	int32_t(VR_CALL *get_state)(struct vr_exec *x, const char *id, void *state, uint32_t length);
	int32_t(VR_CALL *set_state)(struct vr_exec *x, const char *id, const void *state, uint32_t length);
	/* Lift one basic block: appends one vr_ir_block with its ops; succ[] = VR_NO_BLOCK. It ends at a
	 * branch, at a change of context, after max_insns, or at the end of the bytes (GOTO to what follows).
	 * An instruction that is undefined is lifted to what raises that. One that the bytes cut off ends the
	 * block before it; when it is the first: VR_E_AGAIN, and the engine comes again with max_insns 1 and
	 * bytes that go on into the next page. Pure: depends on nothing but offset, bytes, mode flags, limits and what vm was
	 * created with; no address is among them. 0 or an error. [any] */
	int32_t(VR_CALL *lift)(const struct vr_isa_vm *vm, const struct vr_lift *rq, struct vr_ir *ir);
	/* Translate. 0, or an ISA-private fault number > 0 to be handed to fault(). No side effects on x;
	 * bits in the guest's tables are set by env->exchange(). [vcpu] */
	int32_t(VR_CALL *translate)(struct vr_exec *x, uint64_t va, uint32_t access, uint32_t flags,
				    struct vr_translation *out);
	/* Take the exception: exec.pc = faulting instruction; sets exec.pc, mode, calls env->context.
	 * fault: from translate(), or one of VR_FAULT_*. [vcpu] */
	void(VR_CALL *fault)(struct vr_exec *x, uint64_t va, uint32_t access, int32_t fault);
#define VR_FAULT_BUS (-256)   /* nothing at that physical address */
#define VR_FAULT_ALIGN (-257) /* VR_MF_ALIGN and not aligned */
#define VR_FAULT_DEBUG (-258) /* a debug point that debug_match counted; va: the first byte in it */
	/* If an interrupt is pending and enabled: take it (as fault()), 1; else 0. exec.pc = where to return
	 * to. [vcpu] */
	int32_t(VR_CALL *interrupt)(struct vr_exec *x);
	uint32_t(VR_CALL *has_work)(struct vr_exec *x); /* wakes from wait()? [vcpu] */
	/* Interrupt pin `pin` (vmrun.irq/1 has the numbers) is now at `level`; the engine wakes the vCPU. [any] */
	void(VR_CALL *set_pin)(struct vr_exec *x, uint32_t pin, uint32_t level);
	/* The exact result of an FP op (class VR_IRC_FP), for all operands and in the current modes, raising
	 * host FP flags or exec.fp_flags as the guest's rules say. what = op | type << 16 | aux << 24; imm as
	 * the op's. FLAGS and integer results are in d->d[0] (FLAGS packed). Of type V256, d, a, b and c are two
	 * unions each, the low half first. Runs with the guest's rounding mode in the host's unit. 0. With VR_FPA_TRAPS in imm also
	 * 1: an exception was taken, as by fault(), from exec.pc = this instruction; d is not looked at, and the guest's registers
	 * are in memory. [vcpu] */
	int32_t(VR_CALL *fp_slow)(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
				  const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c);
	/* NULL: without debug points. An access (bits 1 << VR_ACCESS_*, of the point; flags:
	 * VR_MF_*), or the instruction at exec.pc that is about to run (EXECUTE), touches debug point `id`:
	 * does that count in the current mode? 1: the engine calls fault() with VR_FAULT_DEBUG instead of
	 * going on. 0: no. Changes nothing. [vcpu] */
	int32_t(VR_CALL *debug_match)(struct vr_exec *x, uint32_t id, uint32_t access, uint32_t flags);
	/* May be missing: pc. Where a branch to linear address `pc` goes in the current context: without the bits
	 * that the architecture ignores in the target of a branch. The engine asks for an exec.pc whose page
	 * it does not know, and goes on from the answer: a page is known by no other address. [vcpu] */
	uint64_t(VR_CALL *branch_address)(struct vr_exec *x, uint64_t pc);
	/* May be missing. What disassembles this guest's code, by LLVM's names: the target triple
	 * ("aarch64"), and features as "+name,+name". */
	const char *llvm_triple;
	const char *llvm_features;
	/* The least VR_IR_REVISION of an engine that can run what lift() makes: an engine with a lower one refuses
	 * the translator when the machine is made. 0 or missing: 1. A lifter that can do without newer ops
	 * looks at vr_lift.ir_revision instead. */
	uint32_t ir_revision;
	/* VR_ORDER_*: the order of the guest's plain accesses, LOAD, STORE, LOADP, STOREP without flags, as other
	 * vCPUs see them. Interpreter, slow paths and env->read() and write() keep it, and generated code: an emitter
	 * that can't is not used (vr_emit.memory_orders). */
	uint32_t memory_order;
	/* VR_FPA_* that every FP op of lift() has; vr_ir_verify() looks. With VR_FPA_DENORMAL here, an emitter may take
	 * VR_FP_DENORMAL from the host's own sticky flags; else it calls fp_slow for each op that has it. */
	uint32_t fp_always;
};

/* The i-th guest register and helper, by the isa's own strides. [any] */
static inline const struct vr_guest_reg *vr_isa_reg(const struct vr_isa *isa, uint64_t i)
{
	return (const struct vr_guest_reg *)(const void *)((const uint8_t *)isa->guest_regs +
							   i * isa->guest_reg_stride);
}
static inline const struct vr_helper *vr_isa_helper(const struct vr_isa *isa, uint64_t i)
{
	return (const struct vr_helper *)(const void *)((const uint8_t *)isa->helpers +
							i * isa->helper_stride);
}

#ifdef __cplusplus
}
#endif

#endif
