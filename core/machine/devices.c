/* SPDX-License-Identifier: MIT */
/*
 * devices.c: which plugins of class device are opened.
 *
 * A board asks the registry for makers of devices by type, and only started plugins answer. What the user
 * named is started, and must work. Of the others only those are that the board will ask: its manifest lists
 * the types that it takes by itself (`devices`), theirs the types that they make. For each type the first
 * plugin that works is enough: one that the user named, which boards prefer, or else the best of those
 * installed. One that does not work is warned of, and the next is tried. So a plugin that no machine uses is
 * not opened: it costs no time, and when its library is broken nothing happens.
 *
 * A manifest without the key may mean any type (those of ABI 1.0 have none), so with such a board all are
 * started, and such a plugin is with every board.
 */
#include "common/error.h"
#include "common/text.h"
#include "machine/parts.h"
#include "util/log.h"

static bool is_device(const struct loaded_plugin *p)
{
	return p->manifest->class_id == VR_CLASS_DEVICE;
}

static int32_t start_requested(struct registry *r)
{
	for (uint32_t i = 0; i < registry_count(r); i++) {
		struct loaded_plugin *p = registry_at(r, i);
		int32_t rc;

		if (!p->requested || (!is_device(p) && p->manifest->class_id != VR_CLASS_PASSTHROUGH))
			continue;
		vr_error_clear();
		rc = registry_start(r, p);
		if (rc < 0)
			return vr_error_context(rc, "-p %s", p->manifest->id);
	}
	return VR_OK;
}

/* The machine can do without it: a refusal is told, leaves no error noted, and is not asked for again. */
static bool start(struct registry *r, struct loaded_plugin *p)
{
	int32_t rc;

	if (p->probed)
		return p->started;
	vr_error_clear();
	rc = registry_start(r, p);
	if (rc < 0)
		log_print(VR_LOG_WARN, "devices of plugin '%s' can't be had: %s", p->manifest->id,
			  vr_error_text(rc));
	vr_error_clear();
	return rc == VR_OK;
}

static bool makes(const struct loaded_plugin *p, const char *type)
{
	return is_device(p) && vr_text_list_has(p->manifest->devices, type);
}

static void start_maker(struct registry *r, const char *type)
{
	for (uint32_t i = 0; i < registry_count(r); i++)
		if (registry_at(r, i)->started && makes(registry_at(r, i), type))
			return;
	for (uint32_t i = 0; i < registry_count(r); i++)
		if (makes(registry_at(r, i), type) && start(r, registry_at(r, i)))
			return;
}

int32_t devices_start(struct registry *r, const struct loaded_plugin *board)
{
	char **types = board->manifest->devices;
	int32_t rc = start_requested(r);

	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < registry_count(r); i++) {
		struct loaded_plugin *p = registry_at(r, i);

		if (is_device(p) && !p->requested && (!types || !p->manifest->devices))
			start(r, p);
	}
	for (; types && *types; types++)
		start_maker(r, *types);
	return VR_OK;
}
