/* SPDX-License-Identifier: MIT */
/* helper.h: helper processes, for the machine process (wire.h, spawner.c and process.c have the others). */
#ifndef HELPER_HELPER_H
#define HELPER_HELPER_H

#include <stdbool.h>
#include <stdint.h>

struct registry;
struct helpers;

/* Offers vmrun.helper-host/1. Until helpers_start() it refuses to start anything. [main] */
void helpers_offer(struct registry *r);
/* Forks the spawner when a plugin that this run may use has a role. Before the first thread, and before a
 * library is opened; options are set. sandbox: what `--no-sandbox` says. [main] */
int32_t helpers_start(struct registry *r, bool sandbox);
/* What is left of it, after registry_free(), since plugins stop theirs until then. The spawner and the
 * helpers that run end before that with the machine. `h` is what the registry had; NULL: nothing. [main] */
void helpers_free(struct helpers *h);

#endif
