/* SPDX-License-Identifier: MIT */
/* engine.h: the software engine on a fake host. */
#ifndef DIFF_ENGINE_H
#define DIFF_ENGINE_H

#include "case.h"
#include "machine.h"

struct diff_engine;

/* 0: tier 0; 1: tier 2; 3: tier 1; 2: tier 2, with an emitter that refuses every third op, so that the engine interprets the instructions
 * that need it. NULL with a message on stderr. */
#define DIFF_ENGINES 4u
struct diff_engine *diff_engine_new(unsigned number);
int diff_engine_run(struct diff_engine *e, const struct diff_case *c, struct diff_result *r);
/* Its machine, for what a case does beyond its result. */
struct diff_machine *diff_engine_machine(struct diff_engine *e);
void diff_engine_free(struct diff_engine *e);

#endif
