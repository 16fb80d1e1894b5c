/* SPDX-License-Identifier: MIT */
/*
 * emit.h: the emitter core's state while one region becomes code, and what the core gives to a host's handlers.
 *
 * One forward pass over the ops, one handler an op (emit_handler). A handler's order of work is always:
 *   1. emit_flags_clobber() if it emits anything that changes the host's flags; ra_reserve() of fixed registers it needs;
 *   2. ra_use() of its operands (they are then in registers and pinned), tmp() for scratch;
 *   3. ra_free() for each operand use;
 *   4. ra_def() of its result, then the instructions. A result may share the register of an operand.
 *
 * Ops that are the same on every host have their handlers here (EMIT_COMMON_* below); a host's table takes them by
 * EMIT_HANDLER.
 */
#ifndef VR_XLATE_EMIT_COMMON_EMIT_H
#define VR_XLATE_EMIT_COMMON_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <vmrun/emitter.h>
#include <xlate/ir/ir.h>

#include "target.h"

#define EMIT_SPILLS 64u    /* of each kind */
#define EMIT_PAGE_HINTS 8u /* pages of same-page hints: see memory.c */
#define PIN_NONE 0xffu
/* In the frame: spilled integers and vectors, tags and addends of hints, the addend of coalesced checks. */
#define EMIT_HINT_TAG(n) (EMIT_SPILLS * 40 + 8 * (uint32_t)(n))
#define EMIT_HINT_ADDEND(n) (EMIT_HINT_TAG(EMIT_PAGE_HINTS) + 8 * (uint32_t)(n))
#define EMIT_COALESCED_ADDEND EMIT_HINT_ADDEND(EMIT_PAGE_HINTS)
#define EMIT_FRAME_BYTES (EMIT_COALESCED_ADDEND + 8)
#define EMIT_BLOCKS 4096
#define EMIT_BLOCK_OPS 16384
#define EMIT_OOLS 8192
#define EMIT_FIXUPS 8192
#define EMIT_GUEST_REGS 1024
#define EMIT_OP_CAPACITY 4096 /* no op, stub or edge emits more */

enum emit_location {
	LOC_NONE,
	LOC_CONST,      /* of a CONST or PC_CONST op */
	LOC_REG,        /* owns a temporary register */
	LOC_PINNED,     /* is what the host register `reg` of a pinned register holds */
	LOC_SPILL,      /* in the frame */
	LOC_SAME,       /* FLAGS: see value `chain` */
	LOC_FMEM,       /* FLAGS: packed, in its guest register (emit.fmem) */
	LOC_FCONST,     /* FLAGS: constant, packed form in the op */
	LOC_HOST_FLAGS, /* FLAGS: nowhere but in the host's flags */
	LOC_LATER,      /* not computed yet, the one op that uses it will: FLAGS by F_SEL, PARITY by BRBIT */
};

struct emit_value {
	uint8_t loc;
	uint8_t reg;
	uint8_t type;
	uint8_t dirty_high; /* bits above the type may be anything: I32, V64, FP scalars, and V128 in a register of 32 bytes */
	uint8_t emitted; /* an earlier op did this one's work */
	uint8_t listed;  /* 1 + the pinned register in whose chain of aliases it is, 0: in none */
	uint16_t spill;
	uint32_t uses;  /* left */
	uint32_t last;  /* op of the last use */
	uint32_t put;   /* first PUT of it to a pinned register, 0: none */
	uint32_t chain; /* next alias of the same guest register, or LOC_SAME's value */
};

/* What the host's flags hold. */
struct emit_flags {
	uint32_t value;      /* FLAGS value, 0: nothing useful */
	uint32_t logic;      /* integer value whose N and Z they also are (C = V = 0) */
	uint8_t logic_bits;  /* ... of so many of its bits */
	uint8_t polarity;    /* the host's: how `value` is encoded there */
	uint8_t put_pending; /* `value` has been PUT to put_offset, the store is still to do */
	uint8_t put_edges;   /* ... on these edges, bits 1 << VR_EDGE_* */
	uint32_t put_offset;
};

/* A PUT of a condition register that is done on edges. */
#define EMIT_PENDING 8u
struct emit_pending {
	uint32_t value, offset;
	uint8_t cut;   /* only the low 32 bits */
	uint8_t edges; /* bits 1 << VR_EDGE_* */
};

