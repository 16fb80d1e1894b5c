/* SPDX-License-Identifier: MIT */
/*
 * Any machine as a device tree, in any room: built once for each board that has one. What is built must be a
 * right tree that says what it was given; what does not fit must be refused, not written past the end.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include BOARD_FDT_H
#include BOARD_MAP_H

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct shape {
	uint64_t ram_size, initrd_start, initrd_size;
	uint32_t room;
	uint16_t vcpus;
	uint8_t slots, full_room;
};

static void check(const void *fdt, uint32_t room, const struct vr_fdt_input *in)
{
	int chosen, cpus, n = 0, node, length;
	const char *bootargs;

	if (fdt_check_full(fdt, room))
		abort();
	chosen = fdt_path_offset(fdt, "/chosen");
	if (chosen < 0)
		abort();
	bootargs = fdt_getprop(fdt, chosen, "bootargs", &length);
	if (!bootargs || (size_t)length != strlen(in->cmdline) + 1 || strcmp(bootargs, in->cmdline) != 0)
		abort();
	if (!!fdt_getprop(fdt, chosen, "linux,initrd-start", NULL) != (in->initrd_end > in->initrd_start))
		abort();
	cpus = fdt_path_offset(fdt, "/cpus");
	fdt_for_each_subnode(node, fdt, cpus)
	{
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);

		n += type && !strcmp(type, "cpu");
	}
	if ((uint32_t)n != in->vcpu_count)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vr_fdt_input in = {0};
	struct shape s;
	uint32_t room;
	char *cmdline;
	void *fdt;

	if (size < sizeof(s))
		return 0;
	memcpy(&s, data, sizeof(s));
	data += sizeof(s);
	size -= sizeof(s);
	cmdline = malloc(size + 1);
	room = s.full_room & 1 ? VIRT_TREE_SIZE : s.room % (64u << 10);
	fdt = malloc(room);
	if (!cmdline || (!fdt && room))
		exit(0);
	memcpy(cmdline, data, size);
	cmdline[size] = '\0';
	in.vcpu_count = s.vcpus % BOARD_VCPUS + 1;
	in.virtio_slots = s.slots % 33u;
	in.ram_size = s.ram_size;
	in.cmdline = cmdline;
	in.initrd_start = s.initrd_start;
	in.initrd_end =
		s.initrd_start +
		(s.full_room & 2 ? 0 : s.initrd_size % (UINT64_MAX - s.initrd_start + !~s.initrd_start));
	if (!fdt_build(&in, fdt, room))
		check(fdt, room, &in);
	free(fdt);
	free(cmdline);
	return 0;
}
