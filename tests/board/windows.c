/* SPDX-License-Identifier: MIT */
/* windows.c: devices of vmrun.device/1 on the board: their places, and their nodes in the device tree. */
#include <criterion/criterion.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>
#include <vmrun/board.h>
#include <vmrun/plugin.h>

#include "../fake_host/describer.h"
#include "../fake_host/fake.h"
#include "../fake_host/tree.h"

#define RAM_SIZE (128ull << 20)
#define CLOCK_HZ 24000000u
#define CLOCK "/apb-pclk"
#define SPI(n) (32u + 112u + (n))

static struct vr_fake_host *d;
static const struct vr_plugin *plugin;
static const struct vr_board_maker *b;
static struct vr_board *board;
static uint8_t kernel[8192];

static void start(void)
{
	d = fake_new(FAKE_RAM_BASE, RAM_SIZE, 2);
	cr_assert_eq(vmrun_plugin_create(d->host, "board-virt", &plugin), VR_OK);
	cr_assert_eq(plugin->probe(plugin->self), VR_OK);
	b = plugin->query(plugin->self, VR_BOARD_ID);
	cr_assert(b);
	memcpy(kernel + 0x38, "ARM\x64", 4);
	kernel[0x12] = 0x30;
	describer_start();
	fake_offer(d, VR_DEVICE_ID, &describer_maker, "named", VR_FOUND_REQUESTED);
}

static void stop(void)
{
	if (board)
		b->destroy(board);
	plugin->destroy(plugin->self);
	fake_free(d);
}

static int32_t create(void)
{
	const struct vr_board_config c = {
		.size = sizeof(c), .vcpu_count = 1, .ram_size = RAM_SIZE, .arch = "arm64"};

	vr_fake_host_error_clear(d);
	d->bus_count = 0; /* nothing is ever detached */
	return b->create(plugin->self, &c, &board);
}

/* The machine is made, and its device tree. */
static const void *tree(void)
{
	const struct vr_boot_payload p = {.size = sizeof(p),
					  .kernel = kernel,
					  .kernel_size = sizeof(kernel),
					  .cmdline = "",
					  .kernel_name = "Image"};

	cr_assert_eq(create(), VR_OK, "%s", d->error_text);
	cr_assert_eq(b->load(board, &p), VR_OK, "%s", d->error_text);
	return fake_ram(d, fake_arm64(d, 0)->x[0]);
}

static void refused(const char *text)
{
	cr_expect_lt(create(), 0, "not refused: %s", text);
	cr_expect(strstr(d->error_text, text), "'%s' is not in: %s", text, d->error_text);
	board = NULL;
}

static int length(const void *fdt, const char *path, const char *name)
{
	int n;

	cr_assert(fdt_getprop(fdt, tree_node(fdt, path), name, &n), "%s/%s", path, name);
	return n;
}

static void one_property(const struct vr_device_property *p)
{
	describer[0].property = p;
	describer[0].property_count = 1;
}

TestSuite(windows, .init = start, .fini = stop);

/* ---- places ------------------------------------------------------------------------------------------- */

Test(windows, several_windows_and_lines)
{
	static const uint64_t bases[] = {0x0c001000, 0x0c002000, 0x0c010000};
	const void *fdt;

	describer[1].window[0] = 0x8;
	describer[1].window[1] = 0x2000;
	describer[1].window[2] = 0x10000;
	describer[1].irq[1] = VR_DEVICE_IRQ_EDGE;
	describer[1].irq[2] = VR_DEVICE_IRQ_LEVEL;
	fdt = tree();
	cr_expect_eq(made.config.window_count, 3);
	cr_expect_eq(made.config.irq_count, 3);
	cr_expect_eq(made.config.clock_hz, CLOCK_HZ);
	for (uint32_t i = 0; i < 3; i++) {
		cr_expect_eq(made.config.bases[i], bases[i]);
		cr_expect_eq(made.config.irqs[i], SPI(1 + i));
		cr_expect_eq(tree_cell(fdt, "/test-two@c001000", "reg", (int)(4 * i) + 1), bases[i]);
		cr_expect_eq(tree_cell(fdt, "/test-two@c001000", "reg", (int)(4 * i) + 3),
			     describer[1].window[i]);
		cr_expect_eq(tree_cell(fdt, "/test-two@c001000", "interrupts", (int)(3 * i) + 1),
			     SPI(1 + i) - 32);
		/* GIC binding: 1 a rising edge, 4 high. */
		cr_expect_eq(tree_cell(fdt, "/test-two@c001000", "interrupts", (int)(3 * i) + 2),
			     i == 1 ? 1 : 4);
	}
	cr_expect_eq(length(fdt, "/test-two@c001000", "reg"), 48);
	cr_expect_eq(length(fdt, "/test-two@c001000", "interrupts"), 36);
}

