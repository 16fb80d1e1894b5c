/* SPDX-License-Identifier: MIT */
/* join.c: a board plugin's probe. */
#include "join.h"

#include "tables.h"

static int32_t VR_CALL probe(void *self)
{
	const struct vr_joined *j = self;
	struct vr_tables t;

	return vr_tables_bind(&t, j->host, j->own);
}

int32_t vr_board_plugin_create(const struct vr_host *host, const char *id, const char *own,
			       const struct vr_board *board, const struct vr_plugin **out)
{
	return vr_join(host, id, own, VR_BOARD_ID, board, probe, out);
}
