/* SPDX-License-Identifier: MIT */
/*
 * run_thread.c: --run, the descriptors: one thread reads standard input and writes the three sinks.
 *
 * Standard input is read when the guest has opened its end, so a command that never begins takes nothing of it. poll() says
 * that there is input, but another process that has the same pipe or terminal may take it first, and read() would wait
 * then, also when the machine ends: so a pipe or terminal is opened a second time, without waiting, which leaves
 * the flags of the user's own descriptor alone. Where that can't be done the user's own is read. A terminal that
 * belongs to another job is left alone.
 *
 * The end: no vCPU runs any more, but what the guest has written may still be in its queues. The device is asked
 * until it has no more, and all of it is written, however long its reader takes. Once the user wants the end, what
 * could not be written for two seconds is given up.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "machine/parts.h"
#include "machine/signals.h"
#include "util/clock.h"
#include "util/log.h"

/* poll() promises room for this much in a pipe; more could wait. */
#define CHUNK 4096u
#define SECOND UINT64_C(1000000000)
#define PROGRESS_AFTER (2 * SECOND)
#define LOOK_AGAIN_MS 500 /* at a terminal that another job has */
#define GIVE_UP (2 * SECOND)

static void device_looks(struct run *r, enum run_stream i)
{
	if (r->fn)
		r->fn(r->opaque, i);
}

/* ---- progress on a terminal --------------------------------------------------------------------------- */
static void say(const char *text)
{
	ssize_t ignored = write(STDERR_FILENO, text, strlen(text));

	(void)ignored;
}

static void hide_progress(struct run *r)
{
	if (r->progress_at)
		say("\r\033[K");
	r->progress_at = 0;
}

/* When it is to be called again, in ms; -1: never. */
static int show_progress(struct run *r)
{
	uint64_t now = clock_monotonic(), for_ns = now - r->started_at;
	char text[256], what[160];
	enum run_phase phase;

	if (!r->progress)
		return -1;
	pthread_mutex_lock(&r->lock);
	phase = r->phase;
	if (r->waits_for[0])
		snprintf(what, sizeof(what), "the guest waits for %s", r->waits_for);
	else
		snprintf(what, sizeof(what), "%s", phase == RUN_BEFORE ? "the guest boots" : "it prepares");
	pthread_mutex_unlock(&r->lock);
	if (phase >= RUN_DURING) {
		hide_progress(r);
		r->progress = false;
		return -1;
	}
	if (for_ns >= PROGRESS_AFTER && (!r->progress_at || now - r->progress_at >= SECOND)) {
		snprintf(text, sizeof(text), "\r\033[Kvmrun: the command has not begun for %" PRIu64 " s: %s",
			 for_ns / SECOND, what);
		say(text);
		r->progress_at = now;
	}
	return 1000;
}

/* ---- output --------------------------------------------------------------------------------------------- */
static const char *const sink_names[RUN_SINKS] = {"standard output", "standard error", NULL};

static void lose(struct run *r, enum run_sink s, int e)
{
	pthread_mutex_lock(&r->lock);
	r->lost[s] = true;
	r->sink[s].count = 0;
	pthread_cond_broadcast(&r->space);
	pthread_mutex_unlock(&r->lock);
	if (sink_names[s])
		console_lose(&r->machine->console, sink_names[s], e);
	else if (r->log_name)
		log_print(VR_LOG_ERROR, "--console-log '%s' can't be written: %s; the rest of it is left out",
			  r->log_name, strerror(e));
}