Test(windows, no_line)
{
	const void *fdt;

	describer[0].irq[0] = VR_DEVICE_IRQ_NONE;
	fdt = tree();
	cr_expect_null(fdt_getprop(fdt, tree_node(fdt, "/test-one@c000000"), "interrupts", NULL));
	cr_expect_eq(made.irq, SPI(0), "the next device has the first line");
}

Test(windows, as_many_as_there_may_be)
{
	for (uint32_t i = 0; i < 8; i++) {
		describer[0].window[i] = 0x10000;
		describer[0].irq[i] = VR_DEVICE_IRQ_LEVEL;
		describer[1] = describer[0];
	}
	cr_assert_eq(create(), VR_OK, "%s", d->error_text);
	cr_expect_eq(made.config.bases[7], 0x0c000000 + 15 * 0x10000);
	cr_expect_eq(made.config.irqs[7], SPI(15));
}

Test(windows, what_boards_refuse)
{
	static const uint64_t sizes[] = {0x1800, 0x20000, 3, UINT64_MAX, UINT64_C(1) << 32};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		describer[1].window[0] = 0x1000;
		describer[1].window[1] = sizes[i];
		refused("no power of two up to 64 KiB");
	}
	for (uint32_t i = 0; i < 9; i++)
		describer[1].window[i] = 0x1000;
	refused("\"test-two\": vmrun.device/1 window: more than 8 windows");
	describer[1].window[1] = 0;
	for (uint32_t i = 0; i < 9; i++)
		describer[1].irq[i] = VR_DEVICE_IRQ_LEVEL;
	refused("irq: more than 8 interrupts");
	describer[1].irq[0] = 3;
	refused("irq: interrupt 0 is 3, which is no VR_DEVICE_IRQ_*");
}

Test(windows, more_lines_than_there_are)
{
	static char many[1024];

	for (uint32_t i = 0; i < 5; i++)
		describer[1].irq[i] = VR_DEVICE_IRQ_LEVEL;
	for (int i = 0; i < 13; i++)
		sprintf(many + strlen(many), "test-%d,", i);
	describer_maker.types = many;
	refused("no room for \"test-12\": it has places for 16 devices");
}

/* ---- nodes --------------------------------------------------------------------------------------------- */

Test(windows, all_kinds_of_properties)
{
	static const char *const names[] = {"wdog_clk", "", "apb_pclk"};
	static const uint32_t cells[] = {1, 0x80000000};
	static const uint64_t numbers[] = {UINT64_C(0x123456789), 1};
	static const struct vr_device_property all[] = {
		{.name = "big-endian", .kind = VR_PROPERTY_FLAG},
		{.name = "label", .kind = VR_PROPERTY_STRING, .text = "log"},
		{.name = "clock-names", .kind = VR_PROPERTY_STRINGS, .strings = names, .count = 3},
		{.name = "#gpio-cells", .kind = VR_PROPERTY_CELLS, .cells = cells, .count = 2},
		{.name = "vendor,sizes", .kind = VR_PROPERTY_NUMBERS, .numbers = numbers, .count = 2},
	};
	const void *fdt;
	const char *path = "/watchdog@c000000";

	describer[0].node = "watchdog";
	describer[0].compatible[1] = "test,any";
	describer[0].property = all;
	describer[0].property_count = sizeof(all) / sizeof(all[0]);
	fdt = tree();
	cr_expect_eq(length(fdt, path, "big-endian"), 0);
	cr_expect_str_eq(tree_text(fdt, path, "label"), "log");
	cr_expect_eq(length(fdt, path, "clock-names"), 9 + 1 + 9);
	cr_expect_str_eq(fdt_stringlist_get(fdt, tree_node(fdt, path), "clock-names", 2, NULL), "apb_pclk");
	cr_expect_str_eq(fdt_stringlist_get(fdt, tree_node(fdt, path), "compatible", 1, NULL), "test,any");
	cr_expect_eq(tree_cell(fdt, path, "#gpio-cells", 1), 0x80000000);
	cr_expect_eq(length(fdt, path, "vendor,sizes"), 16);
	cr_expect_eq(tree_cell(fdt, path, "vendor,sizes", 0), 1);
	cr_expect_eq(tree_cell(fdt, path, "vendor,sizes", 1), 0x23456789);
}

