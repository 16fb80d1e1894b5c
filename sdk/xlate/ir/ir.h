/* SPDX-License-Identifier: MIT */
/* ir.h: looking at an IR: what ops are, the verifier, the printer. */
#ifndef VR_XLATE_IR_IR_H
#define VR_XLATE_IR_IR_H

#include <stdbool.h>
#include <stdio.h>
#include <vmrun/isa.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- ir_ops.def as a table ---- */

/* What aux and imm mean, as in ir_ops.def. */
enum vr_ir_aux {
#define IR_AUX(name, range) VR_AUX_##name,
#include <vmrun/ir_ops.def>
	VR_AUX_COUNT
};
enum vr_ir_imm {
#define IR_IMM(name, range) VR_IMM_##name,
#include <vmrun/ir_ops.def>
	VR_IMM_COUNT
};
#define VR_ATTRIBUTE_NONE 0
#define VR_ATTRIBUTE_COMMUTES 1
#define VR_ATTRIBUTE_SLOW 2
#define VR_ATTRIBUTE_PAIR 3
#define VR_ATTRIBUTE_GOES 4
#define VR_ATTRIBUTE_BRANCH 5

/* A row. Letters are those of ir_ops.def. */
struct vr_ir_info {
	const char *name;
	const char *operands;
	const char *types;
	const char *lanes;
	uint8_t args;       /* how many of a, b, c are values, or may be: the first ones */
	uint8_t flags;      /* bits 1 << n: the n-th operand is FLAGS (letter f) */
	uint8_t op_class;   /* VR_IRC_* */
	uint8_t value_type; /* VR_T_* of the result, VR_T_NONE: none, VR_IR_TYPE_OF_OP */
	uint8_t aux;        /* VR_AUX_* */
	uint8_t imm;        /* VR_IMM_* */
	uint8_t attribute;  /* VR_ATTRIBUTE_* */
};
#define VR_IR_TYPE_OF_OP 0xffu
extern const struct vr_ir_info vr_ir_ops[VR_IR_COUNT];

/* The row of an op; of an unknown number: one with name NULL. */
struct vr_ir_info vr_ir_info(uint32_t op);

/* The type of an op's value, VR_T_NONE: it has none. */
static inline uint32_t vr_ir_value_type(const struct vr_ir_op *o)
{
	uint32_t type = vr_ir_ops[o->op].value_type;
	return type == VR_IR_TYPE_OF_OP ? o->type : type;
}

static inline bool vr_ir_is_vector(uint32_t type)
{
	const uint32_t vectors =
		1u << VR_T_F32 | 1u << VR_T_F64 | 1u << VR_T_V64 | 1u << VR_T_V128 | 1u << VR_T_V256;
	return type < VR_T_COUNT && vectors >> type & 1;
}

static inline bool vr_ir_is_integer(uint32_t type)
{
	return type == VR_T_I32 || type == VR_T_I64;
}

/* Bits that a value of the type has; of FLAGS and of none 0. */
static inline uint32_t vr_ir_type_bits(uint32_t type)
{
	/* By VR_T_*: none, I32, I64, F32, F64, V64, V128, FLAGS, V256. */
	static const uint16_t bits[VR_T_COUNT] = {0, 32, 64, 32, 64, 64, 128, 0, 256};
	return type < VR_T_COUNT ? bits[type] : 0;
}

/* The letters of types in ir_ops.def, by VR_T_*. */
#define VR_IR_TYPE_LETTERS "niIsdhVfW"

/* Bytes that a guest register of this kind (VR_REG_*) has in memory; of an unknown kind 0. */
static inline uint32_t vr_ir_reg_bytes(uint32_t kind)
{
	/* By VR_REG_*: INT, VEC, FLAGS, CONDITION, VEC256. */
	static const uint8_t bytes[] = {8, 16, 4, 8, 32};
	return kind < sizeof(bytes) ? bytes[kind] : 0;
}

/* Does a guest register of this kind hold vectors? */
static inline bool vr_ir_is_vector_reg(uint32_t kind)
{
	return kind == VR_REG_VEC || kind == VR_REG_VEC256;
}

/* ... the guest's condition flags, or what one of them is computed from? */
static inline bool vr_ir_is_flags_reg(uint32_t kind)
{
	return kind == VR_REG_FLAGS || kind == VR_REG_CONDITION;
}

/* Where an op at a block's end goes, as bits 1 << VR_EDGE_*; 0: not to a block that the IR names. */
static inline uint32_t vr_ir_edges(uint32_t op)
{
	switch (vr_ir_ops[op].attribute) {
	case VR_ATTRIBUTE_GOES:
		return 1u << VR_EDGE_TAKEN;
	case VR_ATTRIBUTE_BRANCH:
		return 1u << VR_EDGE_TAKEN | 1u << VR_EDGE_FALL;
	default:
		return 0;
	}
}

/* An integer that is known when code is made: it needs no register until it is used. */
static inline bool vr_ir_is_constant(uint32_t op)
{
	return op == VR_IR_CONST || op == VR_IR_PC_CONST;
}

/* A memory op without its condition: CAS of CASIF. */
static inline uint32_t vr_ir_unconditional(uint32_t op)
{
	if (op == VR_IR_CASIF)
		return VR_IR_CAS;
	return op == VR_IR_CAS2IF ? (uint32_t)VR_IR_CAS2 : op;
}