enum emit_ool_kind {
	OOL_MEMORY,
	OOL_ELEMENT, /* of a range that could not be checked as a whole; its OOL_MEMORY is number `exit` */
	OOL_POLL,    /* store dirty, exec.pc = place pc, look up */
	OOL_HOT,     /* nothing is dirty: exec.pc = place pc, ask the engine */
	OOL_POLL_R,  /* the same, linear address in target.jump_pc */
	OOL_EXIT,    /* an unlinked exit */
	OOL_JUMP,    /* linear address in target.jump_pc: the indirect-branch cache thunk */
	OOL_LEAVE,   /* exec.leave = 0, resume */
	OOL_FP_SLOW,
};

struct emit_ool {
	uint8_t kind;
	uint8_t address; /* MEMORY: register */
	uint8_t arg[3];  /* registers, NOREG: none, or constant in imm[] */
	uint8_t arg_type[3];
	uint8_t result[2];
	uint8_t result_type[2];
	uint8_t constant;  /* mask: arg[i] is imm[i] */
	uint8_t temp;      /* a register the path may use */
	uint8_t write;     /* ELEMENT */
	uint8_t coalesced; /* forget emit.coalesced's addend on the way */
	uint8_t hint;      /* ELEMENT: page to keep, 1.., or 0 */
	uint32_t jump[3];  /* fields of jumps that come here, 0: none */
	uint32_t back;
	uint32_t insn;
	int32_t disp;
	uint32_t exit;
	uint64_t dirty;
	uint64_t imm[3];
	uint64_t pc; /* a place; or descriptor, or FP_SLOW: immediate */
	uint64_t fn;
	uint64_t origin; /* place of the guest instruction that it belongs to */
	uint32_t what;
};

struct emit_fixup {
	uint32_t field;
	uint32_t block;
	uint32_t entry; /* its entry stub, by target.patch_address */
};

/* TLB-check coalescing: accesses off one address with one check. See memory.c. */
struct emit_coalescing {
	uint32_t active;
	uint32_t value, pin; /* the address, and the pinned register that has it, or PIN_NONE */
	int32_t low, high;
	bool write;
};

struct emit {
	struct emit_code c;
	const struct emit_target *target;
	const struct emit_thunks *thunks;
	struct emit_thunks
		thunk_at; /* where this region jumps to for them: themselves, or its island (reach.c) */
	struct vr_emit_job *job;
	const struct vr_ir *ir;
	const struct vr_ir_op *ops;
	const struct vr_ir_block *block;
	uint32_t block_index;
	uint32_t first; /* of the block: values[i - first] */
	uint32_t op_end;
	uint64_t pc; /* place of the current guest instruction: bytes from job->pc_base */
	uint8_t *limit;
	int32_t full; /* the error when code passes the limit: VR_E_NOMEM, or VR_E_RANGE: jumps would not reach */
	int32_t error;

	uint64_t pool; /* registers that may hold temporaries */
	uint64_t free;
	uint64_t busy; /* in use by the current op */
	uint32_t owner[64];
	uint64_t spill_free[2];

	struct emit_flags fl;
	uint32_t fmem; /* FLAGS value that the guest register at fmem_offset holds, 0: none */
	uint32_t fmem_offset;
	struct emit_pending pending[EMIT_PENDING]; /* see condition.c */
	uint32_t pending_count, pending_edges;     /* edges: of any */

	struct emit_coalescing coalesced;
	uint8_t hint[2][VR_MF_GROUPS]; /* of loads and stores: the group's hint, 1.., or 0 */
	uint32_t hint_count[2];
	uint64_t dirty;           /* pinned registers newer than memory */
	uint64_t clean_scalar[2]; /* pinned registers known to be zero above 32 / 64 bits */
	uint8_t pin_reg[VR_PINNED_MAX];
	uint32_t alias[VR_PINNED_MAX]; /* first value of the chain */

	/* Vector registers may hold V256, or what is above V128 may have been left in them: the thunks that save and the calls
	 * of C functions allow for that. */
	bool wide;

	uint32_t ool_count, fixup_count;
	struct emit_value *values;
	struct emit_ool *ools;
	struct emit_fixup *fixups;
	uint32_t *labels; /* block starts */
	uint8_t pin_of[EMIT_GUEST_REGS];
	struct emit_ool sink; /* what does not fit into ools[] */
};

/* The scratch memory of one job. */
struct emit_scratch {
	struct emit emit;
	uint32_t labels[EMIT_BLOCKS];
	struct emit_fixup fixups[EMIT_FIXUPS];
	struct emit_ool ools[EMIT_OOLS];
	struct emit_value values[EMIT_BLOCK_OPS];
};

#define EMIT_VECTOR_BYTES \
	((uint32_t)sizeof(union vr_v256)) /* from one argument, or result, in vr_engine_exec to the next */
