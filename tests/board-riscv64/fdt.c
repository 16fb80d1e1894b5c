/* SPDX-License-Identifier: MIT */
/* fdt.c: the device tree, read back. */
#include "../../plugins/board-virt-riscv64/fdt.h"

#include <criterion/criterion.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "../fake_host/tree.h"

static uint8_t tree[VIRT_TREE_SIZE];

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
		.vcpu_count = 64,
		.virtio_slots = 2,
		.ram_size = 5ull << 30,
		.cmdline = "console=ttyS0 quiet",
		.initrd_start = 0x188000000,
		.initrd_end = 0x189000000,
	};
	int length;

	cr_assert_eq(fdt_build(&in, tree, sizeof(tree)), 0);
	cr_assert_eq(fdt_check_full(tree, sizeof(tree)), 0);
	cr_expect_str_eq(text("/chosen", "bootargs"), "console=ttyS0 quiet");
	cr_expect_str_eq(text("/chosen", "stdout-path"), "/soc/serial@10000000");
	cr_expect_eq(cell("/chosen", "linux,initrd-start", 0), 1);
	cr_expect_eq(cell("/chosen", "linux,initrd-end", 1), 0x89000000);
	cr_expect_eq(cell("/memory@80000000", "reg", 1), 0x80000000);
	cr_expect_eq(cell("/memory@80000000", "reg", 2), 1);
	cr_expect_eq(cell("/cpus", "timebase-frequency", 0), 10000000);
	cr_expect_eq(cell("/cpus/cpu@3f", "reg", 0), 63);
	cr_expect(strncmp(text("/cpus/cpu@0", "riscv,isa"), "rv64imafdc", 10) == 0);
	cr_expect(strstr(text("/cpus/cpu@0", "riscv,isa"), "_sstc_svadu"));
	cr_expect_eq(cell("/cpus/cpu@2/interrupt-controller", "phandle", 0),
		     cell("/soc/plic@c000000", "interrupts-extended", 8));
	cr_expect_eq(cell("/soc/plic@c000000", "interrupts-extended", 9), 11);
	cr_expect_eq(cell("/soc/plic@c000000", "interrupts-extended", 11), 9);
	cr_expect_eq(cell("/soc/plic@c000000", "riscv,ndev", 0), 95);
	fdt_getprop(tree, node("/soc/plic@c000000"), "interrupts-extended", &length);
	cr_expect_eq(length, 64 * 16);
	cr_expect_eq(cell("/soc/clint@2000000", "interrupts-extended", 1), 3);
	cr_expect_eq(cell("/soc/clint@2000000", "interrupts-extended", 3), 7);
	cr_expect_eq(cell("/soc/serial@10000000", "interrupts", 0), 10);
	cr_expect_eq(cell("/soc/rtc@101000", "interrupts", 0), 11);
	cr_expect_eq(cell("/poweroff", "value", 0), 0x5555);
	cr_expect_eq(cell("/reboot", "value", 0), 0x7777);
	cr_expect_eq(cell("/reboot", "regmap", 0), cell("/soc/test@100000", "phandle", 0));
	cr_expect_eq(cell("/soc/virtio_mmio@10002000", "interrupts", 0), 2);
	cr_expect_eq(fdt_path_offset(tree, "/soc/virtio_mmio@10003000"), -FDT_ERR_NOTFOUND);
}

Test(fdt, no_initrd_no_room)
{
	struct vr_fdt_input in = {.vcpu_count = 1, .ram_size = 1 << 20, .cmdline = ""};
	static char longer[VIRT_TREE_SIZE];

	cr_assert_eq(fdt_build(&in, tree, sizeof(tree)), 0);
	cr_expect_null(fdt_getprop(tree, node("/chosen"), "linux,initrd-start", NULL));
	cr_expect_eq(fdt_build(&in, tree, 1000), -FDT_ERR_NOSPACE);
	memset(longer, 'x', sizeof(longer) - 1);
	in.cmdline = longer;
	cr_expect_eq(fdt_build(&in, tree, sizeof(tree)), -FDT_ERR_NOSPACE);
}
