/* SPDX-License-Identifier: MIT */
#include "double.h"

#include "../double/world.c"
#include "xlate/isa/arm64/isa.h"

static void answer(uint64_t *regs)
{
	memcpy(w.call_regs, regs, sizeof(w.call_regs));
	if (w.call_result == 0)
		for (uint32_t i = 0; i < 18; i++)
			regs[i] += 100;
}

struct vr_exec *world_new(uint32_t vcpus)
{
	return world_make(&a64_isa, vcpus);
}
