/* SPDX-License-Identifier: MIT */
/* rng.c: the entropy device (Virtio 1.2, 5.4): one queue of buffers to fill. */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "virtio.h"

#define DEVICE_ID 4u
/* The device may fill less than the buffer (5.4.6.2); this bounds what one request costs. */
#define REQUEST_MAX 4096u

struct rng {
	struct vr_virtio_device d; /* first */
	struct virtio_buffer buffer;
};

static int32_t create(const struct vr_host *host, struct vr_virtio_info *info, uint32_t index,
		      struct vr_virtio_device **device)
{
	struct rng *r = calloc(1, sizeof(*r));

	(void)index;
	if (!r)
		return vr_host_error(host, VR_E_NOMEM, "virtio-rng: out of memory");
	virtio_buffer_init(&r->buffer);
	info->device_id = DEVICE_ID;
	info->queue_count = 1;
	*device = &r->d;
	return VR_OK;
}

static void destroy(struct vr_virtio_device *d)
{
	free(d);
}

static uint32_t fill(struct rng *r)
{
	const struct vr_virtio_buffer *b = &r->buffer.b;
	uint8_t bytes[256];
	uint64_t limit = b->in_bytes < REQUEST_MAX ? b->in_bytes : REQUEST_MAX;
	uint64_t done = 0;

	while (done < limit) {
		uint64_t part = limit - done < sizeof(bytes) ? limit - done : sizeof(bytes);
		ssize_t n = getrandom(bytes, (size_t)part, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += r->d.io->write(r->d.transport, b, done, bytes, (uint64_t)n);
	}
	return (uint32_t)done;
}

static void notify(struct vr_virtio_device *d, uint32_t queue)
{
	struct rng *r = (struct rng *)d;

	do {
		while (virtio_pop(d, queue, &r->buffer) > 0)
			virtio_push(d, queue, &r->buffer, fill(r));
	} while (virtio_listen(d, queue));
	virtio_signal(d, queue);
}

const struct virtio_kind virtio_rng = {
	.type = "virtio-rng",
	.create = create,
	.destroy = destroy,
	.notify = notify,
};
