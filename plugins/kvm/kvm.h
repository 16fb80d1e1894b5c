/* SPDX-License-Identifier: MIT */
/*
 * kvm.h: kvm.so's own structures.
 *
 *   plugin (the /dev/kvm descriptor) ── vm ── slots
 *                                        └── vcpus (descriptor, kvm_run page)
 *
 * KVM API section numbers are those of the kernel's Documentation/virt/kvm/api.rst.
 *
 * Stopping a vCPU. Other threads set a bit of vcpu->attention, then kvm_run.immediate_exit (KVM API, 5),
 * and, when the vCPU's thread is inside KVM_RUN, send it a signal that this thread blocks everywhere but in
 * KVM_RUN (KVM_SET_SIGNAL_MASK, KVM API 4.18). So no handler is needed: the signal ends KVM_RUN, stays
 * pending and is taken with sigtimedwait().
 */
#ifndef KVMP_H
#define KVMP_H

#include <linux/kvm.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <vmrun/accel.h>
#include <vmrun/assist.h>
#include <vmrun/dirty.h>
#include <vmrun/facts.h>
#include <vmrun/host.h>
#include <vmrun/irqchip.h>
#include <vmrun/notify.h>
#include <vmrun/plugin.h>
#include <vmrun/sandbox.h>

#include "host_error.h"
#include "plugin_entry.h"

#define KVMP_MAX_SLOTS 64u
#define KVMP_MAX_VCPUS 512u

/* X-macro of the counters: field, name as reported. One set a vCPU; added up for reports. */
#define KVMP_COUNTERS(C)                            \
	C(runs, "runs")                             \
	C(mmio, "mmio")                             \
	C(port, "port")                             \
	C(sysreg, "sysreg")                         \
	C(halts, "halts")                           \
	C(interrupts, "interrupts")                 \
	C(windows, "interrupt_windows")             \
	C(nmis, "nmis")                             \
	C(signals, "signals")                       \
	C(kicks, "kicks")                           \
	C(emulation_failures, "emulation_failures") \
	C(assisted, "assisted_instructions")

struct kvmp_counters {
#define C(field, name) uint64_t field;
	KVMP_COUNTERS(C)
#undef C
};

struct kvmp_vm;
struct vr_host_debuglog;

struct kvmp_plugin {
	struct vr_plugin_instance instance;
	int fd;       /* the device; -1: not open */
	int spare_vm; /* the virtual machine that the probe made, for the first vm_create; -1: none */
	bool probed;
	uint32_t irqchip_option; /* VR_IRQCHIP_*, or KVMP_IRQCHIP_AUTO */
	bool no_notify;          /* the user wants no doorbells */
	bool nested;             /* the guest may run virtual machines itself */
	char device[4096];
	struct kvmp_vm *vm; /* the newest */
};

static inline struct kvmp_plugin *kvmp_plugin_of(struct vr_plugin_self *self)
{
	return (struct kvmp_plugin *)self;
}
#define KVMP_IRQCHIP_AUTO 99u /* vmrun.irqchip/1 decides */

struct kvmp_slot {
	uint64_t gpa, length;
	void *host;
	uint32_t flags; /* KVM_MEM_* */
	bool used;
};

/* vcpu->attention */
#define KVMP_ATT_KICK 1u /* return to the core */
#define KVMP_ATT_PIN 2u  /* look at the pins */

struct kvmp_vcpu {
	struct kvmp_vm *vm;
	uint32_t index;
	int fd;
	struct kvm_run *run;
	size_t run_size;
	pid_t process, tid;
	_Atomic uint32_t attention;
	_Atomic uint32_t in_run;
	_Atomic uint64_t pins;
	_Atomic uint32_t nmi_edges;
	bool unfinished;    /* the last exit completes in the next KVM_RUN */
	bool waiting;       /* in HLT / WFI, and the kernel does not wait by itself */
	bool fault_handled; /* x86: the report of a triple fault was made */
	/* For a debugger outside: debug.c. */
	bool stepping; /* vcpu_run() carries out one instruction */
	bool passing;  /* it is the one under a breakpoint instruction that another address has */
	bool stopped;  /* `stop` is what vcpu_run() has to return */
	struct vr_exit stop;
	uint32_t debug_control, debug_changes; /* what KVM was told last */
	struct kvmp_counters n;
	struct kvmp_arch_vcpu *arch;
};

