/* SPDX-License-Identifier: MIT */
/* board.c: the whole machine: made, loaded, reset, taken down. */
#include <criterion/criterion.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/board.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#include "../tmp.h"
#include "../fake_host/fake.h"
#include "../fake_host/describer.h"
#include "../fake_host/tree.h"

#define RAM 0x80000000u
#define MIB (1ull << 20)

static struct vr_fake_host *d;
static const struct vr_plugin *plugin;
static const struct vr_board_maker *b;
static struct vr_board *board;
static uint8_t kernel[8192], initrd[5000];
static const struct vr_boot_payload payload = {.size = sizeof(payload),
					       .kernel = kernel,
					       .kernel_size = sizeof(kernel),
					       .initrd = initrd,
					       .initrd_size = sizeof(initrd),
					       .cmdline = "quiet",
					       .kernel_name = "Image"};

static void start(void)
{
	d = fake_new(RAM, 128 * MIB, 2);
	memcpy(kernel + 0x38, "RSC\x05", 4);
	kernel[0x0a] = 0x20; /* text_offset 2 MiB, image_size 3 MiB */
	kernel[0x12] = 0x30;
	memset(initrd, 0x5a, sizeof(initrd));
	cr_assert_eq(vmrun_plugin_create(d->host, "board-virt-riscv64", &plugin), VR_OK);
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

static int32_t create(const char *arch, uint32_t vcpus, uint64_t ram)
{
	struct vr_board_config c = {.size = sizeof(c), .vcpu_count = vcpus, .ram_size = ram, .arch = arch};

	return b->create(plugin->self, &c, &board);
}

TestSuite(board, .init = start, .fini = stop);

Test(board, plugin)
{
	const struct vr_plugin *other;

	cr_expect_arr_eq(vmrun_plugin_magic()->tag, "VMRN", 4);
	cr_expect_eq(vmrun_plugin_create(d->host, "board-virt", &other), VR_E_NOENT);
	cr_expect_null(plugin->query(plugin->self, "vmrun.accel/1"));
	cr_expect_str_eq(b->arch, "riscv64");
}

Test(board, devices)
{
	static struct vr_virtio_maker mute; /* without a console */

	mute = virtio_test_maker;
	mute.types = "virtio-blk, virtio-rng";
	fake_offer(d, VR_VIRTIO_ID, &mute, "test", 0);
	vr_fake_host_disk(d, 512, 0);
	cr_assert_eq(create("riscv64", 2, 128 * MIB), VR_OK);
	cr_expect_eq(made.count, 2);
	cr_expect_eq(maker_line(d, 0x10002000), 2);
	cr_expect_eq(d->log_lines[VR_LOG_WARN], 1, "no plugin offers a console");
	for (uint32_t i = 0; i < 2; i++)
		b->reset(board);
	cr_expect_eq(made.resets, 4);
	b->destroy(board);
	board = NULL;
	cr_expect_eq(made.destroyed, 2);
}

static const void *tree(void)
{
	cr_assert_eq(create("riscv64", 1, 128 * MIB), VR_OK, "%s", d->error_text);
	cr_assert_eq(b->load(board, &payload), VR_OK);
	return fake_ram(d, fake_riscv64(d, 0)->x[11]);
}

Test(board, requested_devices)
{
	static const struct vr_device_reference clock = {.node = VR_DEVICE_CLOCK};
	static const struct vr_device_property clocks = {.name = "clocks",
							 .kind = VR_PROPERTY_REFERENCES,
							 .references = &clock,
							 .count = 1,
							 .stride = sizeof(clock)};
	const char *path = "/soc/timer@4000000";
	const void *fdt;

	describer_start();
	describer[0].node = "timer";
	describer[0].window[1] = 0x100;
	describer[0].irq[1] = VR_DEVICE_IRQ_LEVEL;
	describer[0].property = &clocks;
	describer[0].property_count = 1;
	fake_offer(d, VR_DEVICE_ID, &describer_maker, "named", VR_FOUND_REQUESTED);
	fdt = tree();
	cr_expect_eq(made.count, 2);
	cr_expect_eq(made.base, 0x04002000);
	cr_expect_eq(made.irq, 66);
	cr_expect_str_eq(tree_text(fdt, path, "compatible"), "test,one");
	cr_expect_eq(tree_cell(fdt, path, "interrupts", 0), 64);
	cr_expect_eq(tree_cell(fdt, path, "interrupts", 1), 65);
	cr_expect_eq(tree_cell(fdt, path, "reg", 5), 0x04001000);
	cr_expect_eq(tree_cell(fdt, path, "reg", 7), 0x100);
	cr_expect_eq(tree_cell(fdt, path, "clocks", 0), tree_cell(fdt, "/apb-pclk", "phandle", 0));
	cr_expect_eq(tree_cell(fdt, "/apb-pclk", "clock-frequency", 0), made.config.clock_hz);
	cr_expect_eq(made.config.clock_hz, 24000000);
}

/* The PLIC's sources are levels. */
Test(board, requested_edges)
{
	describer_start();
	describer[1].irq[1] = VR_DEVICE_IRQ_EDGE;
	fake_offer(d, VR_DEVICE_ID, &describer_maker, "named", VR_FOUND_REQUESTED);
	cr_expect_eq(create("riscv64", 1, 128 * MIB), VR_E_CONFIG);
	cr_expect(strstr(d->error_text, "plugin 'named': interrupt 1 of \"test-two\" is an edge"), "%s",
		  d->error_text);
}

Test(board, terminal)
{
	cr_assert_eq(create("riscv64", 1, 128 * MIB), VR_OK);
	cr_expect_str_eq(b->cmdline_words(board), "");
	stop();
	start();
	vr_fake_host_option(d, "terminal", "virtio");
	cr_assert_eq(create("riscv64", 1, 128 * MIB), VR_OK);
	cr_expect_str_eq(b->cmdline_words(board), "console=hvc0");
	fake_write(d, VR_SPACE_MMIO, 0, 0x10000000, 1, 'u');
	cr_expect_str_eq(d->port[1].out, "u");
}

Test(board, bad_configuration)
{
	static const struct {
		const char *arch;
		uint32_t vcpus;
		uint64_t ram;
	} bad[] = {
		{"arm64", 1, 128 * MIB},       {"riscv64", 0, 128 * MIB}, {"riscv64", 65, 128 * MIB},
		{"riscv64", 1, 128 * MIB + 1}, {"riscv64", 1, 0},         {"riscv64", 1, 256ull << 30},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(create(bad[i].arch, bad[i].vcpus, bad[i].ram), VR_E_CONFIG);
	cr_expect_null(board);
}

Test(board, load_in_s_mode)
{
	uint64_t regs[8] = {0, 0, 0, 0, 0, 0, 0, 0x10};

	cr_assert_eq(create("riscv64", 2, 128 * MIB), VR_OK);
	for (int round = 0; round < 2; round++) {
		cr_assert_eq(b->load(board, &payload), VR_OK);
		cr_expect_eq(fake_riscv64(d, 0)->pc, RAM + 2 * MIB);
		cr_expect_eq(fake_riscv64(d, 0)->privilege, 1);
		cr_expect_eq(fake_riscv64(d, 0)->x[10], 0);
		cr_expect_eq(fake_riscv64(d, 0)->x[11], RAM + 6 * MIB);
		cr_expect_eq(fake_riscv64(d, 0)->powered_on, 1);
		cr_expect_eq(fake_riscv64(d, 1)->powered_on, 0);
		cr_expect_eq(d->vcpu[1].on, 0);
		cr_expect_arr_eq((uint8_t *)fake_ram(d, RAM + 2 * MIB), kernel, sizeof(kernel));
		cr_expect_arr_eq((uint8_t *)fake_ram(d, RAM + 8 * MIB), initrd, sizeof(initrd));
		cr_expect_eq(fdt_check_full(fake_ram(d, RAM + 6 * MIB), 2 * MIB), 0);
		/* A reset loads everything again. */
		memset(d->region[0].bytes, 0, d->region[0].length);
		b->reset(board);
	}
	cr_expect_eq(d->hypercall(d->hypercall_opaque, 0, 0, regs), VR_OK);
}

Test(board, load_with_firmware)
{
	uint64_t regs[8] = {0, 0, 0, 0, 0, 0, 0, 0x10};
	char name[PATH_MAX];
	int fd = mkstemp(tmp_template(name, "vmrun-firmware"));

	cr_assert(fd >= 0 && write(fd, "firmware", 8) == 8);
	close(fd);
	vr_fake_host_option(d, "firmware", name);
	cr_assert_eq(create("riscv64", 2, 128 * MIB), VR_OK);
	unlink(name);
	for (int round = 0; round < 2; round++) {
		cr_assert_eq(b->load(board, &payload), VR_OK);
		for (uint32_t i = 0; i < 2; i++) {
			cr_expect_eq(fake_riscv64(d, i)->pc, RAM);
			cr_expect_eq(fake_riscv64(d, i)->privilege, 3);
			cr_expect_eq(fake_riscv64(d, i)->x[10], i);
			cr_expect_eq(fake_riscv64(d, i)->x[11], RAM + 6 * MIB);
			cr_expect_eq(fake_riscv64(d, i)->x[12], RAM + 8 * MIB - 4096);
			cr_expect_eq(fake_riscv64(d, i)->csr_count, 0);
			cr_expect_eq(d->vcpu[i].on, 1);
		}
		cr_expect_arr_eq((char *)fake_ram(d, RAM), "firmware", 8);
		cr_expect_eq(d->hypercall(d->hypercall_opaque, 0, 0, regs), VR_E_NOENT);
		memset(d->region[0].bytes, 0, d->region[0].length);
		b->reset(board);
	}
}

Test(board, firmware_missing)
{
	vr_fake_host_option(d, "firmware", "/nothing/here");
	cr_expect_eq(create("riscv64", 1, 128 * MIB), VR_E_IO);
}
