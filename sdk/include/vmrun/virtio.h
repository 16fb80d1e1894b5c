/* SPDX-License-Identifier: MIT */
/*
 * virtio.h: vmrun.virtio/1, virtio devices apart from their transport. Section numbers are those of Virtio 1.2.
 *
 * A plugin says what its device is (type, features, configuration space, queues) and serves the queues. The
 * board gives each device a transport (virtio over MMIO, 4.2) from the SDK's library: the registers that a
 * driver sees, the device status, the negotiation of features, the rings, and interrupts are there. A device
 * takes the driver's buffers and gives them back by the functions of struct vr_virtio_host.
 *
 * A board knows some types by itself ("virtio-blk", "virtio-rng", "virtio-console", "virtio-ports": the streams of
 * vmrun.streams/1, if there are any) and takes them from any loaded plugin, one that the user named (-p ID) first. Of every other type of a plugin that the user named it
 * makes one device.
 *
 * Calls. The transport makes one call into a device at a time, and holds a lock of its own meanwhile. None of
 * the functions of struct vr_virtio_host takes that lock: a device may call them from within its own
 * functions, and from threads of its own at any time between create and destroy. So a device that waits in
 * queue_stop() for a thread of its own waits for one that can go on.
 */
#ifndef VMRUN_VIRTIO_H
#define VMRUN_VIRTIO_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_VIRTIO_ID "vmrun.virtio/1"

/* 6 Reserved Feature Bits: 24 to 40 are the transport's, and 41 to 49 are reserved. A device offers of the
 * others. */
#define VR_VIRTIO_TRANSPORT_FIRST 24u
#define VR_VIRTIO_TRANSPORT_LAST 49u

#define VR_VIRTIO_QUEUES_MAX 1024u
#define VR_VIRTIO_QUEUE_SIZE_MAX 1024u /* entries of a queue, and descriptors of one chain */
#define VR_VIRTIO_SHARED_MAX 8u

struct vr_virtio_transport; /* opaque: the board's side of one device */
struct vr_virtio_device;    /* opaque: the plugin's side of it */
struct vr_mapping;          /* host.h */

/* A piece of guest memory, in RAM as a whole. An element of arrays whose stride is given with them. */
struct vr_virtio_segment {
	uint8_t *host;
	uint64_t gpa;
	uint64_t length; /* bytes, at least 1 */
};

/* One buffer of the driver, a chain of descriptors (2.7.5) that was copied and checked: `out` segments to read,
 * then `in` to write. The struct and its array of segments are the device's. */
struct vr_virtio_buffer {
	uint32_t size;
	/* Set by the device before pop(): an array of `segment_max` elements, each `segment_stride` bytes after
	 * the one before. A chain of more segments breaks the queue, so drivers have to know the limit: by
	 * the queue's size, or as seg_max of a block device. */
	uint32_t segment_stride;
	struct vr_virtio_segment *segment;
	uint32_t segment_max;
	/* Set by pop(). */
	uint32_t head; /* the first descriptor */
	uint32_t out, in;
	uint64_t out_bytes, in_bytes; /* of all the segments, at most 2^32 - 1 each */
	uint64_t life;                /* the transport's */
};

