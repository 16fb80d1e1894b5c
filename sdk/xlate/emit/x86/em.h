/* SPDX-License-Identifier: MIT */
/*
 * em.h: the emitter's own state while it turns one region into code, and what its files give each other.
 *
 * One forward pass over the ops, one handler an op (op_NAME below). A handler's order of work is always:
 *   1. flags_clobber() if it emits anything that changes EFLAGS; ra_reserve() of fixed registers it needs;
 *   2. ra_use() of its operands (they are then in registers and pinned), tmp() for scratch;
 *   3. ra_free() for each operand use;
 *   4. ra_def() of its result, then the instructions. A result may share the register of an operand.
 */
#ifndef VR_XLATE_EMIT_X86_EM_H
#define VR_XLATE_EMIT_X86_EM_H

#include <stdbool.h>
#include <stddef.h>
#include <vmrun/emitter.h>
#include "asm.h"

/* Fixed registers. */
#define REG_EXEC RBP /* vr_exec + 128, so that the hot bytes have 8-bit displacements */
#define REG_MMU R15
#define EXEC_BIAS 128

#define PINNED_INTS 8
#define PINNED_VECS 9 /* xmm7..15; seven temporaries are what the longest op needs at once */
#define SPILLS 64     /* of each kind */
#define PAGE_HINTS 8  /* pages of same-page hints: see memory.c */
#define FRAME \
	(SPILLS * 8 + SPILLS * 16 + 16 * PAGE_HINTS + 8) /* keeps rsp 16-byte aligned after six pushes */
#define PIN_NONE 0xffu
/* In the frame: see memory.c. */
#define HINT_TAG(n) (SPILLS * 24 + 8 * (int32_t)(n))
#define HINT_ADDEND(n) (HINT_TAG(PAGE_HINTS) + 8 * (int32_t)(n))
#define COALESCED_ADDEND HINT_ADDEND(PAGE_HINTS)
#define MAX_BLOCK_OPS 16384
#define MAX_OOL 8192
#define MAX_FIXUPS 8192
#define MAX_GUEST_REGS 1024
#define ENTRY_PAD 24     /* bytes before an entry stub that kill() sends it to */
#define OP_CAPACITY 4096 /* no op, stub or edge emits more */

#define INT_MASK 0x0000ffffu
#define VEC_MASK 0xffff0000u
/* What the SysV ABI lets a callee change. */
#define CALLER_SAVED (1u << RAX | 1u << RCX | 1u << RDX | 1u << RSI | 1u << RDI | 0xf00u | VEC_MASK)

enum location {
	LOC_NONE,
	LOC_CONST,  /* of a CONST op */
	LOC_REG,    /* owns a temporary register */
	LOC_PINNED, /* is what the host register `reg` of a pinned register holds */
	LOC_SPILL,  /* in the frame */
	LOC_SAME,   /* FLAGS: see value `chain` */
	LOC_FMEM,   /* FLAGS: packed, in its guest register (em.fmem) */
	LOC_FCONST, /* FLAGS: constant, packed form in the op */
	LOC_EFLAGS, /* FLAGS: nowhere but in EFLAGS */
	LOC_LATER,  /* FLAGS: not computed yet (F_SEL will) */
};

struct value {
	uint8_t loc;
	uint8_t reg;
	uint8_t type;
	uint8_t dirty_high; /* bits above the type may be anything: I32, V64 and FP scalars */
	uint8_t emitted;    /* an earlier op did this one's work */
	uint8_t pad;
	uint16_t spill;
	uint32_t uses;  /* left */
	uint32_t last;  /* op of the last use */
	uint32_t put;   /* first PUT of it to a pinned register, 0: none */
	uint32_t chain; /* next alias of the same guest register, or LOC_SAME's value */
};

/* What EFLAGS hold. */
enum polarity {
	POL_SUB,       /* CF = !C, as after cmp */
	POL_ADD,       /* CF = C, as after add and logic */
	POL_FCMP,      /* ucomis a, b */
	POL_FCMP_SWAP, /* ucomis b, a */
};

