/* SPDX-License-Identifier: MIT */
/*
 * board.c: puts the `pc` machine together: RAM, interrupt controllers, the devices every PC has, ACPI's
 * registers and tables, and, in the virtio-mmio slots, what a device plugin offers: disks first, so that the
 * guest's first disk is disk 0, then the random number generator and a second console. Devices of plugins that have
 * registers of their own are in windows, and described by ACPI (acpi_devices.c).
 */
#include "board.h"

#include <board/plugin_entry.h>
#include <board/terminal.h>
#include <board/limits.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_error.h"
#include "acpi.h"
#include "entry.h"
#include "load.h"
#include "map.h"
#include "ranges.h"

#define UART_PORT 0x3f8u

#define ANNOUNCE_ACPI 1u
#define ANNOUNCE_CMDLINE 2u

/* ---- life ---------------------------------------------------------------------------------------------- */

static void VR_CALL pc_destroy(struct vr_board *board)
{
	struct pc_board *b = pc_board_of(board);

	vr_slots_free(&b->slots);
	cmos_free(b->cmos);
	pit_free(b->pit);
	vr_uart_free(b->uart);
	if (b->ready) {
		pci_fini(&b->pci);
		acpi_pm_fini(&b->pm);
		reset_fini(&b->reset);
		intr_fini(&b->intr);
	}
	free(b);
}

static const struct vr_board_limits limits = {
	.plugin = "board-pc",
	.arch = "x86_64",
	.vcpus = PC_MAX_VCPUS,
	.ram_min = PC_RAM_MIN,
	.ram_max = PC_RAM_MAX,
};

static int32_t read_options(struct pc_board *b)
{
	static const struct {
		const char *text;
		uint32_t announce;
	} values[] = {
		{"both", ANNOUNCE_ACPI | ANNOUNCE_CMDLINE},
		{"acpi", ANNOUNCE_ACPI},
		{"cmdline", ANNOUNCE_CMDLINE},
	};
	const char *text = b->t.config ? b->t.config->string(b->t.host, "announce") : NULL;

	b->announce = values[0].announce;
	for (size_t i = 0; text && i < sizeof(values) / sizeof(values[0]); i++)
		if (strcmp(text, values[i].text) == 0) {
			b->announce = values[i].announce;
			return VR_OK;
		}
	return text ? vr_tables_fail(&b->t, VR_E_CONFIG, "announce=%s: say acpi, cmdline or both", text)
		    : VR_OK;
}

/* Conventional memory, where a firmware would be, and the two parts around the hole below 4 GiB. */
static int32_t add_ram(struct pc_board *b)
{
	uint64_t low = ranges_low_end(b->ram_size);
	const struct {
		uint64_t base, length;
		const char *name;
	} part[] = {
		{0, PC_LOW_END, "ram-640k"},
		{PC_FIRMWARE, PC_FIRMWARE_END - PC_FIRMWARE, "firmware"},
		{PC_HIGH, low - PC_HIGH, "ram-low"},
		{PC_ABOVE, b->ram_size - low, "ram-high"},
	};
	int32_t rc = VR_OK;

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]) && rc >= 0; i++)
		if (part[i].length)
			rc = b->t.memory->add(b->t.host, part[i].base, part[i].length, 0, part[i].name);
	return rc;
}

