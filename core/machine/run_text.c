/* SPDX-License-Identifier: MIT */
/*
 * run_text.c: --run, the guest's console: what the kernel, the firmware and init print.
 *
 * It goes to standard error or to a file, without the CR that terminals put before each LF, or nowhere. Two things are
 * looked for in it.
 *
 * "Kernel panic - not syncing: ": a reset after it is the end of the run (the kernel has panic=-1).
 *
 * "vmrun-exit: STATUS" and the end of the line, only before the guest has asked for what to run: the whole protocol of a
 * guest without console ports, such as a kernel of one's own. What it printed before was the command's output then.
 * So text is kept until the command begins, as much as is worth it. With -q its last lines are shown when
 * there is no command, since they may say why.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "machine/parts.h"
#include "util/clock.h"
#include "util/log.h"

#define MOST_KEPT (1u << 20)
#define MOST_SHOWN 4096u
#define DIGITS 9u /* more is no exit status */

void run_text_forget(struct run_text *t)
{
	free(t->kept);
	t->kept = NULL;
	t->kept_count = t->kept_capacity = 0;
}

static bool one_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && file_is_one(&x, &y);
}

static void keep(struct run_text *t, const uint8_t *bytes, uint32_t n)
{
	if (n > MOST_KEPT - t->kept_count) { /* the older half goes */
		t->kept_lost = true;
		if (t->kept_count > MOST_KEPT / 2)
			memmove(t->kept, t->kept + t->kept_count - MOST_KEPT / 2, MOST_KEPT / 2);
		t->kept_count = t->kept_count > MOST_KEPT / 2 ? MOST_KEPT / 2 : t->kept_count;
		if (n > MOST_KEPT / 2) {
			bytes += n - MOST_KEPT / 2;
			n = MOST_KEPT / 2;
		}
	}
	if (n > t->kept_capacity - t->kept_count) {
		uint32_t capacity = t->kept_capacity ? 2 * t->kept_capacity : 4096;
		uint8_t *p;

		while (capacity < t->kept_count + n)
			capacity *= 2;
		p = realloc(t->kept, capacity);
		if (!p) {
			t->kept_lost = true;
			return;
		}
		t->kept = p;
		t->kept_capacity = capacity;
	}
	memcpy(t->kept + t->kept_count, bytes, n);
	t->kept_count += n;
}

static enum run_phase phase(struct run *r)
{
	enum run_phase p;

	pthread_mutex_lock(&r->lock);
	p = r->phase;
	pthread_mutex_unlock(&r->lock);
	return p;
}

/* Text without a CR before a LF. */
static void pass(struct run *r, const uint8_t *bytes, uint32_t n)
{
	struct run_text *t = &r->text;

	if (!n)
		return;
	if (phase(r) < RUN_DURING)
		keep(t, bytes, n);
	else if (phase(r) == RUN_DURING)
		run_text_forget(t);
	if (t->show)
		run_put(r, RUN_TO_TEXT, bytes, n);
}

static void let_go(struct run *r, const void *from, uint32_t n)
{
	struct run_text *t = &r->text;
	const uint8_t *bytes = from;
	uint32_t start = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (t->have_cr && bytes[i] != '\n')
			pass(r, (const uint8_t *)"\r", 1);
		t->have_cr = bytes[i] == '\r';
		if (t->have_cr) {
			pass(r, bytes + start, i - start);
			start = i + 1;
		}
	}
	pass(r, bytes + start, n - start);
}

/* ---- "vmrun-exit: N" --------------------------------------------------------------------------------- */
enum match { NO, PARTLY, WHOLE };

static enum match match(const struct run_text *t, int32_t *status)
{
	static const char word[] = "vmrun-exit: ";
	uint32_t at = sizeof(word) - 1, digits = 0;

