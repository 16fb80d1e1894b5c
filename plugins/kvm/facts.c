/* SPDX-License-Identifier: MIT */
/* facts.c: vmrun.facts/1: what this KVM can do. What needs a vCPU to try is the architecture's. */
#include <stdio.h>
#include <string.h>

#include "kvm.h"

static int32_t VR_CALL facts(struct vr_plugin_self *self, vr_fact_fn fn, void *opaque)
{
	struct kvmp_plugin *p = kvmp_plugin_of(self);
	char text[sizeof(p->device) + 64];
	int32_t rc;

	if (!fn)
		return VR_E_INVAL;
	rc = kvmp_probe(p);
	if (rc < 0)
		return rc;
	snprintf(text, sizeof(text), "%s, API version %d", p->device, KVM_API_VERSION);
	fn(opaque, "device", text);
	snprintf(text, sizeof(text), "at most %d, %d recommended; %d memory slots",
		 kvmp_extension(p->fd, KVM_CAP_MAX_VCPUS), kvmp_extension(p->fd, KVM_CAP_NR_VCPUS),
		 kvmp_extension(p->fd, KVM_CAP_NR_MEMSLOTS));
	fn(opaque, "vcpus", text);
	fn(opaque, "events",
	   !kvmp_extension(p->fd, KVM_CAP_IOEVENTFD) ? "none"
	   : !kvmp_extension(p->fd, KVM_CAP_IRQFD)   ? "doorbells (ioeventfd)"
	   : kvmp_extension(p->fd, KVM_CAP_IRQFD_RESAMPLE)
		   ? "doorbells (ioeventfd), lines (irqfd, with resampling)"
		   : "doorbells (ioeventfd), edges (irqfd)");
	return kvmp_arch_facts(p, fn, opaque);
}

const struct vr_facts kvmp_facts_table = {.size = sizeof(kvmp_facts_table), .facts = facts};