#define EMIT_IN_EXEC(member) ((uint32_t)offsetof(struct vr_exec, member))
#define EMIT_IN_ENGINE(member) ((uint32_t)offsetof(struct vr_engine_exec, member))

/* ---- region.c ---- */
/* vr_emit.region of a host. */
int32_t emit_compile(struct vr_emit_job *job, const struct emit_target *t, const struct emit_thunks *thunks);

/* The linear address of a place. */
static inline uint64_t emit_address(const struct emit *e, uint64_t place)
{
	return e->job->pc_base + place;
}

/* For a log: what follows is for the guest instruction at a place. */
static inline void emit_mark(struct emit *e, uint64_t place, uint32_t kind)
{
	struct vr_emit_job *job = e->job;
	if (job->marks && job->mark_count < job->mark_capacity)
		job->marks[job->mark_count++] = (struct vr_code_mark){place, code_at(&e->c), kind};
}

/* Has the code passed the limit? Then that is the region's error. */
static inline bool emit_is_full(struct emit *e)
{
	if (e->c.p > e->limit)
		e->error = e->full;
	return e->c.p > e->limit;
}

/* ---- reach.c ---- */
/* Is the code cache, of so many bytes, larger than direct jumps reach? What emit_thunks.far is set to. */
static inline uint32_t emit_is_far(const struct emit_target *t, uint64_t capacity)
{
	return capacity > t->reach;
}
/* At the region's start: how it gets to thunks that are out of reach. */
void emit_island(struct emit *e);
/* The veneer of exit x of the instruction at that place; the exit's stub has been emitted. */
void emit_veneer(struct emit *e, struct vr_exit_site *x, uint64_t place);
/* vr_emit.link of a host. */
int32_t emit_link(const struct emit_target *t, uint8_t *write, uint64_t execute, const struct vr_exit_site *x,
		  uint64_t target, struct vr_code_change *changed);

/* ---- regalloc.c ---- */
static inline struct emit_value *val(struct emit *e, uint32_t i)
{
	return &e->values[i - e->first];
}

static inline bool is_vector(uint32_t type)
{
	return vr_ir_is_vector(type);
}

static inline uint64_t class_mask(uint32_t type)
{
	return is_vector(type) ? EMIT_VECTORS : EMIT_INTS;
}

static inline uint64_t reg_bit(uint32_t r)
{
	return 1ull << r;
}

static inline uint32_t wide(const struct vr_ir_op *o)
{
	return o->type != VR_T_I32;
}

uint32_t ra_tmp_of(struct emit *e, uint64_t mask);
static inline uint32_t tmp(struct emit *e)
{
	return ra_tmp_of(e, EMIT_INTS);
}
static inline uint32_t vtmp(struct emit *e)
{
	return ra_tmp_of(e, EMIT_VECTORS);
}
/* The type of which a whole register of the value's kind is, as far as the value reaches: I64, V128, V256. */
static inline uint32_t ra_whole(uint32_t type)
{
	return type == VR_T_V256 ? VR_T_V256 : is_vector(type) ? VR_T_V128 : VR_T_I64;
}
/* The same of guest registers of a kind, VR_REG_*. */
static inline uint32_t ra_whole_of(uint32_t kind)
{
	return kind == VR_REG_VEC256 ? VR_T_V256 : kind == VR_REG_VEC ? VR_T_V128 : VR_T_I64;
}
/* Number of the n-th register for pinned registers of a kind. */
uint32_t ra_pinned_register(const struct emit_target *t, uint32_t kind, uint32_t n);
/* The value's register, loaded if need be; the operand's upper bits as its type leaves them. */
uint32_t ra_use(struct emit *e, uint32_t v);
/* As ra_use(), with the bits above the type zero. */
uint32_t ra_use_clean(struct emit *e, uint32_t v);
/* ra_use() for an operand of an op of `type`: clean when that reads more than the value has. */
uint32_t ra_use_as(struct emit *e, uint32_t v, uint32_t type);
/* The same for one that reads so many bits. */
uint32_t ra_use_bits(struct emit *e, uint32_t v, uint32_t bits);
/* A fresh scratch register with a copy. */
uint32_t ra_copy(struct emit *e, uint32_t v, uint32_t w);
/* Put the value into fixed register r, wherever it is; its home does not change. `lost`: pinned registers that have changed; they
 * are in memory. */
