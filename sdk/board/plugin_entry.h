/* SPDX-License-Identifier: MIT */
/*
 * plugin_entry.h: a board plugin in one line: `VR_BOARD_PLUGIN("board-virt", vr_board_virt)` makes of a board's table
 * a plugin. It is usable wherever the host offers the tables that boards need (tables.h).
 * VR_BOARD_PLUGIN_REGISTERS: one that tells debuggers what registers its processors have (registers.h) as
 * well.
 */
#ifndef VR_BOARD_PLUGIN_ENTRY_H
#define VR_BOARD_PLUGIN_ENTRY_H

#include <vmrun/board.h>
#include <vmrun/registers.h>

#include "../plugin_entry.h"

#ifdef __cplusplus
extern "C" {
#endif

/* vmrun_plugin_create() for a plugin whose id is `own`. board is kept; the `self` of its create() is a struct
 * vr_plugin_instance. registers: kept, may be NULL. [main] */
int32_t vr_board_plugin_create(const struct vr_host *host, const char *id, const char *own,
			       const struct vr_board_maker *board, const struct vr_registers *registers,
			       const struct vr_plugin **out);

#define VR_BOARD_PLUGIN_REGISTERS(own, the_board, the_registers)                                  \
	VR_PLUGIN_MAGIC                                                                           \
	VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, \
						      const struct vr_plugin **out)               \
	{                                                                                         \
		return vr_board_plugin_create(host, id, own, &the_board, the_registers, out);     \
	}
#define VR_BOARD_PLUGIN(own, the_board) VR_BOARD_PLUGIN_REGISTERS(own, the_board, NULL)

#ifdef __cplusplus
}
#endif

#endif
