/* SPDX-License-Identifier: MIT */
/*
 * console.c: the user's side of port 0, vmrun.console/1.
 *
 * One thread polls: it reads stdin into a ring that devices take from, writes out what devices left in the
 * output buffer (so a vCPU never waits for a slow terminal unless 64 KiB are pending), and gets the
 * process's signals. Further ports lead nowhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "machine/parts.h"
#include "util/error.h"
#include "util/log.h"

#define ESCAPE 0x01 /* Ctrl-A */
/* poll() promises room for this much in a pipe; more could block. */
#define CHUNK 4096u

int32_t vr_console_init(struct vr_console *c, bool script)
{
	pthread_condattr_t a;

	memset(c, 0, sizeof(*c));
	/* Were one of them closed, the next file to be opened (a disk!) would take its place. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) /* the lowest free one */
			return vr_error_set(VR_E_IO, "console: /dev/null: %s", strerror(errno));
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&c->room, &a);
	pthread_condattr_destroy(&a);
	c->in = STDIN_FILENO;
	c->out = STDOUT_FILENO;
	c->signals = -1;
	c->script_wanted = script;
	c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->output = malloc(VR_CONSOLE_OUTPUT);
	c->ready = true;
	if (c->event < 0 || !c->output)
		return vr_error_set(VR_E_NOMEM, "console: %s", strerror(errno));
	return VR_OK;
}

static void wake(struct vr_console *c)
{
	uint64_t one = 1;
	ssize_t ignored = write(c->event, &one, sizeof(one)); /* full: it is awake anyway */

	(void)ignored;
}

/* ---- output -------------------------------------------------------------------------------- */
/* Append to the buffer; waits for room, but not once the machine ends. Lock held. */
static void append(struct vr_console *c, const uint8_t *bytes, uint32_t n)
{
	while (n) {
		uint32_t room = VR_CONSOLE_OUTPUT - c->output_count;
		uint32_t at = (c->output_head + c->output_count) % VR_CONSOLE_OUTPUT;
		uint32_t k = n < room ? n : room;

		if (!room) {
			if (!c->started || c->closing || c->hurry)
				return;
			pthread_cond_wait(&c->room, &c->lock);
			continue;
		}
		if (k > VR_CONSOLE_OUTPUT - at)
			k = VR_CONSOLE_OUTPUT - at;
		memcpy(c->output + at, bytes, k);
		if (!c->output_count && c->started)
			wake(c);
		c->output_count += k;
		bytes += k;
		n -= k;
	}
}

void vr_console_write(struct vr_console *c, const uint8_t *bytes, uint32_t n)
{
	pthread_mutex_lock(&c->lock);
	if (!c->script_wanted)
		append(c, bytes, n);
	while (c->script_wanted && n) {
		uint8_t out[VR_SCRIPT_ROOM(512)];
		uint32_t k = n < 512 ? n : 512;

		append(c, out, vr_script_filter(&c->script, bytes, k, out));
		bytes += k;
		n -= k;
	}
	pthread_mutex_unlock(&c->lock);
}

/* Write one piece; called without the lock by the one thread that takes from the buffer. */
static bool write_some(struct vr_console *c)
{
	uint32_t head, n;
	ssize_t k;

	pthread_mutex_lock(&c->lock);
	head = c->output_head;
	n = c->output_count < CHUNK ? c->output_count : CHUNK;
	if (n > VR_CONSOLE_OUTPUT - head)
		n = VR_CONSOLE_OUTPUT - head;
	pthread_mutex_unlock(&c->lock);
	if (!n)
		return false;
	k = write(c->out, c->output + head, n);
	if (k < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (k <= 0)
		k = (ssize_t)n; /* nobody listens any more: as if written */
	pthread_mutex_lock(&c->lock);
	c->output_head = (head + (uint32_t)k) % VR_CONSOLE_OUTPUT;
	c->output_count -= (uint32_t)k;
	pthread_cond_broadcast(&c->room);
	pthread_mutex_unlock(&c->lock);
	return true;
}

/* The user wants an end: vCPUs that wait for a terminal that takes nothing must not hold it up. */
static void user_ends(struct vr_console *c, int32_t status)
{
	pthread_mutex_lock(&c->lock);
	c->hurry = true;
	pthread_cond_broadcast(&c->room);
	pthread_mutex_unlock(&c->lock);
	if (c->end)
		c->end(c->end_opaque, status);
}

/* ---- input --------------------------------------------------------------------------------- */
static void help(struct vr_console *c)
{
	static const char text[] = "\r\nCtrl-A x       end the machine\r\n"
				   "Ctrl-A Ctrl-A  send Ctrl-A to the guest\r\n"
				   "Ctrl-A h       this help\r\n";

	pthread_mutex_lock(&c->lock);
	/* This thread is the one that makes room, so it can't wait for it. */
	if (VR_CONSOLE_OUTPUT - c->output_count >= sizeof(text) - 1)
		append(c, (const uint8_t *)text, sizeof(text) - 1);
	pthread_mutex_unlock(&c->lock);
}

uint32_t vr_console_scan(struct vr_console *c, const uint8_t *in, uint32_t n, uint8_t *out)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!c->escape) {
			if (in[i] == ESCAPE)
				c->escape = true;
			else
				out[k++] = in[i];
			continue;
		}
		c->escape = false;
		switch (in[i]) {
		case ESCAPE:
		case 'a':
			out[k++] = ESCAPE;
			break;
		case 'x':
		case 'X':
			user_ends(c, 0);
			break;
		case 'h':
		case 'H':
		case '?':
			help(c);
			break;
		default:
			/* Not a command of ours: the guest gets both, as it was typed. */
			out[k++] = ESCAPE;
			out[k++] = in[i];
		}
	}
	return k;
}

