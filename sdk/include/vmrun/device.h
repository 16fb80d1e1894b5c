/* SPDX-License-Identifier: MIT */
/*
 * device.h: vmrun.device/1, a maker of devices. A board asks it for each device by type.
 *
 * Devices that have registers of their own. A virtio device has none: it offers vmrun.virtio/1 (virtio.h) and gets
 * the board's transport. Every type of a plugin that the user named (-p ID), and that the board does not know, gets
 * one place: the windows of MMIO and the interrupt lines that its maker asks for. What the maker says of it beyond
 * that becomes its node in the device tree, or its device in ACPI's tables. A board asks window() ... describe() before
 * the first create() and again when it builds the tree; the answers are the same each time.
 */
#ifndef VMRUN_DEVICE_H
#define VMRUN_DEVICE_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_DEVICE_ID "vmrun.device/1"

#define VR_DEVICE_WINDOWS_MAX 8u      /* of one device */
#define VR_DEVICE_WINDOW_MAX 0x10000u /* bytes of one window */
#define VR_DEVICE_IRQS_MAX 8u         /* of one device */
#define VR_DEVICE_COMPATIBLE_MAX 8u   /* strings */
#define VR_DEVICE_PROPERTIES_MAX 64u  /* of one device */
#define VR_PROPERTY_CELLS_MAX 64u     /* cells of one property; a number is two, a reference 1 + cell_count */
#define VR_PROPERTY_STRINGS_MAX 16u   /* strings of one property */
#define VR_PROPERTY_REFERENCES_MAX 16u  /* references of one property */
#define VR_DEVICE_TEXT_MAX 255u         /* bytes of a string, without its zero */
#define VR_DEVICE_NODE_NAME_MAX 31u     /* Devicetree Specification 0.4, 2.2.1 */
#define VR_DEVICE_PROPERTY_NAME_MAX 63u /* 2.2.4.1 says 31; Linux has longer ones */

struct vr_device_config {
	uint32_t size;
	uint32_t index;   /* of its backend; 0 on boards of the SDK's kit */
	const char *type; /* one of the maker's; lives as long as the device */
	const uint64_t
		*bases; /* window_count: the first address of each in VR_SPACE_MMIO, in window()'s order */
	const uint32_t *irqs; /* irq_count: shared lines in the board's numbering, in irq()'s order */
	uint32_t
		window_count; /* as many as the maker asked for; of a type that the board knows: as the board says */
	uint32_t irq_count;
	uint64_t clock_hz; /* rate of VR_DEVICE_CLOCK; 0: this board has no clock for devices */
			   /* Both arrays live as long as the device. */
};

/* What irq() answers: what a device does with the line. */
#define VR_DEVICE_IRQ_NONE 0u  /* past the last */
#define VR_DEVICE_IRQ_LEVEL 1u /* high as long as the device wants attention */
#define VR_DEVICE_IRQ_EDGE \
	2u /* its rise is the interrupt. Boards whose controllers take no edges refuse the device */

/*
 * A reference to another node, a phandle and what follows it: <&clock>, <&pins 3 1>. `node` is one of the board's,
 * VR_DEVICE_CLOCK or VR_DEVICE_INTERRUPT_CONTROLLER, or the type of a device of vmrun.device/1 in this machine that
 * is described: of this maker, or of another one. Its node is a provider by its own properties ("#gpio-cells").
 */
#define VR_DEVICE_CLOCK "board:clock" /* a fixed-clock of vr_device_config.clock_hz; no cells follow */
#define VR_DEVICE_INTERRUPT_CONTROLLER "board:interrupt-controller"
struct vr_device_reference {
	const char *node;
	const uint32_t *cells; /* cell_count; NULL: none */
	uint32_t cell_count;
	uint32_t reserved;
};

/* One more property of a device's node in a device tree (Devicetree Specification 0.4, 2.2.4). */
#define VR_PROPERTY_FLAG 0u       /* no value */
#define VR_PROPERTY_STRING 1u     /* text */
#define VR_PROPERTY_STRINGS 2u    /* strings[0..count) */
#define VR_PROPERTY_CELLS 3u      /* cells[0..count): 32 bits each */
#define VR_PROPERTY_NUMBERS 4u    /* numbers[0..count): 64 bits each, two cells, the higher half first */
#define VR_PROPERTY_REFERENCES 5u /* count references, `stride` bytes apart */
struct vr_device_property {
	uint32_t size;
	uint32_t kind; /* VR_PROPERTY_* */
	const char *name;
	const char *text;
	const char *const *strings;
	const uint32_t *cells;
	const uint64_t *numbers;
	const struct vr_device_reference *references;
	uint32_t count;  /* of what the kind says; 1 to its VR_PROPERTY_*_MAX */
	uint32_t stride; /* sizeof(struct vr_device_reference) of the maker's header */
};

struct vr_device_maker {
	uint32_t size;
	uint32_t reserved;
	const char *types; /* comma-separated */
	/* Attaches itself to the buses through the host tables. [main][quiesced] */
	int32_t(VR_CALL *create)(struct vr_plugin_self *self, const struct vr_device_config *c,
				 struct vr_device **device);
	void(VR_CALL *reset)(struct vr_device *device); /* to its power-on state. [quiesced] */
	void(VR_CALL *destroy)(
		struct vr_device *device); /* finishes or fails what is in flight. [quiesced] */

	/* -- These five are optional: for types that the board does not know. What they return is the maker's, and
	 * stays as long as the plugin. -- */
	/* Bytes of the i-th window of MMIO that it wants, i from 0: a power of two, at most VR_DEVICE_WINDOW_MAX; its
	 * base is aligned to that (and to 4 KiB). 0: past the last, which is at most VR_DEVICE_WINDOWS_MAX. Without a
	 * window it can't be placed by a board that does not know the type. [main] */
	uint64_t(VR_CALL *window)(struct vr_plugin_self *self, const char *type, uint32_t i);
	/* VR_DEVICE_IRQ_* of the i-th interrupt line that it wants; at most VR_DEVICE_IRQS_MAX. No function: none. [main] */
	uint32_t(VR_CALL *irq)(struct vr_plugin_self *self, const char *type, uint32_t i);
	/* The i-th string of its "compatible", the most specific first: "ns16550a"; NULL past the last. None: the guest
	 * is not told of the device. [main] */
	const char *(VR_CALL *compatible)(struct vr_plugin_self *self, const char *type, uint32_t i);
	/* What its node is called, a generic name (Devicetree Specification 0.4, 2.2.2): "watchdog"; the board appends
	 * the first window's address. NULL, or no function: the type, where that can be a node's name, else "device".
	 * [main] */
	const char *(VR_CALL *node_name)(struct vr_plugin_self *self, const char *type);
	/* The i-th property besides those that the board writes; VR_E_NOENT past the last. The board writes compatible,
	 * reg, interrupts, phandle and what goes with them: sdk/doc/device-tree.md lists the names that are refused.
	 * [main] */
	int32_t(VR_CALL *describe)(struct vr_plugin_self *self, const char *type, uint32_t i,
				   struct vr_device_property *out);
	/* The board's pause() and resume() (board.h), for this device: it finishes or holds what is in flight and begins
	 * nothing / goes on. Optional, both or none: for a device that does all in its registers' functions. [quiesced] */
	void(VR_CALL *pause)(struct vr_device *device);
	void(VR_CALL *resume)(struct vr_device *device);
};

#ifdef __cplusplus
}
#endif

#endif
