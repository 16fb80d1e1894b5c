/* SPDX-License-Identifier: MIT */
/* plugin.c: what xlate-riscv64-x86.so exports: riscv64's lifter joined with the x86-64 emitter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/plugin.h>
#include <vmrun/translator.h>

#include "../../sdk/xlate/emit/x86/x86.h"
#include "../../sdk/xlate/isa/riscv64/isa.h"

#define ID "xlate-riscv64-x86"

struct instance {
	struct vr_plugin plugin;
	const struct vr_host *host;
};

static const struct vr_magic magic = VR_MAGIC_INITIALIZER;

static const struct vr_translator translator = {
	.size = sizeof(translator),
	.isa = &rv_isa,
	.emit = &x86_emit,
};

VR_EXPORT const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	return &magic;
}

static int32_t VR_CALL probe(void *self)
{
	struct instance *i = self;
	char why[256] = "", text[sizeof(ID) + sizeof(why) + 2];
	int32_t rc = x86_emit.probe ? x86_emit.probe(why, sizeof(why)) : VR_OK;

	if (rc) {
		snprintf(text, sizeof(text), ID ": %s", why);
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
	(void)self;
	return strcmp(interface_id, VR_TRANSLATOR_ID) == 0 ? &translator : NULL;
}

VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out)
{
	struct instance *i;

	if (strcmp(id, ID) != 0)
		return VR_E_NOENT;
	i = calloc(1, sizeof(*i));
	if (!i) {
		host->error(host, VR_E_NOMEM, ID ": out of memory");
		return VR_E_NOMEM;
	}
	i->host = host;
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
