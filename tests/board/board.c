/* SPDX-License-Identifier: MIT */
/* board.c: the whole machine: made, loaded, reset, taken down. */
#include <criterion/criterion.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>
#include <vmrun/block.h>
#include <vmrun/board.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#include "../fake_host/fake.h"
#include "../fake_host/maker.h"

#define MIB (1ull << 20)

static struct vr_fake_host *d;
static const struct vr_plugin *plugin;
static const struct vr_board_maker *b;
static struct vr_board *board;

static void start(void)
{
	d = fake_new(FAKE_RAM_BASE, 128 * MIB, 2);
	cr_assert_eq(vmrun_plugin_create(d->host, "board-virt", &plugin), VR_OK);
	cr_assert_eq(plugin->probe(plugin->self), VR_OK);
	b = plugin->query(plugin->self, VR_BOARD_ID);
	cr_assert(b);
}

static void stop(void)
{
	if (board)
		b->destroy(board);
	plugin->destroy(plugin->self);
	fake_free(d);
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
	cr_expect_eq(vmrun_plugin_create(d->host, "nothing", &other), VR_E_NOENT);
	cr_expect_null(plugin->query(plugin->self, "vmrun.accel/1"));
	cr_expect_str_eq(b->arch, "arm64");
}

Test(board, devices_in_order)
{
	fake_offer(d, VR_VIRTIO_ID, &virtio_test_maker, "test", 0);
	vr_fake_host_disk(d, 512, 0);
	vr_fake_host_disk(d, 512, 0);
	cr_assert_eq(create(2, 128 * MIB), VR_OK);
	cr_expect_str_eq(made.made, "blk:0 blk:1 rng:0 console:1 ");
	cr_expect_eq(maker_line(d, 0x0a000600), 32 + 16 + 3);
	cr_expect_eq(d->log_lines[VR_LOG_WARN], 0);
	b->reset(board);
	cr_expect_eq(made.resets, 4);
	b->destroy(board);
	board = NULL;
	cr_expect_eq(made.destroyed, 4);
}

Test(board, devices_missing)
{
	cr_assert_eq(create(2, 128 * MIB), VR_OK);
	cr_expect_eq(d->log_lines[VR_LOG_WARN], 2);
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
		cr_expect_eq(fake_arm64(d, 0)->pc, 0x40000000);
		cr_expect_eq(fake_arm64(d, 0)->x[0], 0x40400000);
		cr_expect_eq(fake_arm64(d, 0)->pstate, 0x3c5);
		cr_expect_eq(fake_arm64(d, 0)->powered_on, 1);
		cr_expect_eq(fake_arm64(d, 1)->powered_on, 0);
		cr_expect_arr_eq((uint8_t *)fake_ram(d, 0x40000000), kernel, sizeof(kernel));
		cr_expect_arr_eq((uint8_t *)fake_ram(d, 0x40600000), initrd, sizeof(initrd));
		fdt = fake_ram(d, fake_arm64(d, 0)->x[0]);
		cr_expect_eq(fdt_check_full(fdt, 2 * MIB), 0);
		/* A reset loads everything again. */
		memset(d->region[0].bytes, 0, d->region[0].length);
		b->reset(board);
	}
}

/* ---- what the user named ---- */
static uint64_t wanted = 0x100;

static uint64_t VR_CALL maker_window(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	return strcmp(type, "test-other") != 0 && i == 0 ? wanted : 0; /* a type may be for other boards */
}

static uint32_t VR_CALL maker_irq(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	(void)type;
	return i == 0 ? VR_DEVICE_IRQ_LEVEL : VR_DEVICE_IRQ_NONE;
}

static struct vr_device_maker named = {
	.size = sizeof(named),
	.types = "test-other, test-one,test-two",
	.create = maker_create,
	.reset = maker_reset,
	.destroy = maker_destroy,
	.window = maker_window,
	.irq = maker_irq,
};

static void ask_for(struct vr_device_maker *m)
{
	fake_offer(d, VR_DEVICE_ID, m, "named", VR_FOUND_REQUESTED);
}

static void refused(const char *text)
{
	vr_fake_host_error_clear(d);
	cr_expect_lt(create(1, 128 * MIB), 0);
	cr_expect(strstr(d->error_text, text), "'%s' is not in: %s", text, d->error_text);
	d->bus_count = 0; /* nothing is ever detached */
}

