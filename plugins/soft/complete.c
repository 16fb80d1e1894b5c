/* SPDX-License-Identifier: MIT */
/*
 * complete.c: the members that a translator's tables must have. A table of an older ABI, or of another
 * project, may end before one of them.
 */
#include <has.h>

#include "soft.h"

struct need {
	const char *name;
	size_t offset;
};
#define ISA(member)                                                \
	{                                                          \
		"vr_isa." #member, offsetof(struct vr_isa, member) \
	}
#define EMIT(member)                                                 \
	{                                                            \
		"vr_emit." #member, offsetof(struct vr_emit, member) \
	}

static const struct need isa_needs[] = {
	ISA(guest_regs), ISA(init),  ISA(fini),      ISA(reset),    ISA(get_state), ISA(set_state), ISA(lift),
	ISA(translate),  ISA(fault), ISA(interrupt), ISA(has_work), ISA(set_pin),   ISA(fp_slow),
};
static const struct need emit_needs[] = {
	EMIT(probe),           EMIT(create), EMIT(destroy), EMIT(region),  EMIT(link),
	EMIT(set_check),       EMIT(kill),   EMIT(enter),   EMIT(fp_load), EMIT(fp_save),
	EMIT(pinned_register),
};

static const char *first_missing(const void *table, const struct need *needs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!vr_has_at(table, needs[i].offset))
			return needs[i].name;
	return NULL;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What the engine reads of a row: later members may be missing. */
#define END_OF(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

const char *soft_isa_lacks(const struct vr_isa *isa)
{
	const char *name = first_missing(isa, isa_needs, COUNT(isa_needs));

	if (!name && isa->guest_reg_stride < END_OF(struct vr_guest_reg, name))
		return "vr_isa.guest_reg_stride";
	if (!name && isa->helper_count && isa->helper_stride < END_OF(struct vr_helper, u))
		return "vr_isa.helper_stride";
	return name;
}

const char *soft_emit_lacks(const struct vr_emit *emit)
{
	return first_missing(emit, emit_needs, COUNT(emit_needs));
}
