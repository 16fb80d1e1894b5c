/* SPDX-License-Identifier: MIT */
/* interp.c: the interpreter's loop, and the ops on guest registers, memory, helpers, control flow and the FP
 * environment. */
#include <fenv.h>
#include "interp_ops.h"

/* Every op of ir_ops.def has its function: a missing one does not link. */
static const soft_interp_fn functions[] = {
#define IR(name, ...) soft_interp_##name,
#include <vmrun/ir_ops.def>
};
_Static_assert(sizeof(functions) / sizeof(functions[0]) == VR_IR_COUNT, "an op without its function");
_Static_assert(VR_IR_NOP == 0, "value 0 is none");

uint32_t soft_interp_block(struct vr_exec *x, const struct vr_isa *isa, const struct vr_ir *ir,
			   uint32_t block, uint64_t pc_base, union vr_v256 *values,
			   const struct soft_interp_memory *m)
{
	const struct vr_ir_block *b = &ir->blocks[block];
	struct soft_interp r = {
		.x = x, .isa = isa, .ir = ir, .block = b, .m = m, .pc_base = pc_base, .v = values};
	uint32_t result = 0;

	memset(&values[0], 0, sizeof(values[0])); /* "none" reads as zero */
	for (uint32_t i = b->first; result == 0 && i < b->first + b->count; i++) {
		const struct vr_ir_op *o = &ir->ops[i];
		if (o->op != VR_IR_LOADP_HI)
			memset(&values[i], 0, sizeof(values[i]));
		result = functions[o->op](&r, o, &values[i]);
	}
	if (result == SOFT_INTERP_LEFT)
		x->leave = 0;
	return result ? result : SOFT_INTERP_LEFT;
}

/* ---- structure ---------------------------------------------------------------------------- */

OP(NOP)
{
	return 0;
}

OP(INSN_START)
{
	r->x->pc = r->pc_base + o->imm;
	return 0;
}

OP_VALUE(CONST, o->imm)
OP_VALUE(PC_CONST, vr_code_address(&r->x->code, r->pc_base + o->imm))

/* Of a value in memory. */
static size_t type_bytes(uint32_t type)
{
	return type == VR_T_FLAGS ? 4 : vr_ir_type_bits(type) / 8;
}

static uint8_t *reg_address(struct soft_interp *r, uint64_t reg)
{
	return (uint8_t *)r->x + vr_isa_reg(r->isa, reg)->offset;
}

OP(GET)
{
	memcpy(d, reg_address(r, o->imm), type_bytes(o->type));
	return 0;
}

OP(PUT)
{
	union vr_v256 value = {.d = {0}};
	uint32_t bytes = vr_ir_reg_bytes(vr_isa_reg(r->isa, o->imm)->kind);
	memcpy(&value, &r->v[o->a], type_bytes(o->type));
	if (o->type != VR_T_FLAGS && o->aux & VR_PUT_KEEP)
		bytes = 16;
	memcpy(reg_address(r, o->imm), &value, bytes);
	return 0;
}

OP(LDS)
{
	memcpy(d, (uint8_t *)r->x + o->imm, type_bytes(o->type));
	return 0;
}

OP(STS)
{
	memcpy((uint8_t *)r->x + o->imm, &r->v[o->a], type_bytes(o->type));
	return 0;
}

/* ---- memory ------------------------------------------------------------------------------- */

static uint64_t displaced(const struct soft_interp *r, const struct vr_ir_op *o)
{
	return r->v[o->a].d[0] + (uint64_t)(int64_t)(int32_t)(uint32_t)o->imm;
}

static uint32_t access_at(struct soft_interp *r, const struct vr_ir_op *o, uint64_t address,
			  const union vr_v256 *arg1, const union vr_v256 *arg2, union vr_v256 *result)
{
	return r->m->access(r->x, o, address, arg1, arg2, result) ? SOFT_INTERP_LEFT : 0;
}

/* What was read, as the value of an op of that type. */
static union vr_v256 loaded(const struct vr_ir_op *o, const union vr_v256 *raw)
{
	union vr_v256 value = *raw;
	soft_interp_narrow(o->type == VR_T_I32 ? VR_T_I64 : o->type, &value);
	if (o->type == VR_T_I32 || o->type == VR_T_I64) {
		if (o->aux & VR_MS_SIGN)
			value.d[0] = soft_interp_sext(value.d[0], 8u << (o->aux & 7));
		value.d[0] = soft_interp_cut(o->type, value.d[0]);
	}
	return value;
}

OP(LOAD)
{
	union vr_v256 result[2] = {{.d = {0}}, {.d = {0}}};
	uint32_t left = access_at(r, o, displaced(r, o), NULL, NULL, result);
	*d = loaded(o, &result[0]);
	return left;
}

