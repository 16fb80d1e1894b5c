/* SPDX-License-Identifier: MIT */
/*
 * terminal.c: the user's terminal in raw mode, and back whatever happens.
 *
 * One terminal a process, so its old state is a global that a signal handler can reach.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "machine/parts.h"
#include "util/fault.h"
#include "util/log.h"

static struct termios saved;
static int saved_fd = -1;
static volatile sig_atomic_t is_raw;

/* Async-signal-safe. */
static void give_back(void)
{
	if (!is_raw)
		return;
	is_raw = 0;
	tcsetattr(saved_fd, TCSANOW, &saved);
}

void vr_console_terminal_restore(void)
{
	if (is_raw)
		vr_log_set_raw(0);
	give_back();
}

void vr_console_terminal_raw(struct vr_console *c)
{
	static bool registered;
	struct termios t;

	c->interactive = false;
	/* A job in the background would be stopped for touching the terminal. */
	if (tcgetpgrp(c->in) != getpgrp() || tcgetattr(c->in, &saved)) {
		c->eof = true;
		return;
	}
	t = saved;
	cfmakeraw(&t);
	saved_fd = c->in;
	if (tcsetattr(c->in, TCSANOW, &t))
		return;
	is_raw = 1;
	c->raw = c->interactive = true;
	vr_log_set_raw(1);
	if (registered)
		return;
	registered = true;
	atexit(give_back);
	fault_at_end(give_back);
}