static inline struct kvmp_vcpu *kvmp_vcpu_of(struct vr_vcpu *vcpu)
{
	return (struct kvmp_vcpu *)vcpu;
}

struct kvmp_arch_vm;

struct kvmp_vm {
	struct kvmp_plugin *plugin;
	const struct vr_host *host;
	const struct vr_host_mmio *mmio;
	const struct vr_host_thread *thread;
	const struct vr_host_machine *machine;
	const struct vr_host_log *log; /* may be NULL */
	const struct vr_assist *assist;
	struct vr_plugin_self *assist_self;
	int fd;
	uint32_t vcpu_count;
	uint32_t irqchip; /* VR_IRQCHIP_* */
	bool vcpus_made;
	struct kvmp_slot slots[KVMP_MAX_SLOTS];
	struct kvmp_vcpu *vcpus[KVMP_MAX_VCPUS];
	struct kvmp_counters gone; /* of vCPUs that are no more */
	struct kvmp_arch_vm *arch;
	struct kvmp_debug *debug;              /* NULL: no debugger can come */
	const struct vr_host_debuglog *intlog; /* NULL: no `-d int` */
};

static inline struct kvmp_vm *kvmp_vm_of(struct vr_vm *vm)
{
	return (struct kvmp_vm *)vm;
}

/* ---- error.c ------------------------------------------------------------------------------- */
/* Notes the text and returns the code. */
__attribute__((format(printf, 3, 4))) int32_t kvmp_error(const struct vr_host *host, int32_t code,
							 const char *format, ...);
/* From here on this thread's texts come into `text` as well, for where no code can be returned; NULL: no
 * longer. */
void kvmp_error_keep(char text[VR_HOST_ERROR_TEXT]);
__attribute__((format(printf, 3, 4))) void kvmp_log(const struct vr_host *host, uint32_t level,
						    const char *format, ...);
/* ioctl() that starts again after a signal. */
int kvmp_ioctl(int fd, unsigned long request, const void *argument);
int kvmp_ioctl_number(int fd, unsigned long request, unsigned long argument);
int kvmp_extension(int fd, int capability); /* 0: not there */
int32_t kvmp_code_of(int e);                /* VR_E_* of an errno */
/* What to do about an errno, to be put after its text; "" when nothing can be said in general. */
const char *kvmp_remedy(int e);

/* ---- probe.c, facts.c ---------------------------------------------------------------------- */
int32_t kvmp_probe(struct kvmp_plugin *p);
extern const struct vr_facts kvmp_facts_table;

/* ---- vm.c, memory.c ------------------------------------------------------------------------ */
int32_t VR_CALL kvmp_vm_create(struct vr_plugin_self *self, const struct vr_vm_config *c, struct vr_vm **out);
void VR_CALL kvmp_vm_destroy(struct vr_vm *vm);
void VR_CALL kvmp_vm_reset(struct vr_vm *vm);
void VR_CALL kvmp_vm_stats(struct vr_vm *vm, vr_stat_fn fn, void *opaque);
int32_t VR_CALL kvmp_memory_map(struct vr_vm *vm, uint32_t slot, uint64_t gpa, uint64_t length, void *host,
				uint32_t flags);
int32_t VR_CALL kvmp_memory_unmap(struct vr_vm *vm, uint32_t slot);
void VR_CALL kvmp_memory_written(struct vr_vm *vm, uint64_t gpa, uint64_t length);
extern const struct vr_dirty kvmp_dirty_table;
extern const struct vr_irqchip kvmp_irqchip_table;

/* ---- notify.c ------------------------------------------------------------------------------ */
extern const struct vr_notify kvmp_notify_table;

/* ---- vcpu.c ---------------------------------------------------------------------------------- */
int32_t VR_CALL kvmp_vcpu_create(struct vr_vm *vm, uint32_t index, struct vr_vcpu **out);
void VR_CALL kvmp_vcpu_destroy(struct vr_vcpu *vcpu);
int32_t VR_CALL kvmp_vcpu_run(struct vr_vcpu *vcpu, struct vr_exit *exit);
void VR_CALL kvmp_vcpu_kick(struct vr_vcpu *vcpu);
void VR_CALL kvmp_vcpu_set_pin(struct vr_vcpu *vcpu, uint32_t pin, uint32_t level);
int32_t VR_CALL kvmp_vcpu_get_state(struct vr_vcpu *vcpu, const char *id, void *state, uint32_t length);
int32_t VR_CALL kvmp_vcpu_set_state(struct vr_vcpu *vcpu, const char *id, const void *state, uint32_t length);
void kvmp_vcpu_attention(struct kvmp_vcpu *v, uint32_t bits); /* [any] */
/* Finishes the exit under way, so that the state can be read. */
int32_t kvmp_vcpu_settle(struct kvmp_vcpu *v);

