/* SPDX-License-Identifier: MIT */
/*
 * block.h: disks: how a device makes requests of one (vmrun.disks/1), and how a plugin offers one
 * (vmrun.block/1): a disk format, a remote disk, a disk in memory.
 *
 * Both are one thing, struct vr_block_ops on a struct vr_block: a device can't tell whether a disk is a file that
 * the core opened or a plugin's. Requests are asynchronous: submit() takes one and returns, complete() says
 * that it is done, on any thread. Requests that are in flight at once are carried out in any order. A flush
 * covers the writes that were complete before it was submitted; one that has to follow others is submitted when
 * those are complete (Virtio 1.2, 5.2.6.2, asks for no more).
 */
#ifndef VMRUN_BLOCK_H
#define VMRUN_BLOCK_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An element of arrays whose stride is given with them. */
struct vr_iovec {
	void *base;
	uint64_t length;
};

#define VR_BLOCK_READ 0u
#define VR_BLOCK_WRITE 1u
#define VR_BLOCK_FLUSH 2u   /* what was written is on the medium */
#define VR_BLOCK_DISCARD 3u /* a hint: the range is no longer needed */
#define VR_BLOCK_ZERO 4u    /* the range reads as zeros */

#define VR_BLOCK_FUA 1u /* of a write or zero: it is on the medium when it is complete, as after a flush */

struct vr_block; /* opaque: a disk, its back end's */

/* The caller's from complete() on, and before submit(); the disk's between. */
struct vr_block_request {
	uint32_t size;
	uint32_t op;     /* VR_BLOCK_READ .. VR_BLOCK_ZERO */
	uint64_t offset; /* bytes, a multiple of 512 */
	uint64_t length; /* bytes, a multiple of 512; of a read or write also the sum of the vector's */
	const struct vr_iovec
		*v; /* of a read or write: `count` elements, each `stride` bytes after the one before */
	uint32_t count, stride;
	uint32_t flags; /* VR_BLOCK_FUA */
	uint32_t reserved;
	/* Called once for each submit(), on any thread, perhaps before that has returned. result: VR_OK, or an
	 * error without a text: VR_E_RANGE, VR_E_PERM (read-only), VR_E_IO (also of a request that was cancelled).
	 * It may submit requests, this one again as well. [any] */
	void(VR_CALL *complete)(struct vr_block_request *r, int32_t result);
	/* The disk's while it has the request. */
	void *link[4];
};

#define VR_BLOCK_READONLY 1u
#define VR_BLOCK_CAN_DISCARD 2u /* VR_BLOCK_DISCARD and VR_BLOCK_ZERO work */
struct vr_block_info {
	uint32_t size;
	uint32_t flags;   /* VR_BLOCK_READONLY, VR_BLOCK_CAN_DISCARD */
	uint64_t length;  /* bytes; a multiple of 512 */
	const char *name; /* for messages: a file's name as given; the disk's */
};

struct vr_block_ops {
	uint32_t size;
	uint32_t reserved;
	/* Its size and what it can do, the same each time. [any] */
	int32_t(VR_CALL *info)(struct vr_block *b, struct vr_block_info *out);
	/* Takes a request; an error is complete()'s. [any] */
	void(VR_CALL *submit)(struct vr_block *b, struct vr_block_request *r);
	/* Breaks requests off: those that have not begun fail, those under way end soon, as they come. When it
	 * returns none is in flight, all have been completed. Not from within complete(), and not while another
	 * thread submits, but for a complete(): what it submits meanwhile is broken off as well. Waits no longer than one system call of the host's takes. [any, may block] */
	void(VR_CALL *cancel)(struct vr_block *b);
	/* The machine ends: every request fails from here on, also those under way; waits for nothing. [any] */
	void(VR_CALL *stop)(struct vr_block *b);
};

/* A disk that is there. */
struct vr_disk {
	uint32_t size;
	uint32_t reserved;
	const struct vr_block_ops *ops;
	struct vr_block *block; /* their first argument */
};

/* ---- vmrun.disks/1: the machine's disks ------------------------------------------------------- */
#define VR_DISKS_ID "vmrun.disks/1"
struct vr_host;
struct vr_host_disks {
	uint32_t size;
	uint32_t reserved;
	uint32_t(VR_CALL *count)(const struct vr_host *host); /* how many there are. [any] */
	/* The one of that number, 0 first; VR_E_NOENT: there is none. It stays until the machine's end. One
	 * device uses it. [any] */
	int32_t(VR_CALL *disk)(const struct vr_host *host, uint32_t number, struct vr_disk *out);
};

/* ---- vmrun.block/1: a plugin that is a disk ---------------------------------------------------- */
#define VR_BLOCK_ID "vmrun.block/1"
/* A plugin of class device that the user named (-p ID,OPTIONS) and that offers this is a disk of the machine, after
 * those that are files, in the order of the plugins' preference. Its options say what it is. */
struct vr_block_maker {
	uint32_t size;
	uint32_t reserved;
	/* Makes the disk: ops with info, submit, cancel and stop, which stay until close(). Files are opened
	 * now; the process may open none later. [main] */
	int32_t(VR_CALL *open)(struct vr_plugin_self *self, struct vr_disk *out);
	/* No request is in flight. What was completed stays written. [main] */
	void(VR_CALL *close)(struct vr_block *b);
};

#ifdef __cplusplus
}
#endif

#endif
