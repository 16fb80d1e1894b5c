/* SPDX-License-Identifier: MIT */
/* internal.h: what the files of this folder share. */
#ifndef HELPER_INTERNAL_H
#define HELPER_INTERNAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "helper/wire.h"
#include "plugin/registry.h"

#define HELPER_STATE_MS 5000
#define HELPER_STOP_MS 2000

/* May this plugin have a helper in this run? */
bool helper_allowed(const struct loaded_plugin *p);

/* The spawner's life, in the process that was forked for it by `vmrun`. life: the end for reading of a pipe
 * whose other end vmrun alone has. */
_Noreturn void spawner_main(struct registry *r, int control, int life, pid_t vmrun, bool sandbox);
/* A helper's, likewise. `window` -1: none. */
_Noreturn void helper_main(struct registry *r, struct loaded_plugin *p, int channel, int window,
			   uint64_t window_length, bool sandbox);

#endif
