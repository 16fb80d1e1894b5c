/* SPDX-License-Identifier: MIT */
/* mmio.h: a virtio device behind the MMIO transport (Virtio 1.2, 4.2). */
#ifndef VR_VIRTIO_MMIO_H
#define VR_VIRTIO_MMIO_H

#include "transport.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VR_VIRTIO_MMIO_WINDOW 0x200u /* bytes of address space */
#define VR_VIRTIO_MMIO_CONFIG 0x100u /* of them the configuration space's */

struct vr_virtio_mmio; /* opaque */

/* Makes a device of a maker that has all (vr_virtio_lacks), at `base` in VR_SPACE_MMIO with the shared line `irq`.
 * plug->config_max is set here. [main][quiesced] */
int32_t vr_virtio_mmio_new(const struct vr_host *host, struct vr_virtio_plug plug, uint64_t base,
			   uint32_t irq, struct vr_virtio_mmio **out);
void vr_virtio_mmio_reset(struct vr_virtio_mmio *m); /* [quiesced] */
void vr_virtio_mmio_free(struct vr_virtio_mmio *m);  /* [quiesced] */
/* For its canonical state. */
struct vr_virtio_transport *vr_virtio_mmio_transport(struct vr_virtio_mmio *m);

#ifdef __cplusplus
}
#endif

#endif
