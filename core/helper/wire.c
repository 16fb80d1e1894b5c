/* SPDX-License-Identifier: MIT */
/* wire.c: packets and the descriptors that come with them. What came is checked here, after it was copied. */
#include "helper/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 2u

/* Room for the descriptors of one packet, aligned as cmsg(3) asks for. */
union ancillary {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* poll() for one event, also when signals come. */
static int32_t wait_for(int socket, short events, int milliseconds)
{
	int64_t end = now_ms() + milliseconds;
	struct pollfd p = {.fd = socket, .events = events};

	for (;;) {
		int64_t left = end - now_ms();
		int n = poll(&p, 1, milliseconds < 0 ? -1 : left > 0 ? (int)left : 0);

		if (n >= 0)
			return n;
		if (errno != EINTR)
			return 1; /* the next call on the socket says what is wrong */
	}
}

int32_t wire_wait(int socket, int milliseconds)
{
	return wait_for(socket, POLLIN, milliseconds);
}

static int32_t send_parts(int socket, struct iovec *v, size_t parts, const int *descriptors, uint32_t count,
			  int milliseconds)
{
	union ancillary a = {.bytes = {0}};
	struct msghdr m = {.msg_iov = v, .msg_iovlen = parts};

	if (count) {
		m.msg_control = a.bytes;
		m.msg_controllen = CMSG_SPACE(count * sizeof(int));
		a.header.cmsg_level = SOL_SOCKET;
		a.header.cmsg_type = SCM_RIGHTS;
		a.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&a.header), descriptors, count * sizeof(int));
	}
	for (;;) {
		if (sendmsg(socket, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return VR_OK;
		if (errno == EINTR)
			continue;
		if (errno == EBADF)
			return VR_E_INVAL; /* of `descriptors` */
		if (errno != EAGAIN && errno != ENOBUFS)
			return VR_E_STATE;
		if (!milliseconds || wait_for(socket, POLLOUT, milliseconds) == 0)
			return VR_E_AGAIN;
	}
}

int32_t wire_send(int socket, const struct helper_packet *p, const void *bytes, int descriptor,
		  int milliseconds)
{
	struct helper_packet header = *p;
	struct iovec v[2] = {{.iov_base = &header, .iov_len = sizeof(header)},
			     {.iov_base = (void *)(uintptr_t)bytes, .iov_len = p->length}};

	header.magic = HELPER_MAGIC;
	return send_parts(socket, v, p->length ? 2 : 1, &descriptor, descriptor >= 0, milliseconds);
}

int32_t wire_send_control(int socket, const void *record, uint32_t size, const int *descriptors,
			  uint32_t count)
{
	struct iovec v = {.iov_base = (void *)(uintptr_t)record, .iov_len = size};

	return send_parts(socket, &v, 1, descriptors, count, -1);
}

/* The descriptors that came with m; those that find no place are closed. How many came. */
static uint32_t take_descriptors(struct msghdr *m, int *descriptors, uint32_t capacity)
{
	uint32_t n = 0, all = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++, all++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (n < capacity)
				descriptors[n++] = fd;
			else
				close(fd);
		}
	}
	return all;
}

/* The bytes of one packet: how many, 0: none, VR_E_STATE: the end, VR_E_INVAL: longer than `size`, or with
 * more descriptors than any packet has. Where this process can open no more files (EMFILE), descriptors are
 * left out, and the packet comes without them. */
static int32_t receive(int socket, void *to, size_t size, int *descriptors, uint32_t capacity)
{
	union ancillary a;
	struct iovec v = {.iov_base = to, .iov_len = size};
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = a.bytes, .msg_controllen = sizeof(a.bytes)};
	uint32_t came;
	ssize_t n;

	for (uint32_t i = 0; i < capacity; i++)
		descriptors[i] = -1;
	/* ECONNRESET: the other side ended and had not read all. What it sent before that is still to come.
	 */
	do {
		n = recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		return VR_E_STATE;
	came = take_descriptors(&m, descriptors, capacity);
	/* A packet without a byte looks like the end, but it can bring descriptors. */
	if (n == 0)
		return came || m.msg_flags & MSG_CTRUNC ? VR_E_INVAL : VR_E_STATE;
	/* MSG_CTRUNC has two reasons: no room in `a`, which is full then, or EMFILE. */
	if (m.msg_flags & MSG_TRUNC || (m.msg_flags & MSG_CTRUNC && came == DESCRIPTORS_MAX))
		return VR_E_INVAL;
	return (int32_t)n;
}

static void drop(int *descriptors, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (descriptors[i] >= 0)
			close(descriptors[i]);
		descriptors[i] = -1;
	}
}

int32_t wire_receive(int socket, struct helper_packet_buffer *b, int *descriptor)
{
	int32_t n = receive(socket, b, sizeof(*b), descriptor, 1);

	if (n == 0 || n == VR_E_STATE)
		return n;
	if (n < (int32_t)sizeof(b->packet) || b->packet.magic != HELPER_MAGIC ||
	    b->packet.length != (uint32_t)n - sizeof(b->packet)) {
		drop(descriptor, 1);
		return VR_E_INVAL;
	}
	return 1;
}

int32_t wire_receive_control(int socket, void *record, uint32_t size, int descriptors[2])
{
	int32_t n = receive(socket, record, size, descriptors, 2);
	uint32_t magic = 0;

	if (n == 0 || n == VR_E_STATE)
		return n;
	if (n == (int32_t)size)
		memcpy(&magic, record, sizeof(magic));
	if (n != (int32_t)size || magic != HELPER_MAGIC) {
		drop(descriptors, 2);
		return VR_E_INVAL;
	}
	return 1;
}

int32_t wire_send_state(int socket, const uint8_t *state, uint32_t total, int milliseconds)
{
	struct helper_packet p = {.kind = PACKET_STATE, .total = total};
	int32_t rc;

	do {
		uint32_t left = total - p.offset;

		p.length = left < VR_HELPER_MESSAGE_MAX ? left : VR_HELPER_MESSAGE_MAX;
		rc = wire_send(socket, &p, state + p.offset, -1, milliseconds);
		p.offset += p.length;
	} while (rc == VR_OK && p.offset < total);
	return rc;
}

int32_t wire_take_state(struct helper_state *s, const struct helper_packet_buffer *b)
{
	const struct helper_packet *p = &b->packet;

	if (p->offset != s->length || p->total > VR_HELPER_STATE_MAX || (s->length && p->total != s->total) ||
	    p->length > p->total - p->offset || (!p->length && p->total))
		return VR_E_INVAL;
	if (!s->length) {
		free(s->bytes);
		s->bytes = malloc(p->total ? p->total : 1);
		s->total = p->total;
		if (!s->bytes)
			return VR_E_NOMEM;
	}
	memcpy(s->bytes + s->length, b->bytes, p->length);
	s->length += p->length;
	return s->length == s->total;
}
