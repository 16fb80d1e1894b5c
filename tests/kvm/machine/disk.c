/* SPDX-License-Identifier: MIT */
/*
 * disk.c: a guest for the `pc` board, in 32-bit protected mode without paging or interrupts, and with plain
 * integer instructions only: it runs where KVM emulates kernel mode. It drives the disk in the first
 * virtio-mmio slot (virtio 1.2, 4.2 and 5.2) and polls for each answer. Its command line begins with what to
 * do:
 *
 *     rN    read the first N sectors, print "sum" and the sum of their 32-bit words, power off
 *     wN    write N sectors from sector 8 on, sector 8 + i full of the letter 'A' + i % 26, and flush; print
 *           "written"; then touch a port for ever
 *     uN    the same without the flush, and power off
 *     xN    as rN, after one reset of the machine in between; that it was is noted in sector 7
 *     h     print "here"; then touch a port for ever
 */
#include <stdint.h>

#define SLOT 0xd0000000u
#define R_STATUS 0x70u
#define R_NOTIFY 0x50u
#define UART 0x3f8
#define PM_CONTROL 0x604
#define RESET 0xcf9
#define SOFT_OFF (1u << 13 | 5u << 10)
#define ENTRIES 8u
#define F_FLUSH (1u << 9)
#define NEXT 1u
#define DEVICE_WRITES 2u
#define SECTOR 512u

struct start_info {
	uint32_t magic, version, flags, modules;
	uint64_t module_list, command_line;
};

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
static uint32_t data[SECTOR / 4];
static volatile uint8_t status;

/* ---- the machine -------------------------------------------------------------------------------- */
static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "d"(port));
}

static inline void out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" ::"a"(value), "d"(port));
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "d"(port));
	return value;
}

static void print(const char *text)
{
	for (; *text; text++)
		out8(UART, (uint8_t)*text);
}

static void print_hex(uint32_t value)
{
	for (int shift = 28; shift >= 0; shift -= 4)
		out8(UART, (uint8_t) "0123456789abcdef"[value >> shift & 15]);
}

__attribute__((noreturn)) static void off(void)
{
	out16(PM_CONTROL, SOFT_OFF);
	for (;;)
		in8(0x80);
}

__attribute__((noreturn)) static void fail(const char *why)
{
	print("failed: ");
	print(why);
	print("\n");
	off();
}

/* ---- the disk --------------------------------------------------------------------------------------- */
static uint32_t r(uint32_t offset)
{
	return *(volatile uint32_t *)(SLOT + offset);
}

static void w(uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(SLOT + offset) = value;
}

static void address(uint32_t offset, const void *p)
{
	w(offset, (uint32_t)(uintptr_t)p);
	w(offset + 4, 0);
}

static void find_disk(void)
{
	if (r(0) != 0x74726976 || r(4) != 2 || r(8) != 2)
		fail("no disk in the first slot");
	w(R_STATUS, 0);
	w(R_STATUS, 3);
	w(0x24, 0);
	w(0x20, F_FLUSH);
	w(0x24, 1);
	w(0x20, 1); /* VIRTIO_F_VERSION_1 */
	w(R_STATUS, 11);
	if (!(r(R_STATUS) & 8))
		fail("features");
	w(0x30, 0);
	w(0x38, ENTRIES);
	address(0x80, q.desc);
	address(0x90, &q.avail);
	address(0xa0, &q.used);
	q.avail.flags = 1; /* no interrupts */
	w(0x44, 1);
	w(R_STATUS, 15);
}

static void describe(uint32_t i, const volatile void *p, uint32_t length, uint16_t flags)
{
	q.desc[i].address = (uintptr_t)p;
	q.desc[i].length = length;
	q.desc[i].flags = (uint16_t)(flags | (i < 2 ? NEXT : 0));
	q.desc[i].next = (uint16_t)(i + 1);
}

/* type: 0 read, 1 write, 4 flush (5.2.6) */
static void request(uint32_t type, uint32_t sector)
{
	volatile uint16_t *used = &q.used.idx;
	uint16_t before = *used;

	header.type = type;
	header.sector = sector;
	status = 0xff;
	describe(0, &header, sizeof(header), 0);
	describe(1, data, type == 4 ? 0 : SECTOR, type == 0 ? DEVICE_WRITES : 0);
	describe(2, &status, 1, DEVICE_WRITES);
	if (type == 4)
		q.desc[0].next = 2;
	q.avail.ring[q.avail.idx % ENTRIES] = 0;
	__asm__ volatile("" ::: "memory");
	*(volatile uint16_t *)&q.avail.idx = (uint16_t)(q.avail.idx + 1);
	w(R_NOTIFY, 0);
	while (*used == before)
		__asm__ volatile("pause");
	__asm__ volatile("" ::: "memory");
	if (status)
		fail("the disk's answer");
}

static void read_sectors(uint32_t n)
{
	uint32_t sum = 0;

	for (uint32_t s = 0; s < n; s++) {
		request(0, s);
		for (uint32_t i = 0; i < SECTOR / 4; i++)
			sum += data[i];
	}
	print("sum ");
	print_hex(sum);
	print("\n");
	off();
}

static void reset_once(void)
{
	request(0, 7);
	if (data[0] == 0x65736572) /* "rese" */
		return;
	data[0] = 0x65736572;
	request(1, 7);
	print("reset\n");
	out8(RESET, 6);
	for (;;)
		in8(0x80);
}

static void write_sectors(uint32_t n)
{
	for (uint32_t s = 0; s < n; s++) {
		for (uint32_t i = 0; i < SECTOR / 4; i++)
			data[i] = ('A' + s % 26) * 0x01010101u;
		request(1, 8 + s);
	}
}

__attribute__((noreturn, used)) static void start(const struct start_info *info)
{
	const char *line = (const char *)(uintptr_t)info->command_line;
	char what = *line++;
	uint32_t n = 0;

	while (*line >= '0' && *line <= '9')
		n = 10 * n + (uint32_t)(*line++ - '0');
	if (what == 'h') {
		print("here\n");
	} else {
		find_disk();
		if (what == 'x')
			reset_once();
		if (what == 'r' || what == 'x')
			read_sectors(n);
		write_sectors(n);
		if (what == 'u')
			off();
		request(4, 0);
		print("written\n");
	}
	for (;;)
		in8(0x80);
}

__asm__(".section .text.entry, \"ax\"\n"
	"entry:	mov $stack_end, %esp\n"
	"	push %ebx\n"
	"	call start\n"
	".section .bss\n"
	"	.balign 16\n"
	"	.skip 4096\n"
	"stack_end:\n"
	".section .note.Xen, \"a\", @note\n"
	"	.balign 4\n"
	"	.long 4, 4, 18\n" /* XEN_ELFNOTE_PHYS32_ENTRY */
	"	.asciz \"Xen\"\n"
	"	.long entry\n"
	".text\n");