	if (memcmp(t->line, word, t->held < at ? t->held : at))
		return NO;
	if (t->held <= at)
		return PARTLY;
	for (*status = 0; at < t->held && t->line[at] >= '0' && t->line[at] <= '9'; at++, digits++)
		*status = digits < DIGITS ? *status * 10 + t->line[at] - '0' : 0;
	if (digits > DIGITS)
		return NO;
	if (digits && at < t->held && t->line[at] == '\r')
		at++;
	if (at == t->held)
		return PARTLY;
	return digits && t->line[at] == '\n' && at + 1 == t->held ? WHOLE : NO;
}

static void told(struct run *r, int32_t status)
{
	struct run_text *t = &r->text;

	pthread_mutex_lock(&r->lock);
	r->phase = RUN_PLAIN;
	r->status = status;
	pthread_mutex_unlock(&r->lock);
	t->have_cr = false;
	if (t->kept_lost)
		log_print(VR_LOG_WARN, "--run: the beginning of the output is lost: a guest without console "
				       "ports has at most "
				       "1 MiB");
	/* On one terminal it can be read already. */
	if (!t->show || !one_file(STDOUT_FILENO, r->fd[RUN_TO_TEXT]))
		run_put(r, RUN_TO_STDOUT, t->kept, t->kept_count);
	run_text_forget(t);
}

/* One more byte of what may be a status. */
static void hold(struct run *r, uint8_t c)
{
	struct run_text *t = &r->text;
	int32_t status = 0;
	enum match m;

	t->line[t->held++] = (char)c;
	m = match(t, &status);
	if (m == PARTLY)
		return;
	if (m == WHOLE) {
		t->held = 0;
		told(r, status);
		return;
	}
	let_go(r, t->line, t->held - 1);
	t->held = 0;
	/* Its first letter occurs nowhere else in it, so only a new beginning can follow. */
	if (c == 'v')
		t->line[t->held++] = (char)c;
	else
		let_go(r, &c, 1);
}

/* ---- a panic ------------------------------------------------------------------------------------------ */
static void panicked(struct run *r)
{
	pthread_mutex_lock(&r->lock);
	r->panicked = true;
	r->panicked_at = clock_monotonic();
	pthread_mutex_unlock(&r->lock);
}

static void watch_for_panic(struct run *r, const uint8_t *in, uint32_t n)
{
	struct panic_watch *p = &r->text.panic;

	while (n) {
		uint32_t k = panic_watch(p, in, n);

		if (p->seen)
			panicked(r);
		p->seen = false; /* another one may come: text like a panic's is none */
		in += k;
		n -= k;
	}
}

void run_text(void *run, const uint8_t *in, uint32_t n)
{
	struct run *r = run;
	struct run_text *t = &r->text;

	pthread_mutex_lock(&r->text_lock);
	watch_for_panic(r, in, n);
	while (n) {
		bool watch = phase(r) == RUN_BEFORE;
		const uint8_t *v = !watch ? NULL : t->held ? in : memchr(in, 'v', n);
		uint32_t k = v ? (uint32_t)(v - in) : n;

		if (!watch && t->held) {
			let_go(r, t->line, t->held);
			t->held = 0;
		}
		if (k)
			let_go(r, in, k);
		else
			hold(r, in[k++]);
		in += k;
		n -= k;
	}
	pthread_mutex_unlock(&r->text_lock);
}

void run_text_finish(struct run *r)
{
	struct run_text *t = &r->text;
	uint32_t n;

	pthread_mutex_lock(&r->text_lock);
	n = t->held;
	t->held = 0;
	let_go(r, t->line, n);
	if (t->have_cr)
		pass(r, (const uint8_t *)"\r", 1);
	t->have_cr = false;
	/* What the guest said in place of running the command may be the explanation. */
	if ((phase(r) < RUN_DURING || r->failed[0]) && !t->show && t->kept_count) {
		n = t->kept_count < MOST_SHOWN ? t->kept_count : MOST_SHOWN;
		r->fd[RUN_TO_TEXT] = STDERR_FILENO;
		run_put(r, RUN_TO_TEXT, t->kept + t->kept_count - n, n);
	}
	run_text_forget(t);
	pthread_mutex_unlock(&r->text_lock);
}
