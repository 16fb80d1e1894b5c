/* SPDX-License-Identifier: MIT */
/*
 * transport.h: the part of a virtio transport that is the same over every bus (Virtio 1.2, chapters 2 and 3):
 * device status, negotiation, queues, reset, configuration space, interrupts' causes. mmio.c has the registers of
 * virtio over MMIO; another bus has its own, and calls the functions here for what its registers mean.
 *
 * Locks, in this order; a device's own come after `control`:
 *  - `control`: one access of the driver at a time, so one call into the device at a time. The functions that a
 *    device calls never take it.
 *  - a queue's `lock`: its ring.
 *  - `state`: status and pending interrupts; held in the call of `interrupt`, so that levels are told in order.
 *
 * Lives. A queue has a number, `life`, that grows whenever it is stopped. A buffer remembers the life in which it
 * was popped; one that is pushed in another is dropped. So a device's thread that is late does no harm to a
 * ring that the driver has set up anew.
 */
#ifndef VR_VIRTIO_TRANSPORT_H
#define VR_VIRTIO_TRANSPORT_H

#include <pthread.h>
#include <stdbool.h>
#include <vmrun/state_virtio.h>
#include <vmrun/virtio.h>

#include "queue.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 6 Reserved Feature Bits */
#define VIRTIO_F_INDIRECT_DESC (1ull << 28)
#define VIRTIO_F_EVENT_IDX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)
#define VIRTIO_F_RING_RESET (1ull << 40)

/* 2.1 Device Status Field */
#define VIRTIO_S_ACKNOWLEDGE 1u
#define VIRTIO_S_DRIVER 2u
#define VIRTIO_S_DRIVER_OK 4u
#define VIRTIO_S_FEATURES_OK 8u
#define VIRTIO_S_NEEDS_RESET 64u
#define VIRTIO_S_FAILED 128u

/* Causes of an interrupt; the bits of the MMIO transport's InterruptStatus and of PCI's ISR (4.1.4.5). */
#define VIRTIO_INTERRUPT_USED 1u
#define VIRTIO_INTERRUPT_CONFIG 2u
/* Instead of a queue's number: the configuration changed; nothing new, a cause has gone. */
#define VIRTIO_CONFIG_QUEUE UINT32_MAX
#define VIRTIO_NO_QUEUE (UINT32_MAX - 1)

struct vr_virtio_slot_queue {
	pthread_mutex_t lock;
	struct vr_virtio_queue ring;
	uint64_t life;
	bool runs;    /* buffers may be taken: ready, and the driver runs the device */
	bool started; /* the device knows of it; under `control` */
};

/* A shared-memory region as it was placed. */
struct vr_virtio_shared_place {
	struct vr_virtio_shared region;
	struct vr_mapping mapping; /* for the device's life */
};

/* Where a board has room for shared-memory regions; one for all its devices. */
struct vr_virtio_shared_room {
	uint64_t base, size; /* guest-physical; size 0: it has none */
	uint64_t used;
};

struct vr_virtio_transport {
	const struct vr_host *host;
	struct vr_virtio_ram ram;
	const struct vr_virtio_maker *maker;
	struct vr_virtio_device *device;
	struct vr_virtio_info info;
	uint64_t features[2]; /* offered: the device's and the transport's */
	/* The bus: the pending causes are these now, because of a queue's buffers, of the configuration, or
	 * because the driver acknowledged one (VIRTIO_NO_QUEUE). With `state` held. [any] */
	void (*interrupt)(struct vr_virtio_transport *t, uint32_t pending, uint32_t queue);
	pthread_mutex_t control, state;
	/* Under `state`; the status is written under both, and may be read under either. */
	uint32_t status, pending;
	/* Under `control`: */
	uint64_t driver_features[2];
	uint32_t device_features_sel, driver_features_sel, queue_sel, shared_sel;
	uint32_t shared_count;
	struct vr_virtio_shared_place shared[VR_VIRTIO_SHARED_MAX];
	struct vr_virtio_slot_queue *queue; /* info.queue_count of them */
};

/* What makes a device: a maker that was found, and the board's wishes. */
struct vr_virtio_plug {
	const struct vr_virtio_maker *maker;
	struct vr_plugin_self *self;          /* the maker's */
	const char *plugin;                   /* its id, for messages */
	const char *type;                     /* lives as long as the device */
	uint32_t index;                       /* of its back end */
	uint32_t config_max;                  /* the largest configuration space that the bus has room for */
	struct vr_virtio_shared_room *shared; /* NULL: no room for shared memory */
};

