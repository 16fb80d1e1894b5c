/* SPDX-License-Identifier: MIT */
/*
 * target.h: the target description: all that the emitter core knows about a host.
 *
 * The core (this folder) decides where values live, in which order blocks, out-of-line code and entries follow each
 * other, what an exit, a fault point, a check of the TLB and a call consist of. A host describes its registers, and
 * writes the instructions that the core asks for; the ops themselves it lowers by handlers of its own, which use the
 * core's register allocator (emit.h).
 *
 * Registers are numbered 0..31 (general) and 32..63 (vector, EMIT_VECTOR + n), so that a set of registers is a 64-bit
 * mask. What a host fixes for itself (exec, mmu context, frame) is in no mask here.
 *
 * The frame is at the host's stack pointer while generated code runs: EMIT_FRAME_BYTES of it are the core's.
 *
 * Condition flags. A host has one set of them at most. What is called FLAGS here is the IR's value; the core knows
 * which value the host's flags hold, and `polarity` is the host's word for how it is encoded there.
 */
#ifndef VR_XLATE_EMIT_COMMON_TARGET_H
#define VR_XLATE_EMIT_COMMON_TARGET_H

#include <stdbool.h>
#include <vmrun/emitter.h>
#include "code.h"

#define EMIT_VECTOR 32u
#define EMIT_INTS 0x00000000ffffffffull
#define EMIT_VECTORS 0xffffffff00000000ull
#define NOREG 0xffu

struct emit;
typedef void (*emit_handler)(struct emit *e, const struct vr_ir_op *o, uint32_t i);

/* Where load(), store() and store_constant() go. */
#define EMIT_EXEC 0u  /* offset in struct vr_exec */
#define EMIT_FRAME 1u /* offset in the frame */

/* A condition that can be jumped on. cc and two are the host's; the core only inverts it. */
struct emit_condition {
	uint8_t cc;
	uint8_t two;
	uint8_t invert;
};

/* An access of guest memory whose check has been emitted: at [base + index + disp]. */
struct emit_access {
	uint32_t base, index;
	int32_t disp;
	uint32_t slow;   /* field of the jump to the slow path */
	uint32_t denied; /* another one, or 0 */
	bool coalesced;
	uint8_t hint; /* the hint to ask first, 1.., or 0 */
};

/* Addresses of the host's thunks, as vr_emit.create() wrote them. */
struct emit_thunks {
	uint64_t lookup; /* exec.pc and guest registers are in memory: go on there */
	uint64_t
		resume; /* the same, first by the indirect-branch cache of the context that exec.mmu_context names; no C code has run since the
	                     same-page hints were forgotten */
	uint64_t go;    /* go on at the host address in target.jump_pc; 0: return from enter() */
	uint64_t hot;   /* as lookup, where the code has become hot */
	uint64_t link;  /* as lookup, for exit number exec.link, which is to be linked */
	uint64_t memory;  /* called by slow paths of memory ops, the descriptor follows the call */
	uint64_t fp_slow; /* called by emit_target.call_fp_slow */
	uint64_t memory_wide, fp_slow_wide; /* the same, for emit.wide; where vector_bytes is 32 */
	uint64_t jump; /* linear address in target.jump_pc: by the MMU context's indirect-branch cache */
	uint64_t data; /* the host's constants */
	/* The code cache is larger than emit_target.reach: regions have islands, exits have veneers. See reach.c. */
	uint32_t far;
};

struct emit_target {
	/* ---- facts ---- */
	uint64_t temporaries;  /* registers that never hold pinned guest registers */
	uint64_t caller_saved; /* what a C function may change */
	/* Registers that instructions of this host need for themselves are taken last: those in `special`, in the
	 * order of special_order. */
	uint64_t special;
	uint8_t special_order[4];
	const uint8_t *pinned_int; /* registers that may hold pinned guest registers */
	const uint8_t *pinned_vec;
	uint32_t pinned_ints, pinned_vecs;
	uint8_t exec;    /* register that points to vr_exec + exec_bias */
	uint8_t scratch; /* a temporary that is dead at exits, edges and in out-of-line code that leaves */
	uint8_t jump_pc; /* where an indirect jump's linear address is */
	uint8_t result;  /* of a C function */
	uint8_t argument
		[7]; /* integer arguments of a C function; [0] is for vr_exec. [6] may be NOREG: on the stack */
	int32_t exec_bias;
	uint32_t entry_align; /* of entry stubs, a power of two */
	uint32_t entry_pad;   /* bytes before an entry stub for what vr_emit.kill makes it go to */
	uint64_t reach;       /* bytes that a direct jump or call reaches, forward and backward */
	uint32_t
		region_bytes; /* most code of a region, for jumps on a condition that reach less; 0: reach is */
	uint32_t vector_bytes;        /* of a vector register, 16 or 32. 16: the core refuses V256 */
	const emit_handler *handlers; /* [VR_IR_COUNT]; NULL: this host does not know the op */

