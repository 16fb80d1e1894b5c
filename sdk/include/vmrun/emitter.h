/* SPDX-License-Identifier: MIT */
/*
 * emitter.h: vmrun.emitter/1, what generates a host's machine code from the IR, for any guest architecture.
 *
 * Bound to the engine's revision: everything here may change with VR_ENGINE_REVISION, but for the first three members
 * of struct vr_emit. An engine uses an emitter of its own revision only. When the chosen translator's is of another, or
 * it has none, the engine takes that of another installed plugin for the same host, and interprets if there is none. A
 * plugin that is to live for years offers an isa (isa.h), and at most besides an emitter.
 *
 * Emitter, engine and generated code share the TLB, the return-address stack, the indirect-branch cache and the part of
 * a vCPU's block that is not the isa's.
 */
#ifndef VMRUN_EMITTER_H
#define VMRUN_EMITTER_H

#include <vmrun/abi.h>
#include <vmrun/ir.h>
#include <vmrun/isa.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_EMITTER_ID "vmrun.emitter/1"

/* Rises with every change of this header that engine and emitter must agree on. */
#ifndef VR_ENGINE_REVISION
#define VR_ENGINE_REVISION 3u
#endif

/* ---- MMU contexts: what depends on the address space and the mode -------------------------- */

#define VR_TLB_MAX_LOG2 14
#define VR_TLB_MIN_LOG2 8
#define VR_RAS_ENTRIES 64
#define VR_INDIRECT_ENTRIES 4096
#define VR_MAPPING_ID_ENTRIES 4096
#define VR_HEAT_ENTRIES 4096

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

/* The linear address of guest code, and the host code for it, or for what looks it up. */
struct vr_branch_entry {
	uint64_t pc;
	uint64_t host;
};

/*
 * The index in vr_mmu_context.indirect of code at linear address pc. align: vr_isa.code_align_log2. Where instructions begin at
 * any byte all bits of the offset count, and the page's number is folded in: functions often begin at multiples of 16 or more,
 * which would leave most entries unused. Otherwise neighbours of less than four bytes share an entry.
 */
static inline uint64_t vr_indirect_index(uint64_t pc, uint32_t align)
{
	return (align ? pc >> 2 : pc ^ pc >> 12) & (VR_INDIRECT_ENTRIES - 1);
}
#define VR_INDIRECT_EMPTY 4u /* pc of entry 0 when it is empty: it belongs to another entry */
/* Where the entries of a page's code may be: entries [first, first + count). */
static inline void vr_indirect_range(uint64_t page, uint32_t align, uint64_t *first, uint64_t *count)
{
	*first = align ? vr_indirect_index(page & ~UINT64_C(4095), align) : 0;
	*count = align ? 4096 / 4 : VR_INDIRECT_ENTRIES;
}

/* One for each (address-space id, mode flags, code space) that a vCPU uses; allocated with the TLB at its largest,
 * untouched pages cost nothing. */
struct vr_mmu_context {
	uint64_t tlb_mask; /* (entries - 1) * sizeof(struct vr_tlb_entry) */
	uint64_t ras_top;  /* byte offset of the newest entry in ras[]; circular */
	/* Set by the engine: no way leads into this context but by `lookup`, since what its caches hold is in doubt. */
	uint64_t ask;
	uint64_t engine[29]; /* the engine's own */
	struct vr_branch_entry ras[VR_RAS_ENTRIES];
	/* indirect[vr_indirect_index(pc)]: entry of the code for pc in this context. Empty: zeros, since pc 0 belongs to entry 0
	 * alone; that one: VR_INDIRECT_EMPTY. */
	struct vr_branch_entry indirect[VR_INDIRECT_ENTRIES];
	/* mapping_id[(va >> 12) & (VR_MAPPING_ID_ENTRIES-1)]: page-mapping id: the number of the (virtual
	 * page, physical page) pair that holds now, 0: unknown. Links between pages compare it with the id
	 * they were made under. */
	uint32_t mapping_id[VR_MAPPING_ID_ENTRIES];
	/* How often quickly made code was entered: see vr_emit_job.heat_step. Shared by what has the same index. */
	uint8_t heat[VR_HEAT_ENTRIES];
	struct vr_tlb_entry tlb[1 << VR_TLB_MAX_LOG2];
};

