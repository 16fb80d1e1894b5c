/* SPDX-License-Identifier: MIT */
/* state.c: the canonical states of what the board is made of, and what they may be here. */
#include <board/state_check.h>
#include <string.h>

#include "board.h"

/* ---- what may be -------------------------------------------------------------------------------------- */

static int32_t check_bank(const struct vr_state_check *c, const char *name, uint32_t n,
			  const struct vr_gic_bank_state *b)
{
	for (uint32_t i = 0; i < 32; i++)
		if (b->priority[i] & ~GIC_PRIORITY_MASK)
			return vr_state_bad(c, "%s[%u].priority[%u] is 0x%02x: bits 7:3 exist", name, n, i,
					    b->priority[i]);
	return VR_OK;
}

static int32_t check_dist(const struct vr_state_check *c, const void *state)
{
	const struct vr_state_gic_dist *s = state;
	int32_t rc = VR_OK;

	for (uint32_t i = 0; i < VR_GIC_SPI_BANKS_MAX && rc == VR_OK; i++)
		rc = check_bank(c, "spi", i, &s->spi[i]);
	return rc;
}

static int32_t check_cpu(const struct vr_state_check *c, const void *state)
{
	const struct vr_state_gic_cpu *s = state;

	if (s->bank.edge != 0xffff)
		return vr_state_bad(c,
				    "bank.edge is 0x%08x: SGIs are edge-triggered, PPIs here level-triggered",
				    s->bank.edge);
	if (s->bank.line & 0xffff)
		return vr_state_bad(c, "bank.line is 0x%08x: SGIs have no input", s->bank.line);
	if (s->bpr[0] < GIC_PRIORITY_SHIFT - 1 || s->bpr[1] < GIC_PRIORITY_SHIFT)
		return vr_state_bad(c, "bpr[0] is %u, bpr[1] %u: less than %u and %u can't be", s->bpr[0],
				    s->bpr[1], GIC_PRIORITY_SHIFT - 1, GIC_PRIORITY_SHIFT);
	return check_bank(c, "bank", 0, &s->bank);
}

#define ANY VR_STATE_ANY
static const struct vr_state_member gic_dist[] = {
	VR_STATE_MEMBER(vr_state_gic_dist, ctlr, 3, ANY),
	VR_STATE_MEMBER(vr_state_gic_dist, spi_banks, ANY, VR_GIC_SPI_BANKS_MAX),
	VR_STATE_ARRAY(vr_state_gic_dist, router, , 0xff00ffffff, ANY),
};
static const struct vr_state_member gic_cpu[] = {
	VR_STATE_MEMBER(vr_state_gic_cpu, sleeping, ANY, 1),
	VR_STATE_MEMBER(vr_state_gic_cpu, pmr, 0xf8, ANY),
	VR_STATE_ARRAY(vr_state_gic_cpu, bpr, , ANY, 7),
	VR_STATE_ARRAY(vr_state_gic_cpu, igrpen, , ANY, 1),
	VR_STATE_MEMBER(vr_state_gic_cpu, cbpr, ANY, 1),
	VR_STATE_MEMBER(vr_state_gic_cpu, eoimode, ANY, 1),
};
static const struct vr_state_member pl031[] = {
	VR_STATE_MEMBER(vr_state_pl031, imsc, ANY, 1),
	VR_STATE_MEMBER(vr_state_pl031, ris, ANY, 1),
	VR_STATE_MEMBER(vr_state_pl031, armed, ANY, 1),
};

/* ---- out and in ------------------------------------------------------------------------------ */

static void get_dist(struct a64_machine *v, uint32_t i, void *s)
{
	(void)i;
	gic_get_dist(v->gic, s);
}

static int32_t set_dist(struct a64_machine *v, uint32_t i, const void *s)
{
	(void)i;
	return gic_set_dist(v->gic, s);
}

static void get_cpu(struct a64_machine *v, uint32_t i, void *s)
{
	gic_get_cpu(v->gic, i, s);
}

