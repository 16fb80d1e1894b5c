# SPDX-License-Identifier: MIT
# Unit tests of plugins/board-virt, against a double of the host tables.
CPPFLAGS_tests_board := -Isdk
BOARD_TESTS := gic uart rtc psci fdt load board state

define board_test
$(B)/tests/test-board-$(1): $(call objects,tests/board/$(1).c) $(BOARD_DOUBLE) $(BOARD_MACHINE) $(BOARD_VIRT_OBJS) $(BOARD_KIT)
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ -lcriterion -lfdt
endef
$(foreach t,$(BOARD_TESTS),$(eval $(call board_test,$(t))))
TESTS += $(BOARD_TESTS:%=$(B)/tests/test-board-%)
