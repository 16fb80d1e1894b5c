/* SPDX-License-Identifier: MIT */
/* tap.c: vmrun.tap/1, a plugin's trace of the accesses between vCPUs and devices. */
#include <string.h>

#include "machine/parts.h"
#include "util/error.h"

void vr_tap_access(const struct vr_machine *m, const struct vr_tap_access *seen)
{
	if (VR_HAS(m->tap, access))
		m->tap->access(m->tap_opaque, seen);
}

void vr_tap_line(const struct vr_machine *m, uint32_t vcpu, uint32_t line, uint32_t level)
{
	if (VR_HAS(m->tap, line))
		m->tap->line(m->tap_opaque, vcpu, line, level);
}

int32_t vr_tap_hypercall(const struct vr_machine *m, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	struct vr_tap_hypercall seen = {.size = sizeof(seen), .vcpu = vcpu, .kind = kind};

	memcpy(seen.before, regs, sizeof(seen.before));
	seen.result = m->hypercall(m->hypercall_opaque, vcpu, kind, regs);
	memcpy(seen.after, regs, sizeof(seen.after));
	if (VR_HAS(m->tap, hypercall))
		m->tap->hypercall(m->tap_opaque, &seen);
	return seen.result;
}

static int32_t VR_CALL tap_set(const struct vr_host *host, const struct vr_tap *tap, void *opaque)
{
	struct vr_machine *m = vr_machine_of(host);

	if (!m)
		return vr_error_set(VR_E_STATE, "tap: there is no machine yet");
	if (tap && m->tap)
		return vr_error_set(VR_E_EXISTS, "tap: another plugin traces this machine already");
	m->tap = tap;
	m->tap_opaque = opaque;
	vr_doorbells_update(m);
	return VR_OK;
}

const struct vr_host_tap vr_tap_table = {.size = sizeof(struct vr_host_tap), .set = tap_set};
