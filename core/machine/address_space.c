/* SPDX-License-Identifier: MIT */
/*
 * address_space.c: what plugins see of a machine's addresses: vmrun.mmio/1 (devices) and vmrun.memory/1 (memory). Neither may
 * overlap the other, but for devices that take the writes to read-only memory.
 */
#include <stdatomic.h>

#include "common/error.h"
#include "machine/debuglog.h"
#include "machine/parts.h"
#include "util/struct_copy_out.h"

static int32_t VR_CALL mmio_attach(const struct vr_host *host, uint32_t space, uint64_t base, uint64_t length,
				   const struct vr_bus_ops *ops, void *opaque, const char *name)
{
	struct machine *m = machine_of(host);
	const struct ram_region *g;

	if (!m)
		return vr_error_set(VR_E_STATE, "device '%s': there is no machine yet",
				    name ? name : "device");
	g = space == VR_SPACE_MMIO && length ? ram_overlap(&m->ram, base, base + (length - 1)) : NULL;
	if (g && !(g->flags & VR_MEM_READONLY))
		return vr_error_set(VR_E_EXISTS, "device '%s' at 0x%llx overlaps memory '%s' at 0x%llx",
				    name ? name : "device", (unsigned long long)base, g->name,
				    (unsigned long long)g->gpa);
	return bus_attach(&m->bus, space, base, length, ops, opaque, name,
			  plugin_host_of(host)->plugin ? plugin_host_of(host)->plugin->manifest->id : NULL);
}

static int32_t VR_CALL mmio_access(const struct vr_host *host, uint32_t space, uint32_t vcpu,
				   uint64_t address, uint32_t width, uint32_t is_write, uint64_t *value)
{
	struct machine *m = machine_of(host);
	int32_t rc;

	if (!m)
		return VR_E_STATE;
	rc = bus_access(&m->bus, space, vcpu, address, width, is_write, value);
	if ((m->device_trace || debuglog_sees_devices(m->debuglog)) && (rc == VR_OK || rc == VR_E_NOENT)) {
		const struct vr_device_trace_access seen = {
			.size = sizeof(seen),
			.space = space,
			.vcpu = vcpu,
			.width = width,
			.is_write = is_write,
			.result = rc,
			.address = address,
			.value = rc == VR_OK || is_write ? *value : 0,
			.name = rc == VR_OK ? m->bus.cpu[vcpu].hit[space]->name : NULL,
		};

		if (m->device_trace)
			vr_device_trace_access(m, &seen);
		if (debuglog_sees_devices(m->debuglog))
			debuglog_access(m->debuglog, &seen,
					rc == VR_OK ? m->bus.cpu[vcpu].hit[space]->base : 0);
	}
	return rc;
}

const struct vr_host_mmio mmio_table = {
	.size = sizeof(struct vr_host_mmio),
	.attach = mmio_attach,
	.access = mmio_access,
};
static int32_t VR_CALL memory_add(const struct vr_host *host, uint64_t gpa, uint64_t length, uint32_t flags,
				  const char *name)
{
	struct machine *m = machine_of(host);
	const struct bus_entry *e;
	int32_t rc;

	if (!m)
		return vr_error_set(VR_E_STATE, "memory '%s': there is no machine yet", name ? name : "ram");
	/* Read-only memory may lie under a device that takes the writes (flash). */
	e = length ? bus_overlap(&m->bus, VR_SPACE_MMIO, gpa, gpa + (length - 1)) : NULL;
	if (e && !(flags & VR_MEM_READONLY))
		return vr_error_set(VR_E_EXISTS, "memory '%s' at 0x%llx overlaps device '%s' at 0x%llx",
				    name ? name : "ram", (unsigned long long)gpa, e->name,
				    (unsigned long long)e->base);
	rc = ram_add(&m->ram, gpa, length, flags, name);
	if (rc == VR_OK && m->ram_mapped)
		rc = machine_map_region(m, atomic_load(&m->ram.count) - 1);
	return rc;
}

static uint32_t VR_CALL memory_count(const struct vr_host *host)
{
	struct machine *m = machine_of(host);

	return m ? atomic_load_explicit(&m->ram.count, memory_order_acquire) : 0;
}

static int32_t VR_CALL memory_region(const struct vr_host *host, uint32_t i, struct vr_memory_region *out)
{
	struct machine *m = machine_of(host);
	const struct ram_region *g;
	struct vr_memory_region r;

	if (!out)
		return vr_error_set(VR_E_INVAL, "memory region: bad argument");
	if (!m || i >= atomic_load_explicit(&m->ram.count, memory_order_acquire))
		return VR_E_NOENT;
	g = &m->ram.region[i];
	r = (struct vr_memory_region){
		.size = sizeof(r),
		.flags = g->flags,
		.gpa = g->gpa,
		.length = g->length,
	};
	struct_copy_out(out, &r, sizeof(r), STRUCT_END_OF(struct vr_memory_region, length));
	return VR_OK;
}

/* ---- mappings ---- */

static struct ram_region *region_of(const struct vr_mapping *m)
{
	return (struct ram_region *)(void *)m->mapped;
}

static int32_t VR_CALL memory_map(const struct vr_host *host, uint64_t gpa, uint64_t length, uint32_t rights,
				  struct vr_mapping *out)
{
	struct machine *m = machine_of(host);
	struct ram_region *g;
	struct vr_mapping r;

	if (!m)
		return VR_E_STATE;
	g = length ? ram_find(&m->ram, gpa, length) : NULL;
	if (!g)
		return VR_E_RANGE;
	if ((rights & (VR_MAP_WRITE | VR_MAP_LOAD)) == VR_MAP_WRITE && (g->flags & VR_MEM_READONLY))
		return VR_E_PERM;
	atomic_fetch_add_explicit(&g->mapped, 1, memory_order_relaxed);
	r = (struct vr_mapping){
		.size = sizeof(r),
		.rights = rights,
		.bytes = g->host + (gpa - g->gpa),
		.gpa = gpa,
		.length = length,
		.mapped = (struct vr_mapped *)(void *)g,
	};
	struct_copy_out(out, &r, sizeof(r), STRUCT_END_OF(struct vr_mapping, mapped));
	return VR_OK;
}

/* The one place that learns of what devices and boards write. */
static void VR_CALL memory_written(const struct vr_host *host, const struct vr_mapping *p, uint64_t from,
				   uint64_t length)
{
	struct machine *m = machine_of(host);

	if (!m || !length)
		return;
	/* Bytes that are not the mapping's: which ones were meant is not known, so all count as written. */
	if (from > p->length || length > p->length - from) {
		from = 0;
		length = p->length;
	}
	if (m->ram_mapped && VR_HAS(m->accel, memory_written))
		m->accel->memory_written(m->vm, p->gpa + from, length);
}

static void VR_CALL memory_unmap(const struct vr_host *host, const struct vr_mapping *p, uint64_t from,
				 uint64_t length)
{
	if (!machine_of(host))
		return;
	memory_written(host, p, from, length);
	atomic_fetch_sub_explicit(&region_of(p)->mapped, 1, memory_order_release);
}

const struct vr_host_memory memory_table = {
	.size = sizeof(struct vr_host_memory),
	.add = memory_add,
	.count = memory_count,
	.region = memory_region,
	.map = memory_map,
	.unmap = memory_unmap,
	.written = memory_written,
};
