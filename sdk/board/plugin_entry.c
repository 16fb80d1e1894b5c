/* SPDX-License-Identifier: MIT */
/* plugin_entry.c: a board plugin's probe. */
#include "plugin_entry.h"

#include "tables.h"

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	const struct vr_plugin_instance *j = vr_plugin_instance_of(self);
	struct vr_tables t;

	return vr_tables_bind(&t, j->host, j->own);
}

int32_t vr_board_plugin_create(const struct vr_host *host, const char *id, const char *own,
			       const struct vr_board_maker *board, const struct vr_registers *registers,
			       const struct vr_plugin **out)
{
	int32_t rc = vr_plugin_entry(host, id, own, VR_BOARD_ID, board, probe, out);
	struct vr_plugin_instance *j = rc == VR_OK ? vr_plugin_instance_of((*out)->self) : NULL;

	if (j && registers) {
		j->second_id = VR_REGISTERS_ID;
		j->second_table = registers;
	}
	return rc;
}