struct flags_state {
	uint32_t value; /* FLAGS value, 0: nothing useful */
	uint32_t logic; /* integer value whose N and Z they also are (CF = OF = 0) */
	uint8_t logic_type;
	uint8_t polarity;
	uint8_t put_pending; /* `value` has been PUT to put_reg, the store is still to do */
	uint8_t put_edges;   /* ... bits as PUT's aux */
	uint32_t put_offset;
};

/* A condition as jcc sees it: cc, or (two) ne-or-p, inverted when `invert`. */
struct condition {
	uint8_t cc;
	uint8_t two;
	uint8_t invert;
};

enum ool_kind {
	OOL_MEMORY,
	OOL_ELEMENT, /* of a range that could not be checked as a whole; its OOL_MEMORY is number `exit` */
	OOL_POLL,    /* store dirty, exec.pc = pc, look up */
	OOL_POLL_R,  /* the same, pc in rax */
	OOL_EXIT,    /* an unlinked exit */
	OOL_JUMP,    /* pc in rax: the indirect-branch cache thunk */
	OOL_LEAVE,   /* exec.leave = 0, look up */
	OOL_FP_SLOW,
};

struct ool {
	uint8_t kind;
	uint8_t address; /* MEMORY: register */
	uint8_t arg[3];  /* registers, NOREG: none, or constant in imm[] */
	uint8_t arg_type[3];
	uint8_t result[2];
	uint8_t result_type[2];
	uint8_t constant;  /* mask: arg[i] is imm[i] */
	uint8_t temp;      /* a register the path may use */
	uint8_t write;     /* ELEMENT */
	uint8_t coalesced; /* forget em.coalesced's addend on the way */
	uint8_t hint;      /* ELEMENT: page to keep, 1.., or 0 */
	uint32_t jump[3];  /* rel32 fields that come here, 0: none */
	uint32_t back;
	uint32_t dirty;
	uint32_t insn;
	int32_t disp;
	uint32_t exit;
	uint64_t imm[3];
	uint64_t pc; /* or descriptor, or FP_SLOW: immediate */
	uint64_t fn;
	uint64_t origin; /* pc of the guest instruction that it belongs to */
	uint32_t what;
};

struct fixup {
	uint32_t field;
	uint32_t block; /* FIXUP_ENTRY: its entry stub */
	uint32_t entry;
};

/* vr_isa.fp_slow's signature, which the emitter's own C fall-backs have as well. */
typedef void(VR_CALL *fp_slow_fn)(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
				  const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c);

/* TLB-check coalescing: accesses off one address with one check. See memory.c. */
struct tlb_coalescing {
	uint32_t active;
	uint32_t value, pin; /* the address, and the pinned register that has it, or PIN_NONE */
	int32_t low, high;
	bool write;
};

struct em {
	struct code c;
	struct vr_emit_job *job;
	const struct vr_ir *ir;
	const struct vr_ir_op *ops;
	const struct vr_ir_block *block;
	uint32_t block_index;
	uint32_t first; /* of the block: values[i - first] */
	uint32_t op_end;
	uint64_t pc; /* of the current guest instruction */
	uint8_t *limit;
	int32_t error;

	uint32_t pool; /* registers that may hold temporaries */
	uint32_t free;
	uint32_t busy; /* in use by the current op */
	uint32_t owner[32];
	uint64_t spill_free[2];

	struct flags_state fl;
	uint32_t fmem; /* FLAGS value that the guest register at fmem_offset holds, 0: none */
	uint32_t fmem_offset;

	struct tlb_coalescing coalesced;
	uint8_t hint[2][VR_MF_GROUPS]; /* of loads and stores: the group's hint, 1.., or 0 */
	uint32_t hint_count[2];
	uint32_t dirty;           /* pinned registers newer than memory */
	uint32_t clean_scalar[2]; /* guest registers known to be zero above 32 / 64 bits */
	uint8_t pin_reg[VR_PINNED_MAX];
	uint32_t alias[VR_PINNED_MAX]; /* first value of the chain */
	uint32_t reload; /* offset of the region's "load all pinned registers; ret", or fix-ups of it */

	uint32_t ool_count, fixup_count;
	struct value *values;
	struct ool *ools;
	struct fixup *fixups;
	uint32_t *labels; /* block starts */
	uint8_t pin_of[MAX_GUEST_REGS];
};

