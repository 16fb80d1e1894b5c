/* SPDX-License-Identifier: MIT */
/* debuglog.h: the log of `-d`, in a machine. */
#ifndef MACHINE_DEBUGLOG_H
#define MACHINE_DEBUGLOG_H

#include <stdint.h>
#include <vmrun/debuglog.h>
#include <vmrun/device_trace.h>

#include "util/log_filter.h"

struct debuglog;
struct machine;
struct machine_config;

/* By c->log and c->log_file; the former is kept, not copied. NULL in *out: nothing is wanted. VR_E_BUSY: the file is
 * one that the run reads. [main], after the machine's files were opened and before the sandbox. */
int32_t debuglog_new(struct machine *m, const struct machine_config *c, struct debuglog **out);
/* Warns of items that are wanted and that neither the accelerator nor the core gives. */
void debuglog_tell_missing(const struct debuglog *l, const char *accelerator);
/* Are accesses to devices wanted? They all have to take the bus then. */
bool debuglog_sees_devices(const struct debuglog *l);
/* base: of the device. */
void debuglog_access(struct debuglog *l, const struct vr_device_trace_access *seen, uint64_t base);
void debuglog_free(struct debuglog *l);

extern const struct vr_host_debuglog debuglog_table;

#endif
