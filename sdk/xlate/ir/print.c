/* SPDX-License-Identifier: MIT */
/* print.c: an IR as text, one op a line: `v12 = ADD.i64 v10, v11`. Places are printed as the addresses that they are. */
#include <inttypes.h>
#include <string.h>
#include "ir.h"

static const char *const type_names[] = {
	[VR_T_NONE] = "",      [VR_T_I32] = ".i32",     [VR_T_I64] = ".i64",
	[VR_T_F32] = ".f32",   [VR_T_F64] = ".f64",     [VR_T_V64] = ".v64",
	[VR_T_V128] = ".v128", [VR_T_FLAGS] = ".flags", [VR_T_V256] = ".v256",
};
static const char *const condition_names[] = {
	"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al",
};

static void print_memory(FILE *out, const struct vr_ir_op *o)
{
	static const char *const flag_names[] = {"acquire", "release",   "sc",    "align",
						 "unpriv",  "same-page", "store", "split"};
	uint32_t flags = (uint32_t)(o->imm >> 32), condition = vr_ir_condition_value(o);
	fprintf(out, " bytes=%u%s", 1u << (o->aux & 7), o->aux & VR_MS_SIGN ? " signed" : "");
	if (condition)
		fprintf(out, " if v%u", condition);
	else if ((uint32_t)o->imm)
		fprintf(out, " disp=%d", (int32_t)(uint32_t)o->imm);
	for (const char *k = vr_ir_ops[o->op].operands; *k; k++)
		if (*k == 'k')
			fprintf(out, " kind=%u", o->c);
		else if (*k == 'n' && o->c)
			fprintf(out, " range=%u", o->c);
	for (uint32_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (flags >> i & 1)
			fprintf(out, " %s", flag_names[i]);
	if (flags & VR_MF_SAME_PAGE)
		fprintf(out, "=%u", flags >> VR_MF_GROUP_SHIFT & (VR_MF_GROUPS - 1));
}

static void print_aux(FILE *out, const struct vr_ir_op *o)
{
	switch (vr_ir_ops[o->op].aux) {
	case VR_AUX_CC:
		fprintf(out, " %s", o->aux <= VR_CC_AL ? condition_names[o->aux] : "?");
		break;
	case VR_AUX_BIT:
		fprintf(out, " bit %u %s", o->aux & 63u, o->aux & 64 ? "clear" : "set");
		break;
	case VR_AUX_PUT:
		if (o->aux & VR_PUT_KEEP)
			fprintf(out, " keep");
		if (o->aux & ~VR_PUT_KEEP)
			fprintf(out, " dead=%u", o->aux & ~VR_PUT_KEEP);
		break;
	default:
		if (o->aux)
			fprintf(out, " aux=%u", o->aux);
	}
}

static void print_attributes(FILE *out, uint32_t a)
{
	static const struct {
		uint32_t mask, value;
		const char *name;
	} names[] = {
		{VR_FPA_NAN_MASK, VR_FPA_NAN_DEFAULT, "nan-default"},
		{VR_FPA_NAN_MASK, VR_FPA_NAN_FIRST, "nan-first"},
		{VR_FPA_NAN_MASK, VR_FPA_NAN_SIGNALLING, "nan-signalling"},
		{VR_FPA_NAN_MASK, VR_FPA_NAN_LARGER, "nan-larger"},
		{VR_FPA_NAN_NEGATIVE, VR_FPA_NAN_NEGATIVE, "nan-negative"},
		{VR_FPA_NAN_ADDEND, VR_FPA_NAN_ADDEND, "nan-addend"},
		{VR_FPA_FTZ, VR_FPA_FTZ, "ftz"},
		{VR_FPA_DAZ, VR_FPA_DAZ, "daz"},
		{VR_FPA_MINMAX_MASK, VR_FPA_MINMAX_SECOND, "minmax-second"},
		{VR_FPA_MINMAX_MASK, VR_FPA_MINMAX_NUMBER, "minmax-number"},
		{VR_FPA_TINY_MASK, VR_FPA_TINY_BEFORE, "tiny-before"},
		{VR_FPA_TINY_MASK, VR_FPA_TINY_AFTER, "tiny-after"},
		{VR_FPA_DENORMAL, VR_FPA_DENORMAL, "denormal"},
		{VR_FPA_INDEFINITE, VR_FPA_INDEFINITE, "indefinite"},
		{VR_FPA_TRAPS, VR_FPA_TRAPS, "traps"},
	};

	if ((a & ~VR_FPA_TRAPS) == VR_FPA_SSE) {
		fprintf(out, " sse%s", a & VR_FPA_TRAPS ? " traps" : "");
		return;
	}
	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((a & names[i].mask) == names[i].value)
			fprintf(out, " %s", names[i].name);
}

static void print_imm(FILE *out, const struct vr_ir_op *o, const struct vr_isa *isa, uint64_t base)
{
	uint64_t helper = vr_ir_helper(o);

	switch (vr_ir_ops[o->op].imm) {
	case VR_IMM_REG:
		if (isa && o->imm < isa->guest_reg_count)
			fprintf(out, " [%s]", vr_isa_reg(isa, o->imm)->name);
		else
			fprintf(out, " [reg %" PRIu64 "]", o->imm);
		break;
	case VR_IMM_HELPER:
	case VR_IMM_VHELPER:
		if (isa && helper < isa->helper_count)
			fprintf(out, " %s()", vr_isa_helper(isa, helper)->name);
		else
			fprintf(out, " helper %" PRIu64, helper);
		if (vr_ir_ops[o->op].imm == VR_IMM_VHELPER)
			fprintf(out, " imm=%" PRIu64, o->imm >> 16);
		break;
	case VR_IMM_NZCV:
		fprintf(out, " nzcv=%" PRIx64, o->imm);
		break;
	case VR_IMM_PC:
		fprintf(out, "%s 0x%" PRIx64, vr_ir_ops[o->op].attribute == VR_ATTRIBUTE_BRANCH ? " ->" : "",
			base + o->imm);
		break;
	case VR_IMM_FP:
	case VR_IMM_ROUND:
	case VR_IMM_ROUND_OPT:
		if (o->imm & 0xff)
			fprintf(out, " imm=0x%" PRIx64, o->imm & 0xff);
		print_attributes(out, vr_ir_fp_attributes(o));
		break;
	case VR_IMM_CONST:
	case VR_IMM_FIELD:
		fprintf(out, " 0x%" PRIx64, o->imm);
		break;
	default:
		if (o->imm)
			fprintf(out, " imm=0x%" PRIx64, o->imm);
	}
}

static void print_op(FILE *out, const struct vr_ir *ir, uint32_t i, const struct vr_isa *isa, uint64_t base)
{
	const struct vr_ir_op *o = &ir->ops[i];
	struct vr_ir_info info = vr_ir_info(o->op);
	const uint32_t operand[3] = {o->a, o->b, o->c};

	fprintf(out, o->op == VR_IR_INSN_START ? "  v%-4u " : "    v%-4u ", i);
	fprintf(out, "%s%s", info.name ? info.name : "?", o->type < VR_T_COUNT ? type_names[o->type] : ".?");
	for (uint32_t k = 0; k < info.args; k++)
		if (operand[k])
			fprintf(out, "%s v%u", k ? "," : "", operand[k]);
	if (info.op_class == VR_IRC_MEM) {
		print_memory(out, o);
	} else if (info.name) {
		bool after = vr_ir_ops[o->op].aux == VR_AUX_PUT || vr_ir_ops[o->op].aux == VR_AUX_BOOL;

		/* What aux adds to imm comes after it. */
		if (!after)
			print_aux(out, o);
		print_imm(out, o, isa, base);
		if (after)
			print_aux(out, o);
	}
	fputc('\n', out);
}

static void print_edge(FILE *out, const char *name, uint32_t block)
{
	if (block != VR_NO_BLOCK)
		fprintf(out, " %s=B%u", name, block);
}

static void print_block(FILE *out, const struct vr_ir *ir, uint32_t b, uint64_t base)
{
	const struct vr_ir_block *block = &ir->blocks[b];
	fprintf(out, "B%u: 0x%" PRIx64 "..0x%" PRIx64 ", %u insns%s", b, base + block->start,
		base + block->end, block->insns, block->flags & VR_BLOCK_ENTRY ? ", entry" : "");
	print_edge(out, "taken", block->succ[VR_EDGE_TAKEN]);
	print_edge(out, "fall", block->succ[VR_EDGE_FALL]);
	fputc('\n', out);
}

void vr_ir_print(FILE *out, const struct vr_ir *ir, const struct vr_isa *isa, uint64_t base)
{
	for (uint32_t b = 0; b < ir->block_count; b++) {
		const struct vr_ir_block *block = &ir->blocks[b];
		print_block(out, ir, b, base);
		for (uint32_t i = block->first; i < block->first + block->count && i < ir->op_count; i++)
			print_op(out, ir, i, isa, base);
	}
}

void vr_ir_print_some(FILE *out, const struct vr_ir *ir, const struct vr_isa *isa, uint64_t base,
		      bool (*wanted)(void *opaque, uint64_t pc), void *opaque)
{
	for (uint32_t b = 0; b < ir->block_count; b++) {
		const struct vr_ir_block *block = &ir->blocks[b];
		bool begun = false, print = false;
		for (uint32_t i = block->first; i < block->first + block->count && i < ir->op_count; i++) {
			if (ir->ops[i].op == VR_IR_INSN_START)
				print = wanted(opaque, base + ir->ops[i].imm);
			if (!print || ir->ops[i].op == VR_IR_NOP)
				continue;
			if (!begun)
				print_block(out, ir, b, base);
			begun = true;
			print_op(out, ir, i, isa, base);
		}
	}
}
