/* SPDX-License-Identifier: MIT */
/* runner.h: what runner.c, the frame, and the guest's half of it give each other. */
#ifndef DIFF_RUNNER_H
#define DIFF_RUNNER_H

#include <setjmp.h>
#include <signal.h>

#include "case.h"

/* -- runner.c -- */
extern struct diff_result runner_result;
extern sigjmp_buf runner_back; /* where a signal's handler goes */
/* runner_result.why of a signal. */
uint32_t runner_why(int sig);

/* -- runner_<guest>.c -- */
/* Load everything and go; never comes back this way. */
__attribute__((noreturn)) void runner_enter(const struct diff_case *c);
/* A case's end: fill runner_result (but for the hash), siglongjmp(runner_back, 1). */
void runner_signal(int sig, siginfo_t *info, void *context);
void runner_new_code(void); /* have the processor see what was written to DIFF_CODE */
void runner_clean_up(void); /* a known environment for the C code */

#endif
