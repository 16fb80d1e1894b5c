/* SPDX-License-Identifier: MIT */
/* The guest of tests/helper: does what the device's script says and prints each result. */
#include "guest.h"

#define DEVICE UINT64_C(0x0c000000)
#define SECONDS 30

int guest_main(void)
{
	char text[2] = {0, 0};

	for (;;) {
		uint64_t from = arch_counter(), status;

		text[0] = (char)mmio_read(DEVICE, 4);
		if (!text[0])
			return 0;
		mmio_write(DEVICE + 4, 4, (uint8_t)text[0]);
		do {
			status = mmio_read(DEVICE + 8, 4);
		} while (status == 1 && arch_since(from) < SECONDS * arch_counter_hz);
		put(text);
		put(status == 0 ? " done " : status == 2 ? " error " : " hangs ");
		put_hex(mmio_read(DEVICE + 12, 4));
		put("\n");
	}
}
