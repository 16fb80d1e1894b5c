/* SPDX-License-Identifier: MIT */
/* watch.c: vmrun.doorbell/1, vmrun.device-trace/1 and vmrun.sandbox/1. */
#include <stdlib.h>

#include "internal.h"

/* ---- vmrun.doorbell/1 ------------------------------------------------------------------------------ */

static int32_t VR_CALL attach(const struct vr_host *host, uint32_t space, uint64_t address, uint32_t width,
			      void(VR_CALL *fn)(void *opaque), void *opaque, struct vr_door **out)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_door *door;

	vr_fake_host_on_main(f, "doorbell.attach");
	if (!fn || !out) {
		vr_fake_host_note(f, "doorbell.attach was given no function, or no place for the door");
		return VR_E_INVAL;
	}
	if (f->no_doorbells || (!width && f->no_doorbells_of_any_width))
		return VR_E_UNSUPPORTED;
	door = calloc(1, sizeof(*door));
	if (!door)
		return VR_E_NOMEM;
	*door = (struct vr_door){f, f->doors, space, width, address, fn, opaque};
	f->doors = *out = door;
	return VR_OK;
}

static void VR_CALL detach(const struct vr_host *host, struct vr_door *door)
{
	(void)host;
	struct vr_fake_host *f = door->host;

	vr_fake_host_on_main(f, "doorbell.detach");
	for (struct vr_door **link = &f->doors; *link; link = &(*link)->next) {
		if (*link != door)
			continue;
		*link = door->next;
		free(door);
		return;
	}
	vr_fake_host_note(f, "doorbell.detach was given a door that is not attached");
}

int vr_fake_host_ring(struct vr_fake_host *f, uint32_t space, uint64_t address, uint32_t width)
{
	for (struct vr_door *door = f->doors; door; door = door->next) {
		if (door->space != space || door->address != address || (door->width && door->width != width))
			continue;
		door->fn(door->opaque);
		return 1;
	}
	return 0;
}

extern const struct vr_host_doorbell vr_fake_host_doorbell;
const struct vr_host_doorbell vr_fake_host_doorbell = {
	.size = sizeof(vr_fake_host_doorbell), .attach = attach, .detach = detach};

/* ---- vmrun.device-trace/1 -------------------------------------------------------------------------------------- */

static int32_t VR_CALL set(const struct vr_host *host, const struct vr_device_trace *trace, void *opaque)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	vr_fake_host_on_main(f, "device_trace.set");
	if (trace && f->device_trace)
		return vr_fake_host_no(f, VR_E_EXISTS, "another plugin traces devices already");
	f->device_trace = trace;
	f->device_trace_opaque = opaque;
	return VR_OK;
}

void vr_fake_host_show_access(struct vr_fake_host *f, uint32_t space, uint32_t vcpu, uint64_t address,
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

	if (VR_HAS(f->device_trace, access))
		f->device_trace->access(f->device_trace_opaque, &a);
}

void vr_fake_host_show_line(struct vr_fake_host *f, uint32_t vcpu, uint32_t line, uint32_t level)
{
	if (VR_HAS(f->device_trace, line))
		f->device_trace->line(f->device_trace_opaque, vcpu, line, level);
}

int32_t vr_fake_host_show_hypercall(struct vr_fake_host *f, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	struct vr_device_trace_hypercall h = {
		.size = sizeof(h), .vcpu = vcpu, .kind = kind, .result = VR_E_NOENT};

	for (uint32_t i = 0; i < VR_DEVICE_TRACE_REGS; i++)
		h.before[i] = regs[i];
	if (f->hypercall)
		h.result = f->hypercall(f->hypercall_opaque, vcpu, kind, regs);
	for (uint32_t i = 0; i < VR_DEVICE_TRACE_REGS; i++)
		h.after[i] = regs[i];
	if (VR_HAS(f->device_trace, hypercall))
		f->device_trace->hypercall(f->device_trace_opaque, &h);
	return h.result;
}

extern const struct vr_host_device_trace vr_fake_host_device_trace;
const struct vr_host_device_trace vr_fake_host_device_trace = {.size = sizeof(vr_fake_host_device_trace),
							       .set = set};

/* ---- vmrun.sandbox/1: there is none here, and what it is asked for is noted ------------------------------- */

static int32_t VR_CALL allow_ioctl(const struct vr_host *host, uint64_t request)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	vr_fake_host_on_main(f, "sandbox.allow_ioctl");
	if (request <= UINT32_MAX && f->ioctl_count == VR_FAKE_HOST_IOCTLS)
		return vr_fake_host_no(f, VR_E_RANGE, "more ioctl requests than vmrun allows");
	if (request <= UINT32_MAX) {
		f->ioctl[f->ioctl_count++] = (uint32_t)request;
		return VR_OK;
	}
	vr_fake_host_note(f, "sandbox.allow_ioctl was given 0x%llx; a request has 32 bits",
			  (unsigned long long)request);
	return VR_E_INVAL;
}

extern const struct vr_host_sandbox vr_fake_host_sandbox;
const struct vr_host_sandbox vr_fake_host_sandbox = {.size = sizeof(vr_fake_host_sandbox),
						     .allow_ioctl = allow_ioctl};
