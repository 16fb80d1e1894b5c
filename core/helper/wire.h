/* SPDX-License-Identifier: MIT */
/*
 * wire.h: what goes over the sockets between the machine process, the spawner and helper processes.
 *
 * Both are SOCK_SEQPACKET socket pairs: a packet arrives whole or not at all, and the end of either process
 * is an end of file for the other.
 *
 * Control socket, machine process <-> spawner: struct helper_order one way, struct helper_notice the other,
 * always of exactly that size. The answer to ORDER_START brings the machine's end of the new helper's
 * channel, then the window if one was asked for.
 *
 * Channel, machine process <-> helper: struct helper_packet, then `length` bytes. The order is
 *
 *     machine -> helper   BEGIN (the configuration; total: bytes of the state), STATE ..., then MESSAGE and
 *                         GET_STATE as it likes, then its end of the channel is shut down
 *     helper -> machine   READY, or REFUSED (code, text); then MESSAGE, and one answer to each GET_STATE:
 *                         STATE ... until `total` bytes have come, or NO_STATE (code)
 *
 * STATE packets come in the order of their offsets, without a gap. The magic number has the version of the
 * format in it: the processes are forked from each other, so another number is an attack or a fault.
 */
#ifndef HELPER_WIRE_H
#define HELPER_WIRE_H

#include <stdint.h>
#include <vmrun/helper.h>

#define HELPER_MAGIC 0x31504856u /* "VHP1" */
#define HELPER_ID_SIZE 68u       /* of a plugin's id with its NUL; a multiple of 4 */

enum { ORDER_START = 1, ORDER_KILL };
struct helper_order {
	uint32_t magic, kind, serial, reserved;
	uint64_t window;
	char id[HELPER_ID_SIZE]; /* ORDER_START: the plugin */
	uint32_t reserved2;
};

enum { NOTICE_STARTED = 1, NOTICE_REFUSED, NOTICE_ENDED };
struct helper_notice {
	uint32_t magic, kind, serial;
	uint32_t how;   /* ENDED: VR_HELPER_EXITED or VR_HELPER_SIGNALED */
	int32_t status; /* ENDED; REFUSED: a code of errors.def */
	uint32_t reserved;
	char text[112]; /* REFUSED */
};

enum {
	PACKET_BEGIN = 1,
	PACKET_STATE,
	PACKET_MESSAGE,
	PACKET_GET_STATE,
	PACKET_READY,
	PACKET_REFUSED,
	PACKET_NO_STATE
};
struct helper_packet {
	uint32_t magic, kind, length;
	int32_t code;    /* REFUSED, NO_STATE */
	uint32_t total;  /* BEGIN, STATE: bytes of the whole state */
	uint32_t offset; /* STATE */
};
struct helper_packet_buffer {
	struct helper_packet packet;
	uint8_t bytes[VR_HELPER_MESSAGE_MAX];
};

/* A state that comes in packets. */
struct helper_state {
	uint8_t *bytes;
	uint32_t length, total;
};

/* Sends one packet whole, with at most two descriptors. wait: until there is room, for `milliseconds` (-1:
 * for ever), else VR_E_AGAIN. VR_E_STATE: the other side is gone. No error text. */
int32_t wire_send(int socket, const struct helper_packet *p, const void *bytes, int descriptor,
		  int milliseconds);
int32_t wire_send_control(int socket, const void *record, uint32_t size, const int *descriptors,
			  uint32_t count);
/* The next packet, if there is one: 1; 0: none; VR_E_STATE: the other side is gone; VR_E_INVAL: it is no
 * packet. *descriptor: -1, or the caller's; it is -1 as well when this process can open no more files. Does
 * not wait. */
int32_t wire_receive(int socket, struct helper_packet_buffer *b, int *descriptor);
/* The same for a record of the control socket; up to two descriptors, -1 where there is none. */
int32_t wire_receive_control(int socket, void *record, uint32_t size, int descriptors[2]);
/* Waits until the socket is readable: 1, 0 after so many milliseconds (-1: never). */
int32_t wire_wait(int socket, int milliseconds);

/* Sends a whole state in packets. */
int32_t wire_send_state(int socket, const uint8_t *state, uint32_t total, int milliseconds);
/* Takes a PACKET_STATE: 1: that was the last; 0; VR_E_INVAL: it does not fit what came before; VR_E_NOMEM. */
int32_t wire_take_state(struct helper_state *s, const struct helper_packet_buffer *b);

#endif
