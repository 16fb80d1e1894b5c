/* SPDX-License-Identifier: MIT */
/* fdt.c: the device tree, read back. */
#include "../../plugins/board-virt/fdt.h"

#include <criterion/criterion.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "../fake_host/tree.h"

static uint8_t tree[VIRT_TREE_SIZE];

static void build(struct vr_fdt_input *in)
{
	cr_assert_eq(fdt_build(in, tree, sizeof(tree)), 0);
	cr_assert_eq(fdt_check_full(tree, sizeof(tree)), 0);
}

static int node(const char *path)
{
	return tree_node(tree, path);
}

static uint32_t cell(const char *path, const char *name, int i)
{
	return tree_cell(tree, path, name, i);
}

static const char *text(const char *path, const char *name)
{
	return tree_text(tree, path, name);
}

Test(fdt, whole)
{
	struct vr_fdt_input in = {
		.vcpu_count = 18,
		.virtio_slots = 3,
		.ram_size = 5ull << 30,
		.cmdline = "console=ttyAMA0 quiet",
		.initrd_start = 0x148000000,
		.initrd_end = 0x149000000,
		.rng_seed = {1, 2, 3},
	};
	int length, previous;

	build(&in);
	cr_expect_eq(cell("/", "#address-cells", 0), 2);
	cr_expect_str_eq(text("/chosen", "bootargs"), "console=ttyAMA0 quiet");
	cr_expect_str_eq(text("/chosen", "stdout-path"), "/pl011@9000000");
	cr_expect_eq(cell("/chosen", "linux,initrd-start", 0), 1);
	cr_expect_eq(cell("/chosen", "linux,initrd-end", 1), 0x49000000);
	cr_expect(fdt_getprop(tree, node("/chosen"), "rng-seed", &length) && length == 32);
	cr_expect(fdt_getprop(tree, node("/chosen"), "kaslr-seed", &length) && length == 8);
	cr_expect_eq(cell("/memory@40000000", "reg", 2), 1);
	cr_expect_eq(cell("/memory@40000000", "reg", 3), 0x40000000);
	cr_expect_str_eq(text("/cpus/cpu@0", "enable-method"), "psci");
	cr_expect_eq(cell("/cpus/cpu@101", "reg", 0), 0x101);
	cr_expect(fdt_path_offset(tree, "/cpus/cpu@102") < 0);
	cr_expect_str_eq(text("/psci", "method"), "hvc");
	cr_expect_eq(cell("/timer", "interrupts", 1), 13);
	cr_expect_eq(cell("/timer", "interrupts", 4), 14);
	cr_expect_eq(cell("/timer", "interrupts", 7), 11);
	cr_expect_eq(cell("/timer", "interrupts", 10), 10);
	cr_expect_str_eq(text("/intc@8000000", "compatible"), "arm,gic-v3");
	cr_expect_eq(cell("/intc@8000000", "reg", 5), 0x080a0000);
	cr_expect_eq(cell("/intc@8000000", "reg", 7), 18 * 0x20000);
	cr_expect_eq(cell("/", "interrupt-parent", 0), cell("/intc@8000000", "phandle", 0));
	cr_expect_eq(cell("/pl011@9000000", "clocks", 0), cell("/apb-pclk", "phandle", 0));
	cr_expect_eq(cell("/pl011@9000000", "interrupts", 1), 1);
	cr_expect_eq(cell("/pl031@9010000", "interrupts", 1), 2);
	/* Linux names disks in the order of the nodes. */
	previous = node("/virtio_mmio@a000000");
	cr_expect_eq(cell("/virtio_mmio@a000000", "interrupts", 1), 16);
	cr_expect(node("/virtio_mmio@a000200") > previous);
	cr_expect_eq(cell("/virtio_mmio@a000400", "interrupts", 1), 18);
	cr_expect(fdt_path_offset(tree, "/virtio_mmio@a000600") < 0);
}

Test(fdt, without_initrd)
{
	struct vr_fdt_input in = {.vcpu_count = 1, .ram_size = 1 << 26, .cmdline = ""};

	build(&in);
	cr_expect_str_eq(text("/chosen", "bootargs"), "");
	cr_expect_null(fdt_getprop(tree, node("/chosen"), "linux,initrd-start", NULL));
}

Test(fdt, too_long)
{
	char *cmdline = malloc(VIRT_TREE_SIZE + 1);
	struct vr_fdt_input in = {.vcpu_count = 1, .ram_size = 1 << 26, .cmdline = cmdline};

	memset(cmdline, 'x', VIRT_TREE_SIZE);
	cmdline[VIRT_TREE_SIZE] = 0;
	cr_expect_eq(fdt_build(&in, tree, sizeof(tree)), -FDT_ERR_NOSPACE);
	free(cmdline);
}