/* ---- the vCPU's block ----------------------------------------------------------------------- */

/* struct vr_exec, and what follows it: the engine's and the emitter's. */
struct vr_engine_exec {
	struct vr_exec exec;
	struct vr_mmu_context *mmu_context; /* for exec.asid, exec.mode_flags and exec.code */
	uint32_t fp_control; /* emitter's: the host FP control word while guest code runs (x86: MXCSR), made
				from exec.fp_round */
	uint32_t
		fp_denormal; /* the engine's: 1: the host's sticky denormal flag is the guest's (vr_isa.fp_always) */
	/* -- slow paths of generated code: see vr_engine_entry -- */
	union vr_v256 argument[3];
	union vr_v256 result[2];
	uint64_t address;
	uint64_t descriptor; /* of the memory op: op | type << 16 | aux << 24 | VR_MF_* << 32 | AMO kind << 48
			      */
	uint64_t site;       /* host address the slow path returns to: identifies the fault point */
	uint64_t link;       /* number of the exit that asks to be linked */
	uint64_t host_stack; /* emitter's */
	uint64_t save_integer[32];     /* host registers by hardware number, saved by the slow-path thunk */
	union vr_v256 save_vector[32]; /* of those that hold no V256 the low half */
	uint64_t entered;              /* entries into regions, when VR_JOB_COUNT asks for it */
};

static inline struct vr_engine_exec *vr_engine_exec(struct vr_exec *x)
{
	return (struct vr_engine_exec *)(void *)x;
}

/* ---- the emitter -------------------------------------------------------------------------------- */

/* A pinned register: a guest register that lives in a host register for the whole region. The n-th pinned
 * integer register takes the n-th host register that the emitter has for them; vectors likewise. Bit i of
 * dirty masks: pinned[i]. */
struct vr_pinned_reg {
	uint16_t guest_reg;
	uint8_t kind;     /* VR_REG_INT, VR_REG_VEC or VR_REG_VEC256 */
	uint8_t host_reg; /* n: the n-th of the emitter's registers for integers, or for vectors */
};
#define VR_PINNED_MAX 64

/* What generated code may call. All return with the guest's registers possibly changed in memory only. */
struct vr_engine_entry {
	uint32_t size;
	uint32_t code_align_log2; /* vr_isa.code_align_log2 of the guest */
	/* A memory op (exec.address, .argument[], .descriptor, .site; host registers saved), or an FP op with VR_FPA_TRAPS
	 * (exec.address: its imm). Result in exec.result[]. 0: done. 1: an exception was taken: guest registers are in memory, exec.pc is set;
	 * go to `lookup`. [vcpu] */
	uint64_t(VR_CALL *memory)(struct vr_exec *x);
	/* Where to go on: exec.pc, guest registers in memory. Polls exit_request. Returns the code's address,
	 * or 0: return to the engine. [vcpu] */
	uint64_t(VR_CALL *lookup)(struct vr_exec *x);
	/* As lookup for the target of exit number exec.link (exec.pc is still to be set), and link that exit
	 * to what is found. [vcpu] */
	uint64_t(VR_CALL *link)(struct vr_exec *x);
	/* As lookup; the code at exec.pc has been entered so often that it is worth more work. [vcpu] */
	uint64_t(VR_CALL *hot)(struct vr_exec *x);
};

/* A fault point, a place in the code from which a slow path can be entered, is one word: the offset of the return address from the
 * region's code in the upper 20 bits, the place of the guest instruction in the lower 12. A table of them is sorted. */
