/* SPDX-License-Identifier: MIT */
#include "fdt.h"

#include "finisher.h"
#include "map.h"
#include "plic.h"

#define CELLS VR_TREE_CELLS
#define PAIR VR_TREE_PAIR

#define PHANDLE_PLIC 1u
#define PHANDLE_TEST 2u
#define PHANDLE_CLOCK 3u
#define PHANDLE_DEVICES 0x100u /* and one more for each device of plugins */
#define PHANDLE_INTC 16u       /* and one more for each hart */

#define ISA "rv64imafdc_zicntr_zicsr_zifencei_zba_zbb_zbs_sstc_svadu"

static void cpus(struct vr_tree *t, const struct vr_fdt_input *in)
{
	vr_tree_begin(t, "cpus");
	CELLS(t, "#address-cells", 1);
	CELLS(t, "#size-cells", 0);
	CELLS(t, "timebase-frequency", VR_RISCV_TIMEBASE);
	for (uint32_t i = 0; i < in->vcpu_count; i++) {
		vr_tree_begin_at(t, "cpu", i);
		vr_tree_string(t, "device_type", "cpu");
		CELLS(t, "reg", i);
		vr_tree_string(t, "status", "okay");
		vr_tree_string(t, "compatible", "riscv");
		vr_tree_string(t, "riscv,isa", ISA);
		vr_tree_string(t, "riscv,isa-base", "rv64i");
		VR_TREE_STRINGS(t, "riscv,isa-extensions",
				"i\0m\0a\0f\0d\0c\0zicntr\0zicsr\0zifencei\0zba\0zbb\0zbs\0sstc\0svadu");
		vr_tree_string(t, "mmu-type", "riscv,sv48");
		vr_tree_begin(t, "interrupt-controller");
		CELLS(t, "#interrupt-cells", 1);
		vr_tree_flag(t, "interrupt-controller");
		vr_tree_string(t, "compatible", "riscv,cpu-intc");
		CELLS(t, "phandle", PHANDLE_INTC + i);
		vr_tree_end(t);
		vr_tree_end(t);
	}
	vr_tree_end(t);
}

/* interrupts-extended: for each hart the two lines a controller drives. */
static void lines(struct vr_tree *t, const struct vr_fdt_input *in, uint32_t first, uint32_t second)
{
	uint32_t cells[4 * RV_MAX_VCPUS];

	for (uint32_t i = 0; i < in->vcpu_count; i++) {
		cells[4 * i] = cells[4 * i + 2] = PHANDLE_INTC + i;
		cells[4 * i + 1] = first;
		cells[4 * i + 3] = second;
	}
	vr_tree_cells(t, "interrupts-extended", cells, 4 * in->vcpu_count);
}

static void plic(struct vr_tree *t, const struct vr_fdt_input *in)
{
	vr_tree_begin_at(t, "plic", RV_PLIC_BASE);
	VR_TREE_STRINGS(t, "compatible", "sifive,plic-1.0.0\0riscv,plic0");
	CELLS(t, "reg", PAIR(RV_PLIC_BASE), PAIR(RV_PLIC_SIZE));
	CELLS(t, "#interrupt-cells", 1);
	CELLS(t, "#address-cells", 0);
	vr_tree_flag(t, "interrupt-controller");
	lines(t, in, RV_PIN_MEIP, RV_PIN_SEIP);
	CELLS(t, "riscv,ndev", PLIC_SOURCES - 1);
	CELLS(t, "phandle", PHANDLE_PLIC);
	vr_tree_end(t);
}

static void clint(struct vr_tree *t, const struct vr_fdt_input *in)
{
	vr_tree_begin_at(t, "clint", RV_CLINT_BASE);
	VR_TREE_STRINGS(t, "compatible", "sifive,clint0\0riscv,clint0");
	CELLS(t, "reg", PAIR(RV_CLINT_BASE), PAIR(RV_CLINT_SIZE));
	lines(t, in, RV_PIN_MSIP, RV_PIN_MTIP);
	vr_tree_end(t);
}

static void test(struct vr_tree *t)
{
	vr_tree_begin_at(t, "test", RV_TEST_BASE);
	VR_TREE_STRINGS(t, "compatible", "sifive,test1\0sifive,test0\0syscon");
	CELLS(t, "reg", PAIR(RV_TEST_BASE), PAIR(RV_TEST_SIZE));
	CELLS(t, "phandle", PHANDLE_TEST);
	vr_tree_end(t);
}

/* bindings/power/reset/syscon-{poweroff,reboot}.yaml */
static void syscon(struct vr_tree *t, const char *name, const char *compatible, uint32_t value)
{
	vr_tree_begin(t, name);
	vr_tree_string(t, "compatible", compatible);
	CELLS(t, "regmap", PHANDLE_TEST);
	CELLS(t, "offset", 0);
	CELLS(t, "value", value);
	vr_tree_end(t);
}

static void root(struct vr_tree *t, const struct vr_fdt_input *in)
{
	cpus(t, in);
	syscon(t, "poweroff", "syscon-poweroff", FINISHER_PASS);
	syscon(t, "reboot", "syscon-reboot", FINISHER_RESET);
	if (in->slots && in->slots->windows)
		vr_boot_tree_clock(t, "apb-pclk", "clk24mhz", RV_APB_CLOCK_HZ, PHANDLE_CLOCK);
}

static void controllers(struct vr_tree *t, const struct vr_fdt_input *in)
{
	test(t);
	clint(t, in);
	plic(t, in);
}

static void uart_clock(struct vr_tree *t)
{
	CELLS(t, "clock-frequency", RV_UART_CLOCK_HZ);
}

/* One cell each: the PLIC's sources are levels. */
static void interrupts(struct vr_tree *t, const struct vr_slot_line *lines, uint32_t count)
{
	uint32_t cells[VR_DEVICE_IRQS_MAX];

	for (uint32_t i = 0; i < count; i++)
		cells[i] = lines[i].line;
	CELLS(t, "interrupt-parent", PHANDLE_PLIC);
	vr_tree_cells(t, "interrupts", cells, count);
}

static const struct virt_device devices[] = {
	{"serial", VIRT_COMPATIBLE("ns16550a"), .line = RV_IRQ_UART, .base = RV_UART_BASE,
	 .size = RV_UART_SIZE, .more = uart_clock},
	{"rtc", VIRT_COMPATIBLE("google,goldfish-rtc"), .line = RV_IRQ_RTC, .base = RV_RTC_BASE,
	 .size = RV_RTC_SIZE},
};

static const struct virt_tree tree = {
	.compatible = "riscv-virtio",
	.model = "riscv-virtio,qemu",
	.map = &rv_map,
	.root = root,
	.bus = "soc",
	.bus_compatible = "simple-bus",
	.controllers = controllers,
	.devices = devices,
	.device_count = sizeof(devices) / sizeof(devices[0]),
	.nodes = {.interrupts = interrupts,
		  .clock = PHANDLE_CLOCK,
		  .interrupt_controller = PHANDLE_PLIC,
		  .phandle = PHANDLE_DEVICES},
};

int fdt_build(const struct vr_fdt_input *in, void *buffer, uint32_t size)
{
	return vr_virt_tree_build(&tree, in, buffer, size);
}
