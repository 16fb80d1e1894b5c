/* SPDX-License-Identifier: MIT */
/*
 * A disk's driver in miniature (Virtio 1.2, 5.2.6): writes blocks, flushes, reads them back. A line for each
 * request that the device refused, and one for each block that is not what was written.
 */
#include "guest.h"

#define DISK_QUEUE 4
#include "virtio_disk.h"

#define BLOCKS 6u
#define BLOCK 4096u

enum { READ = 0, WRITE = 1, FLUSH = 4 };
#define F_FLUSH (1u << 9)

static volatile uint8_t status;
static uint8_t data[BLOCK];

static int request(uint32_t type, unsigned block, const char *name)
{
	uint16_t next = (uint16_t)(avail.index + 1);

	header.type = type;
	header.sector = type == FLUSH ? 0 : block * (BLOCK / 512);
	status = 0xff;
	describe(0, (uintptr_t)&header, sizeof(header), 1, type == FLUSH ? 2 : 1);
	describe(1, (uintptr_t)data, BLOCK, type == READ ? 1 | 2 : 1, 2);
	describe(2, (uintptr_t)&status, 1, 2, 0);
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
	disk_start(F_FLUSH);
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
