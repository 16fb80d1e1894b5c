/* SPDX-License-Identifier: MIT */
/* board.h: the riscv64 `virt` machine as a whole. */
#ifndef VR_BOARD_RISCV64_BOARD_H
#define VR_BOARD_RISCV64_BOARD_H

#include <vmrun/board.h>
#include <vmrun/plugin.h>

/* One instance of the plugin: the `self` of its interfaces. */
struct vr_board_plugin {
	struct vr_plugin plugin;
	const struct vr_host *host;
};

extern const struct vr_board vr_board_riscv64;

#endif