static int32_t set_cpu(struct a64_machine *v, uint32_t i, const void *s)
{
	return gic_set_cpu(v->gic, i, s);
}

static void get_rtc(struct a64_machine *v, uint32_t i, void *s)
{
	(void)i;
	pl031_get(v->rtc, s);
}

static int32_t set_rtc(struct a64_machine *v, uint32_t i, const void *s)
{
	(void)i;
	pl031_set(v->rtc, s);
	return VR_OK;
}

static const struct part {
	struct vr_state_kind kind;
	uint32_t each_vcpu;
	void (*get)(struct a64_machine *v, uint32_t i, void *s);
	int32_t (*set)(struct a64_machine *v, uint32_t i, const void *s);
} parts[] = {
	{VR_STATE_KIND(VR_STATE_GIC_DIST_ID, vr_state_gic_dist, "gic-dist", gic_dist, check_dist), 0,
	 get_dist, set_dist},
	{VR_STATE_KIND(VR_STATE_GIC_CPU_ID, vr_state_gic_cpu, "gic-cpu", gic_cpu, check_cpu), 1, get_cpu,
	 set_cpu},
	{VR_STATE_KIND(VR_STATE_PL031_ID, vr_state_pl031, "pl031", pl031, NULL), 0, get_rtc, set_rtc},
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* ---- vr_board -------------------------------------------------------------------------------- */

static uint32_t count_of(const struct a64_machine *v, const struct part *p)
{
	return p->each_vcpu ? v->m.vcpu_count : 1;
}

int32_t VR_CALL virt_state_at(struct vr_board *board, uint32_t i, struct vr_board_state *out)
{
	const struct a64_machine *v = a64_machine_of(board);

	for (size_t n = 0; n < PARTS; i -= count_of(v, &parts[n]), n++)
		if (i < count_of(v, &parts[n])) {
			out->index = i;
			out->id = parts[n].kind.id;
			out->length = parts[n].kind.size;
			return VR_OK;
		}
	return vr_slots_state_at(&v->m.slots, i, out);
}

/* The part, or NULL and the error. */
static const struct part *find(const struct a64_machine *v, const char *id, uint32_t index, int32_t *rc)
{
	for (size_t n = 0; n < PARTS; n++) {
		if (strcmp(parts[n].kind.id, id) != 0)
			continue;
		if (index < count_of(v, &parts[n]))
			return &parts[n];
		*rc = vr_tables_fail(&v->m.t, VR_E_RANGE, "board-virt: %s %u: this machine has %u", id, index,
				     count_of(v, &parts[n]));
		return NULL;
	}
	*rc = vr_tables_fail(&v->m.t, VR_E_NOENT, "board-virt: nothing here has a state \"%.64s\"", id);
	return NULL;
}

int32_t VR_CALL virt_get_state(struct vr_board *board, const char *id, uint32_t index, void *state,
			       uint32_t length)
{
	struct a64_machine *v = a64_machine_of(board);
	int32_t rc = vr_slots_get_state(&v->m.slots, id, index, state, length);
	const struct part *p = rc == VR_E_NOENT ? find(v, id, index, &rc) : NULL;

	if (!p)
		return rc;
	rc = vr_state_fits(v->m.t.host, "board-virt", &p->kind, length);
	if (rc < 0)
		return rc;
	memset(state, 0, p->kind.size);
	p->get(v, index, state);
	memcpy(state, &p->kind.size, sizeof(p->kind.size));
	return VR_OK;
}

int32_t VR_CALL virt_set_state(struct vr_board *board, const char *id, uint32_t index, const void *state,
			       uint32_t length)
{
	struct a64_machine *v = a64_machine_of(board);
	int32_t rc = vr_slots_set_state(&v->m.slots, id, index, state, length);
	const struct part *p = rc == VR_E_NOENT ? find(v, id, index, &rc) : NULL;

	if (!p)
		return rc;
	rc = vr_state_check(v->m.t.host, "board-virt", &p->kind, state, length,
			    v->m.t.timer->now(v->m.t.host));
	return rc < 0 ? rc : p->set(v, index, state);
}
