/* SPDX-License-Identifier: MIT */
/*
 * trial.c: probing a plugin that may do anything, for `vmrun doctor`.
 *
 * The child does what a run would do up to probe, then what the plugin says of this machine, then destroy. It
 * answers through a pipe: the code in decimal, the text, then the facts, each ended by a NUL byte, all of it
 * written at once when everything went well. Where a plugin breaks the child, guard.c's line comes through
 * the same pipe and becomes the text. A child that neither answers nor ends (a plugin may block signals, or
 * leave a process of its own that holds the pipe) is killed after the time that guard.c allows it.
 */
#include "plugin/trial.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vmrun/facts.h>

#include "common/error.h"
#include "common/text.h"
#include "plugin/internal.h"
#include "common/file.h"

#define ANSWER_MAX 65536u
#define UNTOLD 213 /* the child's status: nothing is wrong with the plugin */
#define LOOK_MS 20 /* how often the child's end is looked for while the pipe is silent */

/* ---- the child -------------------------------------------------------------------------------------- */

static void VR_CALL write_fact(void *to, const char *name, const char *text)
{
	fprintf(to, "%s%c%s%c", name, 0, text, 0);
}

static void write_facts(struct loaded_plugin *p, FILE *to)
{
	const struct vr_facts *f = registry_interface(p, VR_FACTS_ID);

	if (!VR_HAS(f, facts))
		return;
	registry_entry_step(p, GUARD_FACTS);
	f->facts(p->plugin->self, write_fact, to);
	guard_leave();
}

static _Noreturn void child(struct registry *r, struct loaded_plugin *p, int fd)
{
	char *answer = NULL;
	size_t length = 0;
	int told = -1;
	FILE *to;
	int32_t code;

	guard_adopt(fd);
	to = open_memstream(&answer, &length);
	if (!to)
		_exit(UNTOLD);
	code = registry_probe(r, p);
	fprintf(to, "%d%c%s%c", code, 0, code < 0 ? vr_error_text(code) : "", 0);
	if (code == VR_OK)
		write_facts(p, to);
	registry_free(r);
	if (fclose(to) == 0)
		told = file_write(fd, answer, length);
	/* Nothing of the parent's is to be flushed or undone here. */
	guard_end();
	_exit(told ? UNTOLD : 0);
}

/* ---- the parent ---------------------------------------------------------------------------------------- */

static uint64_t seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec;
}

struct answer {
	char text[ANSWER_MAX + 1];
	size_t length;
	int status;  /* of the child */
	bool killed; /* it did not end */
};

/* False: no more will come. What finds no room is read all the same: the child waits until it is. */
static bool read_some(int fd, struct answer *a)
{
	bool full = a->length == ANSWER_MAX;
	char rest[4096];
	ssize_t n =
		full ? read(fd, rest, sizeof(rest)) : read(fd, a->text + a->length, ANSWER_MAX - a->length);

	if (n < 0)
		return errno == EINTR;
	if (!full)
		a->length += (size_t)n;
	return n > 0;
}

static bool has_ended(pid_t pid, int *status)
{
	pid_t p = waitpid(pid, status, WNOHANG);

	/* ECHILD: another part of this process has its status. */
	return p == pid || (p < 0 && errno != EINTR);
}

static void listen_to(pid_t pid, int fd, struct answer *a)
{
	uint64_t limit = guard_longest(), begin = seconds();
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool ended = false, more = true;

	while (more || !ended) {
		/* Once the pipe is closed the end is near, as a rule. */
		int n = poll(&p, more ? 1 : 0, more ? LOOK_MS : 1);

		if (n > 0)
			more = read_some(fd, a);
		if (!ended)
			ended = has_ended(pid, &a->status);
		/* What it wrote is there to be read; others may hold the pipe, and fill it without end. */
		if (ended && (n == 0 || a->length == ANSWER_MAX))
			more = false;
		if (!ended && limit && seconds() - begin > limit) {
			kill(pid, SIGKILL);
			a->killed = true;
			limit = 0;
		}
	}
	a->text[a->length] = '\0';
}

static const char *next(const struct answer *a, size_t *at)
{
	const char *s = a->text + *at;

	if (*at >= a->length)
		return NULL;
	*at += strlen(s) + 1;
	return s;
}

static int32_t take_facts(const struct answer *a, size_t at, char ***facts)
{
	const char *s;

	while ((s = next(a, &at)))
		if (vr_text_list_add(facts, s) < 0)
			return VR_E_NOMEM;
	return VR_OK;
}

/* The line that guard.c wrote, without what the reader of a report does not need. */
static const char *broken_text(struct answer *a)
{
	static const char prefix[] = "vmrun: error: ";
	char *end = strchr(a->text, '\n');

	if (end)
		*end = '\0';
	if (!strncmp(a->text, prefix, sizeof(prefix) - 1))
		return a->text + sizeof(prefix) - 1;
	if (a->killed)
		snprintf(a->text, sizeof(a->text), "loading or probing it did not end; remove the plugin");
	else if (WIFSIGNALED(a->status))
		snprintf(a->text, sizeof(a->text),
			 "crashed while it was loaded or probed (signal %d); update or "
			 "remove the plugin",
			 WTERMSIG(a->status));
	else if (WEXITSTATUS(a->status) == UNTOLD)
		snprintf(a->text, sizeof(a->text),
			 "vmrun could not tell what it said: out of memory; try again");
	else
		snprintf(a->text, sizeof(a->text),
			 "ended the process while it was loaded or probed (status %d); "
			 "update or remove the plugin",
			 WEXITSTATUS(a->status));
	return a->text;
}

static int32_t understand(struct loaded_plugin *p, struct answer *a, char ***facts)
{
	bool whole = !a->killed && WIFEXITED(a->status) && WEXITSTATUS(a->status) == 0 && a->length;
	size_t at = 0;
	const char *code, *text;

	if (!whole) {
		registry_remember_probe(p, VR_E_INTERNAL, broken_text(a));
		return VR_OK;
	}
	code = next(a, &at);
	text = next(a, &at);
	registry_remember_probe(p, (int32_t)strtol(code, NULL, 10), text ? text : "");
	return take_facts(a, at, facts);
}

int32_t trial_probe(struct registry *r, struct loaded_plugin *p, char ***facts)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	struct answer *a = calloc(1, sizeof(*a));
	struct sigaction before;
	int fds[2];
	int32_t rc;
	pid_t pid;

	*facts = NULL;
	if (!a)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	if (pipe(fds) < 0) {
		free(a);
		return vr_error_set(VR_E_IO, "a pipe for probing plugins: %s", strerror(errno));
	}
	fflush(NULL);
	/* vmrun's parent may have it ignored, and a child has no status then. */
	sigaction(SIGCHLD, &usual, &before);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		child(r, p, fds[1]);
	}
	close(fds[1]);
	if (pid < 0) {
		rc = vr_error_set(VR_E_IO, "a process for probing plugins: %s", strerror(errno));
	} else {
		listen_to(pid, fds[0], a);
		rc = understand(p, a, facts);
	}
	sigaction(SIGCHLD, &before, NULL);
	close(fds[0]);
	free(a);
	return rc;
}
