/* SPDX-License-Identifier: MIT */
/* rng.c: the entropy device (Virtio 1.2, 5.4): one queue of buffers to fill. */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "virtio.h"

#define DEVICE_ID 4u
/* The device may fill less than the buffer (5.4.6.2); this bounds what one request costs. */
#define REQUEST_MAX 4096u

static int32_t create(struct virtio *d)
{
	d->private = calloc(1, sizeof(struct chain));
	return d->private ? VR_OK : vr_host_error(d->host, VR_E_NOMEM, "virtio-rng: out of memory");
}

static void destroy(struct virtio *d)
{
	free(d->private);
}

static uint32_t fill(struct chain *c)
{
	uint8_t bytes[256];
	uint64_t limit = c->in_bytes < REQUEST_MAX ? c->in_bytes : REQUEST_MAX;
	uint64_t done = 0;

	while (done < limit) {
		uint64_t part = limit - done < sizeof(bytes) ? limit - done : sizeof(bytes);
		ssize_t n = getrandom(bytes, (size_t)part, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += chain_write(c, done, bytes, (uint64_t)n);
	}
	return (uint32_t)done;
}

static void notify(struct virtio *d, uint32_t queue)
{
	struct queue *q = &d->queue[queue];
	struct chain *c = d->private;
	int got;

	do {
		while ((got = queue_pop(q, c)) > 0) {
			uint32_t n = fill(c);

			chain_written(q, c, n);
			queue_push(q, c->head, n);
		}
	} while (queue_listen(q));
	if (got < 0)
		virtio_broken(d);
	else
		virtio_signal(d, q);
}

const struct virtio_kind virtio_rng = {
	.type = "virtio-mmio-rng",
	.device_id = DEVICE_ID,
	.queues = 1,
	.create = create,
	.destroy = destroy,
	.notify = notify,
};
