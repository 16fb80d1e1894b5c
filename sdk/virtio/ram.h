/* SPDX-License-Identifier: MIT */
/*
 * ram.h: the guest's memory as a virtio transport sees it: every region of it, mapped once for the transport's life.
 *
 * A descriptor names any address, and there are thousands of them a second. So the transport does not map each
 * buffer: it looks its address up here, without a lock, and tells the host what was written by the mapping that the
 * bytes are in. A region that was added since is mapped when an address is in none of those that are known.
 */
#ifndef VR_VIRTIO_RAM_H
#define VR_VIRTIO_RAM_H

#include <pthread.h>
#include <stdint.h>
#include <vmrun/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Regions of memory that are looked at; a driver's buffer in another one breaks its queue. */
#define VR_VIRTIO_RAM_MAX 32u

struct vr_virtio_ram {
	const struct vr_host *host;
	const struct vr_host_memory *memory;
	pthread_mutex_t lock; /* to add a window */
	uint32_t count;       /* windows; atomic */
	uint32_t looked_at;   /* regions of the host; under the lock */
	struct vr_mapping window[VR_VIRTIO_RAM_MAX];
};

void vr_virtio_ram_init(struct vr_virtio_ram *r, const struct vr_host *host);
void vr_virtio_ram_fini(struct vr_virtio_ram *r);
/* The bytes of [gpa, gpa+length) when it lies as a whole in one region that has these rights (VR_MAP_*), else NULL.
 * [any] */
uint8_t *vr_virtio_ram_at(struct vr_virtio_ram *r, uint64_t gpa, uint64_t length, uint32_t rights);
/* These bytes, which vr_virtio_ram_at() gave, were written. [any] */
void vr_virtio_ram_written(struct vr_virtio_ram *r, uint64_t gpa, uint64_t length);

#ifdef __cplusplus
}
#endif

#endif
