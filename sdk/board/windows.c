/* SPDX-License-Identifier: MIT */
/*
 * windows.c: devices of vmrun.device/1 that no board knows: each gets the windows and the interrupt lines that its
 * maker asks for.
 *
 * Windows lie one after the other from window_base, in the order in which they are asked for, each at a multiple of its
 * size and of 4 KiB, so that a guest may map each of them alone; lines follow each other as well. What the makers say
 * for the device tree is checked when all devices have their places, before the guest starts: a reference may name a
 * device that comes later.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "slots.h"

#define WINDOW_GRAIN UINT64_C(0x1000)

/* The member without which a maker is none; NULL: it has all. */
static const char *lacks(const struct vr_device_maker *m)
{
	return !VR_HAS(m, types)     ? "types"
	       : !VR_HAS(m, create)  ? "create"
	       : !VR_HAS(m, reset)   ? "reset"
	       : !VR_HAS(m, destroy) ? "destroy"
				     : NULL;
}

/* ---- places ------------------------------------------------------------------------------------------- */

/* Addresses for all windows of w; false: there are too few. */
static bool take_windows(struct vr_slots *s, struct vr_window *w)
{
	uint64_t end = s->window_end ? s->window_end : s->window_base;

	for (uint32_t i = 0; i < w->wants.window_count; i++) {
		uint64_t length = w->wants.window[i];
		uint64_t align = length > WINDOW_GRAIN ? length : WINDOW_GRAIN;

		w->base[i] = (end + align - 1) & ~(align - 1);
		end = w->base[i] + length;
	}
	if (end > s->window_base + s->window_size)
		return false;
	s->window_end = end;
	return true;
}

static bool take_lines(struct vr_slots *s, struct vr_window *w)
{
	if (w->wants.irq_count > s->window_irqs - s->window_lines)
		return false;
	for (uint32_t i = 0; i < w->wants.irq_count; i++)
		w->irq[i] = s->window_irq + s->window_lines++;
	return true;
}

static int32_t has_edges(const struct vr_slots *s, const struct vr_found *f, const struct vr_window *w)
{
	for (uint32_t i = 0; i < w->wants.irq_count && !s->window_edges; i++)
		if (w->wants.irq[i] == VR_DEVICE_IRQ_EDGE)
			return vr_tables_fail(
				s->t, VR_E_CONFIG,
				"plugin '%s': interrupt %u of \"%s\" is an edge, and this board's controller "
				"takes levels only; use another board",
				f->id, i, w->type);
	return VR_OK;
}

static int32_t take_place(struct vr_slots *s, const struct vr_found *f, struct vr_window *w)
{
	if (!s->window_max)
		return vr_tables_fail(
			s->t, VR_E_CONFIG,
			"plugin '%s': this board has no room for \"%s\": it places virtio devices "
			"only; use another board",
			f->id, w->type);
	if (s->windows >= s->window_max || !take_windows(s, w) || !take_lines(s, w))
		return vr_tables_fail(s->t, VR_E_CONFIG,
				      "plugin '%s': this board has no room for \"%s\": it has places for %u "
				      "devices, with 0x%" PRIx64
				      " bytes of windows and %u interrupt lines in all; use "
				      "fewer devices, or another board",
				      f->id, w->type, s->window_max, s->window_size, s->window_irqs);
	return has_edges(s, f, w);
}

/* w->type and w->wants are there. */
static int32_t place(struct vr_slots *s, const struct vr_found *f, struct vr_window *w)
{
	int32_t rc = take_place(s, f, w);
	const struct vr_device_config c = {
		.size = sizeof(c),
		.type = w->type,
		.bases = w->base,
		.irqs = w->irq,
		.window_count = w->wants.window_count,
		.irq_count = w->wants.irq_count,
		.clock_hz = s->clock_hz,
	};

	if (rc >= 0)
		rc = w->maker->create(f->self, &c, &w->device);
	if (rc < 0)
		return rc;
	s->windows++;
	return VR_OK;
}

