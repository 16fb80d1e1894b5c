/* SPDX-License-Identifier: MIT */
/*
 * engine.c: runs cases on soft's object code with the arm64 translator, MMU off, at EL1. A case's BRK or
 * undefined instruction goes to the vector page, whose HVC reaches the double's hypercall, which ends the
 * run.
 */
#include <stdlib.h>
#include <string.h>

#include <isa/arm64/isa.h>
#include <vmrun/state_arm64.h>

#include "world.h"
#include "engine.h"

struct diff_engine {
	struct diff_world w;
};

struct diff_engine *diff_engine_new(unsigned tier)
{
	struct diff_engine *e = calloc(1, sizeof(*e));

	if (!e || diff_world_open(&e->w, tier, &a64_isa, DIFF_RAM, DIFF_RAM_BYTES))
		return NULL;
	/* Every vector: HVC #0, then stay. */
	for (uint32_t at = 0; at < 0x800; at += 0x80) {
		static const uint32_t code[2] = {0xd4000002, 0x14000000};

		memcpy(e->w.ram + (DIFF_VECTORS - DIFF_RAM) + at, code, sizeof(code));
	}
	return e;
}

static uint64_t sysreg(const struct vr_state_arm64 *s, uint32_t id)
{
	for (uint32_t i = 0; i < s->sysreg_count; i++)
		if (s->sysreg[i].id == id)
			return s->sysreg[i].value;
	return 0;
}

int diff_engine_run(struct diff_engine *e, const struct diff_case *c, struct diff_result *r)
{
	static struct vr_state_arm64 s;
	uint64_t code = DIFF_CODE - DIFF_RAM;

	memset(e->w.ram + code, 0, DIFF_CODE_BYTES);
	memcpy(e->w.ram + code, c->code, c->words * 4);
	e->w.accel->memory_written(e->w.vm, DIFF_CODE, DIFF_CODE_BYTES);
	memset(e->w.ram + (DIFF_DATA - DIFF_RAM), 0, DIFF_DATA_BYTES);
	diff_fill((uint64_t *)(void *)(e->w.ram + (DIFF_WINDOW - DIFF_RAM)), c->memory_seed);

	memset(&s, 0, sizeof(s));
	s.size = sizeof(s);
	memcpy(s.x, c->x, sizeof(s.x));
	s.sp = c->sp;
	s.pc = DIFF_CODE;
	s.pstate = c->nzcv | 0x3c5;
	memcpy(s.v, c->v, sizeof(s.v));
	s.fpcr = c->fpcr;
	s.fpsr = c->fpsr;
	s.powered_on = 1;
	s.exclusive_address = UINT64_MAX;
	s.sysreg[0].id = VR_A64_SYSREG(3u, 0u, 12u, 0u, 0u); /* VBAR_EL1 */
	s.sysreg[0].value = DIFF_VECTORS;
	s.sysreg[1].id = VR_A64_SYSREG(3u, 0u, 1u, 0u, 2u); /* CPACR_EL1.FPEN */
	s.sysreg[1].value = 3u << 20;
	s.sysreg_count = 2;
	if (e->w.accel->vcpu_set_state(e->w.vcpu, VR_STATE_ARM64_ID, &s, sizeof(s)))
		return -1;
	if (diff_world_run(&e->w))
		return -1;
	memset(&s, 0, sizeof(s));
	s.size = sizeof(s);
	if (e->w.accel->vcpu_get_state(e->w.vcpu, VR_STATE_ARM64_ID, &s, sizeof(s)))
		return -1;
	uint64_t esr = sysreg(&s, VR_A64_SYSREG(3u, 0u, 5u, 2u, 0u)),
		 elr = sysreg(&s, VR_A64_SYSREG(3u, 0u, 4u, 0u, 1u));

	memset(r, 0, sizeof(*r));
	memcpy(r->x, s.x, sizeof(r->x));
	r->sp = s.sp;
	memcpy(r->v, s.v, sizeof(r->v));
	r->nzcv = (uint32_t)sysreg(&s, VR_A64_SYSREG(3u, 0u, 4u, 0u, 0u)) & 0xf0000000u;
	r->fpcr = s.fpcr;
	r->fpsr = s.fpsr;
	r->stop = (uint32_t)((elr - DIFF_CODE) / 4);
	uint64_t ec = esr >> 26 & 0x3f;

	r->why = ec == 0x3c ? 1 : ec == 0 ? 2 : ec == 0x25 || ec == 0x21 ? 3 : 4;
	r->hash = diff_hash((const uint64_t *)(const void *)(e->w.ram + (DIFF_WINDOW - DIFF_RAM)));
	return 0;
}

void diff_engine_free(struct diff_engine *e)
{
	diff_world_close(&e->w);
	free(e);
}
