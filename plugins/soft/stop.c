/* SPDX-License-Identifier: MIT */
/*
 * stop.c: the points of a debugger outside the guest (vmrun.debugger/1). Its steps: step.c.
 *
 * The debugger's points are a list of the virtual machine's, beside those that a guest's own debug registers
 * make (points.c). Both keep accesses to their pages off the fast paths in the same way:
 * soft_points_on_page() knows both lists, so a page with a point of either is never in the TLB, or is run one
 * instruction at a time. Where a guest's point raises an exception in the guest, one of the debugger's ends
 * vcpu_run(): the instruction has not begun, or its access has not been made, and exec.pc is at it.
 *
 * A stop inside an instruction is made as a fault is: the op gives up, guest registers and exec.pc are brought up to
 * date, and what would call the ISA's fault() does not (SOFT_STOPPED).
 */
#include <stdlib.h>
#include <string.h>

#include "soft.h"

_Static_assert(VR_STOP_READ == 1u << VR_ACCESS_READ && VR_STOP_WRITE == 1u << VR_ACCESS_WRITE &&
		       VR_STOP_EXECUTE == 1u << VR_ACCESS_EXECUTE,
	       "one word for both");

/* The ISA says which bits of an address it compares when it sets its own points; until then all count. */
static uint64_t mask_of(const struct soft_vcpu *v)
{
	return v->points.mask ? v->points.mask : UINT64_MAX;
}

static const struct vr_stop_point *stop_at(const struct soft_vcpu *v, uint64_t first, uint64_t last,
					   uint32_t access)
{
	const uint64_t mask = mask_of(v);

	for (uint32_t i = 0; i < v->vm->stop_count; i++) {
		const struct vr_stop_point *s = &v->vm->stops[i];

		if ((s->access & access) && (first & mask) <= (s->last & mask) &&
		    (last & mask) >= (s->first & mask))
			return s;
	}
	return NULL;
}

bool soft_stops_on_page(const struct soft_vcpu *v, uint64_t page, uint32_t access)
{
	return stop_at(v, page, page + (SOFT_PAGE - 1), access) != NULL;
}

void soft_stop(struct soft_vcpu *v, uint32_t access, uint64_t address)
{
	v->stop = (struct vr_exit){
		.size = sizeof(v->stop),
		.reason = VR_EXIT_DEBUG,
		.access = access,
		.address = address,
	};
	soft_request(v->x, SOFT_REQ_DEBUG);
}

bool soft_stopped(struct soft_vcpu *v, uint64_t va, uint32_t bytes, uint32_t access)
{
	const struct vr_stop_point *s;
	uint64_t mask = mask_of(v);

	if (!v->vm->stop_count)
		return false;
	s = stop_at(v, va, va + (bytes - 1), access);
	if (!s)
		return false;
	soft_stop(v, s->access & access, (va & mask) < (s->first & mask) ? s->first : va);
	return true;
}

static void forget_pages(struct soft_vm *vm, const struct vr_stop_point *s)
{
	for (uint32_t i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i])
			soft_tlb_flush(vm->vcpus[i]->x, VR_FLUSH_VA_ALL, 0, s->first, s->last - s->first + 1,
				       0);
}

int32_t VR_CALL soft_set_points(struct vr_vm *vm_, const struct vr_stop_point *points, uint32_t count,
				uint32_t stride)
{
	struct soft_vm *vm = soft_vm_of(vm_);
	struct vr_stop_point *next = NULL;

	if (count) {
		next = calloc(count, sizeof(*next));
		if (!next)
			return soft_error(vm, VR_E_NOMEM, "soft: no memory for %u stop points", count);
	}
	for (uint32_t i = 0; i < count; i++)
		memcpy(&next[i], (const uint8_t *)points + (size_t)i * stride, sizeof(next[i]));
	for (uint32_t i = 0; i < vm->stop_count; i++)
		forget_pages(vm, &vm->stops[i]);
	for (uint32_t i = 0; i < count; i++)
		forget_pages(vm, &next[i]);
	free(vm->stops);
	vm->stops = next;
	vm->stop_count = count;
	return VR_OK;
}
