// SPDX-License-Identifier: MIT
#include "slots.h"

#include <string.h>

/* Is `type` one of the comma-separated `types`? */
static int offers(const char *types, const char *type)
{
	size_t length = strlen(type);

	while (types && *types) {
		size_t n;

		types += strspn(types, ", ");
		n = strcspn(types, ", ");
		if (n == length && memcmp(types, type, n) == 0)
			return 1;
		types += n;
	}
	return 0;
}

static int find_maker(const struct vr_tables *t, const char *type, struct vr_found *out)
{
	for (uint32_t i = 0; t->registry; i++) {
		*out = (struct vr_found){.size = sizeof(*out)};
		if (t->registry->find(t->host, VR_DEVICE_ID, NULL, i, out) < 0)
			break;
		if (offers(((const struct vr_device_maker *)out->interface)->types, type))
			return 1;
	}
	return 0;
}

/* The `index`-th device of a type into the next slot. */
static int32_t plug(struct vr_slots *s, const char *type, uint32_t index)
{
	struct vr_device_config c = {.size = sizeof(c), .index = index, .type = type};
	const struct vr_device_maker *maker;
	struct vr_found found;
	void *device = NULL;
	int32_t rc;

	if (s->used == s->max)
		return vr_tables_fail(s->t, VR_E_CONFIG,
				      "%s %u: all %u virtio-mmio slots are taken; use fewer disks", type,
				      index, s->max);
	if (!find_maker(s->t, type, &found)) {
		vr_tables_warn(s->t, "no plugin offers \"%s\": the machine goes without it", type);
		return VR_OK;
	}
	maker = found.interface;
	c.base = s->base + s->used * s->stride;
	c.irq = s->irq + s->used;
	rc = maker->create(found.self, &c, &device);
	if (rc < 0)
		return rc;
	s->slot[s->used].maker = maker;
	s->slot[s->used++].device = device;
	return VR_OK;
}

int32_t vr_slots_fill(struct vr_slots *s)
{
	uint32_t disks = s->t->block ? s->t->block->count(s->t->host) : 0;
	int32_t rc = VR_OK;

	for (uint32_t i = 0; i < disks && rc >= 0; i++)
		rc = plug(s, "virtio-mmio-blk", i);
	if (rc >= 0)
		rc = plug(s, "virtio-mmio-rng", 0);
	if (rc >= 0)
		rc = plug(s, "virtio-mmio-console", s->terminal ? 0 : 1);
	return rc;
}

void vr_slots_reset(struct vr_slots *s)
{
	for (uint32_t i = 0; i < s->used; i++)
		s->slot[i].maker->reset(s->slot[i].device);
}

void vr_slots_free(struct vr_slots *s)
{
	while (s->used-- > 0)
		s->slot[s->used].maker->destroy(s->slot[s->used].device);
	s->used = 0;
}
