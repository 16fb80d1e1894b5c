/* SPDX-License-Identifier: MIT */
#include "fdt.h"

#include "gic.h"
#include "map.h"
#include "psci.h"

#define PHANDLE_GIC 1u
#define PHANDLE_CLOCK 2u
#define PHANDLE_DEVICES 0x100u /* and one more for each device of plugins */

/* The interrupt specifier of arm,gic-v3: type, number, flags. */
#define IRQ_SPI 0u
#define IRQ_PPI 1u
#define IRQ_EDGE_RISING 1u
#define IRQ_LEVEL_HIGH 4u

#define CELLS VR_TREE_CELLS
#define PAIR VR_TREE_PAIR

static void cpus(struct vr_tree *t, const struct vr_fdt_input *in)
{
	vr_tree_begin(t, "cpus");
	CELLS(t, "#address-cells", 1);
	CELLS(t, "#size-cells", 0);
	for (uint32_t i = 0; i < in->vcpu_count; i++) {
		vr_tree_begin_at(t, "cpu", gic_affinity(i));
		vr_tree_string(t, "device_type", "cpu");
		vr_tree_string(t, "compatible", "arm,armv8");
		CELLS(t, "reg", gic_affinity(i));
		vr_tree_string(t, "enable-method", "psci");
		vr_tree_end(t);
	}
	vr_tree_end(t);
}

/* bindings/arm/psci.yaml. The function numbers are for drivers that know only version 0.1. */
static void psci(struct vr_tree *t)
{
	vr_tree_begin(t, "psci");
	VR_TREE_STRINGS(t, "compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci");
	vr_tree_string(t, "method", "hvc");
	CELLS(t, "cpu_suspend", PSCI_CPU_SUSPEND | PSCI_64BIT);
	CELLS(t, "cpu_off", PSCI_CPU_OFF);
	CELLS(t, "cpu_on", PSCI_CPU_ON | PSCI_64BIT);
	vr_tree_end(t);
}

/* bindings/timer/arm,arch_timer.yaml: secure, non-secure, virtual, hypervisor. */
static void timer(struct vr_tree *t)
{
	vr_tree_begin(t, "timer");
	VR_TREE_STRINGS(t, "compatible", "arm,armv8-timer\0arm,armv7-timer");
	vr_tree_flag(t, "always-on");
	CELLS(t, "interrupts", IRQ_PPI, A64_PPI_TIMER_SECURE, IRQ_LEVEL_HIGH, IRQ_PPI, A64_PPI_TIMER_PHYS,
	      IRQ_LEVEL_HIGH, IRQ_PPI, A64_PPI_TIMER_VIRT, IRQ_LEVEL_HIGH, IRQ_PPI, A64_PPI_TIMER_HYP,
	      IRQ_LEVEL_HIGH);
	vr_tree_end(t);
}

static void gic(struct vr_tree *t, const struct vr_fdt_input *in)
{
	vr_tree_begin_at(t, "intc", A64_GICD_BASE);
	vr_tree_string(t, "compatible", "arm,gic-v3");
	CELLS(t, "#interrupt-cells", 3);
	CELLS(t, "#address-cells", 2);
	CELLS(t, "#size-cells", 2);
	CELLS(t, "#redistributor-regions", 1);
	vr_tree_flag(t, "interrupt-controller");
	vr_tree_flag(t, "ranges");
	CELLS(t, "reg", PAIR(A64_GICD_BASE), PAIR(A64_GICD_SIZE), PAIR(A64_GICR_BASE),
	      PAIR(A64_GICR_STRIDE * in->vcpu_count));
	CELLS(t, "phandle", PHANDLE_GIC);
	vr_tree_end(t);
}

static void uart(struct vr_tree *t)
{
	CELLS(t, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
	VR_TREE_STRINGS(t, "clock-names", "uartclk\0apb_pclk");
}

static void rtc(struct vr_tree *t)
{
	CELLS(t, "clocks", PHANDLE_CLOCK);
	vr_tree_string(t, "clock-names", "apb_pclk");
}

static void root(struct vr_tree *t, const struct vr_fdt_input *in)
{
	cpus(t, in);
	psci(t);
	timer(t);
	gic(t, in);
	vr_boot_tree_clock(t, "apb-pclk", "clk24mhz", A64_APB_CLOCK_HZ, PHANDLE_CLOCK);
}

static void interrupts(struct vr_tree *t, const struct vr_slot_line *lines, uint32_t count)
{
	uint32_t cells[3 * VR_DEVICE_IRQS_MAX];

	for (uint32_t i = 0; i < count; i++) {
		cells[3 * i] = IRQ_SPI;
		cells[3 * i + 1] = lines[i].line - A64_SPI_BASE;
		cells[3 * i + 2] = lines[i].trigger == VR_DEVICE_IRQ_EDGE ? IRQ_EDGE_RISING : IRQ_LEVEL_HIGH;
	}
	vr_tree_cells(t, "interrupts", cells, 3 * (size_t)count);
}

static const struct virt_device devices[] = {
	{"pl011", VIRT_COMPATIBLE("arm,pl011\0arm,primecell"), .line = A64_LINE_UART, .base = A64_UART_BASE,
	 .size = A64_UART_SIZE, .more = uart},
	{"pl031", VIRT_COMPATIBLE("arm,pl031\0arm,primecell"), .line = A64_LINE_RTC, .base = A64_RTC_BASE,
	 .size = A64_RTC_SIZE, .more = rtc},
};

static const struct virt_tree tree = {
	.compatible = "linux,dummy-virt",
	.model = "linux,dummy-virt",
	.map = &a64_map,
	.interrupt_parent = PHANDLE_GIC,
	.root = root,
	.devices = devices,
	.device_count = sizeof(devices) / sizeof(devices[0]),
	.nodes = {.interrupts = interrupts,
		  .clock = PHANDLE_CLOCK,
		  .interrupt_controller = PHANDLE_GIC,
		  .phandle = PHANDLE_DEVICES},
};

int fdt_build(const struct vr_fdt_input *in, void *buffer, uint32_t size)
{
	return vr_virt_tree_build(&tree, in, buffer, size);
}
