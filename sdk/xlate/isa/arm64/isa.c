/* SPDX-License-Identifier: MIT */
/* isa.c: arm64 as one vr_isa: the slots, the helpers and the functions. */
#include "isa.h"

#define X(n) [A64_SLOT_X(n)] = {8 * (n), VR_SLOT_INT, "x" #n}
#define V(n) [A64_SLOT_V(n)] = {A64_STATE_OFFSET(v[n]), VR_SLOT_VEC, "v" #n}
#define NAMED(slot, kind, member) [slot] = {A64_STATE_OFFSET(member), kind, #member}
#define UNUSED(n) [n] = {A64_STATE_OFFSET(unused_slot), VR_SLOT_INT, "-"}

static const struct vr_slot slots[A64_SLOTS] = {
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
	[A64_SLOT_SP] = {8 * 31, VR_SLOT_INT, "sp"},
	NAMED(A64_SLOT_FLAGS, VR_SLOT_FLAGS, flags),
	NAMED(A64_SLOT_EXCL_ADDR, VR_SLOT_INT, excl_addr),
	NAMED(A64_SLOT_EXCL_VAL, VR_SLOT_INT, excl_val),
	NAMED(A64_SLOT_EXCL_HIGH, VR_SLOT_INT, excl_high),
	UNUSED(36),
	UNUSED(37),
	UNUSED(38),
	UNUSED(39),
	UNUSED(40),
	UNUSED(41),
	UNUSED(42),
	UNUSED(43),
	UNUSED(44),
	UNUSED(45),
	UNUSED(46),
	UNUSED(47),
	UNUSED(48),
	UNUSED(49),
	UNUSED(50),
	UNUSED(51),
	UNUSED(52),
	UNUSED(53),
	UNUSED(54),
	UNUSED(55),
	UNUSED(56),
	UNUSED(57),
	UNUSED(58),
	UNUSED(59),
	UNUSED(60),
	UNUSED(61),
	UNUSED(62),
	UNUSED(63),
	V(0),
	V(1),
	V(2),
	V(3),
	V(4),
	V(5),
	V(6),
	V(7),
	V(8),
	V(9),
	V(10),
	V(11),
	V(12),
	V(13),
	V(14),
	V(15),
	V(16),
	V(17),
	V(18),
	V(19),
	V(20),
	V(21),
	V(22),
	V(23),
	V(24),
	V(25),
	V(26),
	V(27),
	V(28),
	V(29),
	V(30),
	V(31),
};

_Static_assert(offsetof(struct vr_exec, reserved) + sizeof(((struct vr_exec *)0)->reserved) <= VR_EXEC_STATE,
	       "the ISA's state follows the common part");
_Static_assert(VR_EXEC_STATE % 16 == 0 && offsetof(struct a64_state, v) == 0, "vector slots are aligned");

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
	.slots = slots,
	.helpers = helpers,
	.slot_count = A64_SLOTS,
	.helper_count = A64_H_COUNT,
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
	.fp_fixup = a64_fp_fixup,
};
