/* SPDX-License-Identifier: MIT */
/* plugin.c: kvm.so as a plugin: its life and its tables. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debug.h"
#include "kvm.h"

static const struct vr_accel accel = {
	.size = sizeof(accel),
	.native_arch = kvmp_arch_name,
	.vm_create = kvmp_vm_create,
	.vm_destroy = kvmp_vm_destroy,
	.memory_map = kvmp_memory_map,
	.memory_unmap = kvmp_memory_unmap,
	.memory_written = kvmp_memory_written,
	.vcpu_create = kvmp_vcpu_create,
	.vcpu_destroy = kvmp_vcpu_destroy,
	.vcpu_run = kvmp_vcpu_run,
	.vcpu_kick = kvmp_vcpu_kick,
	.vcpu_set_pin = kvmp_vcpu_set_pin,
	.vcpu_get_state = kvmp_vcpu_get_state,
	.vcpu_set_state = kvmp_vcpu_set_state,
	.vm_reset = kvmp_vm_reset,
	.stats = kvmp_vm_stats,
};

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	return kvmp_probe(kvmp_plugin_of(self));
}

static int32_t VR_CALL start(struct vr_plugin_self *self)
{
	return kvmp_probe(kvmp_plugin_of(self));
}

static void VR_CALL destroy(struct vr_plugin_self *self)
{
	struct kvmp_plugin *p = kvmp_plugin_of(self);

	if (p->spare_vm >= 0)
		close(p->spare_vm);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

static const void *VR_CALL query(struct vr_plugin_self *self, const char *id)
{
	static const struct {
		const char *id;
		const void *table;
	} tables[] = {
		{VR_ACCEL_ID, &accel},
		{VR_FACTS_ID, &kvmp_facts_table},
		{VR_IRQCHIP_ID, &kvmp_irqchip_table},
		{VR_DIRTY_ID, &kvmp_dirty_table},
		{VR_NOTIFY_ID, &kvmp_notify_table},
		{VR_DEBUGGER_ID, &kvmp_debugger_table},
	};

	(void)self;
	for (uint32_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(id, tables[i].id) == 0)
			return tables[i].table;
	return NULL;
}

VR_PLUGIN_MAGIC

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	int32_t rc = vr_plugin_entry_sized(host, id, "kvm", sizeof(struct kvmp_plugin), VR_ACCEL_ID, &accel,
					   probe, out);

	if (rc == VR_OK) {
		struct kvmp_plugin *p = kvmp_plugin_of((*out)->self);

		p->fd = p->spare_vm = -1;
		p->instance.plugin.start = start;
		p->instance.plugin.destroy = destroy;
		p->instance.plugin.query = query;
	}
	return rc;
}