void ra_load_into(struct emit *e, uint32_t r, uint32_t v, uint64_t lost);
void ra_free(struct emit *e, uint32_t v);
/* The register for the result of op i. `like`: taken if it has just become free. */
uint32_t ra_def(struct emit *e, uint32_t i, uint32_t like);
/* The same, but not one of these. */
uint32_t ra_def_apart(struct emit *e, uint32_t i, uint32_t a, uint32_t b, uint32_t c);
/* Make value i live in register r, which is scratch of the current op. */
void ra_assign(struct emit *e, uint32_t i, uint32_t r);
/* Empty fixed register r and pin it. */
void ra_reserve(struct emit *e, uint32_t r);
void ra_spill_mask(struct emit *e, uint64_t mask);
void ra_spill_aliases(struct emit *e, uint32_t m);
void ra_become_alias(struct emit *e, uint32_t v, uint32_t m);
void ra_begin_block(struct emit *e, uint32_t index);
void emit_move(struct emit *e, uint32_t d, uint32_t s, uint32_t type);
/* Where a spilled value is in the frame. */
static inline uint32_t ra_spill_offset(const struct emit_value *v)
{
	return is_vector(v->type) ? EMIT_SPILLS * 8 + v->spill * 32u : v->spill * 8u;
}

/* Is value v a CONST? *imm: it, of I32 the low 32 bits. A PC_CONST is none: it is another one when the region is relocated. */
static inline bool const_of(const struct emit *e, uint32_t v, uint64_t *imm)
{
	const struct vr_ir_op *o = &e->ops[v];
	if (!v || o->op != VR_IR_CONST)
		return false;
	*imm = o->type == VR_T_I32 ? (uint32_t)o->imm : o->imm;
	return true;
}
/* Is it a PC_CONST? *pc: the code address. */
static inline bool pc_of(const struct emit *e, uint32_t v, uint64_t *pc)
{
	const struct vr_ir_op *o = &e->ops[v];
	if (!v || o->op != VR_IR_PC_CONST)
		return false;
	*pc = vr_code_address(&e->job->code, emit_address(e, o->imm));
	return true;
}
/* Register d becomes v, a CONST or PC_CONST; cut: its low 32 bits. */
void ra_constant(struct emit *e, uint32_t d, uint32_t v, bool cut);

/* ---- flags.c ---- */
#define EMIT_FLAGS_MASK (VR_FLAG_V | VR_FLAG_NOT_C | VR_FLAG_Z | VR_FLAG_N)
uint32_t emit_flags_constant(const struct vr_ir_op *o); /* packed, of F_CONST */
uint32_t
emit_flags_mask(const struct vr_ir_op *o); /* the bits of the packed form that F_MERGE takes from b */
/* The host's flags are about to change: save what is still wanted of them. */
void emit_flags_clobber(struct emit *e);
/* The host's flags now hold FLAGS value i. */
void emit_flags_set(struct emit *e, uint32_t i, uint32_t polarity);
void emit_flags_put(struct emit *e, const struct vr_ir_op *o, uint32_t offset);
/* Do a pending store, at an edge: the host's flags and all temporaries are dead after it. */
void emit_flags_store_pending(struct emit *e);
uint32_t emit_flags_resolve(struct emit *e, uint32_t v);
void emit_flags_done(struct emit *e, uint32_t v);
/* Packed form of v in a register that may be written. */
uint32_t emit_flags_packed(struct emit *e, uint32_t v);
void emit_flags_leave_memory(struct emit *e);
/* An op k in (i, i+3] that computes FLAGS `fop` of the same operands, or 0. */
uint32_t emit_flags_partner(struct emit *e, uint32_t i, uint32_t fop);

/* ---- condition.c ---- */
/* Leave the PUT to a condition register to the edges where it is live; false: it is to be done here. */
bool emit_condition_put(struct emit *e, const struct vr_ir_op *o, uint32_t offset);
/* The PUTs that are live on the edge. Before anything else there. */
void emit_condition_store(struct emit *e, uint32_t edge);

/* ---- memory.c ---- */
/* VR_MF_* of a memory op, but for the hint. */
uint32_t emit_mf_flags(const struct vr_ir_op *o);
/* The slow path of op o, which comes back to here. */
struct emit_ool *emit_slow_path(struct emit *e, const struct vr_ir_op *o, const struct emit_access *a);
void emit_slow_argument(struct emit_ool *s, uint32_t n, uint32_t reg, uint32_t type);
void emit_slow_constant(struct emit_ool *s, uint32_t n, uint64_t k);
void emit_slow_result(struct emit_ool *s, uint32_t n, uint32_t reg, uint32_t type);

