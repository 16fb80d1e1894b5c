// SPDX-License-Identifier: MIT
/*
 * fdt.c: the device tree, written front to back with libfdt's sequential interface, so that nodes keep
 * their order: Linux names disks by it.
 */
#include "fdt.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "gic.h"
#include "map.h"
#include "psci.h"

#define PHANDLE_GIC 1u
#define PHANDLE_CLOCK 2u

/* The interrupt specifier of arm,gic-v3: type, number, flags. */
#define IRQ_SPI 0u
#define IRQ_PPI 1u
#define IRQ_LEVEL_HIGH 4u

/* The first error stays; nothing is written after it. */
struct tree {
	void *fdt;
	int error;
};

static void begin(struct tree *t, const char *name)
{
	if (!t->error)
		t->error = fdt_begin_node(t->fdt, name);
}

static void begin_at(struct tree *t, const char *name, uint64_t address)
{
	char full[64];

	snprintf(full, sizeof(full), "%s@%llx", name, (unsigned long long)address);
	begin(t, full);
}

static void end(struct tree *t)
{
	if (!t->error)
		t->error = fdt_end_node(t->fdt);
}

static void bytes(struct tree *t, const char *name, const void *value, size_t length)
{
	if (!t->error)
		t->error = fdt_property(t->fdt, name, value, (int)length);
}

static void flag(struct tree *t, const char *name)
{
	bytes(t, name, NULL, 0);
}

static void string(struct tree *t, const char *name, const char *value)
{
	bytes(t, name, value, strlen(value) + 1);
}

/* A string list: its literals are joined by "\0". */
#define strings(t, name, literal) bytes(t, name, literal, sizeof(literal))

static void cells(struct tree *t, const char *name, const uint32_t *value, size_t count)
{
	fdt32_t big[16];

	for (size_t i = 0; i < count; i++)
		big[i] = cpu_to_fdt32(value[i]);
	bytes(t, name, big, count * sizeof(big[0]));
}

