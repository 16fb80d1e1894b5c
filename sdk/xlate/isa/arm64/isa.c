/* SPDX-License-Identifier: MIT */
/* isa.c: arm64 as one vr_isa: the guest_regs, the helpers and the functions. */
#include "isa.h"

#include "xlate/isa/rows.h"
#include "xlate/isa/vcpu.h"

#define X(n) [A64_REG_X(n)] = {8 * (n), VR_REG_INT, "x" #n}
#define V(n) [A64_REG_V(n)] = {A64_STATE_OFFSET(v[n]), VR_REG_VEC, "v" #n}
#define NAMED(reg, kind, member) [reg] = {A64_STATE_OFFSET(member), kind, #member}

static const struct vr_guest_reg guest_regs[A64_REGS] = {
	VR_ROWS_31(X),
	[A64_REG_SP] = {8 * 31, VR_REG_INT, "sp"},
	NAMED(A64_REG_FLAGS, VR_REG_FLAGS, flags),
	NAMED(A64_REG_EXCL_ADDR, VR_REG_INT, excl_addr),
	NAMED(A64_REG_EXCL_VAL, VR_REG_INT, excl_val),
	NAMED(A64_REG_EXCL_HIGH, VR_REG_INT, excl_high),
	[A64_REG_EXCL_HIGH + 1 ... A64_REG_V(0) - 1] = {A64_STATE_OFFSET(unused_reg), VR_REG_INT, "-"},
	VR_ROWS_32(V),
};

_Static_assert(VR_EXEC_STATE % 16 == 0 && offsetof(struct a64_state, v) == 0,
	       "vector guest_regs are aligned");

/* Which member of the union a function goes to is known from its flags; the cast keeps one form for both. */
#define A64_HELPER(helper_name, helper_flags) \
	{.name = #helper_name,                \
	 .flags = (helper_flags),             \
	 .u.fn = (vr_helper_fn)(void (*)(void))a64_helper_##helper_name},
static const struct vr_helper helpers[] = {
#include "helpers_int.def"
#include "helpers_sys.def"
#include "helpers_fp.def"
};
#undef A64_HELPER
_Static_assert(sizeof(helpers) / sizeof(helpers[0]) == A64_H_COUNT, "one row a helper");

const struct vr_isa a64_isa = {
	.size = sizeof(a64_isa),
	.state_size = sizeof(struct a64_state),
	.arch = "arm64",
	.state_id = VR_STATE_ARM64_ID,
	.guest_regs = guest_regs,
	.helpers = helpers,
	.guest_reg_stride = sizeof(struct vr_guest_reg),
	.helper_stride = sizeof(struct vr_helper),
	.code_align_log2 = 2,
	.guest_reg_count = A64_REGS,
	.helper_count = A64_H_COUNT,
	.create = xlate_isa_create,
	.destroy = xlate_isa_destroy,
	.init = a64_init,
	.fini = a64_fini,
	.reset = a64_reset,
	.get_state = a64_get_state,
	.set_state = a64_set_state,
	.lift = a64_lift_block,
	.translate = a64_translate,
	.fault = a64_fault,
	.interrupt = a64_interrupt,
	.has_work = a64_has_work,
	.set_pin = a64_set_pin,
	.fp_slow = a64_fp_slow,
	.debug_match = a64_debug_match,
	.branch_address = a64_branch_address_of,
	.llvm_triple = "aarch64",
	.ir_revision = 1,
	.llvm_features = "+v8.5a,+fp-armv8,+neon,+crc,+lse,+rdm,+fullfp16,+dotprod,+aes,+sha2,+sha3,+sm4",
};
