/* SPDX-License-Identifier: MIT */
/*
 * slots.h: the places where a board puts what device plugins offer: slots for virtio devices (vmrun.virtio/1), which
 * get the MMIO transport of sdk/virtio there, and windows of MMIO for others (vmrun.device/1).
 */
#ifndef VR_BOARD_SLOTS_H
#define VR_BOARD_SLOTS_H

#include <vmrun/board.h>
#include <vmrun/device.h>

#include "../virtio/mmio.h"
#include "tables.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VR_SLOTS_MAX 32u
#define VR_WINDOWS_MAX 16u

#define VR_SLOT_TYPE 80u /* bytes for a type: as long as an id may be, and more */

/* A device of vmrun.virtio/1. */
struct vr_slot {
	struct vr_virtio_mmio *virtio;
	char type[VR_SLOT_TYPE];
};

struct vr_slot_device {
	const struct vr_device_maker *maker;
	struct vr_device *device;
	char type[VR_SLOT_TYPE];
};

/* A device of vmrun.device/1. */
struct vr_window {
	struct vr_slot_device d;
	struct vr_plugin_self *self; /* the maker's */
	uint64_t base, length;
	uint32_t irq;
};

struct vr_slots {
	const struct vr_tables *t;
	uint64_t base, stride; /* of the slots in VR_SPACE_MMIO */
	uint32_t irq;          /* shared line of the first slot; the others follow */
	uint32_t max;          /* at most VR_SLOTS_MAX */
	uint32_t terminal;     /* the virtio console is the user's terminal (console port 0), else port 1 */
	/* Where windows are, and the line of the first; lines follow. Zero: this board has none. */
	uint64_t window_base, window_size;
	uint32_t window_irq, window_max; /* at most VR_WINDOWS_MAX */
	struct vr_virtio_shared_room
		shared; /* for virtio devices' shared memory; size 0: this board has none */
	uint32_t used, windows;
	uint32_t paused; /* between vr_slots_pause() and vr_slots_resume() */
	struct vr_slot slot[VR_SLOTS_MAX];
	struct vr_window window[VR_WINDOWS_MAX];
};

/* Disks first, so that the guest's first disk is disk 0, then the random number generator, a second
 * console and, where the machine has streams (vmrun.streams/1), their device; when no plugin offers one of these, that is a warning, and the machine goes without it. Then
 * everything else that plugins which the user named offer; a device without a place is an error. The caller
 * has set all but the counts. [main] */
int32_t vr_slots_fill(struct vr_slots *s);
void vr_slots_reset(struct vr_slots *s); /* [quiesced] */
void vr_slots_free(struct vr_slots *s);  /* [quiesced] */

/* The canonical states of the virtio devices' transports (state_virtio.h), as a board's table has them. `i`: from 0;
 * VR_E_NOENT past the end. get and set: VR_E_NOENT: another id; VR_E_RANGE: no such index. A device's state is set
 * before those of its queues. [any] / [quiesced] */
int32_t vr_slots_state_at(const struct vr_slots *s, uint32_t i, struct vr_board_state *out);
int32_t vr_slots_get_state(struct vr_slots *s, const char *id, uint32_t index, void *state, uint32_t length);
int32_t vr_slots_set_state(struct vr_slots *s, const char *id, uint32_t index, const void *state,
			   uint32_t length);

/* All devices, as a board's table has it (board.h). In between get and set pause none themselves. [quiesced] */
void vr_slots_pause(struct vr_slots *s);
void vr_slots_resume(struct vr_slots *s);

struct vr_tree;
/* The windows' nodes. `interrupts` writes that property as the board's controller wants it. When a maker
 * describes nonsense its text is noted and t->error set. [main] */
void vr_slots_describe(const struct vr_slots *s, struct vr_tree *t,
		       void (*interrupts)(struct vr_tree *t, uint32_t irq));

#ifdef __cplusplus
}
#endif

#endif
