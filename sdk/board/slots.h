/* SPDX-License-Identifier: MIT */
/* slots.h: virtio-mmio slots, filled with what device plugins offer. */
#ifndef VR_BOARD_SLOTS_H
#define VR_BOARD_SLOTS_H

#include <vmrun/device.h>

#include "tables.h"

#define VR_SLOTS_MAX 32u

struct vr_slots {
	const struct vr_tables *t;
	uint64_t base, stride; /* of the slots in VR_SPACE_MMIO */
	uint32_t irq;          /* shared line of the first slot; the others follow */
	uint32_t max;          /* at most VR_SLOTS_MAX */
	uint32_t terminal;     /* the virtio console is the user's terminal (console port 0), else port 1 */
	uint32_t used;
	struct {
		const struct vr_device_maker *maker;
		void *device;
	} slot[VR_SLOTS_MAX];
};

/* Disks first, so that the guest's first disk is disk 0, then the random number generator and a second
 * console. What nobody offers is a warning: the machine goes without it. The caller has set all but `used`.
 * [main] */
int32_t vr_slots_fill(struct vr_slots *s);
void vr_slots_reset(struct vr_slots *s); /* [quiesced] */
void vr_slots_free(struct vr_slots *s);  /* [quiesced] */

#endif
