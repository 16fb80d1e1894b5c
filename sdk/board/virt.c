/* SPDX-License-Identifier: MIT */
#include "virt.h"

#include <stdio.h>
#include <stdlib.h>

#include "../host_error.h"
#include "plugin_entry.h"
#include "terminal.h"
#include "virt_tree.h"

/* ---- life ------------------------------------------------------------------------------------------ */

static void map_slots(struct virt_machine *m)
{
	const struct virt_map *map = m->board->map;

	m->slots.t = &m->t;
	m->slots.base = map->virtio;
	m->slots.stride = map->virtio_stride;
	m->slots.irq = map->virtio_line;
	m->slots.max = map->virtio_slots;
	m->slots.window_base = map->windows;
	m->slots.window_size = map->windows_size;
	m->slots.window_irq = map->window_line;
	m->slots.window_irqs = map->window_lines;
	m->slots.window_edges = map->window_edges;
	m->slots.window_max = map->window_count;
	m->slots.clock_hz = map->clock_hz;
	m->slots.controller_node = 1;
	m->slots.shared.base = map->shared;
	m->slots.shared.size = map->shared_size;
}

int32_t vr_virt_create(const struct virt_board *board, struct vr_plugin_self *self,
		       const struct vr_board_config *c, struct vr_board **out)
{
	struct virt_machine *m = calloc(1, board->size);
	const struct vr_host *host = vr_plugin_instance_of(self)->host;
	int32_t rc;

	if (!m)
		return vr_host_error(host, VR_E_NOMEM, "%s: out of memory", board->limits.plugin);
	m->board = board;
	m->vcpu_count = c->vcpu_count;
	m->ram_size = c->ram_size;
	map_slots(m);
	rc = vr_tables_bind(&m->t, host, board->limits.plugin);
	if (rc >= 0)
		rc = vr_board_limits_check(&m->t, &board->limits, c);
	if (rc >= 0)
		rc = vr_terminal_choose(&m->slots);
	if (rc < 0) { /* the board has made nothing that its destroy() could free */
		free(m);
		return rc;
	}
	rc = m->t.memory->add(host, board->map->ram, m->ram_size, 0, "ram");
	if (rc >= 0)
		rc = board->create(m);
	if (rc >= 0)
		rc = vr_slots_fill(&m->slots);
	if (rc < 0) {
		vr_virt_destroy((struct vr_board *)m);
		return rc;
	}
	*out = (struct vr_board *)m;
	return VR_OK;
}

void VR_CALL vr_virt_destroy(struct vr_board *machine)
{
	struct virt_machine *m = virt_machine_of(machine);

	vr_slots_free(&m->slots);
	m->board->destroy(m);
	free(m);
}

void VR_CALL vr_virt_reset(struct vr_board *machine)
{
	struct virt_machine *m = virt_machine_of(machine);

	vr_slots_reset(&m->slots);
	m->board->reset(m);
}

/* ---- state ------------------------------------------------------------------------------------------ */

int32_t VR_CALL vr_virt_state_at(struct vr_board *machine, uint32_t i, struct vr_board_state *out)
{
	return vr_slots_state_at(&virt_machine_of(machine)->slots, i, out);
}

static int32_t has_no(const struct virt_machine *m, int32_t rc, const char *id)
{
	return rc != VR_E_NOENT ? rc
				: vr_tables_fail(&m->t, rc, "%s: nothing here has a state \"%.64s\"",
						 m->board->limits.plugin, id);
}

int32_t VR_CALL vr_virt_get_state(struct vr_board *machine, const char *id, uint32_t index, void *state,
				  uint32_t length)
{
	struct virt_machine *m = virt_machine_of(machine);

	return has_no(m, vr_slots_get_state(&m->slots, id, index, state, length), id);
}

int32_t VR_CALL vr_virt_set_state(struct vr_board *machine, const char *id, uint32_t index, const void *state,
				  uint32_t length)
{
	struct virt_machine *m = virt_machine_of(machine);

	return has_no(m, vr_slots_set_state(&m->slots, id, index, state, length), id);
}

void VR_CALL vr_virt_pause(struct vr_board *machine)
{
	vr_slots_pause(&virt_machine_of(machine)->slots);
}

void VR_CALL vr_virt_resume(struct vr_board *machine)
{
	vr_slots_resume(&virt_machine_of(machine)->slots);
}

/* ---- boot ------------------------------------------------------------------------------------------- */

static int32_t load_tree(struct virt_machine *m, const struct vr_boot_payload *p, const struct virt_layout *l)
{
	struct vr_fdt_input in = {
		.vcpu_count = m->vcpu_count,
		.virtio_slots = m->slots.used,
		.slots = &m->slots,
		.ram_size = m->ram_size,
		.cmdline = p->cmdline,
		.initrd_start = l->initrd,
		.initrd_end = l->initrd_end,
	};

	return vr_boot_tree_load(&m->t, &in, m->board->tree, l->dtb, VIRT_TREE_SIZE);
}

int32_t VR_CALL vr_virt_load(struct vr_board *machine, const struct vr_boot_payload *p)
{
	struct virt_machine *m = virt_machine_of(machine);
	struct virt_layout l;
	int32_t rc = m->board->place(m, p, &l);

	if (rc >= 0)
		rc = vr_tables_copy(&m->t, l.initrd, p->initrd, l.initrd_end - l.initrd);
	if (rc >= 0)
		rc = load_tree(m, p, &l);
	if (rc >= 0)
		rc = m->board->start(m, &l);
	return rc < 0 ? rc : VR_OK;
}

uint32_t VR_CALL vr_virt_cmdline_max(struct vr_board *machine, const struct vr_boot_payload *p)
{
	(void)p;
	return virt_machine_of(machine)->board->cmdline_max;
}

const char *VR_CALL vr_virt_cmdline_words(struct vr_board *machine)
{
	return vr_terminal_words(&virt_machine_of(machine)->slots);
}
