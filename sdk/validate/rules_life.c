/* SPDX-License-Identifier: MIT */
/* rules_life.c: from create to destroy: that it goes through, what it leaves, what it touches. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define TIMES 100

/* ---- that it goes through ------------------------------------------------------------------------ */

void check_life_whole(struct vr_check *c)
{
	const char *stage;
	int32_t rc;

	check_magic(c);
	c->d = check_fake_host(c);
	rc = check_life(c, c->d, &stage);
	if (rc < 0 && strcmp(stage, "probe") == 0)
		check_skip(c, "not usable here: %s", c->d->error_text);
	if (rc == VR_E_CONFIG && c->d->error_text[0])
		check_skip(c, "%s needs options (-o NAME=VALUE): %s", stage, c->d->error_text);
	CHECK(c, rc >= 0, "%s refuses with %s: %s", stage, check_error_name(rc), c->d->error_text);
}

void check_probe_text(struct vr_check *c)
{
	int32_t rc, again;

	check_created(c);
	check_phase(c, "probe");
	if (!c->plugin->probe)
		return;
	check_given(c, 1);
	rc = c->plugin->probe(c->plugin->self);
	check_given(c, 0);
	if (rc < 0) {
		check_refusal(c, c->d, rc, "probe");
		CHECK(c, strlen(c->d->error_text) >= 12,
		      "probe says only '%s': say why, and what to do about it", c->d->error_text);
	}
	again = c->plugin->probe(c->plugin->self);
	CHECK(c, again == rc, "probe answers %s, and asked again %s", check_error_name(rc),
	      check_error_name(again));
}

/* A plugin whose probe refuses still has to be destroyed without harm, and can be made again. */
void check_life_short(struct vr_check *c)
{
	const struct vr_plugin *p;

	check_magic(c);
	c->d = check_fake_host(c);
	for (int i = 0; i < 3; i++) {
		p = NULL;
		check_given(c, 1);
		check_phase(c, "vmrun_plugin_create");
		if (c->create(c->d->host, c->target->id, &p) < 0 || !p ||
		    p->size < offsetof(struct vr_plugin, query) + sizeof(p->query))
			check_skip(c, "vmrun_plugin_create refuses");
		check_given(c, 0);
		check_phase(c, "destroy right after create");
		if (p->destroy)
			p->destroy(p->self);
	}
}

