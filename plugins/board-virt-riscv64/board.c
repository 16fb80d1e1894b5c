/* SPDX-License-Identifier: MIT */
/*
 * board.c: puts the riscv64 `virt` machine together: RAM, interrupt controllers, serial port, clock,
 * finisher, the built-in SBI or firmware and, in the virtio-mmio slots, what device plugins offer.
 */
#include "board.h"

#include <board/join.h>
#include <board/limits.h>
#include <board/slots.h>
#include <board/uart.h>
#include <stdlib.h>

#include "clint.h"
#include "entry.h"
#include "fdt.h"
#include "finisher.h"
#include "load.h"
#include "map.h"
#include "plic.h"
#include "rtc.h"
#include "sbi.h"

struct virt {
	struct vr_tables t;
	uint32_t vcpu_count;
	uint64_t ram_size;
	struct vr_blob firmware; /* owned bytes; NULL: none */
	void *firmware_bytes;
	struct vr_plic *plic;
	struct vr_clint *clint;
	struct vr_uart *uart;
	struct vr_rtc *rtc;
	struct vr_sbi sbi;
	uint32_t sbi_ready;
	struct vr_slots slots;
};

/* ---- life ------------------------------------------------------------------------------------------ */

static void VR_CALL virt_destroy(void *board)
{
	struct virt *v = board;

	vr_slots_free(&v->slots);
	vr_rtc_free(v->rtc);
	vr_uart_free(v->uart);
	if (v->sbi_ready)
		vr_sbi_fini(&v->sbi);
	vr_clint_free(v->clint);
	vr_plic_free(v->plic);
	free(v->firmware_bytes);
	free(v);
}

static const struct vr_board_limits limits = {
	.who = "board-virt-riscv64",
	.arch = "riscv64",
	.vcpus = RV_MAX_VCPUS,
	.ram_min = VR_BOARD_RAM_GRAIN,
	.ram_max = RV_RAM_MAX,
};

/* Read now: later the process may open no files. */
static int32_t read_firmware(struct virt *v)
{
	const char *name = v->t.config ? v->t.config->string(v->t.host, "firmware") : NULL;
	int32_t rc;

	if (!name || !*name)
		return VR_OK;
	rc = vr_firmware_file(&v->t, name, &v->firmware_bytes, &v->firmware.size);
	v->firmware.bytes = v->firmware_bytes;
	v->firmware.name = name;
	return rc;
}

static int32_t add_devices(struct virt *v)
{
	const struct vr_uart_config uart = {
		.space = VR_SPACE_MMIO, .irq = RV_IRQ_UART, .base = RV_UART_BASE, .length = RV_UART_SIZE};
	int32_t rc = vr_plic_new(&v->t, v->vcpu_count, &v->plic);

	if (rc >= 0)
		rc = vr_clint_new(&v->t, v->vcpu_count, &v->clint);
	if (rc >= 0)
		rc = vr_finisher_attach(&v->t);
	if (rc >= 0)
		rc = vr_uart_new(&v->t, &uart, &v->uart);
	if (rc >= 0)
		rc = vr_rtc_new(&v->t, &v->rtc);
	if (rc >= 0) {
		v->sbi_ready = 1;
		rc = vr_sbi_init(&v->sbi, &v->t, v->plic, v->clint, v->vcpu_count);
	}
	v->slots.t = &v->t;
	v->slots.base = RV_VIRTIO_BASE;
	v->slots.stride = RV_VIRTIO_STRIDE;
	v->slots.irq = RV_IRQ_VIRTIO;
	v->slots.max = RV_VIRTIO_SLOTS;
	v->slots.window_base = RV_WINDOW_BASE;
	v->slots.window_size = RV_WINDOW_SIZE;
	v->slots.window_irq = RV_IRQ_WINDOW;
	v->slots.window_max = RV_WINDOWS;
	return rc < 0 ? rc : vr_slots_fill(&v->slots);
}

