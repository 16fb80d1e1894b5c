/* SPDX-License-Identifier: MIT */
/*
 * debugger.h: vmrun.debugger/1, optional: an accelerator whose vCPUs can be stopped and stepped from outside,
 * for `vmrun --gdb`.
 *
 * For a virtual machine that was made with VR_VM_DEBUG (accel.h). vcpu_run() returns with VR_EXIT_DEBUG (accel.h) when a vCPU comes to a point, or has carried out its step.
 * Registers are read and written as canonical state. An accelerator that can hides the points from the guest:
 * they change neither its memory nor its own debug registers, and work beside the latter. One that can't may
 * write breakpoint instructions into guest memory, for points without VR_STOP_HARDWARE, and may use the
 * processor's debug registers in the guest's place; original() then gives the core what the guest has there.
 *
 * After a stop the core runs the vCPU again when the debugger says so. A vCPU that still stands at a point
 * then stops there again: a debugger takes the point away, has the vCPU carry out one instruction, and puts
 * the point back.
 */
#ifndef VMRUN_DEBUGGER_H
#define VMRUN_DEBUGGER_H

#include <vmrun/accel.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_DEBUGGER_ID "vmrun.debugger/1"

#define VR_STOP_POINTS 256u /* the core sets no more */
struct vr_stop_point {
	uint64_t first, last; /* virtual addresses of its first and last byte */
	uint32_t access;      /* VR_STOP_READ ...; an instruction that begins at one of its bytes: EXECUTE */
	uint32_t flags;       /* VR_STOP_HARDWARE */
};
#define VR_STOP_HARDWARE 1u /* the user asked for a point that changes no guest memory */

struct vr_debugger {
	uint32_t size;
	uint32_t flags; /* VR_STOP_AFTER: data points stop a vCPU after the access; else before it */
	/* The points of every vCPU from now on, in place of those before; `stride` bytes from one to the
	 * next. An instruction point stops the vCPU before the instruction. A data point does so before or
	 * after the access, as debuggers of the architecture expect it. VR_E_RANGE, VR_E_UNSUPPORTED: this
	 * accelerator can't have these (the error text says why); the points stay as they were. [quiesced] */
	int32_t(VR_CALL *set_points)(struct vr_vm *vm, const struct vr_stop_point *points, uint32_t count,
				     uint32_t stride);
	/* on != 0: from now on vcpu_run() carries out one instruction, or takes the exception that it raises,
	 * and returns VR_EXIT_DEBUG; instruction points don't stop it, and no interrupt is taken. [vcpu] */
	int32_t(VR_CALL *vcpu_step)(struct vr_vcpu *vcpu, uint32_t on);
	/* The guest-physical address that a virtual one has in the vCPU's current page tables, whatever they
	 * allow to be done there. Changes nothing in the guest. VR_E_NOENT: it has none. [vcpu] */
	int32_t(VR_CALL *vcpu_translate)(struct vr_vcpu *vcpu, uint64_t va, uint64_t *physical);
	/* `bytes` is a copy of guest memory at [gpa, gpa + length): what the guest has there replaces what
	 * points have written. NULL: points of this accelerator write nothing. [quiesced] */
	void(VR_CALL *original)(struct vr_vm *vm, uint64_t gpa, uint64_t length, void *bytes);
};

#ifdef __cplusplus
}
#endif

#endif
