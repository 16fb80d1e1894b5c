/* SPDX-License-Identifier: MIT */
/* debug.h: vmrun.debugger/1 of kvm.so: what debug.c and its architectures share. */
#ifndef KVMP_DEBUG_H
#define KVMP_DEBUG_H

#include <pthread.h>
#include <vmrun/debugger.h>

#include "kvm.h"

#define KVMP_DEBUG_REGISTERS 32u /* no processor has more */
#define KVMP_BREAK_BYTES 4u      /* no architecture's breakpoint instruction is longer */

/* One debug register's point: an instruction's address, or bytes of data that one register can watch. */
struct kvmp_debug_register {
	uint64_t address;
	uint32_t length;
	uint32_t access; /* VR_STOP_* */
};

/* A breakpoint instruction in guest memory. */
struct kvmp_code_point {
	uint64_t va, pa;
	uint8_t *host;
	uint8_t old[KVMP_BREAK_BYTES]; /* while it is written: what the guest has there */
};

struct kvmp_points {
	struct vr_stop_point all[VR_STOP_POINTS];
	struct kvmp_debug_register reg[KVMP_DEBUG_REGISTERS];
	struct kvmp_code_point code[VR_STOP_POINTS];
	uint32_t count, regs, codes;
};

/* What this KVM was seen to do; but for the last in kernel mode. */
#define KVMP_CAN_STEP 1u
#define KVMP_CAN_SOFTWARE 2u /* a breakpoint instruction exits */
#define KVMP_CAN_HARDWARE 4u /* a debug register stops an instruction */
#define KVMP_CAN_WATCH 8u    /* and a data access */
#define KVMP_CAN_USER 16u    /* steps work in user mode as well */

struct kvmp_debug {
	pthread_mutex_t lock; /* `written`, `passing`, and guest memory at code points */
	struct kvmp_points points;
	bool written;      /* the breakpoint instructions are in memory */
	bool told;         /* that the guest wrote over one of these points */
	bool again;        /* the points have to be found places anew */
	uint32_t passing;  /* vCPUs that carry out an instruction under one */
	uint32_t changes;  /* of the points */
	uint32_t can;      /* KVMP_CAN_* */
	uint32_t controls; /* KVM_GUESTDBG_* that this KVM knows, where it says so */
};

/* Why KVM_RUN returned with KVM_EXIT_DEBUG. */
enum kvmp_debug_kind {
	KVMP_DEBUG_BREAK,    /* a breakpoint instruction at pc */
	KVMP_DEBUG_REGISTER, /* points.reg[index] */
	KVMP_DEBUG_STEP,
	KVMP_DEBUG_OTHER,
};
struct kvmp_debug_event {
	enum kvmp_debug_kind kind;
	uint32_t index;
	uint64_t pc;
};

/* ---- debug.c ---- */
int32_t kvmp_debug_create(struct kvmp_vm *vm);
void kvmp_debug_destroy(struct kvmp_vm *vm);
/* The memory's contents are the guest's again, and the vCPU knows of no stop. */
void kvmp_debug_reset(struct kvmp_vm *vm);
void kvmp_debug_reset_vcpu(struct kvmp_vcpu *v);
void kvmp_debug_written(struct kvmp_vm *vm, uint64_t gpa, uint64_t length);
/* Guest memory at a guest-physical address, or NULL: not in one piece. */
uint8_t *kvmp_debug_ram(const struct kvmp_vm *vm, uint64_t pa, uint32_t length);
/* Before KVM_RUN. */
int32_t kvmp_debug_enter(struct kvmp_vcpu *v);
/* KVM_EXIT_DEBUG; as kvmp_arch_exit(). */
int32_t kvmp_debug_exit(struct kvmp_vcpu *v);
/* The vCPU begins to wait for an interrupt: the instruction under a breakpoint instruction, which it may have
 * carried out, is over, and KVM says only that it waits. */
void kvmp_debug_waits(struct kvmp_vcpu *v);
/* The step of a vCPU that waits for an interrupt ends there. */
void kvmp_debug_stop_waiting(struct kvmp_vcpu *v);
extern const struct vr_debugger kvmp_debugger_table;

/* ---- what an architecture gives ---- */
extern const uint8_t kvmp_arch_break[KVMP_BREAK_BYTES];
extern const uint32_t kvmp_arch_break_bytes;
/* VR_STOP_AFTER: data points stop after the access. */
#if defined(__x86_64__)
#define KVMP_STOP_FLAGS VR_STOP_AFTER /* SDM vol. 3 17.3.1.2 */
#else
#define KVMP_STOP_FLAGS 0u /* Arm ARM D2.10 */
#endif
/* KVMP_CAN_*, tried out where that is possible. */
uint32_t kvmp_arch_debug_can(struct kvmp_vm *vm);
/* How many more registers there are for this kind of access. */
uint32_t kvmp_arch_debug_room(const struct kvmp_vm *vm, const struct kvmp_points *p, uint32_t access);
/* Can one register tell this kind of access from others? NULL, or why not. */
const char *kvmp_arch_debug_refuses(uint32_t access);
/* How many bytes of data one register watches at most from `address` on. */
uint64_t kvmp_arch_debug_piece(uint64_t address, uint64_t length);
/* Puts the registers into `g`, and has them used; code: those for instructions as well. */
void kvmp_arch_debug_fill(const struct kvmp_points *p, bool code, struct kvm_guest_debug *g);
int32_t kvmp_arch_debug_event(struct kvmp_vcpu *v, struct kvmp_debug_event *out);
/* The exception was the guest's own: it takes it. */
int32_t kvmp_arch_debug_reflect(struct kvmp_vcpu *v);
/* A vCPU that is about to be stepped waits for nothing. */
int32_t kvmp_arch_debug_wake(struct kvmp_vcpu *v);
/* VR_E_NOENT: not mapped. No vCPU runs. */
int32_t kvmp_arch_translate(struct kvmp_vcpu *v, uint64_t va, uint64_t *pa);

#endif
