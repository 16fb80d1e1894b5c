/* SPDX-License-Identifier: MIT */
/*
 * run.c: --run, one command instead of a terminal. vmrun(1), "PROTOCOL OF --run", is for authors of an init.
 *
 * The machine has six streams (vmrun.streams/1), which a Linux guest sees as ports of a console device:
 *
 *     vmrun.agent     to the guest: a shell script, which does the rest (agent.sh)
 *     vmrun.script    to the guest: the command, or the user's file
 *     vmrun.stdin     to the guest: standard input, and its end
 *     vmrun.stdout    from the guest, vmrun.stderr: what the command writes
 *     vmrun.control   both ways: lines about the command; one answer
 *
 * The guest's init, or systemd by a word on the kernel's command line, runs the agent. It says "begin" when the command
 * begins, and "exit N" after the command has ended and its output was written to the ports. That output may wait in the
 * guest's queues still, because its reader is slow. So vmrun answers "done" when the guest has closed both ports and
 * the queues are empty, and only then the guest powers off. The run ends when the machine is off: file systems are clean.
 *
 * What can go otherwise: a panic (its text on the console, then a reset by panic=-1), a reset, a power-off, a guest that
 * does not begin within the start limit, one that does not power off. Each has its message; the status is 125.
 *
 * A reset without --no-reboot boots again, and the command is run again. Standard input goes on where it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "machine/parts.h"
#include "util/clock.h"
#include "util/log.h"

#define SECOND UINT64_C(1000000000)
#define OFF_LIMIT (120 * SECOND)  /* from the status to the power-off; systemd gives services 90 s */
#define PANIC_LIMIT (10 * SECOND) /* from a panic to the reset */

int32_t run_init(struct run *r, struct machine *m, const struct machine_config *c)
{
	pthread_condattr_t a;
	int32_t rc;

	r->machine = m;
	r->event = r->in = -1;
	r->wanted = c->run.command || c->run.file;
	if (!r->wanted)
		return VR_OK;
	pthread_mutex_init(&r->lock, NULL);
	pthread_mutex_init(&r->text_lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&r->space, &a);
	pthread_condattr_destroy(&a);
	r->ready = true;
	r->fd[RUN_TO_STDOUT] = STDOUT_FILENO;
	r->fd[RUN_TO_STDERR] = STDERR_FILENO;
	r->text.show = log_get_level() >= VR_LOG_WARN;
	r->fd[RUN_TO_TEXT] = r->text.show ? STDERR_FILENO : -1;
	/* A debugger may hold the guest for as long as it likes. */
	r->start_limit = c->gdb ? 0 : c->run.start_limit;
	r->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->event < 0)
		return vr_error_set(VR_E_IO, "--run: %s", strerror(errno));
	rc = run_rings(r);
	return rc == VR_OK ? run_give(r, &c->run) : rc;
}

int32_t run_open_log(struct run *r, struct machine *m, const struct machine_config *c)
{
	int32_t rc;
	int fd;

	if (!r->wanted || !c->console_log)
		return VR_OK;
	r->log_name = vr_text_copy(c->console_log);
	if (!r->log_name)
		return VR_E_NOMEM;
	rc = machine_open_log(m, c->machine_file, "--console-log", c->console_log, &fd);
	if (rc == VR_OK) {
		r->fd[RUN_TO_TEXT] = fd;
		r->text.show = true;
	}
	return rc;
}

/* ---- limits and resets ------------------------------------------------------------------------------------ */
void run_restart(struct run *r)
{
	if (!r->wanted)
		return;
	pthread_mutex_lock(&r->text_lock);
	pthread_mutex_lock(&r->lock);
	memset(r->open, 0, sizeof(r->open));
	memset(r->refused, 0, sizeof(r->refused));
	memset(r->given_at, 0, sizeof(r->given_at));
	r->line_length = 0;
	r->waits_for[0] = 0;
	r->answer = r->answered = r->panicked = false;
	r->phase = RUN_BEFORE;
	r->started_at = clock_monotonic();
	r->text.held = 0;
	r->text.panic = (struct panic_watch){0};
	r->text.have_cr = false;
	pthread_mutex_unlock(&r->lock);
	run_text_forget(&r->text);
	pthread_mutex_unlock(&r->text_lock);
}