/* The value that a conditional access looks at, besides a, b, c; 0: the op is none. */
static inline uint32_t vr_ir_condition_value(const struct vr_ir_op *o)
{
	return vr_ir_ops[o->op].imm == VR_IMM_ATOMIC_IF ? (uint32_t)o->imm : 0;
}

/* The values that the op reads, some of which may be 0: how many, value[0] .. */
static inline uint32_t vr_ir_reads(const struct vr_ir_op *o, uint32_t value[4])
{
	const struct vr_ir_info *info = &vr_ir_ops[o->op];
	uint32_t n = info->args;

	value[0] = o->a;
	value[1] = o->b;
	value[2] = o->c;
	if (info->imm == VR_IMM_ATOMIC_IF)
		value[n++] = (uint32_t)o->imm;
	return n;
}

/* The helper that the op calls, or UINT64_MAX. */
static inline uint64_t vr_ir_helper(const struct vr_ir_op *o)
{
	uint32_t kind = vr_ir_ops[o->op].imm;
	return kind == VR_IMM_HELPER ? o->imm : kind == VR_IMM_VHELPER ? o->imm & 0xffff : UINT64_MAX;
}

/* The base of a LOAD from a table (its hint), 0: without. */
static inline uint32_t vr_ir_table_base(const struct vr_ir_op *o)
{
	return o->op == VR_IR_LOAD ? o->b : 0;
}

/* Does the memory op write, and read nothing? */
static inline bool vr_ir_only_writes(const struct vr_ir_op *o)
{
	return vr_ir_ops[o->op].op_class == VR_IRC_MEM && vr_ir_ops[o->op].value_type == VR_T_NONE;
}

/* May the op fault, so that nothing of its instruction may have happened before? */
static inline bool vr_ir_may_fault(const struct vr_ir_op *o)
{
	return vr_ir_ops[o->op].op_class == VR_IRC_MEM ||
	       (vr_ir_ops[o->op].op_class == VR_IRC_FP && o->imm & VR_FPA_TRAPS);
}

/* FP attributes of an op of class VR_IRC_FP. */
static inline uint32_t vr_ir_fp_attributes(const struct vr_ir_op *o)
{
	return (uint32_t)o->imm & VR_FPA_ALL;
}

/* Which of N Z C V (bits 3:0) a condition looks at. */
static inline uint32_t vr_ir_condition_flags(uint32_t cc)
{
	static const uint8_t flags[] = {4, 2, 8, 1, 2 | 4, 8 | 1, 8 | 4 | 1, 0};
	return flags[cc >> 1 & 7];
}

/* The same of op o and FLAGS that are its n-th operand, when `wanted` of the op's own FLAGS, if it makes any, are of use. */
static inline uint32_t vr_ir_flags_read(const struct vr_ir_op *o, uint32_t n, uint32_t wanted)
{
	const struct vr_ir_info *info = &vr_ir_ops[o->op];
	if (info->aux == VR_AUX_FLAGS_CARRY || info->aux == VR_AUX_CARRY)
		return 2;
	if (info->imm == VR_IMM_NZCV) /* F_MERGE */
		return wanted & (uint32_t)(n ? o->imm : ~o->imm);
	if (info->aux == VR_AUX_CC && n == 0)
		return vr_ir_condition_flags(o->aux);
	return info->value_type == VR_T_FLAGS ? wanted : 0xf;
}

/* Bytes that a memory op accesses. */
static inline uint32_t vr_ir_access_bytes(const struct vr_ir_op *o)
{
	return (1u << (o->aux & 7)) << (vr_ir_ops[o->op].attribute == VR_ATTRIBUTE_PAIR);
}

/* ---- the verifier ---- */

/*
 * Is this IR, which a lifter made, well-formed? Each op is as its row of ir_ops.def says, and what else ir.h
 * says holds: operands are values of the same block, defined earlier; a terminator ends every block and
 * stands nowhere else; no PUT comes before a memory op of the same instruction; edges stay inside; not more
 * than VR_IR_LIVE values are live. isa (or NULL: not looked at) says which guest registers and helpers there
 * are, and how long its state is. 0; VR_E_INVAL with the op's number and the reason in why[]; VR_E_NOMEM. [any]
 */
int vr_ir_verify(const struct vr_ir *ir, const struct vr_isa *isa, char *why, size_t n);

/* The same of an IR that an engine has worked on: hints and FLAGS that are not live are well-formed, too, and
 * values may be live for longer. [any] */
int vr_ir_verify_optimized(const struct vr_ir *ir, const struct vr_isa *isa, char *why, size_t n);

/* Is the op's aux in the range that its row gives, for its type? The same for imm, where type and aux are
 * right. [any] */
bool vr_ir_aux_legal(const struct vr_ir_op *o, bool from_engine);
bool vr_ir_imm_legal(const struct vr_ir_op *o, const struct vr_isa *isa, bool from_engine);

/* ---- the printer ---- */

/* As text, one op a line; places are printed as addresses in the page at `base`. isa (or NULL) names guest registers and
 * helpers. [any] */
void vr_ir_print(FILE *out, const struct vr_ir *ir, const struct vr_isa *isa, uint64_t base);
/* The same of the instructions that are wanted, by their address; without NOPs, and without blocks that hold none.
 * [any] */
void vr_ir_print_some(FILE *out, const struct vr_ir *ir, const struct vr_isa *isa, uint64_t base,
		      bool (*wanted)(void *opaque, uint64_t pc), void *opaque);

#ifdef __cplusplus
}
#endif

#endif