Test(windows, references)
{
	static const uint32_t pin[] = {3, 1};
	/* Of another size than ours: a maker of a later header. */
	static const struct {
		struct vr_device_reference r;
		uint64_t more;
	} to[] = {
		{{.node = VR_DEVICE_CLOCK}, 0},
		{{.node = "test-two", .cells = pin, .cell_count = 2}, 0},
		{{.node = VR_DEVICE_INTERRUPT_CONTROLLER}, 0},
	};
	static const struct vr_device_property clocks = {.name = "clocks",
							 .kind = VR_PROPERTY_REFERENCES,
							 .references = &to[0].r,
							 .count = 3,
							 .stride = sizeof(to[0])};
	const char *path = "/test-one@c000000";
	const void *fdt;

	one_property(&clocks);
	fdt = tree(); /* test-two is placed after it */
	cr_expect_eq(length(fdt, path, "clocks"), 20);
	cr_expect_eq(tree_cell(fdt, path, "clocks", 0), tree_cell(fdt, CLOCK, "phandle", 0));
	cr_expect_str_eq(tree_text(fdt, CLOCK, "compatible"), "fixed-clock");
	cr_expect_eq(tree_cell(fdt, CLOCK, "clock-frequency", 0), made.config.clock_hz);
	cr_expect_eq(tree_cell(fdt, CLOCK, "#clock-cells", 0), 0);
	cr_expect_eq(tree_cell(fdt, path, "clocks", 1), tree_cell(fdt, "/test-two@c001000", "phandle", 0));
	cr_expect_eq(tree_cell(fdt, path, "clocks", 2), 3);
	cr_expect_eq(tree_cell(fdt, path, "clocks", 3), 1);
	cr_expect_eq(tree_cell(fdt, path, "clocks", 4), tree_cell(fdt, "/intc@8000000", "phandle", 0));
	cr_expect_neq(tree_cell(fdt, path, "phandle", 0), tree_cell(fdt, path, "clocks", 1));
}

Test(windows, references_that_lead_nowhere)
{
	static struct vr_device_reference to = {.node = "com.example.pins"};
	static const struct vr_device_property gpios = {.name = "gpios",
							.kind = VR_PROPERTY_REFERENCES,
							.references = &to,
							.count = 1,
							.stride = sizeof(to)};

	one_property(&gpios);
	refused("\"test-one\": its property \"gpios\" refers to \"com.example.pins\", and no described "
		"device");
	to.node = "test-two"; /* there, but the guest is not told of it */
	describer[1].compatible[0] = NULL;
	refused("refers to \"test-two\"");
	to.node = "board:flux";
	refused("a node of the board's that there is not");
}

/* Names of nodes: the maker's, else the type where that can be one. */
Test(windows, names_of_nodes)
{
	static const char *const wrong[] = {
		"", "watchdog@0", "1wire", "a/b", "a-name-of-thirty-two-characters.", "a b"};

	describer_maker.types = "test-one,0-x";
	tree_node(tree(), "/device@c001000");
	b->destroy(board);
	board = NULL;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		describer[0].node = wrong[i];
		refused("node_name: ");
	}
}

/* ---- what can't be said ---------------------------------------------------------------------------------- */

Test(windows, reserved_names)
{
	static const uint32_t cell = 1;
	static struct vr_device_property p = {.kind = VR_PROPERTY_CELLS, .cells = &cell, .count = 1};
	static const struct {
		const char *name;
		uint32_t reserved;
	} names[] = {
#define RESERVED(name, why) {name, 1},
#define PHANDLES(name) {name, 0},
#include "board/reserved_names.def"
#undef RESERVED
#undef PHANDLES
	};

	one_property(&p);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[100];

		p.name = names[i].name;
		snprintf(text, sizeof(text),
			 names[i].reserved ? "property \"%s\" is reserved: "
					   : "property \"%s\" refers to other nodes",
			 p.name);
		refused(text);
	}
	p.name = "interrupts";
	refused("the board writes it from irq()");
}