static int32_t build(struct pc_board *b)
{
	const struct vr_uart_config uart = {.space = VR_SPACE_PORT,
					    .irq = PC_IRQ_UART,
					    .base = UART_PORT,
					    .length = 8,
					    .port = vr_terminal_uart_port(&b->slots),
					    .gated = 1};
	int32_t rc = add_ram(b), more;

	if (rc < 0)
		return rc;
	b->ready = 1;
	rc = intr_init(&b->intr, &b->t, b->vcpu_count);
	/* All of these, so that all can be taken down. */
	more = reset_init(&b->reset, &b->t);
	rc = rc < 0 ? rc : more;
	more = acpi_pm_init(&b->pm, &b->t);
	rc = rc < 0 ? rc : more;
	more = pci_init(&b->pci, &b->t, &b->reset);
	rc = rc < 0 ? rc : more;
	if (rc >= 0)
		rc = vr_uart_new(&b->t, &uart, &b->uart);
	if (rc >= 0 && b->intr.kind != VR_IRQCHIP_FULL)
		rc = pit_new(&b->t, PC_IRQ_PIT, &b->pit);
	if (rc >= 0)
		rc = cmos_new(&b->t, PC_IRQ_RTC, b->ram_size, &b->cmos);
	return rc < 0 ? rc : vr_slots_fill(&b->slots);
}

static int32_t VR_CALL pc_create(struct vr_plugin_self *self, const struct vr_board_config *c,
				 struct vr_board **board)
{
	struct pc_board *b = calloc(1, sizeof(*b));
	const struct vr_host *host = ((const struct vr_plugin_instance *)self)->host;
	int32_t rc;

	if (!b)
		return vr_host_error(host, VR_E_NOMEM, "board-pc: out of memory");
	rc = vr_tables_bind(&b->t, host, "board-pc");
	if (rc >= 0)
		rc = vr_board_limits_check(&b->t, &limits, c);
	b->slots.t = &b->t;
	if (rc >= 0)
		rc = read_options(b);
	if (rc >= 0)
		rc = vr_terminal_choose(&b->slots);
	if (rc >= 0) {
		b->vcpu_count = c->vcpu_count;
		b->ram_size = c->ram_size;
		b->slots.base = PC_VIRTIO_BASE;
		b->slots.stride = PC_VIRTIO_STRIDE;
		b->slots.irq = PC_LINE_VIRTIO;
		b->slots.max = PC_VIRTIO_SLOTS;
		b->slots.window_base = PC_WINDOWS_BASE;
		b->slots.window_size = PC_WINDOWS_SIZE;
		b->slots.window_irq = PC_LINE_WINDOWS;
		b->slots.window_irqs = PC_WINDOW_LINES;
		b->slots.window_max = PC_WINDOW_DEVICES;
		rc = build(b);
	}
	if (rc < 0) {
		pc_destroy((struct vr_board *)b);
		return rc;
	}
	*board = (struct vr_board *)b;
	return VR_OK;
}

/* Devices first: they let go of their lines; then the controllers. */
static void VR_CALL pc_reset(struct vr_board *board)
{
	struct pc_board *b = pc_board_of(board);

	vr_slots_reset(&b->slots);
	vr_uart_reset(b->uart);
	if (b->pit)
		pit_reset(b->pit);
	cmos_reset(b->cmos);
	reset_reset(&b->reset);
	acpi_pm_reset(&b->pm);
	pci_reset(&b->pci);
	intr_reset(&b->intr);
}

/* ---- boot ------------------------------------------------------------------------------------ */

static int32_t load_acpi(struct pc_board *b)
{
	struct acpi_input in = {
		.vcpu_count = b->vcpu_count,
		.virtio_slots = b->announce & ANNOUNCE_ACPI ? b->slots.used : 0,
		.slots = b->announce & ANNOUNCE_ACPI ? &b->slots : NULL,
		.pit_pin = PC_PIN_PIT,
	};
	uint64_t capacity = PC_FIRMWARE_END - PC_FIRMWARE;
	struct vr_mapping m;
	uint8_t *to = vr_tables_ram(&b->t, PC_FIRMWARE, capacity, &m);
	bool fits;

	if (!to)
		return VR_E_INTERNAL;
	fits = acpi_build(&in, PC_FIRMWARE, to, (uint32_t)capacity);
	vr_tables_filled(&b->t, &m);
	if (!fits)
		return vr_tables_fail(
			&b->t, VR_E_CONFIG,
			"the ACPI tables of %u vCPUs and %u devices of plugins do not fit; use fewer",
			b->vcpu_count, b->slots.windows);
	return VR_OK;
}

