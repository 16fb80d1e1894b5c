/* SPDX-License-Identifier: MIT */
/*
 * fake.h: short forms of sdk/fake_host for our own tests. A fake host that was made here is strict, and fake_free()
 * fails the test when there are findings; a test that provokes some on purpose sets `lenient`, or finding_count to 0.
 */
#ifndef TESTS_FAKE_HOST_FAKE_H
#define TESTS_FAKE_HOST_FAKE_H

#include <vmrun/state_arm64.h>
#include <vmrun/state_riscv64.h>
#include <vmrun/state_x86.h>

#include "fake_host/fake_host.h"

#define FAKE_RAM_BASE 0x40000000u

/* With RAM at ram_base (ram_size 0: none) and without doorbells. Never NULL. */
struct vr_fake_host *fake_new(uint64_t ram_base, uint64_t ram_size, uint32_t vcpu_count);
/* Without RAM; its vCPUs have a state of x86, of which some members are not 0, and when a board sets one, its
 * local APIC is told of CR8, as an accelerator may. */
struct vr_fake_host *fake_new_pc(uint32_t vcpu_count);
void fake_free(struct vr_fake_host *d);
/* vmrun.registry/1 finds this table, and no other of that plugin for the interface. flags: VR_FOUND_*. */
void fake_offer(struct vr_fake_host *d, const char *interface_id, const void *table, const char *plugin_id,
		uint32_t flags);

/* An access by a vCPU. Nothing may be missing there; what runs over a device's end is refused, as by the core. */
uint64_t fake_read(struct vr_fake_host *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width);
void fake_write(struct vr_fake_host *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
		uint64_t value);
/* Host pointer to guest RAM. Never NULL. */
void *fake_ram(struct vr_fake_host *d, uint64_t gpa);

/* 32-bit MMIO accesses by vCPU 0. */
static inline uint32_t fake_r32(struct vr_fake_host *d, uint64_t address)
{
	return (uint32_t)fake_read(d, VR_SPACE_MMIO, 0, address, 4);
}

static inline void fake_w32(struct vr_fake_host *d, uint64_t address, uint32_t value)
{
	fake_write(d, VR_SPACE_MMIO, 0, address, 4, value);
}

/* Byte-wide ports by vCPU 0. */
static inline uint8_t fake_in(struct vr_fake_host *d, uint32_t port)
{
	return (uint8_t)fake_read(d, VR_SPACE_PORT, 0, port, 1);
}

static inline void fake_out(struct vr_fake_host *d, uint32_t port, uint32_t value)
{
	fake_write(d, VR_SPACE_PORT, 0, port, 1, value);
}

/* x86: the interrupt-acknowledge cycle: a vector, or VR_X86_INTA_NONE. */
static inline uint32_t fake_inta(struct vr_fake_host *d, uint32_t vcpu)
{
	return (uint32_t)fake_read(d, VR_SPACE_SYSREG, vcpu, VR_X86_BUS_INTA, 4);
}

/* A vCPU's canonical state. */
static inline struct vr_state_arm64 *fake_arm64(struct vr_fake_host *d, uint32_t vcpu)
{
	return vr_fake_host_state(d, vcpu, VR_STATE_ARM64_ID, sizeof(struct vr_state_arm64));
}

static inline struct vr_state_riscv64 *fake_riscv64(struct vr_fake_host *d, uint32_t vcpu)
{
	return vr_fake_host_state(d, vcpu, VR_STATE_RISCV64_ID, sizeof(struct vr_state_riscv64));
}

static inline struct vr_state_x86 *fake_x86(struct vr_fake_host *d, uint32_t vcpu)
{
	return vr_fake_host_state(d, vcpu, VR_STATE_X86_ID, sizeof(struct vr_state_x86));
}

#endif
