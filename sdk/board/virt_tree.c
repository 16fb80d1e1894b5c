/* SPDX-License-Identifier: MIT */
#include "virt_tree.h"

#include <stdio.h>

static void device(const struct virt_tree *v, struct vr_tree *t, const struct virt_device *d)
{
	vr_tree_begin_at(t, d->name, d->base);
	vr_tree_bytes(t, "compatible", d->compatible, d->compatible_size);
	VR_TREE_CELLS(t, "reg", VR_TREE_PAIR(d->base), VR_TREE_PAIR(d->size));
	v->nodes.interrupts(t, &(const struct vr_slot_line){d->line, VR_DEVICE_IRQ_LEVEL}, 1);
	if (d->more)
		d->more(t);
	vr_tree_end(t);
}

static void dma_coherent(struct vr_tree *t)
{
	vr_tree_flag(t, "dma-coherent");
}

/* Only the transports in use: an empty one costs the guest a probe. */
static void virtio(const struct virt_tree *v, struct vr_tree *t, uint32_t used)
{
	for (uint32_t i = 0; i < used; i++) {
		const struct virt_device d = {
			.name = "virtio_mmio",
			VIRT_COMPATIBLE("virtio,mmio"),
			.base = v->map->virtio + i * v->map->virtio_stride,
			.size = v->map->virtio_stride,
			.line = v->map->virtio_line + i,
			.more = dma_coherent,
		};

		device(v, t, &d);
	}
}

static void bus_begin(const struct virt_tree *v, struct vr_tree *t)
{
	if (!v->bus)
		return;
	vr_tree_begin(t, v->bus);
	VR_TREE_CELLS(t, "#address-cells", 2);
	VR_TREE_CELLS(t, "#size-cells", 2);
	vr_tree_string(t, "compatible", v->bus_compatible);
	vr_tree_flag(t, "ranges");
}

int vr_virt_tree_build(const struct virt_tree *v, const struct vr_fdt_input *in, void *buffer, uint32_t size)
{
	struct vr_tree t;
	char console[64];

	snprintf(console, sizeof(console), "/%s%s%s", v->bus ? v->bus : "", v->bus ? "/" : "",
		 v->devices->name);
	vr_tree_start(&t, buffer, size);
	vr_tree_string(&t, "compatible", v->compatible);
	vr_tree_string(&t, "model", v->model);
	VR_TREE_CELLS(&t, "#address-cells", 2);
	VR_TREE_CELLS(&t, "#size-cells", 2);
	if (v->interrupt_parent)
		VR_TREE_CELLS(&t, "interrupt-parent", v->interrupt_parent);
	vr_boot_tree_chosen(&t, in, console, v->devices->base);
	vr_boot_tree_memory(&t, in, v->map->ram);
	v->root(&t, in);
	bus_begin(v, &t);
	if (v->controllers)
		v->controllers(&t, in);
	for (uint32_t i = 0; i < v->device_count; i++)
		device(v, &t, &v->devices[i]);
	virtio(v, &t, in->virtio_slots);
	if (in->slots)
		vr_slots_describe(in->slots, &t, &v->nodes);
	if (v->bus)
		vr_tree_end(&t);
	vr_tree_finish(&t);
	return t.error;
}
