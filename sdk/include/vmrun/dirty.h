/* SPDX-License-Identifier: MIT */
/*
 * dirty.h: vmrun.dirty/1, optional: which guest pages were written, from an accelerator. vm and the slot
 * numbers are those of vmrun.accel/1.
 */
#ifndef VMRUN_DIRTY_H
#define VMRUN_DIRTY_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_DIRTY_ID "vmrun.dirty/1"
#define VR_DIRTY_PAGE 4096u /* bytes that one bit stands for */

struct vr_dirty {
	uint32_t size;
	uint32_t reserved;
	/* Begin (on != 0) or end watching a slot. [main][quiesced] */
	int32_t(VR_CALL *watch)(struct vr_vm *vm, uint32_t slot, uint32_t on);
	/* The pages that vCPUs wrote since the last call, or since watch(): bit n of word n / 64 is page n of
	 * the slot. The first call may have pages as well that were only read: a hypervisor that gives a page
	 * to the guest at its first access gives it to be written. bytes: capacity of bitmap. What devices
	 * wrote is known to the host, by vmrun.memory/1. [main] */
	int32_t(VR_CALL *take)(struct vr_vm *vm, uint32_t slot, uint64_t *bitmap, uint64_t bytes);
};

#ifdef __cplusplus
}
#endif

#endif
