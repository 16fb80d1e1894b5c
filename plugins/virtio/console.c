/* SPDX-License-Identifier: MIT */
/*
 * console.c: the console device (Virtio 1.2, 5.3) with its first port only.
 *
 * Where the port has a terminal that says how large it is, the device offers VIRTIO_CONSOLE_F_SIZE (5.3.4): the driver finds
 * columns and rows in the configuration space, and is interrupted when they change. Linux' driver takes no notice of them
 * before that interrupt (drivers/char/virtio_console.c), so it also comes when the driver first uses a queue.
 */
#include <stdlib.h>

#include "virtio.h"

#define DEVICE_ID 3u
#define QUEUE_RECEIVE 0u
#define QUEUE_TRANSMIT 1u
#define QUEUE_COUNT 2u
#define INPUT_MAX 4096u
#define F_SIZE 0x1u /* VIRTIO_CONSOLE_F_SIZE */

struct console {
	struct vr_virtio_device d; /* first */
	const struct vr_host_console *table;
	struct virtio_buffer out; /* of the transmit queue: one call at a time */
	/* Input comes on the host's thread, buffers to put it into on a vCPU's. */
	pthread_mutex_t lock; /* everything below */
	struct virtio_buffer in;
	uint32_t runs, paused;
	/* Taken from the host and not yet given to the guest. */
	uint8_t input[INPUT_MAX];
	uint32_t start, count;
	/* What the configuration space says, little-endian. Its own lock: it is also taken while the other one is. */
	pthread_mutex_t config_lock; /* everything below */
	uint8_t size[4];             /* columns, rows; zeros: not known */
	uint32_t generation;
	uint32_t sized;                /* the driver took F_SIZE */
	uint32_t greeted[QUEUE_COUNT]; /* it has used this queue */
};

static int take_input(struct console *c)
{
	if (!c->count) {
		c->start = 0;
		c->count = c->table->read(c->d.host, c->d.index, c->input, INPUT_MAX);
	}
	return c->count > 0;
}

/* Input goes into the buffers that the driver lent, and waits while there is none. */
static void receive(struct console *c)
{
	struct vr_virtio_device *d = &c->d;

	while (c->runs && !c->paused && take_input(c)) {
		int32_t got = virtio_pop(d, QUEUE_RECEIVE, &c->in);
		uint32_t n;

		if (got == 0 && virtio_listen(d, QUEUE_RECEIVE))
			continue;
		if (got <= 0)
			break;
		n = (uint32_t)d->io->write(d->transport, &c->in.b, 0, c->input + c->start, c->count);
		c->start += n;
		c->count -= n;
		virtio_push(d, QUEUE_RECEIVE, &c->in, n);
	}
	virtio_signal(d, QUEUE_RECEIVE);
}

static void transmit(struct console *c)
{
	struct vr_virtio_device *d = &c->d;

	do {
		while (virtio_pop(d, QUEUE_TRANSMIT, &c->out) > 0) {
			for (uint32_t i = 0; i < c->out.b.out; i++)
				c->table->write(d->host, d->index, c->out.segment[i].host,
						(uint32_t)c->out.segment[i].length);
			virtio_push(d, QUEUE_TRANSMIT, &c->out, 0);
		}
	} while (virtio_listen(d, QUEUE_TRANSMIT));
	virtio_signal(d, QUEUE_TRANSMIT);
}

static void locked_receive(struct console *c)
{
	pthread_mutex_lock(&c->lock);
	receive(c);
	pthread_mutex_unlock(&c->lock);
}

/* ---- the terminal's size ---------------------------------------------------------------------------------- */

/* True: it is another one than before. */
static int read_size(struct console *c)
{
	uint32_t columns, rows;
	uint8_t size[4] = {0};
	int changed;

	if (c->table->dimensions(c->d.host, c->d.index, &columns, &rows) >= 0) {
		size[0] = (uint8_t)columns;
		size[1] = (uint8_t)(columns >> 8);
		size[2] = (uint8_t)rows;
		size[3] = (uint8_t)(rows >> 8);
	}
	pthread_mutex_lock(&c->config_lock);
	changed = memcmp(c->size, size, sizeof(size)) != 0;
	memcpy(c->size, size, sizeof(size));
	c->generation += changed ? 1u : 0u;
	pthread_mutex_unlock(&c->config_lock);
	return changed;
}