void check_create_seconds(struct vr_check *c)
{
	struct timespec begin, end;
	double ms;

	check_magic(c);
	c->d = check_fake_host(c);
	check_given(c, 1);
	check_phase(c, "vmrun_plugin_create");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	if (c->create(c->d->host, c->target->id, &c->plugin) < 0)
		check_skip(c, "vmrun_plugin_create refuses");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	ms = (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
	check_given(c, 0);
	if (ms > 100)
		check_warn(c,
			   "create took %.0f ms of processor time; at most 100 are allowed (a busy machine "
			   "counts "
			   "against it, so this is no failure)",
			   ms);
}

/* ---- what it leaves -------------------------------------------------------------------------------- */

/* n lives, one after the other. */
static void lives(struct vr_check *c, uint32_t n)
{
	const char *stage;

	for (uint32_t i = 0; i < n; i++) {
		struct vr_fake_host *d = check_fake_host(c);
		int32_t rc;

		check_alloc_arm(1);
		rc = check_life(c, d, &stage);
		check_alloc_arm(0);
		if (rc < 0 && strcmp(stage, "probe") != 0)
			check_skip(c, "%s refuses: %s", stage, d->error_text);
		vr_fake_host_free(d);
	}
}

static void need_alloc(struct vr_check *c)
{
	if (!check_alloc_works())
		check_skip(c, "this build's allocator (a sanitizer's, or not glibc's) can't be watched");
}

void check_leak_memory(struct vr_check *c)
{
	struct check_alloc before, after;

	need_alloc(c);
	check_magic(c);
	check_given(c, 1);
	lives(c, 2); /* what is made once and kept */
	before = check_alloc_now();
	lives(c, TIMES);
	after = check_alloc_now();
	check_given(c, 0);
	CHECK(c, after.blocks <= before.blocks, "%llu blocks, %llu bytes more are allocated after %d lives",
	      (unsigned long long)(after.blocks - before.blocks),
	      (unsigned long long)(after.bytes - before.bytes), TIMES);
}

void check_leak_mappings(struct vr_check *c)
{
	struct check_alloc before, after;

	need_alloc(c);
	check_magic(c);
	check_given(c, 1);
	lives(c, 2);
	before = check_alloc_now();
	lives(c, TIMES / 4);
	after = check_alloc_now();
	check_given(c, 0);
	CHECK(c, (int64_t)(after.mapped - before.mapped) <= 0, "%llu bytes more are mapped after %d lives",
	      (unsigned long long)(after.mapped - before.mapped), TIMES / 4);
}

void check_leak_files(struct vr_check *c)
{
	static struct check_process before, after;

	check_magic(c);
	check_given(c, 1);
	lives(c, 2);
	check_process(&before);
	lives(c, TIMES / 4);
	check_process(&after);
	check_given(c, 0);
	for (uint32_t i = 0; i < sizeof(after.fd); i++)
		CHECK(c, !after.fd[i] || before.fd[i], "descriptor %u is open after destroy: %s", i,
		      check_fd_name(i));
}

void check_leak_threads(struct vr_check *c)
{
	static struct check_process before;
	uint32_t n;

	check_magic(c);
	check_process(&before);
	check_given(c, 1);
	lives(c, 3);
	check_given(c, 0);
	n = check_tasks(before.tasks);
	CHECK(c, n <= before.tasks, "%u threads run after destroy", n - before.tasks);
}

/* ---- what create touches ------------------------------------------------------------------------------- */

void check_create_threads(struct vr_check *c)
{
	static struct check_process before, after;

	check_magic(c);
	c->d = check_fake_host(c);
	check_process(&before);
	check_given(c, 1);
	check_phase(c, "vmrun_plugin_create");
	if (c->create(c->d->host, c->target->id, &c->plugin) < 0)
		check_skip(c, "vmrun_plugin_create refuses");
	check_given(c, 0);
	check_process(&after);
	CHECK(c, after.tasks == before.tasks && !c->d->threads, "create started %u threads; do it in start",
	      after.tasks - before.tasks);
}

void check_create_files(struct vr_check *c)
{
	static struct check_process before, after;
	struct check_alloc alloc;

	check_magic(c);
	c->d = check_fake_host(c);
	check_process(&before);
	check_given(c, 1);
	check_phase(c, "vmrun_plugin_create");
	check_alloc_arm(1);
	if (c->create(c->d->host, c->target->id, &c->plugin) < 0)
		check_skip(c, "vmrun_plugin_create refuses");
	check_alloc_arm(0);
	check_given(c, 0);
	check_process(&after);
	for (uint32_t i = 0; i < sizeof(after.fd); i++)
		CHECK(c, !after.fd[i] || before.fd[i], "create opened %s; do it in probe or start",
		      check_fd_name(i));
	alloc = check_alloc_now();
	CHECK(c, !alloc.sockets, "create made a socket");
}

void check_create_host(struct vr_check *c)
{
	check_created(c);
	CHECK(c, !c->d->requests,
	      "create asked the host for %u things (RAM, devices, timers, threads); do it later",
	      c->d->requests);
	CHECK(c, !c->d->power_calls, "create powered the machine off");
}

/* ---- what it must leave alone ---------------------------------------------------------------------------
 */

static struct check_process before, after;

static void live_watched(struct vr_check *c)
{
	const char *stage;
	int32_t rc;

	check_magic(c);
	c->d = check_fake_host(c);
	check_process(&before);
	check_given(c, 1);
	check_alloc_arm(1);
	rc = check_life(c, c->d, &stage);
	check_alloc_arm(0);
	(void)rc; /* whether it is usable or not */
	check_given(c, 0);
	check_process(&after);
}

void check_signals(struct vr_check *c)
{
	live_watched(c);
	for (int i = 1; i <= 64; i++)
		CHECK(c, memcmp(&before.signal[i], &after.signal[i], sizeof(after.signal[i])) == 0,
		      "it changed what signal %d (%s) does", i, strsignal(i));
	CHECK(c, before.blocked == after.blocked,
	      "it changed which signals the main thread blocks (0x%llx, 0x%llx)",
	      (unsigned long long)before.blocked, (unsigned long long)after.blocked);
}

void check_environment(struct vr_check *c)
{
	live_watched(c);
	CHECK(c, before.environment == after.environment, "it changed the environment variables");
}

void check_directory(struct vr_check *c)
{
	live_watched(c);
	CHECK(c, strcmp(before.cwd, after.cwd) == 0, "it changed the working directory to %s", after.cwd);
	CHECK(c, before.umask == after.umask, "it changed the umask to 0%o", after.umask);
}

void check_fpenv(struct vr_check *c)
{
	live_watched(c);
	CHECK(c,
	      before.rounding == after.rounding && before.exceptions == after.exceptions &&
		      before.control == after.control,
	      "it left the floating-point control word changed (0x%x, was 0x%x)", after.control,
	      before.control);
}

void check_locale(struct vr_check *c)
{
	live_watched(c);
	CHECK(c, strcmp(before.locale, after.locale) == 0, "it changed the locale to %s", after.locale);
}

void check_atexit(struct vr_check *c)
{
	struct check_alloc alloc;

	need_alloc(c);
	live_watched(c);
	alloc = check_alloc_now();
	CHECK(c, !alloc.atexit, "it registered %llu atexit handlers; do it in destroy",
	      (unsigned long long)alloc.atexit);
}

void check_output(struct vr_check *c)
{
	char text[80];
	ssize_t n;

	live_watched(c);
	fflush(NULL);
	n = pread(STDOUT_FILENO, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return;
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	check_fail(c, "it writes to the standard output or error: '%s'; use vmrun.log/1", text);
}
