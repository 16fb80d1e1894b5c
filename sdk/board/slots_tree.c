/* SPDX-License-Identifier: MIT */
/* slots_tree.c: what plugins say of their devices, as nodes of a device tree. */
#include <libfdt.h>
#include <string.h>

#include "slots.h"
#include "tree.h"

static void strings(struct vr_tree *t, const struct vr_device_property *p)
{
	char list[VR_PROPERTY_STRINGS_MAX * (VR_DEVICE_TEXT_MAX + 1)];
	size_t n = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		size_t length = strlen(p->strings[i]) + 1;

		memcpy(list + n, p->strings[i], length);
		n += length;
	}
	vr_tree_bytes(t, p->name, list, n);
}

static void numbers(struct vr_tree *t, const struct vr_device_property *p)
{
	uint32_t cells[VR_PROPERTY_CELLS_MAX];

	for (uint32_t i = 0; i < p->count; i++) {
		cells[2 * i] = (uint32_t)(p->numbers[i] >> 32);
		cells[2 * i + 1] = (uint32_t)p->numbers[i];
	}
	vr_tree_cells(t, p->name, cells, 2 * (size_t)p->count);
}

/* 0: there is no such node. */
static uint32_t phandle(const struct vr_slots *s, const struct vr_slots_nodes *nodes, const char *node)
{
	int32_t window = vr_slots_find_window(s, node);

	if (strcmp(node, VR_DEVICE_CLOCK) == 0)
		return nodes->clock;
	if (strcmp(node, VR_DEVICE_INTERRUPT_CONTROLLER) == 0)
		return nodes->interrupt_controller;
	return window < 0 ? 0 : nodes->phandle + (uint32_t)window;
}

static void references(const struct vr_slots *s, const struct vr_slots_nodes *nodes, struct vr_tree *t,
		       const struct vr_device_property *p)
{
	uint32_t cells[VR_PROPERTY_CELLS_MAX], n = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		struct vr_device_reference r = vr_device_reference_at(p, i);

		cells[n++] = phandle(s, nodes, r.node);
		for (uint32_t k = 0; k < r.cell_count; k++)
			cells[n++] = r.cells[k];
	}
	vr_tree_cells(t, p->name, cells, n);
}

static void property(const struct vr_slots *s, const struct vr_slots_nodes *nodes, struct vr_tree *t,
		     const struct vr_device_property *p)
{
	switch (p->kind) {
	case VR_PROPERTY_FLAG:
		vr_tree_flag(t, p->name);
		break;
	case VR_PROPERTY_STRING:
		vr_tree_string(t, p->name, p->text);
		break;
	case VR_PROPERTY_STRINGS:
		strings(t, p);
		break;
	case VR_PROPERTY_CELLS:
		vr_tree_cells(t, p->name, p->cells, p->count);
		break;
	case VR_PROPERTY_NUMBERS:
		numbers(t, p);
		break;
	default: /* vr_device_property() has refused others */
		references(s, nodes, t, p);
		break;
	}
}

static void compatible(const struct vr_device_of *d, struct vr_tree *t)
{
	const char *list[VR_DEVICE_COMPATIBLE_MAX];
	struct vr_device_property p = {.name = "compatible", .strings = list};

	while (p.count < VR_DEVICE_COMPATIBLE_MAX &&
	       (list[p.count] = vr_device_compatible(d, p.count)) != NULL)
		p.count++;
	strings(t, &p);
}

static void reg(const struct vr_window *w, struct vr_tree *t)
{
	uint32_t cells[4 * VR_DEVICE_WINDOWS_MAX];

	for (uint32_t i = 0; i < w->wants.window_count; i++) {
		const uint32_t four[] = {VR_TREE_PAIR(w->base[i]), VR_TREE_PAIR(w->wants.window[i])};

		memcpy(cells + 4 * i, four, sizeof(four));
	}
	vr_tree_cells(t, "reg", cells, 4 * (size_t)w->wants.window_count);
}

static void interrupts(const struct vr_window *w, struct vr_tree *t, const struct vr_slots_nodes *nodes)
{
	struct vr_slot_line lines[VR_DEVICE_IRQS_MAX];

	for (uint32_t i = 0; i < w->wants.irq_count; i++)
		lines[i] = (struct vr_slot_line){.line = w->irq[i], .trigger = w->wants.irq[i]};
	if (w->wants.irq_count)
		nodes->interrupts(t, lines, w->wants.irq_count);
}

void vr_slots_describe(const struct vr_slots *s, struct vr_tree *t, const struct vr_slots_nodes *nodes)
{
	for (uint32_t i = 0; i < s->windows; i++) {
		const struct vr_window *w = &s->window[i];
		const struct vr_device_of d = vr_window_of(w);
		char text[VR_DEVICE_WRONG];
		struct vr_device_property p;

		if (!vr_device_is_described(&d))
			continue;
		if (vr_device_check(&d, text) < 0) {
			vr_tables_fail(s->t, VR_E_ABI, "%s", text);
			t->error = -FDT_ERR_BADVALUE;
			return;
		}
		vr_tree_begin_at(t, vr_device_node(&d), w->base[0]);
		compatible(&d, t);
		reg(w, t);
		interrupts(w, t, nodes);
		VR_TREE_CELLS(t, "phandle", nodes->phandle + i);
		for (uint32_t k = 0; vr_device_property(&d, k, &p, text) >= 0; k++)
			property(s, nodes, t, &p);
		vr_tree_end(t);
	}
}
