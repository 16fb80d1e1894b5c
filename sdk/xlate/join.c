/* SPDX-License-Identifier: MIT */
/* join.c: the life of a translator plugin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "join.h"

struct instance {
	struct vr_plugin plugin;
	const struct vr_host *host;
	const char *own;
	const struct vr_translator *translator;
};

static int32_t VR_CALL probe(void *self)
{
	struct instance *i = self;
	char why[256] = "", text[512];
	int32_t rc = i->translator->emit ? i->translator->emit->probe(why, sizeof(why)) : VR_OK;

	if (rc) {
		snprintf(text, sizeof(text), "%s: %s", i->own, why);
		i->host->error(i->host, rc, text);
	}
	return rc;
}

static int32_t VR_CALL nothing(void *self)
{
	(void)self;
	return VR_OK;
}

static void VR_CALL destroy(void *self)
{
	free(self);
}

static const void *VR_CALL query(void *self, const char *interface_id)
{
	struct instance *i = self;

	return strcmp(interface_id, VR_TRANSLATOR_ID) == 0 ? i->translator : NULL;
}

int32_t vr_xlate_create(const struct vr_host *host, const char *id, const char *own,
			const struct vr_translator *t, const struct vr_plugin **out)
{
	struct instance *i;

	if (!id || strcmp(id, own) != 0)
		return VR_E_NOENT;
	i = calloc(1, sizeof(*i));
	if (!i) {
		host->error(host, VR_E_NOMEM, "no memory for a translator");
		return VR_E_NOMEM;
	}
	i->host = host;
	i->own = own;
	i->translator = t;
	i->plugin = (struct vr_plugin){
		.size = sizeof(i->plugin),
		.self = i,
		.probe = probe,
		.start = nothing,
		.stop = nothing,
		.destroy = destroy,
		.query = query,
	};
	*out = &i->plugin;
	return VR_OK;
}
