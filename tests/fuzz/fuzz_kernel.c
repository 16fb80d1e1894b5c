/* SPDX-License-Identifier: MIT */
/*
 * fuzz_kernel.c: any bytes as a kernel; built once for each board. The board's plugin is made, loads it and
 * starts vCPU 0, or refuses it with an error whose text names the file. A guest's disk has kernels as well:
 * they are what a guest wants them to be.
 *
 * The first 4 bytes of the input choose the size of RAM, that of the initrd and the command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/board.h>
#include <vmrun/plugin.h>

#include "tests/fake_host/fake.h"

#define CONTROL 4u
#define NAME "the-kernel"
#define MIB (1ull << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint64_t ram_sizes[] = {16 * MIB, 32 * MIB, 64 * MIB, 256 * MIB};
static const uint64_t initrd_sizes[] = {0, 1, 4096, 3 * MIB + 1};

static void wrong(const char *what, const struct vr_fake_host *d, int32_t rc)
{
	fprintf(stderr, "%s: %d, \"%s\"\n", what, rc, d->error_text);
	abort();
}

/* Where the board has vCPU 0 begin; all of them have only one entry state. */
static uint64_t entry_of(struct vr_fake_host *d)
{
	if (!strcmp(BOARD_ARCH, "arm64"))
		return fake_arm64(d, 0)->pc;
	return strcmp(BOARD_ARCH, "riscv64") ? fake_x86(d, 0)->rip : fake_riscv64(d, 0)->pc;
}

static void load(struct vr_fake_host *d, const struct vr_board_maker *b, struct vr_board *board,
		 const struct vr_boot_payload *p)
{
	int32_t rc = b->load(board, p);

	if (rc == VR_OK) {
		if (!vr_fake_host_pointer(d, entry_of(d), 1))
			wrong("the entry is not in RAM", d, rc);
		return;
	}
	if (rc != VR_E_IMAGE && rc != VR_E_CONFIG && rc != VR_E_UNSUPPORTED)
		wrong("an unexpected error", d, rc);
	if (d->error_code != rc || !strstr(d->error_text, NAME))
		wrong("the text does not name the file", d, rc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t initrd[3 * MIB + 1];
	struct vr_board_config c = {.size = sizeof(c), .vcpu_count = 1, .arch = BOARD_ARCH};
	struct vr_boot_payload p = {.size = sizeof(p), .cmdline = "", .kernel_name = NAME};
	const struct vr_plugin *plugin;
	const struct vr_board_maker *b;
	char cmdline[256] = "";
	uint8_t *kernel;
	struct vr_fake_host *d;
	struct vr_board *board;

	/* vmrun refuses an empty file before a board sees it. */
	if (size <= CONTROL)
		return 0;
	c.ram_size = ram_sizes[data[0] % 4];
	p.initrd_size = initrd_sizes[data[1] % 4];
	p.initrd = p.initrd_size ? initrd : NULL;
	memset(cmdline, 'a', data[2] % sizeof(cmdline));
	p.cmdline = cmdline;
	p.kernel_size = size - CONTROL;
	/* Of its own, so that the sanitizer sees a read past its end. */
	kernel = malloc(size - CONTROL);
	d = strcmp(BOARD_ARCH, "x86_64") ? fake_new(0, 0, 1) : fake_new_pc(1);
	if (!kernel || !d)
		abort();
	memcpy(kernel, data + CONTROL, size - CONTROL);
	p.kernel = kernel;
	if (vmrun_plugin_create(d->host, BOARD_ID, &plugin))
		wrong("no plugin", d, 0);
	b = plugin->query(plugin->self, VR_BOARD_ID);
	if (b->create(plugin->self, &c, &board))
		wrong("no board", d, 0);
	if (b->cmdline_max)
		b->cmdline_max(board, &p);
	load(d, b, board, &p);
	b->destroy(board);
	plugin->destroy(plugin->self);
	fake_free(d);
	free(kernel);
	return 0;
}
