// SPDX-License-Identifier: MIT
/* join.c: the life of a board plugin. */
#include "join.h"

#include <stdlib.h>
#include <string.h>

#include "tables.h"

static int32_t VR_CALL probe(void *self)
{
	const struct vr_board_plugin *p = self;
	struct vr_tables t;

	return vr_tables_bind(&t, p->host, p->own);
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
	const struct vr_board_plugin *p = self;

	return strcmp(interface_id, VR_BOARD_ID) == 0 ? p->board : NULL;
}

int32_t vr_board_plugin_create(const struct vr_host *host, const char *id, const char *own,
			       const struct vr_board *board, const struct vr_plugin **out)
{
	struct vr_board_plugin *p;

	if (!id || strcmp(id, own) != 0)
		return VR_E_NOENT;
	p = calloc(1, sizeof(*p));
	if (!p) {
		host->error(host, VR_E_NOMEM, "no memory for a board");
		return VR_E_NOMEM;
	}
	p->host = host;
	p->own = own;
	p->board = board;
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
