/* SPDX-License-Identifier: MIT */
/*
 * trigger.c: Sdtrig: address triggers that raise breakpoint exceptions (The RISC-V Debug Specification 1.0,
 * chapter 5).
 *
 * Each trigger is of type 6 (mcontrol6) or 15 (disabled). A mcontrol6 has match 0 to 3 (equal, NAPOT, greater
 * or equal, less), any access size and action 0; hit, select, chain, uncertain and the modes of hypervisors
 * read as zeros. All bytes of an access are compared, and the first of an instruction. tdata3 reads as zero.
 *
 * The exception comes before the instruction, and before the faults of its fetch or its access (5.7, table of
 * priorities). A trigger must not fire in the handler of its own exception: of the two ways that 5.4 offers,
 * this is the first, so there is no tcontrol. In M-mode nothing fires while mstatus.MIE is 0, nor in S-mode
 * while sstatus.SIE is 0 when breakpoints are delegated to it.
 *
 * A trigger that is on is a debug point of the engine (isa.h); the mode and the interrupt enables are
 * looked at when it is hit.
 */
#include "has.h"
#include "system.h"

#define TYPE_SHIFT 60
#define TYPE_MCONTROL6 6u
#define TYPE_DISABLED 15u
#define DISABLED ((uint64_t)TYPE_DISABLED << TYPE_SHIFT)

/* mcontrol6 (5.7.12) */
#define MC_LOAD 1u
#define MC_STORE 2u
#define MC_EXECUTE 4u
#define MC_MODE(mode) (1u << (3 + (mode))) /* U 3, S 4, M 6 */
#define MC_MODES (MC_MODE(RV_USER) | MC_MODE(RV_SUPERVISOR) | MC_MODE(RV_MACHINE))
#define MC_MATCH_SHIFT 7
#define MC_MATCH (15u << MC_MATCH_SHIFT)
#define MC_KEPT (MC_LOAD | MC_STORE | MC_EXECUTE | MC_MODES | MC_MATCH)
enum { MATCH_EQUAL, MATCH_NAPOT, MATCH_GREATER_EQUAL, MATCH_LESS };

/* tinfo (5.7.5): version 1 (1.0), and which types there are. */
#define TINFO (1u << 24 | 1u << TYPE_DISABLED | 1u << TYPE_MCONTROL6)

static uint32_t match_of(uint64_t tdata1)
{
	return (uint32_t)(tdata1 & MC_MATCH) >> MC_MATCH_SHIFT;
}

/* tdata1 with unsupported types and bits taken out. */
static uint64_t legal(uint64_t tdata1)
{
	if (tdata1 >> TYPE_SHIFT != TYPE_MCONTROL6)
		return DISABLED;
	if (match_of(tdata1) > MATCH_LESS)
		tdata1 &= ~(uint64_t)MC_MATCH;
	return (uint64_t)TYPE_MCONTROL6 << TYPE_SHIFT | (tdata1 & MC_KEPT);
}

/* 0: it is off. */
static uint32_t point_of(const struct rv_state *s, uint32_t n, struct vr_debug_point *out)
{
	uint64_t control = s->tdata1[n], value = s->tdata2[n];

	if (control >> TYPE_SHIFT != TYPE_MCONTROL6 || !(control & MC_MODES))
		return 0;
	*out = (struct vr_debug_point){.first = value, .last = value, .id = n};
	out->access = (control & MC_LOAD ? 1u << VR_ACCESS_READ : 0) |
		      (control & MC_STORE ? 1u << VR_ACCESS_WRITE : 0) |
		      (control & MC_EXECUTE ? 1u << VR_ACCESS_EXECUTE : 0);
	switch (match_of(control)) {
	case MATCH_NAPOT: /* the lowest 0, and the ones below it, are not compared */
		out->first = value & ~(value ^ (value + 1));
		out->last = value | (value ^ (value + 1));
		break;
	case MATCH_GREATER_EQUAL:
		out->last = UINT64_MAX;
		break;
	case MATCH_LESS:
		out->first = 0;
		out->last = value - 1;
		return out->access && value;
	default:
		break;
	}
	return out->access != 0;
}

void rv_trigger_update(struct vr_exec *x)
{
	struct rv_state *s = rv_of(x);
	struct vr_debug_point point[RV_TRIGGERS];
	struct vr_debug_points points = {.size = sizeof(points),
					 .stride = sizeof(point[0]),
					 .flags = VR_DEBUG_BEFORE_FAULTS,
					 .mask = UINT64_MAX,
					 .point = point};

	for (uint32_t n = 0; n < RV_TRIGGERS; n++) {
		s->tdata1[n] = legal(s->tdata1[n]);
		points.count += point_of(s, n, &point[points.count]);
	}
	if (VR_HAS(x->env, debug_points))
		x->env->debug_points(x, &points);
}

int32_t VR_CALL rv_debug_match(struct vr_exec *x, uint32_t id, uint32_t access, uint32_t flags)
{
	const struct rv_state *s = rv_of(x);

	(void)access, (void)flags;
	if (!(s->tdata1[id] & MC_MODE(s->mode)))
		return 0;
	if (s->mode == RV_MACHINE)
		return (s->mstatus & MSTATUS_MIE) != 0;
	return s->mode == RV_USER || !(s->medeleg >> RV_CAUSE_BREAK & 1) || (s->mstatus & MSTATUS_SIE);
}

uint32_t rv_trigger_fetch(struct vr_exec *x)
{
	struct vr_debug_point p;

	for (uint32_t n = 0; n < RV_TRIGGERS; n++)
		if (point_of(rv_of(x), n, &p) && (p.access >> VR_ACCESS_EXECUTE & 1) && p.first <= x->pc &&
		    x->pc <= p.last && rv_debug_match(x, n, 0, 0))
			return 1;
	return 0;
}

/* ---- the registers -------------------------------------------------------------------------------- */

/* A number past the last trigger: the write is ignored, by which software counts the triggers (5.7.1). */
void rv_trigger_select(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	if (value < RV_TRIGGERS)
		rv_csr_set(x, r, value);
}

static uint64_t *selected(struct vr_exec *x, const struct rv_csr *r)
{
	struct rv_state *s = rv_of(x);

	return r->number == RV_CSR_TDATA1 ? &s->tdata1[s->tselect] : &s->tdata2[s->tselect];
}

uint64_t rv_trigger_read(struct vr_exec *x, const struct rv_csr *r)
{
	return *selected(x, r);
}

void rv_trigger_write(struct vr_exec *x, const struct rv_csr *r, uint64_t value)
{
	*selected(x, r) = value;
	rv_trigger_update(x);
}

uint64_t rv_trigger_info(struct vr_exec *x, const struct rv_csr *r)
{
	(void)x, (void)r;
	return TINFO;
}
