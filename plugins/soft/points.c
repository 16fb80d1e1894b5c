/* SPDX-License-Identifier: MIT */
/*
 * points.c: debug points: addresses that a guest's hardware breakpoints and watchpoints are at.
 *
 * Code and memory without points cost nothing: what stops at a point is kept off the fast paths by the page.
 *
 * Data. A page with a point for reads or writes never gets an entry in the TLB of the vCPU whose point it is.
 * So every access to the page comes to memory.c, whatever instruction or helper makes it, and is compared
 * with the points there.
 *
 * Instructions. In a page with a point for instructions (it is called checked), the vCPU runs other
 * translations: regions of one instruction each, which no link, indirect-branch cache or return-address stack
 * leads to. Each instruction is then looked up by soft_find(), which compares its address with the points.
 * These translations do not depend on where the points are: their mode flags are those of the mode and
 * SOFT_MODE_CHECKED, and they stand beside the page's usual regions, which other vCPUs run and this one runs
 * again when the point is gone. What leads from other pages to the usual regions is guarded by the
 * page-mapping id; a checked page has one of its own, so that the guard fails in the vCPU whose page is
 * checked and holds in the others.
 *
 * When the points change, the vCPU's TLBs, indirect-branch caches and return-address stacks forget the pages
 * of those that came or went, as after a flush of these addresses. No translation is dropped: a kernel that
 * loads the breakpoints of a process with each switch to it pays for a few pages.
 *
 * Whether a point counts in the current mode is the ISA's to say (vr_isa.debug_match), at each hit: the
 * points stay when the mode changes.
 */
#include <string.h>

#include "soft.h"

#define FLUSH_LIMIT (UINT64_C(1) << 40) /* a longer point is everywhere, as far as flushing goes */

static bool touches(const struct soft_points *p, const struct vr_debug_point *d, uint64_t first,
		    uint64_t last)
{
	return (first & p->mask) <= d->last && (last & p->mask) >= d->first;
}

bool soft_points_on_page(const struct soft_points *p, uint64_t page, uint32_t access)
{
	for (uint32_t i = 0; i < p->count; i++)
		if ((p->point[i].access & access) && touches(p, &p->point[i], page, page + (SOFT_PAGE - 1)))
			return true;
	return false;
}

uint32_t soft_points_match(struct soft_vcpu *v, uint64_t va, uint32_t bytes, uint32_t access, uint32_t flags,
			   uint64_t *where)
{
	const struct soft_points *p = &v->points;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct vr_debug_point *d = &p->point[i];
		uint32_t both = d->access & access;

		if (!both || !touches(p, d, va, va + (bytes - 1)) ||
		    !v->vm->isa->debug_match(v->x, d->id, both, flags))
			continue;
		*where = (va & p->mask) < d->first ? va + (d->first - (va & p->mask)) : va;
		return both;
	}
	return 0;
}

static bool same(const struct vr_debug_point *a, const struct vr_debug_point *b)
{
	return a->first == b->first && a->last == b->last && a->access == b->access;
}

/* The pages of the points that `p` has and `other` has not. */
static void forget_pages(struct vr_exec *x, const struct soft_points *p, const struct soft_points *other)
{
	for (uint32_t i = 0; i < p->count; i++) {
		const struct vr_debug_point *d = &p->point[i];
		uint32_t k = 0, everywhere = d->last - d->first >= FLUSH_LIMIT;

		while (k < other->count && !(same(d, &other->point[k]) && p->mask == other->mask))
			k++;
		if (k == other->count)
			soft_tlb_flush(x, everywhere ? VR_FLUSH_ALL : VR_FLUSH_VA_ALL, 0, d->first,
				       d->last - d->first + 1, 0);
	}
}

int32_t soft_debug_points(struct vr_exec *x, const struct vr_debug_points *points)
{
	struct soft_vcpu *v = soft_of(x);
	const uint8_t *at = (const uint8_t *)points->point;
	struct soft_points next = {.count = points->count, .flags = points->flags, .mask = points->mask};
	const struct soft_points before = v->points;

	if (!VR_HAS(v->vm->isa, debug_match))
		return VR_E_UNSUPPORTED;
	if (points->count > VR_DEBUG_POINTS)
		return VR_E_RANGE;
	for (uint32_t i = 0; i < next.count; i++, at += points->stride) {
		memcpy(&next.point[i], at, sizeof(next.point[i]));
		next.point[i].first &= next.mask;
		next.point[i].last &= next.mask;
	}
	v->points = next;
	forget_pages(x, &before, &next);
	forget_pages(x, &next, &before);
	return VR_OK;
}