/* ---- the end ------------------------------------------------------------------------------------------------ */
bool run_over(struct run *r)
{
	bool over;

	if (!r->wanted)
		return false;
	pthread_mutex_lock(&r->lock);
	over = r->panicked || r->phase >= RUN_TOLD;
	pthread_mutex_unlock(&r->lock);
	return over;
}

void run_look(struct run *r)
{
	uint64_t now = clock_monotonic();
	bool late, off, panic;
	char waits_for[sizeof(r->waits_for)];
	enum run_phase phase;

	if (!r->started || r->told_end)
		return;
	pthread_mutex_lock(&r->lock);
	phase = r->phase;
	late = r->start_limit && phase < RUN_DURING && now - r->started_at >= r->start_limit;
	off = phase == RUN_TOLD && now - r->told_at >= OFF_LIMIT && r->answered;
	panic = r->panicked && now - r->panicked_at >= PANIC_LIMIT;
	memcpy(waits_for, r->waits_for, sizeof(waits_for));
	pthread_mutex_unlock(&r->lock);
	if (off)
		log_print(VR_LOG_WARN,
			  "--run: the command ended %" PRIu64
			  " s ago and the guest has not powered off; the machine ends",
			  OFF_LIMIT / SECOND);
	else if (panic)
		log_print(VR_LOG_ERROR, "--run: the guest's kernel panicked %s: %s",
			  phase == RUN_DURING ? "while the command ran" : "before it began the command",
			  r->text.panic.text);
	else if (late && phase == RUN_BEFORE)
		log_print(VR_LOG_ERROR,
			  "--run: the guest has not asked for the command within %" PRIu64
			  " s (--start-limit): %s",
			  r->start_limit / SECOND, run_needs);
	else if (late)
		log_print(VR_LOG_ERROR,
			  "--run: the guest has not begun the command within %" PRIu64
			  " s (--start-limit)%s%s; its console says why",
			  r->start_limit / SECOND, waits_for[0] ? ": it waits for " : "", waits_for);
	r->told_end = off || panic || late;
	if (r->told_end)
		power_request(r->machine, VR_POWER_OFF, off ? 0 : RUN_NO_STATUS);
}

int32_t run_status(struct run *r, bool reset)
{
	if (r->phase == RUN_PLAIN || (r->phase == RUN_TOLD && !r->failed[0]))
		return r->status > 255 ? 255 : r->status;
	if (r->failed[0])
		log_print(VR_LOG_ERROR, "--run: the guest could not begin the command: %s", r->failed);
	else if (r->panicked)
		log_print(VR_LOG_ERROR, "--run: the guest's kernel panicked %s: %s",
			  r->phase == RUN_DURING ? "while the command ran" : "before it began the command",
			  r->text.panic.text);
	else if (r->phase == RUN_DURING)
		log_print(VR_LOG_ERROR,
			  "--run: the guest %s while the command ran, and told no exit status%s",
			  reset ? "reset the machine" : "powered off",
			  reset ? " (--no-reboot ends the run there)" : "");
	else
		log_print(VR_LOG_ERROR,
			  "--run: the guest %s and did not begin the command; its console may say why; %s",
			  reset ? "reset the machine" : "powered off", run_needs);
	return RUN_NO_STATUS;
}

void run_free(struct run *r)
{
	if (!r->ready)
		return;
	run_stop(r);
	if (r->event >= 0)
		close(r->event);
	if (r->in_is_own)
		close(r->in);
	if (r->log_name && r->fd[RUN_TO_TEXT] > STDERR_FILENO)
		close(r->fd[RUN_TO_TEXT]);
	free(r->input.bytes);
	for (uint32_t i = 0; i < RUN_SINKS; i++)
		free(r->sink[i].bytes);
	for (uint32_t i = 0; i < 2; i++)
		free(r->given[i]);
	free(r->log_name);
	run_text_forget(&r->text);
	pthread_mutex_destroy(&r->lock);
	pthread_mutex_destroy(&r->text_lock);
	pthread_cond_destroy(&r->space);
	r->ready = r->wanted = false;
}
