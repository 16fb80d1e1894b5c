/* SPDX-License-Identifier: MIT */
/* guard.h: names the plugin that ends the process, or does not come back, in one line. */
#ifndef PLUGIN_GUARD_H
#define PLUGIN_GUARD_H

#include <stdbool.h>
#include <stdint.h>

/* name, how messages call it, whether it has a time limit */
#define GUARD_STEPS(X)                           \
	X(OPEN, "opening its library", true)     \
	X(MAGIC, "vmrun_plugin_magic()", true)   \
	X(CREATE, "vmrun_plugin_create()", true) \
	X(PROBE, "probe()", true)                \
	X(START, "start()", true)                \
	X(FACTS, "vmrun.facts/1 facts()", true)  \
	X(STOP, "stop()", true)                  \
	X(DESTROY, "destroy()", true)

enum guard_step {
#define X(name, text, limited) GUARD_##name,
	GUARD_STEPS(X)
#undef X
};

/* Seconds that a step may take. */
#define GUARD_LIMIT 10
#define GUARD_LIMIT_VARIABLE "VMRUN_PLUGIN_TIMEOUT"
/* What the variable says, 0 for no limit; VR_E_INVAL with a text. */
int32_t guard_limit(const char *value);
/* Seconds after which one that is still in a step was not ended by it; 0: never. */
uint32_t guard_longest(void);
/* Milliseconds that a helper process has until it serves; INT_MAX: no limit. [any] */
int guard_patience(void);

/* From here on. `status`: that of the process when a plugin called exit() or did not return. Without it the
 * rest does nothing (tests, other programs with the registry in them). [main] */
void guard_begin(int status);
void guard_end(void);
/* In a child of fork(): messages go to `fd` instead of standard error. */
void guard_adopt(int fd);

/* Around each call into a plugin that is not part of running the machine. Both texts are kept until it is
 * left. [main] */
void guard_enter(const char *id, const char *file, enum guard_step step);
void guard_leave(void);
/* "probe()": how messages call a step. */
const char *guard_step_text(enum guard_step step);

/* The library that has this symbol is the plugin's, for the rest of the process's life. */
void guard_library(const char *id, const void *symbol);

#endif
