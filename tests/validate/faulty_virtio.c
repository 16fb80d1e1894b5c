/* SPDX-License-Identifier: MIT */
/* faulty_virtio.c: a virtio device with one queue whose buffers come back as they are, and a disk in memory. */
#include <fcntl.h>
#include <unistd.h>
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
	/* FAULT(leaves_request): a read of the host's first disk. */
	struct vr_disk disk;
	struct vr_virtio_buffer buffer;
	struct vr_block_request request;
	struct vr_iovec sector;
	uint32_t reads;
};

/* A request as a disk device has it: it is not ended when the device goes. */
static void VR_CALL have_read(struct vr_block_request *r, int32_t result)
{
	struct vr_virtio_device *d = (void *)((char *)r - offsetof(struct vr_virtio_device, request));

	(void)result;
	d->io->push(d->transport, 0, &d->buffer, 513);
	d->io->signal(d->transport, 0);
	d->reads = 0;
}

static uint32_t read_disk(struct vr_virtio_device *d, const struct vr_virtio_buffer *b)
{
	if (d->reads || !d->disk.ops || b->out_bytes != 16 || b->in != 2 || b->segment[b->out].length != 512)
		return 0;
	d->reads = 1;
	d->buffer = *b;
	d->sector = (struct vr_iovec){.base = b->segment[b->out].host, .length = 512};
	d->request = (struct vr_block_request){.size = sizeof(d->request),
					       .op = VR_BLOCK_READ,
					       .length = 512,
					       .v = &d->sector,
					       .count = 1,
					       .stride = sizeof(d->sector),
					       .complete = have_read};
	d->disk.ops->submit(d->disk.block, &d->request);
	return 1;
}

static const struct vr_host_disks *disks_of(const struct vr_host *host)
{
	return host->query(host, VR_DISKS_ID);
}

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
	d->disk.size = sizeof(d->disk);
	if (FAULT(leaves_request) && VR_HAS(disks_of(p->host), disk))
		disks_of(p->host)->disk(p->host, 0, &d->disk);
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
		if (FAULT(opens_notified)) {
			int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

			if (fd >= 0)
				close(fd);
		}
		if (FAULT(leaves_request) && read_disk(d, &b))
			continue;
		if (FAULT(trusts_length) && b.in) {
			memset(b.segment[b.out].host, 0, 8);
			d->io->push(d->transport, queue, &b, b.in_bytes < 8 ? (uint32_t)b.in_bytes : 8);
			continue;
		}
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
	if (FAULT(no_virtio_table) && strcmp(id, VR_VIRTIO_ID) == 0)
		return NULL;
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
