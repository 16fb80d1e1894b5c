/* SPDX-License-Identifier: MIT */
/*
 * board.c: what the arm64 `virt` machine has beside the common base (board/virt.h): interrupt controller,
 * serial port, clock and firmware, and how its vCPUs start.
 */
#include "board.h"

#include <board/terminal.h>

#include "cpu.h"
#include "fdt.h"
#include "load.h"
#include "map.h"

static int32_t a64_create(struct virt_machine *m)
{
	struct a64_machine *v = (struct a64_machine *)m;
	int32_t rc = gic_new(&m->t, m->vcpu_count, &v->gic);

	if (rc >= 0)
		rc = pl011_new(&m->t, A64_UART_BASE, A64_LINE_UART, vr_terminal_uart_port(&m->slots),
			       &v->uart);
	if (rc >= 0)
		rc = pl031_new(&m->t, A64_RTC_BASE, A64_LINE_RTC, &v->rtc);
	if (rc >= 0)
		rc = psci_init(&v->psci, &m->t, v->gic, m->vcpu_count);
	return rc;
}

static void a64_destroy(struct virt_machine *m)
{
	struct a64_machine *v = (struct a64_machine *)m;

	pl031_free(v->rtc);
	pl011_free(v->uart);
	psci_fini(&v->psci);
	gic_free(v->gic);
}

static void a64_reset(struct virt_machine *m)
{
	struct a64_machine *v = (struct a64_machine *)m;

	pl011_reset(v->uart);
	pl031_reset(v->rtc);
	gic_reset(v->gic);
}

static int32_t a64_place(struct virt_machine *m, const struct vr_boot_payload *p, struct virt_layout *out)
{
	int32_t rc = load_layout(&m->t, p, m->ram_size, out);

	return rc < 0 ? rc : vr_tables_copy(&m->t, out->entry, p->kernel, p->kernel_size);
}

static int32_t a64_start(struct virt_machine *m, const struct virt_layout *l)
{
	int32_t rc = cpu_enter(&m->t, 0, m->vcpu_count, l->entry, l->dtb, 1);

	for (uint32_t i = 1; i < m->vcpu_count && rc >= 0; i++)
		rc = cpu_enter(&m->t, i, m->vcpu_count, 0, 0, 0);
	return rc;
}

static const struct virt_board a64 = {
	.limits = {.plugin = "board-virt",
		   .arch = "arm64",
		   .vcpus = A64_MAX_VCPUS,
		   .ram_min = VR_BOARD_RAM_GRAIN,
		   .ram_max = A64_RAM_MAX},
	.map = &a64_map,
	.cmdline_max = 2047, /* Linux: COMMAND_LINE_SIZE is 2048; the Image's header does not say */
	.size = sizeof(struct a64_machine),
	.create = a64_create,
	.reset = a64_reset,
	.destroy = a64_destroy,
	.place = a64_place,
	.tree = fdt_build,
	.start = a64_start,
};

static int32_t VR_CALL create(struct vr_plugin_self *self, const struct vr_board_config *c,
			      struct vr_board **board)
{
	return vr_virt_create(&a64, self, c, board);
}

const struct vr_board_maker vr_board_virt = {
	.size = sizeof(vr_board_virt),
	.arch = "arm64",
	.create = create,
	.load = vr_virt_load,
	.reset = vr_virt_reset,
	.destroy = vr_virt_destroy,
	.state_at = virt_state_at,
	.get_state = virt_get_state,
	.set_state = virt_set_state,
	.cmdline_max = vr_virt_cmdline_max,
	.pause = vr_virt_pause,
	.resume = vr_virt_resume,
	.cmdline_words = vr_virt_cmdline_words,
};
