/* SPDX-License-Identifier: MIT */
/*
 * run_streams.c: vmrun.streams/1, the host's ends of what --run moves.
 *
 * The agent and the script are memory that is read from the front; standard input, output and error are rings between
 * the device's calls and run_thread.c, which has the descriptors; the control stream is lines. A device is called back only
 * by that thread, since a call from within one of these functions would come while the device holds its own lock.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/text.h"
#include "machine/parts.h"
#include "util/clock.h"

static const char *const names[RUN_STREAMS] = {
	[RUN_SCRIPT] = "vmrun.script", [RUN_STDIN] = "vmrun.stdin",     [RUN_STDOUT] = "vmrun.stdout",
	[RUN_STDERR] = "vmrun.stderr", [RUN_CONTROL] = "vmrun.control", [RUN_AGENT] = "vmrun.agent",
};
static const char answer[] = "done\n";

int32_t run_rings(struct run *r)
{
	r->input.bytes = malloc(RUN_RING);
	for (uint32_t i = 0; i < RUN_SINKS; i++)
		r->sink[i].bytes = malloc(RUN_RING);
	for (uint32_t i = 0; i < RUN_SINKS; i++)
		if (!r->sink[i].bytes || !r->input.bytes)
			return vr_error_set(VR_E_NOMEM, "out of memory");
	return VR_OK;
}

void run_wake(struct run *r)
{
	uint64_t one = 1;
	ssize_t ignored = write(r->event, &one, sizeof(one)); /* full: it is awake anyway */

	(void)ignored;
}

void run_hurry(struct run *r)
{
	if (!r->ready)
		return;
	pthread_mutex_lock(&r->lock);
	pthread_cond_broadcast(&r->space);
	pthread_mutex_unlock(&r->lock);
	run_wake(r);
}

/* ---- rings ------------------------------------------------------------------------------------------ */
static uint32_t ring_put(struct run_ring *g, const uint8_t *bytes, uint32_t n)
{
	uint32_t done = 0;

	if (n > RUN_RING - g->count)
		n = RUN_RING - g->count;
	while (done < n) {
		uint32_t at = (g->head + g->count) % RUN_RING, k = n - done;

		if (k > RUN_RING - at)
			k = RUN_RING - at;
		memcpy(g->bytes + at, bytes + done, k);
		g->count += k;
		done += k;
	}
	return n;
}

static uint32_t ring_take(struct run_ring *g, uint8_t *bytes, uint32_t n)
{
	uint32_t done = 0;

	if (n > g->count)
		n = g->count;
	while (done < n) {
		uint32_t k = n - done;

		if (k > RUN_RING - g->head)
			k = RUN_RING - g->head;
		memcpy(bytes + done, g->bytes + g->head, k);
		g->head = (g->head + k) % RUN_RING;
		g->count -= k;
		done += k;
	}
	return n;
}

/* How many bytes a sink took; all when they go nowhere. Lock held. */
static uint32_t sink_put(struct run *r, enum run_sink s, const uint8_t *bytes, uint32_t n)
{
	uint32_t k;

	if (r->lost[s] || r->fd[s] < 0)
		return n;
	k = ring_put(&r->sink[s], bytes, n);
	if (k)
		run_wake(r);
	return k;
}

void run_put(struct run *r, enum run_sink s, const uint8_t *bytes, uint32_t n)
{
	pthread_mutex_lock(&r->lock);
	while (n) {
		uint32_t k = sink_put(r, s, bytes, n);

		bytes += k;
		n -= k;
		if (n && (r->cut_off || r->machine->console.hurry || !r->started))
			break;
		if (n)
			pthread_cond_wait(&r->space, &r->lock);
	}
	pthread_mutex_unlock(&r->lock);
}

/* ---- what the guest tells --------------------------------------------------------------------------- */
static const char *after(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) ? NULL : line + n;
}

static void copy(char *to, size_t capacity, const char *from)
{
	snprintf(to, capacity, "%s", from);
}

/* A line of the control stream. Lock held. */
static void control(struct run *r, const char *line)
{
	const char *rest;
	uint64_t n;

	if (r->phase >= RUN_TOLD)
		return;
	if ((rest = after(line, "wait "))) {
		copy(r->waits_for, sizeof(r->waits_for), rest);
	} else if (!strcmp(line, "begin")) {
		r->phase = RUN_DURING;
	} else if ((rest = after(line, "failed "))) {
		copy(r->failed, sizeof(r->failed), rest);
		r->phase = RUN_TOLD;
	} else if ((rest = after(line, "exit ")) && vr_text_u64(rest, &n) == VR_OK) {
		r->status = n > 255 ? 255 : (int32_t)n;
		r->phase = RUN_TOLD;
	}
	if (r->phase == RUN_TOLD)
		r->told_at = clock_monotonic();
}

