/* SPDX-License-Identifier: MIT */
/* isa.c: riscv64 as one vr_isa: the slots, the helpers and the functions. */
#include "isa.h"

#define X(n) [RV_SLOT_X(n)] = {8 * (n), VR_SLOT_INT, "x" #n}
#define F(n) [RV_SLOT_F(n)] = {RV_STATE_OFFSET(f[n]), VR_SLOT_VEC, "f" #n}

static const struct vr_slot slots[RV_SLOTS] = {
	X(0),
	X(1),
	X(2),
	X(3),
	X(4),
	X(5),
	X(6),
	X(7),
	X(8),
	X(9),
	X(10),
	X(11),
	X(12),
	X(13),
	X(14),
	X(15),
	X(16),
	X(17),
	X(18),
	X(19),
	X(20),
	X(21),
	X(22),
	X(23),
	X(24),
	X(25),
	X(26),
	X(27),
	X(28),
	X(29),
	X(30),
	X(31),
	[RV_SLOT_RES_ADDR] = {RV_STATE_OFFSET(res_addr), VR_SLOT_INT, "res_addr"},
	[RV_SLOT_RES_VAL] = {RV_STATE_OFFSET(res_val), VR_SLOT_INT, "res_val"},
	F(0),
	F(1),
	F(2),
	F(3),
	F(4),
	F(5),
	F(6),
	F(7),
	F(8),
	F(9),
	F(10),
	F(11),
	F(12),
	F(13),
	F(14),
	F(15),
	F(16),
	F(17),
	F(18),
	F(19),
	F(20),
	F(21),
	F(22),
	F(23),
	F(24),
	F(25),
	F(26),
	F(27),
	F(28),
	F(29),
	F(30),
	F(31),
};

_Static_assert(VR_EXEC_STATE % 16 == 0 && offsetof(struct rv_state, f) == 0, "vector slots are aligned");

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
	.slots = slots,
	.helpers = helpers,
	.slot_count = RV_SLOTS,
	.helper_count = RV_H_COUNT,
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
	.fp_fixup = rv_fp_fixup,
};
