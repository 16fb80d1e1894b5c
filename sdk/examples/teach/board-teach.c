/* SPDX-License-Identifier: MIT */
/* board-teach.c: the board of the machine of teach.h: RAM, a console, and a place for one device card. */
#include <host_error.h>
#include <plugin_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/board.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#include "teach.h"

#define RAM_MAX TEACH_CONSOLE
#define RAM_GRAIN 0x10000u

struct plugin {
	struct vr_plugin_instance instance; /* first */
	const struct vr_host_memory *memory;
	const struct vr_host_mmio *mmio;
	const struct vr_host_machine *machine;
	const struct vr_host_console *console;
	const struct vr_host_irq *irq;
};

static inline struct plugin *plugin_of(struct vr_plugin_self *self)
{
	return (struct plugin *)self;
}

struct board {
	const struct plugin *p;
	uint64_t ram;
	const struct vr_device_maker *maker; /* of the card; NULL: none */
	struct vr_device *card;
};

static inline struct board *board_of(struct vr_board *board)
{
	return (struct board *)board;
}

/* ---- the console -------------------------------------------------------------------------------------- */

static uint64_t VR_CALL console_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	const struct board *b = opaque;
	uint8_t byte;

	(void)vcpu;
	if (offset || width != 1 || !b->p->console->read(b->p->instance.host, 0, &byte, 1))
		return 255;
	return byte;
}

static void VR_CALL console_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width,
				  uint64_t value)
{
	const struct board *b = opaque;
	uint8_t byte = (uint8_t)value;

	(void)vcpu;
	if (!offset && width == 1)
		b->p->console->write(b->p->instance.host, 0, &byte, 1);
}

static const struct vr_bus_ops console_ops = {
	.size = sizeof(console_ops), .read = console_read, .write = console_write};

/* ---- the card ------------------------------------------------------------------------------------------ */

static int makes_cards(const struct vr_device_maker *m)
{
	static const char card[] = "teach-card";
	const char *types;

	if (!VR_HAS(m, types) || !VR_HAS(m, create) || !VR_HAS(m, reset) || !VR_HAS(m, destroy))
		return 0;
	for (types = m->types; *types; types += strspn(types, ", ")) {
		size_t n = strcspn(types, ", ");

		if (n == sizeof(card) - 1 && !memcmp(types, card, n))
			return 1;
		types += n;
	}
	return 0;
}

/* A plugin that offers a "teach-card" gets the place. */
static int32_t plug_card(struct board *b)
{
	const struct plugin *p = b->p;
	const struct vr_host_registry *r = p->instance.host->query(p->instance.host, VR_REGISTRY_ID);
	static const uint64_t base = TEACH_CARD;
	static const uint32_t irq = TEACH_CARD_LINE;
	const struct vr_device_config c = {.size = sizeof(c),
					   .type = "teach-card",
					   .bases = &base,
					   .irqs = &irq,
					   .window_count = 1,
					   .irq_count = 1};

	for (uint32_t i = 0; VR_HAS(r, find); i++) {
		struct vr_found f = {.size = sizeof(f)};

		if (r->find(p->instance.host, VR_DEVICE_ID, NULL, i, &f) < 0)
			break;
		if (!makes_cards(f.table))
			continue;
		b->maker = f.table;
		return b->maker->create(f.self, &c, &b->card);
	}
	return VR_OK;
}

/* No guest listens to it, but a card may drive its line. */
static void VR_CALL line_set(void *opaque, uint32_t vcpu, uint32_t line, uint32_t level)
{
	(void)opaque;
	(void)vcpu;
	(void)line;
	(void)level;
}

static const struct vr_irq_controller lines = {.size = sizeof(lines), .set = line_set};

/* ---- vmrun.board/1 --------------------------------------------------------------------------------------
 */

static void VR_CALL board_destroy(struct vr_board *board)
{
	struct board *b = board_of(board);

	if (b->card)
		b->maker->destroy(b->card);
	free(b);
}

static void VR_CALL board_reset(struct vr_board *board)
{
	struct board *b = board_of(board);

	if (b->card)
		b->maker->reset(b->card);
}

