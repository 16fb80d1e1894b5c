/* SPDX-License-Identifier: MIT */
#include "slots.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <vmrun/block.h>
#include <vmrun/net.h>

static bool offers(const char *types, const char *wanted)
{
	char type[VR_SLOT_TYPE];

	while (vr_slots_next_type(&types, type, sizeof(type)))
		if (strcmp(type, wanted) == 0)
			return true;
	return false;
}

/* The maker of virtio devices that offers this type; one that the user named comes before all others. One without
 * what every maker must have is passed over. */
static bool find_maker(const struct vr_tables *t, const char *type, struct vr_found *out)
{
	struct vr_found f;
	bool found = false;

	for (uint32_t i = 0; vr_slots_nth(t, VR_VIRTIO_ID, i, &f); i++) {
		const struct vr_virtio_maker *m = f.table;

		if (vr_virtio_lacks(m) || !offers(m->types, type) || (found && !vr_slots_is_requested(&f)))
			continue;
		*out = f;
		found = true;
		if (vr_slots_is_requested(&f))
			break;
	}
	return found;
}

/* ---- slots ----------------------------------------------------------------------------------------- */

static int32_t has_slot(const struct vr_slots *s, const char *type, uint32_t index)
{
	if (s->used < s->max)
		return VR_OK;
	return vr_tables_fail(s->t, VR_E_CONFIG,
			      "%s %u: all %u virtio-mmio slots are taken; use fewer disks or devices", type,
			      index, s->max);
}

/* The `index`-th virtio device of a type into the next slot. */
static int32_t plug(struct vr_slots *s, const struct vr_found *f, const char *type, uint32_t index)
{
	struct vr_slot *d = &s->slot[s->used];
	struct vr_virtio_plug plug = {
		.maker = f->table,
		.self = f->self,
		.plugin = f->id,
		.type = d->type,
		.index = index,
		.shared = &s->shared,
	};
	int32_t rc = has_slot(s, type, index);

	if (rc < 0)
		return rc;
	d->virtio = NULL;
	d->maker = f->table;
	snprintf(d->type, sizeof(d->type), "%s", type);
	rc = vr_virtio_mmio_new(s->t->host, plug, s->base + s->used * s->stride, s->irq + s->used,
				&d->virtio);
	s->used += rc >= 0;
	return rc;
}

/* ---- what a board has by itself ------------------------------------------------------------------------- */

static uint32_t disks(const struct vr_slots *s)
{
	return s->t->disks ? s->t->disks->count(s->t->host) : 0;
}

static uint32_t one(const struct vr_slots *s)
{
	(void)s;
	return 1;
}

static uint32_t ports(const struct vr_slots *s)
{
	return s->t->streams && s->t->streams->count(s->t->host) ? 1 : 0;
}

static uint32_t console_port(const struct vr_slots *s)
{
	return s->terminal ? 0 : 1;
}

/* In the order of the slots. */
static const struct {
	const char *type;
	uint32_t (*count)(const struct vr_slots *s);
	uint32_t (*first)(const struct vr_slots *s); /* index of the first; NULL: 0 */
	const char *without;                         /* why there may be none */
} own[] = {
	{"virtio-blk", disks, NULL, "no disk is given"},
	{"virtio-rng", one, NULL, ""},
	{"virtio-console", one, console_port, ""},
	{"virtio-ports", ports, NULL, "there is no --run"},
};
#define OWN (sizeof(own) / sizeof(own[0]))

static int32_t plug_own(struct vr_slots *s)
{
	int32_t rc = VR_OK;

	for (size_t k = 0; k < OWN && rc >= 0; k++) {
		uint32_t count = own[k].count(s), first = own[k].first ? own[k].first(s) : 0;
		struct vr_found f;

		if (count && !find_maker(s->t, own[k].type, &f)) {
			for (uint32_t i = 0; i < count; i++)
				vr_tables_warn(s->t, "no plugin offers \"%s\": the machine goes without it",
					       own[k].type);
			continue;
		}
		for (uint32_t i = 0; i < count && rc >= 0; i++)
			rc = plug(s, &f, own[k].type, first + i);
	}
	return rc;
}

static bool is_own(const char *type)
{
	for (size_t k = 0; k < OWN; k++)
		if (strcmp(own[k].type, type) == 0)
			return true;
	return false;
}

/* ---- what the user named ----------------------------------------------------------------------------- */

/* One of each type that the board has not by itself. */
static int32_t plug_all_of(struct vr_slots *s, const struct vr_found *f)
{
	const struct vr_virtio_maker *m = f->table;
	int32_t rc = vr_slots_is_whole(s->t, f, VR_VIRTIO_ID, vr_virtio_lacks(m));
	const char *types = rc < 0 ? NULL : m->types;
	char type[VR_SLOT_TYPE];

	while (rc >= 0 && vr_slots_next_type(&types, type, sizeof(type)))
		if (!is_own(type))
			rc = plug(s, f, type, 0);
	return rc;
}

static bool is_in_slot(const struct vr_slots *s, const struct vr_virtio_maker *m)
{
	for (uint32_t i = 0; i < s->used; i++)
		if (s->slot[i].maker == m)
			return true;
	return false;
}

/* Does it offer what is no virtio device? It may be used by that. */
static bool offers_more(const struct vr_slots *s, const struct vr_found *f)
{
	static const char *const ids[] = {VR_DEVICE_ID, VR_BLOCK_ID, VR_NET_ID};
	struct vr_found other = {.size = sizeof(other)};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (s->t->registry->find(s->t->host, ids[i], f->id, 0, &other) >= 0)
			return true;
	return false;
}

