/* SPDX-License-Identifier: MIT */
/*
 * device_trace.h: vmrun.device-trace/1, a host table: watch what crosses between vCPUs and devices. One watcher a machine;
 * while there is none the machine pays nothing for it but a test of a pointer.
 */
#ifndef VMRUN_DEVICE_TRACE_H
#define VMRUN_DEVICE_TRACE_H

#include <vmrun/abi.h>
#include <vmrun/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_DEVICE_TRACE_ID "vmrun.device-trace/1"

/* An access through vmrun.mmio/1 that was made. */
struct vr_device_trace_access {
	uint32_t size;
	uint32_t space; /* VR_SPACE_* */
	uint32_t vcpu;
	uint32_t width; /* bytes */
	uint32_t is_write;
	int32_t result;   /* 0, or VR_E_NOENT: nothing is there */
	uint64_t address; /* in its space */
	uint64_t value;   /* what was written or read; of a failed read 0 */
	const char *name; /* the device's, as it was attached; NULL: nothing is there */
};

#define VR_DEVICE_TRACE_REGS 8u /* of a hypercall that are shown */
struct vr_device_trace_hypercall {
	uint32_t size;
	uint32_t vcpu;
	uint32_t kind;  /* as vr_hypercall_fn's */
	int32_t result; /* 0, or VR_E_NOENT: no such call */
	uint64_t before[VR_DEVICE_TRACE_REGS];
	uint64_t after[VR_DEVICE_TRACE_REGS];
};

/* A watcher; every member is optional. What is shown is valid until the call returns. Calls come from several
 * threads at once. They must not call back into the machine. */
struct vr_device_trace {
	uint32_t size;
	uint32_t reserved;
	/* An access to a bus, after it. [vcpu] */
	void(VR_CALL *access)(void *opaque, const struct vr_device_trace_access *a);
	/* A call of the firmware, after it. [vcpu] */
	void(VR_CALL *hypercall)(void *opaque, const struct vr_device_trace_hypercall *h);
	/* A device drives a line of vmrun.irq/1. [any] */
	void(VR_CALL *line)(void *opaque, uint32_t vcpu, uint32_t line, uint32_t level);
};

struct vr_host_device_trace {
	uint32_t size;
	uint32_t reserved;
	/* From now on; NULL: no longer. trace is kept, not copied. VR_E_EXISTS: another plugin traces.
	 * VR_E_STATE: there is no machine. [main][quiesced] */
	int32_t(VR_CALL *set)(const struct vr_host *host, const struct vr_device_trace *trace, void *opaque);
};

#ifdef __cplusplus
}
#endif

#endif