	/* Emit op i, of class VR_IRC_FP and with attributes (not VR_FPA_TRAPS), by instructions that do what the attributes say.
	 * false: nothing was emitted, and the core calls fp_slow. NULL: the host knows none. */
	bool (*fp_attributes)(struct emit *e, const struct vr_ir_op *o, uint32_t i);

	/* ---- moves. None changes the host's flags. ---- */
	/* d = s, d != s: V256 whole, of any other vector 128 bits, and zeros above; of I32 and FLAGS the low 32 bits, zero-extended. */
	void (*move)(struct emit *e, uint32_t d, uint32_t s, uint32_t type);
	/* d = s with zeros above what `type` (I32, F32, F64, V64, V128) holds; d may be s. */
	void (*clean)(struct emit *e, uint32_t d, uint32_t s, uint32_t type);
	/* The low half of d, a V256, becomes V128 s; NULL where vector_bytes is 16. */
	void (*low_half)(struct emit *e, uint32_t d, uint32_t s);
	void (*constant)(struct emit *e, uint32_t d, uint64_t k);
	/* As many bytes as `type` has, zero-extended to the whole register (to 32 bytes, where vectors have them). where: EMIT_EXEC, EMIT_FRAME. */
	void (*load)(struct emit *e, uint32_t d, uint32_t where, uint32_t offset, uint32_t type);
	void (*store)(struct emit *e, uint32_t where, uint32_t offset, uint32_t s, uint32_t type);
	/* Store k, I32 or I64, without a register: false: this host can't, nothing was emitted. */
	bool (*store_constant)(struct emit *e, uint32_t where, uint32_t offset, uint64_t k, uint32_t type);
	/* constant() and store_constant(), of I64 in vr_exec, with a code address, or (cut) the low half of one. The host notes
	 * what vr_emit.relocate has to change. */
	void (*pc_constant)(struct emit *e, uint32_t d, uint64_t pc, bool cut);
	bool (*store_pc)(struct emit *e, uint32_t offset, uint64_t pc);
	void (*address)(struct emit *e, uint32_t d, uint32_t s, int32_t disp); /* d = s + disp */

	/* ---- jumps. Those that return a field, the offset in the code of what patch() completes, go nowhere yet. ---- */
	uint32_t (*jump)(struct emit *e);
	/* Taken when k holds: one field, or two (else out[1] = 0). */
	void (*jump_if)(struct emit *e, struct emit_condition k, uint32_t out[2]);
	/* When the 32-bit word at `offset` of vr_exec is not 0 (set) or is 0. */
	uint32_t (*jump_word)(struct emit *e, uint32_t offset, bool set);
	uint32_t (*jump_zero)(struct emit *e, uint32_t r); /* when r is 0, 64 bits */
	/* When mmu_context.mapping_id[index] is not id. check != NULL: vr_emit.set_check changes that id later, and *check
	 * gets where. */
	uint32_t (*jump_mapping)(struct emit *e, uint32_t index, uint32_t id, uint32_t *check);
	uint32_t (*jump_exit)(struct emit *e); /* one that vr_emit.link redirects */
	void (*patch)(struct emit *e, uint32_t field, uint32_t target);
	void (*jump_to)(struct emit *e, uint64_t address); /* in the code cache, within reach */
	void (*exit_stub)(
		struct emit *e,
		uint32_t number); /* exec.link = number, jump to the thunk `link`; may write `scratch` */
	/* Jump to the address that the 8 bytes at `constant` of the region's code hold, read as data. Changes no register but
	 * `scratch`. */
	void (*jump_constant)(struct emit *e, uint32_t constant);
	/* Make jump_exit()'s field of code that is in use go to `target`, which is within reach: one store, seen whole.
	 * *changed: the bytes. */
	void (*redirect)(uint8_t *write, uint64_t execute, uint32_t field, uint64_t target,
			 struct vr_code_change *changed);

