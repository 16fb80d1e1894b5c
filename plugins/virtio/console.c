/* SPDX-License-Identifier: MIT */
/* console.c: the console device (Virtio 1.2, 5.3) with its first port only. */
#include <stdlib.h>

#include "virtio.h"

#define DEVICE_ID 3u
#define QUEUE_RECEIVE 0u
#define QUEUE_TRANSMIT 1u
#define INPUT_MAX 4096u

struct console {
	const struct vr_host_console *table;
	struct chain chain;
	/* Taken from the host and not yet given to the guest. */
	uint8_t input[INPUT_MAX];
	uint32_t start, count;
};

/* Input goes into the buffers that the driver lent, and waits while there is none. */
static void receive(struct virtio *d)
{
	struct queue *q = &d->queue[QUEUE_RECEIVE];
	struct console *c = d->private;
	int got = 0;

	while (virtio_runs(d) && q->ready) {
		uint32_t n;

		if (!c->count) {
			c->start = 0;
			c->count = c->table->read(d->host, d->index, c->input, INPUT_MAX);
		}
		if (!c->count)
			break;
		got = queue_pop(q, &c->chain);
		if (got == 0 && queue_listen(q))
			continue;
		if (got <= 0)
			break;
		n = (uint32_t)chain_write(&c->chain, 0, c->input + c->start, c->count);
		c->start += n;
		c->count -= n;
		chain_written(q, &c->chain, n);
		queue_push(q, c->chain.head, n);
	}
	if (got < 0)
		virtio_broken(d);
	else
		virtio_signal(d, q);
}

static void transmit(struct virtio *d)
{
	struct queue *q = &d->queue[QUEUE_TRANSMIT];
	struct console *c = d->private;
	int got;

	do {
		while ((got = queue_pop(q, &c->chain)) > 0) {
			for (uint32_t i = 0; i < c->chain.out; i++)
				c->table->write(d->host, d->index, c->chain.segment[i].host,
						(uint32_t)c->chain.segment[i].length);
			queue_push(q, c->chain.head, 0);
		}
	} while (queue_listen(q));
	if (got < 0)
		virtio_broken(d);
	else
		virtio_signal(d, q);
}

static void notify(struct virtio *d, uint32_t queue)
{
	if (queue == QUEUE_TRANSMIT)
		transmit(d);
	else
		receive(d);
}

static void VR_CALL input_available(void *opaque)
{
	struct virtio *d = opaque;

	pthread_mutex_lock(&d->lock);
	receive(d);
	pthread_mutex_unlock(&d->lock);
}

static int32_t create(struct virtio *d)
{
	struct console *c = calloc(1, sizeof(*c));

	if (!c)
		return vr_host_error(d->host, VR_E_NOMEM, "virtio-console: out of memory");
	c->table = d->host->query(d->host, VR_CONSOLE_ID);
	d->private = c;
	if (c->table->on_input(d->host, d->index, input_available, d) < 0) {
		free(c);
		return vr_host_error(d->host, VR_E_NOENT, "virtio-console: the host has no console port %u",
				     d->index);
	}
	return VR_OK;
}

static void destroy(struct virtio *d)
{
	free(d->private);
}

const struct virtio_kind virtio_console = {
	.type = "virtio-mmio-console",
	.device_id = DEVICE_ID,
	.queues = 2,
	.create = create,
	.destroy = destroy,
	.notify = notify,
};
