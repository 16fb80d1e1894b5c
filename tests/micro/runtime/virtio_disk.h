/* SPDX-License-Identifier: MIT */
/*
 * virtio_disk.h: the start of a disk's driver (Virtio 1.2, 4.2 and 5.2) with one queue of DISK_QUEUE entries, for a guest that
 * includes it once and makes its requests itself. No device: the guest dies.
 */
#ifndef MICRO_VIRTIO_DISK_H
#define MICRO_VIRTIO_DISK_H

#include "guest.h"

#ifndef DISK_QUEUE /* alone */
#define DISK_QUEUE 4
#endif
#define DISK_WINDOWS UINT64_C(0x0a000000) /* virtio-mmio, 32 of 0x200 bytes */

/* 4.2.2 MMIO Device Register Layout */
enum {
	DEVICE_ID = 0x008,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SEL = 0x024,
	QUEUE_SEL = 0x030,
	QUEUE_NUM = 0x038,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	STATUS = 0x070,
	QUEUE_DESC = 0x080,
	QUEUE_DRIVER = 0x090,
	QUEUE_DEVICE = 0x0a0,
};

static struct {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next; /* 1: there is a next one; 2: the device writes it */
} desc[DISK_QUEUE] __attribute__((aligned(16)));
static volatile struct {
	uint16_t flags, index, ring[DISK_QUEUE];
} avail __attribute__((aligned(2)));
static volatile struct {
	uint16_t flags, index;
	struct {
		uint32_t id, length;
	} ring[DISK_QUEUE];
} used __attribute__((aligned(4)));
static struct {
	uint32_t type, reserved;
	uint64_t sector;
} header;
static uint64_t disk;

static inline void set(uint32_t reg, uint64_t value)
{
	mmio_write(disk + reg, 4, value);
}

static inline void set_address(uint32_t reg, const volatile void *p)
{
	set(reg, (uintptr_t)p & 0xffffffff);
	set(reg + 4, (uint64_t)(uintptr_t)p >> 32);
}

static inline void describe(unsigned i, uint64_t address, uint32_t length, uint16_t flags, uint16_t next)
{
	desc[i].address = address;
	desc[i].length = length;
	desc[i].flags = flags;
	desc[i].next = next;
}

/* The first disk is there and takes requests. features: the low 32 bits that the driver wants. */
static inline void disk_start(uint32_t features)
{
	for (unsigned i = 0; i < 32 && !disk; i++)
		if (mmio_read(DISK_WINDOWS + i * 0x200 + DEVICE_ID, 4) == 2)
			disk = DISK_WINDOWS + i * 0x200;
	if (!disk)
		runtime_die("no disk", 0);
	set(STATUS, 0);
	set(STATUS, 1 | 2); /* ACKNOWLEDGE, DRIVER */
	set(DRIVER_FEATURES_SEL, 0);
	set(DRIVER_FEATURES, features);
	set(DRIVER_FEATURES_SEL, 1);
	set(DRIVER_FEATURES, 1); /* VERSION_1 */
	set(STATUS, 1 | 2 | 8);  /* FEATURES_OK */
	set(QUEUE_SEL, 0);
	set(QUEUE_NUM, DISK_QUEUE);
	set_address(QUEUE_DESC, desc);
	set_address(QUEUE_DRIVER, &avail);
	set_address(QUEUE_DEVICE, &used);
	set(QUEUE_READY, 1);
	set(STATUS, 1 | 2 | 8 | 4); /* DRIVER_OK */
}

#endif
