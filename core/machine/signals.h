/* SPDX-License-Identifier: MIT */
/* signals.h: what a running machine does with the process's signals; signals.def is the table. */
#ifndef MACHINE_SIGNALS_H
#define MACHINE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* From here on signals do what the table says. A descriptor that can be read after one that asks for
 * something; -1: none can be had, and nothing was changed. When SIGNALS_LIMIT seconds after the first request to end signals are
 * still caught, late(opaque) is called, in a signal handler on any thread, and the process ends as that signal does. */
#define SIGNALS_LIMIT 5u
int signals_catch(void (*late)(void *opaque), void *opaque);
void signals_release(void);

/* Takes the event off the descriptor. True: the process was continued since the last call. */
bool signals_take(void);
/* True: since the last call the counters were asked for. */
bool signals_take_counters(void);
/* The first signal that asked for the end; 0: none did. */
int signals_asked_to_end(void);

/* The signals that threads other than the main one leave to it. */
void signals_of_main_thread(sigset_t *set);

/* Ends the process as signal n does, without a core file. Async-signal-safe. */
_Noreturn void signals_die(int n);

#endif
