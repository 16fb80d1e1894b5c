/* SPDX-License-Identifier: MIT */
/* board.c: the whole machine: made, loaded, reset, taken down; with and without an accelerator's controllers.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <vmrun/board.h>
#include <vmrun/device.h>
#include <vmrun/irqchip.h>
#include <vmrun/plugin.h>

#include "../fake_host/fake.h"
#include "../fake_host/describer.h"

#define MIB (1ull << 20)

static struct vr_fake_host *d;
static const struct vr_plugin *plugin;
static const struct vr_board_maker *b;
static struct vr_board *board;

/* ---- an accelerator with interrupt controllers ---- */
static uint32_t chip_only, chip_have, chip_lines, chip_levels, msi_data, route_count, route_line, route_data;
static uint64_t msi_address, route_address;

static int32_t VR_CALL chip_enable(struct vr_plugin_self *self, uint32_t kind)
{
	(void)self;
	if (!(chip_only >> kind & 1))
		return VR_E_UNSUPPORTED;
	chip_have = kind;
	return VR_OK;
}

static uint32_t VR_CALL chip_kind(struct vr_plugin_self *self)
{
	(void)self;
	return chip_have;
}

static int32_t VR_CALL chip_line(struct vr_plugin_self *self, uint32_t line, uint32_t level)
{
	(void)self;
	chip_lines++;
	chip_levels = (chip_levels & ~(1u << line)) | level << line;
	return VR_OK;
}

static int32_t VR_CALL chip_msi(struct vr_plugin_self *self, uint64_t address, uint32_t data)
{
	(void)self;
	msi_address = address;
	msi_data = data;
	return VR_OK;
}

static int32_t VR_CALL chip_route(struct vr_plugin_self *self, uint32_t line, uint64_t address, uint32_t data)
{
	(void)self;
	route_count++;
	route_line = line;
	route_address = address;
	route_data = data;
	return VR_OK;
}

#define ONLY(kind) (1u << (kind))
#define BOTH (ONLY(VR_IRQCHIP_SPLIT) | ONLY(VR_IRQCHIP_FULL))

static struct vr_irqchip chip = {
	.size = sizeof(chip),
	.enable = chip_enable,
	.kind = chip_kind,
	.line = chip_line,
	.msi = chip_msi,
	.route = chip_route,
};