#define VR_FAULT_OFFSETS (1u << 20)
#define VR_FAULT_PLACES 4096u
static inline uint32_t vr_fault_point(uint32_t offset, uint32_t place)
{
	return offset << 12 | place;
}
static inline uint32_t vr_fault_offset(uint32_t point)
{
	return point >> 12;
}
static inline uint32_t vr_fault_place(uint32_t point)
{
	return point & (VR_FAULT_PLACES - 1);
}

/* A direct exit; offsets from the region's code, whose contents are the emitter's. The engine hands it back to link() and
 * set_check(). */
struct vr_exit_site {
	uint64_t place; /* target: signed bytes from vr_emit_job.pc_base */
	uint32_t jump;  /* the jump that link() redirects */
	uint32_t stub;  /* code to which it goes unlinked: asks the engine for a link */
	uint32_t check; /* the page-mapping id compared with mmu_context.mapping_id; 0: same page, no check */
	/* Code by which the jump reaches what it does not reach itself; 0: there is none. It goes to the address in the
	 * 8 bytes before it, which code reads as data. */
	uint32_t veneer;
};

/* Bytes [first, last) of a region's code that changed: for vmrun.host's codecache end_write, which tells instruction
 * caches. What code only reads as data (a veneer's constant) may be left out. */
struct vr_code_change {
	uint32_t first, last;
};
#define VR_LINK_DIRECT 0 /* what link() answers: the jump goes there itself */
#define VR_LINK_VENEER 1 /* ... by its veneer */

/* Code of a region from `offset` to the next mark's is for the guest instruction at `place`. */
#define VR_MARK_INSN 0  /* in line */
#define VR_MARK_SLOW 1  /* out of line: slow paths, calls, exits */
#define VR_MARK_ENTRY 2 /* an entry stub of the block there */
#define VR_MARK_DATA 3  /* no code: what a slow path is told */
struct vr_code_mark {
	uint64_t place; /* bytes from vr_emit_job.pc_base */
	uint32_t offset;
	uint32_t kind; /* VR_MARK_* */
};

#define VR_JOB_COUNT 1u /* every entry stub adds 1 to exec.entered */
#define VR_JOB_GUARD 2u /* block 0 needs a guarded entry: see vr_emit_job.guarded */

