/* SPDX-License-Identifier: MIT */
/*
 * slots.h: the places where a board puts what device plugins offer: slots for virtio devices (vmrun.virtio/1), which
 * get the MMIO transport of sdk/virtio there, and windows of MMIO for others (vmrun.device/1).
 */
#ifndef VR_BOARD_SLOTS_H
#define VR_BOARD_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <vmrun/board.h>
#include <vmrun/device.h>

#include "../virtio/mmio.h"
#include "device_answers.h"
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
	const struct vr_virtio_maker *maker;
	char type[VR_SLOT_TYPE];
};

/* A shared interrupt line, and how the device drives it (VR_DEVICE_IRQ_*). */
struct vr_slot_line {
	uint32_t line, trigger;
};

/* A device of vmrun.device/1. */
struct vr_window {
	const struct vr_device_maker *maker;
	struct vr_plugin_self *self; /* the maker's */
	struct vr_device *device;
	char type[VR_SLOT_TYPE];
	struct vr_device_wants wants;
	uint64_t base[VR_DEVICE_WINDOWS_MAX]; /* lent to the device, as the next */
	uint32_t irq[VR_DEVICE_IRQS_MAX];
};

struct vr_slots {
	const struct vr_tables *t;
	uint64_t base, stride; /* of the slots in VR_SPACE_MMIO */
	uint32_t irq;          /* shared line of the first slot; the others follow */
	uint32_t max;          /* at most VR_SLOTS_MAX */
	uint32_t terminal;     /* the virtio console is the user's terminal (console port 0), else port 1 */
	/* Where devices of vmrun.device/1 are, and their lines, the first and how many. Zero: this board has none. */
	uint64_t window_base, window_size;
	uint32_t window_irq, window_irqs, window_max; /* window_max: devices, at most VR_WINDOWS_MAX */
	uint32_t window_edges;                        /* the controller takes edges on these lines */
	uint64_t clock_hz;                            /* of VR_DEVICE_CLOCK; 0: this board has none */
	uint32_t controller_node;                     /* there is a node VR_DEVICE_INTERRUPT_CONTROLLER */
	struct vr_virtio_shared_room
		shared; /* for virtio devices' shared memory; size 0: this board has none */
	uint32_t used, windows;
	uint64_t window_end;   /* of the last window */
	uint32_t window_lines; /* in use */
	uint32_t paused;       /* between vr_slots_pause() and vr_slots_resume() */
	struct vr_slot slot[VR_SLOTS_MAX];
	struct vr_window window[VR_WINDOWS_MAX];
};

/* Disks first, so that the guest's first disk is disk 0, then the random number generator, a second
 * console and, where the machine has streams (vmrun.streams/1), their device; when no plugin offers one of these, that is a warning, and the machine goes without it. Then
 * everything else that plugins which the user named offer; a device without a place is an error, and so is a named
 * plugin of which no device is in the machine. The caller has set all but the counts. [main] */
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

/* What slots.c and windows.c share (slots_offers.c). The next of the comma-separated *types into type[]; false at the end. One that is
 * too long comes cut off, and is then no type that the board knows. */
bool vr_slots_next_type(const char **types, char *type, size_t capacity);
/* VR_E_ABI: the table of plugin f has no member `missing`; NULL: it is whole. */
int32_t vr_slots_is_whole(const struct vr_tables *t, const struct vr_found *f, const char *interface_id,
			  const char *missing);
/* The i-th loaded plugin of an interface; false past the last. */
bool vr_slots_nth(const struct vr_tables *t, const char *interface_id, uint32_t i, struct vr_found *out);
bool vr_slots_is_requested(const struct vr_found *f); /* the user named it */
/* place() for each plugin with this interface that the user named, until one fails. */
int32_t vr_slots_each_requested(struct vr_slots *s, const char *interface_id,
				int32_t (*place)(struct vr_slots *s, const struct vr_found *f));

/* The devices of vmrun.device/1 that plugins which the user named offer (windows.c), and their nodes: vr_slots_fill()
 * does this after the virtio devices. [main] */
int32_t vr_slots_place_windows(struct vr_slots *s);
/* Of the windows' devices. [quiesced] */
void vr_slots_reset_windows(struct vr_slots *s);
void vr_slots_free_windows(struct vr_slots *s);
void vr_slots_pause_windows(struct vr_slots *s);
void vr_slots_resume_windows(struct vr_slots *s);
static inline struct vr_device_of vr_window_of(const struct vr_window *w)
{
	return (struct vr_device_of){.maker = w->maker, .self = w->self, .type = w->type};
}
/* The described device of this type; its number in window[], or VR_E_NOENT. [main] */
int32_t vr_slots_find_window(const struct vr_slots *s, const char *type);

struct vr_tree;
/* What the windows' nodes have of the board's. */
struct vr_slots_nodes {
	/* Writes the property "interrupts" as the board's controller wants it. */
	void (*interrupts)(struct vr_tree *t, const struct vr_slot_line *lines, uint32_t count);
	uint32_t clock, interrupt_controller; /* phandles */
	uint32_t phandle;                     /* of the first window; those of the others follow */
};
/* The windows' nodes. A maker that says something unsound now, and said otherwise before: its text is noted and
 * t->error set. [main] */
void vr_slots_describe(const struct vr_slots *s, struct vr_tree *t, const struct vr_slots_nodes *nodes);

#ifdef __cplusplus
}
#endif

#endif