static void start(void)
{
	d = fake_new_pc(4);
	cr_assert_eq(vmrun_plugin_create(d->host, "board-pc", &plugin), VR_OK);
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

static void again(void)
{
	stop();
	board = NULL;
	start();
}

static int32_t create(uint32_t vcpus, uint64_t ram)
{
	struct vr_board_config c = {
		.size = sizeof(c), .vcpu_count = vcpus, .ram_size = ram, .arch = "x86_64"};

	return b->create(plugin->self, &c, &board);
}

static uint8_t kernel[32768];

static struct vr_boot_payload payload(void)
{
	memset(kernel, 0, sizeof(kernel));
	kernel[0x1f1] = 3;
	kernel[0x1fe] = 0x55;
	kernel[0x1ff] = 0xaa;
	kernel[0x201] = 0x6a;
	memcpy(kernel + 0x202, "HdrS\x0f\x02", 6);
	kernel[0x211] = 1;
	memcpy(kernel + 0x22c, "\xff\xff\xff\x7f\x00\x00\x20\x00\x01\x00\x01\x00\xff\x07", 14);
	kernel[0x25b] = 1; /* pref_address 16 MiB */
	return (struct vr_boot_payload){.size = sizeof(struct vr_boot_payload),
					.kernel = kernel,
					.kernel_size = sizeof(kernel),
					.cmdline = "console=ttyS0",
					.kernel_name = "vmlinuz"};
}

TestSuite(board, .init = start, .fini = stop);

Test(board, plugin)
{
	const struct vr_plugin *other;

	cr_expect_arr_eq(vmrun_plugin_magic()->tag, "VMRN", 4);
	cr_expect_eq(vmrun_plugin_create(d->host, "nothing", &other), VR_E_NOENT);
	cr_expect_null(plugin->query(plugin->self, "vmrun.accel/1"));
	cr_expect_str_eq(b->arch, "x86_64");
}

Test(board, bad_configuration)
{
	struct vr_board_config c = {.size = sizeof(c), .vcpu_count = 1, .ram_size = MIB, .arch = "arm64"};

	cr_expect_eq(b->create(plugin->self, &c, &board), VR_E_CONFIG);
	cr_expect_eq(create(0, 128 * MIB), VR_E_CONFIG);
	cr_expect_eq(create(255, 128 * MIB), VR_E_CONFIG);
	cr_expect_eq(create(1, 128 * MIB + 1), VR_E_CONFIG);
	cr_expect_eq(create(1, MIB), VR_E_CONFIG);
	cr_expect_eq(create(1, 2ull << 40), VR_E_CONFIG);
	vr_fake_host_option(d, "announce", "nothing");
	vr_fake_host_error_clear(d);
	cr_expect_eq(create(1, 128 * MIB), VR_E_CONFIG);
	cr_expect(strstr(d->error_text, "board-pc") || d->error_code);
}

Test(board, memory_map)
{
	static const uint64_t map[4][2] = {
		{0, 0xa0000}, {0xe0000, 0x20000}, {MIB, 3071 * MIB}, {4096 * MIB, 1024 * MIB}};

	cr_assert_eq(create(1, 4096 * MIB), VR_OK);
	cr_assert_eq(d->region_count, 4);
	for (uint32_t i = 0; i < 4; i++) {
		cr_expect_eq(d->region[i].gpa, map[i][0]);
		cr_expect_eq(d->region[i].length, map[i][1]);
	}
	for (uint32_t i = 0; i < d->bus_count; i++)
		for (uint32_t k = 0; k < 4 && d->bus[i].space == VR_SPACE_MMIO; k++)
			cr_expect(d->bus[i].base >= map[k][0] + map[k][1] ||
				  d->bus[i].base + d->bus[i].length <= map[k][0]);
}

Test(board, devices_in_order)
{
	fake_offer(d, VR_VIRTIO_ID, &virtio_test_maker, "test", 0);
	d->disk_count = 2;
	cr_assert_eq(create(2, 128 * MIB), VR_OK);
	cr_expect_str_eq(made.made, "blk:0 blk:1 rng:0 console:1 ");
	cr_expect_eq(maker_line(d, 0xd0003000), 32 + 3);
	cr_expect_eq(d->log_lines[VR_LOG_WARN], 0);
	b->reset(board);
	cr_expect_eq(made.resets, 4);
	b->destroy(board);
	board = NULL;
	cr_expect_eq(made.destroyed, 4);
}

/* Named by the user: virtio gets a slot; what asks for no window gets no place. */
Test(board, requested_devices)
{
	static struct vr_virtio_maker mine;
	static struct vr_device_maker named;

	mine = virtio_test_maker;
	mine.types = "com.example-input";
	fake_offer(d, VR_VIRTIO_ID, &mine, "named", VR_FOUND_REQUESTED);
	cr_assert_eq(create(1, 128 * MIB), VR_OK, "%s", d->error_text);
	cr_expect_str_eq(made.made, "input:0 ");
	cr_expect_eq(maker_line(d, 0xd0000000), 32);
	b->destroy(board);
	board = NULL;
	d->bus_count = 0; /* nothing is ever detached */
	vr_fake_host_no_ram(d);
	named = maker;
	fake_offer(d, VR_DEVICE_ID, &named, "named", VR_FOUND_REQUESTED);
	cr_expect_eq(create(1, 128 * MIB), VR_E_CONFIG);
	cr_expect(strstr(d->error_text, "\"test-one\" is no device that this board knows"), "%s",
		  d->error_text);
}

static const uint8_t *acpi_has(const void *bytes, size_t n)
{
	return memmem(fake_ram(d, 0xe0000), 0x20000, bytes, n);
}
#define ACPI_HAS(text) acpi_has(text, sizeof(text) - 1)

/* By ACPI: one PRP0001 each, with the properties of a device tree. */
Test(board, requested_windows)
{
	static const uint32_t cells[] = {2, 1};
	static const char *const names[] = {"a", "b"};
	static const struct vr_device_reference two = {.node = "test-two", .cells = cells, .cell_count = 2};
	static const struct vr_device_property all[] = {
		{.name = "big-endian", .kind = VR_PROPERTY_FLAG},
		{.name = "hz", .kind = VR_PROPERTY_CELLS, .cells = cells, .count = 1},
		{.name = "names", .kind = VR_PROPERTY_STRINGS, .strings = names, .count = 2},
		{.name = "pins",
		 .kind = VR_PROPERTY_REFERENCES,
		 .references = &two,
		 .count = 1,
		 .stride = sizeof(two)},
	};
	struct vr_boot_payload p = payload();

	describer_start();
	describer[0].window[1] = 0x10000;
	describer[0].irq[1] = VR_DEVICE_IRQ_LEVEL;
	describer[0].compatible[1] = "test,any";
	describer[0].property = all;
	describer[0].property_count = 4;
	fake_offer(d, VR_DEVICE_ID, &describer_maker, "named", VR_FOUND_REQUESTED);
	cr_assert_eq(create(1, 128 * MIB), VR_OK, "%s", d->error_text);
	cr_expect_eq(made.count, 2);
	cr_expect_eq(made.config.bases[0], 0xd8020000);
	cr_expect_eq(made.config.irqs[0], 66);
	cr_expect_eq(made.config.clock_hz, 0);
	cr_assert_eq(b->load(board, &p), VR_OK, "%s", d->error_text);
	/* 6.4.3.4: two windows; 6.4.3.6: pins 5 and 10. */
	cr_expect(ACPI_HAS("\x86\x09\x00\x01\x00\x00\x00\xd8\x00\x10\x00\x00"
			   "\x86\x09\x00\x01\x00\x00\x01\xd8\x00\x00\x01\x00"
			   "\x89\x06\x00\x09\x01\x05\x00\x00\x00\x89\x06\x00\x09\x01\x0a\x00\x00\x00"));
	cr_expect(ACPI_HAS("VD00\x08_HID\x0dPRP0001"));
	cr_expect(ACPI_HAS("VD01\x08_HID\x0dPRP0001"));
	cr_expect(ACPI_HAS("\x02\x0d"
			   "compatible\0\x12\x16\x02\x0dtest,one\0\x0dtest,any\0"));
	cr_expect(ACPI_HAS("\x02\x0d"
			   "compatible\0\x0dtest,two\0"));
	cr_expect(ACPI_HAS("\x02\x0d"
			   "big-endian\0\x01"));
	cr_expect(ACPI_HAS("\x02\x0dhz\0\x0a\x02"));
	cr_expect(ACPI_HAS("\x02\x0dnames\0\x12\x08\x02\x0d"
			   "a\0\x0d"
			   "b\0"));
	cr_expect(ACPI_HAS("\x02\x0dpins\0\x12\x0f\x03\\\x2e_SB_VD01\x0a\x02\x01"));
}

/* What ACPI has not, and what shared pins can't do. */
Test(board, windows_refused)
{
	static struct vr_device_reference clock = {.node = VR_DEVICE_CLOCK};
	static const struct vr_device_property clocks = {.name = "clocks",
							 .kind = VR_PROPERTY_REFERENCES,
							 .references = &clock,
							 .count = 1,
							 .stride = sizeof(clock)};

	describer_start();
	describer[0].property = &clocks;
	describer[0].property_count = 1;
	fake_offer(d, VR_DEVICE_ID, &describer_maker, "named", VR_FOUND_REQUESTED);
	cr_expect_eq(create(1, 128 * MIB), VR_E_CONFIG);
	cr_expect(strstr(d->error_text, "refers to the board's clock for devices, and this board has none"),
		  "%s", d->error_text);
	again();
	clock.node = VR_DEVICE_INTERRUPT_CONTROLLER;
	fake_offer(d, VR_DEVICE_ID, &describer_maker, "named", VR_FOUND_REQUESTED);
	cr_expect_eq(create(1, 128 * MIB), VR_E_CONFIG);
	cr_expect(strstr(d->error_text, "the board's node of an interrupt controller"), "%s", d->error_text);
	again();
	describer[0].property_count = 0;
	describer[0].irq[0] = VR_DEVICE_IRQ_EDGE;
	fake_offer(d, VR_DEVICE_ID, &describer_maker, "named", VR_FOUND_REQUESTED);
	cr_expect_eq(create(1, 128 * MIB), VR_E_CONFIG);
	cr_expect(strstr(d->error_text, "takes levels only"), "%s", d->error_text);
}

Test(board, too_many_disks)
{
	fake_offer(d, VR_VIRTIO_ID, &virtio_test_maker, "test", 0);
	d->disk_count = 33;
	cr_expect_eq(create(1, 128 * MIB), VR_E_CONFIG);
	cr_expect(strstr(d->error_text, "32 virtio-mmio slots"));
	cr_expect_eq(made.destroyed, 32);
}

Test(board, devices_missing)
{
	cr_assert_eq(create(1, 128 * MIB), VR_OK);
	cr_expect_eq(d->log_lines[VR_LOG_WARN], 2);
}

Test(board, load_and_reset)
{
	struct vr_boot_payload p = payload();

	cr_assert_eq(create(2, 128 * MIB), VR_OK);
	for (int round = 0; round < 2; round++) {
		const struct vr_state_x86 *s = fake_x86(d, 0);

		cr_assert_eq(b->load(board, &p), VR_OK, "%s", d->error_text);
		cr_expect_eq(s->rip, 0x1000200);
		cr_expect_eq(s->gpr[VR_X86_RSI], 0x7000);
		cr_expect_eq(s->gpr[VR_X86_RDI], 0);
		cr_expect_eq(s->rflags, 2, "interrupts off");
		cr_expect_eq(s->cr0, 0x80000031);
		cr_expect_eq(s->cr3, 0x9000);
		cr_expect_eq(s->cr4, 0x20);
		cr_expect_eq(s->efer, 0x500);
		cr_expect_eq(s->segment[VR_X86_CS].selector, 0x10);
		cr_expect_eq(s->segment[VR_X86_CS].attributes, 0xa09b);
		cr_expect_eq(s->segment[VR_X86_DS].selector, 0x18);
		cr_expect_eq(s->segment[VR_X86_SS].attributes, 0xc093);
		cr_expect_eq(s->segment[VR_X86_TR].attributes, 0x8b);
		cr_expect_eq(s->gdt.base, 0x500);
		cr_expect_eq(s->tsc_khz, 12345, "what it has no opinion on is kept");
		cr_expect_eq(s->mp_state, VR_X86_MP_RUNNING);
		cr_expect_eq(d->vcpu[1].on, 0);
		cr_expect_arr_eq(fake_ram(d, 0xe0000), "RSD PTR ", 8);
		cr_expect_str_eq((char *)fake_ram(d, 0x20000), "console=ttyS0");
		for (uint32_t i = 0; i < d->region_count; i++)
			memset(d->region[i].bytes, 0xcc, d->region[i].length);
		b->reset(board);
	}
}

Test(board, load_refused)
{
	struct vr_boot_payload p = payload();

	cr_assert_eq(create(1, 128 * MIB), VR_OK);
	p.kernel_size = 100;
	cr_expect_eq(b->load(board, &p), VR_E_IMAGE);
	cr_expect(strstr(d->error_text, "vmlinuz"));
}

Test(board, announced)
{
	struct vr_boot_payload p = payload();

	fake_offer(d, VR_VIRTIO_ID, &virtio_test_maker, "test", 0);
	d->disk_count = 1;
	cr_assert_eq(create(1, 128 * MIB), VR_OK);
	cr_assert_eq(b->load(board, &p), VR_OK, "%s", d->error_text);
	cr_expect_str_eq((char *)fake_ram(d, 0x20000),
			 "console=ttyS0 virtio_mmio.device=0x200@0xd0000000:5:0 "
			 "virtio_mmio.device=0x200@0xd0001000:10:1 "
			 "virtio_mmio.device=0x200@0xd0002000:11:2");
	cr_expect(memmem(fake_ram(d, 0xe0000), 0x20000, "LNRO0005", 8));
	again();
	fake_offer(d, VR_VIRTIO_ID, &virtio_test_maker, "test", 0);
	vr_fake_host_option(d, "announce", "acpi");
	cr_assert_eq(create(1, 128 * MIB), VR_OK);
	cr_assert_eq(b->load(board, &p), VR_OK);
	cr_expect_str_eq((char *)fake_ram(d, 0x20000), "console=ttyS0");
	again();
	fake_offer(d, VR_VIRTIO_ID, &virtio_test_maker, "test", 0);
	vr_fake_host_option(d, "announce", "cmdline");
	cr_assert_eq(create(1, 128 * MIB), VR_OK);
	cr_assert_eq(b->load(board, &p), VR_OK);
	cr_expect_not(memmem(fake_ram(d, 0xe0000), 0x20000, "LNRO0005", 8));
}

/* Whose the user's terminal is: which device has port 0, and what the kernel has to be told. */
Test(board, terminal)
{
	cr_assert_eq(create(1, 128 * MIB), VR_OK);
	cr_expect_str_eq(b->cmdline_words(board), "");
	fake_write(d, VR_SPACE_PORT, 0, 0x3f8, 1, 'u');
	cr_expect_str_eq(d->port[0].out, "u");
	again();
	vr_fake_host_option(d, "terminal", "virtio");
	cr_assert_eq(create(1, 128 * MIB), VR_OK);
	cr_expect_str_eq(b->cmdline_words(board), "console=hvc0");
	fake_write(d, VR_SPACE_PORT, 0, 0x3f8, 1, 'u');
	cr_expect_eq(d->port[0].out_length, 0);
	cr_expect_str_eq(d->port[1].out, "u");
	again();
	vr_fake_host_option(d, "terminal", "both");
	cr_expect_eq(create(1, 128 * MIB), VR_E_CONFIG);
	cr_expect_str_eq(d->error_text, "terminal=both: say uart or virtio");
}

Test(board, timer_reaches_the_processor)
{
	cr_assert_eq(create(1, 128 * MIB), VR_OK);
	fake_write(d, VR_SPACE_MMIO, 0, 0xfec00000, 4, 0x14);
	fake_write(d, VR_SPACE_MMIO, 0, 0xfec00010, 4, 0x30);
	fake_out(d, 0x43, 0x34);
	fake_out(d, 0x40, 0xa9);
	fake_out(d, 0x40, 0x04);
	vr_fake_host_advance(d, 3000000);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 1);
	cr_expect_eq(fake_inta(d, 0), 0x30);
}

