/* SPDX-License-Identifier: MIT */
/* reply.c: what every handler of packets needs: short answers, threads' numbers, and sending. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "gdb/session.h"

#define SEND_LIMIT_MS 10000

void gdb_ok(struct gdb *g)
{
	gdb_output_print(&g->out, "OK");
}

void gdb_error(struct gdb *g, uint32_t number)
{
	gdb_output_print(&g->out, "E%02x", number);
}

bool gdb_thread(const struct gdb *g, const char **at, int64_t *out)
{
	uint64_t n;

	if (!strncmp(*at, "-1", 2)) {
		*at += 2;
		*out = -1;
		return true;
	}
	if (!gdb_number(at, &n) || n > g->m->vcpu_count)
		return false;
	*out = n ? (int64_t)n - 1 : (int64_t)g->stopped; /* 0: any */
	return true;
}

/* A debugger that takes nothing is given up. */
static bool wait_until_writable(struct gdb *g)
{
	struct pollfd p = {.fd = g->fd, .events = POLLOUT};

	for (int waited = 0; waited < SEND_LIMIT_MS && !atomic_load(&g->finishing); waited += 100)
		if (poll(&p, 1, 100) > 0)
			return true;
	return false;
}

void gdb_send(struct gdb *g)
{
	uint32_t at = 0;

	while (!g->gone && at < g->out.length) {
		ssize_t n = send(g->fd, g->out.bytes + at, g->out.length - at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			at += (uint32_t)n;
		else if (n < 0 && errno != EINTR && (errno != EAGAIN || !wait_until_writable(g)))
			g->gone = true;
	}
}
