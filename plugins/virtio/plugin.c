/* SPDX-License-Identifier: MIT */
/* plugin.c: what virtio.so exports: a maker of the devices of virtio.h. */
#include <has.h>
#include <plugin_entry.h>
#include <string.h>

#include "virtio.h"

static const struct virtio_kind *const kinds[] = {&virtio_blk, &virtio_console, &virtio_rng};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* ---- vmrun.device/1 ---------------------------------------------------------------------------------------
 */

static int32_t VR_CALL maker_create(void *self, const struct vr_device_config *c, void **device)
{
	const struct vr_host *host = ((struct vr_plugin_instance *)self)->host;
	struct virtio *d = NULL;
	int32_t rc;

	for (size_t i = 0; i < KINDS; i++) {
		if (strcmp(kinds[i]->type, c->type) != 0)
			continue;
		rc = virtio_new(host, kinds[i], c, &d);
		if (rc >= 0)
			*device = d;
		return rc;
	}
	return vr_host_error(host, VR_E_NOENT, "virtio: no device of type \"%s\"", c->type);
}

static void VR_CALL maker_reset(void *device)
{
	virtio_reset(device);
}

static void VR_CALL maker_destroy(void *device)
{
	virtio_free(device);
}

static const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = "virtio-mmio-blk,virtio-mmio-console,virtio-mmio-rng",
	.create = maker_create,
	.reset = maker_reset,
	.destroy = maker_destroy,
};

/* ---- the plugin ------------------------------------------------------------------------------ */

static int32_t VR_CALL probe(void *self)
{
	static const struct {
		const char *id;
		size_t last; /* function that is used */
	} wanted[] = {
		{VR_MEMORY_ID, offsetof(struct vr_host_memory, written)},
		{VR_MMIO_ID, offsetof(struct vr_host_mmio, attach)},
		{VR_IRQ_ID, offsetof(struct vr_host_irq, set)},
		{VR_THREAD_ID, offsetof(struct vr_host_thread, join)},
		{VR_CONSOLE_ID, offsetof(struct vr_host_console, on_input)},
		{VR_BLOCK_ID, offsetof(struct vr_host_block, write_zeroes)},
	};
	const struct vr_host *host = ((struct vr_plugin_instance *)self)->host;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!vr_host_table(host, wanted[i].id, wanted[i].last))
			return vr_host_error(host, VR_E_ABI,
					     "virtio needs %s, which this host does not offer", wanted[i].id);
	return VR_OK;
}

VR_PLUGIN_MAGIC

VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out)
{
	return vr_plugin_entry(host, id, "virtio", VR_DEVICE_ID, &maker, probe, out);
}
