/* SPDX-License-Identifier: MIT */
/* virtio.h: the devices of this plugin, one file and one struct virtio_kind each. */
#ifndef VIRTIO_VIRTIO_H
#define VIRTIO_VIRTIO_H

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <vmrun/block.h>
#include <vmrun/host.h>
#include <vmrun/virtio.h>

#include "host_error.h"

/* The largest queue of these devices, and so the most segments that a buffer has. */
#define VIRTIO_QUEUE_SIZE 256u

/* What a device begins with. */
struct vr_virtio_device {
	const struct virtio_kind *kind;
	const struct vr_host *host;
	const struct vr_virtio_host *io; /* the transport's functions, and their first argument */
	struct vr_virtio_transport *transport;
	uint32_t index; /* of the back end */
};

/* The functions are those of struct vr_virtio_maker; NULL where they may be missing there. */
struct virtio_kind {
	const char *type;
	uint32_t queue_size; /* of each queue; 0: VIRTIO_QUEUE_SIZE */
	int32_t (*create)(const struct vr_host *host, struct vr_virtio_info *info, uint32_t index,
			  struct vr_virtio_device **device);
	void (*destroy)(struct vr_virtio_device *d);
	void (*notify)(struct vr_virtio_device *d, uint32_t queue);
	void (*queue_start)(struct vr_virtio_device *d, uint32_t queue);
	void (*queue_stop)(struct vr_virtio_device *d, uint32_t queue);
	void (*features)(struct vr_virtio_device *d, uint64_t low);
	void (*config_read)(struct vr_virtio_device *d, uint32_t offset, void *to, uint32_t length);
	uint32_t (*config_generation)(struct vr_virtio_device *d);
	void (*pause)(struct vr_virtio_device *d);
	void (*resume)(struct vr_virtio_device *d);
};

extern const struct virtio_kind virtio_blk;
extern const struct virtio_kind virtio_console;
extern const struct virtio_kind virtio_ports;
extern const struct virtio_kind virtio_rng;

extern const struct vr_virtio_maker virtio_maker;

/* A buffer with room for as many segments as a chain can have. */
struct virtio_buffer {
	struct vr_virtio_buffer b; /* first */
	struct vr_virtio_segment segment[VIRTIO_QUEUE_SIZE];
};

static inline void virtio_buffer_init(struct virtio_buffer *b)
{
	b->b = (struct vr_virtio_buffer){.size = sizeof(b->b),
					 .segment_stride = sizeof(b->segment[0]),
					 .segment = b->segment,
					 .segment_max = VIRTIO_QUEUE_SIZE};
}

static inline int32_t virtio_pop(struct vr_virtio_device *d, uint32_t queue, struct virtio_buffer *b)
{
	return d->io->pop(d->transport, queue, &b->b);
}

static inline void virtio_push(struct vr_virtio_device *d, uint32_t queue, const struct virtio_buffer *b,
			       uint32_t written)
{
	d->io->push(d->transport, queue, &b->b, written);
}

static inline void virtio_signal(struct vr_virtio_device *d, uint32_t queue)
{
	d->io->signal(d->transport, queue);
}

static inline uint32_t virtio_listen(struct vr_virtio_device *d, uint32_t queue)
{
	return d->io->listen(d->transport, queue);
}

#endif
