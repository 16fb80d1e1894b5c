/* SPDX-License-Identifier: MIT */
/* A guest that prints the file `note` of the host through sdk/examples/file-drop, then asks for what it must
 * not get. */
#include "../../sdk/examples/file-drop/registers.h"

#include "guest.h"

#define DROP UINT64_C(0x0c000000)

static uint32_t command(uint32_t what)
{
	uint32_t status;

	mmio_write(DROP + DROP_COMMAND, 4, what);
	do {
		status = (uint32_t)mmio_read(DROP + DROP_STATUS, 4);
	} while (status == DROP_BUSY);
	return status;
}

static uint32_t open_file(const char *name)
{
	unsigned i = 0;

	do {
		mmio_write(DROP + DROP_NAME + i, 1, (uint8_t)name[i]);
	} while (name[i++]);
	return command(DROP_OPEN);
}

int guest_main(void)
{
	uint64_t length;

	SAME("id", mmio_read(DROP + DROP_ID, 4), DROP_MAGIC);
	SAME("nothing is open", command(DROP_READ), DROP_NO_FILE);
	SAME("open", open_file("note"), DROP_READY);
	length = mmio_read(DROP + DROP_LENGTH, 8);
	for (uint64_t offset = 0; offset < length;) {
		uint32_t n;

		mmio_write(DROP + DROP_OFFSET, 8, offset);
		if (command(DROP_READ) != DROP_READY)
			break;
		n = (uint32_t)mmio_read(DROP + DROP_COUNT, 4);
		for (uint32_t i = 0; i < n; i++)
			arch_serial((char)mmio_read(DROP + DROP_DATA + i, 1));
		offset += n;
		if (!n)
			break;
	}
	mmio_write(DROP + DROP_OFFSET, 8, UINT64_MAX);
	SAME("past the end", command(DROP_READ), DROP_READY);
	SAME("nothing there", mmio_read(DROP + DROP_COUNT, 4), 0);
	SAME("no such file", open_file("none"), DROP_NO_FILE);
	SAME("a path", open_file("../outside"), DROP_NO_FILE);
	SAME("an absolute path", open_file("/etc/passwd"), DROP_NO_FILE);
	SAME("the folder", open_file("."), DROP_NO_FILE);
	SAME("its parent", open_file(".."), DROP_NO_FILE);
	SAME("a link out of it", open_file("link"), DROP_NO_FILE);
	SAME("a pipe", open_file("pipe"), DROP_NO_FILE);
	return 0;
}