OP(STORE)
{
	union vr_v256 result[2];
	return access_at(r, o, displaced(r, o), &r->v[o->b], NULL, result);
}

OP(LOADP)
{
	union vr_v256 result[2] = {{.d = {0}}, {.d = {0}}};
	uint32_t left = access_at(r, o, displaced(r, o), NULL, NULL, result);
	*d = loaded(o, &result[0]);
	/* The second value belongs to the LOADP_HI op of the block that names this one. */
	uint32_t self = (uint32_t)(o - r->ir->ops);
	for (uint32_t i = self + 1; i < r->block->first + r->block->count; i++)
		if (r->ir->ops[i].op == VR_IR_LOADP_HI && r->ir->ops[i].a == self)
			r->v[i] = loaded(o, &result[1]);
	return left;
}

OP(LOADP_HI)
{
	return 0; /* LOADP stored it */
}

OP(STOREP)
{
	union vr_v256 result[2];
	return access_at(r, o, displaced(r, o), &r->v[o->b], &r->v[o->c], result);
}

static uint32_t compare_and_swap(struct soft_interp *r, const struct vr_ir_op *o, union vr_v256 *d)
{
	union vr_v256 result[2] = {{.d = {0}}, {.d = {0}}};
	uint32_t left = access_at(r, o, r->v[o->a].d[0], &r->v[o->b], &r->v[o->c], result);
	*d = result[0];
	return left;
}

OP(CAS)
{
	return compare_and_swap(r, o, d);
}

OP(CAS2)
{
	return compare_and_swap(r, o, d);
}

OP(CASIF)
{
	if (r->v[(uint32_t)o->imm].d[0])
		return compare_and_swap(r, o, d);
	d->d[0] = ~r->v[o->b].d[0] & soft_interp_mask(8u << (o->aux & 7));
	return 0;
}

OP(CAS2IF)
{
	if (r->v[(uint32_t)o->imm].d[0])
		return compare_and_swap(r, o, d);
	d->d[0] = ~r->v[o->b].d[0];
	d->d[1] = ~r->v[o->b].d[1];
	return 0;
}

OP(AMO)
{
	union vr_v256 result[2] = {{.d = {0}}, {.d = {0}}};
	uint32_t left = access_at(r, o, displaced(r, o), &r->v[o->b], NULL, result);
	*d = result[0];
	return left;
}

OP(FENCE)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return 0;
}

/* ---- calls -------------------------------------------------------------------------------- */

OP(CALL)
{
	const struct vr_helper *h = vr_isa_helper(r->isa, o->imm);
	if (h->flags & VR_HF_SIX) {
		static const struct vr_ir_op none;
		const struct vr_ir_op *more = o[-1].op == VR_IR_ARGS ? o - 1 : &none;
		d->d[0] = h->u.fn6(r->x, r->v[o->a].d[0], r->v[o->b].d[0], r->v[o->c].d[0],
				   r->v[more->a].d[0], r->v[more->b].d[0], r->v[more->c].d[0]);
	} else
		d->d[0] = h->u.fn(r->x, r->v[o->a].d[0], r->v[o->b].d[0], r->v[o->c].d[0]);
	return (h->flags & VR_HF_MAY_LEAVE) && r->x->leave ? SOFT_INTERP_LEFT : 0;
}

OP(ARGS)
{
	return 0; /* CALL looks at it */
}

OP(VCALL)
{
	const struct vr_helper *h = vr_isa_helper(r->isa, o->imm & 0xffff);
	h->u.vfn(r->x, d->half, r->v[o->a].half, r->v[o->b].half, r->v[o->c].half, o->imm >> 16);
	return (h->flags & VR_HF_MAY_LEAVE) && r->x->leave ? SOFT_INTERP_LEFT : 0;
}

OP(RAS_PUSH)
{
	return 0; /* the return-address stack only helps generated code */
}

/* ---- floating point: the guest's rules are the ISA's -------------------------------------- */

static uint32_t fp_exact(struct soft_interp *r, const struct vr_ir_op *o, union vr_v256 *d)
{
	uint32_t what = o->op | (uint32_t)o->type << 16 | (uint32_t)o->aux << 24;
	int32_t taken = r->isa->fp_slow(r->x, what, o->imm, d->half, r->v[o->a].half, r->v[o->b].half,
					r->v[o->c].half);
	return taken && vr_ir_may_fault(o) ? SOFT_INTERP_LEFT : 0;
}

#define FP_EXACT(name)                    \
	OP(name)                          \
	{                                 \
		return fp_exact(r, o, d); \
	}