/* One of each type. A type may be for another board; all of them may not. */
static int32_t place_all_of(struct vr_slots *s, const struct vr_found *f)
{
	const struct vr_device_maker *m = f->table;
	char type[VR_SLOT_TYPE] = "", homeless[sizeof(type)] = "", text[VR_DEVICE_WRONG];
	int32_t rc = vr_slots_is_whole(s->t, f, VR_DEVICE_ID, lacks(m));
	const char *types = rc < 0 ? NULL : m->types;
	uint32_t placed = 0;

	while (rc >= 0 && vr_slots_next_type(&types, type, sizeof(type))) {
		const struct vr_device_of d = {.maker = m, .self = f->self, .type = type};
		struct vr_device_wants wants;
		struct vr_window *w;

		rc = vr_device_ask(&d, &wants, text);
		if (rc < 0)
			return vr_tables_fail(s->t, rc, "plugin '%s': %s", f->id, text);
		if (!wants.window_count) {
			memcpy(homeless, type, sizeof(homeless));
			continue;
		}
		if (s->windows == VR_WINDOWS_MAX)
			return vr_tables_fail(
				s->t, VR_E_CONFIG,
				"plugin '%s': this board has no room for \"%s\": it has places for %u "
				"devices; use fewer devices",
				f->id, type, VR_WINDOWS_MAX);
		w = &s->window[s->windows];
		*w = (struct vr_window){.maker = m, .self = f->self, .wants = wants};
		memcpy(w->type, type, sizeof(w->type));
		rc = place(s, f, w);
		placed += rc >= 0;
	}
	if (rc < 0 || placed)
		return rc;
	return vr_tables_fail(
		s->t, VR_E_CONFIG,
		"plugin '%s': \"%s\" is no device that this board knows, and "
		"its maker does not say how large a window it needs; use it on a board that has it",
		f->id, homeless);
}

/* ---- what is said of them ------------------------------------------------------------------------------ */

int32_t vr_slots_find_window(const struct vr_slots *s, const char *type)
{
	for (uint32_t i = 0; i < s->windows; i++) {
		const struct vr_device_of d = vr_window_of(&s->window[i]);

		if (strcmp(d.type, type) == 0 && vr_device_is_described(&d))
			return (int32_t)i;
	}
	return VR_E_NOENT;
}

/* Is there what it refers to? */
static int32_t find_node(const struct vr_slots *s, const struct vr_device_of *d, const char *property,
			 const char *node)
{
	const struct {
		const char *node, *what;
		bool there;
	} own[] = {
		{VR_DEVICE_CLOCK, "clock for devices", s->clock_hz != 0},
		{VR_DEVICE_INTERRUPT_CONTROLLER, "node of an interrupt controller", s->controller_node != 0},
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strcmp(own[i].node, node) != 0)
			continue;
		return own[i].there
			       ? VR_OK
			       : vr_tables_fail(
					 s->t, VR_E_CONFIG,
					 "\"%s\": its property \"%s\" refers to the board's %s, and this "
					 "board has none; use another board",
					 d->type, property, own[i].what);
	}
	if (vr_slots_find_window(s, node) >= 0)
		return VR_OK;
	return vr_tables_fail(s->t, VR_E_CONFIG,
			      "\"%s\": its property \"%s\" refers to \"%s\", and no described device of this "
			      "machine is of that type; add its plugin by -p",
			      d->type, property, node);
}

static int32_t find_references(const struct vr_slots *s, const struct vr_device_of *d)
{
	char text[VR_DEVICE_WRONG];
	struct vr_device_property p;
	int32_t rc = VR_OK;

	for (uint32_t i = 0; rc >= 0 && vr_device_property(d, i, &p, text) >= 0; i++)
		for (uint32_t k = 0; rc >= 0 && p.kind == VR_PROPERTY_REFERENCES && k < p.count; k++)
			rc = find_node(s, d, p.name, vr_device_reference_at(&p, k).node);
	return rc;
}

static int32_t check_descriptions(const struct vr_slots *s)
{
	char text[VR_DEVICE_WRONG];
	int32_t rc = VR_OK;

	for (uint32_t i = 0; i < s->windows && rc >= 0; i++) {
		const struct vr_device_of d = vr_window_of(&s->window[i]);

		if (!vr_device_is_described(&d))
			continue;
		if (vr_device_check(&d, text) < 0)
			return vr_tables_fail(s->t, VR_E_ABI, "%s", text);
		rc = find_references(s, &d);
	}
	return rc;
}

int32_t vr_slots_place_windows(struct vr_slots *s)
{
	int32_t rc = vr_slots_each_requested(s, VR_DEVICE_ID, place_all_of);

	return rc < 0 ? rc : check_descriptions(s);
}

/* ---- life ------------------------------------------------------------------------------------------------ */

void vr_slots_reset_windows(struct vr_slots *s)
{
	for (uint32_t i = 0; i < s->windows; i++)
		s->window[i].maker->reset(s->window[i].device);
}

void vr_slots_free_windows(struct vr_slots *s)
{
	while (s->windows) {
		const struct vr_window *w = &s->window[--s->windows];

		w->maker->destroy(w->device);
	}
}

void vr_slots_pause_windows(struct vr_slots *s)
{
	for (uint32_t i = 0; i < s->windows; i++)
		if (VR_HAS(s->window[i].maker, resume) && VR_HAS(s->window[i].maker, pause))
			s->window[i].maker->pause(s->window[i].device);
}

void vr_slots_resume_windows(struct vr_slots *s)
{
	for (uint32_t i = 0; i < s->windows; i++)
		if (VR_HAS(s->window[i].maker, resume) && VR_HAS(s->window[i].maker, pause))
			s->window[i].maker->resume(s->window[i].device);
}
