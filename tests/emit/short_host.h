/* SPDX-License-Identifier: MIT */
/*
 * short_host.h: a host with short branches, made of the x86 emitter: a target description whose jumps and calls reach
 * SHORT_REACH bytes. Its code runs on this processor, and its islands and veneers are executed. A jump beyond its reach
 * ends the program.
 */
#ifndef VR_TESTS_EMIT_SHORT_HOST_H
#define VR_TESTS_EMIT_SHORT_HOST_H

#include <vmrun/emitter.h>

#define SHORT_REACH (128u << 10)
#define SHORT_REGION (96u << 10) /* the most code of a region */

/* Make an x86 emitter's object one of the fake host. */
void short_host(struct vr_emit_vm *vm);
/* How often so far: changes of an exit's jump; jumps of islands and veneers that were emitted. */
struct short_host_counts {
	uint32_t redirects, constant_jumps;
};
extern struct short_host_counts short_host_counts;

#endif
