/* SPDX-License-Identifier: MIT */
/*
 * virtio.h: a virtio device behind the MMIO transport. mmio.c speaks to the driver; what the device
 * does with its queues is its `struct virtio_kind`.
 */
#ifndef VIRTIO_VIRTIO_H
#define VIRTIO_VIRTIO_H

#include <pthread.h>
#include <stdint.h>
#include <vmrun/device.h>
#include <vmrun/host.h>
#include <vmrun/plugin.h>

#include "host_error.h"
#include "queue.h"

#define VIRTIO_QUEUES 2u
#define VIRTIO_CONFIG 64u

/* 6 Reserved Feature Bits */
#define VIRTIO_F_INDIRECT_DESC (1ull << 28)
#define VIRTIO_F_EVENT_IDX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)

/* 2.1 Device Status Field */
#define VIRTIO_S_ACKNOWLEDGE 1u
#define VIRTIO_S_DRIVER 2u
#define VIRTIO_S_DRIVER_OK 4u
#define VIRTIO_S_FEATURES_OK 8u
#define VIRTIO_S_NEEDS_RESET 64u
#define VIRTIO_S_FAILED 128u

struct virtio;

/* All but create and destroy are called with the device's lock held. */
struct virtio_kind {
	const char *type;   /* as in vr_device_config */
	uint32_t device_id; /* 5 Device Types */
	uint32_t queues;
	/* Fills d->private, d->features (beyond the transport's) and d->config. [main] */
	int32_t (*create)(struct virtio *d);
	void (*destroy)(struct virtio *d);
	/* notify() only wakes a thread: it may be called on the core's I/O thread, and the vCPU goes on. 0:
	 * notify() does the work itself, and only on the vCPU's thread: all devices share the I/O thread, and
	 * a console may have to wait for its terminal. */
	uint32_t wakes;
	/* The driver made buffers available in a queue that runs, or may have. [vcpu], or the I/O thread. */
	void (*notify)(struct virtio *d, uint32_t queue);
	/* Let go of all buffers: returns when none is in use. May be NULL. */
	void (*quiesce)(struct virtio *d);
};

extern const struct virtio_kind virtio_blk;
extern const struct virtio_kind virtio_console;
extern const struct virtio_kind virtio_rng;

struct virtio {
	const struct virtio_kind *kind;
	const struct vr_host *host;
	const struct vr_host_memory *memory;
	const struct vr_host_mmio *mmio;
	const struct vr_host_irq *irq_table;
	const struct vr_host_doorbell *doorbell; /* may be NULL */
	struct vr_door *door;                    /* QueueNotify; NULL: over the bus */
	uint32_t index;                          /* of the backend */
	uint32_t irq;
	void *private;
	uint64_t features; /* offered */
	uint8_t config[VIRTIO_CONFIG];
	pthread_mutex_t lock; /* everything below */
	uint32_t status;
	uint32_t device_features_sel, driver_features_sel, queue_sel;
	uint64_t driver_features;
	uint32_t interrupt_status, line;
	uint32_t epoch; /* grows with each reset: work begun before it is void */
	struct queue queue[VIRTIO_QUEUES];
};

/* Makes a device of a kind. [main] */
int32_t virtio_new(const struct vr_host *host, const struct virtio_kind *kind,
		   const struct vr_device_config *c, struct virtio **out);
void virtio_reset(struct virtio *d);
void virtio_free(struct virtio *d);

/* Does the driver run the device? */
static inline int virtio_runs(const struct virtio *d)
{
	return (d->status & (VIRTIO_S_DRIVER_OK | VIRTIO_S_NEEDS_RESET)) == VIRTIO_S_DRIVER_OK;
}
/* Interrupt for what was pushed to a queue, if the driver wants one. */
void virtio_signal(struct virtio *d, struct queue *q);
/* A queue turned out broken: only a reset helps (2.1.2). */
void virtio_broken(struct virtio *d);

#endif