Test(board, requested_devices)
{
	ask_for(&named);
	cr_assert_eq(create(1, 128 * MIB), VR_OK, "%s", d->error_text);
	cr_expect_str_eq(made.made, "one:0 two:0 ", "%s", made.made);
	cr_expect_eq(made.base, 0x0c001000);
	cr_expect_eq(made.irq, 32 + 112 + 1);
	b->destroy(board);
	d->bus_count = 0;
	cr_assert_eq(create(1, 128 * MIB), VR_OK, "%s", d->error_text);
	b->reset(board);
	cr_expect_eq(made.resets, 2);
}

static int32_t VR_CALL not_this_one(struct vr_plugin_self *self, const struct vr_virtio_config *c,
				    struct vr_virtio_info *info, struct vr_virtio_device **out)
{
	(void)self, (void)info, (void)out;
	cr_expect_fail("another plugin made %s", c->type);
	return VR_E_INTERNAL;
}

/* A virtio plugin that the user named: its own types come before others' of that name, and what the board does not
 * know gets one place each. */
Test(board, requested_virtio)
{
	static struct vr_virtio_maker mine, other;

	other = virtio_test_maker;
	other.types = "virtio-rng";
	other.create = not_this_one;
	fake_offer(d, VR_VIRTIO_ID, &other, "test", 0);
	mine = virtio_test_maker;
	mine.types = "virtio-rng,com.example-input";
	fake_offer(d, VR_VIRTIO_ID, &mine, "named", VR_FOUND_REQUESTED);
	cr_assert_eq(create(1, 128 * MIB), VR_OK, "%s", d->error_text);
	cr_expect_str_eq(made.made, "rng:0 input:0 ", "%s", made.made);
	cr_expect_eq(maker_line(d, 0x0a000200), 32 + 16 + 1);
	b->destroy(board);
	board = NULL;
	d->bus_count = 0;
	other.create = virtio_test_maker.create;
	mine.size = offsetof(struct vr_virtio_maker, notify);
	refused("plugin 'named': its vmrun.virtio/1 has no 'notify'");
}

/* Named, and nothing of it is in the machine. */
Test(board, requested_and_not_used)
{
	static struct vr_virtio_maker mine, second;

	mine = virtio_test_maker;
	mine.types = "virtio-rng";
	fake_offer(d, VR_VIRTIO_ID, &mine, "named", VR_FOUND_REQUESTED);
	second = mine;
	fake_offer(d, VR_VIRTIO_ID, &second, "second", VR_FOUND_REQUESTED);
	refused("plugin 'second' was named and is not used: the machine's \"virtio-rng\" is that of plugin "
		"'named', which "
		"was named as well; leave one of them out");
	second.types = "virtio-ports, virtio-blk";
	refused("plugin 'second' was named and is not used: this machine has no \"virtio-blk\", no disk is "
		"given");
	second.types = "virtio-ports";
	refused("plugin 'second' was named and is not used: this machine has no \"virtio-ports\", there is "
		"no --run");
	second.types = "";
	refused("plugin 'second' was named and is not used: it offers no device");
	/* It may be a disk. */
	fake_offer(d, VR_BLOCK_ID, &second, "second", VR_FOUND_REQUESTED);
	cr_assert_eq(create(1, 128 * MIB), VR_OK, "%s", d->error_text);
}

Test(board, requested_without_a_place)
{
	static char many[1024];

	ask_for(&named);
	wanted = 0;
	named.types = "test-one";
	refused("\"test-one\" is no device that this board knows");
	wanted = 0x1800;
	refused("power of two");
	wanted = 0x20000;
	refused("power of two");
	wanted = 0x1000;
	for (int i = 0; i < 17; i++)
		sprintf(many + strlen(many), "test-%d ,", i);
	named.types = many;
	refused("no room");
	/* Of an older ABI: its struct ends before window. */
	named.types = "test-one";
	named.size = offsetof(struct vr_device_maker, window);
	refused("how large a window");
	named.size = offsetof(struct vr_device_maker, destroy);
	refused("plugin 'named': its vmrun.device/1 has no 'destroy'");
}
