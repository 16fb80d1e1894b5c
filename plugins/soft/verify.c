/* SPDX-License-Identifier: MIT */
/*
 * verify.c: option `verify`: every block that the lifter makes is verified before it is used, for authors of translators. A
 * lifter that is wrong is found at its first wrong block, and the error names the instruction, the op and the rule, instead
 * of a crash, or a wrong result, somewhere later.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soft.h"
#include "xlate/ir/ir.h"

#define SHOWN 15u /* bytes of an instruction, at most */

/* The place of the instruction that op `n` of the block belongs to. */
static uint64_t place_of(const struct vr_ir *ir, const struct vr_ir_block *b, uint64_t n)
{
	uint64_t place = b->start;

	for (uint64_t i = b->first; i <= n && i < (uint64_t)b->first + b->count; i++)
		if (ir->ops[i].op == VR_IR_INSN_START)
			place = ir->ops[i].imm;
	return place;
}

int32_t soft_verify_lifted(struct soft_vm *vm, const struct vr_lift *rq, const struct vr_ir *ir,
			   struct vr_ir_block *b, uint64_t va_page)
{
	struct vr_ir one = *ir;
	char why[256] = "", bytes[3 * SHOWN + 1] = "";
	uint64_t place, at;

	one.blocks = b;
	one.block_count = 1;
	if (vr_ir_verify(&one, vm->isa, why, sizeof(why)) >= 0)
		return VR_OK;
	/* "op 12 (ADD): ...", or of the whole. */
	place = place_of(ir, b, !strncmp(why, "op ", 3) ? strtoull(why + 3, NULL, 10) : b->first);
	at = place - rq->offset;
	for (uint32_t i = 0; i < SHOWN && at + i < rq->length; i++)
		snprintf(bytes + 3 * i, sizeof(bytes) - 3 * i, " %02x", rq->code[at + i]);
	return soft_error(
		vm, VR_E_ABI,
		"translator '%s': the IR of the instruction at 0x%llx (%s; bytes from there:%s) is wrong: %s",
		vm->translator, (unsigned long long)(va_page + place), vm->isa->arch, bytes, why);
}