/* One piece. */
static void write_some(struct run *r, enum run_sink s)
{
	struct run_ring *g = &r->sink[s];
	uint32_t n;
	ssize_t k;

	pthread_mutex_lock(&r->lock);
	n = g->count < CHUNK ? g->count : CHUNK;
	if (n > RUN_RING - g->head)
		n = RUN_RING - g->head;
	pthread_mutex_unlock(&r->lock);
	if (!n)
		return;
	if (r->fd[s] == STDERR_FILENO)
		hide_progress(r);
	k = write(r->fd[s], g->bytes + g->head, n);
	if (k < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (k <= 0) {
		lose(r, s, k ? errno : EIO);
		return;
	}
	pthread_mutex_lock(&r->lock);
	g->head = (g->head + (uint32_t)k) % RUN_RING;
	g->count -= (uint32_t)k;
	pthread_cond_broadcast(&r->space);
	pthread_mutex_unlock(&r->lock);
}

/* The device holds back what there was no space for. */
static void offer_space(struct run *r)
{
	bool again[RUN_SINKS] = {false};

	pthread_mutex_lock(&r->lock);
	for (uint32_t s = RUN_TO_STDOUT; s <= RUN_TO_STDERR; s++)
		again[s] = r->refused[RUN_STDOUT + s] && r->sink[s].count < RUN_RING / 2;
	pthread_mutex_unlock(&r->lock);
	for (uint32_t s = RUN_TO_STDOUT; s <= RUN_TO_STDERR; s++)
		if (again[s])
			device_looks(r, RUN_STDOUT + s);
}

/* ---- input ---------------------------------------------------------------------------------------------- */
static void open_input(struct run *r)
{
	struct stat st;
	int fd = -1;

	r->in = STDIN_FILENO;
	r->in_is_terminal = isatty(STDIN_FILENO);
	if (fstat(STDIN_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || r->in_is_terminal))
		fd = file_open_plain("/proc/self/fd/0", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (fd >= 0) {
		r->in = fd;
		r->in_is_own = true;
	}
}

static bool foreground(const struct run *r)
{
	pid_t job = r->in_is_terminal ? tcgetpgrp(STDIN_FILENO) : -1;

	return job < 0 || job == getpgrp();
}

static void take_input(struct run *r)
{
	uint32_t n, at;
	ssize_t k;
	int e;

	pthread_mutex_lock(&r->lock);
	at = (r->input.head + r->input.count) % RUN_RING;
	n = RUN_RING - r->input.count;
	if (n > RUN_RING - at)
		n = RUN_RING - at;
	pthread_mutex_unlock(&r->lock);
	k = read(r->in, r->input.bytes + at, n);
	e = errno;
	if (k < 0 && (e == EINTR || e == EAGAIN))
		return;
	if (k < 0)
		log_print(VR_LOG_WARN, "standard input can't be read: %s; the command gets no more of it",
			  strerror(e));
	pthread_mutex_lock(&r->lock);
	if (k > 0)
		r->input.count += (uint32_t)k;
	else
		r->input_ended = true;
	pthread_mutex_unlock(&r->lock);
	device_looks(r, RUN_STDIN);
}

/* ---- the thread ------------------------------------------------------------------------------------------- */
/* The guest has told the status, and all its output is here: it may power off. */
static void answer_guest(struct run *r)
{
	bool answer;

	pthread_mutex_lock(&r->lock);
	answer = r->phase == RUN_TOLD && !r->answer && !r->open[RUN_STDOUT] && !r->open[RUN_STDERR];
	r->answer |= answer;
	pthread_mutex_unlock(&r->lock);
	if (answer)
		device_looks(r, RUN_CONTROL);
}

/* Nothing is left, nor does the device have more. */
static bool all_written(struct run *r)
{
	bool pending = false;

	for (uint32_t i = RUN_STDOUT; i <= RUN_STDERR; i++)
		device_looks(r, i);
	pthread_mutex_lock(&r->lock);
	for (uint32_t s = 0; s < RUN_SINKS; s++)
		pending |= r->sink[s].count != 0;
	pthread_mutex_unlock(&r->lock);
	return !pending;
}

/* The user wants the end: no progress for a while is enough. */
static bool give_up(struct run *r, uint64_t *since, uint64_t *left_before)
{
	bool hurry = r->machine->console.hurry || signals_asked_to_end();
	uint64_t now = clock_monotonic(), left = 0;

	pthread_mutex_lock(&r->lock);
	for (uint32_t s = 0; s < RUN_SINKS; s++)
		left += r->sink[s].count;
	pthread_mutex_unlock(&r->lock);
	if (!hurry || !*since || left != *left_before)
		*since = now;
	*left_before = left;
	return hurry && now - *since >= GIVE_UP;
}

static void *run_main(void *arg)
{
	struct run *r = arg;
	uint64_t since = 0, left = 0;

	for (;;) {
		struct pollfd p[2 + RUN_SINKS] = {{.fd = r->event, .events = POLLIN}, {.events = POLLIN}};
		int wait = show_progress(r);
		bool finishing, input, mine = foreground(r);

		answer_guest(r);
		offer_space(r);
		pthread_mutex_lock(&r->lock);
		finishing = r->finishing;
		input = !finishing && r->open[RUN_STDIN] && !r->input_ended &&
			r->input.count <= RUN_RING - CHUNK;
		for (uint32_t s = 0; s < RUN_SINKS; s++) {
			p[2 + s].fd = r->sink[s].count ? r->fd[s] : -1;
			p[2 + s].events = POLLOUT;
		}
		pthread_mutex_unlock(&r->lock);
		if (finishing && all_written(r))
			break;
		if (finishing && give_up(r, &since, &left)) {
			r->cut_off = true;
			break;
		}
		p[1].fd = input && mine ? r->in : -1;
		if (finishing)
			wait = 100;
		else if (input && !mine)
			wait = LOOK_AGAIN_MS;
		if (poll(p, sizeof(p) / sizeof(p[0]), wait) < 0 && errno != EINTR)
			break;
		if (p[0].revents) {
			uint64_t count;
			ssize_t ignored = read(r->event, &count, sizeof(count));

			(void)ignored;
		}
		for (uint32_t s = 0; s < RUN_SINKS; s++)
			if (p[2 + s].revents)
				write_some(r, s);
		if (p[1].revents)
			take_input(r);
	}
	hide_progress(r);
	return NULL;
}

int32_t run_start(struct run *r, struct sandbox *s)
{
	int32_t rc;

	if (!r->wanted)
		return VR_OK;
	open_input(r);
	r->started_at = clock_monotonic();
	r->progress = isatty(STDERR_FILENO) && log_get_level() >= VR_LOG_WARN;
	r->started = true;
	rc = threads_start(&r->thread, s, "vmrun-run", run_main, r);
	if (rc < 0)
		r->started = false;
	return rc;
}

void run_stop(struct run *r)
{
	if (!r->started)
		return;
	run_text_finish(r);
	pthread_mutex_lock(&r->lock);
	r->finishing = true;
	pthread_cond_broadcast(&r->space);
	pthread_mutex_unlock(&r->lock);
	run_wake(r);
	pthread_join(r->thread, NULL);
	r->started = false;
	/* A signal that came this late has cut the output off, so it is what the status says. */
	if (r->cut_off)
		console_cut_off(&r->machine->console);
}
