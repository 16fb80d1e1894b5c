/* SPDX-License-Identifier: MIT */
/*
 * translator.h: vmrun.translator/1, a guest architecture (vr_isa) and, optionally, a host one (vr_emit).
 *
 * The engine (soft) owns the IR, the code cache, the software TLB and the vCPU loop. The ISA knows what
 * guest instructions mean, how addresses translate and how exceptions are taken. The emitter knows the host's
 * machine code. Both work on one block of memory a vCPU, `struct vr_exec`, whose first part is laid out here
 * because the engine, the emitter's code and the ISA all touch it.
 */
#ifndef VMRUN_TRANSLATOR_H
#define VMRUN_TRANSLATOR_H

#include <vmrun/abi.h>
#include <vmrun/host.h>
#include <vmrun/ir.h>

#define VR_TRANSLATOR_ID "vmrun.translator/1"

union vr_v128 {
	uint8_t b[16];
	uint16_t h[8];
	uint32_t s[4];
	uint64_t d[2];
	float f32[4];
	double f64[2];
};

/* ---- MMU contexts: what depends on the address space and the mode -------------------------- */

#define VR_TLB_MAX_LOG2 14
#define VR_TLB_MIN_LOG2 8
#define VR_RAS_ENTRIES 64
#define VR_INDIRECT_ENTRIES 4096
#define VR_MAPPING_ID_ENTRIES 1024

/* One 4 KiB page. tag_*: the page's virtual address when a plain access is allowed, with low bits set (never
 * equal to an aligned page address) when the slow path must look: no right, MMIO, write-protected page of
 * code, empty. */
struct vr_tlb_entry {
	uint64_t tag_read;
	uint64_t tag_write;
	uint64_t addend;   /* host address = guest virtual address + addend */
	uint64_t physical; /* page's guest-physical address | engine's bits */
};
/* In a tag: this is no page's, but says which page the entry is for. Generated code compares a tag with the
 * address less its offset in the page but, where alignment is asked for, with the low bits that must be zero:
 * a bit above those. */
#define VR_TLB_NEVER 0x800u
/* vr_tlb_entry.physical, low bits: what VR_MF_UNPRIV accesses may do besides what the tags allow. */
#define VR_TLB_USER_READ 1u
#define VR_TLB_USER_WRITE 2u

/* A guest pc and the host code for it, or for what looks it up. */
struct vr_branch_entry {
	uint64_t pc;
	uint64_t host;
};

/* One for each (address-space id, mode flags) that a vCPU uses; allocated with the TLB at its largest,
 * untouched pages cost nothing. */
struct vr_mmu_context {
	uint64_t tlb_mask;   /* (entries - 1) * sizeof(struct vr_tlb_entry) */
	uint64_t ras_top;    /* byte offset of the newest entry in ras[]; circular */
	uint64_t engine[30]; /* the engine's own */
	struct vr_branch_entry ras[VR_RAS_ENTRIES];
	/* indirect[(pc >> 2) & (VR_INDIRECT_ENTRIES-1)]: entry of the code for pc in this context. Empty: pc
	 * = UINT64_MAX. */
	struct vr_branch_entry indirect[VR_INDIRECT_ENTRIES];
	/* mapping_id[(va >> 12) & (VR_MAPPING_ID_ENTRIES-1)]: page-mapping id: the number of the (virtual
	 * page, physical page) pair that holds now, 0: unknown. Links between pages compare it with the id
	 * they were made under. */
	uint32_t mapping_id[VR_MAPPING_ID_ENTRIES];
	struct vr_tlb_entry tlb[1 << VR_TLB_MAX_LOG2];
};

/* ---- the vCPU's block ----------------------------------------------------------------------- */

/* Bytes [0, 256): the ISA's hottest guest registers. An emitter addresses them with 8-bit displacements. */
#define VR_EXEC_HOT 256