struct vr_emit_job {
	uint32_t size;
	uint32_t pinned_count;
	const struct vr_isa *isa;
	const struct vr_ir *ir; /* blocks[0] is the main entry; order = layout order */
	const struct vr_pinned_reg *pinned;
	/* Linear address of the region's page: all places in `ir`, and here, are bytes from it. The engine has put them where the
	 * code space's rule leads: a place is at linear address pc_base + place. */
	uint64_t pc_base;
	struct vr_code_space code; /* for PC_CONST and JUMP_INDIRECT */
	uint8_t *write;            /* where to write code ... */
	uint64_t execute;          /* ... which will run here */
	uint32_t capacity;         /* bytes at `write` */
	uint32_t exit_base;        /* exit i has number exit_base + i in exec.link */
	/* results */
	uint32_t code_size;
	uint32_t point_count, point_capacity;
	uint32_t exit_count, exit_capacity;
	uint32_t *points; /* vr_fault_point(); what does not fit one is VR_E_RANGE */
	struct vr_exit_site *exits;
	uint32_t *block_entry; /* [block_count]: offset of the entry stub of VR_BLOCK_ENTRY blocks, else
				* UINT32_MAX. Space before a stub is the emitter's too: kill() makes it jump
				* to a pad there. */
	/* Host address of the live entry for a place (same page and mode), or 0: for the return-address stack.
	 * On the thread that calls region(). [any] */
	uint64_t(VR_CALL *entry_at)(void *opaque, uint64_t place);
	void *opaque;
	uint32_t flags; /* VR_JOB_* */
	uint32_t reserved;
	void *scratch; /* emitter's, kept by the engine across jobs */
	uint64_t scratch_size;
	/*
	 * With VR_JOB_GUARD: one more entry to block 0, for code that also depends on the page
	 * at guard_page. It goes on to block 0's stub when that page's entry in mmu_context.mapping_id is
	 * guard_mapping_id, else where kill() sends the stub. guarded: its offset; the engine sets
	 * UINT32_MAX, and an emitter without such entries leaves that.
	 */
	uint64_t guard_page;
	uint32_t guard_mapping_id;
	uint32_t guarded;
	/* Not NULL: the emitter notes what its code is for, by rising offset; marks beyond the
	 * capacity are left out. */
	struct vr_code_mark *marks;
	uint32_t mark_count, mark_capacity;
	/* With VR_E_UNSUPPORTED: the op (VR_IR_*) that region() can't translate; VR_IR_NOP: no single one. */
	uint32_t refused;
	/* Not 0: each entry to block 0 adds this to mmu_context.heat[heat], and asks the engine (vr_engine_entry.hot) when the sum passes
	 * 255; the byte is then what is left, so that it is asked again after as many entries. */
	uint32_t heat_step;
	uint32_t heat;
	/* Of `relocations`. A count of UINT32_MAX: the emitter can't relocate this region, or there was no room. */
	uint32_t relocation_count;
	uint32_t relocation_capacity;
	uint32_t reserved2;
	/* What relocate() has to know of the code besides points and exits: words whose meaning is the emitter's. NULL: not asked for. */
	uint16_t *relocations;
};

/*
 * A region's code once more: for the same page at another linear address (and so for other places in the code cache). The copy does
 * what region() would have made for that address.
 */
struct vr_relocate_job {
	uint32_t size;
	uint32_t code_size; /* bytes of the region's code; the same of the copy's */
	/* The region: its code as it is now, live and perhaps linked. */
	const uint8_t *from;
	uint64_t from_execute, from_pc_base;
	/* what region() gave; points and exits are the copy's, too */
	const struct vr_exit_site *exits;
	const uint32_t *points;
	const uint16_t *relocations;
	uint32_t exit_count, point_count, relocation_count;
	uint32_t reserved;
	/* The copy. It is as far from a multiple of 64 as the region was. Its exits are not linked. */
	uint8_t *write;
	uint64_t execute;
	uint64_t pc_base;
	uint32_t exit_base;
	uint32_t reserved2;
	/* As in struct vr_emit_job, for the copy's page. On the thread that calls relocate(). [any] */
	uint64_t(VR_CALL *entry_at)(void *opaque, uint64_t place);
	void *opaque;
};

struct vr_emit_vm; /* an emitter's own */

struct vr_emit {
	/* These three stay where they are in every revision. */
	uint32_t size;
	uint32_t revision; /* VR_ENGINE_REVISION that it was built with */
	const char *arch;  /* "x86_64" */

