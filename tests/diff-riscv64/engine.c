/* SPDX-License-Identifier: MIT */
/*
 * engine.c: runs cases on soft's object code with the riscv64 translator, Bare, in U-mode. A case's EBREAK or
 * illegal instruction goes to S-mode's vector, whose ECALL reaches the double's hypercall, which ends the
 * run.
 */
#include <stdlib.h>
#include <string.h>

#include <isa/riscv64/isa.h>
#include <vmrun/state_riscv64.h>

#include "../diff/world.h"
#include "engine.h"

struct diff_engine {
	struct diff_world w;
};

struct diff_engine *diff_engine_new(unsigned tier)
{
	struct diff_engine *e = calloc(1, sizeof(*e));

	if (!e || diff_world_open(&e->w, tier, &rv_isa, DIFF_RAM, DIFF_RAM_BYTES))
		return NULL;
	static const uint32_t code[2] = {0x00000073, 0x0000006f}; /* ECALL; J . */

	memcpy(e->w.ram + (DIFF_VECTORS - DIFF_RAM), code, sizeof(code));
	return e;
}

static uint64_t csr(const struct vr_state_riscv64 *s, uint32_t id)
{
	for (uint32_t i = 0; i < s->csr_count; i++)
		if (s->csr[i].id == id)
			return s->csr[i].value;
	return 0;
}

static void set(struct vr_state_riscv64 *s, uint32_t id, uint64_t value)
{
	s->csr[s->csr_count].id = id;
	s->csr[s->csr_count++].value = value;
}

#define CSR_STVEC 0x105
#define CSR_SEPC 0x141
#define CSR_SCAUSE 0x142
#define CSR_MSTATUS 0x300
#define CSR_MEDELEG 0x302

int diff_engine_run(struct diff_engine *e, const struct diff_case *c, struct diff_result *r)
{
	static struct vr_state_riscv64 s;
	uint64_t code = DIFF_CODE - DIFF_RAM;

	memset(e->w.ram + (DIFF_CODE_PAGE - DIFF_RAM), 0, DIFF_CODE_BYTES);
	memcpy(e->w.ram + code, c->code, c->halves * 2);
	e->w.accel->memory_written(e->w.vm, DIFF_CODE_PAGE, DIFF_CODE_BYTES);
	memset(e->w.ram + (DIFF_DATA - DIFF_RAM), 0, DIFF_DATA_BYTES);
	diff_fill((uint64_t *)(void *)(e->w.ram + (DIFF_WINDOW - DIFF_RAM)), c->memory_seed);

	memset(&s, 0, sizeof(s));
	s.size = sizeof(s);
	memcpy(s.x, c->x, sizeof(s.x));
	memcpy(s.f, c->f, sizeof(s.f));
	s.pc = DIFF_CODE;
	s.fcsr = c->fcsr;
	s.powered_on = 1;
	s.reservation_address = UINT64_MAX;
	set(&s, CSR_STVEC, DIFF_VECTORS);
	set(&s, CSR_MEDELEG, VR_RISCV_S_MEDELEG);
	set(&s, CSR_MSTATUS, 3u << 13); /* FS */
	if (e->w.accel->vcpu_set_state(e->w.vcpu, VR_STATE_RISCV64_ID, &s, sizeof(s)))
		return -1;
	if (diff_world_run(&e->w))
		return -1;
	memset(&s, 0, sizeof(s));
	s.size = sizeof(s);
	if (e->w.accel->vcpu_get_state(e->w.vcpu, VR_STATE_RISCV64_ID, &s, sizeof(s)))
		return -1;
	memset(r, 0, sizeof(*r));
	memcpy(r->x, s.x, sizeof(r->x));
	memcpy(r->f, s.f, sizeof(r->f));
	r->fcsr = s.fcsr;
	r->stop = (uint32_t)((csr(&s, CSR_SEPC) - DIFF_CODE) / 2);
	uint64_t cause = csr(&s, CSR_SCAUSE);

	r->why = cause == 3 ? 1 : cause == 2 ? 2 : cause == 8 ? 4 : 3;
	r->hash = diff_hash((const uint64_t *)(const void *)(e->w.ram + (DIFF_WINDOW - DIFF_RAM)));
	return 0;
}

void diff_engine_free(struct diff_engine *e)
{
	diff_world_close(&e->w);
	free(e);
}
