/* SPDX-License-Identifier: MIT */
/* fake_bytes.c: see fake_bytes.h. */
#include <string.h>

#include <criterion/criterion.h>
#include <ir/build.h>

#include "fake_bytes.h"

struct insn {
	uint32_t op, length, rd, ra;
	int32_t imm;
};

static struct insn decode(const uint8_t *code)
{
	struct insn n = {.op = code[0] & 15, .length = code[0] >> 4};
	uint32_t bytes = n.length < 2 ? 0 : n.length - 2 > 4 ? 4 : n.length - 2, imm = 0;

	if (n.length > 1) {
		n.rd = code[1] & 15;
		n.ra = code[1] >> 4;
	}
	for (uint32_t i = 0; i < bytes; i++)
		imm |= (uint32_t)code[2 + i] << 8 * i;
	if (bytes && bytes < 4 && imm >> (8 * bytes - 1) & 1)
		imm |= UINT32_MAX << 8 * bytes;
	n.imm = (int32_t)imm;
	return n;
}

/* 1: the block ends here. -1: no instruction. */
static int lift_one(struct vr_ir *ir, uint64_t at, const struct insn *n)
{
	uint64_t imm = (uint64_t)(int64_t)n->imm, next = at + n->length;
	uint32_t rd = n->length == 1 ? 5 : n->rd, ra = n->length == 1 ? 5 : n->ra, v;

	vr_ir_add(ir, VR_IR_INSN_START, VR_T_NONE, 0, 0, 0, 0, at);
	switch (n->op) {
	case BYTES_ADD:
		v = vr_ir_const(ir, VR_T_I64, n->length == 1 ? 1 : imm);
		vr_ir_put(ir, VR_T_I64, rd,
			  vr_ir_op2(ir, VR_IR_ADD, VR_T_I64, vr_ir_get(ir, VR_T_I64, ra), v));
		return 0;
	case BYTES_MOV:
		vr_ir_put(ir, VR_T_I64, rd, vr_ir_const(ir, VR_T_I64, imm));
		return 0;
	case BYTES_LD:
		v = vr_ir_get(ir, VR_T_I64, ra);
		vr_ir_put(ir, VR_T_I64, rd,
			  vr_ir_add(ir, VR_IR_LOAD, VR_T_I64, 3, v, 0, 0, VR_MEM_IMM(n->imm, 0)));
		return 0;
	case BYTES_ST:
		v = vr_ir_get(ir, VR_T_I64, ra);
		vr_ir_add(ir, VR_IR_STORE, VR_T_I64, 3, v, vr_ir_get(ir, VR_T_I64, rd), 0,
			  VR_MEM_IMM(n->imm, 0));
		return 0;
	case BYTES_PC:
		vr_ir_put(ir, VR_T_I64, rd, vr_ir_pc_const(ir, VR_T_I64, next + imm));
		return 0;
	case BYTES_J:
		vr_ir_add(ir, VR_IR_GOTO, VR_T_NONE, 0, 0, 0, 0, next + imm);
		return 1;
	case BYTES_BNE:
		v = vr_ir_get(ir, VR_T_I64, rd);
		vr_ir_add(ir, VR_IR_BRCMP, VR_T_I64, VR_CC_NE, v, vr_ir_get(ir, VR_T_I64, ra), 0, next + imm);
		return 1;
	case BYTES_CALL:
		vr_ir_put(ir, VR_T_I64, 15, vr_ir_pc_const(ir, VR_T_I64, next));
		vr_ir_add(ir, VR_IR_RAS_PUSH, VR_T_NONE, 0, 0, 0, 0, next);
		vr_ir_add(ir, VR_IR_GOTO, VR_T_NONE, 1, 0, 0, 0, next + imm);
		return 1;
	case BYTES_RET:
	case BYTES_JR:
		v = vr_ir_get(ir, VR_T_I64, n->op == BYTES_RET ? 15 : rd);
		vr_ir_add(ir, VR_IR_JUMP_INDIRECT, VR_T_NONE, n->op == BYTES_RET ? VR_JUMP_RET : VR_JUMP, v,
			  0, 0, 0);
		return 1;
	case BYTES_HOOK:
		v = vr_ir_const(ir, VR_T_I64, imm);
		vr_ir_add(ir, VR_IR_CALL, VR_T_I64, 0, v, vr_ir_pc_const(ir, VR_T_I64, next), 0, FAKE_H_HOOK);
		vr_ir_add(ir, VR_IR_EXIT, VR_T_NONE, 0, 0, 0, 0, 0);
		return 1;
	default:
		return -1;
	}
}

static int32_t VR_CALL lift(const struct vr_isa_vm *vm, const struct vr_lift *rq, struct vr_ir *ir)
{
	struct vr_ir_block b;
	uint32_t at = 0;
	int ended = 0;

	(void)vm;
	if (!rq->length || rq->code[0] >> 4 > rq->length)
		return VR_E_AGAIN;
	if (!(rq->code[0] >> 4))
		return VR_E_INVAL;
	int32_t rc = vr_ir_block_begin(ir, rq->offset, &b);

	while (rc == VR_OK && !ended && b.insns < rq->max_insns && at < rq->length &&
	       rq->code[at] >> 4 <= rq->length - at && rq->code[at] >> 4) {
		const struct insn n = decode(rq->code + at);

		ended = lift_one(ir, rq->offset + at, &n);
		if (ended < 0)
			return VR_E_INVAL;
		if (!vr_ir_block_keep(ir, &b)) {
			ended = 0;
			break;
		}
		at += n.length;
	}
	return rc == VR_OK ? vr_ir_block_end(ir, &b, rq->offset + at, ended) : rc;
}

const struct vr_isa *fake_bytes_isa(void)
{
	static struct vr_isa isa;

	isa = fake_isa;
	isa.lift = lift;
	isa.code_align_log2 = 0;
	return &isa;
}

void fake_bytes_put(struct fake_bytes *p, uint32_t op, uint32_t length, uint32_t rd, uint32_t ra, int32_t imm)
{
	const uint32_t u = (uint32_t)imm;
	const uint8_t code[15] = {(uint8_t)(op | length << 4),
				  (uint8_t)(rd | ra << 4),
				  (uint8_t)u,
				  (uint8_t)(u >> 8),
				  (uint8_t)(u >> 16),
				  (uint8_t)(u >> 24),
				  0x99,
				  0x99,
				  0x99,
				  0x99,
				  0x99,
				  0x99,
				  0x99,
				  0x99,
				  0x99};
	const struct insn n = decode(code);

	cr_assert(length && length <= 15);
	cr_assert(length < 3 ? !imm : n.imm == imm, "imm %d does not fit into %u bytes", imm, length);
	memcpy(p->t->ram + (p->physical - FAKE_RAM), code, length);
	p->t->accel->memory_written((struct vr_vm *)(void *)p->t->vm, p->physical, length);
	p->physical += length;
}

struct fake_machine *fake_bytes_new(void)
{
	fake_use_isa(fake_bytes_isa());
	struct fake_machine *t = fake_new(1);
	struct fake_bytes vector = {t, FAKE_RAM + SOFT_PAGE};

	fake_bytes_put(&vector, BYTES_HOOK, 2, 0, 0, 0);
	return t;
}
