/* SPDX-License-Identifier: MIT */
/*
 * One request to the disk for nearly 4 GiB (Virtio 1.2, 5.2.6), the most that a chain may have (2.7.5.2): its
 * segments are the same 16 MiB of RAM over and over. Prints a line when it has been asked for, and one when
 * it is done.
 */
#include "guest.h"

#define DISK_QUEUE 256
#include "virtio_disk.h"

#define SEGMENTS 252u
#define SEGMENT_BYTES (16u << 20)
#define BUFFER UINT64_C(0x42000000)
static volatile uint8_t status = 0xff;

int guest_main(void)
{
	disk_start(0);
	describe(0, (uintptr_t)&header, sizeof(header), 1, 1);
	for (unsigned i = 0; i < SEGMENTS; i++)
		describe(i + 1, BUFFER, SEGMENT_BYTES, 1 | 2, (uint16_t)(i + 2));
	describe(SEGMENTS + 1, (uintptr_t)&status, 1, 2, 0);
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
