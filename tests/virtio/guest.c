/* SPDX-License-Identifier: MIT */
/*
 * guest.c: a guest on tests/micro/runtime, on each board: drives the device of sdk/template/device, which knows no board and
 * no transport, over virtio-mmio (Virtio 1.2, 4.2).
 */
#include "guest.h"

#define DEVICE 63u
#if defined(__x86_64__)
#define SLOTS UINT64_C(0xd0000000)
#define STRIDE UINT64_C(0x1000)
#elif defined(__aarch64__)
#define SLOTS UINT64_C(0x0a000000)
#define STRIDE UINT64_C(0x200)
#else
#define SLOTS UINT64_C(0x10001000)
#define STRIDE UINT64_C(0x1000)
#endif
#define SLOT_COUNT 4 /* random numbers, console, the device */
#define ENTRIES 4u

static struct {
	struct {
		uint64_t address;
		uint32_t length;
		uint16_t flags, next;
	} desc[ENTRIES];
	struct {
		uint16_t flags, index, ring[ENTRIES], event;
	} avail;
	_Alignas(4) struct {
		uint16_t flags, index;
		struct {
			uint32_t id, length;
		} ring[ENTRIES];
		uint16_t event;
	} used;
} _Alignas(4096) q;
static char text[16] = "Hello, board", answer[16];
static uint64_t device;
static uint16_t asked;

static void w(uint32_t reg, uint64_t value)
{
	mmio_write(device + reg, 4, value & 0xffffffff);
}

static uint32_t r(uint32_t reg)
{
	return (uint32_t)mmio_read(device + reg, 4);
}

static void put_address(uint32_t reg, const volatile void *p)
{
	w(reg, (uintptr_t)p);
	w(reg + 4, (uint64_t)(uintptr_t)p >> 32);
}

static void find(void)
{
	for (unsigned i = 0; i < SLOT_COUNT && !device; i++)
		if (mmio_read(SLOTS + i * STRIDE, 4) == 0x74726976 &&
		    mmio_read(SLOTS + i * STRIDE + 8, 4) == DEVICE)
			device = SLOTS + i * STRIDE;
	if (!device)
		runtime_die("no device of the template's", 0);
}

static void start(uint32_t features)
{
	w(0x70, 0);
	w(0x70, 3);
	w(0x24, 0);
	w(0x20, features);
	w(0x24, 1);
	w(0x20, 1);
	w(0x70, 11);
	SAME("features", r(0x70), 11);
	q.avail.index = q.used.index = asked = 0;
	w(0x30, 0);
	SAME("queue-size", r(0x34), 64);
	w(0x38, ENTRIES);
	put_address(0x80, q.desc);
	put_address(0x90, &q.avail);
	put_address(0xa0, &q.used);
	w(0x44, 1);
	w(0x70, 15);
}

static uint32_t ask(void)
{
	volatile uint16_t *index = &q.used.index;

	q.desc[0].address = (uintptr_t)text;
	q.desc[0].length = 12;
	q.desc[0].flags = 1;
	q.desc[0].next = 1;
	q.desc[1].address = (uintptr_t)answer;
	q.desc[1].length = 16;
	q.desc[1].flags = 2;
	q.avail.ring[asked % ENTRIES] = 0;
	__atomic_store_n(&q.avail.index, ++asked, __ATOMIC_SEQ_CST);
	w(0x50, 0);
	while (*index != asked)
		;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return q.used.ring[(asked - 1) % ENTRIES].length;
}

static int is(const char *expected)
{
	unsigned i = 0;

	while (i < 12 && answer[i] == expected[i])
		i++;
	return i == 12;
}

int guest_main(void)
{
	find();
	SAME("feature-offered", r(0x10) & 1, 1);
	start(0);
	SAME("length", ask(), 12);
	CHECK(is("HELLO, BOARD"), "upper-case");
	SAME("interrupt", r(0x60), 1);
	w(0x64, 1);
	SAME("acknowledged", r(0x60), 0);
	SAME("answered", mmio_read(device + 0x100, 4), 1);
	SAME("generation", r(0xfc), 1);
	mmio_write(device + 0x104, 4, 5);
	SAME("shorter", ask(), 5);
	/* The transport offers that a queue alone is reset (bit 40). */
	w(0x14, 1);
	SAME("ring-reset-offered", r(0x10) >> 8 & 1, 1);
	w(0x14, 0);
	start(1);
	SAME("longest-after-reset", mmio_read(device + 0x104, 4), 200);
	SAME("length-again", ask(), 12);
	CHECK(is("DRAOB ,OLLEH"), "backwards");
	return 0;
}