static void VR_CALL resized(void *opaque)
{
	struct console *c = opaque;

	if (read_size(c))
		c->d.io->config_changed(c->d.transport);
}

static void greet(struct console *c, uint32_t queue)
{
	uint32_t tell;

	pthread_mutex_lock(&c->config_lock);
	tell = c->sized && !c->greeted[queue];
	c->greeted[queue] = 1;
	pthread_mutex_unlock(&c->config_lock);
	if (tell)
		c->d.io->config_changed(c->d.transport);
}

static void features(struct vr_virtio_device *d, uint64_t low)
{
	struct console *c = (struct console *)d;

	pthread_mutex_lock(&c->config_lock);
	c->sized = low & F_SIZE ? 1 : 0;
	memset(c->greeted, 0, sizeof(c->greeted));
	pthread_mutex_unlock(&c->config_lock);
}

static void config_read(struct vr_virtio_device *d, uint32_t offset, void *to, uint32_t length)
{
	struct console *c = (struct console *)d;

	pthread_mutex_lock(&c->config_lock);
	memcpy(to, c->size + offset, length);
	pthread_mutex_unlock(&c->config_lock);
}

static uint32_t config_generation(struct vr_virtio_device *d)
{
	struct console *c = (struct console *)d;
	uint32_t generation;

	pthread_mutex_lock(&c->config_lock);
	generation = c->generation;
	pthread_mutex_unlock(&c->config_lock);
	return generation;
}

/* ---- the device -------------------------------------------------------------------------------------------- */

static void notify(struct vr_virtio_device *d, uint32_t queue)
{
	if (queue < QUEUE_COUNT)
		greet((struct console *)d, queue);
	if (queue == QUEUE_TRANSMIT)
		transmit((struct console *)d);
	else
		locked_receive((struct console *)d);
}

static void VR_CALL input_available(void *opaque)
{
	locked_receive(opaque);
}

static void set_runs(struct vr_virtio_device *d, uint32_t queue, uint32_t runs)
{
	struct console *c = (struct console *)d;

	if (queue != QUEUE_RECEIVE)
		return;
	pthread_mutex_lock(&c->lock);
	c->runs = runs;
	pthread_mutex_unlock(&c->lock);
}

static void queue_start(struct vr_virtio_device *d, uint32_t queue)
{
	set_runs(d, queue, 1);
}

/* With the lock: input that is just being written has been. */
static void queue_stop(struct vr_virtio_device *d, uint32_t queue)
{
	set_runs(d, queue, 0);
}

static void set_paused(struct vr_virtio_device *d, uint32_t paused)
{
	struct console *c = (struct console *)d;

	pthread_mutex_lock(&c->lock);
	c->paused = paused;
	pthread_mutex_unlock(&c->lock);
}

static void pause(struct vr_virtio_device *d)
{
	set_paused(d, 1);
}

static void resume(struct vr_virtio_device *d)
{
	set_paused(d, 0);
}

static void destroy(struct vr_virtio_device *d)
{
	struct console *c = (struct console *)d;

	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->config_lock);
	free(c);
}

static int32_t create(const struct vr_host *host, struct vr_virtio_info *info, uint32_t index,
		      struct vr_virtio_device **device)
{
	struct console *c = calloc(1, sizeof(*c));

	if (!c)
		return vr_host_error(host, VR_E_NOMEM, "virtio-console: out of memory");
	c->table = host->query(host, VR_CONSOLE_ID);
	virtio_buffer_init(&c->in);
	virtio_buffer_init(&c->out);
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->config_lock, NULL);
	if (c->table->on_input(host, index, input_available, c) < 0 ||
	    c->table->on_resize(host, index, resized, c) < 0) {
		destroy(&c->d);
		return vr_host_error(host, VR_E_NOENT, "virtio-console: the host has no console port %u",
				     index);
	}
	info->device_id = DEVICE_ID;
	info->queue_count = QUEUE_COUNT;
	c->d.host = host;
	c->d.index = index;
	if (read_size(c)) {
		info->features[0] = F_SIZE;
		info->config_length = sizeof(c->size);
	}
	*device = &c->d;
	return VR_OK;
}

const struct virtio_kind virtio_console = {
	.type = "virtio-console",
	.create = create,
	.destroy = destroy,
	.notify = notify,
	.features = features,
	.config_read = config_read,
	.config_generation = config_generation,
	.queue_start = queue_start,
	.queue_stop = queue_stop,
	.pause = pause,
	.resume = resume,
};
