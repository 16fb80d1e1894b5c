/* SPDX-License-Identifier: MIT */
/*
 * server.c: the socket and its thread.
 *
 * The thread sleeps in poll() on the socket that listens, the one debugger that is attached, and an eventfd
 * by which vCPUs and the main thread wake it. Attaching stops the machine. A debugger that goes, by `detach`
 * or by closing the connection, takes its points with it, and the guest goes on; with -S a connection that is
 * closed leaves it standing, until the next debugger has it go on or detaches.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/error.h"
#include "gdb/session.h"
#include "util/log.h"

static void wake(struct gdb *g)
{
	uint64_t one = 1;

	if (write(g->wake, &one, sizeof(one)) < 0)
		return; /* it counts to 2^64: it is awake */
}

static const struct stop_hooks hooks = {.steps_on = gdb_steps_on, .stopped = wake};

/* ---- before the guest runs ---- */

/* The table of the first plugin that has one for this architecture. */
static const struct vr_registers *find_registers(struct machine *m)
{
	struct loaded_plugin *const from[] = {m->choice.board, m->choice.translator, m->choice.accel};

	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		const struct vr_registers *r = from[i] ? registry_interface(from[i], VR_REGISTERS_ID) : NULL;

		if (VR_HAS(r, set) && r->arch && !strcmp(r->arch, m->choice.arch))
			return r;
	}
	return NULL;
}

static int32_t find_tables(struct gdb *g)
{
	struct machine *m = g->m;

	m->debugger = registry_interface(m->choice.accel, VR_DEBUGGER_ID);
	if (!VR_HAS(m->debugger, vcpu_translate) || !VR_HAS(m->accel, vcpu_get_state))
		return vr_error_set(VR_E_UNSUPPORTED,
				    "--gdb: accelerator '%s' can't be debugged from outside (it has no %s)",
				    m->choice.accel->manifest->id, VR_DEBUGGER_ID);
	g->registers = find_registers(m);
	if (!g->registers)
		return vr_error_set(VR_E_UNSUPPORTED,
				    "--gdb: no plugin describes the registers of %s (%s): neither the board "
				    "nor the translator nor the accelerator",
				    m->choice.arch, VR_REGISTERS_ID);
	g->state = aligned_alloc(64, (g->registers->state_size + 63u) & ~63u);
	g->range.state = aligned_alloc(64, (g->registers->state_size + 63u) & ~63u);
	return g->state && g->range.state ? gdb_describe(g) : vr_error_set(VR_E_NOMEM, "out of memory");
}

int32_t gdb_open(struct machine *m, const struct machine_config *c)
{
	struct gdb *g = calloc(1, sizeof(*g));
	int32_t rc;

	if (!g)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	g->m = m;
	g->wait = c->gdb_wait;
	g->listener = g->wake = g->fd = -1;
	g->range.vcpu = -1;
	m->gdb = g;
	m->hooks = &hooks;
	rc = find_tables(g);
	if (rc == VR_OK)
		rc = gdb_address_parse(c->gdb, c->gdb_anywhere, &g->address);
	if (rc == VR_OK)
		rc = gdb_address_listen(&g->address, &g->listener);
	if (rc < 0)
		return rc;
	g->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (g->wake < 0)
		return vr_error_set(VR_E_IO, "--gdb: eventfd: %s", strerror(errno));
	if (log_get_level() >= VR_LOG_WARN)
		fprintf(stderr, "vmrun: %s gdb at %s\n", g->wait ? "waiting for" : "open to",
			g->address.name);
	return VR_OK;
}

void gdb_allow(struct gdb *g, struct sandbox *s)
{
	sandbox_allow_accept(s, g->listener);
	sandbox_keep_dumpable(s, "--gdb");
}

/* ---- a debugger comes and goes ---- */

