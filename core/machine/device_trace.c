/* SPDX-License-Identifier: MIT */
/* device_trace.c: vmrun.device-trace/1, a plugin's trace of the accesses between vCPUs and devices. */
#include <string.h>

#include "common/error.h"
#include "machine/parts.h"

void vr_device_trace_access(const struct machine *m, const struct vr_device_trace_access *seen)
{
	if (VR_HAS(m->device_trace, access))
		m->device_trace->access(m->device_trace_opaque, seen);
}

void device_trace_line(const struct machine *m, uint32_t vcpu, uint32_t line, uint32_t level)
{
	if (VR_HAS(m->device_trace, line))
		m->device_trace->line(m->device_trace_opaque, vcpu, line, level);
}

int32_t vr_device_trace_hypercall(const struct machine *m, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	struct vr_device_trace_hypercall seen = {.size = sizeof(seen), .vcpu = vcpu, .kind = kind};

	memcpy(seen.before, regs, sizeof(seen.before));
	seen.result = m->hypercall(m->hypercall_opaque, vcpu, kind, regs);
	memcpy(seen.after, regs, sizeof(seen.after));
	if (VR_HAS(m->device_trace, hypercall))
		m->device_trace->hypercall(m->device_trace_opaque, &seen);
	return seen.result;
}

static int32_t VR_CALL device_trace_set(const struct vr_host *host, const struct vr_device_trace *trace,
					void *opaque)
{
	struct machine *m = machine_of(host);

	if (!m)
		return vr_error_set(VR_E_STATE, "device trace: there is no machine yet");
	if (trace && m->device_trace)
		return vr_error_set(VR_E_EXISTS, "device trace: another plugin traces this machine already");
	m->device_trace = trace;
	m->device_trace_opaque = opaque;
	doorbells_update(m);
	return VR_OK;
}

const struct vr_host_device_trace device_trace_table = {.size = sizeof(struct vr_host_device_trace),
							.set = device_trace_set};
