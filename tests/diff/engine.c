/* SPDX-License-Identifier: MIT */
/* engine.c: cases on the software engine. An exception goes to the guest's vector, whose hypercall ends the
 * run. */
#include <stdlib.h>
#include <string.h>

#include <emit/x86/x86.h>

#include "engine.h"
#include "isa.h"

struct diff_engine {
	struct diff_machine m;
};

static struct vr_emit partly;

static int32_t VR_CALL region(struct vr_emit_vm *vm, struct vr_emit_job *job)
{
	for (uint32_t b = 0; b < job->ir->block_count; b++) {
		const struct vr_ir_block *k = &job->ir->blocks[b];

		for (uint32_t i = k->first; i < k->first + k->count; i++) {
			uint32_t op = job->ir->ops[i].op;

			/* Not what every block has, and the engine's own code. */
			if (op % 3 == 0 && op > VR_IR_PUT && op < VR_IR_GOTO) {
				job->refused = op;
				return VR_E_UNSUPPORTED;
			}
		}
	}
	return x86_emit.region(vm, job);
}

struct diff_engine *diff_engine_new(unsigned number)
{
	static const unsigned tiers[DIFF_ENGINES] = {0, 2, 2, 1};
	struct diff_engine *e = calloc(1, sizeof(*e));

	partly = x86_emit;
	partly.region = region;
	if (!e || diff_machine_open(&e->m, tiers[number], diff_isa.isa, number == 2 ? &partly : &x86_emit,
				    DIFF_RAM, DIFF_RAM_BYTES)) {
		free(e);
		return NULL;
	}
	diff_isa.vectors(e->m.ram + (DIFF_VECTORS - DIFF_RAM));
	return e;
}

int diff_engine_run(struct diff_engine *e, const struct diff_case *c, struct diff_result *r)
{
	uint8_t *ram = e->m.ram;

	memset(ram + (DIFF_CODE_PAGE - DIFF_RAM), 0, DIFF_CODE_BYTES);
	memcpy(ram + (DIFF_CODE - DIFF_RAM), c->code, c->halves * 2);
	e->m.accel->memory_written(e->m.vm, DIFF_CODE_PAGE, DIFF_CODE_BYTES);
	memset(ram + (DIFF_DATA - DIFF_RAM), 0, DIFF_DATA_BYTES);
	diff_fill((uint64_t *)(void *)(ram + (DIFF_WINDOW - DIFF_RAM)), c->memory_seed);
	memset(r, 0, sizeof(*r));
	if (diff_isa.enter(&e->m, c) || diff_machine_run(&e->m) || diff_isa.leave(&e->m, r))
		return -1;
	r->hash = diff_hash((const uint64_t *)(const void *)(ram + (DIFF_WINDOW - DIFF_RAM)));
	return 0;
}

struct diff_machine *diff_engine_machine(struct diff_engine *e)
{
	return &e->m;
}

void diff_engine_free(struct diff_engine *e)
{
	diff_machine_close(&e->m);
	free(e);
}