/* ---- addresses ---- */
static inline struct mem exec_mem(uint32_t offset)
{
	return mem_base(REG_EXEC, (int32_t)offset - EXEC_BIAS);
}
#define EXEC(member) exec_mem((uint32_t)offsetof(struct vr_exec, member))
#define ENGINE(member) exec_mem((uint32_t)offsetof(struct vr_engine_exec, member))
#define MMU(member) ((int32_t)offsetof(struct vr_mmu_context, member))

/* ---- thunks.c ---- */
#define X86_THUNKS(X) X(lookup) X(go) X(link) X(memory) X(fp_slow) X(jump)
#define X86_CONSTANTS(X)                                        \
	X(SIGN32, 0x8000000080000000, 0x8000000080000000)       \
	X(SIGN64, 0x8000000000000000, 0x8000000000000000)       \
	X(ABS32, 0x7fffffff7fffffff, 0x7fffffff7fffffff)        \
	X(ABS64, 0x7fffffffffffffff, 0x7fffffffffffffff)        \
	X(LOW_NIBBLE, 0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f)   \
	X(NIBBLE_COUNT, 0x0302020102010100, 0x0403030203020201) \
	X(REV2, 0x0607040502030001, 0x0e0f0c0d0a0b0809)         \
	X(REV4, 0x0405060700010203, 0x0c0d0e0f08090a0b)         \
	X(REV8, 0x0001020304050607, 0x08090a0b0c0d0e0f)         \
	X(REV4H, 0x0504070601000302, 0x0d0c0f0e09080b0a)        \
	X(REV8H, 0x0100030205040706, 0x09080b0a0d0c0f0e)        \
	X(EVEN_B, 0x0e0c0a0806040200, 0x0e0c0a0806040200)       \
	X(ODD_B, 0x0f0d0b0907050301, 0x0f0d0b0907050301)        \
	X(EVEN_H, 0x0d0c090805040100, 0x0d0c090805040100)       \
	X(ODD_H, 0x0f0e0b0a07060302, 0x0f0e0b0a07060302)        \
	X(LOW_B, 0x00ff00ff00ff00ff, 0x00ff00ff00ff00ff)        \
	X(LOW_H, 0x0000ffff0000ffff, 0x0000ffff0000ffff)        \
	X(ALL_70, 0x7070707070707070, 0x7070707070707070)       \
	X(ONES_B, 0x0101010101010101, 0x0101010101010101)       \
	X(ISHIFT_ROWS, 0x0306090c0f020508, 0x0b0e0104070a0d00)  \
	X(TWICE_TINY64, 0x0020000000000000, 0)                  \
	X(TINY32, 0x0080000000800000, 0x0080000000800000)       \
	X(TINY64, 0x0010000000000000, 0x0010000000000000)       \
	X(F64_MINUS_1, 0xbff0000000000000, 0)                   \
	X(F64_2_32, 0x41f0000000000000, 0)                      \
	X(F64_2_63, 0x43e0000000000000, 0)                      \
	X(F32_MINUS_1, 0xbf800000, 0)                           \
	X(F32_2_32, 0x4f800000, 0)                              \
	X(F32_2_63, 0x5f000000, 0)

enum x86_constant {
#define X(name, low, high) K_##name,
	X86_CONSTANTS(X)
#undef X
		K_COUNT
};

struct thunk_addresses {
	uint64_t constants;
#define X(name) uint64_t name;
	X86_THUNKS(X)
#undef X
};
extern struct thunk_addresses x86_thunk;

static inline struct mem constant_mem(uint32_t k)
{
	return mem_abs(x86_thunk.constants + 16u * k);
}

int64_t VR_CALL x86_thunks(const struct vr_engine_entry *e, uint8_t *write, uint64_t execute,
			   uint64_t capacity);
void VR_CALL x86_enter(struct vr_exec *x, uint64_t target);
void VR_CALL x86_fp_load(struct vr_exec *x);
void VR_CALL x86_fp_save(struct vr_exec *x);
/* Empty the same-page hints in the frame, which is at rsp + offset; changes xmm0. */
void forget_hints(struct code *c, uint32_t offset);

