# SPDX-License-Identifier: MIT
# The x86-64 `pc` board. BOARD_PC_OBJS is also what its unit tests link.
CPPFLAGS_plugins_board-pc := -Isdk
BOARD_PC_SRC := $(addprefix plugins/board-pc/,acpi.c acpi_devices.c acpi_pm.c aml.c board.c bzimage.c cmos.c elf.c elf_move.c entry.c intr.c \
  intr_state.c ioapic.c lapic.c lapic_life.c lapic_regs.c lapic_timer.c load.c pci.c pic.c pit.c plugin.c ranges.c reset.c startup.c state.c)
BOARD_PC_OBJS := $(call objects,$(BOARD_PC_SRC))
$(eval $(call plugin,board-pc,$(BOARD_PC_OBJS),$(BOARD_KIT),$(BOARD_KIT)))