struct vr_exec {
	uint8_t hot[VR_EXEC_HOT];
	/* -- shared by all three -- */
	uint64_t pc;           /* valid outside generated code, and where an op's contract says so */
	uint32_t exit_request; /* atomic; generated code polls it on back-edges and indirect branches; != 0:
				  leave */
	uint32_t leave;        /* set by a helper with VR_HF_MAY_LEAVE: pc is set, go to the dispatcher */
	struct vr_mmu_context *mmu_context;
	uint64_t asid; /* of the current context; set by the ISA, then env->context() */
	/* What translated code depends on besides its bytes: exception level, FP access ... Bit 63 is the
	 * engine's, here it is 0. */
	uint64_t mode_flags;
	uint32_t index;      /* vCPU number */
	uint32_t fp_control; /* emitter's: the host FP control word while guest code runs (x86: MXCSR) */
	uint32_t fp_round;   /* VR_RM_*: rounding mode that fp_control was made from */
	uint32_t fp_flags;   /* VR_FP_*: sticky flags not (or no longer) in the host's unit */
	/* -- slow paths of generated code: see vr_engine_entry -- */
	union vr_v128 argument[3];
	union vr_v128 result[2];
	uint64_t address;
	uint64_t descriptor; /* of the memory op: op | type << 16 | aux << 24 | VR_MF_* << 32 | AMO kind << 48
			      */
	uint64_t site;       /* host address the slow path returns to: identifies the fault point */
	uint64_t link;       /* number of the exit that asks to be linked */
	uint64_t host_stack; /* emitter's */
	uint64_t save_integer[32]; /* host registers by hardware number, saved by the slow-path thunk */
	union vr_v128 save_vector[32];
	void *engine; /* the engine's vCPU */
	void *isa;    /* the ISA's own */
	const struct vr_isa_env *env;
	uint64_t entered;   /* entries into regions, when VR_JOB_COUNT asks for it */
	uint32_t user_open; /* engine's: see vr_isa_env.user_access */
	uint32_t reserved0;
	uint64_t reserved[27];
	/* the ISA's state follows at VR_EXEC_STATE */
};
#define VR_EXEC_STATE 2048 /* byte offset of the ISA's part */

/* ---- guest half ------------------------------------------------------------------------------ */

#define VR_REG_INT 0
#define VR_REG_VEC 1
#define VR_REG_FLAGS 2
struct vr_guest_reg {
	uint32_t offset; /* in vr_exec; INT 8 bytes, VEC 16, FLAGS 4 */
	uint32_t kind;   /* VR_REG_* */
	const char *name;
};

#define VR_HF_READS 1u     /* needs guest registers up to date in memory */
#define VR_HF_WRITES 2u    /* may change guest registers in memory */
#define VR_HF_PC 4u        /* needs exec.pc = the current instruction */
#define VR_HF_MAY_LEAVE 8u /* may set exec.leave (took an exception ...) */
#define VR_HF_VECTOR 16u   /* a vector helper (VCALL) */
#define VR_HF_FP 32u       /* runs with, and may raise, the guest's FP environment */
typedef uint64_t(VR_CALL *vr_helper_fn)(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c);
typedef void(VR_CALL *vr_vhelper_fn)(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a,
				     const union vr_v128 *b, const union vr_v128 *c, uint64_t imm);
