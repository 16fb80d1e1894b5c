/* SPDX-License-Identifier: MIT */
/* info.c: ir_ops.def as a table. */
#include "ir.h"

struct vr_ir_info vr_ir_info(uint32_t op)
{
	static const struct vr_ir_info table[] = {
#define IR(op_name, op_class, op_args, doc) {.name = #op_name, .args = op_args, .class = VR_IRC_##op_class},
#include <vmrun/ir_ops.def>
#undef IR
	};
	_Static_assert(sizeof(table) / sizeof(table[0]) == VR_IR_COUNT, "one row an op");
	return op < VR_IR_COUNT ? table[op]
				: (struct vr_ir_info){.name = NULL, .args = "", .class = VR_IRC_PURE};
}