/* ---- log.c; the last two only while vm->intlog is set ------------------------------------------ */
void kvmp_intlog_open(struct kvmp_vm *vm);
/* A record at the vCPU's program counter. [vcpu] */
__attribute__((format(printf, 2, 3))) void kvmp_intlog(const struct kvmp_vcpu *v, const char *format, ...);
void kvmp_intlog_exit(const struct kvmp_vcpu *v);

/* ---- bus.c ------------------------------------------------------------------------------------ */
/* One access of a vCPU to the bus; where no device answers, a read gives all ones. 0: a device answered. */
int32_t kvmp_bus(struct kvmp_vcpu *v, uint32_t space, uint64_t address, uint32_t width, bool is_write,
		 void *data);

/* ---- what an architecture gives: *_x86.c, *_arm64.c -------------------------------------------- */
extern const char kvmp_arch_name[]; /* as vmrun names it */
struct kvmp_capability {
	int number;
	const char *name;
	const char *what; /* for people */
};
extern const struct kvmp_capability kvmp_arch_required[]; /* ends with name NULL */
int32_t kvmp_arch_vm_init(struct kvmp_vm *vm);
void kvmp_arch_vm_fini(struct kvmp_vm *vm);
int32_t kvmp_arch_vm_reset(struct kvmp_vm *vm);               /* controllers in the kernel */
int32_t kvmp_arch_irqchip(struct kvmp_vm *vm, uint32_t kind); /* before there are vCPUs */
int32_t kvmp_arch_msi(struct kvmp_vm *vm, uint64_t address, uint32_t data);
extern const uint32_t kvmp_arch_lines; /* inputs of the controller */
int32_t kvmp_arch_line(struct kvmp_vm *vm, uint32_t line, uint32_t level);
int32_t kvmp_arch_route(struct kvmp_vm *vm, uint32_t line, uint64_t address, uint32_t data);
/* Their canonical states, as vmrun.irqchip/1 has it. */
int32_t kvmp_arch_irqchip_get(struct kvmp_vm *vm, const char *id, uint32_t index, void *state,
			      uint32_t length);
int32_t kvmp_arch_irqchip_set(struct kvmp_vm *vm, const char *id, uint32_t index, const void *state,
			      uint32_t length);
int32_t kvmp_arch_vcpu_init(struct kvmp_vcpu *v);
void kvmp_arch_vcpu_fini(struct kvmp_vcpu *v);
int32_t kvmp_arch_vcpu_reset(struct kvmp_vcpu *v);
/* Before KVM_RUN: interrupts in. An error, or 0. */
int32_t kvmp_arch_enter(struct kvmp_vcpu *v);
/* After it. */
void kvmp_arch_leave(struct kvmp_vcpu *v);
/* Is there something to wake from waiting for? */
bool kvmp_arch_has_work(struct kvmp_vcpu *v);
/* An exit that vcpu.c does not know: 0 go on, KVMP_STOP return to the core once kicked, or an error. */
#define KVMP_STOP 1
int32_t kvmp_arch_exit(struct kvmp_vcpu *v);
/* An access to an address where nothing is. */
void kvmp_arch_bus_error(struct kvmp_vcpu *v, bool is_write);
/* A pin changed: true when the kernel was told, false when the vCPU's thread has to look. [any] */
bool kvmp_arch_pin(struct kvmp_vcpu *v, uint32_t pin, bool level);
int32_t kvmp_arch_pc(const struct kvmp_vcpu *v, uint64_t *pc);
int32_t kvmp_arch_get_state(struct kvmp_vcpu *v, const char *id, void *state, uint32_t length);
int32_t kvmp_arch_set_state(struct kvmp_vcpu *v, const char *id, const void *state, uint32_t length);
/* More facts, with a vCPU to try them on. */
int32_t kvmp_arch_facts(struct kvmp_plugin *p, vr_fact_fn fn, void *opaque);

#endif
