/* SPDX-License-Identifier: MIT */
/*
 * One request to the disk for nearly 4 GiB (Virtio 1.2, 5.2.6), the most that a chain may have (2.7.5.2): its
 * segments are the same 16 MiB of RAM over and over. Prints a line when it has been asked for, and one when
 * it is done.
 */
#include "guest.h"

#define SEGMENTS 252u
#define SEGMENT_BYTES (16u << 20)
#define BUFFER UINT64_C(0x42000000)
#define WINDOWS UINT64_C(0x0a000000) /* virtio-mmio, 32 of 0x200 bytes */

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
} desc[256] __attribute__((aligned(16)));
static volatile struct {
	uint16_t flags, index, ring[256];
} avail __attribute__((aligned(2)));
static volatile struct {
	uint16_t flags, index;
	struct {
		uint32_t id, length;
	} ring[256];
} used __attribute__((aligned(4)));
static struct {
	uint32_t type, reserved;
	uint64_t sector;
} header; /* type 0: read */
static volatile uint8_t status = 0xff;

static uint64_t disk;

static void set(uint32_t reg, uint64_t value)
{
	mmio_write(disk + reg, 4, value);
}

static void set_address(uint32_t reg, const volatile void *p)
{
	set(reg, (uintptr_t)p & 0xffffffff);
	set(reg + 4, (uint64_t)(uintptr_t)p >> 32);
}

static void describe(unsigned i, uint64_t address, uint32_t length, uint16_t flags)
{
	desc[i].address = address;
	desc[i].length = length;
	desc[i].flags = flags;
	desc[i].next = (uint16_t)(i + 1);
}

int guest_main(void)
{
	for (unsigned i = 0; i < 32 && !disk; i++)
		if (mmio_read(WINDOWS + i * 0x200 + DEVICE_ID, 4) == 2)
			disk = WINDOWS + i * 0x200;
	if (!disk)
		runtime_die("no disk", 0);
	set(STATUS, 0);
	set(STATUS, 1 | 2); /* ACKNOWLEDGE, DRIVER */
	set(DRIVER_FEATURES_SEL, 1);
	set(DRIVER_FEATURES, 1); /* VERSION_1 */
	set(STATUS, 1 | 2 | 8);  /* FEATURES_OK */
	set(QUEUE_SEL, 0);
	set(QUEUE_NUM, 256);
	set_address(QUEUE_DESC, desc);
	set_address(QUEUE_DRIVER, &avail);
	set_address(QUEUE_DEVICE, &used);
	set(QUEUE_READY, 1);
	set(STATUS, 1 | 2 | 8 | 4); /* DRIVER_OK */
	describe(0, (uintptr_t)&header, sizeof(header), 1);
	for (unsigned i = 0; i < SEGMENTS; i++)
		describe(i + 1, BUFFER, SEGMENT_BYTES, 1 | 2);
	describe(SEGMENTS + 1, (uintptr_t)&status, 1, 2);
	avail.ring[0] = 0;
	__sync_synchronize();
	avail.index = 1;
	__sync_synchronize();
	set(QUEUE_NOTIFY, 0);
	put("reading\n");
	while (used.index != 1)
		arch_pause();
	put("done\n");
	return status;
}
