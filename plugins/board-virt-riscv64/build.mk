# SPDX-License-Identifier: MIT
# The riscv64 `virt` board. BOARD_RISCV64_OBJS is also what its unit tests link.
CPPFLAGS_plugins_board-virt-riscv64 := -Isdk
BOARD_RISCV64_SRC := $(addprefix plugins/board-virt-riscv64/,board.c clint.c entry.c fdt.c finisher.c firmware.c \
  load.c map.c plic.c plugin.c rtc.c sbi.c)
BOARD_RISCV64_OBJS := $(call objects,$(BOARD_RISCV64_SRC))
$(eval $(call plugin,board-virt-riscv64,$(BOARD_RISCV64_OBJS),$(BOARD_KIT) -lfdt,$(BOARD_KIT)))
