/* SPDX-License-Identifier: MIT */
/*
 * virt.h: the `virt` machine, whatever its architecture: RAM, a serial port, a clock, virtio-mmio slots and
 * windows for devices of plugins, a kernel's Image with its initrd and a device tree.
 *
 * A board says what differs in one struct virt_board: its memory map, its limits, its interrupt controllers
 * and devices, and how its vCPUs start. vr_virt_create() and the functions after it are then the board's table
 * (vmrun/board.h); virt_image.h and virt_tree.h have what boot needs.
 */
#ifndef VR_BOARD_VIRT_H
#define VR_BOARD_VIRT_H

#include <stddef.h>
#include <vmrun/board.h>

#include "boot_tree.h"
#include "limits.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The part of the memory map that every `virt` machine has. Lines are shared ones of vmrun.irq/1; those of
 * the slots and of the windows follow each other. */
struct virt_map {
	uint64_t ram;
	uint64_t virtio, virtio_stride; /* the virtio-mmio slots */
	uint32_t virtio_slots, virtio_line;
	uint64_t windows, windows_size; /* for other devices of plugins; QEMU has a platform bus there */
	uint32_t window_count;          /* devices */
	uint32_t window_line, window_lines;
	uint32_t window_edges;        /* the controller takes edges there */
	uint64_t clock_hz;            /* of the clock for devices */
	uint64_t shared, shared_size; /* for virtio devices' shared memory, beyond all RAM */
};

/* Guest-physical addresses. */
struct virt_layout {
	uint64_t entry;              /* of the kernel, or of firmware */
	uint64_t dtb;                /* VIRT_TREE_BLOCK bytes, aligned to as many */
	uint64_t initrd, initrd_end; /* equal: none */
};

struct virt_machine;

struct virt_board {
	struct vr_board_limits limits;
	const struct virt_map *map;
	uint32_t cmdline_max; /* bytes that the kernel takes, without the final zero */
	size_t size;          /* of the board's own struct, which begins with a struct virt_machine */
	/* Controllers, devices and firmware: all but RAM and what is in the slots, where slots.terminal says already whose
	 * the user's terminal is (terminal.h). destroy() is called after
	 * a create() that failed, too. reset(): devices first, since they let go of their lines. */
	int32_t (*create)(struct virt_machine *m);
	void (*reset)(struct virt_machine *m);
	void (*destroy)(struct virt_machine *m);
	/* Puts the kernel or firmware into RAM and decides where initrd and tree go. */
	int32_t (*place)(struct virt_machine *m, const struct vr_boot_payload *p, struct virt_layout *out);
	/* Writes the device tree: 0, or a libfdt error. */
	int (*tree)(const struct vr_fdt_input *in, void *buffer, uint32_t size);
	/* Gives the vCPUs their first state. */
	int32_t (*start)(struct virt_machine *m, const struct virt_layout *l);
};

struct virt_machine {
	struct vr_tables t;
	const struct virt_board *board;
	uint32_t vcpu_count;
	uint64_t ram_size;
	struct vr_slots slots;
};

static inline struct virt_machine *virt_machine_of(struct vr_board *board)
{
	return (struct virt_machine *)board;
}

/* The create() of a board's table: `self` is the plugin's. */
int32_t vr_virt_create(const struct virt_board *board, struct vr_plugin_self *self,
		       const struct vr_board_config *c, struct vr_board **out);
/* As they are in the board's table. */
int32_t VR_CALL vr_virt_load(struct vr_board *machine, const struct vr_boot_payload *p);
void VR_CALL vr_virt_reset(struct vr_board *machine);
void VR_CALL vr_virt_destroy(struct vr_board *machine);
/* The states of the virtio devices' transports, for a board that has no others. */
int32_t VR_CALL vr_virt_state_at(struct vr_board *machine, uint32_t i, struct vr_board_state *out);
int32_t VR_CALL vr_virt_get_state(struct vr_board *machine, const char *id, uint32_t index, void *state,
				  uint32_t length);
int32_t VR_CALL vr_virt_set_state(struct vr_board *machine, const char *id, uint32_t index, const void *state,
				  uint32_t length);
void VR_CALL vr_virt_pause(struct vr_board *machine);
void VR_CALL vr_virt_resume(struct vr_board *machine);
uint32_t VR_CALL vr_virt_cmdline_max(struct vr_board *machine, const struct vr_boot_payload *p);
const char *VR_CALL vr_virt_cmdline_words(struct vr_board *machine);

#ifdef __cplusplus
}
#endif

#endif
