/* SPDX-License-Identifier: MIT */
/* interp_ops.h: one function an op, and what they share. Only interp*.c include it. */
#ifndef SOFT_INTERP_OPS_H
#define SOFT_INTERP_OPS_H

#include <string.h>
#include <xlate/ir/ir.h>

#include "interp.h"

struct soft_interp {
	struct vr_exec *x;
	const struct vr_isa *isa;
	const struct vr_ir *ir;
	const struct vr_ir_block *block;
	const struct soft_interp_memory *m;
	uint64_t pc_base;
	union vr_v256 *v; /* values, by op number */
};

/* `d` is the op's own value, zeroed before. 0: go on, or SOFT_INTERP_*. */
typedef uint32_t (*soft_interp_fn)(struct soft_interp *r, const struct vr_ir_op *o, union vr_v256 *d);

#define IR(name, ...) \
	uint32_t soft_interp_##name(struct soft_interp *r, const struct vr_ir_op *o, union vr_v256 *d);
#include <vmrun/ir_ops.def>

/* The head of an op's function; every one may use what it needs of r, o and d. */
#define OP(name)                                                                      \
	uint32_t soft_interp_##name(struct soft_interp *r __attribute__((unused)),    \
				    const struct vr_ir_op *o __attribute__((unused)), \
				    union vr_v256 *d __attribute__((unused)))

/* An op that is one expression of 64 bits. */
#define OP_VALUE(name, expression)                                          \
	OP(name)                                                            \
	{                                                                   \
		d->d[0] = soft_interp_cut(o->type, (uint64_t)(expression)); \
		return 0;                                                   \
	}

static inline uint64_t soft_interp_cut(uint32_t type, uint64_t value)
{
	return type == VR_T_I32 ? (uint32_t)value : value;
}

/* Integer operands, as wide as the op's type. */
#define A soft_interp_cut(o->type, r->v[o->a].d[0])
#define B soft_interp_cut(o->type, r->v[o->b].d[0])
#define C soft_interp_cut(o->type, r->v[o->c].d[0])
#define BITS (o->type == VR_T_I32 ? 32u : 64u)

/* Zeros above what a value of the type has. */
static inline void soft_interp_narrow(uint32_t type, union vr_v256 *v)
{
	uint32_t bytes = vr_ir_type_bits(type) / 8;
	memset(v->b + bytes, 0, sizeof(v->b) - bytes);
}

static inline uint64_t soft_interp_sext(uint64_t value, uint32_t bits)
{
	if (bits >= 64)
		return value;
	uint64_t sign = 1ull << (bits - 1);
	value &= (sign << 1) - 1;
	return (value ^ sign) - sign;
}

static inline uint64_t soft_interp_mask(uint32_t bits)
{
	return bits >= 64 ? ~0ull : (1ull << bits) - 1;
}

/* FLAGS. */
static inline uint64_t soft_interp_pack(unsigned n, unsigned z, unsigned c, unsigned v)
{
	return (n ? VR_FLAG_N : 0u) | (z ? VR_FLAG_Z : 0u) | (c ? 0u : VR_FLAG_NOT_C) | (v ? VR_FLAG_V : 0u);
}

unsigned soft_interp_holds(uint32_t condition, uint64_t flags);
unsigned soft_interp_compare(uint32_t condition, uint32_t type, uint64_t a, uint64_t b);

#endif
