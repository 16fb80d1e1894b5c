/* SPDX-License-Identifier: MIT */
#include "fake.h"

#include "../fake_engine/fake_engine.c"
#include "xlate/isa/riscv64/isa.h"

static void answer(uint64_t *regs)
{
	memcpy(fake.call_regs, regs, 8 * sizeof(*regs));
	regs[0] = 0;
	regs[1] = 0x1234;
}

struct vr_exec *fake_engine_new(void)
{
	fake_engine_make(&rv_isa, 1);
	/* As firmware leaves it: all of memory is S-mode's. */
	csr_write(PMPADDR0, ~0ull);
	csr_write(PMPCFG0, RV_PMP_OPEN);
	fake.flushes = 0;
	fake.contexts = fake.kicks = 0;
	return fake.x;
}
