/* SPDX-License-Identifier: MIT */
#include "fake.h"

#include "../fake_engine/fake_engine.c"
#include "xlate/isa/arm64/isa.h"

static void answer(uint64_t *regs)
{
	memcpy(fake.call_regs, regs, sizeof(fake.call_regs));
	if (fake.call_result == 0)
		for (uint32_t i = 0; i < 18; i++)
			regs[i] += 100;
}

struct vr_exec *fake_engine_new(uint32_t vcpus)
{
	return fake_engine_make(&a64_isa, vcpus);
}