/* ---- ool.c ---- */
void emit_store_dirty(struct emit *e, uint64_t mask);
void emit_load_pinned(struct emit *e, uint64_t mask);
/* The whole set of pinned registers. */
uint64_t emit_all_pinned(const struct emit *e);
void emit_set_pc(struct emit *e, uint64_t place); /* exec.pc = its address; uses target.scratch */
struct emit_ool *emit_ool_new(struct emit *e, uint32_t kind);
void emit_ool_all(struct emit *e);
/* Call `fn` with everything saved; out of line, coming from jump[]; result in d. */
struct emit_ool *emit_fp_slow_ool(struct emit *e, uint64_t fn, uint32_t what, uint64_t imm, uint32_t jump,
				  uint32_t d, uint32_t dtype);
/* The same in line, for an op that has no instructions: operands and result as the op says. */
void emit_fp_slow_inline(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint64_t fn);
/* An op with VR_FPA_TRAPS: by the thunk `memory`, with a fault point. */
void emit_fp_traps(struct emit *e, const struct vr_ir_op *o, uint32_t i);
static inline uint32_t emit_fp_slow_what(const struct vr_ir_op *o)
{
	return o->op | (uint32_t)o->type << 16 | (uint32_t)o->aux << 24;
}

/* ---- control.c ---- */
/* A conditional branch to `taken` when k holds, else to the block's end. */
void emit_branch(struct emit *e, uint64_t taken, struct emit_condition k);

/* ---- fallback.c ---- */
/* Ops that a processor may lack instructions for, in C; vr_isa.fp_slow's signature. [vcpu] */
void VR_CALL emit_fallback(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			   const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c);

/* ---- handlers of the core ---- */
#define EMIT_UNUSED __attribute__((unused))
#define EMIT_OP(name)                                                                         \
	void emit_op_##name(struct emit *e EMIT_UNUSED, const struct vr_ir_op *o EMIT_UNUSED, \
			    uint32_t i EMIT_UNUSED)
#define EMIT_COMMON_NOP ~, emit_op_NOP
#define EMIT_COMMON_INSN_START ~, emit_op_INSN_START
#define EMIT_COMMON_CONST ~, emit_op_CONST
#define EMIT_COMMON_PC_CONST ~, emit_op_PC_CONST
#define EMIT_COMMON_F_CONST ~, emit_op_F_CONST
#define EMIT_COMMON_GET ~, emit_op_GET
#define EMIT_COMMON_PUT ~, emit_op_PUT
#define EMIT_COMMON_LDS ~, emit_op_LDS
#define EMIT_COMMON_STS ~, emit_op_STS
#define EMIT_COMMON_LOAD ~, emit_op_LOAD
#define EMIT_COMMON_STORE ~, emit_op_STORE
#define EMIT_COMMON_LOADP ~, emit_op_LOADP
#define EMIT_COMMON_LOADP_HI ~, emit_op_LOADP_HI
#define EMIT_COMMON_STOREP ~, emit_op_STOREP
#define EMIT_COMMON_GOTO ~, emit_op_GOTO
#define EMIT_COMMON_RAS_PUSH ~, emit_op_RAS_PUSH
#define EMIT_COMMON_JUMP_INDIRECT ~, emit_op_JUMP_INDIRECT
#define EMIT_COMMON_EXIT ~, emit_op_EXIT
#define EMIT_COMMON_EXIT_TO ~, emit_op_EXIT_TO
#define EMIT_COMMON_CALL ~, emit_op_CALL
#define EMIT_COMMON_VCALL ~, emit_op_VCALL
#define EMIT_COMMON_ARGS ~, emit_op_ARGS
EMIT_OP(NOP);
EMIT_OP(INSN_START);
EMIT_OP(CONST);
EMIT_OP(PC_CONST);
EMIT_OP(F_CONST);
EMIT_OP(GET);
EMIT_OP(PUT);
EMIT_OP(LDS);
EMIT_OP(STS);
EMIT_OP(LOAD);
EMIT_OP(STORE);
EMIT_OP(LOADP);
EMIT_OP(LOADP_HI);
EMIT_OP(STOREP);
EMIT_OP(GOTO);
EMIT_OP(RAS_PUSH);
EMIT_OP(JUMP_INDIRECT);
EMIT_OP(EXIT);
EMIT_OP(EXIT_TO);
EMIT_OP(CALL);
EMIT_OP(VCALL);
EMIT_OP(ARGS);
/* EMIT_HANDLER(host, ADD): the handler of op ADD, the core's if it has one, else host_op_ADD. */
#define EMIT_SECOND(a, b, ...) b
#define EMIT_CHOOSE(...) EMIT_SECOND(__VA_ARGS__)
#define EMIT_HANDLER(host, name) EMIT_CHOOSE(EMIT_COMMON_##name, host##_op_##name, ~)

#endif
