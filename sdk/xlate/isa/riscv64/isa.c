/* SPDX-License-Identifier: MIT */
/* isa.c: riscv64 as one vr_isa: the guest_regs, the helpers and the functions. */
#include "isa.h"

#include "xlate/isa/rows.h"
#include "xlate/isa/vcpu.h"

#define X(n) [RV_REG_X(n)] = {8 * (n), VR_REG_INT, "x" #n}
#define F(n) [RV_REG_F(n)] = {RV_STATE_OFFSET(f[n]), VR_REG_VEC, "f" #n}

static const struct vr_guest_reg guest_regs[RV_REGS] = {
	VR_ROWS_32(X),
	[RV_REG_RES_ADDR] = {RV_STATE_OFFSET(res_addr), VR_REG_INT, "res_addr"},
	[RV_REG_RES_VAL] = {RV_STATE_OFFSET(res_val), VR_REG_INT, "res_val"},
	VR_ROWS_32(F),
};

_Static_assert(VR_EXEC_STATE % 16 == 0 && offsetof(struct rv_state, f) == 0, "vector guest_regs are aligned");

/* Which member of the union a function goes to is known from its flags; the cast keeps one form for both. */
#define RV_HELPER(helper_name, helper_flags) \
	{.name = #helper_name,               \
	 .flags = (helper_flags),            \
	 .u.fn = (vr_helper_fn)(void (*)(void))rv_helper_##helper_name},
static const struct vr_helper helpers[] = {
#include "helpers.def"
};
#undef RV_HELPER
_Static_assert(sizeof(helpers) / sizeof(helpers[0]) == RV_H_COUNT, "one row a helper");

const struct vr_isa rv_isa = {
	.size = sizeof(rv_isa),
	.state_size = sizeof(struct rv_state),
	.arch = "riscv64",
	.state_id = VR_STATE_RISCV64_ID,
	.guest_regs = guest_regs,
	.helpers = helpers,
	.guest_reg_stride = sizeof(struct vr_guest_reg),
	.helper_stride = sizeof(struct vr_helper),
	.code_align_log2 = 1,
	.guest_reg_count = RV_REGS,
	.helper_count = RV_H_COUNT,
	.create = xlate_isa_create,
	.destroy = xlate_isa_destroy,
	.init = rv_init,
	.fini = rv_fini,
	.reset = rv_reset,
	.get_state = rv_get_state,
	.set_state = rv_set_state,
	.lift = rv_lift_block,
	.translate = rv_translate,
	.fault = rv_fault,
	.interrupt = rv_interrupt,
	.has_work = rv_has_work,
	.set_pin = rv_set_pin,
	.fp_slow = rv_fp_slow,
	.debug_match = rv_debug_match,
	.llvm_triple = "riscv64",
	.ir_revision = 1,
	.llvm_features = "+m,+a,+f,+d,+c,+zba,+zbb,+zbs",
};
