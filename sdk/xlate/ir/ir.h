/* SPDX-License-Identifier: MIT */
/* ir.h: looking at an IR: the verifier, the printer, and facts about ops. */
#ifndef VR_XLATE_IR_IR_H
#define VR_XLATE_IR_IR_H

#include <stdbool.h>
#include <stdio.h>
#include <vmrun/isa.h>

/* An op's line of ir_ops.def. Unknown numbers: name NULL. */
struct vr_ir_info {
	const char *name;
	const char *args; /* "", "a", "ab" or "abc": which of a, b, c are values */
	uint32_t class;   /* VR_IRC_* */
};
struct vr_ir_info vr_ir_info(uint32_t op);

/*
 * Is this IR well-formed? Operands are values of the same block, defined earlier, of the kind that the op
 * takes; types and lane sizes are known; a terminator ends every block and stands nowhere else; no PUT comes
 * before a memory op of the same instruction; edges stay inside. 0, or VR_E_INVAL with the reason and the
 * op's number in why[].
 */
int vr_ir_verify(const struct vr_ir *ir, char *why, size_t n);

/* As text, one op a line. isa (or NULL) names guest registers and helpers. */
void vr_ir_print(FILE *out, const struct vr_ir *ir, const struct vr_isa *isa);
/* The same of the instructions that are wanted, by their pc; without NOPs, and without blocks that hold none.
 */
void vr_ir_print_some(FILE *out, const struct vr_ir *ir, const struct vr_isa *isa,
		      bool (*wanted)(void *opaque, uint64_t pc), void *opaque);

#endif
