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

#include "common/error.h"
#include "machine/parts.h"
#include "machine/signals.h"
#include "util/clock.h"
#include "common/file.h"
#include "util/log.h"

#define ESCAPE 0x01 /* Ctrl-A */
/* poll() promises room for this much in a pipe; more could block. */
#define CHUNK 4096u

int32_t machine_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    file_open_plain("/dev/null", O_RDWR, 0) != fd) /* the lowest free one */
			return vr_error_set(VR_E_IO, "console: /dev/null: %s", strerror(errno));
	return VR_OK;
}

static void script_sink(void *opaque, bool output, const uint8_t *bytes, uint32_t n);

int32_t console_init(struct console *c, bool script)
{
	pthread_condattr_t a;
	int32_t rc = VR_OK;

	memset(c, 0, sizeof(*c));
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->script_lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&c->space, &a);
	pthread_condattr_destroy(&a);
	c->in = STDIN_FILENO;
	c->out = c->sink = STDOUT_FILENO;
	c->err = STDERR_FILENO;
	c->signals = -1;
	c->script_wanted = script;
	if (script)
		rc = script_init(&c->script, log_get_level() >= VR_LOG_WARN);
	c->script.sink = script_sink;
	c->script.opaque = c;
	c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->output = malloc(CONSOLE_OUTPUT);
	c->ready = true;
	if (c->event < 0 || !c->output)
		return vr_error_set(VR_E_NOMEM, "console: %s", strerror(errno));
	return rc;
}

static void wake(struct console *c)
{
	uint64_t one = 1;
	ssize_t ignored = write(c->event, &one, sizeof(one)); /* full: it is awake anyway */

	(void)ignored;
}

/* ---- output -------------------------------------------------------------------------------- */
/* May a writer wait for the console's thread? Lock held. */
static bool may_wait(const struct console *c)
{
	return c->started && !c->closing && !c->hurry;
}

/* Append to the buffer; waits for room, but not once the machine ends. How much was taken. Lock held. */
static uint32_t append(struct console *c, int sink, const uint8_t *bytes, uint32_t n)
{
	uint32_t left = n;

	/* What is in the buffer goes to one of the two: so they are written in order. */
	while (sink != c->sink && c->output_count) {
		if (!may_wait(c))
			return 0;
		pthread_cond_wait(&c->space, &c->lock);
	}
	c->sink = sink;
	if (sink == c->out && c->output_lost)
		return n;
	while (left) {
		uint32_t space = CONSOLE_OUTPUT - c->output_count;
		uint32_t at = (c->output_head + c->output_count) % CONSOLE_OUTPUT;
		uint32_t k = left < space ? left : space;

		if (!space) {
			if (!may_wait(c))
				break;
			pthread_cond_wait(&c->space, &c->lock);
			continue;
		}
		if (k > CONSOLE_OUTPUT - at)
			k = CONSOLE_OUTPUT - at;
		memcpy(c->output + at, bytes, k);
		if (!c->output_count && c->started)
			wake(c);
		c->output_count += k;
		bytes += k;
		left -= k;
	}
	return n - left;
}

void console_write_port(struct console *c, const uint8_t *bytes, uint32_t n)
{
	if (c->script_wanted) {
		pthread_mutex_lock(&c->script_lock);
		script_filter(&c->script, bytes, n);
		pthread_mutex_unlock(&c->script_lock);
		return;
	}
	pthread_mutex_lock(&c->lock);
	panic_watch(&c->panic, bytes, n);
	append(c, c->out, bytes, n);
	pthread_mutex_unlock(&c->lock);
}

bool console_init_failed(struct console *c)
{
	bool failed;

	pthread_mutex_lock(&c->lock);
	failed = panic_is_of_init(&c->panic);
	pthread_mutex_unlock(&c->lock);
	return failed;
}

/* The user wants an end: vCPUs that wait for a terminal that takes nothing must not hold it up. */
static void user_ends(struct console *c, int32_t status)
{
	pthread_mutex_lock(&c->lock);
	c->hurry = true;
	pthread_cond_broadcast(&c->space);
	pthread_mutex_unlock(&c->lock);
	if (c->end)
		c->end(c->end_opaque, status);
}

/* Output can't be written, now and ever: said once. By default the machine ends, as programs do that write
 * into a pipe without a reader. */
static void lose_output(struct console *c, int e)
{
	const char *what = c->output_optional ? "the machine goes on without it" : "the machine ends";

	if (atomic_exchange(&c->output_lost, e))
		return;
	if (e == EPIPE)
		log_print(VR_LOG_WARN, "standard output is closed; %s (--on-output-closed)", what);
	else
		log_print(VR_LOG_ERROR, "standard output can't be written: %s; %s (--on-output-closed)",
			  strerror(e), what);
	if (c->output_optional)
		return;
	if (e == EPIPE && !c->signal)
		c->signal = SIGPIPE;
	user_ends(c, console_lost_status(c));
}