	/* ---- entries ---- */
	void (*fill)(struct emit *e, uint32_t bytes); /* that are never executed */
	/* An entry stub begins: makes its first instruction fit for vr_emit.kill, and counts when `count`. `empty`: the
	 * core has nothing to emit here. */
	void (*entry)(struct emit *e, bool count, bool empty);
	/* Add `step` to mmu_context.heat[index]; taken when that passes 255. An entry stub may begin with it: its first instruction,
	 * too, is fit for vr_emit.kill. */
	uint32_t (*jump_heat)(struct emit *e, uint32_t index, uint32_t step);

	/* ---- calls ---- */
	void (*call)(struct emit *e, uint64_t fn); /* C, arguments are where they belong */
	/* The same with the argument after the last register, which is in r, on the stack. */
	void (*call_stacked)(struct emit *e, uint64_t fn, uint32_t r);
	/* The arguments of a vr_vhelper_fn but the first: &exec.result[0], &exec.argument[0..2], imm. */
	void (*vector_arguments)(struct emit *e, uint64_t imm);
	void (*call_memory)(
		struct
		emit *e); /* the thunk `memory`, by emit.thunk_at. Each fault point is where it returns to */
	/* fn (vr_isa.fp_slow's signature) on exec.argument[] by the thunk `fp_slow` (emit.thunk_at); every register is kept. */
	void (*call_fp_slow)(struct emit *e, uint64_t fn, uint32_t what, uint64_t imm);
	/* The same-page hints of the frame, all EMIT_PAGE_HINTS tags, become all ones; changes caller-saved registers. */
	void (*forget_hints)(struct emit *e);

	/* ---- guest memory ---- */
	/* Check [base + disp, + total) in the TLB; v may be written, and has the page (what a hint's tag is) afterwards; u gets
	 * the addend. flags: VR_MF_*. */
	struct emit_access (*tlb_check)(struct emit *e, uint32_t base, int32_t disp, uint32_t total,
					uint32_t flags, bool align, bool write, uint32_t u, uint32_t v);
	/* Jump when base + disp is not in the page whose tag is at `tag` of the frame, or unaligned to `size`; v may be
	 * written. */
	uint32_t (*hint_check)(struct emit *e, uint32_t base, int32_t disp, uint32_t size, uint32_t tag,
			       uint32_t v);
	/* Element n of op o (LOAD, LOADP, STORE, STOREP) into d, or from s or a constant that constant_fits(). */
	void (*guest_load)(struct emit *e, const struct vr_ir_op *o, const struct emit_access *a, uint32_t n,
			   uint32_t d);
	void (*guest_store)(struct emit *e, const struct vr_ir_op *o, const struct emit_access *a, uint32_t n,
			    uint32_t s);
	void (*guest_store_constant)(struct emit *e, const struct vr_ir_op *o, const struct emit_access *a,
				     uint32_t n, uint64_t k);
	bool (*constant_fits)(const struct vr_ir_op *o, uint64_t k);
	/* What follows a store for its order: o's VR_MF_*. */
	void (*guest_stored)(struct emit *e, uint32_t flags);

	/* ---- flags ---- */
	/* The packed form of what the host's flags hold in a register of the target's choice, which the current op then has. */
	uint32_t (*flags_pack)(struct emit *e);

	/* ---- guest's calls and returns ---- */
	/* jump_pc, a code address, becomes the linear address: vr_linear_address(). narrow: only its low 32 bits are not 0. May
	 * write `scratch` and what an indirect jump writes. */
	void (*linear_address)(struct emit *e, const struct vr_code_space *space, bool narrow);
	/* Push (pc, host) on the MMU context's return-address stack; host 0: returns a field that patch_address() completes
	 * with the entry of a block. */
	uint32_t (*ras_push)(struct emit *e, uint64_t pc, uint64_t host);
	void (*patch_address)(struct emit *e, uint32_t field, uint32_t target);
	/* Linear address in jump_pc: jump to what the stack's top, or the indirect-branch cache, has for it; the field is of the jump
	 * taken when that is for another pc. */
	uint32_t (*ras_jump)(struct emit *e);
	uint32_t (*indirect_jump)(struct emit *e);
};

#endif