static void send_byte(struct gdb *g, char c)
{
	if (!g->no_ack && !g->gone && send(g->fd, &c, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		g->gone = true;
}

static void attach(struct gdb *g, int fd)
{
	g->fd = fd;
	g->running = g->no_ack = g->knows_breakpoints = g->physical = g->gone = g->detached = false;
	g->thread_g = g->stopped = 0;
	g->thread_c = -1;
	g->out.length = 0;
	g->in.at = GDB_IN_IDLE;
	gdb_hold(g);
	for (uint32_t i = 0; i < g->m->vcpu_count; i++)
		if (g->m->vcpu[i].stopped)
			g->stopped = g->thread_g = i;
	log_print(VR_LOG_INFO, "a debugger is attached");
}

static void close_connection(struct gdb *g)
{
	if (g->fd < 0)
		return;
	close(g->fd);
	g->fd = -1;
	g->running = false;
	log_print(VR_LOG_INFO, "the debugger is gone");
}

static void lose(struct gdb *g)
{
	close_connection(g);
	if (!g->detached)
		gdb_leave(g, g->wait);
}

static void accept_one(struct gdb *g)
{
	int fd = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (g->fd >= 0) {
		log_print(VR_LOG_WARN, "--gdb: a debugger is attached already; another one was turned away");
		close(fd);
		return;
	}
	attach(g, fd);
}

/* ---- the thread ---- */

static void take(struct gdb *g, uint8_t byte)
{
	switch (gdb_input_byte(&g->in, byte)) {
	case GDB_PACKET_BROKEN:
		if (!g->no_ack) {
			send_byte(g, '-');
			break;
		}
		/* Without acknowledgements sums are not looked at. */
		/* fall through */
	case GDB_PACKET_COME:
		send_byte(g, '+');
		/* While the guest runs the debugger has nothing to say but that it should stop. */
		if (g->running)
			gdb_interrupt(g);
		gdb_command(g, g->in.text, g->in.length);
		break;
	case GDB_PACKET_LONG:
		send_byte(g, '+');
		gdb_output_open(&g->out);
		gdb_error(g, GDB_E_ROOM);
		gdb_output_close(&g->out);
		gdb_send(g);
		break;
	case GDB_AGAIN:
		if (!g->no_ack)
			gdb_send(g);
		break;
	case GDB_INTERRUPT:
		gdb_interrupt(g);
		break;
	case GDB_NOTHING:
		break;
	}
}

static void receive(struct gdb *g)
{
	uint8_t bytes[4096];
	ssize_t n = recv(g->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		g->gone = true;
	for (ssize_t i = 0; i < n && !g->gone; i++)
		take(g, bytes[i]);
}

static void serve(struct gdb *g)
{
	struct pollfd p[] = {{.fd = g->wake, .events = POLLIN},
			     {.fd = g->listener, .events = POLLIN},
			     {.fd = g->fd, .events = POLLIN}};
	uint64_t count;

	if (poll(p, g->fd >= 0 ? 3 : 2, -1) < 0)
		return;
	if (p[0].revents && read(g->wake, &count, sizeof(count)) == sizeof(count) && g->fd >= 0)
		gdb_look(g);
	if (p[1].revents)
		accept_one(g);
	if (p[2].revents && g->fd >= 0 && !g->gone)
		receive(g);
	if (g->gone)
		lose(g);
}

static void *gdb_main(void *arg)
{
	struct gdb *g = arg;

	while (!atomic_load(&g->finishing))
		serve(g);
	if (g->fd >= 0 && g->running) {
		gdb_output_open(&g->out);
		gdb_output_print(&g->out, "W%02x", (uint32_t)g->status & 0xff);
		gdb_output_close(&g->out);
		gdb_send(g);
	}
	close_connection(g);
	return NULL;
}

int32_t gdb_start(struct gdb *g)
{
	int32_t rc;

	for (uint32_t i = 0; g->wait && i < g->m->vcpu_count; i++)
		g->m->vcpu[i].held = true;
	rc = threads_start(&g->thread, &g->m->sandbox, "vmrun-gdb", gdb_main, g);
	g->started = rc == VR_OK;
	return rc;
}

/* ---- from other threads ---- */

void gdb_finish(struct gdb *g, int32_t status)
{
	if (!g || !g->started)
		return;
	g->status = status;
	pthread_mutex_lock(&g->m->lock);
	atomic_store(&g->finishing, true);
	pthread_cond_broadcast(&g->m->changed);
	pthread_mutex_unlock(&g->m->lock);
	wake(g);
	pthread_join(g->thread, NULL);
	g->started = false;
}

void gdb_free(struct gdb *g)
{
	if (!g)
		return;
	gdb_finish(g, 1);
	if (g->listener >= 0)
		close(g->listener);
	if (g->wake >= 0)
		close(g->wake);
	free(g->state);
	free(g->range.state);
	free(g->description);
	free(g);
}