/* One of its devices is in the machine; else all its types are the board's own, and the first tells why it has none. */
static int32_t is_used(struct vr_slots *s, const struct vr_found *f)
{
	const struct vr_virtio_maker *m = f->table;
	struct vr_found other;

	if (is_in_slot(s, m) || offers_more(s, f))
		return VR_OK;
	for (size_t k = 0; k < OWN; k++) {
		if (!offers(m->types, own[k].type))
			continue;
		if (own[k].count(s) && find_maker(s->t, own[k].type, &other))
			return vr_tables_fail(
				s->t, VR_E_CONFIG,
				"plugin '%s' was named and is not used: the machine's \"%s\" is that of "
				"plugin '%s', which was named as well; leave one of them out",
				f->id, own[k].type, other.id);
		return vr_tables_fail(
			s->t, VR_E_CONFIG,
			"plugin '%s' was named and is not used: this machine has no \"%s\", %s; "
			"leave the plugin out",
			f->id, own[k].type, own[k].without);
	}
	return vr_tables_fail(s->t, VR_E_CONFIG, "plugin '%s' was named and is not used: it offers no device",
			      f->id);
}

/* ---- all of it ------------------------------------------------------------------------------------- */

int32_t vr_slots_fill(struct vr_slots *s)
{
	int32_t rc = plug_own(s);

	if (rc >= 0)
		rc = vr_slots_each_requested(s, VR_VIRTIO_ID, plug_all_of);
	if (rc >= 0)
		rc = vr_slots_each_requested(s, VR_VIRTIO_ID, is_used);
	return rc < 0 ? rc : vr_slots_place_windows(s);
}

void vr_slots_reset(struct vr_slots *s)
{
	vr_slots_reset_windows(s);
	for (uint32_t i = 0; i < s->used; i++)
		vr_virtio_mmio_reset(s->slot[i].virtio);
}

void vr_slots_free(struct vr_slots *s)
{
	vr_slots_free_windows(s);
	for (; s->used > 0; s->used--)
		vr_virtio_mmio_free(s->slot[s->used - 1].virtio);
}

/* ---- state ----------------------------------------------------------------------------------------- */

int32_t vr_slots_state_at(const struct vr_slots *s, uint32_t i, struct vr_board_state *out)
{
	for (uint32_t k = 0; k < s->used; k++) {
		const struct vr_virtio_transport *t = vr_virtio_mmio_transport(s->slot[k].virtio);
		uint32_t things = t->info.queue_count + 1;

		if (i < things)
			return vr_virtio_state_at(t, k, i, out);
		i -= things;
	}
	return VR_E_NOENT;
}

void vr_slots_pause(struct vr_slots *s)
{
	s->paused = 1;
	vr_slots_pause_windows(s);
	for (uint32_t i = 0; i < s->used; i++)
		vr_virtio_pause(vr_virtio_mmio_transport(s->slot[i].virtio));
}

void vr_slots_resume(struct vr_slots *s)
{
	for (uint32_t i = 0; i < s->used; i++)
		vr_virtio_resume(vr_virtio_mmio_transport(s->slot[i].virtio));
	vr_slots_resume_windows(s);
	s->paused = 0;
}

/* Whose state `id` and `index` are; *queue: of which queue. */
static int32_t find_state(const struct vr_slots *s, const char *id, uint32_t index, uint32_t *queue,
			  struct vr_virtio_transport **out)
{
	uint32_t slot = index;

	*queue = VIRTIO_CONFIG_QUEUE;
	if (strcmp(id, VR_STATE_VIRTIO_QUEUE_ID) == 0) {
		slot = index / VR_STATE_VIRTIO_QUEUES;
		*queue = index % VR_STATE_VIRTIO_QUEUES;
	} else if (strcmp(id, VR_STATE_VIRTIO_ID) != 0) {
		return VR_E_NOENT;
	}
	if (slot >= s->used || (*queue != VIRTIO_CONFIG_QUEUE &&
				!vr_virtio_ring(vr_virtio_mmio_transport(s->slot[slot].virtio), *queue)))
		return vr_tables_fail(s->t, VR_E_RANGE,
				      "%s %u: this machine has no such virtio device or queue", id, index);
	*out = vr_virtio_mmio_transport(s->slot[slot].virtio);
	return VR_OK;
}

int32_t vr_slots_get_state(struct vr_slots *s, const char *id, uint32_t index, void *state, uint32_t length)
{
	struct vr_virtio_transport *t;
	uint32_t queue;
	int32_t rc = find_state(s, id, index, &queue, &t);

	if (rc < 0)
		return rc;
	if (!s->paused)
		vr_virtio_pause(t);
	rc = vr_virtio_get_state(t, queue, state, length);
	if (!s->paused)
		vr_virtio_resume(t);
	return rc;
}

int32_t vr_slots_set_state(struct vr_slots *s, const char *id, uint32_t index, const void *state,
			   uint32_t length)
{
	struct vr_virtio_transport *t;
	uint32_t queue;
	int32_t rc = find_state(s, id, index, &queue, &t);

	if (rc < 0)
		return rc;
	if (!s->paused)
		vr_virtio_pause(t);
	rc = vr_virtio_set_state(t, queue, state, length);
	if (!s->paused)
		vr_virtio_resume(t);
	return rc;
}
