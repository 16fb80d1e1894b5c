/* SPDX-License-Identifier: MIT */
/* info.c: ir_ops.def as a table. */
#include "ir.h"

/* VR_T_* of a type letter, as a constant expression. */
#define TYPE_OF(letter)                       \
	((letter) == 't'   ? VR_IR_TYPE_OF_OP \
	 : (letter) == 'i' ? VR_T_I32         \
	 : (letter) == 'I' ? VR_T_I64         \
	 : (letter) == 's' ? VR_T_F32         \
	 : (letter) == 'd' ? VR_T_F64         \
	 : (letter) == 'h' ? VR_T_V64         \
	 : (letter) == 'V' ? VR_T_V128        \
	 : (letter) == 'f' ? VR_T_FLAGS       \
	 : (letter) == 'W' ? VR_T_V256        \
			   : VR_T_NONE)
/* Numbers come after the values. */
#define IS_NUMBER(letter) ((letter) == 'k' || (letter) == 'n')
#define LETTER(s, i) ((i) < sizeof(s) - 1 ? (s)[(i) < sizeof(s) ? (i) : 0] : 'k')
#define IS_FLAGS(s, i) ((uint32_t)(LETTER(s, i) == 'f') << (i))
#define ARGS(s) (!IS_NUMBER(LETTER(s, 0)) + !IS_NUMBER(LETTER(s, 1)) + !IS_NUMBER(LETTER(s, 2)))

const struct vr_ir_info vr_ir_ops[VR_IR_COUNT] = {
#define IR(op_name, op_kind, op_result, op_operands, op_types, op_lanes, op_aux, op_imm, op_attribute, doc) \
	{.name = #op_name,                                                                                  \
	 .operands = op_operands,                                                                           \
	 .types = op_types,                                                                                 \
	 .lanes = op_lanes,                                                                                 \
	 .args = ARGS(op_operands),                                                                         \
	 .flags = IS_FLAGS(op_operands, 0) | IS_FLAGS(op_operands, 1) | IS_FLAGS(op_operands, 2),           \
	 .op_class = VR_IRC_##op_kind,                                                                      \
	 .value_type = TYPE_OF(op_result),                                                                  \
	 .aux = VR_AUX_##op_aux,                                                                            \
	 .imm = VR_IMM_##op_imm,                                                                            \
	 .attribute = VR_ATTRIBUTE_##op_attribute},
#include <vmrun/ir_ops.def>
};
_Static_assert(VR_IR_COUNT >= VR_IR_OPS_REVISION_1, "no op is ever removed");
_Static_assert(VR_IR_COUNT == VR_IR_OPS_REVISION_1 || VR_IR_REVISION > 1, "new ops: a new revision");

struct vr_ir_info vr_ir_info(uint32_t op)
{
	static const struct vr_ir_info unknown = {
		.operands = "", .types = "", .lanes = "", .op_class = VR_IRC_PURE};
	return op < VR_IR_COUNT ? vr_ir_ops[op] : unknown;
}