	uint32_t integer_regs; /* host registers that can hold pinned integer registers */
	uint32_t vector_regs;
	uint64_t scratch_size;
	/* Can this processor run the code? 0, or an error with a text that names the missing feature in
	 * why[]. [any] */
	int32_t(VR_CALL *probe)(char *why, uint32_t length);
	/* The emitter's object for one code cache. It writes its thunks at the start: *used of `capacity` bytes at
	 * `write`, which will run at `execute`. 0, or an error. [main] */
	int32_t(VR_CALL *create)(const struct vr_engine_entry *e, uint8_t *write, uint64_t execute,
				 uint64_t capacity, uint64_t *used, struct vr_emit_vm **out);
	void(VR_CALL *destroy)(struct vr_emit_vm *vm); /* the code cache's memory stays. [main][quiesced] */
	/* One region. What vr_ir_verify() accepts can be translated but for size. 0, or
	 *   VR_E_NOMEM        no room at `write`: the engine makes room and comes again;
	 *   VR_E_RANGE        a table of the emitter's is full: the engine comes again with a smaller region;
	 *   VR_E_UNSUPPORTED  an op (job->refused) can't be translated, with this aux, on this host.
	 * Where an instruction alone is refused, by VR_E_UNSUPPORTED, VR_E_RANGE or any other error but
	 * VR_E_NOMEM, the engine interprets it from then on. One call at a time for each scratch. [any] */
	int32_t(VR_CALL *region)(struct vr_emit_vm *vm, struct vr_emit_job *job);
	/* Exit x of the region whose code is written at `write` and runs at `execute` goes to host address `target` from now on:
	 * VR_LINK_*. VR_E_RANGE: that is beyond its reach, the exit stays as it was (the engine goes on by the look-up, and may
	 * come again); the exit's own stub is always within reach. Atomic against execution. *changed: the
	 * bytes written, so that the engine makes instruction caches coherent for them; until then the exit goes where it went
	 * before, or to the target. [any] */
	int32_t(VR_CALL *link)(struct vr_emit_vm *vm, uint8_t *write, uint64_t execute,
			       const struct vr_exit_site *x, uint64_t target, struct vr_code_change *changed);
	/* Set the page-mapping id that exit x, which has a check, compares. [any] */
	void(VR_CALL *set_check)(struct vr_emit_vm *vm, uint8_t *write, uint64_t execute,
				 const struct vr_exit_site *x, uint32_t mapping_id,
				 struct vr_code_change *changed);
	/* The code at an entry stub (block_entry offset) is invalid: from now on entering it, by any path
	 * that still holds its address (indirect-branch caches, return-address stacks), sets exec.pc to that
	 * block's linear address and goes to `lookup`. What it jumps to for that is within reach, wherever the region is. Atomic against
	 * execution. [any] */
	void(VR_CALL *kill)(struct vr_emit_vm *vm, uint8_t *write, uint64_t execute, uint32_t entry,
			    struct vr_code_change *changed);
	/* Enter code at `target` with x; returns when lookup/link returned 0 (exec.pc set, guest registers in
	 * memory). [vcpu] */
	void(VR_CALL *enter)(struct vr_emit_vm *vm, struct vr_exec *x, uint64_t target);
	/* Host FP unit <-> exec.fp_round / fp_flags, outside generated code: load before T0 or fp_slow run,
	 * save after. enter() does both by itself. [vcpu] */
	void(VR_CALL *fp_load)(struct vr_exec *x);
	void(VR_CALL *fp_save)(struct vr_exec *x);
	/* Where a pinned register is found at a fault point: index in exec.save_* of the n-th host register
	 * for pinned registers of a kind. [any] */
	uint32_t(VR_CALL *pinned_register)(uint32_t kind, uint32_t host_reg);
	/* Ops that it knows: 0 .. ir_ops-1, which is VR_IR_COUNT of the ir.h that it was built with. The engine
	 * gives it no others, and interprets them. 0: those of revision 1 of the IR. */
	uint32_t ir_ops;
	/* Bits 1 << VR_ORDER_*: the default orders (vr_isa.memory_order) that region() can give plain accesses. The engine
	 * does not use the emitter for an isa of another order. */
	uint32_t memory_orders;
	/* Of a vector register: 32; 16 (or 0): values of V256 are refused (VR_E_UNSUPPORTED), and VEC256 registers are not
	 * pinned. */
	uint32_t vector_bytes;
	uint32_t reserved;
	/* 0; VR_E_RANGE: code for that address would have to be another. What is at `write` is undefined then. The code space was and is
	 * that of 64-bit addresses without a base. NULL: there is no such thing here. [any] */
	int32_t(VR_CALL *relocate)(struct vr_emit_vm *vm, const struct vr_relocate_job *job);
};

#ifdef __cplusplus
}
#endif

#endif
