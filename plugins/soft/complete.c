/* SPDX-License-Identifier: MIT */
/* complete.c: what of a translator's tables can't be done without; an older or another's may end before it.
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
	EMIT(probe), EMIT(thunks), EMIT(region),  EMIT(link),    EMIT(set_check),
	EMIT(kill),  EMIT(enter),  EMIT(fp_load), EMIT(fp_save), EMIT(pinned_register),
};

static const char *first_missing(const void *table, const struct need *needs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!vr_has_at(table, needs[i].offset))
			return needs[i].name;
	return NULL;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *soft_translator_lacks(const struct vr_translator *t)
{
	const char *name;

	if (!VR_HAS(t, isa))
		return "vr_translator.isa";
	name = first_missing(t->isa, isa_needs, COUNT(isa_needs));
	if (!name && VR_HAS(t, emit))
		name = first_missing(t->emit, emit_needs, COUNT(emit_needs));
	return name;
}
