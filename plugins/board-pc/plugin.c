// SPDX-License-Identifier: MIT
/* plugin.c: what board-pc.so exports. */
#include <board/tables.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/plugin.h>

#include "board.h"

static const struct vr_magic magic = VR_MAGIC_INITIALIZER;

VR_EXPORT const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	return &magic;
}

static int32_t VR_CALL probe(void *self)
{
	struct vr_board_plugin *p = self;
	struct vr_tables t;

	return vr_tables_bind(&t, p->host, "board-pc");
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
	return strcmp(interface_id, VR_BOARD_ID) == 0 ? &vr_board_pc : NULL;
}

VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out)
{
	struct vr_board_plugin *p;

	if (strcmp(id, "board-pc") != 0)
		return VR_E_NOENT;
	p = calloc(1, sizeof(*p));
	if (!p) {
		host->error(host, VR_E_NOMEM, "board-pc: out of memory");
		return VR_E_NOMEM;
	}
	p->host = host;
	p->plugin = (struct vr_plugin){
		.size = sizeof(p->plugin),
		.self = p,
		.probe = probe,
		.start = nothing,
		.stop = nothing,
		.destroy = destroy,
		.query = query,
	};
	*out = &p->plugin;
	return VR_OK;
}
