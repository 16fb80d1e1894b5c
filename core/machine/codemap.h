/* SPDX-License-Identifier: MIT */
/* codemap.h: names of generated code for profilers, in a machine. */
#ifndef MACHINE_CODEMAP_H
#define MACHINE_CODEMAP_H

#include <stdbool.h>
#include <stdint.h>
#include <vmrun/codemap.h>

struct codemap;
struct sandbox;

/* perf_map: /tmp/perf-PID.map; jitdump: a folder for jit-PID.dump, or NULL. NULL in *out: neither. [main],
 * before the sandbox. */
int32_t codemap_new(bool perf_map, const char *jitdump, struct codemap **out);
/* Is there a /tmp/perf-PID.map? */
bool codemap_for_perf(const struct codemap *c);
/* What has to stay after the sandbox was entered. [main] */
void codemap_allow(const struct codemap *c, struct sandbox *s);
void codemap_free(struct codemap *c);

extern const struct vr_host_codemap codemap_table;

#endif
