/* SPDX-License-Identifier: MIT */
/* slots_offers.c: what plugins offer to the slots and windows of a board: lists of types, and plugins that the user named. */
#include <stdio.h>
#include <string.h>

#include "slots.h"

bool vr_slots_next_type(const char **types, char *type, size_t capacity)
{
	size_t n;

	if (!*types)
		return false;
	*types += strspn(*types, ", ");
	n = strcspn(*types, ", ");
	snprintf(type, capacity, "%.*s", (int)n, *types);
	*types += n;
	return n > 0;
}

bool vr_slots_nth(const struct vr_tables *t, const char *interface_id, uint32_t i, struct vr_found *out)
{
	*out = (struct vr_found){.size = sizeof(*out)};
	return t->registry && t->registry->find(t->host, interface_id, NULL, i, out) >= 0;
}

int32_t vr_slots_is_whole(const struct vr_tables *t, const struct vr_found *f, const char *interface_id,
			  const char *missing)
{
	return missing ? vr_tables_fail(t, VR_E_ABI,
					"plugin '%s': its %s has no '%s'; rebuild or update the plugin",
					f->id, interface_id, missing)
		       : VR_OK;
}

bool vr_slots_is_requested(const struct vr_found *f)
{
	return f->flags & VR_FOUND_REQUESTED;
}

int32_t vr_slots_each_requested(struct vr_slots *s, const char *interface_id,
				int32_t (*place)(struct vr_slots *s, const struct vr_found *f))
{
	struct vr_found f;
	int32_t rc = VR_OK;

	for (uint32_t i = 0; rc >= 0 && vr_slots_nth(s->t, interface_id, i, &f); i++)
		if (vr_slots_is_requested(&f))
			rc = place(s, &f);
	return rc;
}
