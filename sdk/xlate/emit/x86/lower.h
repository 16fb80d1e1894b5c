/* SPDX-License-Identifier: MIT */
/*
 * lower.h: what the files of the x86-64 emitter give each other. emit/common/emit.h says how a handler works; here one is
 * OP(NAME), which is x86_op_NAME().
 */
#ifndef VR_XLATE_EMIT_X86_LOWER_H
#define VR_XLATE_EMIT_X86_LOWER_H

#include <xlate/emit/common/emit.h>
#include "asm.h"

/* Fixed registers. */
#define REG_EXEC RBP /* vr_exec + 128, so that the hot bytes have 8-bit displacements */
#define REG_MMU R15
#define EXEC_BIAS 128

#define PINNED_INTS 8
#define PINNED_VECS 9          /* xmm7..15; seven temporaries are what the longest op needs at once */
#define FRAME EMIT_FRAME_BYTES /* keeps rsp 16-byte aligned after six pushes */
#define ENTRY_PAD 24           /* bytes before an entry stub that kill() sends it to */

/* What EFLAGS hold: emit_flags.polarity. */
enum polarity {
	POL_SUB,       /* CF = !C, as after cmp */
	POL_ADD,       /* CF = C, as after add and logic */
	POL_FCMP,      /* ucomis a, b */
	POL_FCMP_SWAP, /* ucomis b, a */
};

/* A condition as jcc sees it: cc, or (two) ne-or-p, inverted when `invert`: struct emit_condition. */

/* ---- addresses ---- */
static inline struct mem exec_mem(uint32_t offset)
{
	return mem_base(REG_EXEC, (int32_t)offset - EXEC_BIAS);
}
#define EXEC(member) exec_mem((uint32_t)offsetof(struct vr_exec, member))
#define ENGINE(member) exec_mem((uint32_t)offsetof(struct vr_engine_exec, member))
#define MMU(member) ((int32_t)offsetof(struct vr_mmu_context, member))

static inline struct mem x86_spill_mem(const struct emit_value *v)
{
	return mem_base(RSP, (int32_t)ra_spill_offset(v));
}

/* Fits a sign-extended 32-bit immediate of an op of this width? */
static inline bool x86_imm_of(const struct emit *e, uint32_t v, uint32_t w, int32_t *imm)
{
	uint64_t k;
	if (!const_of(e, v, &k))
		return false;
	*imm = (int32_t)k;
	return !w || k == (uint64_t)(int64_t)(int32_t)k;
}

/* Bits that the FLAGS of op o, F_ADD or one like it, are made of. */
static inline uint32_t x86_flag_bits(const struct vr_ir_op *o)
{
	return o->aux & VR_FA_8 ? 8 : o->aux & VR_FA_16 ? 16 : wide(o) ? 64 : 32;
}

/* A constant operand of an op on so many bits, as the immediate of an instruction that works on as many. */
static inline bool x86_imm_bits(const struct emit *e, uint32_t v, uint32_t bits, int32_t *imm)
{
	bool fits = x86_imm_of(e, v, bits == 64, imm);
	if (fits && bits == 8)
		*imm = (int8_t)*imm;
	else if (fits && bits == 16)
		*imm = (int16_t)*imm;
	return fits;
}

/* How the FLAGS op leaves its result when the host's CF is the carry or the borrow that the instruction makes. */
static inline uint32_t x86_made(const struct vr_ir_op *o, uint32_t polarity)
{
	return o->aux & VR_FA_NOT_C ? polarity ^ (POL_SUB ^ POL_ADD) : polarity;
}

/* ---- target.c ---- */
extern const struct emit_target x86_target;

/* ---- thunks.c ---- */
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

/* 32 bytes, the low and the high half the same. */
static inline struct mem constant_mem(const struct emit *e, uint32_t k)
{
	return mem_abs(e->thunks->data + 32u * k);
}

/* A VEX op as wide as the op's type. */
static inline uint32_t x86_wide(const struct vr_ir_op *o, uint32_t op)
{
	return o->type == VR_T_V256 ? op | V_256 : op;
}

/* The result of op i is what register s holds. Where that is d, what is above V128 is still there. */
static inline void x86_copy(struct emit *e, const struct vr_ir_op *o, uint32_t i, uint32_t d, uint32_t s)
{
	if (d != s)
		v_rr(&e->c, x86_wide(o, I_VMOVAPS), d, s);
	else if (o->type == VR_T_V128 && e->wide)
		val(e, i)->dirty_high = 1;
}

/* Writes the thunks. The bytes that they take, or an error. */
int64_t x86_thunks(struct emit_thunks *t, const struct vr_engine_entry *e, uint8_t *write, uint64_t execute,
		   uint64_t capacity);
void VR_CALL x86_enter(struct vr_emit_vm *vm, struct vr_exec *x, uint64_t target);
void VR_CALL x86_fp_load(struct vr_exec *x);
void VR_CALL x86_fp_save(struct vr_exec *x);
/* Empty the same-page hints in the frame, which is at rsp + offset; changes xmm0. */
void x86_forget_hints(struct emit_code *c, uint32_t offset);

/* ---- features.c ---- */
struct x86_features {
	uint8_t crc32, pclmul, aes, sha;
};
struct x86_features x86_find_features(void);

