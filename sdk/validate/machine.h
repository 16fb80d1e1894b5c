/* SPDX-License-Identifier: MIT */
/*
 * machine.h: a machine of an accelerator and the fake host, which runs micro-guests.
 *
 * Each vCPU has a thread of its own that makes it, runs it when told to, and unmakes it. RAM is one region,
 * then a page that can only be read (ROM). What a guest does to the device is in `log`.
 */
#ifndef VMRUN_VALIDATE_MACHINE_H
#define VMRUN_VALIDATE_MACHINE_H

#include "check.h"
#include "guests/layout.h"

#define MACHINE_RAM 0x200000ull
#define MACHINE_CODE 0x10000ull /* offsets in RAM */
#define MACHINE_DATA 0x20000ull
#define MACHINE_TABLES 0x40000ull /* x86: descriptors, page tables */
#define MACHINE_ROM 0x80000000ull /* beyond every RAM, 64 KiB; offsets are the same for all guests */
#define MACHINE_DEVICE 0xd0000000ull
#define MACHINE_UNMAPPED 0xe0000000ull
#define MACHINE_VCPUS 4u
#define MACHINE_STATE 40000u /* bytes, for the largest canonical state */
#define MACHINE_LOG 64u

struct machine;

/* A guest architecture that the validator can say something about. */
struct check_isa {
	const char *arch, *state_id;
	uint32_t state_size;
	uint32_t wake_pin;
	uint64_t ram, rom;
	const uint32_t *words; /* the micro-guests, GUEST_BYTES of them */
	const char *no_call;   /* why it has no hypercalls, or NULL */
	uint64_t unmapped;     /* what GUEST_UNMAPPED leaves */
	uint64_t call;         /* GUEST_CALL: the first register as the host sees it */
	/* Tables in RAM. */
	void (*prepare)(struct machine *m);
	/* Changes a power-on state: runs from pc with the guests' arguments. */
	void (*enter)(const struct machine *m, void *state, uint64_t pc);
	/* A random valid state from a power-on state. */
	void (*random)(struct vr_check *c, void *state);
	/* NULL, or what differs. */
	const char *(*compare)(const void *set, const void *got);
	uint64_t (*pc)(const void *state);
	void (*set_register)(void *state, uint32_t i, uint64_t value);
	uint32_t registers;
	/* NULL, or: condition flags, now and as the exception saved them, to zero. */
	void (*forget_flags)(void *state);
	/* Instructions that end a run, by a hypercall or by sleeping; what they are multiples of. */
	uint8_t end[8];
	uint32_t end_bytes, unit;
};
extern const struct check_isa check_isas[];
extern const uint32_t check_isa_count;
const struct check_isa *check_isa_of(const char *arch);

struct machine_log {
	uint64_t address, value;
	uint32_t width, is_write, vcpu;
};

struct machine_vcpu {
	struct machine *m;
	uint32_t index;
	pthread_t thread;
	struct vr_vcpu *vcpu;
	int32_t create_rc, rc;
	uint32_t reason;
	uint32_t command, busy; /* see machine.c */
};

struct machine {
	struct vr_check *c;
	const struct check_isa *isa;
	const struct vr_accel *a;
	struct vr_plugin_self *self;
	struct vr_fake_host *d;
	struct vr_vm *vm;
	uint8_t *ram, *rom;
	uint64_t vectors; /* where exceptions go */
	uint32_t count;
	struct machine_vcpu vcpu[MACHINE_VCPUS];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct machine_log log[MACHINE_LOG];
	uint32_t logged;
	uint32_t done;    /* writes to DEVICE_DONE */
	uint64_t result;  /* the last one's value */
	uint64_t call[8]; /* the last hypercall's registers */
	uint32_t calls, call_kind;
	uint32_t stops; /* runs may end with VR_EXIT_DEBUG */
};

/* Opens a machine with n vCPUs on accelerator `a`; fails the rule when the accelerator refuses. d is the host
 * that the accelerator was created with. */
void machine_open(struct machine *m, struct vr_check *c, const struct check_isa *isa,
		  const struct vr_accel *a, struct vr_plugin_self *self, struct vr_fake_host *d,
		  const struct vr_vm_config *config, uint32_t vcpus);
void machine_close(struct machine *m);
/* vCPU i stands before that guest. */
void machine_enter(struct machine *m, uint32_t i, uint32_t guest);
void machine_get(struct machine *m, uint32_t i, void *state);
void machine_set(struct machine *m, uint32_t i, const void *state);
/* Begins a run / waits for its end: the rule fails when it does not come, or is an error. */
void machine_run(struct machine *m, uint32_t i);
void machine_wait(struct machine *m, uint32_t i);
/* Has it ended? */
bool machine_ended(struct machine *m, uint32_t i);
/* Seconds until a guest has hung. */
uint32_t machine_patience(const struct machine *m);
/* Enter, run until DEVICE_DONE, which must have been written this value. */
void machine_expect(struct machine *m, uint32_t guest, uint32_t result);
uint64_t machine_u64(const struct machine *m, uint64_t offset); /* at MACHINE_DATA + offset */

/* The mode flags of the micro-guests' state (rules_xlate.c). */
uint64_t check_xlate_mode_flags(struct vr_check *c, const struct vr_isa *isa);

/* Calls fn with a machine of the accelerator under test for each guest architecture that it can run here. */
void machine_each(struct vr_check *c, uint32_t vcpus, void (*fn)(struct machine *m));
/* The same, made with VR_VM_* flags. */
void machine_each_with(struct vr_check *c, uint32_t vcpus, uint32_t flags, void (*fn)(struct machine *m));

#endif
