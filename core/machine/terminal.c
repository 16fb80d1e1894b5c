/* SPDX-License-Identifier: MIT */
/*
 * terminal.c: the user's terminal in raw mode, and back whatever happens.
 *
 * One terminal a process, so its old state is a global that a signal handler can reach. It has two places: a
 * handler that comes while a new one is written uses the other. Only a process in the foreground touches the
 * terminal: in the background the shell uses it, and changing it would stop the process (SIGTTOU;
 * POSIX, 11.1.4).
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "machine/parts.h"
#include "util/fault.h"
#include "util/log.h"

static struct termios saved[2], raw;
static volatile sig_atomic_t current, is_raw;
static int terminal = -1;

static bool in_foreground(int fd)
{
	return tcgetpgrp(fd) == getpgrp();
}

void terminal_give_back(void)
{
	if (!is_raw)
		return;
	is_raw = 0;
	if (in_foreground(terminal))
		tcsetattr(terminal, TCSANOW, &saved[current]);
}

void terminal_restore(void)
{
	if (is_raw)
		log_set_raw(0);
	terminal_give_back();
}

static void register_exits(void)
{
	static bool registered;

	if (registered)
		return;
	registered = true;
	atexit(terminal_give_back);
	fault_at_end(terminal_give_back);
}

/* Is this the raw mode that was set here? Else it is the mode to go back to: what the user had before, or has
 * set while the process was stopped. */
static bool is_ours(const struct termios *t)
{
	return terminal >= 0 && t->c_iflag == raw.c_iflag && t->c_oflag == raw.c_oflag &&
	       t->c_lflag == raw.c_lflag && t->c_cflag == raw.c_cflag;
}

bool terminal_take(int fd)
{
	struct termios t;

	if (!in_foreground(fd) || tcgetattr(fd, &t)) {
		log_set_raw(0);
		return false;
	}
	if (!is_ours(&t)) {
		saved[!current] = t;
		current = !current;
		raw = t;
		cfmakeraw(&raw);
		terminal = fd;
	}
	/* First this: a handler in between puts back once too often and not once too little. */
	is_raw = 1;
	if (tcsetattr(fd, TCSANOW, &raw)) {
		is_raw = 0;
		return false;
	}
	log_set_raw(1);
	register_exits();
	return true;
}