/* What a transport does for its device. */
struct vr_virtio_host {
	uint32_t size;
	uint32_t reserved;
	/* The next buffer of a queue: 1; 0: there is none, or the queue does not run. VR_E_STATE: the ring is
	 * broken, which the driver has been told; nothing comes until it resets the device. [any] */
	int32_t(VR_CALL *pop)(struct vr_virtio_transport *t, uint32_t queue, struct vr_virtio_buffer *b);
	/* Gives the buffer that was popped last back as if it had not been. [any] */
	void(VR_CALL *unpop)(struct vr_virtio_transport *t, uint32_t queue, const struct vr_virtio_buffer *b);
	/* Gives a buffer back as used, in any order. `written`: so many bytes, from the front, of the `in` segments
	 * are as the device wants them (2.7.8); accelerators are told of those. A buffer from before the queue
	 * was stopped is dropped. The driver learns of it by signal(). [any] */
	void(VR_CALL *push)(struct vr_virtio_transport *t, uint32_t queue, const struct vr_virtio_buffer *b,
			    uint32_t written);
	/* The first `bytes` of the `in` segments have been written to, more than push() will say. [any] */
	void(VR_CALL *touched)(struct vr_virtio_transport *t, const struct vr_virtio_buffer *b,
			       uint64_t bytes);
	/* Interrupts the driver for what was pushed to a queue since the last call, if it wants that (2.7.7).
	 * Which line or vector that is, is the transport's. [any] */
	void(VR_CALL *signal)(struct vr_virtio_transport *t, uint32_t queue);
	/* The driver need not notify while the device looks anyway (2.7.10) / has to again; 1: a buffer came in
	 * between, look again. [any] */
	void(VR_CALL *quiet)(struct vr_virtio_transport *t, uint32_t queue);
	uint32_t(VR_CALL *listen)(struct vr_virtio_transport *t, uint32_t queue);
	/* Copies from the `out` segments / to the `in` segments, beginning at byte `offset`. The number of bytes
	 * that there were. [any] */
	uint64_t(VR_CALL *read)(struct vr_virtio_transport *t, const struct vr_virtio_buffer *b,
				uint64_t offset, void *to, uint64_t length);
	uint64_t(VR_CALL *write)(struct vr_virtio_transport *t, const struct vr_virtio_buffer *b,
				 uint64_t offset, const void *from, uint64_t length);
	/* The configuration space is another one now, and config_generation() as well: the driver is
	 * interrupted. [any] */
	void(VR_CALL *config_changed)(struct vr_virtio_transport *t);
	/* The device can't go on: DEVICE_NEEDS_RESET (2.1.2). [any] */
	void(VR_CALL *broken)(struct vr_virtio_transport *t);
};

/* For create(). */
struct vr_virtio_config {
	uint32_t size;
	uint32_t
		index; /* of its back end: disk number, console port; 0 for a type that the board does not know */
	const char *type;                  /* lives as long as the device */
	const struct vr_virtio_host *host; /* both live as long as the device */
	struct vr_virtio_transport *transport;
};

/* notify() only wakes a thread, or is as quick: it may be called on the core's I/O thread, and the vCPU goes
 * on meanwhile. Without: notify() does the work itself, and only on the vCPU's thread, since all devices
 * share the I/O thread. */
#define VR_VIRTIO_WAKES 1u

/* What a device is. It does not change. */
struct vr_virtio_info {
	uint32_t size;
	uint32_t device_id;     /* 5 Device Types */
	uint64_t features[2];   /* offered: bits 0..63, 64..127; those of the transport are zero */
	uint32_t flags;         /* VR_VIRTIO_WAKES */
	uint32_t queue_count;   /* 1..VR_VIRTIO_QUEUES_MAX */
	uint32_t config_length; /* bytes of the configuration space; what is past it reads as zeros */
	uint32_t shared_count;  /* shared-memory regions, at most VR_VIRTIO_SHARED_MAX */
};

/* A shared-memory region (2.10): memory that is not the driver's RAM and that both sides see. */
struct vr_virtio_shared {
	uint32_t size;
	uint32_t id;     /* what the device type calls it: shmid */
	uint64_t length; /* bytes, a multiple of 64 KiB */
};