#define CELLS(t, name, ...)                             \
	cells(t, name, (const uint32_t[]){__VA_ARGS__}, \
	      sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
#define HIGH(x) (uint32_t)((uint64_t)(x) >> 32)
#define LOW(x) (uint32_t)(x)
#define PAIR(x) HIGH(x), LOW(x)

static void cpus(struct tree *t, const struct vr_fdt_input *in)
{
	begin(t, "cpus");
	CELLS(t, "#address-cells", 1);
	CELLS(t, "#size-cells", 0);
	for (uint32_t i = 0; i < in->vcpu_count; i++) {
		begin_at(t, "cpu", vr_gic_affinity(i));
		string(t, "device_type", "cpu");
		string(t, "compatible", "arm,armv8");
		CELLS(t, "reg", vr_gic_affinity(i));
		string(t, "enable-method", "psci");
		end(t);
	}
	end(t);
}

/* bindings/arm/psci.yaml. The function numbers are for drivers that know only version 0.1. */
static void psci(struct tree *t)
{
	begin(t, "psci");
	strings(t, "compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci");
	string(t, "method", "hvc");
	CELLS(t, "cpu_suspend", PSCI_CPU_SUSPEND | PSCI_64BIT);
	CELLS(t, "cpu_off", PSCI_CPU_OFF);
	CELLS(t, "cpu_on", PSCI_CPU_ON | PSCI_64BIT);
	end(t);
}

/* bindings/timer/arm,arch_timer.yaml: secure, non-secure, virtual, hypervisor. */
static void timer(struct tree *t)
{
	begin(t, "timer");
	strings(t, "compatible", "arm,armv8-timer\0arm,armv7-timer");
	flag(t, "always-on");
	CELLS(t, "interrupts", IRQ_PPI, VIRT_PPI_TIMER_SECURE, IRQ_LEVEL_HIGH, IRQ_PPI, VIRT_PPI_TIMER_PHYS,
	      IRQ_LEVEL_HIGH, IRQ_PPI, VIRT_PPI_TIMER_VIRT, IRQ_LEVEL_HIGH, IRQ_PPI, VIRT_PPI_TIMER_HYP,
	      IRQ_LEVEL_HIGH);
	end(t);
}

static void gic(struct tree *t, const struct vr_fdt_input *in)
{
	begin_at(t, "intc", VIRT_GICD_BASE);
	string(t, "compatible", "arm,gic-v3");
	CELLS(t, "#interrupt-cells", 3);
	CELLS(t, "#address-cells", 2);
	CELLS(t, "#size-cells", 2);
	CELLS(t, "#redistributor-regions", 1);
	flag(t, "interrupt-controller");
	flag(t, "ranges");
	CELLS(t, "reg", PAIR(VIRT_GICD_BASE), PAIR(VIRT_GICD_SIZE), PAIR(VIRT_GICR_BASE),
	      PAIR(VIRT_GICR_STRIDE * in->vcpu_count));
	CELLS(t, "phandle", PHANDLE_GIC);
	end(t);
}

static void apb_clock(struct tree *t)
{
	begin(t, "apb-pclk");
	string(t, "compatible", "fixed-clock");
	CELLS(t, "#clock-cells", 0);
	CELLS(t, "clock-frequency", VIRT_APB_CLOCK_HZ);
	string(t, "clock-output-names", "clk24mhz");
	CELLS(t, "phandle", PHANDLE_CLOCK);
	end(t);
}

static void uart(struct tree *t)
{
	begin_at(t, "pl011", VIRT_UART_BASE);
	strings(t, "compatible", "arm,pl011\0arm,primecell");
	CELLS(t, "reg", PAIR(VIRT_UART_BASE), PAIR(VIRT_UART_SIZE));
	CELLS(t, "interrupts", IRQ_SPI, VIRT_SPI_UART, IRQ_LEVEL_HIGH);
	CELLS(t, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
	strings(t, "clock-names", "uartclk\0apb_pclk");
	end(t);
}

static void rtc(struct tree *t)
{
	begin_at(t, "pl031", VIRT_RTC_BASE);
	strings(t, "compatible", "arm,pl031\0arm,primecell");
	CELLS(t, "reg", PAIR(VIRT_RTC_BASE), PAIR(VIRT_RTC_SIZE));
	CELLS(t, "interrupts", IRQ_SPI, VIRT_SPI_RTC, IRQ_LEVEL_HIGH);
	CELLS(t, "clocks", PHANDLE_CLOCK);
	string(t, "clock-names", "apb_pclk");
	end(t);
}

/* Only the transports in use: an empty one costs the guest a probe. */
static void virtio(struct tree *t, const struct vr_fdt_input *in)
{
	for (uint32_t i = 0; i < in->virtio_slots; i++) {
		uint64_t base = VIRT_VIRTIO_BASE + i * VIRT_VIRTIO_STRIDE;

		begin_at(t, "virtio_mmio", base);
		string(t, "compatible", "virtio,mmio");
		CELLS(t, "reg", PAIR(base), PAIR(VIRT_VIRTIO_STRIDE));
		CELLS(t, "interrupts", IRQ_SPI, VIRT_SPI_VIRTIO + i, IRQ_LEVEL_HIGH);
		flag(t, "dma-coherent");
		end(t);
	}
}

static void chosen(struct tree *t, const struct vr_fdt_input *in)
{
	char path[32];

	snprintf(path, sizeof(path), "/pl011@%llx", (unsigned long long)VIRT_UART_BASE);
	begin(t, "chosen");
	string(t, "bootargs", in->cmdline);
	string(t, "stdout-path", path);
	if (in->initrd_end > in->initrd_start) {
		CELLS(t, "linux,initrd-start", PAIR(in->initrd_start));
		CELLS(t, "linux,initrd-end", PAIR(in->initrd_end));
	}
	bytes(t, "rng-seed", in->rng_seed, sizeof(in->rng_seed));
	bytes(t, "kaslr-seed", in->kaslr_seed, sizeof(in->kaslr_seed));
	end(t);
}

static void memory(struct tree *t, const struct vr_fdt_input *in)
{
	begin_at(t, "memory", VIRT_RAM_BASE);
	string(t, "device_type", "memory");
	CELLS(t, "reg", PAIR(VIRT_RAM_BASE), PAIR(in->ram_size));
	end(t);
}

int vr_fdt_build(const struct vr_fdt_input *in, void *buffer, uint32_t size)
{
	struct tree t = {.fdt = buffer};

	t.error = fdt_create(buffer, (int)size);
	if (!t.error)
		t.error = fdt_finish_reservemap(buffer);
	begin(&t, "");
	strings(&t, "compatible", "linux,dummy-virt");
	string(&t, "model", "linux,dummy-virt");
	CELLS(&t, "#address-cells", 2);
	CELLS(&t, "#size-cells", 2);
	CELLS(&t, "interrupt-parent", PHANDLE_GIC);
	chosen(&t, in);
	memory(&t, in);
	cpus(&t, in);
	psci(&t);
	timer(&t);
	gic(&t, in);
	apb_clock(&t);
	uart(&t);
	rtc(&t);
	virtio(&t, in);
	end(&t);
	if (!t.error)
		t.error = fdt_finish(buffer);
	return t.error;
}

const char *vr_fdt_strerror(int error)
{
	return fdt_strerror(error);
}
