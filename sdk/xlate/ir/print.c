/* SPDX-License-Identifier: MIT */
/* print.c: an IR as text, one op a line: `v12 = ADD.i64 v10, v11`. */
#include <inttypes.h>
#include <string.h>
#include "ir.h"

static const char *const type_names[] = {
	[VR_T_NONE] = "",    [VR_T_I32] = ".i32", [VR_T_I64] = ".i64",   [VR_T_F32] = ".f32",
	[VR_T_F64] = ".f64", [VR_T_V64] = ".v64", [VR_T_V128] = ".v128", [VR_T_FLAGS] = ".flags",
};
static const char *const condition_names[] = {
	"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al",
};

static void print_memory(FILE *out, const struct vr_ir_op *o)
{
	static const char *const flag_names[] = {"acquire", "release",   "sc",   "align",
						 "unpriv",  "same-page", "store"};
	uint32_t flags = (uint32_t)(o->imm >> 32);
	fprintf(out, " bytes=%u%s", 1u << (o->aux & 7), o->aux & VR_MS_SIGN ? " signed" : "");
	if (o->op == VR_IR_CASIF || o->op == VR_IR_CAS2IF)
		fprintf(out, " if v%u", (uint32_t)o->imm);
	else if ((uint32_t)o->imm)
		fprintf(out, " disp=%d", (int32_t)(uint32_t)o->imm);
	if (o->op == VR_IR_AMO)
		fprintf(out, " kind=%u", o->c);
	for (uint32_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (flags >> i & 1)
			fprintf(out, " %s", flag_names[i]);
	if (flags & VR_MF_SAME_PAGE)
		fprintf(out, "=%u", flags >> VR_MF_GROUP_SHIFT & (VR_MF_GROUPS - 1));
}

static void print_condition(FILE *out, uint32_t condition)
{
	fprintf(out, " %s", condition <= VR_CC_AL ? condition_names[condition] : "?");
}

/* What imm and aux say, where that is more than a number. 1: said. */
static int print_special(FILE *out, const struct vr_ir_op *o, const struct vr_isa *isa)
{
	switch (o->op) {
	case VR_IR_GET:
	case VR_IR_PUT:
		if (isa && o->imm < isa->guest_reg_count)
			fprintf(out, " [%s]", vr_isa_reg(isa, o->imm)->name);
		else
			fprintf(out, " [reg %" PRIu64 "]", o->imm);
		if (o->op == VR_IR_PUT && o->type == VR_T_FLAGS)
			fprintf(out, " live=%u", (unsigned)(o->aux & 3));
		return 1;
	case VR_IR_CALL:
	case VR_IR_VCALL: {
		uint64_t helper = o->op == VR_IR_CALL ? o->imm : o->imm & 0xffff;
		if (isa && helper < isa->helper_count)
			fprintf(out, " %s()", vr_isa_helper(isa, helper)->name);
		else
			fprintf(out, " helper %" PRIu64, helper);
		if (o->op == VR_IR_VCALL)
			fprintf(out, " imm=%" PRIu64, o->imm >> 16);
		return 1;
	}
	case VR_IR_SETCC:
	case VR_IR_SELECT:
	case VR_IR_CMPSET:
	case VR_IR_F_SEL:
		print_condition(out, o->aux);
		return 1;
	case VR_IR_BRCC:
	case VR_IR_BRCMP:
		print_condition(out, o->aux);
		fprintf(out, " -> 0x%" PRIx64, o->imm);
		return 1;
	case VR_IR_BRBIT:
		fprintf(out, " bit %u %s -> 0x%" PRIx64, o->aux & 63, o->aux & 64 ? "clear" : "set", o->imm);
		return 1;
	case VR_IR_F_CONST:
		fprintf(out, " nzcv=%" PRIx64, o->imm & 15);
		return 1;
	case VR_IR_INSN_START:
	case VR_IR_CONST:
	case VR_IR_LDS:
	case VR_IR_STS:
	case VR_IR_GOTO:
	case VR_IR_EXIT_TO:
	case VR_IR_RAS_PUSH:
		fprintf(out, " 0x%" PRIx64, o->imm);
		return 1;
	default:
		return 0;
	}
}

static void print_op(FILE *out, const struct vr_ir *ir, uint32_t i, const struct vr_isa *isa)
{
	const struct vr_ir_op *o = &ir->ops[i];
	struct vr_ir_info info = vr_ir_info(o->op);
	const uint32_t operand[3] = {o->a, o->b, o->c};

	fprintf(out, o->op == VR_IR_INSN_START ? "  v%-4u " : "    v%-4u ", i);
	fprintf(out, "%s%s", info.name ? info.name : "?", o->type <= VR_T_FLAGS ? type_names[o->type] : ".?");
	for (uint32_t k = 0; info.args[k]; k++)
		if (operand[k])
			fprintf(out, "%s v%u", k ? "," : "", operand[k]);
	if (info.class == VR_IRC_MEM) {
		print_memory(out, o);
	} else if (!print_special(out, o, isa)) {
		if (o->aux)
			fprintf(out, " aux=%u", o->aux);
		if (o->imm)
			fprintf(out, " imm=0x%" PRIx64, o->imm);
	}
	fputc('\n', out);
}

static void print_edge(FILE *out, const char *name, uint32_t block)
{
	if (block != VR_NO_BLOCK)
		fprintf(out, " %s=B%u", name, block);
}

static void print_block(FILE *out, const struct vr_ir *ir, uint32_t b)
{
	const struct vr_ir_block *block = &ir->blocks[b];
	fprintf(out, "B%u: 0x%" PRIx64 "..0x%" PRIx64 ", %u insns%s", b, block->pc, block->end, block->insns,
		block->flags & VR_BLOCK_ENTRY ? ", entry" : "");
	print_edge(out, "taken", block->succ[VR_EDGE_TAKEN]);
	print_edge(out, "fall", block->succ[VR_EDGE_FALL]);
	fputc('\n', out);
}

void vr_ir_print(FILE *out, const struct vr_ir *ir, const struct vr_isa *isa)
{
	for (uint32_t b = 0; b < ir->block_count; b++) {
		const struct vr_ir_block *block = &ir->blocks[b];
		print_block(out, ir, b);
		for (uint32_t i = block->first; i < block->first + block->count && i < ir->op_count; i++)
			print_op(out, ir, i, isa);
	}
}

void vr_ir_print_some(FILE *out, const struct vr_ir *ir, const struct vr_isa *isa,
		      bool (*wanted)(void *opaque, uint64_t pc), void *opaque)
{
	for (uint32_t b = 0; b < ir->block_count; b++) {
		const struct vr_ir_block *block = &ir->blocks[b];
		bool begun = false, print = false;
		for (uint32_t i = block->first; i < block->first + block->count && i < ir->op_count; i++) {
			if (ir->ops[i].op == VR_IR_INSN_START)
				print = wanted(opaque, ir->ops[i].imm);
			if (!print || ir->ops[i].op == VR_IR_NOP)
				continue;
			if (!begun)
				print_block(out, ir, b);
			begun = true;
			print_op(out, ir, i, isa);
		}
	}
}
