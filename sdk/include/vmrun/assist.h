/* SPDX-License-Identifier: MIT */
/*
 * assist.h: vmrun.assist/1, optional: a plugin that can execute one guest instruction on a vCPU's canonical
 * state. An accelerator that meets an instruction it can't run calls it and goes on after that instruction.
 */
#ifndef VMRUN_ASSIST_H
#define VMRUN_ASSIST_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_ASSIST_ID "vmrun.assist/1"

struct vr_assist_request {
	uint32_t size;
	uint32_t vcpu;
	const char *arch;     /* "x86_64" */
	const char *state_id; /* VR_STATE_X86_ID ... */
	void *state; /* in: before the instruction; out: after it, or with the exception that it raised taken
		      */
	uint32_t state_length;
	uint32_t
		insn_length; /* bytes known in insn[], 0: none; they may hold more than the one instruction */
	uint8_t insn[16];
};

struct vr_assist {
	uint32_t size;
	uint32_t reserved;
	/* Guest memory and devices are reached through the host tables. 0: done; VR_E_UNSUPPORTED: not this
	 * one, state is as it was. [vcpu] */
	int32_t(VR_CALL *execute)(struct vr_plugin_self *self, struct vr_assist_request *rq);
};

#ifdef __cplusplus
}
#endif

#endif
