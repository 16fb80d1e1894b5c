/* SPDX-License-Identifier: MIT */
/* double_watch.c: vmrun.doorbell/1, vmrun.device-trace/1 and vmrun.sandbox/1. */
#include <stdlib.h>

#include "double.h"

/* ---- vmrun.doorbell/1 ------------------------------------------------------------------------------ */

struct vr_door {
	struct vr_double *d;
	struct vr_door *next;
	uint32_t space, width;
	uint64_t address;
	void(VR_CALL *fn)(void *opaque);
	void *opaque;
};

static int32_t VR_CALL attach(const struct vr_host *host, uint32_t space, uint64_t address, uint32_t width,
			      void(VR_CALL *fn)(void *opaque), void *opaque, struct vr_door **out)
{
	struct vr_double *d = vr_double_of(host);
	struct vr_door *door;

	vr_double_on_main(d, "doorbell.attach");
	if (!fn || !out) {
		vr_double_note(d, "doorbell.attach was given no function, or no place for the door");
		return VR_E_INVAL;
	}
	if (d->no_doorbells)
		return VR_E_UNSUPPORTED;
	door = calloc(1, sizeof(*door));
	if (!door)
		return VR_E_NOMEM;
	*door = (struct vr_door){d, d->doors, space, width, address, fn, opaque};
	d->doors = *out = door;
	return VR_OK;
}

static void VR_CALL detach(struct vr_door *door)
{
	struct vr_double *d = door->d;

	vr_double_on_main(d, "doorbell.detach");
	for (struct vr_door **link = &d->doors; *link; link = &(*link)->next) {
		if (*link != door)
			continue;
		*link = door->next;
		free(door);
		return;
	}
	vr_double_note(d, "doorbell.detach was given a door that is not attached");
}

int vr_double_ring(struct vr_double *d, uint32_t space, uint64_t address, uint32_t width)
{
	for (struct vr_door *door = d->doors; door; door = door->next) {
		if (door->space != space || door->address != address || door->width != width)
			continue;
		door->fn(door->opaque);
		return 1;
	}
	return 0;
}

extern const struct vr_host_doorbell vr_double_doorbell;
const struct vr_host_doorbell vr_double_doorbell = {
	.size = sizeof(vr_double_doorbell), .attach = attach, .detach = detach};

/* ---- vmrun.device-trace/1 -------------------------------------------------------------------------------------- */

static int32_t VR_CALL set(const struct vr_host *host, const struct vr_device_trace *trace, void *opaque)
{
	struct vr_double *d = vr_double_of(host);

	vr_double_on_main(d, "device_trace.set");
	if (trace && d->device_trace)
		return vr_double_no(d, VR_E_EXISTS, "somebody watches already");
	d->device_trace = trace;
	d->device_trace_opaque = opaque;
	return VR_OK;
}

void vr_double_show_access(struct vr_double *d, uint32_t space, uint32_t vcpu, uint64_t address,
			   uint32_t width, uint32_t is_write, uint64_t value, int32_t result,
			   const char *name)
{
	const struct vr_device_trace_access a = {
		.size = sizeof(a),
		.space = space,
		.vcpu = vcpu,
		.width = width,
		.is_write = is_write,
		.result = result,
		.address = address,
		.value = value,
		.name = name,
	};

	if (VR_HAS(d->device_trace, access))
		d->device_trace->access(d->device_trace_opaque, &a);
}

void vr_double_show_line(struct vr_double *d, uint32_t vcpu, uint32_t line, uint32_t level)
{
	if (VR_HAS(d->device_trace, line))
		d->device_trace->line(d->device_trace_opaque, vcpu, line, level);
}

int32_t vr_double_show_hypercall(struct vr_double *d, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	struct vr_device_trace_hypercall h = {
		.size = sizeof(h), .vcpu = vcpu, .kind = kind, .result = VR_E_NOENT};

	for (uint32_t i = 0; i < VR_DEVICE_TRACE_REGS; i++)
		h.before[i] = regs[i];
	if (d->hypercall)
		h.result = d->hypercall(d->hypercall_opaque, vcpu, kind, regs);
	for (uint32_t i = 0; i < VR_DEVICE_TRACE_REGS; i++)
		h.after[i] = regs[i];
	if (VR_HAS(d->device_trace, hypercall))
		d->device_trace->hypercall(d->device_trace_opaque, &h);
	return h.result;
}

extern const struct vr_host_device_trace vr_double_device_trace;
const struct vr_host_device_trace vr_double_device_trace = {.size = sizeof(vr_double_device_trace),
							    .set = set};

/* ---- vmrun.sandbox/1: there is none here ------------------------------------------------------------ */

static int32_t VR_CALL allow_ioctl(const struct vr_host *host, uint64_t request)
{
	struct vr_double *d = vr_double_of(host);

	vr_double_on_main(d, "sandbox.allow_ioctl");
	if (request <= UINT32_MAX)
		return VR_OK;
	vr_double_note(d, "sandbox.allow_ioctl was given 0x%llx; a request has 32 bits",
		       (unsigned long long)request);
	return VR_E_INVAL;
}

extern const struct vr_host_sandbox vr_double_sandbox;
const struct vr_host_sandbox vr_double_sandbox = {.size = sizeof(vr_double_sandbox),
						  .allow_ioctl = allow_ioctl};