/* ---- features.c ---- */
struct x86_features {
	uint8_t checked, crc32, pclmul, aes, sha;
};
extern struct x86_features x86_has;
void x86_find_features(void);
int32_t VR_CALL x86_probe(char *why, uint32_t length); /* vr_emit.probe */

/* ---- regalloc.c ---- */
uint32_t x86_pinned_register(uint32_t kind, uint32_t reg); /* number in em's mask */
static inline struct value *val(struct em *e, uint32_t i)
{
	return &e->values[i - e->first];
}

static inline bool is_vector(uint32_t type)
{
	return type >= VR_T_F32 && type <= VR_T_V128;
}

static inline uint32_t class_mask(uint32_t type)
{
	return is_vector(type) ? VEC_MASK : INT_MASK;
}

static inline uint32_t wide(const struct vr_ir_op *o)
{
	return o->type != VR_T_I32;
}

uint32_t tmp_of(struct em *e, uint32_t mask);
static inline uint32_t tmp(struct em *e)
{
	return tmp_of(e, INT_MASK);
}
static inline uint32_t vtmp(struct em *e)
{
	return tmp_of(e, VEC_MASK);
}
/* The value's register, loaded if need be; the operand's upper bits as its type leaves them. */
uint32_t ra_use(struct em *e, uint32_t v);
/* As ra_use(), with the bits above I32/V64/scalars zero. */
uint32_t ra_use_clean(struct em *e, uint32_t v);
/* ra_use() for an operand of an op of `type`: clean when that reads more than the value has. */
uint32_t ra_use_as(struct em *e, uint32_t v, uint32_t type);
/* A fresh scratch register with a copy. */
uint32_t copy_of(struct em *e, uint32_t v, uint32_t w);
/* Put the value into fixed register r, wherever it is; its home does not change. */
void load_into(struct em *e, uint32_t r, uint32_t v);
void ra_free(struct em *e, uint32_t v);
/* The register for the result of op i. `like`: taken if it has just become free. */
uint32_t ra_def(struct em *e, uint32_t i, uint32_t like);
/* The same, but not one of these. */
uint32_t ra_def_apart(struct em *e, uint32_t i, uint32_t a, uint32_t b, uint32_t c);
/* Make value i live in register r, which is scratch of the current op. */
void ra_assign(struct em *e, uint32_t i, uint32_t r);
/* Empty fixed register r and pin it. */
void ra_reserve(struct em *e, uint32_t r);
void ra_spill_mask(struct em *e, uint32_t mask);
void ra_spill_aliases(struct em *e, uint32_t m);
void become_alias(struct em *e, uint32_t v, uint32_t m);
void move_value(struct em *e, uint32_t d, uint32_t s, uint32_t type);
/* d = s with nothing above what `type` (I32, F32, F64, V64) holds. */
void clean_move(struct em *e, uint32_t d, uint32_t s, uint32_t type);
struct mem spill_mem(const struct value *v);
void begin_block(struct em *e, uint32_t index);
bool const_of(const struct em *e, uint32_t v, uint64_t *imm);
/* Fits a sign-extended 32-bit immediate of an op of this width? */
bool imm_of(const struct em *e, uint32_t v, uint32_t w, int32_t *imm);

/* ---- flags.c ---- */
/* Packed FLAGS: see flags.c. */
#define FLAGS_MASK (VR_FLAG_V | VR_FLAG_NOT_C | VR_FLAG_Z | VR_FLAG_N)
uint32_t flags_constant(const struct vr_ir_op *o); /* of F_CONST */
/* EFLAGS are about to change: save what is still wanted of them. */
void flags_clobber(struct em *e);
/* EFLAGS now hold FLAGS value i. */
void flags_set(struct em *e, uint32_t i, uint32_t polarity);
/* EFLAGS from the packed form in eax, of polarity SUB. */
void flags_unpack(struct code *c);
/* Make condition cc of FLAGS value v testable by EFLAGS. Before ra_use() of anything else. */
struct condition flags_condition(struct em *e, uint32_t v, uint32_t cc);
void flags_put(struct em *e, const struct vr_ir_op *o, uint32_t offset);
/* Do a pending store, at an edge: EFLAGS and all temporaries are dead after it. */
void flags_store_pending(struct em *e);
uint32_t flags_resolve(struct em *e, uint32_t v);
void flags_done(struct em *e, uint32_t v);
/* Give CF the carry of FLAGS v: C itself (for adc) or inverted (for sbb). EFLAGS' other users have been
 * saved. */
