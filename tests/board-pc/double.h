/* SPDX-License-Identifier: MIT */
/* double.h: a stand-in for the core and an accelerator: host tables over plain arrays, for the pc board. */
#ifndef VR_TEST_PC_DOUBLE_H
#define VR_TEST_PC_DOUBLE_H

#include <stdint.h>
#include <vmrun/host.h>
#include <vmrun/state_x86.h>

#define DBL_VCPUS 8u
#define DBL_TIMERS 32u
#define DBL_REGIONS 8u

struct vr_timer {
	struct dbl *d;
	void(VR_CALL *fn)(void *opaque);
	void *opaque;
	uint64_t when;
	int used, armed;
};

struct dbl {
	struct vr_host host; /* first: a host is its double */
	struct {
		uint64_t gpa, length;
		uint8_t *bytes;
	} region[DBL_REGIONS];
	uint32_t regions;
	struct {
		uint32_t space;
		uint64_t base, length;
		const struct vr_bus_ops *ops;
		void *opaque;
	} bus[64];
	uint32_t bus_count;
	const struct vr_irq_controller *controller;
	void *controller_opaque;
	uint32_t line[64], rises[64]; /* as devices drive them */
	uint32_t intr[DBL_VCPUS], nmis[DBL_VCPUS];
	uint64_t now, wall; /* ns */
	struct vr_timer timer[DBL_TIMERS];
	uint32_t vcpu_count;
	struct vr_state_x86 *state; /* [DBL_VCPUS] */
	uint32_t on[DBL_VCPUS];
	uint32_t stopping; /* bit n: vCPU n is off but not yet out of guest code */
	uint32_t power_calls, power_what;
	char out[8192];
	uint32_t out_length;
	uint8_t in[4096];
	uint32_t in_start, in_length;
	void(VR_CALL *input_fn)(void *opaque);
	void *input_opaque;
	struct vr_found device, irqchip; /* what the registry offers */
	uint32_t disks;
	const char *announce; /* the board's option */
	uint32_t warnings;
	int32_t error_code;
	char error_text[512];
};

struct dbl *dbl_new(uint32_t vcpu_count);
void dbl_free(struct dbl *d);
int dbl_attached(const struct dbl *d, uint32_t space, uint64_t address);
uint64_t dbl_read(struct dbl *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width);
void dbl_write(struct dbl *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
	       uint64_t value);
/* Byte-wide ports of vCPU 0. */
uint8_t dbl_in(struct dbl *d, uint32_t port);
void dbl_out(struct dbl *d, uint32_t port, uint32_t value);
void dbl_set_line(struct dbl *d, uint32_t line, uint32_t level);
/* The interrupt-acknowledge cycle: a vector, or VR_X86_INTA_NONE. */
uint32_t dbl_inta(struct dbl *d, uint32_t vcpu);
uint8_t *dbl_ram(struct dbl *d, uint64_t gpa);
/* Give RAM without a board. */
void dbl_add_ram(struct dbl *d, uint64_t gpa, uint64_t length);
/* Let time pass; fires timers in their order, each at its time. */
void dbl_advance(struct dbl *d, uint64_t ns);
void dbl_type(struct dbl *d, const char *text);

#endif
