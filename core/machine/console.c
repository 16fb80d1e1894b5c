/* SPDX-License-Identifier: MIT */
/*
 * console.c: the user's side of port 0, vmrun.console/1.
 *
 * One thread polls: it reads stdin into a ring that devices take from, writes out what devices left in the
 * output buffer (so a vCPU never waits for a slow terminal unless 64 KiB are pending), and gets the
 * process's signals, among them that the terminal has another size. Further ports lead nowhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
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

bool console_has_terminal(const struct console *c)
{
	/* Of this session; with --run standard input is the command's. */
	return !c->text && isatty(c->in) && tcgetpgrp(c->in) >= 0;
}

/* How large the terminal is now. True: something else than before. */
static bool measure(struct console *c)
{
	struct winsize size = {0};
	bool changed;

	if (!console_has_terminal(c) || ioctl(c->in, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		size.ws_col = size.ws_row = 0;
	pthread_mutex_lock(&c->lock);
	changed = c->columns != size.ws_col || c->rows != size.ws_row;
	c->columns = size.ws_col;
	c->rows = size.ws_row;
	pthread_mutex_unlock(&c->lock);
	return changed;
}

bool console_dimensions(struct console *c, uint32_t *columns, uint32_t *rows)
{
	pthread_mutex_lock(&c->lock);
	*columns = c->columns;
	*rows = c->rows;
	pthread_mutex_unlock(&c->lock);
	return *columns != 0 && console_has_terminal(c);
}

int32_t console_init(struct console *c)
{
	pthread_condattr_t a;

	memset(c, 0, sizeof(*c));
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&c->space, &a);
	pthread_condattr_destroy(&a);
	c->in = STDIN_FILENO;
	c->out = STDOUT_FILENO;
	c->signals = -1;
	c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->output = malloc(CONSOLE_OUTPUT);
	c->ready = true;
	measure(c);
	if (c->event < 0 || !c->output)
		return vr_error_set(VR_E_NOMEM, "console: %s", strerror(errno));
	return VR_OK;
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

/* Append to the buffer; waits for room, but not once the machine ends. Lock held. */
static void append(struct console *c, const uint8_t *bytes, uint32_t left)
{
	if (c->output_lost)
		return;
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
}

void console_write_port(struct console *c, const uint8_t *bytes, uint32_t n)
{
	if (c->log && console_log_put(c->log, bytes, n))
		wake(c);
	if (c->text) {
		c->text(c->text_opaque, bytes, n);
		return;
	}
	pthread_mutex_lock(&c->lock);
	if (!c->panic.seen)
		(void)panic_watch(&c->panic, bytes, n);
	append(c, bytes, n);
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

void console_restart(struct console *c)
{
	pthread_mutex_lock(&c->lock);
	c->panic = (struct panic_watch){0};
	pthread_mutex_unlock(&c->lock);
}

/* The user wants an end: vCPUs that wait for a terminal that takes nothing must not hold it up. */
void console_end(struct console *c, int32_t status)
{
	pthread_mutex_lock(&c->lock);
	c->hurry = true;
	pthread_cond_broadcast(&c->space);
	pthread_mutex_unlock(&c->lock);
	if (c->end)
		c->end(c->end_opaque, status);
}

/* By default the machine ends, as programs do that write into a pipe without a reader. */
void console_lose(struct console *c, const char *name, int e)
{
	const char *what = c->output_optional ? "the machine goes on without it" : "the machine ends";

	if (atomic_exchange(&c->output_lost, e))
		return;
	if (e == EPIPE)
		log_print(VR_LOG_WARN, "%s is closed; %s (--on-output-closed)", name, what);
	else
		log_print(VR_LOG_ERROR, "%s can't be written: %s; %s (--on-output-closed)", name, strerror(e),
			  what);
	if (c->output_optional)
		return;
	if (e == EPIPE && !c->signal)
		c->signal = SIGPIPE;
	console_end(c, console_lost_status(c));
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

	pthread_mutex_lock(&c->lock);
	head = c->output_head;
	n = c->output_count < CHUNK ? c->output_count : CHUNK;
	if (n > CONSOLE_OUTPUT - head)
		n = CONSOLE_OUTPUT - head;
	pthread_mutex_unlock(&c->lock);
	if (!n)
		return false;
	k = write(c->out, c->output + head, n);
	if (k < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (k <= 0) {
		console_lose(c, "standard output", k ? errno : EIO);
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
static void say(struct console *c, const char *text)
{
	uint32_t n = (uint32_t)strlen(text);

	pthread_mutex_lock(&c->lock);
	/* This thread is the one that makes room, so it can't wait for it. */
	if (CONSOLE_OUTPUT - c->output_count >= n + 2) {
		append(c, (const uint8_t *)"\r\n", 2); /* the guest's line may not have ended */
		append(c, (const uint8_t *)text, n);
	}
	pthread_mutex_unlock(&c->lock);
}

static void help(struct console *c)
{
	char text[CONSOLE_KEYS_TEXT];

	console_list_keys(text, sizeof(text), "\r\n");
	say(c, text);
}

static void switch_log(struct console *c)
{
	if (!c->log)
		say(c, "no console log: vmrun was started without --console-log FILE\r\n");
	else
		say(c, console_log_switch(c->log) ? "console log continues\r\n" : "console log stopped\r\n");
}

uint32_t console_scan(struct console *c, const uint8_t *in, uint32_t n, uint16_t *out)
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
		switch (console_key(in[i])) {
		case CONSOLE_KEY_LEAVE:
			console_end(c, MACHINE_LEFT);
			break;
		case CONSOLE_KEY_BREAK:
			out[k++] = CONSOLE_BREAK;
			break;
		case CONSOLE_KEY_LOG:
			switch_log(c);
			break;
		case CONSOLE_KEY_LITERAL:
			out[k++] = ESCAPE;
			break;
		case CONSOLE_KEY_HELP:
			help(c);
			break;
		case CONSOLE_KEY_COUNT:
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

/* Listeners are never removed. */
static void tell(struct console *c, const struct console_listeners *l)
{
	uint32_t n;

	pthread_mutex_lock(&c->lock);
	n = l->count;
	pthread_mutex_unlock(&c->lock);
	for (uint32_t i = 0; i < n; i++)
		l->call[i].fn(l->call[i].opaque);
}

static void take_input(struct console *c)
{
	uint8_t raw[256];
	uint16_t taken[512];
	uint32_t n;
	ssize_t k = read(c->in, raw, sizeof(raw));

	if (k < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (k <= 0) {
		c->eof = true; /* the guest goes on without input */
		return;
	}
	n = (uint32_t)k;
	if (c->raw)
		n = console_scan(c, raw, n, taken);
	else
		for (uint32_t i = 0; i < n; i++)
			taken[i] = raw[i];
	pthread_mutex_lock(&c->lock);
	for (uint32_t i = 0; i < n && input_space(c); i++) {
		c->input[(c->input_head + c->input_count) % CONSOLE_INPUT] = taken[i];
		c->input_count++;
	}
	pthread_mutex_unlock(&c->lock);
	if (n)
		tell(c, &c->on_input);
}

/* event: where to put one; NULL: they are dropped. */
static uint32_t take_bytes(struct console *c, uint8_t *bytes, uint32_t n, uint32_t *event)
{
	uint32_t k = 0;
	bool had_room;

	if (event)
		*event = VR_CONSOLE_NONE;
	pthread_mutex_lock(&c->lock);
	had_room = input_space(c) >= 512;
	while (k < n && c->input_count && !(event && *event)) {
		uint32_t next = c->input[c->input_head];

		if (next != CONSOLE_BREAK)
			bytes[k++] = (uint8_t)next;
		else if (event)
			*event = VR_CONSOLE_BREAK;
		c->input_head = (c->input_head + 1) % CONSOLE_INPUT;
		c->input_count--;
	}
	if (!had_room && input_space(c) >= 512)
		wake(c);
	pthread_mutex_unlock(&c->lock);
	return k;
}

uint32_t console_read_port(struct console *c, uint8_t *bytes, uint32_t n)
{
	return take_bytes(c, bytes, n, NULL);
}

static int32_t listen(struct console *c, struct console_listeners *l, const char *what,
		      void(VR_CALL *fn)(void *opaque), void *opaque)
{
	bool full;

	pthread_mutex_lock(&c->lock);
	full = l->count == CONSOLE_LISTENERS;
	if (!full) {
		l->call[l->count].fn = fn;
		l->call[l->count++].opaque = opaque;
	}
	pthread_mutex_unlock(&c->lock);
	return full ? vr_error_set(VR_E_RANGE, "console: too many devices want its %s", what) : VR_OK;
}

int32_t console_listen(struct console *c, void(VR_CALL *fn)(void *opaque), void *opaque)
{
	int32_t rc = listen(c, &c->on_input, "input", fn, opaque);
	bool pending;

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&c->lock);
	pending = c->input_count != 0;
	pthread_mutex_unlock(&c->lock);
	if (pending)
		fn(opaque);
	return VR_OK;
}

/* ---- signals and the terminal --------------------------------------------------------------- */
static void look_at_size(struct console *c)
{
	if (measure(c))
		tell(c, &c->on_resize);
}

static void take_signal(struct console *c)
{
	bool continued = signals_take();
	int asked = signals_asked_to_end();

	/* It was put back before the process stopped, or the shell has changed it meanwhile. */
	if (continued && c->terminal)
		c->raw = terminal_take(c->in);
	if (signals_take_counters() && c->counters)
		c->counters(c->end_opaque);
	look_at_size(c); /* SIGWINCH, or it was changed while the process was stopped */
	if (asked && !c->signal) {
		c->signal = asked;
		console_end(c, 128 + asked);
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

		if (c->terminal && !c->raw) {
			c->raw = terminal_take(c->in);
			/* No SIGWINCH comes in the background. */
			if (c->raw)
				look_at_size(c);
		}
		background = c->terminal && !c->raw;
		pthread_mutex_lock(&c->lock);
		closing = c->closing;
		pending = c->output_count != 0;
		space = input_space(c) >= 512; /* a read of 256 bytes may grow by commands that are none */
		pthread_mutex_unlock(&c->lock);
		if (closing)
			break;
		p[2].fd = !c->eof && space && !background ? c->in : -1;
		p[2].events = POLLIN;
		p[3].fd = pending ? c->out : -1;
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
		console_log_flush(c->log);
		if (p[2].revents)
			take_input(c);
	}
	return NULL;
}

int32_t console_start(struct console *c, struct sandbox *s, void (*late)(void *opaque), void *opaque)
{
	int32_t rc;

	c->signals = signals_catch(late, opaque);
	look_at_size(c);
	/* With --run standard input is the command's. */
	if (c->text)
		c->eof = true;
	else
		c->terminal = console_has_terminal(c);
	if (c->terminal && isatty(STDERR_FILENO) && log_get_level() >= VR_LOG_WARN)
		fputs("vmrun: Ctrl-A x ends the machine, Ctrl-A h lists the keys\n", stderr);
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

void console_cut_off(struct console *c)
{
	if (!c->signal && signals_asked_to_end()) {
		c->signal = signals_asked_to_end();
		c->output_lost = EINTR;
	}
}

/* What is left is written, however long its reader takes, unless the user wants the end and nothing could be
 * written for two seconds. */
static void drain(struct console *c)
{
	uint64_t give_up = UINT64_MAX;

	while (!c->stuck) {
		struct pollfd p = {.fd = c->out, .events = POLLOUT};
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
			return;
		give_up = UINT64_MAX;
	}
	/* A signal that came this late has cut the output off, so it is what the status says. */
	console_cut_off(c);
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
	drain(c);
	console_log_flush(c->log);
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
	console_log_free(c->log);
	pthread_mutex_destroy(&c->lock);
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

static uint32_t VR_CALL console_receive(const struct vr_host *host, uint32_t port, void *bytes, uint32_t n,
					uint32_t *event)
{
	struct machine *m = machine_of(host);

	if (m && port == 0 && bytes && event)
		return take_bytes(&m->console, bytes, n, event);
	if (event)
		*event = VR_CONSOLE_NONE;
	return 0;
}

static int32_t VR_CALL console_dimensions_of(const struct vr_host *host, uint32_t port, uint32_t *columns,
					     uint32_t *rows)
{
	struct machine *m = machine_of(host);

	return m && port == 0 && columns && rows && console_dimensions(&m->console, columns, rows)
		       ? VR_OK
		       : VR_E_NOENT;
}

static int32_t VR_CALL console_on_resize(const struct vr_host *host, uint32_t port,
					 void(VR_CALL *fn)(void *opaque), void *opaque)
{
	struct machine *m = machine_of(host);

	if (!m || !fn)
		return vr_error_set(VR_E_INVAL, "console: no machine, or no function to call");
	return port == 0 ? listen(&m->console, &m->console.on_resize, "size", fn, opaque) : VR_OK;
}

const struct vr_host_console console_table = {
	.size = sizeof(struct vr_host_console),
	.write = console_write,
	.read = console_read,
	.on_input = console_on_input,
	.receive = console_receive,
	.dimensions = console_dimensions_of,
	.on_resize = console_on_resize,
};