/* ---- emit.c ---- */
/* struct vr_emit_vm of this emitter. */
struct x86_vm {
	struct emit_thunks thunks; /* first: emit.thunks points to it */
	struct x86_features has;
	const struct emit_target *target; /* x86_target; tests put one of their own here */
};
static inline struct x86_vm *x86_vm_of(struct vr_emit_vm *vm)
{
	return (struct x86_vm *)vm;
}
static inline const struct x86_features *x86_has(const struct emit *e)
{
	return &((const struct x86_vm *)(const void *)e->thunks)->has;
}
int32_t VR_CALL x86_probe(char *why, uint32_t length); /* vr_emit.probe */

/* ---- relocate.c ---- */
int32_t VR_CALL x86_relocate(struct vr_emit_vm *vm, const struct vr_relocate_job *job); /* vr_emit.relocate */

/* ---- control.c ---- */
/* Where the page-mapping id of the page at pc is, from the MMU context. */
static inline uint32_t x86_mapping_displacement(uint64_t pc)
{
	return (uint32_t)MMU(mapping_id) + 4 * ((uint32_t)(pc >> 12) & (VR_MAPPING_ID_ENTRIES - 1));
}

/* ---- flags.c ---- */
/* The packed form of EFLAGS, in eax. */
uint32_t x86_flags_pack(struct emit *e);
/* EFLAGS from the packed form in eax, of polarity SUB. */
void x86_flags_unpack(struct emit_code *c);
/* Make condition cc of FLAGS value v testable by EFLAGS. Before ra_use() of anything else. */
struct emit_condition x86_flags_condition(struct emit *e, uint32_t v, uint32_t cc);
/* Give CF the carry of FLAGS v: C itself (for adc) or inverted (for sbb). EFLAGS' other users have been
 * saved. */
void x86_flags_carry(struct emit *e, uint32_t v, bool inverted);
/* EFLAGS may be used up for the carry of v: save them if anything else wants them. Before ra_use(). */
void x86_flags_keep_others(struct emit *e, uint32_t v);
struct emit_condition x86_int_condition(uint32_t cc);
void x86_compare(struct emit *e, uint32_t a, uint32_t b, uint32_t bits);
extern const uint8_t x86_cc_of_arm[16];
void x86_jump_if(struct emit *e, struct emit_condition k, uint32_t out[2]);

/* ---- integer.c ---- */
/* ADD or SUB op i, and its FLAGS op `flags` (0: none) by the same instruction. */
void x86_add_sub(struct emit *e, uint32_t i, uint32_t flags);

/* ---- fp.c ---- */
/* May there be anything above `type` in the register of operand v, which scalar instructions copy to the
 * result's? */
uint8_t x86_fp_above(struct emit *e, uint32_t v, uint32_t type);
uint32_t x86_round_control(uint32_t mode, bool quiet); /* immediate of ROUNDSD, of VR_RM_* */

/* ---- fpplain.c: see emit_target ---- */
bool x86_fp_attributes(struct emit *e, const struct vr_ir_op *o, uint32_t i);

/* ---- tlb.c: see emit_target ---- */
struct emit_access x86_tlb_check(struct emit *e, uint32_t base, int32_t disp, uint32_t total, uint32_t flags,
				 bool align, bool write, uint32_t u, uint32_t v);
uint32_t x86_hint_check(struct emit *e, uint32_t base, int32_t disp, uint32_t size, uint32_t tag, uint32_t v);
struct mem x86_access_mem(const struct emit_access *a, uint32_t offset);
/* Load `type`, aux as LOAD's, from m. */
void x86_load_guest(struct emit *e, uint32_t type, uint32_t aux, uint32_t d, struct mem m);
void x86_guest_load(struct emit *e, const struct vr_ir_op *o, const struct emit_access *a, uint32_t n,
		    uint32_t d);
void x86_guest_store(struct emit *e, const struct vr_ir_op *o, const struct emit_access *a, uint32_t n,
		     uint32_t s);
void x86_guest_store_constant(struct emit *e, const struct vr_ir_op *o, const struct emit_access *a,
			      uint32_t n, uint64_t k);
bool x86_constant_fits(const struct vr_ir_op *o, uint64_t k);

/* ---- atomic.c ---- */
void x86_guest_stored(struct emit *e, uint32_t flags);

/* ---- control.c ---- */
uint32_t x86_jump_mapping(struct emit *e, uint32_t index, uint32_t id, uint32_t *check);
uint32_t x86_jump_exit(struct emit *e);
void x86_linear_address(struct emit *e, const struct vr_code_space *space, bool narrow);
void x86_set_field(uint8_t *write, uint32_t at, uint32_t value, struct vr_code_change *changed);
void x86_redirect(uint8_t *write, uint64_t execute, uint32_t field, uint64_t target,
		  struct vr_code_change *changed);
uint32_t x86_ras_push(struct emit *e, uint64_t pc, uint64_t host);
uint32_t x86_ras_jump(struct emit *e);
uint32_t x86_indirect_jump(struct emit *e);
/* The same for a guest of that vr_isa.code_align_log2. */
uint32_t x86_indirect(struct emit_code *c, uint32_t align);

/* ---- one handler an op ---- */
#define IR(name, ...) void x86_op_##name(struct emit *e, const struct vr_ir_op *o, uint32_t i);
#include <vmrun/ir_ops.def>
#undef IR
#define OP(name)                                                                             \
	void x86_op_##name(struct emit *e EMIT_UNUSED, const struct vr_ir_op *o EMIT_UNUSED, \
			   uint32_t i EMIT_UNUSED)

#endif
