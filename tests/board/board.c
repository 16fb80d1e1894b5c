// SPDX-License-Identifier: MIT
/* board.c: the whole machine: made, loaded, reset, taken down. */
#include <criterion/criterion.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>
#include <vmrun/board.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#include "double.h"

#define MIB (1ull << 20)

static struct dbl *d;
static const struct vr_plugin *plugin;
static const struct vr_board *b;
static void *board;

/* A maker that only remembers. */
static char made[256];
static uint32_t made_count, resets, destroyed;
static uint64_t last_base;
static uint32_t last_irq;

static int32_t VR_CALL maker_create(void *self, const struct vr_device_config *c, void **device)
{
	char one[64];

	(void)self;
	snprintf(one, sizeof(one), "%s:%u ", c->type + strlen("virtio-mmio-"), c->index);
	strcat(made, one);
	made_count++;
	last_base = c->base;
	last_irq = c->irq;
	*device = made;
	return VR_OK;
}

static void VR_CALL maker_reset(void *device)
{
	(void)device;
	resets++;
}

static void VR_CALL maker_destroy(void *device)
{
	(void)device;
	destroyed++;
}

static const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = "virtio-mmio-blk,virtio-mmio-console, virtio-mmio-rng",
	.create = maker_create,
	.reset = maker_reset,
	.destroy = maker_destroy,
};

static void start(void)
{
	d = dbl_new(128 * MIB, 2);
	cr_assert_eq(vmrun_plugin_create(&d->host, "board-virt", &plugin), VR_OK);
	cr_assert_eq(plugin->probe(plugin->self), VR_OK);
	b = plugin->query(plugin->self, VR_BOARD_ID);
	cr_assert(b);
}

static void stop(void)
{
	if (board)
		b->destroy(board);
	plugin->destroy(plugin->self);
	dbl_free(d);
}

static int32_t create(uint32_t vcpus, uint64_t ram)
{
	struct vr_board_config c = {.size = sizeof(c), .vcpu_count = vcpus, .ram_size = ram, .arch = "arm64"};

	return b->create(plugin->self, &c, &board);
}

TestSuite(board, .init = start, .fini = stop);

Test(board, plugin)
{
	const struct vr_plugin *other;

	cr_expect_arr_eq(vmrun_plugin_magic()->tag, "VMRN", 4);
	cr_expect_eq(vmrun_plugin_create(&d->host, "nothing", &other), VR_E_NOENT);
	cr_expect_null(plugin->query(plugin->self, "vmrun.accel/1"));
	cr_expect_str_eq(b->arch, "arm64");
}

Test(board, devices_in_order)
{
	d->device = (struct vr_found){.size = sizeof(d->device), .interface = &maker, .id = "test"};
	dbl_add_disk(d, 512, 0);
	dbl_add_disk(d, 512, 0);
	cr_assert_eq(create(2, 128 * MIB), VR_OK);
	cr_expect_str_eq(made, "blk:0 blk:1 rng:0 console:1 ");
	cr_expect_eq(last_base, 0x0a000600);
	cr_expect_eq(last_irq, 32 + 16 + 3);
	cr_expect_eq(d->warnings, 0);
	b->reset(board);
	cr_expect_eq(resets, 4);
	b->destroy(board);
	board = NULL;
	cr_expect_eq(destroyed, 4);
}

Test(board, devices_missing)
{
	cr_assert_eq(create(2, 128 * MIB), VR_OK);
	cr_expect_eq(d->warnings, 2);
}

Test(board, bad_configuration)
{
	struct vr_board_config c = {.size = sizeof(c), .vcpu_count = 1, .ram_size = MIB, .arch = "riscv64"};

	cr_expect_eq(b->create(plugin->self, &c, &board), VR_E_CONFIG);
	cr_expect_eq(create(0, 128 * MIB), VR_E_CONFIG);
	cr_expect_eq(create(124, 128 * MIB), VR_E_CONFIG);
	cr_expect_eq(create(1, 128 * MIB + 1), VR_E_CONFIG);
	cr_expect_eq(create(1, 256ull << 30), VR_E_CONFIG);
}

Test(board, load)
{
	static uint8_t kernel[8192], initrd[5000];
	struct vr_boot_payload p = {.size = sizeof(p),
				    .kernel = kernel,
				    .kernel_size = sizeof(kernel),
				    .initrd = initrd,
				    .initrd_size = sizeof(initrd),
				    .cmdline = "console=ttyAMA0",
				    .kernel_name = "Image"};
	const void *fdt;

	memcpy(kernel + 0x38, "ARM\x64", 4);
	kernel[0x12] = 0x30; /* image_size 3 MiB */
	memset(initrd, 0x5a, sizeof(initrd));
	cr_assert_eq(create(2, 128 * MIB), VR_OK);
	for (int round = 0; round < 2; round++) {
		cr_assert_eq(b->load(board, &p), VR_OK);
		cr_expect_eq(d->state[0].pc, 0x40000000);
		cr_expect_eq(d->state[0].x[0], 0x40400000);
		cr_expect_eq(d->state[0].pstate, 0x3c5);
		cr_expect_eq(d->state[0].powered_on, 1);
		cr_expect_eq(d->state[1].powered_on, 0);
		cr_expect_arr_eq((uint8_t *)dbl_ram(d, 0x40000000), kernel, sizeof(kernel));
		cr_expect_arr_eq((uint8_t *)dbl_ram(d, 0x40600000), initrd, sizeof(initrd));
		fdt = dbl_ram(d, d->state[0].x[0]);
		cr_expect_eq(fdt_check_full(fdt, 2 * MIB), 0);
		/* A reset loads everything again. */
		memset(d->ram, 0, d->ram_size);
		b->reset(board);
	}
}