/* ---- the table --------------------------------------------------------------------------------------- */
static struct run *run_of(const struct vr_host *host, uint32_t i)
{
	struct machine *m = machine_of(host);

	return m && m->run.wanted && i < RUN_STREAMS ? &m->run : NULL;
}

static uint32_t VR_CALL count(const struct vr_host *host)
{
	return run_of(host, 0) ? RUN_STREAMS : 0;
}

static int32_t VR_CALL stream(const struct vr_host *host, uint32_t i, struct vr_stream *out)
{
	if (!run_of(host, i) || !out)
		return vr_error_set(VR_E_NOENT, "streams: there is no stream %u", i);
	out->name = names[i];
	return VR_OK;
}

static void VR_CALL set_open(const struct vr_host *host, uint32_t i, uint32_t open)
{
	struct run *r = run_of(host, i);

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->open[i] = open != 0;
	if (i == RUN_AGENT && open && r->phase == RUN_BEFORE)
		r->phase = RUN_ASKED;
	pthread_mutex_unlock(&r->lock);
	run_wake(r);
}

/* Lines; what is longer than any that is known is cut off. */
static void take_control(struct run *r, const uint8_t *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (bytes[i] != '\n') {
			if (r->line_length < sizeof(r->line) - 1)
				r->line[r->line_length++] = bytes[i] < ' ' ? '?' : (char)bytes[i];
			continue;
		}
		r->line[r->line_length] = 0;
		r->line_length = 0;
		control(r, r->line);
	}
	run_wake(r);
}

static uint32_t VR_CALL stream_write(const struct vr_host *host, uint32_t i, const void *bytes, uint32_t n)
{
	struct run *r = run_of(host, i);
	uint32_t k = n;

	if (!r || !bytes)
		return n;
	pthread_mutex_lock(&r->lock);
	if (i == RUN_CONTROL)
		take_control(r, bytes, n);
	else if (i == RUN_STDOUT || i == RUN_STDERR)
		k = sink_put(r, i == RUN_STDOUT ? RUN_TO_STDOUT : RUN_TO_STDERR, bytes, n);
	r->refused[i] = k < n;
	r->panicked = false; /* it was text like a panic's: the guest goes on */
	pthread_mutex_unlock(&r->lock);
	return k;
}

/* From the front of what the guest is given. */
static uint32_t give(struct run *r, uint32_t k, uint8_t *bytes, uint32_t n, uint32_t *ended)
{
	size_t left = r->given_size[k] - r->given_at[k];

	if (n > left)
		n = (uint32_t)left;
	memcpy(bytes, r->given[k] + r->given_at[k], n);
	r->given_at[k] += n;
	*ended = !left;
	return n;
}

static uint32_t VR_CALL stream_read(const struct vr_host *host, uint32_t i, void *bytes, uint32_t n,
				    uint32_t *ended)
{
	struct run *r = run_of(host, i);
	uint32_t k = 0;

	*ended = 0;
	if (!r || !bytes)
		return 0;
	pthread_mutex_lock(&r->lock);
	switch (i) {
	case RUN_AGENT:
		k = give(r, 0, bytes, n, ended);
		break;
	case RUN_SCRIPT:
		k = give(r, 1, bytes, n, ended);
		break;
	case RUN_STDIN:
		k = ring_take(&r->input, bytes, n);
		*ended = !k && r->input_ended;
		break;
	case RUN_CONTROL:
		if (r->answer && !r->answered && n >= sizeof(answer) - 1) {
			k = sizeof(answer) - 1;
			memcpy(bytes, answer, k);
			r->answered = true;
		}
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&r->lock);
	if (k && i == RUN_STDIN)
		run_wake(r); /* there is space again */
	return k;
}

static int32_t VR_CALL on_change(const struct vr_host *host, void(VR_CALL *fn)(void *opaque, uint32_t i),
				 void *opaque)
{
	struct run *r = run_of(host, 0);

	if (!r || !fn)
		return vr_error_set(VR_E_INVAL, "streams: no machine with streams, or no function to call");
	if (r->fn)
		return vr_error_set(VR_E_EXISTS, "streams: another device has them");
	r->fn = fn;
	r->opaque = opaque;
	return VR_OK;
}

const struct vr_host_streams streams_table = {
	.size = sizeof(struct vr_host_streams),
	.count = count,
	.stream = stream,
	.set_open = set_open,
	.write = stream_write,
	.read = stream_read,
	.on_change = on_change,
};