struct vr_helper {
	const char *name;
	uint32_t flags;
	uint32_t reserved;
	union {
		vr_helper_fn fn;
		vr_vhelper_fn vfn;
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

/* Addresses whose use the guest wants to be told of: its hardware breakpoints and watchpoints. Since 1.1. */
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
	/* exec.asid / exec.mode_flags changed: select the MMU context. The op after the helper must be
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
	/* This vCPU powers off when it leaves (after a hypercall): vmrun.machine/1 says so by itself. */
	/* Since 1.1. Replace the 8 bytes of RAM at `pa`, a multiple of 8, if they hold `expected`; one step
	 * as all vCPUs see it. For what hardware writes into translation tables: translate() may call it. 1:
	 * done; 0: they hold something else; VR_E_PERM: no RAM, or read-only. [vcpu] */
	int32_t(VR_CALL *exchange)(struct vr_exec *x, uint64_t pa, uint64_t expected, uint64_t desired);
	/* Since 1.1. From now on plain accesses may (open != 0) or may no longer do what user_rights of a
	 * translation say, besides what its rights say. For a switch that a kernel throws around every copy
	 * from and to its users: it changes no MMU context, and code need not be left. [vcpu] */
	void(VR_CALL *user_access)(struct vr_exec *x, uint32_t open);
	/* Since 1.1. The vCPU's debug points from now on, in place of those before. Where an access or an
	 * instruction touches one the engine asks vr_isa.debug_match. Code and memory of pages without points
	 * run as fast as ever; points may change at every switch of processes. When a point with
	 * VR_ACCESS_EXECUTE changes, the op after the helper must be EXIT/EXIT_TO. VR_E_RANGE: more than
	 * VR_DEBUG_POINTS, the points stay as they are. [vcpu] */
	int32_t(VR_CALL *debug_points)(struct vr_exec *x, const struct vr_debug_points *points);
	/* Since 1.1. NULL: no log wants it. The ISA took an exception or an interrupt, or returned from one:
	 * from and to are exec.pc before and after. text: what it was, in one line. [vcpu] */
	void(VR_CALL *exception_log)(struct vr_exec *x, uint64_t from, uint64_t to, const char *text);
};

struct vr_lift {
	uint32_t size;
	uint32_t max_insns;  /* stop after so many */
	uint64_t pc;         /* virtual address of the first byte */
	uint64_t mode_flags; /* see vr_exec.mode_flags */
	const uint8_t *code; /* bytes at pc */
	uint32_t length;     /* readable bytes there, up to the end of the page (or more: see lift()) */
	uint32_t reserved;
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
	/* Set up / tear down the ISA's part of x. [vcpu] */
	int32_t(VR_CALL *init)(struct vr_exec *x, const struct vr_isa_env *env);
	void(VR_CALL *fini)(struct vr_exec *x);
	void(VR_CALL *reset)(struct vr_exec *x); /* power-on state; calls env->context [vcpu][quiesced] */
	/* Canonical state by id, while the vCPU does not run. [vcpu] */
	int32_t(VR_CALL *get_state)(struct vr_exec *x, const char *id, void *state, uint32_t length);
	int32_t(VR_CALL *set_state)(struct vr_exec *x, const char *id, const void *state, uint32_t length);
	/* Lift one basic block: appends one vr_ir_block with its ops; succ[] = VR_NO_BLOCK. It ends at a
	 * branch, at a change of context, after max_insns, or at the end of the bytes (GOTO to the next pc).
	 * An instruction that is undefined is lifted to what raises that. One that the bytes cut off ends the
	 * block before it; when it is the first: VR_E_AGAIN, and the engine comes again with max_insns 1 and
	 * bytes that go on into the next page. Pure: depends on nothing but its input. 0 or an error. [any]
	 */
	int32_t(VR_CALL *lift)(const struct vr_lift *rq, struct vr_ir *ir);
	/* Translate. 0, or an ISA-private fault number > 0 to be handed to fault(). No side effects on x;
	 * bits in the guest's tables are set by env->exchange(). [vcpu] */
	int32_t(VR_CALL *translate)(struct vr_exec *x, uint64_t va, uint32_t access, uint32_t flags,
				    struct vr_translation *out);
	/* Take the exception: exec.pc = faulting instruction; sets exec.pc, mode, calls env->context.
	 * fault: from translate(), or one of VR_FAULT_*. [vcpu] */
	void(VR_CALL *fault)(struct vr_exec *x, uint64_t va, uint32_t access, int32_t fault);
#define VR_FAULT_BUS -1   /* nothing at that physical address */
#define VR_FAULT_ALIGN -2 /* VR_MF_ALIGN and not aligned */
#define VR_FAULT_DEBUG -3 /* a debug point that debug_match counted; va: the first byte in it. Since 1.1 */
	/* If an interrupt is pending and enabled: take it (as fault()), 1; else 0. exec.pc = where to return
	 * to. [vcpu] */
	int32_t(VR_CALL *interrupt)(struct vr_exec *x);
	uint32_t(VR_CALL *has_work)(struct vr_exec *x); /* wakes from wait()? [vcpu] */
	void(VR_CALL *set_pin)(struct vr_exec *x, uint32_t pin, uint32_t level); /* [any] */
	/* The exact result of an FP op (class VR_IRC_FP), for all operands and in the current modes, raising
	 * host FP flags or exec.fp_flags as the guest's rules say. what = op | type << 16 | aux << 24; imm as
	 * the op's. FLAGS and integer results are in d->d[0] (FLAGS packed). Runs with the guest's rounding
	 * mode in the host's unit. [vcpu] */
	void(VR_CALL *fp_slow)(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			       const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c);
	/* Since 1.1. NULL: without debug points. An access (bits 1 << VR_ACCESS_*, of the point; flags:
	 * VR_MF_*), or the instruction at exec.pc that is about to run (EXECUTE), touches debug point `id`:
	 * does that count in the current mode? 1: the engine calls fault() with VR_FAULT_DEBUG instead of
	 * going on. 0: no. Changes nothing. [vcpu] */
	int32_t(VR_CALL *debug_match)(struct vr_exec *x, uint32_t id, uint32_t access, uint32_t flags);
	/* Since 1.1; may be missing: pc. Where a branch to `pc` goes in the current context: without the bits
	 * that the architecture ignores in the target of a branch. The engine asks for an exec.pc whose page
	 * it does not know, and goes on from the answer: a page is known by no other address. [vcpu] */
	uint64_t(VR_CALL *branch_address)(struct vr_exec *x, uint64_t pc);
	/* Since 1.1; may be missing. What disassembles this guest's code, by LLVM's names: the target triple
	 * ("aarch64"), and features as "+name,+name". */
	const char *llvm_triple;
	const char *llvm_features;
};

/* ---- host half ------------------------------------------------------------------------------- */

/* A pinned register: a guest register that lives in a host register for the whole region. The n-th pinned
 * integer register takes the n-th host register that the emitter has for them; vectors likewise. Bit i of
 * dirty masks: pinned[i]. */
struct vr_pinned_reg {
	uint16_t guest_reg;
	uint8_t kind;     /* VR_REG_INT or VR_REG_VEC */
	uint8_t host_reg; /* n: the n-th of the emitter's registers of that kind */
};
#define VR_PINNED_MAX 64

/* What generated code may call. All return with the guest's registers possibly changed in memory only. */
struct vr_engine_entry {
	uint32_t size;
	uint32_t reserved;
	/* A memory op (exec.address, .argument[], .descriptor, .site; host registers saved). Result in
	 * exec.result[]. 0: done. 1: an exception was taken: guest registers are in memory, exec.pc is set;
	 * go to `lookup`. [vcpu] */
	uint64_t(VR_CALL *memory)(struct vr_exec *x);
	/* Where to go on: exec.pc, guest registers in memory. Polls exit_request. Returns the code's address,
	 * or 0: return to the engine. [vcpu] */
	uint64_t(VR_CALL *lookup)(struct vr_exec *x);
	/* As lookup for the target of exit number exec.link (exec.pc is still to be set), and link that exit
	 * to what is found. [vcpu] */
	uint64_t(VR_CALL *link)(struct vr_exec *x);
};

/* A place in the code from which a slow path can be entered. Sorted by offset. */
struct vr_fault_point {
	uint32_t offset; /* of the return address, from the region's code */
	uint32_t insn;   /* bytes from vr_emit_job.pc_base to the guest instruction */
};

/* A direct exit; offsets from the region's code, whose contents are the emitter's. The engine hands it back to link() and
 * set_check(). */
struct vr_exit_site {
	uint64_t pc;    /* target */
	uint32_t jump;  /* the jump that link() redirects */
	uint32_t stub;  /* code to which it goes unlinked: asks the engine for a link */
	uint32_t check; /* the page-mapping id compared with mmu_context.mapping_id; 0: same page, no check */
	uint32_t
		veneer; /* code by which the jump reaches what it does not reach itself; 0: it reaches the whole code cache */
};

/* Bytes [first, last) of a region's code that changed: for vmrun.host's codecache end_write, which tells instruction
 * caches. */
struct vr_code_change {
	uint32_t first, last;
};
#define VR_LINK_DIRECT 0 /* what link() answers: the jump goes there itself */
#define VR_LINK_VENEER 1 /* ... by its veneer */

/* Code of a region from `offset` to the next mark's is for the guest instruction at pc. Since 1.1. */
#define VR_MARK_INSN 0  /* in line */
#define VR_MARK_SLOW 1  /* out of line: slow paths, calls, exits */
#define VR_MARK_ENTRY 2 /* an entry stub of the block at pc */
#define VR_MARK_DATA 3  /* no code: what a slow path is told */
struct vr_code_mark {
	uint64_t pc;
	uint32_t offset;
	uint32_t kind; /* VR_MARK_* */
};

#define VR_JOB_COUNT 1u /* every entry stub adds 1 to exec.entered */
#define VR_JOB_GUARD 2u /* block 0 needs a guarded entry: see vr_emit_job.guarded (since ABI 1.1) */

struct vr_emit_job {
	uint32_t size;
	uint32_t pinned_count;
	const struct vr_isa *isa;
	const struct vr_ir *ir; /* blocks[0] is the main entry; order = layout order */
	const struct vr_pinned_reg *pinned;
	uint64_t pc_base;   /* page of the region; vr_fault_point.insn counts bytes from here */
	uint8_t *write;     /* where to write code ... */
	uint64_t execute;   /* ... which will run here */
	uint32_t capacity;  /* bytes at `write` */
	uint32_t exit_base; /* exit i has number exit_base + i in exec.link */
	/* results */
	uint32_t code_size;
	uint32_t point_count, point_capacity;
	uint32_t exit_count, exit_capacity;
	struct vr_fault_point *points;
	struct vr_exit_site *exits;
	uint32_t *block_entry; /* [block_count]: offset of the entry stub of VR_BLOCK_ENTRY blocks, else
				* UINT32_MAX. Space before a stub is the emitter's too: kill() makes it jump
				* to a pad there. */
	/* Host address of the live entry for pc (same page and mode), or 0: for the return-address stack.
	 * On the thread that calls region(). [any] */
	uint64_t(VR_CALL *entry_at)(void *opaque, uint64_t pc);
	void *opaque;
	uint32_t flags; /* VR_JOB_* */
	uint32_t reserved;
	void *scratch; /* emitter's, kept by the engine across jobs */
	uint64_t scratch_size;
	/*
	 * With VR_JOB_GUARD, since ABI 1.1: one more entry to block 0, for code that also depends on the page
	 * at guard_page. It goes on to block 0's stub when that page's entry in mmu_context.mapping_id is
	 * guard_mapping_id, else where kill() sends the stub. guarded: its offset; the engine sets
	 * UINT32_MAX, and an emitter without such entries leaves that.
	 */
	uint64_t guard_page;
	uint32_t guard_mapping_id;
	uint32_t guarded;
	/* Since 1.1. Not NULL: the emitter notes what its code is for, by rising offset; marks beyond the
	 * capacity are left out. */
	struct vr_code_mark *marks;
	uint32_t mark_count, mark_capacity;
};

struct vr_emit {
	uint32_t size;
	uint32_t reserved;
	const char *arch;      /* "x86_64" */
	uint32_t integer_regs; /* host registers that can hold pinned integer registers */
	uint32_t vector_regs;
	uint64_t scratch_size;
	/* Can this processor run the code? 0, or an error with a text that names the missing feature in
	 * why[]. [any] */
	int32_t(VR_CALL *probe)(char *why, uint32_t length);
	/* Thunks at the start of the code cache. Returns bytes written or an error. [main] */
	int64_t(VR_CALL *thunks)(const struct vr_engine_entry *e, uint8_t *write, uint64_t execute,
				 uint64_t capacity);
	/* One region. 0; VR_E_NOMEM: the capacity is too small; VR_E_RANGE: some table full. One call at a
	 * time for each scratch. [any] */
	int32_t(VR_CALL *region)(struct vr_emit_job *job);
	/* Exit x of the region whose code is written at `write` and runs at `execute` goes to host address `target` from now on:
	 * VR_LINK_*. VR_E_RANGE: that is beyond its reach, the exit stays as it was. Atomic against execution. *changed: the
	 * bytes written, so that the engine makes instruction caches coherent for them; until then the exit goes where it went
	 * before, or to the target. [any] */
	int32_t(VR_CALL *link)(uint8_t *write, uint64_t execute, const struct vr_exit_site *x,
			       uint64_t target, struct vr_code_change *changed);
	/* Set the page-mapping id that exit x, which has a check, compares. [any] */
	void(VR_CALL *set_check)(uint8_t *write, uint64_t execute, const struct vr_exit_site *x,
				 uint32_t mapping_id, struct vr_code_change *changed);
	/* The code at an entry stub (block_entry offset) is invalid: from now on entering it, by any path
	 * that still holds its address (indirect-branch caches, return-address stacks), sets exec.pc to that
	 * block's pc and goes to `lookup`. Atomic against execution. [any] */
	void(VR_CALL *kill)(uint8_t *write, uint64_t execute, uint32_t entry, struct vr_code_change *changed);
	/* Enter code at `target` with x; returns when lookup/link returned 0 (exec.pc set, guest registers in
	 * memory). [vcpu] */
	void(VR_CALL *enter)(struct vr_exec *x, uint64_t target);
	/* Host FP unit <-> exec.fp_round / fp_flags, outside generated code: load before T0 or fp_slow run,
	 * save after. enter() does both by itself. [vcpu] */
	void(VR_CALL *fp_load)(struct vr_exec *x);
	void(VR_CALL *fp_save)(struct vr_exec *x);
	/* Where a pinned register is found at a fault point: index in exec.save_* of the n-th host register
	 * for pinned registers of a kind. [any] */
	uint32_t(VR_CALL *pinned_register)(uint32_t kind, uint32_t host_reg);
};

struct vr_translator {
	uint32_t size;
	uint32_t reserved;
	const struct vr_isa *isa;
	const struct vr_emit *emit; /* NULL: interpreted only */
};

#endif
