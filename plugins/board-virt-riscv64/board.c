/* SPDX-License-Identifier: MIT */
/*
 * board.c: what the riscv64 `virt` machine has beside the common base (board/virt.h): interrupt controllers,
 * serial port, clock, finisher, the built-in SBI or firmware, and how its harts start.
 */
#include "board.h"

#include <board/plugin_entry.h>
#include <board/terminal.h>
#include <board/uart.h>
#include <board/virt.h>
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

struct rv_machine {
	struct virt_machine m;         /* first */
	struct firmware_blob firmware; /* bytes NULL: none */
	void *firmware_bytes;          /* owned: the same bytes */
	struct entry_point entry;
	struct plic *plic;
	struct clint *clint;
	struct vr_uart *uart;
	struct rtc *rtc;
	struct sbi sbi;
};

/* Read now: later the process may open no files. */
static int32_t read_firmware(struct rv_machine *v)
{
	const struct vr_tables *t = &v->m.t;
	const char *name = t->config ? t->config->string(t->host, "firmware") : NULL;
	int32_t rc;

	if (!name || !*name)
		return VR_OK;
	rc = firmware_file(t, name, &v->firmware_bytes, &v->firmware.size);
	v->firmware.bytes = v->firmware_bytes;
	v->firmware.name = name;
	return rc;
}

static int32_t rv_create(struct virt_machine *m)
{
	const struct vr_uart_config uart = {.space = VR_SPACE_MMIO,
					    .irq = RV_IRQ_UART,
					    .base = RV_UART_BASE,
					    .length = RV_UART_SIZE,
					    .port = vr_terminal_uart_port(&m->slots)};
	struct rv_machine *v = (struct rv_machine *)m;
	int32_t rc = read_firmware(v);

	if (rc >= 0)
		rc = plic_new(&m->t, m->vcpu_count, &v->plic);
	if (rc >= 0)
		rc = clint_new(&m->t, m->vcpu_count, &v->clint);
	if (rc >= 0)
		rc = finisher_attach(&m->t);
	if (rc >= 0)
		rc = vr_uart_new(&m->t, &uart, &v->uart);
	if (rc >= 0)
		rc = rtc_new(&m->t, &v->rtc);
	if (rc >= 0)
		rc = sbi_init(&v->sbi, &m->t, v->plic, v->clint, m->vcpu_count);
	return rc;
}

static void rv_destroy(struct virt_machine *m)
{
	struct rv_machine *v = (struct rv_machine *)m;

	rtc_free(v->rtc);
	vr_uart_free(v->uart);
	sbi_fini(&v->sbi);
	clint_free(v->clint);
	plic_free(v->plic);
	free(v->firmware_bytes);
}

static void rv_reset(struct virt_machine *m)
{
	struct rv_machine *v = (struct rv_machine *)m;

	vr_uart_reset(v->uart);
	rtc_reset(v->rtc);
	sbi_reset(&v->sbi);
	clint_reset(v->clint);
	plic_reset(v->plic);
}

static int32_t rv_place(struct virt_machine *m, const struct vr_boot_payload *p, struct virt_layout *out)
{
	struct rv_machine *v = (struct rv_machine *)m;
	struct load_input in = {
		.payload = p, .firmware = v->firmware.bytes ? &v->firmware : NULL, .ram_size = m->ram_size};

	return boot_load(&m->t, &in, out, &v->entry);
}

/* Firmware starts on every hart and chooses one itself; the built-in SBI starts the others when asked to. */
static int32_t rv_start(struct virt_machine *m, const struct virt_layout *l)
{
	struct rv_machine *v = (struct rv_machine *)m;
	int32_t rc = VR_OK;

	v->sbi.off = v->entry.privilege == ENTRY_M;
	for (uint32_t i = 0; i < m->vcpu_count && rc >= 0; i++) {
		struct registry_entry e = {.privilege = v->entry.privilege,
					   .on = !i || v->entry.privilege == ENTRY_M,
					   .pc = l->entry,
					   .a0 = i,
					   .a1 = l->dtb,
					   .a2 = v->entry.info};

		rc = entry_set(&m->t, i, &e);
		if (rc >= 0 && i && e.on)
			rc = m->t.machine->vcpu_power(m->t.host, i, 1);
	}
	return rc;
}

static const struct virt_board riscv64 = {
	.limits = {.plugin = "board-virt-riscv64",
		   .arch = "riscv64",
		   .vcpus = RV_MAX_VCPUS,
		   .ram_min = VR_BOARD_RAM_GRAIN,
		   .ram_max = RV_RAM_MAX},
	.map = &rv_map,
	/* Linux: COMMAND_LINE_SIZE is 1024; 2048 since 7.0, but the Image's header does not say. */
	.cmdline_max = 1023,
	.size = sizeof(struct rv_machine),
	.create = rv_create,
	.reset = rv_reset,
	.destroy = rv_destroy,
	.place = rv_place,
	.tree = fdt_build,
	.start = rv_start,
};

static int32_t VR_CALL create(struct vr_plugin_self *self, const struct vr_board_config *c,
			      struct vr_board **board)
{
	return vr_virt_create(&riscv64, self, c, board);
}

const struct vr_board_maker board_riscv64 = {
	.size = sizeof(board_riscv64),
	.arch = "riscv64",
	.create = create,
	.load = vr_virt_load,
	.reset = vr_virt_reset,
	.destroy = vr_virt_destroy,
	.state_at = vr_virt_state_at,
	.get_state = vr_virt_get_state,
	.set_state = vr_virt_set_state,
	.cmdline_max = vr_virt_cmdline_max,
	.pause = vr_virt_pause,
	.resume = vr_virt_resume,
	.cmdline_words = vr_virt_cmdline_words,
};