/* Lock held. */
static uint32_t input_room(const struct vr_console *c)
{
	return VR_CONSOLE_INPUT - c->input_count;
}

static void take_input(struct vr_console *c)
{
	uint8_t raw[256], bytes[512];
	uint32_t n, listeners;
	ssize_t k = read(c->in, raw, sizeof(raw));

	if (k < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (k <= 0) {
		c->eof = true; /* the guest goes on without input */
		return;
	}
	n = (uint32_t)k;
	if (c->interactive)
		n = vr_console_scan(c, raw, n, bytes);
	else
		memcpy(bytes, raw, n);
	pthread_mutex_lock(&c->lock);
	for (uint32_t i = 0; i < n && input_room(c); i++) {
		c->input[(c->input_head + c->input_count) % VR_CONSOLE_INPUT] = bytes[i];
		c->input_count++;
	}
	listeners = c->listeners;
	pthread_mutex_unlock(&c->lock);
	for (uint32_t i = 0; n && i < listeners; i++)
		c->listener[i].fn(c->listener[i].opaque);
}

uint32_t vr_console_read(struct vr_console *c, uint8_t *bytes, uint32_t n)
{
	uint32_t k = 0;
	bool had_room;

	pthread_mutex_lock(&c->lock);
	had_room = input_room(c) >= 512;
	while (k < n && c->input_count) {
		bytes[k++] = c->input[c->input_head];
		c->input_head = (c->input_head + 1) % VR_CONSOLE_INPUT;
		c->input_count--;
	}
	if (!had_room && input_room(c) >= 512)
		wake(c);
	pthread_mutex_unlock(&c->lock);
	return k;
}

int32_t vr_console_listen(struct vr_console *c, void(VR_CALL *fn)(void *opaque), void *opaque)
{
	int32_t rc = VR_OK;
	bool pending;

	pthread_mutex_lock(&c->lock);
	pending = c->input_count != 0;
	if (c->listeners == VR_CONSOLE_LISTENERS) {
		rc = VR_E_RANGE;
	} else {
		c->listener[c->listeners].fn = fn;
		c->listener[c->listeners].opaque = opaque;
		c->listeners++;
	}
	pthread_mutex_unlock(&c->lock);
	if (rc < 0)
		return vr_error_set(rc, "console: too many devices want its input");
	if (pending)
		fn(opaque);
	return VR_OK;
}

/* ---- signals ------------------------------------------------------------------------------- */
/* A handler and not a blocked mask: libraries of plugins have threads that know of no mask of ours. */
static const int asked_to_end[] = {SIGINT, SIGTERM, SIGHUP};
#define SIGNALS (sizeof(asked_to_end) / sizeof(asked_to_end[0]))
static struct sigaction before[SIGNALS], before_pipe;
static _Atomic int last_signal; /* lock-free, so a handler may */
static _Atomic int signal_event = -1;

static void on_signal(int signal_number)
{
	int e = errno;
	uint64_t one = 1;
	ssize_t ignored;

	last_signal = signal_number;
	ignored = write(signal_event, &one, sizeof(one));
	(void)ignored;
	errno = e;
}

static void signals_catch(struct vr_console *c)
{
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	c->signals = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->signals < 0)
		return;
	signal_event = c->signals;
	for (size_t i = 0; i < SIGNALS; i++) {
		sigaction(asked_to_end[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN) /* nohup */
			sigaction(asked_to_end[i], &act, NULL);
	}
	sigaction(SIGPIPE, &ignore, &before_pipe); /* a closed stdout is no reason to lose a guest */
}

static void signals_release(struct vr_console *c)
{
	if (c->signals < 0)
		return;
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(asked_to_end[i], &before[i], NULL);
	sigaction(SIGPIPE, &before_pipe, NULL);
	signal_event = -1;
	close(c->signals);
	c->signals = -1;
}

static void take_signal(struct vr_console *c)
{
	int signal_number = last_signal;
	uint64_t count;

	if (read(c->signals, &count, sizeof(count)) != (ssize_t)sizeof(count))
		return;
	if (c->signals_seen++ || count > 1) {
		/* Asked twice: the machine doesn't end by itself. */
		vr_console_terminal_restore();
		_exit(128 + signal_number);
	}
	user_ends(c, 128 + signal_number);
}

/* ---- the thread ---------------------------------------------------------------------------- */
static void *console_main(void *arg)
{
	struct vr_console *c = arg;

	for (;;) {
		struct pollfd p[4] = {{.fd = c->event, .events = POLLIN},
				      {.fd = c->signals, .events = POLLIN}};
		bool closing, pending, room;

		pthread_mutex_lock(&c->lock);
		closing = c->closing;
		pending = c->output_count != 0;
		room = input_room(c) >= 512; /* a read of 256 bytes may grow by commands that are none */
		pthread_mutex_unlock(&c->lock);
		if (closing)
			break;
		p[2].fd = !c->eof && room ? c->in : -1;
		p[2].events = POLLIN;
		p[3].fd = pending ? c->out : -1;
		p[3].events = POLLOUT;
		if (poll(p, 4, -1) < 0 && errno != EINTR)
			break;
		if (p[0].revents) {
			uint64_t count;
			ssize_t ignored = read(c->event, &count, sizeof(count));

			(void)ignored;
		}
		if (p[1].revents & POLLIN)
			take_signal(c);
		if (p[3].revents)
			write_some(c);
		if (p[2].revents)
			take_input(c);
	}
	return NULL;
}

int32_t vr_console_start(struct vr_console *c, struct vr_sandbox *s)
{
	int32_t rc;

	signals_catch(c);
	/* A script's stdin is the caller's, not the command's. */
	if (c->script_wanted)
		c->eof = true;
	else if (isatty(c->in))
		vr_console_terminal_raw(c);
	c->started = true;
	rc = vr_thread_start(&c->thread, s, "vmrun-console", console_main, c);
	if (rc < 0) {
		c->started = false;
		vr_console_terminal_restore();
		signals_release(c);
	}
	return rc;
}

/* What is left is written, unless nobody takes any of it for two seconds. */
static void drain(struct vr_console *c)
{
	uint64_t give_up = vr_clock_monotonic() + 2000000000ull;

	for (;;) {
		struct pollfd p = {.fd = c->out, .events = POLLOUT};
		uint64_t now = vr_clock_monotonic();

		if (now >= give_up)
			break;
		if (poll(&p, 1, 100) <= 0)
			continue;
		if (!write_some(c))
			break;
		give_up = now + 2000000000ull;
	}
}

void vr_console_stop(struct vr_console *c)
{
	if (!c->ready || c->closing)
		return;
	pthread_mutex_lock(&c->lock);
	c->closing = true;
	pthread_cond_broadcast(&c->room);
	pthread_mutex_unlock(&c->lock);
	wake(c);
	if (c->started)
		pthread_join(c->thread, NULL);
	c->started = false;
	drain(c);
	if (c->script_wanted) {
		uint8_t rest[VR_SCRIPT_ROOM(0)];

		pthread_mutex_lock(&c->lock);
		append(c, rest, vr_script_finish(&c->script, rest));
		pthread_mutex_unlock(&c->lock);
		drain(c);
	}
	vr_console_terminal_restore();
	signals_release(c);
}

void vr_console_free(struct vr_console *c)
{
	if (!c->ready)
		return;
	vr_console_stop(c);
	if (c->event >= 0)
		close(c->event);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->room);
	free(c->output);
	c->output = NULL;
	c->ready = false;
}

/* ---- the table ----------------------------------------------------------------------------- */
static void VR_CALL console_write(const struct vr_host *host, uint32_t port, const void *bytes, uint32_t n)
{
	struct vr_machine *m = vr_machine_of(host);

	if (m && port == 0 && bytes && n)
		vr_console_write(&m->console, bytes, n);
}

static uint32_t VR_CALL console_read(const struct vr_host *host, uint32_t port, void *bytes, uint32_t n)
{
	struct vr_machine *m = vr_machine_of(host);

	return m && port == 0 && bytes ? vr_console_read(&m->console, bytes, n) : 0;
}

static int32_t VR_CALL console_on_input(const struct vr_host *host, uint32_t port,
					void(VR_CALL *fn)(void *opaque), void *opaque)
{
	struct vr_machine *m = vr_machine_of(host);

	if (!m || !fn)
		return vr_error_set(VR_E_INVAL, "console: no machine, or no function to call");
	return port == 0 ? vr_console_listen(&m->console, fn, opaque) : VR_OK;
}

const struct vr_host_console vr_console_table = {
	.size = sizeof(struct vr_host_console),
	.write = console_write,
	.read = console_read,
	.on_input = console_on_input,
};
