/* SPDX-License-Identifier: MIT */
/* vm_host.h: a small host: the tables that kvm.so asks for, and faults on the way to the kernel. */
#ifndef KVMP_VM_HOST_H
#define KVMP_VM_HOST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmrun/accel.h>
#include <vmrun/assist.h>
#include <vmrun/host.h>
#include <vmrun/plugin.h>

#include "layout.h"

#define TEST_VCPUS 4
#define TEST_LOG 64

/* A list of accesses to a log device. */
struct test_log {
	uint32_t count;
	uint32_t width[TEST_LOG];
	uint64_t value[TEST_LOG];
	uint32_t reads;
};

struct test_vm {
	struct vr_host host;          /* first: the tables get it back */
	const char *device, *irqchip; /* options */
	const struct vr_assist *assist;
	uint32_t vcpu_count;
	uint8_t *ram, *rom;

	const struct vr_accel *accel;
	const struct vr_plugin *plugin;
	struct vr_plugin_self *self;
	struct vr_vm *vm;
	struct vr_vcpu *vcpu[TEST_VCPUS];
	void (*on_park)(struct test_vm *k, uint32_t vcpu); /* instead of sleeping, first */
	void (*on_log)(struct test_vm *k, uint32_t vcpu);  /* a write to PORT_LOG */

	pthread_mutex_t lock; /* error, permits */
	pthread_cond_t wake;
	bool permit[TEST_VCPUS];
	int32_t error_code;
	char error[1024];
	char logged[8192];

	_Atomic uint32_t done, stopped, timed_out;
	_Atomic uint32_t powered; /* VR_POWER_* + 1 */
	uint32_t result;
	uint8_t echo[8];
	uint8_t page[4096];
	struct test_log port_log, mmio_log, rom_log, bell_log;
	_Atomic uint32_t parks;

	/* An interrupt controller with one request: */
	_Atomic uint32_t requests; /* how many more */
	uint32_t acknowledged;
	bool has_cr8;
	uint64_t cr8;
	bool has_msr;
	uint64_t msr;

	uint64_t now;              /* guest time, ns: stands still */
	uint32_t eois, eoi_vector; /* VR_X86_BUS_EOI */
	/* Asked first, when there: VR_E_NOENT leaves the access to the rest. */
	int32_t (*on_bus)(struct test_vm *k, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
			  bool is_write, uint64_t *value);
};

void test_host_init(struct test_vm *k);
void test_host_fini(struct test_vm *k);
/* Ask for n interrupts of VECTOR on vCPU 0. */
void test_request(struct test_vm *k, uint32_t n);
const char *test_error(struct test_vm *k);

/* Faults: the next matching call fails with `error`; or, for KVM_CHECK_EXTENSION, a capability is missing. */
struct kvm_run;
struct test_faults {
	unsigned long ioctl;
	int error;
	int after;                         /* this many succeed before */
	int missing;                       /* capability, 0: none */
	int version;                       /* of the API, 0: the real one */
	int open_error;                    /* of /dev/kvm */
	int mmap_error;                    /* of a vCPU's page */
	unsigned long result;              /* ioctl gives this instead of failing, when error is 0 */
	void (*exit)(struct kvm_run *run); /* KVM_RUN returns with this in the newest vCPU's page */
};
extern struct test_faults test_faults;

/* For the whole of a test, over several kits. */
struct test_options {
	bool no_notify, nested; /* of the plugin */
	bool debug;             /* the machine is for a debugger */
	bool no_ram;            /* vmrun.memory/1 maps nothing */
};
extern struct test_options test_options;

#endif
