/* SPDX-License-Identifier: MIT */
/*
 * A disk's driver in miniature (Virtio 1.2, 5.2.6): writes blocks, flushes, reads them back. A line for each
 * request that the device refused, and one for each block that is not what was written.
 */
#include "guest.h"

#define WINDOWS UINT64_C(0x0a000000) /* virtio-mmio, 32 of 0x200 bytes */
#define BLOCKS 6u
#define BLOCK 4096u

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
enum { READ = 0, WRITE = 1, FLUSH = 4 };
#define F_FLUSH (1u << 9)

static struct {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next; /* 1: there is a next one; 2: the device writes it */
} desc[4] __attribute__((aligned(16)));
static volatile struct {
	uint16_t flags, index, ring[4];
} avail __attribute__((aligned(2)));
static volatile struct {
	uint16_t flags, index;
	struct {
		uint32_t id, length;
	} ring[4];
} used __attribute__((aligned(4)));
static struct {
	uint32_t type, reserved;
	uint64_t sector;
} header;
static volatile uint8_t status;
static uint8_t data[BLOCK];
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

static void describe(unsigned i, const volatile void *p, uint32_t length, uint16_t flags, uint16_t next)
{
	desc[i].address = (uintptr_t)p;
	desc[i].length = length;
	desc[i].flags = flags;
	desc[i].next = next;
}

static void start(void)
{
	for (unsigned i = 0; i < 32 && !disk; i++)
		if (mmio_read(WINDOWS + i * 0x200 + DEVICE_ID, 4) == 2)
			disk = WINDOWS + i * 0x200;
	if (!disk)
		runtime_die("no disk", 0);
	set(STATUS, 0);
	set(STATUS, 1 | 2); /* ACKNOWLEDGE, DRIVER */
	set(DRIVER_FEATURES_SEL, 0);
	set(DRIVER_FEATURES, F_FLUSH);
	set(DRIVER_FEATURES_SEL, 1);
	set(DRIVER_FEATURES, 1); /* VERSION_1 */
	set(STATUS, 1 | 2 | 8);  /* FEATURES_OK */
	set(QUEUE_SEL, 0);
	set(QUEUE_NUM, 4);
	set_address(QUEUE_DESC, desc);
	set_address(QUEUE_DRIVER, &avail);
	set_address(QUEUE_DEVICE, &used);
	set(QUEUE_READY, 1);
	set(STATUS, 1 | 2 | 8 | 4); /* DRIVER_OK */
}

static int request(uint32_t type, unsigned block, const char *name)
{
	uint16_t next = (uint16_t)(avail.index + 1);

	header.type = type;
	header.sector = type == FLUSH ? 0 : block * (BLOCK / 512);
	status = 0xff;
	describe(0, &header, sizeof(header), 1, type == FLUSH ? 2 : 1);
	describe(1, data, BLOCK, type == READ ? 1 | 2 : 1, 2);
	describe(2, &status, 1, 2, 0);
	avail.ring[avail.index % 4] = 0;
	__sync_synchronize();
	avail.index = next;
	__sync_synchronize();
	set(QUEUE_NOTIFY, 0);
	while (used.index != next)
		arch_pause();
	if (!status)
		return 1;
	put(name);
	put(" ");
	put_hex(block);
	put(": status ");
	put_hex(status);
	put("\n");
	return 0;
}

static uint8_t byte_of(unsigned block, unsigned i)
{
	return (uint8_t)(i * 7 + i / 256 + block * 31 + 1);
}

int guest_main(void)
{
	start();
	for (unsigned b = 0; b < BLOCKS; b++) {
		for (unsigned i = 0; i < BLOCK; i++)
			data[i] = byte_of(b, i);
		request(WRITE, b, "write");
	}
	request(FLUSH, 0, "flush");
	for (unsigned b = 0; b < BLOCKS; b++) {
		unsigned wrong = 0;

		for (unsigned i = 0; i < BLOCK; i++)
			data[i] = 0xee;
		if (!request(READ, b, "read"))
			continue;
		for (unsigned i = 0; i < BLOCK; i++)
			wrong += data[i] != byte_of(b, i);
		if (wrong) {
			put("block ");
			put_hex(b);
			put(" is not what was written\n");
		}
	}
	/* No flush after this one: vmrun's own at the end has it. */
	for (unsigned i = 0; i < BLOCK; i++)
		data[i] = byte_of(0, i);
	request(WRITE, 0, "write");
	put("done\n");
	return 0;
}
