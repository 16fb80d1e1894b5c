# SPDX-License-Identifier: MIT
# The arm64 `virt` board. BOARD_VIRT_OBJS is also what its unit tests link.
CPPFLAGS_plugins_board-virt := -Isdk
BOARD_VIRT_SRC := $(addprefix plugins/board-virt/,board.c cpu.c fdt.c gic.c gic_bank.c gic_cpu.c gic_dist.c gic_redist.c gic_state.c \
  load.c map.c pl011.c pl031.c plugin.c psci.c state.c)
BOARD_VIRT_OBJS := $(call objects,$(BOARD_VIRT_SRC))
$(eval $(call plugin,board-virt,$(BOARD_VIRT_OBJS),$(BOARD_KIT) -lfdt,$(BOARD_KIT)))
