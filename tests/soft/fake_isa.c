/* SPDX-License-Identifier: MIT */
/* fake_isa.c: the fake architecture. */
#include <string.h>

#include <ir/build.h>

#include "fake_isa.h"

struct fake_machine fake;
void (*fake_made)(struct fake_machine *t);
void (*fake_goes)(struct fake_machine *t);

#define REG_FLAGS 16
#define REG_PARITY 17
#define REG_AUX 18
#define REG_WIDE 19

static uint64_t VR_CALL hook(struct vr_exec *x, uint64_t number, uint64_t next, uint64_t c)
{
	(void)c;
	x->pc = vr_linear_address(&x->code, next);
	if (number)
		fake.hooks[number](&fake, x);
	else
		fake.accel->vcpu_kick((struct vr_vcpu *)soft_of(x));
	return 0;
}

static uint64_t VR_CALL six(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
			    uint64_t f)
{
	(void)x;
	return a + 3 * b + 5 * c + 7 * d + 11 * e + 13 * f;
}

#define CONDITION(member)                                                                                \
	{                                                                                                \
		.reg = {VR_EXEC_STATE + offsetof(struct fake_state, member), VR_REG_CONDITION, #member}, \
		.later = {                                                                               \
			0                                                                                \
		}                                                                                        \
	}
#define R(n)                                                               \
	{                                                                  \
		.reg = {8 * (n), VR_REG_INT, "r" #n}, .later = { 1, 2, 3 } \
	}
/* Rows as of a later header, which are longer. */
static const struct {
	struct vr_guest_reg reg;
	uint64_t later[3]; /* what this header does not know */
} guest_regs[] = {
	R(0),
	R(1),
	R(2),
	R(3),
	R(4),
	R(5),
	R(6),
	R(7),
	R(8),
	R(9),
	R(10),
	R(11),
	R(12),
	R(13),
	R(14),
	R(15),
	{.reg = {.offset = VR_EXEC_STATE + offsetof(struct fake_state, flags),
		 .kind = VR_REG_FLAGS,
		 .name = "flags"},
	 .later = {0}},
	CONDITION(parity),
	CONDITION(aux),
#define WIDE(n)                                                                         \
	{                                                                               \
		.reg = {.offset = VR_EXEC_STATE + offsetof(struct fake_state, wide[n]), \
			.kind = VR_REG_VEC256,                                          \
			.name = "w" #n},                                                \
		.later = {                                                              \
			0                                                               \
		}                                                                       \
	}
	WIDE(0),
	WIDE(1),
	WIDE(2),
	WIDE(3),
};

static const struct {
	struct vr_helper helper;
	uint64_t later;
} helpers[] = {
	[FAKE_H_HOOK] = {.helper = {.name = "hook",
				    .flags = VR_HF_READS | VR_HF_WRITES | VR_HF_PC | VR_HF_MAY_LEAVE,
				    .u.fn = hook},
			 .later = 0},
	[FAKE_H_SIX] = {.helper = {.name = "six", .flags = VR_HF_SIX, .u.fn6 = six}, .later = 0},
};

static int32_t VR_CALL init(struct vr_isa_vm *vm, struct vr_exec *x, const struct vr_isa_env *env)
{
	(void)vm;
	(void)x, (void)env;
	return VR_OK;
}

static void VR_CALL fini(struct vr_exec *x)
{
	(void)x;
}

static void VR_CALL reset(struct vr_exec *x)
{
	memset(x->hot, 0, sizeof(x->hot));
	memset(fake_of(x), 0, sizeof(struct fake_state));
	x->pc = x->asid = x->mode_flags = 0;
	x->code = (struct vr_code_space){0};
}

static int32_t VR_CALL state(struct vr_exec *x, const char *id, void *at, uint32_t length)
{
	(void)x, (void)id, (void)at, (void)length;
	return VR_E_UNSUPPORTED;
}

static int32_t VR_CALL set_state(struct vr_exec *x, const char *id, const void *at, uint32_t length)
{
	(void)id;
	memcpy(x->hot, at, length < sizeof(x->hot) ? length : sizeof(x->hot));
	return VR_OK;
}

/* ---- lifting ---- */

static uint64_t memory_imm(uint32_t how, int32_t disp)
{
	return VR_MEM_IMM(disp,
			  (how & FAKE_UNPRIV ? VR_MF_UNPRIV : 0) | (how & FAKE_ALIGN ? VR_MF_ALIGN : 0));
}

static uint64_t atomic_imm(int32_t imm)
{
	return VR_MEM_IMM(0, imm & FAKE_SPLIT ? VR_MF_SPLIT : 0);
}

/* 16 bytes of two registers. */
static uint32_t pair(struct vr_ir *ir, uint32_t r)
{
	uint32_t low = vr_ir_get(ir, VR_T_I64, r);

	return vr_ir_op2(ir, VR_IR_VPACK, VR_T_V128, low, vr_ir_get(ir, VR_T_I64, r + 1));
}

/* ---- an x86-like guest's flags ---- */

static const struct flag_insn {
	uint16_t op, flags_op;
	uint8_t aux; /* of the FLAGS op */
	uint8_t keeps_carry;
} flag_insns[] = {
	[FAKE_ADDF - FAKE_ADDF] = {VR_IR_ADD, VR_IR_F_ADD, VR_FA_NOT_C, 0},
	[FAKE_ADCF - FAKE_ADDF] = {VR_IR_ADC, VR_IR_F_ADC, VR_FA_NOT_C | VR_FA_READS_NOT_C, 0},
	[FAKE_SUBF - FAKE_ADDF] = {VR_IR_SUB, VR_IR_F_SUB, 0, 0},
	[FAKE_SBBF - FAKE_ADDF] = {VR_IR_SBC, VR_IR_F_SBC, 0, 0},
	[FAKE_ANDF - FAKE_ADDF] = {VR_IR_AND, VR_IR_F_LOGIC, VR_FA_NOT_C, 0},
	[FAKE_INCF - FAKE_ADDF] = {VR_IR_ADD, VR_IR_F_ADD, VR_FA_NOT_C, 1},
	[FAKE_DECF - FAKE_ADDF] = {VR_IR_SUB, VR_IR_F_SUB, 0, 1},
};

/* As a lifter of x86 would do it: 8 and 16 bits of a register change alone, 32 clear the rest. Condition flags are PUT last, and FLAGS
 * last of them, where a branch finds them. */
static void lift_flags(struct vr_ir *ir, uint32_t op, uint32_t rd, uint32_t ra, uint32_t rb, uint32_t log2)
{
	const struct flag_insn *f = &flag_insns[op - FAKE_ADDF];
	uint32_t type = log2 == 3 ? VR_T_I64 : VR_T_I32, narrow = log2 < 2 ? VR_FA_8 << log2 : 0, c = 0,
		 old = 0;
	uint32_t a = vr_ir_get(ir, type, ra),
		 b = f->keeps_carry ? vr_ir_const(ir, type, 1) : vr_ir_get(ir, type, rb);

	if (f->keeps_carry)
		old = vr_ir_get(ir, VR_T_FLAGS, REG_FLAGS);
	if (f->op == VR_IR_ADC || f->op == VR_IR_SBC)
		c = vr_ir_get(ir, VR_T_FLAGS, REG_FLAGS);
	uint32_t v = vr_ir_add(ir, f->op, type, f->aux & VR_FA_READS_NOT_C, a, b, c, 0);
	uint32_t flags = f->flags_op == VR_IR_F_LOGIC
				 ? vr_ir_add(ir, f->flags_op, type, f->aux | narrow, v, 0, 0, 0)
				 : vr_ir_add(ir, f->flags_op, type, f->aux | narrow, a, b, c, 0);

	if (f->keeps_carry)
		flags = vr_ir_add(ir, VR_IR_F_MERGE, VR_T_FLAGS, 0, old, flags, 0, 0xd);
	uint32_t parity = vr_ir_add(ir, VR_IR_ZEXT, VR_T_I32, 8, v, 0, 0, 0),
		 aux = vr_ir_const(ir, VR_T_I64, 0);

	if (f->flags_op != VR_IR_F_LOGIC)
		aux = vr_ir_op2(ir, VR_IR_XOR, VR_T_I32, vr_ir_op2(ir, VR_IR_XOR, VR_T_I32, a, b), v);
	if (log2 < 2)
		v = vr_ir_add(ir, VR_IR_BFI, VR_T_I64, 0, vr_ir_get(ir, VR_T_I64, rd), v, 0,
			      8u << (8 + log2));
	vr_ir_put(ir, VR_T_I64, rd, v);
	vr_ir_put(ir, VR_T_I64, REG_PARITY, parity);
	vr_ir_put(ir, VR_T_I64, REG_AUX, aux);
	vr_ir_put(ir, VR_T_FLAGS, REG_FLAGS, flags);
}

static uint32_t field(struct vr_ir *ir, uint32_t v, uint32_t lsb, uint32_t width)
{
	return vr_ir_add(ir, VR_IR_BFX, VR_T_I64, 0, v, 0, 0, lsb | width << 8);
}

static uint32_t insert(struct vr_ir *ir, uint32_t into, uint32_t v, uint32_t lsb, uint32_t width)
{
	return vr_ir_add(ir, VR_IR_BFI, VR_T_I64, 0, into, v, 0, lsb | width << 8);
}

/* The packed form has SF, ZF and CF in the order of AH in bits 15:8, and OF in bit 0. */
static void lift_pushf(struct vr_ir *ir, uint32_t rd)
{
	uint32_t packed =
		vr_ir_add(ir, VR_IR_F_TO, VR_T_I64, 1, vr_ir_get(ir, VR_T_FLAGS, REG_FLAGS), 0, 0, 0);
	uint32_t v = field(ir, packed, 8, 8);

	v = insert(ir, v, vr_ir_op1(ir, VR_IR_PARITY, VR_T_I64, vr_ir_get(ir, VR_T_I64, REG_PARITY)), 2, 1);
	v = insert(ir, v, field(ir, vr_ir_get(ir, VR_T_I64, REG_AUX), 4, 1), 4, 1);
	vr_ir_put(ir, VR_T_I64, rd, insert(ir, v, packed, 11, 1));
}

static void lift_popf(struct vr_ir *ir, uint32_t ra)
{
	uint32_t v = vr_ir_get(ir, VR_T_I64, ra), eight = vr_ir_const(ir, VR_T_I64, 8);
	uint32_t packed = insert(ir, vr_ir_op2(ir, VR_IR_SHL, VR_T_I64, v, eight), field(ir, v, 11, 1), 0, 1);

	/* A byte whose parity is PF: 0, or 1 where PF is clear. */
	vr_ir_put(ir, VR_T_I64, REG_PARITY,
		  vr_ir_op2(ir, VR_IR_XOR, VR_T_I64, field(ir, v, 2, 1), vr_ir_const(ir, VR_T_I64, 1)));
	vr_ir_put(ir, VR_T_I64, REG_AUX, v);
	vr_ir_put(ir, VR_T_FLAGS, REG_FLAGS, vr_ir_add(ir, VR_IR_F_FROM, VR_T_FLAGS, 1, packed, 0, 0, 0));
}

/* CF alone: the borrow of 0 - bit. */
static void lift_bt(struct vr_ir *ir, uint32_t ra, uint32_t bit)
{
	uint32_t b = field(ir, vr_ir_get(ir, VR_T_I64, ra), bit, 1), zero = vr_ir_const(ir, VR_T_I64, 0);
	uint32_t old = vr_ir_get(ir, VR_T_FLAGS, REG_FLAGS),
		 f = vr_ir_op2(ir, VR_IR_F_SUB, VR_T_I64, zero, b);

	vr_ir_put(ir, VR_T_FLAGS, REG_FLAGS, vr_ir_add(ir, VR_IR_F_MERGE, VR_T_FLAGS, 0, old, f, 0, 2));
}

static void lift_six(struct vr_ir *ir, uint32_t rd)
{
	uint32_t v[7];

	for (uint32_t n = 1; n < 7; n++)
		v[n] = vr_ir_get(ir, VR_T_I64, n);
	vr_ir_add(ir, VR_IR_ARGS, VR_T_I64, 0, v[4], v[5], v[6], 0);
	vr_ir_put(ir, VR_T_I64, rd, vr_ir_add(ir, VR_IR_CALL, VR_T_I64, 0, v[1], v[2], v[3], FAKE_H_SIX));
}

/* `at`: the instruction's place in its page. 1: the block ends here. */
static int lift_one(struct vr_ir *ir, uint64_t at, uint64_t word)
{
	uint32_t op = word & 0xff, rd = word >> 8 & 15, ra = word >> 16 & 15, rb = word >> 24 & 15,
		 how = word >> 24 & 0xff;
	int32_t imm = (int32_t)(word >> 32);
	uint32_t aux = (how & 7) | (how & FAKE_SIGN ? VR_MS_SIGN : 0), v;

	vr_ir_add(ir, VR_IR_INSN_START, VR_T_NONE, 0, 0, 0, 0, at);
	switch (op) {
	case FAKE_MOVI:
		vr_ir_put(ir, VR_T_I64, rd, vr_ir_const(ir, VR_T_I64, (uint64_t)(int64_t)imm));
		return 0;
	case FAKE_ADD:
		v = vr_ir_get(ir, VR_T_I64, ra);
		vr_ir_put(ir, VR_T_I64, rd,
			  vr_ir_op2(ir, VR_IR_ADD, VR_T_I64, v, vr_ir_get(ir, VR_T_I64, rb)));
		return 0;
	case FAKE_ADDI:
		v = vr_ir_get(ir, VR_T_I64, ra);
		v = vr_ir_op2(ir, VR_IR_ADD, VR_T_I64, v, vr_ir_const(ir, VR_T_I64, (uint64_t)(int64_t)imm));
		vr_ir_put(ir, VR_T_I64, rd, v);
		return 0;
	case FAKE_LD:
		v = vr_ir_get(ir, VR_T_I64, ra);
		vr_ir_put(ir, VR_T_I64, rd,
			  vr_ir_add(ir, VR_IR_LOAD, VR_T_I64, aux, v, 0, 0, memory_imm(how, imm)));
		return 0;
	case FAKE_ST:
		v = vr_ir_get(ir, VR_T_I64, ra);
		vr_ir_add(ir, VR_IR_STORE, VR_T_I64, aux, v, vr_ir_get(ir, VR_T_I64, rd), 0,
			  memory_imm(how, imm));
		return 0;
	case FAKE_LDP: {
		v = vr_ir_get(ir, VR_T_I64, ra);
		uint32_t p = vr_ir_add(ir, VR_IR_LOADP, VR_T_I64, aux, v, 0, 0, memory_imm(how, imm));
		uint32_t q = vr_ir_op1(ir, VR_IR_LOADP_HI, VR_T_I64, p);

		vr_ir_put(ir, VR_T_I64, rd, p);
		vr_ir_put(ir, VR_T_I64, rd + 1, q);
		return 0;
	}
	case FAKE_STP:
		v = vr_ir_get(ir, VR_T_I64, ra);
		vr_ir_add(ir, VR_IR_STOREP, VR_T_I64, aux, v, vr_ir_get(ir, VR_T_I64, rd),
			  vr_ir_get(ir, VR_T_I64, rd + 1), memory_imm(how, imm));
		return 0;
	case FAKE_AMO:
		v = vr_ir_get(ir, VR_T_I64, ra);
		v = vr_ir_add(ir, VR_IR_AMO, VR_T_I64, (uint32_t)imm & 7, v, vr_ir_get(ir, VR_T_I64, rb),
			      (uint32_t)imm >> 8 & 0xff, atomic_imm(imm));
		vr_ir_put(ir, VR_T_I64, rd, v);
		return 0;
	case FAKE_CAS:
		v = vr_ir_get(ir, VR_T_I64, ra);
		if ((imm & 7) == 4) {
			v = vr_ir_add(ir, VR_IR_CAS2, VR_T_V128, 4, v, pair(ir, rd), pair(ir, rb),
				      atomic_imm(imm));
			uint32_t low = vr_ir_add(ir, VR_IR_VHALF, VR_T_I64, 0, v, 0, 0, 0);
			uint32_t high = vr_ir_add(ir, VR_IR_VHALF, VR_T_I64, 1, v, 0, 0, 0);

			vr_ir_put(ir, VR_T_I64, rd, low);
			vr_ir_put(ir, VR_T_I64, rd + 1, high);
			return 0;
		}
		v = vr_ir_add(ir, VR_IR_CAS, VR_T_I64, (uint32_t)imm & 7, v, vr_ir_get(ir, VR_T_I64, rd),
			      vr_ir_get(ir, VR_T_I64, rb), atomic_imm(imm));
		vr_ir_put(ir, VR_T_I64, rd, v);
		return 0;
	case FAKE_BNE:
		v = vr_ir_get(ir, VR_T_I64, ra);
		vr_ir_add(ir, VR_IR_BRCMP, VR_T_I64, VR_CC_NE, v, vr_ir_get(ir, VR_T_I64, rb), 0,
			  at + (uint64_t)(int64_t)imm);
		return 1;
	case FAKE_CALL:
		vr_ir_put(ir, VR_T_I64, 15, vr_ir_pc_const(ir, VR_T_I64, at + 8));
		vr_ir_add(ir, VR_IR_RAS_PUSH, VR_T_NONE, 0, 0, 0, 0, at + 8);
		vr_ir_add(ir, VR_IR_GOTO, VR_T_NONE, 1, 0, 0, 0, at + (uint64_t)(int64_t)imm);
		return 1;
	case FAKE_J:
		vr_ir_add(ir, VR_IR_GOTO, VR_T_NONE, 0, 0, 0, 0, at + (uint64_t)(int64_t)imm);
		return 1;
	case FAKE_RET:
		vr_ir_add(ir, VR_IR_JUMP_INDIRECT, VR_T_NONE, VR_JUMP_RET, vr_ir_get(ir, VR_T_I64, 15), 0, 0,
			  0);
		return 1;
	case FAKE_HOOK:
		v = vr_ir_const(ir, VR_T_I64, (uint64_t)(int64_t)imm);
		vr_ir_add(ir, VR_IR_CALL, VR_T_I64, 0, v, vr_ir_pc_const(ir, VR_T_I64, at + 8), 0,
			  FAKE_H_HOOK);
		vr_ir_add(ir, VR_IR_EXIT, VR_T_NONE, 0, 0, 0, 0, 0);
		return 1;
	case FAKE_LDW:
		v = vr_ir_get(ir, VR_T_I64, ra);
		v = vr_ir_add(ir, VR_IR_LOAD, VR_T_V256, 5, v, 0, 0, memory_imm(0, imm));
		vr_ir_put(ir, VR_T_V256, REG_WIDE + rd, v);
		return 0;
	case FAKE_STW:
		v = vr_ir_get(ir, VR_T_I64, ra);
		vr_ir_add(ir, VR_IR_STORE, VR_T_V256, 5, v, vr_ir_get(ir, VR_T_V256, REG_WIDE + rd), 0,
			  memory_imm(0, imm));
		return 0;
	case FAKE_ADDW:
		v = vr_ir_get(ir, VR_T_V256, REG_WIDE + ra);
		v = vr_ir_add(ir, VR_IR_VADD, VR_T_V256, 3, v, vr_ir_get(ir, VR_T_V256, REG_WIDE + rb), 0, 0);
		vr_ir_put(ir, VR_T_V256, REG_WIDE + rd, v);
		return 0;
	case FAKE_ADDL:
		v = vr_ir_get(ir, VR_T_V128, REG_WIDE + ra);
		v = vr_ir_add(ir, VR_IR_VADD, VR_T_V128, 3, v, vr_ir_get(ir, VR_T_V128, REG_WIDE + rb), 0, 0);
		vr_ir_put_low(ir, VR_T_V128, REG_WIDE + rd, v);
		return 0;
	case FAKE_DIVW:
		v = vr_ir_get(ir, VR_T_V256, REG_WIDE + ra);
		v = vr_ir_add(ir, VR_IR_VFDIV, VR_T_V256, 3, v, vr_ir_get(ir, VR_T_V256, REG_WIDE + rb), 0,
			      VR_FPA_SSE | VR_FPA_TRAPS);
		vr_ir_put(ir, VR_T_V256, REG_WIDE + rd, v);
		return 0;
	case FAKE_ADDF ... FAKE_DECF:
		lift_flags(ir, op, rd, ra, rb, (uint32_t)imm & 3);
		return 0;
	case FAKE_BTF:
		lift_bt(ir, ra, rb);
		return 0;
	case FAKE_PUSHF:
		lift_pushf(ir, rd);
		return 0;
	case FAKE_POPF:
		lift_popf(ir, ra);
		return 0;
	case FAKE_JCC:
		if (rb == 15)
			vr_ir_add(ir, VR_IR_BRBIT, VR_T_I64, 0,
				  vr_ir_op1(ir, VR_IR_PARITY, VR_T_I64, vr_ir_get(ir, VR_T_I64, REG_PARITY)),
				  0, 0, at + (uint64_t)(int64_t)imm);
		else
			vr_ir_add(ir, VR_IR_BRCC, VR_T_NONE, rb, vr_ir_get(ir, VR_T_FLAGS, REG_FLAGS), 0, 0,
				  at + (uint64_t)(int64_t)imm);
		return 1;
	case FAKE_SIXSUM:
		lift_six(ir, rd);
		return 0;
	default:
		return -1;
	}
}

static int32_t VR_CALL lift(const struct vr_isa_vm *vm, const struct vr_lift *rq, struct vr_ir *ir)
{
	uint32_t first = ir->op_count, insns = 0;
	uint64_t at = rq->offset;
	int done = 0;

	(void)vm;
	while (!done && insns < rq->max_insns && (insns + 1) * 8 <= rq->length) {
		uint64_t word;

		memcpy(&word, rq->code + 8 * insns, sizeof(word));
		done = lift_one(ir, at, word);
		at += 8;
		insns++;
	}
	if (done < 0)
		return VR_E_INVAL;
	if (!insns)
		return VR_E_AGAIN;
	if (!done)
		vr_ir_add(ir, VR_IR_GOTO, VR_T_NONE, 0, 0, 0, 0, at);
	ir->blocks[ir->block_count++] = (struct vr_ir_block){.start = rq->offset,
							     .end = at,
							     .first = first,
							     .count = ir->op_count - first,
							     .insns = insns,
							     .succ = {VR_NO_BLOCK, VR_NO_BLOCK}};
	return VR_OK;
}

/* ---- translation, faults, interrupts ---- */

static int32_t VR_CALL translate(struct vr_exec *x, uint64_t va, uint32_t access, uint32_t flags,
				 struct vr_translation *out)
{
	uint64_t page = va >> 12, e = 0;

	fake_of(x)->translations++;
	if (page < FAKE_PAGES)
		e = atomic_load(&fake.table[x->asid % FAKE_ASIDS][page]);
	if (!(e & 128))
		return FAKE_UNMAPPED;
	uint32_t rights = e & 7, user = e >> 3 & 7;

	if (!((flags & VR_MF_UNPRIV || x->mode_flags ? user : rights | (x->user_open ? user : 0)) >> access &
	      1))
		return FAKE_FORBIDDEN;
	out->rights = x->mode_flags ? user : rights;
	out->user_rights = user;
	out->global = e >> 6 & 1;
	out->physical = (e & SOFT_PAGE_MASK) | (va & ~SOFT_PAGE_MASK);
	out->page_size = SOFT_PAGE;
	return 0;
}

static void VR_CALL take_fault(struct vr_exec *x, uint64_t va, uint32_t access, int32_t number)
{
	struct fake_state *s = fake_of(x);

	s->fault_va = va;
	s->fault_pc = x->pc;
	s->fault = number;
	s->fault_access = access;
	s->faults++;
	x->pc = FAKE_VECTOR;
}

static int32_t VR_CALL interrupt(struct vr_exec *x)
{
	struct fake_state *s = fake_of(x);

	if (!(__atomic_load_n(&s->pins, __ATOMIC_SEQ_CST) & 1))
		return 0;
	/* Take and acknowledge the interrupt at once. */
	__atomic_fetch_and(&s->pins, ~1u, __ATOMIC_SEQ_CST);
	s->interrupts++;
	return 1;
}

static uint32_t VR_CALL has_work(struct vr_exec *x)
{
	return __atomic_load_n(&fake_of(x)->pins, __ATOMIC_SEQ_CST);
}

static void VR_CALL set_pin(struct vr_exec *x, uint32_t pin, uint32_t level)
{
	if (level) {
		__atomic_fetch_or(&fake_of(x)->pins, 1u << pin, __ATOMIC_SEQ_CST);
		x->env->kick(x);
	} else {
		__atomic_fetch_and(&fake_of(x)->pins, ~(1u << pin), __ATOMIC_SEQ_CST);
	}
}

/* FAKE_DIVW's only. */
static int32_t VR_CALL fp_slow(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			       const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c)
{
	(void)what, (void)imm, (void)c;
	for (uint32_t i = 0; i < 4; i++)
		if (b[i / 2].f64[i % 2] == 0) {
			take_fault(x, fake_r(x)[5], VR_ACCESS_READ, FAKE_DIVISION);
			return 1;
		}
	for (uint32_t i = 0; i < 4; i++)
		d[i / 2].f64[i % 2] = a[i / 2].f64[i % 2] / b[i / 2].f64[i % 2];
	return 0;
}

static int32_t VR_CALL debug_match(struct vr_exec *x, uint32_t id, uint32_t access, uint32_t flags)
{
	(void)id, (void)access, (void)flags;
	return !fake_of(x)->points_off;
}

const struct vr_isa fake_isa = {
	.size = sizeof(fake_isa),
	.state_size = sizeof(struct fake_state),
	.arch = "fake",
	.state_id = "fake",
	.guest_regs = &guest_regs[0].reg,
	.helpers = &helpers[0].helper,
	.guest_reg_stride = sizeof(guest_regs[0]),
	.helper_stride = sizeof(helpers[0]),
	.code_align_log2 = 3,
	.guest_reg_count = sizeof(guest_regs) / sizeof(guest_regs[0]),
	.helper_count = sizeof(helpers) / sizeof(helpers[0]),
	.init = init,
	.fini = fini,
	.reset = reset,
	.get_state = state,
	.set_state = set_state,
	.lift = lift,
	.translate = translate,
	.fault = take_fault,
	.interrupt = interrupt,
	.has_work = has_work,
	.set_pin = set_pin,
	.fp_slow = fp_slow,
	.debug_match = debug_match,
};
