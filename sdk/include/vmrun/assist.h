/* SPDX-License-Identifier: MIT */
/*
 * assist.h: vmrun.assist/1, optional: a plugin that can execute guest instructions on a vCPU's canonical state. An
 * accelerator that meets an instruction it can't run calls it and goes on after that instruction, or after more of them
 * where each call costs much.
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
	uint32_t limit; /* in: the most instructions to execute, 1 or more */
	/* Out: how many were, 1 .. limit; one that raised an exception, which is then taken in `state`, counts. Set with
	 * every answer: 0 with an error. */
	uint32_t executed;
};

struct vr_assist {
	uint32_t size;
	uint32_t reserved;
	/* Execute the instruction at the state's program counter, and then others, up to rq->limit: fewer whenever the
	 * plugin likes, as at one that it can't execute, at a wait for an interrupt, or when an interrupt is to be
	 * taken, which is the caller's. Guest memory and devices are reached through the host tables. 0: done, at least
	 * one; VR_E_UNSUPPORTED: not the first one, state is as it was. [vcpu] */
	int32_t(VR_CALL *execute)(struct vr_plugin_self *self, struct vr_assist_request *rq);
};

#ifdef __cplusplus
}
#endif

#endif
