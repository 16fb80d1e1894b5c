/* SPDX-License-Identifier: MIT */
/*
 * facts.h: vmrun.facts/1, optional: what a plugin found out about the machine it is on, for `vmrun doctor`.
 * Asked after a probe that went well; may measure, for less than a second in all.
 */
#ifndef VMRUN_FACTS_H
#define VMRUN_FACTS_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_FACTS_ID "vmrun.facts/1"

/* name: a word or two, the same on every machine; text: for people. Both are the caller's until it returns.
 */
typedef void(VR_CALL *vr_fact_fn)(void *opaque, const char *name, const char *text);

struct vr_facts {
	uint32_t size;
	uint32_t reserved;
	/* Calls fn for each fact. [main] 0, or an error whose text says what could not be measured. */
	int32_t(VR_CALL *facts)(struct vr_plugin_self *self, vr_fact_fn fn, void *opaque);
};

#ifdef __cplusplus
}
#endif

#endif
