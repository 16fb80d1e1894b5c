/* SPDX-License-Identifier: MIT */
/* engine.c: cases on the software engine. An exception goes to the guest's vector, whose hypercall ends the
 * run. */
#include <stdlib.h>
#include <string.h>

#include <emit/x86/x86.h>

#include "engine.h"
#include "isa.h"

struct diff_engine {
	struct diff_world w;
};

struct diff_engine *diff_engine_new(unsigned tier)
{
	struct diff_engine *e = calloc(1, sizeof(*e));

	if (!e || diff_world_open(&e->w, tier, diff_isa.isa, &x86_emit, DIFF_RAM, DIFF_RAM_BYTES)) {
		free(e);
		return NULL;
	}
	diff_isa.vectors(e->w.ram + (DIFF_VECTORS - DIFF_RAM));
	return e;
}

int diff_engine_run(struct diff_engine *e, const struct diff_case *c, struct diff_result *r)
{
	uint8_t *ram = e->w.ram;

	memset(ram + (DIFF_CODE_PAGE - DIFF_RAM), 0, DIFF_CODE_BYTES);
	memcpy(ram + (DIFF_CODE - DIFF_RAM), c->code, c->halves * 2);
	e->w.accel->memory_written(e->w.vm, DIFF_CODE_PAGE, DIFF_CODE_BYTES);
	memset(ram + (DIFF_DATA - DIFF_RAM), 0, DIFF_DATA_BYTES);
	diff_fill((uint64_t *)(void *)(ram + (DIFF_WINDOW - DIFF_RAM)), c->memory_seed);
	memset(r, 0, sizeof(*r));
	if (diff_isa.enter(&e->w, c) || diff_world_run(&e->w) || diff_isa.leave(&e->w, r))
		return -1;
	r->hash = diff_hash((const uint64_t *)(const void *)(ram + (DIFF_WINDOW - DIFF_RAM)));
	return 0;
}

struct diff_world *diff_engine_world(struct diff_engine *e)
{
	return &e->w;
}

void diff_engine_free(struct diff_engine *e)
{
	diff_world_close(&e->w);
	free(e);
}
