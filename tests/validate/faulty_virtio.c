/* SPDX-License-Identifier: MIT */
/* faulty_virtio.c: a virtio device with one queue whose buffers come back as they are, and a disk in memory. */
#include <vmrun/block.h>
#include <vmrun/virtio.h>

#include "faulty.h"

struct plugin {
	struct vr_plugin plugin;
	const struct vr_host *host;
};

static inline struct plugin *plugin_of(struct vr_plugin_self *self)
{
	return (struct plugin *)self;
}

/* ---- the device -------------------------------------------------------------------------------------- */

struct vr_virtio_device {
	const struct vr_virtio_host *io;
	struct vr_virtio_transport *transport;
	uint32_t starts;
	struct vr_virtio_segment segment[8];
};

static int32_t VR_CALL device_create(struct vr_plugin_self *self, const struct vr_virtio_config *c,
				     struct vr_virtio_info *info, struct vr_virtio_device **out)
{
	struct plugin *p = plugin_of(self);
	struct vr_virtio_device *d;

	if (FAULT(virtio_silent) && strcmp(c->type, "faulty"))
		return VR_E_NOENT;
	if (!FAULT(any_virtio_type) && strcmp(c->type, "faulty"))
		return faulty_refuse(p->host, VR_E_NOENT, "there is no such device");
	d = calloc(1, sizeof(*d));
	if (!d)
		return faulty_refuse(p->host, VR_E_NOMEM, "no memory");
	d->io = c->host;
	d->transport = c->transport;
	info->device_id = 63;
	info->features[0] = FAULT(transport_feature) ? 1ull << 29 : 1;
	info->queue_count = 1;
	*out = d;
	return VR_OK;
}

static void VR_CALL device_destroy(struct vr_virtio_device *d)
{
	free(d);
}

static uint32_t VR_CALL queue_size(struct vr_virtio_device *d, uint32_t queue)
{
	(void)d, (void)queue;
	return FAULT(odd_queue) ? 24 : 8;
}

static int32_t VR_CALL queue_start(struct vr_virtio_device *d, uint32_t queue)
{
	(void)queue;
	if (FAULT(stops_for_good) && d->starts++ == 1)
		d->io->broken(d->transport);
	return VR_OK;
}

static void VR_CALL device_reset(struct vr_virtio_device *d)
{
	d->starts = 0;
}

static void VR_CALL notify(struct vr_virtio_device *d, uint32_t queue)
{
	struct vr_virtio_buffer b = {.size = sizeof(b),
				     .segment_stride = sizeof(d->segment[0]),
				     .segment = d->segment,
				     .segment_max = 8};

	while (d->io->pop(d->transport, queue, &b) > 0) {
		if (FAULT(writes_unsaid))
			d->io->write(d->transport, &b, 0, "unsaid", 6);
		if (!FAULT(keeps_buffer))
			d->io->push(d->transport, queue, &b, 0);
	}
	d->io->signal(d->transport, queue);
}

static const struct vr_virtio_maker maker = {
	.size = sizeof(maker),
	.types = "faulty",
	.create = device_create,
	.destroy = device_destroy,
	.queue_size = queue_size,
	.queue_start = queue_start,
	.reset = device_reset,
	.notify = FAULT(no_notify) ? NULL : notify,
};

/* ---- the disk ------------------------------------------------------------------------------------------ */

struct vr_block {
	uint32_t stopped;
	uint8_t bytes[0x40000];
};

static int32_t VR_CALL info(struct vr_block *b, struct vr_block_info *out)
{
	(void)b;
	out->length = FAULT(odd_disk) ? 100 : sizeof(b->bytes);
	out->name = "faulty";
	return VR_OK;
}

static int32_t execute(struct vr_block *b, const struct vr_block_request *r)
{
	uint64_t at = r->offset;

	if (b->stopped && !FAULT(never_stops))
		return VR_E_IO;
	if (r->op > VR_BLOCK_FLUSH)
		return VR_E_UNSUPPORTED;
	if (at > sizeof(b->bytes) || r->length > sizeof(b->bytes) - at)
		return FAULT(disk_past_end) ? VR_OK : VR_E_RANGE;
	for (uint32_t i = 0; i < r->count; i++) {
		const struct vr_iovec *v = (const void *)((const char *)r->v + (size_t)i * r->stride);

		if (r->op == VR_BLOCK_READ)
			memcpy(v->base, b->bytes + at, v->length);
		else if (!FAULT(loses_writes))
			memcpy(b->bytes + at, v->base, v->length);
		at += v->length;
	}
	return VR_OK;
}

static void VR_CALL submit(struct vr_block *b, struct vr_block_request *r)
{
	r->complete(r, execute(b, r));
	if (FAULT(completes_twice) && r->op == VR_BLOCK_WRITE)
		r->complete(r, VR_OK);
}

static void VR_CALL cancel(struct vr_block *b)
{
	(void)b;
}

static void VR_CALL stop(struct vr_block *b)
{
	b->stopped = 1;
}

static const struct vr_block_ops ops = {
	.size = sizeof(ops), .info = info, .submit = submit, .cancel = cancel, .stop = stop};

static int32_t VR_CALL open_disk(struct vr_plugin_self *self, struct vr_disk *out)
{
	struct plugin *p = plugin_of(self);
	struct vr_block *b = calloc(1, sizeof(*b));

	if (!b)
		return faulty_refuse(p->host, VR_E_NOMEM, "no memory");
	out->ops = &ops;
	out->block = b;
	return VR_OK;
}

static void VR_CALL close_disk(struct vr_block *b)
{
	free(b);
}

static const struct vr_block_maker disks = {.size = sizeof(disks), .open = open_disk, .close = close_disk};

/* ---- the plugin ---------------------------------------------------------------------------------------- */

static int32_t VR_CALL nothing(struct vr_plugin_self *self)
{
	(void)self;
	return VR_OK;
}

static const void *VR_CALL query(struct vr_plugin_self *self, const char *id)
{
	(void)self;
	return strcmp(id, VR_VIRTIO_ID) == 0  ? (const void *)&maker
	       : strcmp(id, VR_BLOCK_ID) == 0 ? &disks
					      : NULL;
}

static void VR_CALL destroy(struct vr_plugin_self *self)
{
	free(self);
}

const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	static const struct vr_magic magic = VR_MAGIC_INITIALIZER;

	return &magic;
}

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	struct plugin *p;

	if (!id || strcmp(id, "faulty"))
		return VR_E_NOENT;
	p = calloc(1, sizeof(*p));
	if (!p)
		return faulty_refuse(host, VR_E_NOMEM, "no memory");
	p->host = host;
	p->plugin = (struct vr_plugin){.size = sizeof(p->plugin),
				       .self = (struct vr_plugin_self *)p,
				       .probe = nothing,
				       .start = nothing,
				       .stop = nothing,
				       .destroy = destroy,
				       .query = query};
	*out = &p->plugin;
	return VR_OK;
}