int32_t console_lost_status(const struct console *c)
{
	if (!c->output_lost || c->output_optional)
		return 0;
	return c->signal ? 128 + c->signal : 1;
}

/* Write one piece; called without the lock by the one thread that takes from the buffer. */
static bool write_some(struct console *c)
{
	uint32_t head, n;
	ssize_t k;
	int sink;

	pthread_mutex_lock(&c->lock);
	sink = c->sink;
	head = c->output_head;
	n = c->output_count < CHUNK ? c->output_count : CHUNK;
	if (n > CONSOLE_OUTPUT - head)
		n = CONSOLE_OUTPUT - head;
	pthread_mutex_unlock(&c->lock);
	if (!n)
		return false;
	k = write(sink, c->output + head, n);
	if (k < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (k <= 0) {
		if (sink == c->out)
			lose_output(c, k ? errno : EIO);
		k = (ssize_t)n; /* as if written */
	}
	pthread_mutex_lock(&c->lock);
	c->output_head = (head + (uint32_t)k) % CONSOLE_OUTPUT;
	c->output_count -= (uint32_t)k;
	pthread_cond_broadcast(&c->space);
	pthread_mutex_unlock(&c->lock);
	return true;
}

/* ---- input --------------------------------------------------------------------------------- */
static void help(struct console *c)
{
	static const char text[] = "\r\nCtrl-A x       end the machine\r\n"
				   "Ctrl-A Ctrl-A  send Ctrl-A to the guest\r\n"
				   "Ctrl-A h       this help\r\n";

	pthread_mutex_lock(&c->lock);
	/* This thread is the one that makes room, so it can't wait for it. */
	if (CONSOLE_OUTPUT - c->output_count >= sizeof(text) - 1)
		append(c, c->out, (const uint8_t *)text, sizeof(text) - 1);
	pthread_mutex_unlock(&c->lock);
}

uint32_t console_scan(struct console *c, const uint8_t *in, uint32_t n, uint8_t *out)
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
static uint32_t input_space(const struct console *c)
{
	return CONSOLE_INPUT - c->input_count;
}

static void take_input(struct console *c)
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
	if (c->raw)
		n = console_scan(c, raw, n, bytes);
	else
		memcpy(bytes, raw, n);
	pthread_mutex_lock(&c->lock);
	for (uint32_t i = 0; i < n && input_space(c); i++) {
		c->input[(c->input_head + c->input_count) % CONSOLE_INPUT] = bytes[i];
		c->input_count++;
	}
	listeners = c->listeners;
	pthread_mutex_unlock(&c->lock);
	for (uint32_t i = 0; n && i < listeners; i++)
		c->listener[i].fn(c->listener[i].opaque);
}

uint32_t console_read_port(struct console *c, uint8_t *bytes, uint32_t n)
{
	uint32_t k = 0;
	bool had_room;

	pthread_mutex_lock(&c->lock);
	had_room = input_space(c) >= 512;
	while (k < n && c->input_count) {
		bytes[k++] = c->input[c->input_head];
		c->input_head = (c->input_head + 1) % CONSOLE_INPUT;
		c->input_count--;
	}
	if (!had_room && input_space(c) >= 512)
		wake(c);
	pthread_mutex_unlock(&c->lock);
	return k;
}