#define MANY VR_DEVICE_PROPERTIES_MAX
Test(windows, unsound_properties)
{
	static char long_text[VR_DEVICE_TEXT_MAX + 2], long_name[VR_DEVICE_PROPERTY_NAME_MAX + 2];
	static const char *const hole[] = {"a", NULL};
	static const uint32_t cells[65];
	static const uint64_t numbers[33];
	static const struct vr_device_reference wide = {.node = VR_DEVICE_CLOCK,
							.cells = cells,
							.cell_count = 64},
						no_cells = {.node = VR_DEVICE_CLOCK, .cell_count = 1},
						nothing;
	static const struct {
		struct vr_device_property p;
		const char *text;
	} wrong[] = {
		{{.kind = VR_PROPERTY_FLAG}, "property 0 has no name"},
		{{.name = ""}, "property 0 has no name"},
		{{.name = "a b"}, "property 0 has no name, or one that a device tree can't have"},
		{{.name = long_name}, "property 0 has no name, or one that a device tree can't have"},
		{{.name = "p", .kind = 6}, "property \"p\" is of kind 6"},
		{{.name = "p", .kind = UINT32_MAX}, "property \"p\" is of kind 4294967295"},
		{{.name = "p", .kind = VR_PROPERTY_STRING}, "its value is NULL"},
		{{.name = "p", .kind = VR_PROPERTY_STRING, .text = long_text}, "longer than 255 bytes"},
		{{.name = "p", .kind = VR_PROPERTY_STRINGS, .strings = hole}, "count is 0"},
		{{.name = "p", .kind = VR_PROPERTY_STRINGS, .strings = hole, .count = 2},
		 "its value is NULL"},
		{{.name = "p", .kind = VR_PROPERTY_STRINGS, .strings = hole, .count = 17}, "has 1 to 16"},
		{{.name = "p", .kind = VR_PROPERTY_CELLS, .count = 1}, "its value is NULL"},
		{{.name = "p", .kind = VR_PROPERTY_CELLS, .cells = cells}, "count is 0"},
		{{.name = "p", .kind = VR_PROPERTY_CELLS, .cells = cells, .count = 65},
		 "VR_PROPERTY_CELLS has 1 to 64"},
		{{.name = "p", .kind = VR_PROPERTY_NUMBERS, .numbers = numbers, .count = 33}, "has 1 to 32"},
		{{.name = "p", .kind = VR_PROPERTY_NUMBERS, .count = 1}, "its value is NULL"},
		{{.name = "p", .kind = VR_PROPERTY_REFERENCES, .count = 1}, "its value is NULL"},
		{{.name = "p", .kind = VR_PROPERTY_REFERENCES, .references = &wide, .count = 1},
		 "of a stride"},
		{{.name = "p",
		  .kind = VR_PROPERTY_REFERENCES,
		  .references = &wide,
		  .count = 1,
		  .stride = sizeof(wide)},
		 "more than 64 cells"},
		{{.name = "p",
		  .kind = VR_PROPERTY_REFERENCES,
		  .references = &no_cells,
		  .count = 1,
		  .stride = sizeof(wide)},
		 "cells that are NULL"},
		{{.name = "p",
		  .kind = VR_PROPERTY_REFERENCES,
		  .references = &nothing,
		  .count = 1,
		  .stride = sizeof(wide)},
		 "names no node"},
	};
	static struct vr_device_property many[MANY + 1];
	static char names[MANY + 1][8];

	memset(long_text, 'x', sizeof(long_text) - 1);
	memset(long_name, 'x', sizeof(long_name) - 1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		one_property(&wrong[i].p);
		refused(wrong[i].text);
	}
	for (uint32_t i = 0; i <= MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "p%u", i);
		many[i].name = names[i];
	}
	describer[0].property = many;
	describer[0].property_count = MANY + 1;
	refused("describe: more than 64 properties");
	describer[0].property_count = MANY;
	many[MANY - 1].name = "p0";
	refused("property \"p0\" is there twice");
	describer[0].property_count = 1;
	describer[0].last = VR_E_INVAL;
	refused("describe: property 1: error");
}

Test(windows, unsound_compatible)
{
	static char long_text[VR_DEVICE_TEXT_MAX + 2];
	static const char *const wrong[] = {"", " ", "ns16550a ns8250", "a\n", long_text};

	memset(long_text, 'x', sizeof(long_text) - 1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		describer[0].compatible[1] = wrong[i];
		refused("compatible: string 1, ");
	}
	describer[0].compatible[1] = "test,one";
	refused("compatible: 'test,one' is there twice");
	for (uint32_t i = 0; i < 9; i++) {
		static char names[9][8];

		snprintf(names[i], sizeof(names[i]), "t,%u", i);
		describer[0].compatible[i] = names[i];
	}
	refused("compatible: more than 8 strings, or no end");
}

/* One that says otherwise when the tree is built. */
Test(windows, a_maker_that_changes_its_mind)
{
	static const struct vr_device_property wrong = {.name = "p", .kind = 99};
	const struct vr_boot_payload p = {.size = sizeof(p),
					  .kernel = kernel,
					  .kernel_size = sizeof(kernel),
					  .cmdline = "",
					  .kernel_name = "Image"};

	cr_assert_eq(create(), VR_OK, "%s", d->error_text);
	one_property(&wrong);
	cr_expect_lt(b->load(board, &p), 0);
	cr_expect(strstr(d->error_text, "kind 99"), "%s", d->error_text);
	/* Not described any more: there, but the guest has to know. */
	describer[0].property_count = 0;
	describer[0].compatible[0] = NULL;
	cr_assert_eq(b->load(board, &p), VR_OK);
	cr_expect_lt(fdt_path_offset(fake_ram(d, fake_arm64(d, 0)->x[0]), "/test-one@c000000"), 0);
}