Test(board, serial_through_the_8259)
{
	static const uint32_t init[][2] = {{0x20, 0x11}, {0x21, 0x20}, {0x21, 4}, {0x21, 1}, {0x21, 0xef}};

	cr_assert_eq(create(1, 128 * MIB), VR_OK);
	for (int i = 0; i < 5; i++)
		fake_out(d, init[i][0], init[i][1]);
	fake_out(d, 0x3fc, 8);
	fake_out(d, 0x3f9, 1);
	vr_fake_host_type(d, 0, "k");
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 1);
	cr_expect_eq(fake_inta(d, 0), 0x24);
	cr_expect_eq(fake_in(d, 0x3f8), 'k');
}

Test(board, accelerator_has_it_all)
{
	struct vr_boot_payload p = payload();

	chip_only = ONLY(VR_IRQCHIP_FULL);
	fake_offer(d, VR_IRQCHIP_ID, &chip, "chip", 0);
	cr_assert_eq(create(3, 128 * MIB), VR_OK);
	cr_expect_eq(chip_have, VR_IRQCHIP_FULL);
	cr_expect_not(vr_fake_host_attached(d, VR_SPACE_MMIO, 0xfee00000));
	cr_expect_not(vr_fake_host_attached(d, VR_SPACE_MMIO, 0xfec00000));
	cr_expect_not(vr_fake_host_attached(d, VR_SPACE_PORT, 0x20));
	cr_expect_not(vr_fake_host_attached(d, VR_SPACE_PORT, 0x40));
	cr_expect_not(vr_fake_host_attached(d, VR_SPACE_SYSREG, VR_X86_BUS_INTA));
	vr_fake_host_set_line(d, 4, 1);
	vr_fake_host_set_line(d, 4, 1);
	vr_fake_host_set_line(d, 32 + 8, 1); /* the slot of pin 16 */
	cr_expect_eq(chip_levels, 1u << 4 | 1u << 16);
	cr_expect_eq(chip_lines, 2);
	cr_assert_eq(b->load(board, &p), VR_OK, "%s", d->error_text);
	cr_expect_eq(d->vcpu[1].on & d->vcpu[2].on, 1);
	cr_expect_eq(fake_x86(d, 2)->mp_state, VR_X86_MP_INIT);
	b->reset(board);
}

