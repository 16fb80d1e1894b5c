/* SPDX-License-Identifier: MIT */
/* engine.h: the software engine on a fake host. */
#ifndef DIFF_ENGINE_H
#define DIFF_ENGINE_H

#include "case.h"

struct diff_engine;

/* tier 0 or 1; NULL with a message on stderr. */
struct diff_engine *diff_engine_new(unsigned tier);
int diff_engine_run(struct diff_engine *e, const struct diff_case *c, struct diff_result *r);
void diff_engine_free(struct diff_engine *e);

#endif
