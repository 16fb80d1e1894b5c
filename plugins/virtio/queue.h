/* SPDX-License-Identifier: MIT */
/*
 * queue.h: a split virtqueue, the device's side (Virtio 1.2, 2.7 "Split Virtqueues").
 *
 * The rings are the guest's memory and may change under our hands: every descriptor is copied once and
 * what was copied is checked. A ring that breaks the rules makes the queue "broken", and nothing more
 * is taken from it until the driver resets the device. None of this locks; the device does.
 */
#ifndef VIRTIO_QUEUE_H
#define VIRTIO_QUEUE_H

#include <stdint.h>
#include <vmrun/host.h>

#define QUEUE_MAX 256u /* entries, and segments of one chain */

/* A piece of guest memory, in RAM as a whole. */
struct segment {
	uint8_t *host;
	uint64_t gpa;
	uint64_t length;
};

/* What one buffer of the driver consists of: first `out` segments to read, then `in` to write. */
struct chain {
	uint32_t head;
	uint32_t out, in;
	uint64_t out_bytes, in_bytes;
	struct segment segment[QUEUE_MAX];
};

struct queue {
	const struct vr_host *host;
	const struct vr_host_memory *memory;
	uint32_t number; /* entries, as set by the driver */
	uint32_t ready;
	uint32_t broken;
	uint32_t event_idx, indirect;  /* negotiated */
	uint64_t desc, driver, device; /* guest-physical addresses */
	/* the same as the host sees them, while ready */
	const uint8_t *desc_host, *driver_host;
	uint8_t *device_host;
	uint16_t last_avail; /* the next entry of the available ring to take */
	uint16_t used;       /* the next entry of the used ring to fill */
	uint16_t signalled;  /* `used` when an interrupt was last considered */
};

/* Forget everything but host and memory. */
void queue_reset(struct queue *q);
/* The driver said ready: 0, or -1 (broken) when size, alignment or place of the rings is wrong. */
int queue_start(struct queue *q);
/* The next buffer: 1; 0 when there is none; -1 when the queue is (now) broken. */
int queue_pop(struct queue *q, struct chain *chain);
/* Give a buffer back, with `written` bytes stored into its `in` segments. */
void queue_push(struct queue *q, uint32_t head, uint32_t written);
/* Since the last call, has anything been pushed that the driver wants an interrupt for? */
int queue_wants_interrupt(struct queue *q);
/* Ask the driver not to notify while we are looking anyway / to notify again. The latter returns 1 when
 * a buffer came in between: look again. */
void queue_quiet(struct queue *q);
int queue_listen(struct queue *q);

/* Copy from the out segments, beginning at byte `offset`; the number of bytes there were. */
uint64_t chain_read(const struct chain *c, uint64_t offset, void *to, uint64_t length);
/* Copy to the in segments likewise. */
uint64_t chain_write(const struct chain *c, uint64_t offset, const void *from, uint64_t length);
/* Tell the accelerators that the first `bytes` of the in segments were written. */
void chain_written(const struct queue *q, const struct chain *c, uint64_t bytes);

#endif