Test(board, accelerator_has_local_apics)
{
	chip_only = BOTH; /* local APICs alone are asked for first */
	fake_offer(d, VR_IRQCHIP_ID, &chip, "chip", 0);
	cr_assert_eq(create(2, 128 * MIB), VR_OK);
	cr_expect_eq(chip_have, VR_IRQCHIP_SPLIT);
	cr_expect_not(vr_fake_host_attached(d, VR_SPACE_MMIO, 0xfee00000));
	cr_expect(vr_fake_host_attached(d, VR_SPACE_MMIO, 0xfec00000));
	cr_expect(vr_fake_host_attached(d, VR_SPACE_PORT, 0x40));
	fake_write(d, VR_SPACE_MMIO, 0, 0xfec00000, 4, 0x33); /* pin 17, level, logical, to 2 */
	fake_write(d, VR_SPACE_MMIO, 0, 0xfec00010, 4, 0x02000000);
	fake_write(d, VR_SPACE_MMIO, 0, 0xfec00000, 4, 0x32);
	fake_write(d, VR_SPACE_MMIO, 0, 0xfec00010, 4, 0x18861);
	cr_expect_eq(route_count, 0, "masked");
	fake_write(d, VR_SPACE_MMIO, 0, 0xfec00010, 4, 0x0061);
	cr_expect_eq(route_count, 0, "an edge");
	fake_write(d, VR_SPACE_MMIO, 0, 0xfec00010, 4, 0x8861);
	cr_expect_eq(route_count, 1);
	cr_expect_eq(route_line, 17);
	cr_expect_eq(route_address, 0xfee02004);
	cr_expect_eq(route_data, 0xc061);
	vr_fake_host_set_line(d, 17, 1);
	cr_expect_eq(msi_address, 0xfee02004);
	cr_expect_eq(msi_data, 0xc061);
	msi_data = 0;
	fake_write(d, VR_SPACE_SYSREG, 0, VR_X86_BUS_EOI, 4, 0x61);
	cr_expect_eq(msi_data, 0xc061, "still high");
	vr_fake_host_set_line(d, 17, 0);
	/* The 8259s drive the first processor's pin. */
	fake_out(d, 0x20, 0x11);
	fake_out(d, 0x21, 0x20);
	fake_out(d, 0x21, 4);
	fake_out(d, 0x21, 1);
	vr_fake_host_set_line(d, 4, 1);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 1);
	cr_expect_eq(fake_inta(d, 0), 0x24);
	cr_expect_eq(fake_inta(d, 0), VR_X86_INTA_NONE);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
}

/* One of ABI 1.0 that tells of no ends: then rather all of it. */
Test(board, accelerator_without_routes)
{
	chip_only = BOTH;
	chip.size = offsetof(struct vr_irqchip, get_state);
	fake_offer(d, VR_IRQCHIP_ID, &chip, "chip", 0);
	cr_assert_eq(create(1, 128 * MIB), VR_OK);
	cr_expect_eq(chip_have, VR_IRQCHIP_FULL);
}

Test(board, accelerator_has_none)
{
	chip_only = 0;
	fake_offer(d, VR_IRQCHIP_ID, &chip, "chip", 0);
	cr_assert_eq(create(1, 128 * MIB), VR_OK);
	cr_expect(vr_fake_host_attached(d, VR_SPACE_MMIO, 0xfee00000));
}