void flags_carry(struct em *e, uint32_t v, bool inverted);
struct condition int_condition(uint32_t cc);
/* Packed form of v in a register that may be written. */
uint32_t flags_packed(struct em *e, uint32_t v);
void flags_leave_memory(struct em *e);
/* An op k in (i, i+3] that computes FLAGS `fop` of the same operands, or 0. */
uint32_t flags_partner(struct em *e, uint32_t i, uint32_t fop);
void compare(struct em *e, uint32_t a, uint32_t b, uint32_t w);
extern const uint8_t x86_cc_of_arm[16];
/* Jump when k holds: the rel32 fields to patch, out[1] = 0 when one is enough. */
void jump_if(struct em *e, struct condition k, uint32_t out[2]);

/* ---- integer.c ---- */
/* ADD or SUB op i, and its FLAGS op `flags` (0: none) by the same instruction. */
void add_sub(struct em *e, uint32_t i, uint32_t flags);

/* ---- tlb.c ---- */
struct access {
	uint32_t base, index;
	int32_t disp;
	uint32_t slow;   /* rel32 field of the jump to the slow path */
	uint32_t denied; /* another one, or 0 */
	bool coalesced;
	uint8_t hint; /* the hint to ask first, 1.., or 0 */
};
/* Emit the check for `total` bytes; v may be written, u gets the addend. */
struct access tlb_check(struct em *e, uint32_t base, int32_t disp, uint32_t total, uint32_t flags, bool align,
			bool write, uint32_t u, uint32_t v);
/* The code of an OOL_ELEMENT. */
void ool_element(struct em *e, const struct ool *s);

/* ---- ool.c ---- */
void store_dirty(struct em *e, uint32_t mask);
void load_pinned(struct em *e, uint32_t mask);
void set_pc(struct em *e, uint64_t pc); /* exec.pc = pc; uses rax */
struct ool *ool_new(struct em *e, uint32_t kind);
void emit_ools(struct em *e);
/* Call `fn` with everything saved; out of line, coming from jump[]; result in d. */
struct ool *fp_slow_ool(struct em *e, uint64_t fn, uint32_t what, uint64_t imm, uint32_t jump, uint32_t d,
			uint32_t dtype);
/* The same in line, for an op that has no instructions: operands and result as the op says. */
void fp_slow_inline(struct em *e, const struct vr_ir_op *o, uint32_t i, uint64_t fn);
static inline uint32_t fp_slow_what(const struct vr_ir_op *o)
{
	return o->op | (uint32_t)o->type << 16 | (uint32_t)o->aux << 24;
}

/* ---- fallback.c ---- */
void VR_CALL x86_fallback(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			  const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c);

/* ---- one handler an op ---- */
#define UNUSED __attribute__((unused))
#define IR(name, class, args, doc) void x86_op_##name(struct em *e, const struct vr_ir_op *o, uint32_t i);
#include <vmrun/ir_ops.def>
#undef IR
#define OP(name) void x86_op_##name(struct em *e UNUSED, const struct vr_ir_op *o UNUSED, uint32_t i UNUSED)

/* Does the engine's job have room for marks (ABI 1.1), and does it want them? */
static inline bool wants_marks(const struct vr_emit_job *job)
{
	return job->size >= offsetof(struct vr_emit_job, mark_capacity) + sizeof(job->mark_capacity) &&
	       job->marks;
}

/* For a log: what follows is for the guest instruction at pc. */
static inline void code_mark(struct em *e, uint64_t pc, uint32_t kind)
{
	struct vr_emit_job *job = e->job;
	if (wants_marks(job) && job->mark_count < job->mark_capacity)
		job->marks[job->mark_count++] = (struct vr_code_mark){pc, code_at(&e->c), kind};
}

#endif
