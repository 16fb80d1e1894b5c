/* SPDX-License-Identifier: MIT */
/* plugin.c: what virtio.so exports: a maker of the devices of virtio.h. */
#include <has.h>
#include <plugin_entry.h>
#include <string.h>

#include "virtio.h"

static const struct virtio_kind *const kinds[] = {&virtio_blk, &virtio_console, &virtio_ports, &virtio_rng};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* ---- vmrun.virtio/1 --------------------------------------------------------------------------------------- */

static int32_t VR_CALL maker_create(struct vr_plugin_self *self, const struct vr_virtio_config *c,
				    struct vr_virtio_info *info, struct vr_virtio_device **device)
{
	const struct vr_host *host = ((struct vr_plugin_instance *)self)->host;

	for (size_t i = 0; i < KINDS; i++) {
		int32_t rc;

		if (strcmp(kinds[i]->type, c->type) != 0)
			continue;
		rc = kinds[i]->create(host, info, c->index, device);
		if (rc < 0)
			return rc;
		(*device)->kind = kinds[i];
		(*device)->host = host;
		(*device)->io = c->host;
		(*device)->transport = c->transport;
		(*device)->index = c->index;
		return VR_OK;
	}
	return vr_host_error(host, VR_E_NOENT, "virtio: no device of type \"%s\"", c->type);
}

static void VR_CALL maker_destroy(struct vr_virtio_device *d)
{
	d->kind->destroy(d);
}

static uint32_t VR_CALL maker_queue_size(struct vr_virtio_device *d, uint32_t queue)
{
	(void)queue;
	return d->kind->queue_size ? d->kind->queue_size : VIRTIO_QUEUE_SIZE;
}

static int32_t VR_CALL maker_queue_start(struct vr_virtio_device *d, uint32_t queue)
{
	if (d->kind->queue_start)
		d->kind->queue_start(d, queue);
	return VR_OK;
}

static void VR_CALL maker_queue_stop(struct vr_virtio_device *d, uint32_t queue)
{
	if (d->kind->queue_stop)
		d->kind->queue_stop(d, queue);
}

static void VR_CALL maker_notify(struct vr_virtio_device *d, uint32_t queue)
{
	d->kind->notify(d, queue);
}

static int32_t VR_CALL maker_features(struct vr_virtio_device *d, uint64_t low, uint64_t high)
{
	(void)high;
	if (d->kind->features)
		d->kind->features(d, low);
	return VR_OK;
}

static void VR_CALL maker_config_read(struct vr_virtio_device *d, uint32_t offset, void *to, uint32_t length)
{
	d->kind->config_read(d, offset, to, length);
}

static uint32_t VR_CALL maker_config_generation(struct vr_virtio_device *d)
{
	return d->kind->config_generation ? d->kind->config_generation(d) : 0;
}

static void VR_CALL maker_pause(struct vr_virtio_device *d)
{
	if (d->kind->pause)
		d->kind->pause(d);
}

static void VR_CALL maker_resume(struct vr_virtio_device *d)
{
	if (d->kind->resume)
		d->kind->resume(d);
}

const struct vr_virtio_maker virtio_maker = {
	.size = sizeof(virtio_maker),
	.types = "virtio-blk,virtio-console,virtio-ports,virtio-rng",
	.create = maker_create,
	.destroy = maker_destroy,
	.queue_size = maker_queue_size,
	.queue_start = maker_queue_start,
	.queue_stop = maker_queue_stop,
	.notify = maker_notify,
	.features = maker_features,
	.config_read = maker_config_read,
	.config_generation = maker_config_generation,
	.pause = maker_pause,
	.resume = maker_resume,
};

/* ---- the plugin ------------------------------------------------------------------------------ */

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	static const struct {
		const char *id;
		size_t last; /* function that is used */
	} wanted[] = {
		{VR_CONSOLE_ID, offsetof(struct vr_host_console, on_resize)},
		{VR_DISKS_ID, offsetof(struct vr_host_disks, disk)},
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
	return vr_plugin_entry(host, id, "virtio", VR_VIRTIO_ID, &virtio_maker, probe, out);
}
