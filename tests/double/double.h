/* SPDX-License-Identifier: MIT */
/*
 * double.h: a stand-in for the core and an accelerator: host tables over plain arrays, so that a board or a
 * device is driven and watched by a test. All of its time is the test's.
 */
#ifndef VR_TEST_DOUBLE_H
#define VR_TEST_DOUBLE_H

#include <stdint.h>
#include <vmrun/host.h>
#include <vmrun/state_arm64.h>
#include <vmrun/state_riscv64.h>
#include <vmrun/state_x86.h>

#define DBL_RAM_BASE 0x40000000u
#define DBL_VCPUS 20u
#define DBL_PINS 16u
#define DBL_PORTS 2u
#define DBL_DISKS 4u
#define DBL_LINES 512u
#define DBL_REGIONS 8u

struct dbl_port {
	char out[8192];
	uint32_t out_length;
	uint8_t in[8192];
	uint32_t in_start, in_length;
	void(VR_CALL *fn)(void *opaque);
	void *opaque;
};

struct dbl_disk {
	uint8_t *bytes;
	uint64_t length;
	uint32_t flags;
	uint32_t delay_us; /* what each transfer takes */
	int32_t fail;      /* what everything returns, when negative */
	uint32_t reads, writes, flushes, discards, zeroes;
};

struct dbl {
	struct vr_host host; /* first: a host is its double */
	uint8_t *ram;        /* what dbl_new() gave */
	uint64_t ram_base, ram_size;
	struct {
		uint64_t gpa, length;
		uint8_t *bytes;
	} region[DBL_REGIONS]; /* what was added to it */
	uint32_t regions;
	uint64_t written; /* bytes told to memory.written */
	struct dbl_bus {
		uint32_t space;
		uint64_t base, length;
		const struct vr_bus_ops *ops;
		void *opaque;
	} bus[64];
	uint32_t bus_count;
	const struct vr_irq_controller *controller;
	void *controller_opaque;
	uint32_t line[DBL_LINES]; /* shared lines as the devices drive them */
	uint32_t line_changes[DBL_LINES], line_rises[DBL_LINES];
	uint32_t pin[DBL_VCPUS][DBL_PINS], pin_rises[DBL_VCPUS][DBL_PINS];
	uint64_t now, wall;     /* ns */
	struct vr_timer *timer; /* a list */
	struct vr_state_arm64 state[DBL_VCPUS];
	struct vr_state_riscv64 riscv64[DBL_VCPUS];
	struct vr_state_x86 x86[DBL_VCPUS];
	const char *option_name, *option_value; /* what vmrun.config/1 knows */
	uint32_t on[DBL_VCPUS];
	uint32_t stopping; /* bit n: vCPU n is off but not yet out of guest code */
	uint32_t vcpu_count;
	uint32_t power_calls, power_what;
	vr_hypercall_fn hypercall;
	void *hypercall_opaque;
	struct dbl_port port[DBL_PORTS];
	struct dbl_disk disk[DBL_DISKS];
	uint32_t disk_count;
	struct vr_found device, irqchip; /* what the registry offers: vmrun.device/1, vmrun.irqchip/1 */
	uint32_t doorbells;              /* vmrun.doorbell/1 is there; 2: but not for any width */
	struct vr_door {
		struct dbl *d;
		void(VR_CALL *fn)(void *opaque);
		void *opaque;
		uint64_t address;
		uint32_t width;
	} door[4];
	uint32_t warnings;
	int32_t error_code;
	char error_text[512];
};

/* file.c */
extern const struct vr_host_file dbl_file;
struct dbl *dbl_new(uint64_t ram_size, uint32_t vcpu_count); /* RAM at DBL_RAM_BASE; 0: none */
void dbl_free(struct dbl *d);
/* More RAM. A board adds its own in this way. */
void dbl_add_ram(struct dbl *d, uint64_t gpa, uint64_t length);

uint64_t dbl_read(struct dbl *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width);
void dbl_write(struct dbl *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
	       uint64_t value);
/* Is anything attached there? */
int dbl_attached(const struct dbl *d, uint32_t space, uint64_t address);
/* 32-bit MMIO accesses by vCPU 0. */
uint32_t dbl_r32(struct dbl *d, uint64_t address);
void dbl_w32(struct dbl *d, uint64_t address, uint32_t value);
/* Byte-wide ports by vCPU 0. */
uint8_t dbl_in(struct dbl *d, uint32_t port);
void dbl_out(struct dbl *d, uint32_t port, uint32_t value);
/* x86: the interrupt-acknowledge cycle: a vector, or VR_X86_INTA_NONE. */
uint32_t dbl_inta(struct dbl *d, uint32_t vcpu);
/* Drive a shared line. */
void dbl_set_line(struct dbl *d, uint32_t line, uint32_t level);
/* Host pointer to guest RAM at a guest-physical address. */
void *dbl_ram(struct dbl *d, uint64_t gpa);
/* Let time pass; fires timers in their order, each at its time. */
void dbl_advance(struct dbl *d, uint64_t ns);
/* Type on a console port. */
void dbl_type(struct dbl *d, uint32_t port, const char *text);
/* Ring the doorbell at an address: 1 when there is one. */
int dbl_ring(struct dbl *d, uint64_t address);
/* A memory-backed disk. */
void dbl_add_disk(struct dbl *d, uint64_t length, uint32_t flags);

#endif
