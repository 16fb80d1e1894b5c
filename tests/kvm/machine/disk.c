/* SPDX-License-Identifier: MIT */
/*
 * disk.c: a guest for the `pc` board, on tests/micro/runtime. It drives the disk in the first virtio-mmio slot
 * (virtio 1.2, 4.2 and 5.2) and polls for each answer. The first sector begins with what to do:
 *
 *     rN    read the first N sectors, print "sum" and the sum of their 32-bit words, power off
 *     xN    the same, after one reset of the machine in between
 *     wN    write N sectors from sector 8 on, sector 8 + i full of the letter 'A' + i % 26, and flush; print
 *           "written"; then touch a port for ever
 *     uN    the same without the flush, and power off
 *     e     read a device's register by an instruction that KVM does not emulate
 */
#include "arch.h"
#include "guest.h"

#define SLOT 0xd0000000ull
#define R_STATUS 0x70u
#define R_NOTIFY 0x50u
#define ENTRIES 8u
#define F_FLUSH (1u << 9)
#define NEXT 1u
#define DEVICE_WRITES 2u
#define SECTOR 512u
#define READ 0u
#define WRITE 1u
#define FLUSH 4u
#define BEEN_HERE 0x6265656e2d686572ull

static struct {
	struct {
		uint64_t address;
		uint32_t length;
		uint16_t flags, next;
	} desc[ENTRIES];
	struct {
		uint16_t flags, idx, ring[ENTRIES], used_event;
	} avail;
	_Alignas(4) struct {
		uint16_t flags, idx;
		struct {
			uint32_t id, length;
		} ring[ENTRIES];
		uint16_t avail_event;
	} used;
} _Alignas(4096) q;

static struct {
	uint32_t type, reserved;
	uint64_t sector;
} header;
static volatile uint32_t data[SECTOR / 4];
static volatile uint8_t status;

static void w(uint32_t offset, uint32_t value)
{
	mmio_write(SLOT + offset, 4, value);
}

static uint32_t r(uint32_t offset)
{
	return (uint32_t)mmio_read(SLOT + offset, 4);
}

static void address(uint32_t offset, const void *p)
{
	w(offset, (uint32_t)(uintptr_t)p);
	w(offset + 4, 0);
}

static void find_disk(void)
{
	if (r(0) != 0x74726976 || r(4) != 2 || r(8) != 2)
		runtime_die("a disk in the first slot", r(8));
	w(R_STATUS, 0);
	w(R_STATUS, 3);
	w(0x24, 0);
	w(0x20, F_FLUSH);
	w(0x24, 1);
	w(0x20, 1); /* VIRTIO_F_VERSION_1 */
	w(R_STATUS, 11);
	if (!(r(R_STATUS) & 8))
		runtime_die("features", r(R_STATUS));
	w(0x30, 0);
	w(0x38, ENTRIES);
	address(0x80, q.desc);
	address(0x90, &q.avail);
	address(0xa0, &q.used);
	q.avail.flags = 1; /* no interrupts */
	w(0x44, 1);
	w(R_STATUS, 15);
}

static void describe(uint32_t i, const volatile void *p, uint32_t length, uint32_t flags, uint32_t next)
{
	q.desc[i].address = (uintptr_t)p;
	q.desc[i].length = length;
	q.desc[i].flags = (uint16_t)(flags | (next ? NEXT : 0));
	q.desc[i].next = (uint16_t)next;
}

static void request(uint32_t type, uint32_t sector)
{
	volatile uint16_t *used = &q.used.idx, *offered = &q.avail.idx;
	uint16_t before = *used;

	header.type = type;
	header.sector = sector;
	status = 0xff;
	describe(0, &header, sizeof(header), 0, type == FLUSH ? 2 : 1);
	describe(1, data, SECTOR, type == READ ? DEVICE_WRITES : 0, 2);
	describe(2, &status, 1, DEVICE_WRITES, 0);
	q.avail.ring[*offered % ENTRIES] = 0;
	__asm__ volatile("" ::: "memory");
	*offered = (uint16_t)(*offered + 1);
	w(R_NOTIFY, 0);
	while (*used == before)
		arch_pause();
	__asm__ volatile("" ::: "memory");
	if (status)
		runtime_die("the disk's answer", status);
}

static void read_sectors(uint32_t n)
{
	uint32_t sum = 0;

	for (uint32_t s = 0; s < n; s++) {
		request(READ, s);
		for (uint32_t i = 0; i < SECTOR / 4; i++)
			sum += data[i];
	}
	put("sum ");
	put_hex(sum);
	put("\n");
}

static void write_sectors(uint32_t n)
{
	for (uint32_t s = 0; s < n; s++) {
		for (uint32_t i = 0; i < SECTOR / 4; i++)
			data[i] = ('A' + s % 26) * 0x01010101u;
		request(WRITE, 8 + s);
	}
}

/* Device memory is accessed by KVM's emulator, which knows few of the vector instructions. */
static void not_emulated(void)
{
	__asm__ volatile("paddd (%0), %%xmm0" : : "r"(SLOT) : "memory");
	put("emulated\n");
}

int guest_main(void)
{
	const volatile char *line = (const volatile char *)data;
	uint32_t n = 0;
	char what;

	find_disk();
	request(READ, 0);
	what = *line++;
	while (*line >= '0' && *line <= '9')
		n = 10 * n + (uint32_t)(*line++ - '0');
	if (what == 'x' && *arch_kept != BEEN_HERE) {
		*arch_kept = BEEN_HERE;
		put("reset\n");
		arch_reset(0);
	}
	if (what == 'e')
		not_emulated();
	else if (what == 'r' || what == 'x')
		read_sectors(n);
	else
		write_sectors(n);
	if (what == 'w') {
		request(FLUSH, 0);
		put("written\n");
		for (;;)
			inb(0x80);
	}
	return 0;
}
