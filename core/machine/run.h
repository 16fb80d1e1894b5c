/* SPDX-License-Identifier: MIT */
/*
 * run.h: --run. run.c has the essay.
 *
 * Locks: `lock` guards all but what is said to be one thread's. It is a leaf: no call into a device or the machine is made
 * with it. `text_lock` keeps the console's text in order and is taken before it.
 */
#ifndef MACHINE_RUN_H
#define MACHINE_RUN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmrun/host.h>

#include "machine/panic.h"

#define RUN_NO_STATUS 125 /* vmrun's status when the guest told none */
#define RUN_TIMEOUT 124   /* --timeout */

struct machine;
struct machine_config;
struct run_request;
struct sandbox;

/* The streams. The agent is the last one: when the guest finds its port, the others are there. */
enum run_stream { RUN_SCRIPT, RUN_STDIN, RUN_STDOUT, RUN_STDERR, RUN_CONTROL, RUN_AGENT, RUN_STREAMS };

#define RUN_RING 65536u
struct run_ring {
	uint8_t *bytes; /* RUN_RING */
	uint32_t head, count;
};

/* What goes to one descriptor. */
enum run_sink { RUN_TO_STDOUT, RUN_TO_STDERR, RUN_TO_TEXT, RUN_SINKS };

/* How far the guest is. */
enum run_phase {
	RUN_BEFORE, /* it has not asked what to run */
	RUN_ASKED,  /* its agent runs */
	RUN_DURING, /* the command runs */
	RUN_TOLD,   /* the command has ended, or could not begin: `failed` */
	RUN_PLAIN,  /* a guest without console ports has told a status by a line on its console */
};

/* run_text.c: the text on the console. */
struct run_text {
	bool show;     /* it goes to `fd` */
	bool have_cr;  /* not yet passed on */
	uint32_t held; /* bytes of `line` that may yet be "vmrun-exit: N" */
	char line[32];
	/* What came before the command began: the output of a guest that has no ports, or why there is no command. */
	uint8_t *kept;
	uint32_t kept_count, kept_capacity;
	bool kept_lost; /* its beginning was dropped */
	struct panic_watch panic;
};

struct run {
	bool wanted, ready, started;
	pthread_mutex_t lock, text_lock;
	pthread_cond_t space; /* a sink has space, or the end has come */
	pthread_t thread;
	int event, in; /* descriptors; in: of vmrun's own where its reads must not wait */
	bool in_is_own, in_is_terminal;
	int fd[RUN_SINKS]; /* -1: nowhere */
	struct run_ring input, sink[RUN_SINKS];
	uint8_t *given[2]; /* the agent; what it runs */
	size_t given_size[2], given_at[2];
	bool open[RUN_STREAMS];    /* the guest has it open */
	bool refused[RUN_STREAMS]; /* the device waits for space */
	bool lost[RUN_SINKS];      /* it can't be written any more */
	bool input_ended, answer, answered, finishing, cut_off;
	char line[512]; /* from the control stream, so far */
	uint32_t line_length;
	char waits_for[128]; /* what the agent said that it waits for */
	char failed[256];    /* why there is no command; "": it began */
	enum run_phase phase;
	bool panicked, told_end;
	int32_t status;
	struct run_text text;
	char *log_name; /* --console-log */
	uint64_t started_at, told_at, panicked_at, progress_at;
	uint64_t start_limit; /* ns; 0: none */
	bool progress;        /* on a terminal */
	void(VR_CALL *fn)(void *opaque, uint32_t i);
	void *opaque;
	struct machine *machine;
};

/* ---- run.c ---- */
/* Reads what is to be run, and opens what is written to: before the sandbox. */
int32_t run_init(struct run *r, struct machine *m, const struct machine_config *c);
/* --console-log, once the machine's files are known. */
int32_t run_open_log(struct run *r, struct machine *m, const struct machine_config *c);
/* Limits: called now and then while the machine runs. [main] */
void run_look(struct run *r);
/* The guest begins anew. [main][quiesced] */
void run_restart(struct run *r);
/* A reset is the end. */
bool run_over(struct run *r);
/* The status of the command; or says what went wrong (`reset`: by a reset the guest ended), and gives RUN_NO_STATUS. */
int32_t run_status(struct run *r, bool reset);
void run_free(struct run *r);

/* ---- run_agent.c ---- */
extern const char run_needs[]; /* what a guest must have, for messages */
/* The kernel's command line: `append` after what tells the guest's init of the command; malloc'ed. */
int32_t run_append(const char *append, char **out);
/* Fills `given`. */
int32_t run_give(struct run *r, const struct run_request *q);

/* ---- run_streams.c: vmrun.streams/1 ---- */
int32_t run_rings(struct run *r);
/* Bytes for a sink; waits for space, but not once the machine ends. */
void run_put(struct run *r, enum run_sink s, const uint8_t *bytes, uint32_t n);
void run_wake(struct run *r);
/* The user wants the end: no writer waits any more. [any] */
void run_hurry(struct run *r);

/* ---- run_thread.c: the descriptors ---- */
int32_t run_start(struct run *r, struct sandbox *s);
/* No vCPU runs any more: writes what is left, also what is in the guest's queues. */
void run_stop(struct run *r);

/* ---- run_text.c ---- */
/* The guest's console; `run` is a struct run. [any] */
void run_text(void *run, const uint8_t *bytes, uint32_t n);
/* No more comes. */
void run_text_finish(struct run *r);
void run_text_forget(struct run_text *t);

#endif
