/* SPDX-License-Identifier: MIT */
/*
 * net.h: vmrun.net/1, back ends of network devices: where packets go and come from (a user-mode network, a tap, another
 * machine). A network device's plugin has the rings; it is given a link and knows no back end.
 *
 * A packet is one Ethernet frame without its check sequence, in pieces (struct vr_iovec, block.h), after the
 * virtio_net header (Virtio 1.2, 5.1.6) where `header` says that it has one. Nothing waits: what can't be taken now is
 * VR_E_AGAIN, and an event says when to try again, at least once after each such answer.
 *
 * Order: open, attach, then send, receive and set_offloads from any thread, then detach, close. Packets of one queue
 * stay in order; one thread at a time uses a queue in one direction.
 */
#ifndef VMRUN_NET_H
#define VMRUN_NET_H

#include <vmrun/abi.h>
#include <vmrun/block.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_NET_ID "vmrun.net/1"

struct vr_net; /* opaque: a link, its back end's */

/* What a side can take in packets; the bits are those of the virtio_net features of the same meaning (5.1.3). */
#define VR_NET_CSUM (1u << 0)  /* checksums that are not yet computed */
#define VR_NET_TSO4 (1u << 11) /* TCP over IPv4 in packets larger than the MTU */
#define VR_NET_TSO6 (1u << 12)
#define VR_NET_ECN (1u << 13)
#define VR_NET_UFO (1u << 14)

struct vr_net_info {
	uint32_t size;
	uint32_t offloads;    /* VR_NET_*: what it takes in packets that are sent to it */
	uint32_t queue_pairs; /* that it can serve at once, at least 1 */
	uint32_t mtu;         /* bytes; 0: it does not say */
	uint32_t header;      /* bytes of the virtio_net header before each packet; 0: plain frames */
	uint8_t mac[6];       /* a wish; all zeros: none */
	uint8_t reserved[2];
	uint32_t link_up; /* 1: packets go somewhere */
	uint32_t reserved2;
};

/* What a link tells its device. None may block, and none is called within a call of the device's into the link. */
struct vr_net_events {
	uint32_t size;
	uint32_t reserved;
	/* A packet can be received. [any] */
	void(VR_CALL *arrived)(void *opaque, uint32_t queue);
	/* After a send that was VR_E_AGAIN: there is room again. [any] */
	void(VR_CALL *room)(void *opaque, uint32_t queue);
	/* The link went up (1) or down (0). [any] */
	void(VR_CALL *link)(void *opaque, uint32_t up);
};

struct vr_net_ops {
	uint32_t size;
	uint32_t reserved;
	/* What it is and can do; link_up is of now. [any] */
	int32_t(VR_CALL *info)(struct vr_net *n, struct vr_net_info *out);
	/* The device is there: events come from here on; `events` and `opaque` are kept. VR_E_BUSY: it has one.
	 * [main] */
	int32_t(VR_CALL *attach)(struct vr_net *n, const struct vr_net_events *events, void *opaque);
	/* When it returns no event is under way, and none comes. [quiesced] */
	void(VR_CALL *detach)(struct vr_net *n);
	/* Takes one packet, whole, as `count` pieces, each `stride` bytes after the one before; they are the
	 * caller's again when it returns. VR_E_AGAIN: not now. VR_E_INVAL: no packet, and dropped. A link that is
	 * down takes packets and drops them. [any] */
	int32_t(VR_CALL *send)(struct vr_net *n, uint32_t queue, const struct vr_iovec *v, uint32_t count,
			       uint32_t stride);
	/* Fills the pieces with one packet: its bytes. VR_E_AGAIN: there is none. VR_E_RANGE: it is larger than
	 * these pieces, and stays; peek() says how large. [any] */
	int32_t(VR_CALL *receive)(struct vr_net *n, uint32_t queue, const struct vr_iovec *v, uint32_t count,
				  uint32_t stride);
	/* Bytes of the packet that receive() would give; VR_E_AGAIN: there is none. [any] */
	int32_t(VR_CALL *peek)(struct vr_net *n, uint32_t queue);
	/* What the device takes in packets that it receives: VR_NET_*; none until this is called. [any] */
	void(VR_CALL *set_offloads)(struct vr_net *n, uint32_t offloads);
	/* The machine ends: nothing is sent or received from here on; waits for nothing. [any] */
	void(VR_CALL *stop)(struct vr_net *n);
};

/* A link that is there. */
struct vr_link {
	uint32_t size;
	uint32_t reserved;
	const struct vr_net_ops *ops;
	struct vr_net *net; /* their first argument */
};

/* A plugin of class device that offers this is a link. Its options say what it is. */
struct vr_net_maker {
	uint32_t size;
	uint32_t reserved;
	/* Makes the link: ops that are all there, and stay until close(). Sockets and files are opened now, or by a
	 * helper process (helper.h). [main] */
	int32_t(VR_CALL *open)(struct vr_plugin_self *self, struct vr_link *out);
	/* No device is attached. [main] */
	void(VR_CALL *close)(struct vr_net *n);
};

#ifdef __cplusplus
}
#endif

#endif