static int32_t VR_CALL virt_create(void *self, const struct vr_board_config *c, void **board)
{
	struct virt *v = calloc(1, sizeof(*v));
	const struct vr_host *host = ((struct vr_joined *)self)->host;
	int32_t rc;

	if (!v) {
		host->error(host, VR_E_NOMEM, "board-virt-riscv64: out of memory");
		return VR_E_NOMEM;
	}
	rc = vr_tables_bind(&v->t, host, "board-virt-riscv64");
	if (rc >= 0)
		rc = vr_board_limits_check(&v->t, &limits, c);
	v->vcpu_count = c->vcpu_count;
	v->ram_size = c->ram_size;
	if (rc >= 0)
		rc = read_firmware(v);
	if (rc >= 0)
		rc = v->t.memory->add(host, RV_RAM_BASE, v->ram_size, 0, "ram");
	if (rc >= 0)
		rc = add_devices(v);
	if (rc < 0) {
		virt_destroy(v);
		return rc;
	}
	*board = v;
	return VR_OK;
}

/* Devices first: they let go of their lines; then the controllers. */
static void VR_CALL virt_reset(void *board)
{
	struct virt *v = board;

	vr_slots_reset(&v->slots);
	vr_uart_reset(v->uart);
	vr_rtc_reset(v->rtc);
	vr_sbi_reset(&v->sbi);
	vr_clint_reset(v->clint);
	vr_plic_reset(v->plic);
}

/* ---- boot ------------------------------------------------------------------------------------------- */

static int32_t load_fdt(struct virt *v, const struct vr_boot_payload *p, const struct vr_layout *l)
{
	struct vr_fdt_input in = {
		.vcpu_count = v->vcpu_count,
		.virtio_slots = v->slots.used,
		.slots = &v->slots,
		.ram_size = v->ram_size,
		.cmdline = p->cmdline,
		.initrd_start = l->initrd,
		.initrd_end = l->initrd_end,
	};

	return vr_boot_tree_load(&v->t, &in, vr_fdt_build, l->dtb, VR_FDT_SIZE);
}

/* Firmware starts on every hart and chooses one itself; the built-in SBI starts the others when asked to. */
static int32_t start_harts(struct virt *v, const struct vr_layout *l)
{
	const struct vr_host_machine *machine = v->t.machine;
	int32_t rc = VR_OK;

	v->sbi.off = l->privilege == ENTRY_M;
	for (uint32_t i = 0; i < v->vcpu_count && rc >= 0; i++) {
		struct vr_entry e = {.privilege = l->privilege,
				     .on = !i || l->privilege == ENTRY_M,
				     .pc = l->entry,
				     .a0 = i,
				     .a1 = l->dtb,
				     .a2 = l->privilege == ENTRY_M ? l->info : 0};

		rc = vr_entry_set(&v->t, i, &e);
		if (rc >= 0 && i && e.on)
			rc = machine->vcpu_power(v->t.host, i, 1);
	}
	return rc;
}

static int32_t VR_CALL virt_load(void *board, const struct vr_boot_payload *p)
{
	struct virt *v = board;
	struct vr_load_input in = {
		.payload = p, .firmware = v->firmware.bytes ? &v->firmware : NULL, .ram_size = v->ram_size};
	struct vr_layout l;
	int32_t rc = vr_load(&v->t, &in, &l);

	if (rc >= 0)
		rc = load_fdt(v, p, &l);
	if (rc >= 0)
		rc = start_harts(v, &l);
	return rc < 0 ? rc : VR_OK;
}

/* Linux: COMMAND_LINE_SIZE is 1024 on riscv64, with the final zero; 2048 since 7.0, but the Image's header
 * does not tell. */
static uint32_t VR_CALL virt_cmdline_max(void *board, const struct vr_boot_payload *p)
{
	(void)board;
	(void)p;
	return 1023;
}

const struct vr_board vr_board_riscv64 = {
	.size = sizeof(vr_board_riscv64),
	.arch = "riscv64",
	.create = virt_create,
	.load = virt_load,
	.reset = virt_reset,
	.destroy = virt_destroy,
	.cmdline_max = virt_cmdline_max,
};