static int32_t VR_CALL board_create(struct vr_plugin_self *self, const struct vr_board_config *c,
				    struct vr_board **out)
{
	const struct plugin *p = plugin_of(self);
	struct board *b;
	int32_t rc;

	if (!c->arch || strcmp(c->arch, "teach") != 0)
		return vr_host_error(p->instance.host, VR_E_CONFIG,
				     "board-teach: a board for teach guests, and for no others");
	if (c->vcpu_count != 1)
		return vr_host_error(p->instance.host, VR_E_CONFIG,
				     "board-teach: this machine has one CPU; leave --smp away");
	if (!c->ram_size || c->ram_size > RAM_MAX || c->ram_size % RAM_GRAIN)
		return vr_host_error(
			p->instance.host, VR_E_CONFIG,
			"board-teach: this machine takes a multiple of 64 KiB, at most 1792 MiB, of RAM; "
			"change -m");
	b = calloc(1, sizeof(*b));
	if (!b)
		return vr_host_error(p->instance.host, VR_E_NOMEM, "board-teach: out of memory");
	b->p = p;
	b->ram = c->ram_size;
	rc = p->memory->add(p->instance.host, 0, b->ram, 0, "ram");
	if (rc >= 0)
		rc = p->mmio->attach(p->instance.host, VR_SPACE_MMIO, TEACH_CONSOLE, 1, &console_ops, b,
				     "console");
	if (rc >= 0)
		rc = p->irq->set_controller(p->instance.host, &lines, b);
	if (rc >= 0)
		rc = plug_card(b);
	if (rc < 0) {
		board_destroy((struct vr_board *)b);
		return rc;
	}
	*out = (struct vr_board *)b;
	return VR_OK;
}

static int32_t VR_CALL board_load(struct vr_board *board, const struct vr_boot_payload *p)
{
	const struct board *b = board_of(board);
	const struct plugin *g = b->p;
	struct teach_state s = {.size = sizeof(s), .pc = TEACH_START};
	uint64_t n = p->kernel_size, magic = sizeof(TEACH_MAGIC);
	struct vr_mapping m = {.size = sizeof(m)};

	if (n < magic || memcmp(p->kernel, TEACH_MAGIC, magic) != 0)
		return vr_host_error(g->instance.host, VR_E_IMAGE,
				     "board-teach: this is no program of the teaching machine");
	if (n > magic && g->memory->map(g->instance.host, TEACH_START, n - magic, VR_MAP_WRITE, &m) < 0)
		return vr_host_error(g->instance.host, VR_E_IMAGE,
				     "board-teach: the program does not fit into RAM; give more with -m");
	if (n > magic) {
		memcpy(m.bytes, (const uint8_t *)p->kernel + magic, n - magic);
		g->memory->unmap(g->instance.host, &m, 0, n - magic);
	}
	return g->machine->vcpu_set_state(g->instance.host, 0, TEACH_STATE_ID, &s, sizeof(s));
}

static const struct vr_board_maker board = {
	.size = sizeof(board),
	.arch = "teach",
	.create = board_create,
	.load = board_load,
	.reset = board_reset,
	.destroy = board_destroy,
};

/* ---- life ---------------------------------------------------------------------------------------------- */

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	struct plugin *p = plugin_of(self);
	const struct vr_host *host = p->instance.host;

	p->memory = host->query(host, VR_MEMORY_ID);
	p->mmio = host->query(host, VR_MMIO_ID);
	p->machine = host->query(host, VR_MACHINE_ID);
	p->console = host->query(host, VR_CONSOLE_ID);
	p->irq = host->query(host, VR_IRQ_ID);
	if (!VR_HAS(p->memory, written) || !VR_HAS(p->mmio, attach) || !VR_HAS(p->machine, vcpu_set_state) ||
	    !VR_HAS(p->console, read) || !VR_HAS(p->irq, set_controller))
		return vr_host_error(
			host, VR_E_ABI,
			"board-teach needs vmrun.memory/1, mmio/1, machine/1, console/1 and irq/1; update "
			"vmrun");
	return VR_OK;
}

VR_PLUGIN("board-teach", struct plugin, VR_BOARD_ID, &board, probe)