int32_t console_listen(struct console *c, void(VR_CALL *fn)(void *opaque), void *opaque)
{
	int32_t rc = VR_OK;
	bool pending;

	pthread_mutex_lock(&c->lock);
	pending = c->input_count != 0;
	if (c->listeners == CONSOLE_LISTENERS) {
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

/* ---- signals and the terminal --------------------------------------------------------------- */
static void take_signal(struct console *c)
{
	bool continued = signals_take();
	int asked = signals_asked_to_end();

	/* It was put back before the process stopped, or the shell has changed it meanwhile. */
	if (continued && c->terminal)
		c->raw = terminal_take(c->in);
	if (asked && !c->signal) {
		c->signal = asked;
		user_ends(c, 128 + asked);
	}
}

/* A job in the background would be stopped for touching the terminal. The shell need not tell when it puts a
 * job that runs into the foreground. */
#define LOOK_AGAIN_MS 500

/* ---- the thread ---------------------------------------------------------------------------- */
static void *console_main(void *arg)
{
	struct console *c = arg;

	for (;;) {
		struct pollfd p[4] = {{.fd = c->event, .events = POLLIN},
				      {.fd = c->signals, .events = POLLIN}};
		bool closing, pending, space, background;
		int sink;

		if (c->terminal && !c->raw)
			c->raw = terminal_take(c->in);
		background = c->terminal && !c->raw;
		pthread_mutex_lock(&c->lock);
		closing = c->closing;
		sink = c->sink;
		pending = c->output_count != 0;
		space = input_space(c) >= 512; /* a read of 256 bytes may grow by commands that are none */
		pthread_mutex_unlock(&c->lock);
		if (closing)
			break;
		p[2].fd = !c->eof && space && !background ? c->in : -1;
		p[2].events = POLLIN;
		p[3].fd = pending ? sink : -1;
		p[3].events = POLLOUT;
		if (poll(p, 4, background ? LOOK_AGAIN_MS : -1) < 0 && errno != EINTR)
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

int32_t console_start(struct console *c, struct sandbox *s, void (*late)(void *opaque), void *opaque)
{
	int32_t rc;

	c->signals = signals_catch(late, opaque);
	/* A script's stdin is the caller's, not the command's. */
	if (c->script_wanted)
		c->eof = true;
	else if (isatty(c->in))
		c->terminal = tcgetpgrp(c->in) >= 0; /* this session's */
	if (c->terminal)
		c->raw = terminal_take(c->in);
	else if (isatty(c->in))
		c->eof = true;
	c->started = true;
	rc = threads_start(&c->thread, s, "vmrun-console", console_main, c);
	if (rc < 0) {
		c->started = false;
		terminal_restore();
		signals_release();
		c->signals = -1;
	}
	return rc;
}

/* What is left is written, however long its reader takes; false: the user wants the end, and nothing could be
 * written for two seconds. */
static bool drain(struct console *c)
{
	uint64_t give_up = UINT64_MAX;

	while (!c->stuck) {
		struct pollfd p = {.fd = c->sink, .events = POLLOUT};
		uint64_t now = clock_monotonic();

		if (now >= give_up) {
			c->stuck = true;
			break;
		}
		if (give_up == UINT64_MAX && (c->hurry || signals_asked_to_end()))
			give_up = now + 2000000000ull;
		if (poll(&p, 1, 100) <= 0)
			continue;
		if (!write_some(c))
			return true;
		give_up = UINT64_MAX;
	}
	/* A signal that came this late has cut the output off, so it is what the status says. */
	if (!c->signal && signals_asked_to_end()) {
		c->signal = signals_asked_to_end();
		c->output_lost = EINTR;
	}
	return false;
}

/* A script's bytes. The console's thread takes them from the buffer, or, when it has ended, this one. */
static void script_sink(void *opaque, bool output, const uint8_t *bytes, uint32_t n)
{
	struct console *c = opaque;

	for (;;) {
		uint32_t k;

		pthread_mutex_lock(&c->lock);
		k = append(c, output ? c->out : c->err, bytes, n);
		pthread_mutex_unlock(&c->lock);
		bytes += k;
		n -= k;
		if (!n || c->started)
			break;
		if (!drain(c))
			break;
	}
}

void console_restart(struct console *c)
{
	pthread_mutex_lock(&c->lock);
	c->panic = (struct panic_watch){0};
	pthread_mutex_unlock(&c->lock);
	if (!c->script_wanted)
		return;
	pthread_mutex_lock(&c->script_lock);
	script_restart(&c->script);
	pthread_mutex_unlock(&c->script_lock);
}

void console_stop(struct console *c)
{
	if (!c->ready || c->closing)
		return;
	pthread_mutex_lock(&c->lock);
	c->closing = true;
	pthread_cond_broadcast(&c->space);
	pthread_mutex_unlock(&c->lock);
	wake(c);
	if (c->started)
		pthread_join(c->thread, NULL);
	c->started = false;
	(void)drain(c);
	if (c->script_wanted) {
		pthread_mutex_lock(&c->script_lock);
		script_finish(&c->script);
		pthread_mutex_unlock(&c->script_lock);
		(void)drain(c);
	}
	terminal_restore();
}

void console_free(struct console *c)
{
	if (!c->ready)
		return;
	console_stop(c);
	if (c->signals >= 0)
		signals_release();
	if (c->event >= 0)
		close(c->event);
	script_free(&c->script);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->script_lock);
	pthread_cond_destroy(&c->space);
	free(c->output);
	c->output = NULL;
	c->ready = false;
}

/* ---- the table ----------------------------------------------------------------------------- */
static void VR_CALL console_write(const struct vr_host *host, uint32_t port, const void *bytes, uint32_t n)
{
	struct machine *m = machine_of(host);

	if (m && port == 0 && bytes && n)
		console_write_port(&m->console, bytes, n);
}

static uint32_t VR_CALL console_read(const struct vr_host *host, uint32_t port, void *bytes, uint32_t n)
{
	struct machine *m = machine_of(host);

	return m && port == 0 && bytes ? console_read_port(&m->console, bytes, n) : 0;
}

static int32_t VR_CALL console_on_input(const struct vr_host *host, uint32_t port,
					void(VR_CALL *fn)(void *opaque), void *opaque)
{
	struct machine *m = machine_of(host);

	if (!m || !fn)
		return vr_error_set(VR_E_INVAL, "console: no machine, or no function to call");
	return port == 0 ? console_listen(&m->console, fn, opaque) : VR_OK;
}

const struct vr_host_console console_table = {
	.size = sizeof(struct vr_host_console),
	.write = console_write,
	.read = console_read,
	.on_input = console_on_input,
};
