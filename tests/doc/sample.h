/* SPDX-License-Identifier: MIT */
/*
 * sample.h: what tools/doc/headers.awk is to read right; sample.md has what it makes of it.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <vmrun/abi.h>

/* ---- vmrun.well-known/1: options (a default, then -p id,name=value) ---- */
#define VR_SAMPLE_ID "vmrun.well-known/1"
struct vr_sample {
	uint32_t size;
	uint32_t reserved;
	/* Have fn run, [any], on a thread of its own. [main] */
	int32_t(VR_CALL *attach)(void(VR_CALL *fn)(void *opaque), void *opaque);
	/* Both at once. [main][quiesced] */
	void(VR_CALL *first)(void);
	void(VR_CALL *second)(void);
	void(VR_CALL *third)(void); /* one of its own. [vcpu] */
	/* A message. [any], on a thread that all share. */
	void(VR_CALL *message)(void);
	/* Waits. [any, may block] */
	void(VR_CALL *wait)(void);
	/* Each of them. [main] 0, or an error. */
	int32_t(VR_CALL *each)(void);
};

/* Two functions that the plugin has. [main] */
VR_EXPORT int32_t VR_CALL vmrun_one(void);
VR_EXPORT int32_t VR_CALL vmrun_two(void);

#endif