struct vr_virtio_maker {
	uint32_t size;
	uint32_t reserved;
	const char *types; /* comma-separated: "virtio-blk,virtio-rng"; others' are reverse-DNS ids */
	/* Makes a device of a type, and fills *info. `config` is copied if it is needed later; what it points
	 * to stays. No queue runs yet. [main][quiesced] */
	int32_t(VR_CALL *create)(struct vr_plugin_self *self, const struct vr_virtio_config *config,
				 struct vr_virtio_info *info, struct vr_virtio_device **device);
	/* All queues have been stopped. [quiesced] */
	void(VR_CALL *destroy)(struct vr_virtio_device *device);
	/* The most entries of a queue: a power of two, at most VR_VIRTIO_QUEUE_SIZE_MAX. [main] */
	uint32_t(VR_CALL *queue_size)(struct vr_virtio_device *device, uint32_t queue);
	/* A queue runs from here on; a notify() follows. / It does not run any more: returns, within bounded time,
	 * when none of its buffers is in use (2.6.1, 2.4); those that have not been pushed are forgotten. Both
	 * optional; queue_stop() is not when the device keeps buffers after notify(). [vcpu][quiesced] */
	int32_t(VR_CALL *queue_start)(struct vr_virtio_device *device, uint32_t queue);
	void(VR_CALL *queue_stop)(struct vr_virtio_device *device, uint32_t queue);
	/* The driver made buffers available in a queue that runs, or may have. [vcpu], with VR_VIRTIO_WAKES
	 * [any] */
	void(VR_CALL *notify)(struct vr_virtio_device *device, uint32_t queue);
	/* What was negotiated, the transport's bits as well (3.1.1). Negative: this device can't work so, and
	 * FEATURES_OK stays clear; needs no error text. Optional. [vcpu][quiesced] */
	int32_t(VR_CALL *features)(struct vr_virtio_device *device, uint64_t low, uint64_t high);
	/* The driver resets the device: as after create(). All queues have been stopped. Optional.
	 * [vcpu][quiesced] */
	void(VR_CALL *reset)(struct vr_virtio_device *device);

	/* `length` bytes (1, 2, 4 or 8) of the configuration space at `offset`, little-endian; inside of it.
	 * Needed where config_length is not 0. [vcpu] */
	void(VR_CALL *config_read)(struct vr_virtio_device *device, uint32_t offset, void *to,
				   uint32_t length);
	/* The driver writes there. Optional: nothing there can be written. [vcpu] */
	void(VR_CALL *config_write)(struct vr_virtio_device *device, uint32_t offset, const void *from,
				    uint32_t length);
	/* Another number whenever the configuration space became another one, and in the same moment (under one
	 * lock): a driver that read parts of two sees it (2.5.3). Optional: it never changes by itself. [vcpu] */
	uint32_t(VR_CALL *config_generation)(struct vr_virtio_device *device);

	/* The i-th shared-memory region / it is there, zeros: *m, which the transport maps, with VR_MAP_WRITE, until
	 * destroy() has returned. The device says by vmrun.memory/1's written() what it writes there. Needed where
	 * shared_count is not 0. [main][quiesced] */
	int32_t(VR_CALL *shared)(struct vr_virtio_device *device, uint32_t i, struct vr_virtio_shared *out);
	void(VR_CALL *shared_at)(struct vr_virtio_device *device, uint32_t i, const struct vr_mapping *m);

	/* Before and after the transport's state is taken (state_virtio.h): when pause() returns no buffer is in
	 * use, each was pushed or given back by unpop(), and none is taken until resume(). Optional for a device
	 * that keeps no buffers after notify(). [quiesced] */
	void(VR_CALL *pause)(struct vr_virtio_device *device);
	void(VR_CALL *resume)(struct vr_virtio_device *device);
	/* What a device has of its own, beside features and queues: `length` bytes at `state`, as board.h has it.
	 * get: the number of bytes of that state; fills them when it is given as many. Both optional: it has
	 * none. [quiesced] */
	int32_t(VR_CALL *get_state)(struct vr_virtio_device *device, void *state, uint32_t length);
	int32_t(VR_CALL *set_state)(struct vr_virtio_device *device, const void *state, uint32_t length);
};

#ifdef __cplusplus
}
#endif

#endif