/* The user's, and a virtio_mmio.device= for each slot (Linux' driver, CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES). A
 * kernel that finds a device by ACPI as well leaves the second mention alone. */
static char *command_line(const struct pc_board *b, const char *user)
{
	size_t length = strlen(user), capacity = length + 1 + b->slots.used * 64u;
	char *text = malloc(capacity);

	if (!text)
		return NULL;
	memcpy(text, user, length + 1);
	for (uint32_t i = 0; i < b->slots.used && (b->announce & ANNOUNCE_CMDLINE); i++) {
		int n = snprintf(text + length, capacity - length,
				 "%svirtio_mmio.device=0x%" PRIx64 "@0x%" PRIx64 ":%u:%u", length ? " " : "",
				 PC_VIRTIO_SIZE, PC_VIRTIO_BASE + i * PC_VIRTIO_STRIDE, pc_slot_pin(i), i);

		length += n > 0 ? (size_t)n : 0;
	}
	return text;
}

/* The others: with the board's local APICs they are off until a start-up interrupt; with the accelerator's
 * they run, and wait for one there. */
static int32_t park_others(struct pc_board *b)
{
	int32_t rc = VR_OK;

	for (uint32_t i = 1; i < b->vcpu_count && b->intr.kind != VR_IRQCHIP_NONE && rc >= 0; i++) {
		rc = entry_wait(&b->t, i, 0, 0);
		if (rc >= 0)
			rc = b->t.machine->vcpu_power(b->t.host, i, 1);
	}
	return rc;
}

static int32_t VR_CALL pc_load(struct vr_board *board, const struct vr_boot_payload *p)
{
	struct pc_board *b = pc_board_of(board);
	char *cmdline = command_line(b, p->cmdline);
	struct load_input in = {
		.payload = p,
		.cmdline = cmdline,
		.ram_size = b->ram_size,
		.rsdp = PC_FIRMWARE,
	};
	struct registry_entry entry;
	int32_t rc;

	if (!cmdline)
		return vr_tables_fail(&b->t, VR_E_NOMEM, "command line: out of memory");
	rc = load_acpi(b);
	if (rc >= 0)
		rc = boot_load(&b->t, &in, &entry);
	free(cmdline);
	if (rc >= 0)
		rc = entry_boot(&b->t, &entry);
	if (rc >= 0)
		rc = park_others(b);
	return rc < 0 ? rc : VR_OK;
}

static void VR_CALL pc_pause(struct vr_board *board)
{
	vr_slots_pause(&pc_board_of(board)->slots);
}

static void VR_CALL pc_resume(struct vr_board *board)
{
	vr_slots_resume(&pc_board_of(board)->slots);
}

static const char *VR_CALL pc_cmdline_words(struct vr_board *board)
{
	return vr_terminal_words(&pc_board_of(board)->slots);
}

static uint32_t VR_CALL pc_cmdline_max(struct vr_board *board, const struct vr_boot_payload *p)
{
	char *own = command_line(pc_board_of(board), " "); /* as it is joined to the user's */
	uint64_t most = load_cmdline_max(p), added = own ? strlen(own) - 1 : 0;

	free(own);
	return most > added ? (uint32_t)(most - added) : 1;
}

const struct vr_board_maker board_pc = {
	.size = sizeof(board_pc),
	.arch = "x86_64",
	.create = pc_create,
	.load = pc_load,
	.reset = pc_reset,
	.destroy = pc_destroy,
	.state_at = pc_state_at,
	.get_state = pc_get_state,
	.set_state = pc_set_state,
	.cmdline_max = pc_cmdline_max,
	.pause = pc_pause,
	.resume = pc_resume,
	.cmdline_words = pc_cmdline_words,
};
