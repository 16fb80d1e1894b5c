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

struct diff_engine *diff_engine_new(unsigned tier)
{
	struct diff_engine *e = calloc(1, sizeof(*e));

	if (!e || diff_machine_open(&e->m, tier, diff_isa.isa, &x86_emit, DIFF_RAM, DIFF_RAM_BYTES)) {
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