/* The member of a maker without which it is none; NULL: it has all. */
const char *vr_virtio_lacks(const struct vr_virtio_maker *m);

/* Makes the device of *t, which is zeros but for `interrupt`. A failure leaves nothing, with a text. [main][quiesced] */
int32_t vr_virtio_init(struct vr_virtio_transport *t, const struct vr_host *host,
		       const struct vr_virtio_plug *plug);
void vr_virtio_fini(struct vr_virtio_transport *t); /* [quiesced] */

/* ---- for the bus's registers, with `control` held. [vcpu][quiesced] ---- */
/* 2.4: all stops; the board's reset as well. */
void vr_virtio_reset(struct vr_virtio_transport *t);
void vr_virtio_status_write(struct vr_virtio_transport *t, uint32_t value);
uint32_t vr_virtio_status(struct vr_virtio_transport *t);
/* 32 bits of the offered features / of the driver's, which can be written until FEATURES_OK. */
uint32_t vr_virtio_features(const struct vr_virtio_transport *t, uint32_t word);
void vr_virtio_driver_features(struct vr_virtio_transport *t, uint32_t word, uint32_t value);
/* Are these features of a driver's all offered, and VERSION_1 among them? */
bool vr_virtio_offered(const struct vr_virtio_transport *t, const uint64_t f[2]);
/* The device is told what was negotiated: can it work with that? */
bool vr_virtio_agreed(struct vr_virtio_transport *t);
/* What was negotiated of rings, for this one. */
void vr_virtio_ring_features(const struct vr_virtio_transport *t, struct vr_virtio_queue *q);
/* The ring of a queue, to be set up while it is not ready; NULL: there is no such queue. */
struct vr_virtio_queue *vr_virtio_ring(struct vr_virtio_transport *t, uint32_t queue);
/* The driver says that a queue is ready / stops it (2.6.1 when it negotiated that). */
void vr_virtio_queue_enable(struct vr_virtio_transport *t, uint32_t queue);
void vr_virtio_queue_disable(struct vr_virtio_transport *t, uint32_t queue, bool forget);
/* A queue that is ready runs, if the driver runs the device. With `control`. */
void vr_virtio_run(struct vr_virtio_transport *t, uint32_t queue);
/* The driver notifies. / Of all queues that run, some may have new buffers. */
void vr_virtio_notified(struct vr_virtio_transport *t, uint32_t queue);
void vr_virtio_notified_all(struct vr_virtio_transport *t);
/* The configuration space. */
uint64_t vr_virtio_config_read(struct vr_virtio_transport *t, uint32_t offset, uint32_t width);
void vr_virtio_config_write(struct vr_virtio_transport *t, uint32_t offset, uint32_t width, uint64_t value);
uint32_t vr_virtio_config_generation(struct vr_virtio_transport *t);
/* Causes that are pending / these are not any more. */
uint32_t vr_virtio_pending(struct vr_virtio_transport *t);
void vr_virtio_acknowledge(struct vr_virtio_transport *t, uint32_t causes);

/* ---- state.c: canonical state (state_virtio.h) of one device, `slot` being its place. [quiesced] ---- */
/* The i-th thing that has state: 0 the device, then its queues; fills id, index and length. VR_E_NOENT past the end. */
struct vr_board_state;
int32_t vr_virtio_state_at(const struct vr_virtio_transport *t, uint32_t slot, uint32_t i,
			   struct vr_board_state *out);
/* Before the first get_state() / after the last, and around set_state() likewise. */
void vr_virtio_pause(struct vr_virtio_transport *t);
void vr_virtio_resume(struct vr_virtio_transport *t);
/* queue: VIRTIO_CONFIG_QUEUE, the device itself. set: the device before its queues; errors as in board.h. */
int32_t vr_virtio_get_state(struct vr_virtio_transport *t, uint32_t queue, void *state, uint32_t length);
int32_t vr_virtio_set_state(struct vr_virtio_transport *t, uint32_t queue, const void *state,
			    uint32_t length);

#ifdef __cplusplus
}
#endif

#endif