FP_EXACT(FADD)
FP_EXACT(FSUB)
FP_EXACT(FMUL)
FP_EXACT(FDIV)
FP_EXACT(FSQRT)
FP_EXACT(FMADD)
FP_EXACT(FMIN)
FP_EXACT(FMAX)
FP_EXACT(FMINNM)
FP_EXACT(FMAXNM)
FP_EXACT(FCMP)
FP_EXACT(FCVT)
FP_EXACT(FTOI)
FP_EXACT(ITOF)
FP_EXACT(FROUND)
FP_EXACT(VFADD)
FP_EXACT(VFSUB)
FP_EXACT(VFMUL)
FP_EXACT(VFDIV)
FP_EXACT(VFSQRT)
FP_EXACT(VFMADD)
FP_EXACT(VFMIN)
FP_EXACT(VFMAX)
FP_EXACT(VFMINNM)
FP_EXACT(VFMAXNM)
FP_EXACT(VFCMPEQ)
FP_EXACT(VFCMPGE)
FP_EXACT(VFCMPGT)
FP_EXACT(VITOF)
FP_EXACT(VFTOI)
FP_EXACT(VFROUND)

OP_VALUE(FNEG, o->type == VR_T_F32 ? (uint32_t)r->v[o->a].d[0] ^ 1u << 31 : r->v[o->a].d[0] ^ 1ull << 63)
OP_VALUE(FABS,
	 o->type == VR_T_F32 ? (uint32_t)r->v[o->a].d[0] & ~(1u << 31) : r->v[o->a].d[0] & ~(1ull << 63))
OP_VALUE(FFROMI, o->type == VR_T_F32 ? (uint32_t)r->v[o->a].d[0] : r->v[o->a].d[0])
OP_VALUE(FTOBITS, r->v[o->a].d[0])

OP(FPSETROUND)
{
	uint32_t mode = (uint32_t)r->v[o->a].d[0];
	(r->m->set_round ? r->m->set_round : soft_interp_fenv_set_round)(r->x, mode);
	return 0;
}

OP(FPGETFLAGS)
{
	d->d[0] = (r->m->get_flags ? r->m->get_flags : soft_interp_fenv_get_flags)(r->x);
	return 0;
}

OP(FPSETFLAGS)
{
	uint32_t flags = (uint32_t)r->v[o->a].d[0];
	(r->m->set_flags ? r->m->set_flags : soft_interp_fenv_set_flags)(r->x, flags);
	return 0;
}

void soft_interp_fenv_set_round(struct vr_exec *x, uint32_t mode)
{
	static const int modes[] = {
		[VR_RM_NEAREST] = FE_TONEAREST,
		[VR_RM_UP] = FE_UPWARD,
		[VR_RM_DOWN] = FE_DOWNWARD,
		[VR_RM_ZERO] = FE_TOWARDZERO,
	};
	x->fp_round = mode & 3;
	fesetround(modes[mode & 3]);
}

uint32_t soft_interp_fenv_get_flags(struct vr_exec *x)
{
	int host = fetestexcept(FE_ALL_EXCEPT);
	return x->fp_flags | (host & FE_INVALID ? VR_FP_INVALID : 0) |
	       (host & FE_DIVBYZERO ? VR_FP_DIVZERO : 0) | (host & FE_OVERFLOW ? VR_FP_OVERFLOW : 0) |
	       (host & FE_UNDERFLOW ? VR_FP_UNDERFLOW : 0) | (host & FE_INEXACT ? VR_FP_INEXACT : 0);
}

void soft_interp_fenv_set_flags(struct vr_exec *x, uint32_t flags)
{
	feclearexcept(FE_ALL_EXCEPT);
	x->fp_flags = flags;
}

/* ---- terminators -------------------------------------------------------------------------- */

static uint32_t go(struct soft_interp *r, uint64_t place)
{
	r->x->pc = r->pc_base + place;
	return SOFT_INTERP_NEXT;
}

OP(GOTO)
{
	return go(r, o->imm);
}

OP(BRCC)
{
	return go(r, soft_interp_holds(o->aux, r->v[o->a].d[0]) ? o->imm : r->block->end);
}

OP(BRCMP)
{
	return go(r, soft_interp_compare(o->aux, o->type, A, B) ? o->imm : r->block->end);
}

OP(BRBIT)
{
	uint64_t bit = r->v[o->a].d[0] >> (o->aux & 63) & 1;
	return go(r, bit != (o->aux >> 6 & 1) ? o->imm : r->block->end);
}

OP(JUMP_INDIRECT)
{
	r->x->pc = vr_linear_address(&r->x->code, r->v[o->a].d[0]);
	return SOFT_INTERP_NEXT;
}

OP(EXIT)
{
	return SOFT_INTERP_NEXT; /* a helper has set exec.pc */
}

OP(EXIT_TO)
{
	return go(r, o->imm);
}
