/* SPDX-License-Identifier: MIT */
/*
 * board.c: puts the `virt` machine together: RAM, interrupt controller, serial port, clock, firmware
 * and, in the virtio-mmio slots, what a device plugin offers: disks first, so that the guest's first
 * disk is disk 0, then the random number generator and a second console.
 */
#include "board.h"

#include <board/join.h>
#include <board/limits.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "fdt.h"
#include "load.h"
#include "map.h"

/* ---- life ------------------------------------------------------------------------------------------ */

static void VR_CALL virt_destroy(void *board)
{
	struct vr_virt *v = board;

	vr_slots_free(&v->slots);
	vr_pl031_free(v->rtc);
	vr_pl011_free(v->uart);
	if (v->psci_ready)
		vr_psci_fini(&v->psci);
	vr_gic_free(v->gic);
	free(v);
}

static const struct vr_board_limits limits = {
	.who = "board-virt",
	.arch = "arm64",
	.vcpus = VIRT_MAX_VCPUS,
	.ram_min = VR_BOARD_RAM_GRAIN,
	.ram_max = VIRT_RAM_MAX,
};

/* Option `terminal`: which device talks to console port 0, the user's; the other has port 1. */
static int32_t choose_terminal(struct vr_virt *v)
{
	const char *text = v->t.config ? v->t.config->string(v->t.host, "terminal") : NULL;

	v->slots.terminal = text && strcmp(text, "virtio") == 0;
	if (!text || v->slots.terminal || strcmp(text, "uart") == 0)
		return VR_OK;
	return vr_tables_fail(&v->t, VR_E_CONFIG, "terminal=%s: say uart or virtio", text);
}

static int32_t VR_CALL virt_create(void *self, const struct vr_board_config *c, void **board)
{
	struct vr_virt *v = calloc(1, sizeof(*v));
	const struct vr_host *host = ((struct vr_joined *)self)->host;
	int32_t rc;

	if (!v) {
		host->error(host, VR_E_NOMEM, "board-virt: out of memory");
		return VR_E_NOMEM;
	}
	rc = vr_tables_bind(&v->t, host, "board-virt");
	if (rc >= 0)
		rc = vr_board_limits_check(&v->t, &limits, c);
	if (rc >= 0)
		rc = choose_terminal(v);
	v->vcpu_count = c->vcpu_count;
	v->ram_size = c->ram_size;
	v->slots.t = &v->t;
	v->slots.base = VIRT_VIRTIO_BASE;
	v->slots.stride = VIRT_VIRTIO_STRIDE;
	v->slots.irq = VIRT_SPI_BASE + VIRT_SPI_VIRTIO;
	v->slots.max = VIRT_VIRTIO_SLOTS;
	v->slots.window_base = VIRT_WINDOW_BASE;
	v->slots.window_size = VIRT_WINDOW_SIZE;
	v->slots.window_irq = VIRT_SPI_BASE + VIRT_SPI_WINDOW;
	v->slots.window_max = VIRT_WINDOWS;
	if (rc >= 0)
		rc = v->t.memory->add(host, VIRT_RAM_BASE, v->ram_size, 0, "ram");
	if (rc >= 0)
		rc = vr_gic_new(&v->t, v->vcpu_count, &v->gic);
	if (rc >= 0)
		rc = vr_pl011_new(&v->t, VIRT_UART_BASE, VIRT_SPI_BASE + VIRT_SPI_UART,
				  v->slots.terminal ? 1 : 0, &v->uart);
	if (rc >= 0)
		rc = vr_pl031_new(&v->t, VIRT_RTC_BASE, VIRT_SPI_BASE + VIRT_SPI_RTC, &v->rtc);
	if (rc >= 0) {
		rc = vr_psci_init(&v->psci, &v->t, v->gic, v->vcpu_count);
		v->psci_ready = 1;
	}
	if (rc >= 0)
		rc = vr_slots_fill(&v->slots);
	if (rc < 0) {
		virt_destroy(v);
		return rc;
	}
	*board = v;
	return VR_OK;
}

/* Devices first: they let go of their lines; then the controller. */
static void VR_CALL virt_reset(void *board)
{
	struct vr_virt *v = board;

	vr_slots_reset(&v->slots);
	vr_pl011_reset(v->uart);
	vr_pl031_reset(v->rtc);
	vr_gic_reset(v->gic);
}

/* ---- boot ------------------------------------------------------------------------------------------- */

static int32_t load_fdt(struct vr_virt *v, const struct vr_boot_payload *p, const struct vr_layout *l)
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

static int32_t VR_CALL virt_load(void *board, const struct vr_boot_payload *p)
{
	struct vr_virt *v = board;
	struct vr_layout l;
	int32_t rc = vr_load_layout(&v->t, p, v->ram_size, &l);

	if (rc >= 0)
		rc = vr_tables_copy(&v->t, l.kernel, p->kernel, p->kernel_size);
	if (rc >= 0)
		rc = vr_tables_copy(&v->t, l.initrd, p->initrd, l.initrd_end - l.initrd);
	if (rc >= 0)
		rc = load_fdt(v, p, &l);
	if (rc >= 0)
		rc = vr_cpu_enter(&v->t, 0, v->vcpu_count, l.kernel, l.dtb, 1);
	for (uint32_t i = 1; i < v->vcpu_count && rc >= 0; i++)
		rc = vr_cpu_enter(&v->t, i, v->vcpu_count, 0, 0, 0);
	return rc < 0 ? rc : VR_OK;
}

/* Linux: COMMAND_LINE_SIZE is 2048 on arm64, with the final zero; the Image's header does not tell. */
static uint32_t VR_CALL virt_cmdline_max(void *board, const struct vr_boot_payload *p)
{
	(void)board;
	(void)p;
	return 2047;
}

const struct vr_board vr_board_virt = {
	.size = sizeof(vr_board_virt),
	.arch = "arm64",
	.create = virt_create,
	.load = virt_load,
	.reset = virt_reset,
	.destroy = virt_destroy,
	.state_at = vr_virt_state_at,
	.get_state = vr_virt_get_state,
	.set_state = vr_virt_set_state,
	.cmdline_max = virt_cmdline_max,
};
