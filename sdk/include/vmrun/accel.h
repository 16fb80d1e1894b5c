/* SPDX-License-Identifier: MIT */
/*
 * accel.h: vmrun.accel/1, something that runs vCPUs (a hypervisor, the software engine).
 *
 * The core starts one OS thread a vCPU, for life. On it: vcpu_create, then vcpu_run again and again.
 * The accelerator handles memory, MMIO (through vmrun.mmio/1), idling (vmrun.thread/1) and hypercalls
 * (vmrun.machine/1) inside vcpu_run; it returns only for the reasons VR_EXIT_*.
 */
#ifndef VMRUN_ACCEL_H
#define VMRUN_ACCEL_H

#include <vmrun/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VR_ACCEL_ID "vmrun.accel/1"

#define VR_EXIT_KICK 0  /* vcpu_kick() was called */
#define VR_EXIT_OFF 1   /* the vCPU powered itself off (hypercall) */
#define VR_EXIT_ERROR 2 /* can't go on; the error text is set */
#define VR_EXIT_DEBUG 3 /* a stop for the debugger (debugger.h), when it asked for one */

#define VR_VM_STATS 1u /* stats() will be asked for: count also what costs a little */
#define VR_VM_DEBUG 2u /* vmrun.debugger/1 will be used */

struct vr_isa;
struct vr_emit;

struct vr_vm_config {
	uint32_t size;
	uint32_t vcpu_count;
	const char *arch; /* guest architecture: "arm64" ... */
	/* Of the translator that was chosen, or NULL: its tables of vmrun.isa/1 (isa.h) and, if it has one,
	 * vmrun.emitter/1 (emitter.h), of whatever revision; the `self` of vr_isa.create, and the plugin's id. */
	const struct vr_isa *isa;
	const struct vr_emit *emitter;
	struct vr_plugin_self *translator_self;
	const char *translator_id;
	uint32_t flags; /* VR_VM_* */
	uint32_t reserved;
};

struct vr_exit {
	uint32_t size;
	uint32_t reason; /* VR_EXIT_* */
	/* Of VR_EXIT_DEBUG. */
	uint32_t access;     /* what touched a point: VR_STOP_READ ...; 0: a step is done */
	uint32_t stop_flags; /* VR_STOP_AFTER */
	uint64_t address;    /* the first byte of the access that is in the point */
};
#define VR_STOP_READ 1u
#define VR_STOP_WRITE 2u
#define VR_STOP_EXECUTE 4u
#define VR_STOP_AFTER 1u /* the access has been made; without it, it is still to come */

#define VR_STAT_COUNT 0 /* a plain number */
#define VR_STAT_NS 1
#define VR_STAT_BYTES 2
#define VR_STAT_PERMILLE 3 /* a ratio times 1000 */
typedef void(VR_CALL *vr_stat_fn)(void *opaque, const char *name, uint32_t kind, uint64_t value);

struct vr_accel {
	uint32_t size;
	uint32_t reserved;
	/* Comma-separated guest architectures that can run without a translator ("host" architecture),
	 * or "" for one that needs a translator. */
	const char *native_arch;
	/* A virtual machine without memory and vCPUs. *c is for the duration of the call. [main] */
	int32_t(VR_CALL *vm_create)(struct vr_plugin_self *self, const struct vr_vm_config *c,
				    struct vr_vm **vm);
	/* After its vCPUs were destroyed. [main][quiesced] */
	void(VR_CALL *vm_destroy)(struct vr_vm *vm);
	/* RAM appears / goes. Slot numbers are the core's. [main][quiesced] */
	int32_t(VR_CALL *memory_map)(struct vr_vm *vm, uint32_t slot, uint64_t gpa, uint64_t length,
				     void *host, uint32_t flags);
	int32_t(VR_CALL *memory_unmap)(struct vr_vm *vm, uint32_t slot);
	/* A device wrote guest RAM: drop what was derived from it. [any] */
	void(VR_CALL *memory_written)(struct vr_vm *vm, uint64_t gpa, uint64_t length);
	/* vCPU `index` (0 ..), on the thread that will run it. [vcpu] */
	int32_t(VR_CALL *vcpu_create)(struct vr_vm *vm, uint32_t index, struct vr_vcpu **vcpu);
	/* On the thread that made it, after its last run. [vcpu] */
	void(VR_CALL *vcpu_destroy)(struct vr_vcpu *vcpu);
	/* Runs the guest until there is a reason VR_EXIT_* to return, which is in *exit. A negative result is
	 * VR_EXIT_ERROR's. [vcpu] */
	int32_t(VR_CALL *vcpu_run)(struct vr_vcpu *vcpu, struct vr_exit *exit);
	/* Ends one vcpu_run() with VR_EXIT_KICK: the one under way, or else the next. [any] */
	void(VR_CALL *vcpu_kick)(struct vr_vcpu *vcpu);
	/* Interrupt pin `pin` (vmrun.irq/1 has the numbers) is now at `level`; wakes a vCPU that sleeps. [any] */
	void(VR_CALL *vcpu_set_pin)(struct vr_vcpu *vcpu, uint32_t pin, uint32_t level);
	/* Canonical state by id. Not while it runs. [vcpu] */
	int32_t(VR_CALL *vcpu_get_state)(struct vr_vcpu *vcpu, const char *state_id, void *state,
					 uint32_t length);
	int32_t(VR_CALL *vcpu_set_state)(struct vr_vcpu *vcpu, const char *state_id, const void *state,
					 uint32_t length);
	/* Everything forgotten between resets: TLBs, translated code, pins. [quiesced] */
	void(VR_CALL *vm_reset)(struct vr_vm *vm);
	/* Report counters. [quiesced] */
	void(VR_CALL *stats)(struct vr_vm *vm, vr_stat_fn fn, void *opaque);
};

#ifdef __cplusplus
}
#endif

#endif
