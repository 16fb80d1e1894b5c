/* SPDX-License-Identifier: MIT */
/*
 * queue.h: a split virtqueue, the device's side (Virtio 1.2, 2.7 "Split Virtqueues").
 *
 * The rings are the guest's memory and may change under our hands: every descriptor is copied once and
 * what was copied is checked. A ring that breaks the rules makes the queue "broken", and nothing more
 * is taken from it until the driver resets the device. None of this locks; the transport does.
 */
#ifndef VR_VIRTIO_QUEUE_H
#define VR_VIRTIO_QUEUE_H

#include <stdint.h>
#include <vmrun/virtio.h>

#include "ram.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vr_virtio_queue {
	struct vr_virtio_ram *ram;
	uint32_t max;    /* entries at most */
	uint32_t number; /* entries, as set by the driver */
	uint32_t ready;
	uint32_t broken;
	uint32_t vector;               /* of MSI-X; a transport's with a line has no use for it */
	uint32_t event_idx, indirect;  /* negotiated */
	uint64_t desc, driver, device; /* guest-physical addresses */
	/* the same as the host sees them, while ready */
	const uint8_t *desc_host, *driver_host;
	uint8_t *device_host;
	uint16_t last_avail; /* the next entry of the available ring to take */
	uint16_t used;       /* the next entry of the used ring to fill */
	uint16_t signalled;  /* `used` when an interrupt was last considered */
};

/* Forget everything but ram and max. */
void vr_virtio_queue_reset(struct vr_virtio_queue *q);
/* Find the rings: 0, or -1 (broken) when size, alignment or place of the rings is wrong. The indices stay. */
int vr_virtio_queue_map(struct vr_virtio_queue *q);
/* The driver said ready: the same, with the indices at zero. */
int vr_virtio_queue_start(struct vr_virtio_queue *q);
/* The next buffer: 1; 0 when there is none; -1 when the queue is (now) broken. */
int vr_virtio_queue_pop(struct vr_virtio_queue *q, struct vr_virtio_buffer *b);
/* As if the last one had not been popped. */
void vr_virtio_queue_unpop(struct vr_virtio_queue *q);
/* Give a buffer back, with `written` bytes stored into its `in` segments. */
void vr_virtio_queue_push(struct vr_virtio_queue *q, uint32_t head, uint32_t written);
/* Since the last call, has anything been pushed that the driver wants an interrupt for? */
int vr_virtio_queue_wants_interrupt(struct vr_virtio_queue *q);
/* Ask the driver not to notify while we are looking anyway / to notify again. The latter returns 1 when
 * a buffer came in between: look again. */
void vr_virtio_queue_quiet(struct vr_virtio_queue *q);
int vr_virtio_queue_listen(struct vr_virtio_queue *q);

/* Copy from the out segments, beginning at byte `offset`; the number of bytes there were. */
uint64_t vr_virtio_buffer_read(const struct vr_virtio_buffer *b, uint64_t offset, void *to, uint64_t length);
/* Copy to the in segments likewise. */
uint64_t vr_virtio_buffer_write(const struct vr_virtio_buffer *b, uint64_t offset, const void *from,
				uint64_t length);
/* Tell the host that the first `bytes` of the in segments were written. */
void vr_virtio_buffer_written(struct vr_virtio_ram *ram, const struct vr_virtio_buffer *b, uint64_t bytes);

#ifdef __cplusplus
}
#endif

#endif
