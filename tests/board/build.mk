# SPDX-License-Identifier: MIT
# Unit tests of plugins/board-virt, against a fake host.
CPPFLAGS_tests_board := -Isdk
BOARD_TESTS := gic uart rtc psci fdt load board windows state

define board_test
$(B)/tests/test-board-$(1): $(call objects,tests/board/$(1).c) $(FAKE_HOST_TEST) $(FAKE_HOST_MACHINE) $(BOARD_VIRT_OBJS) $(BOARD_KIT)
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ -lcriterion -lfdt
endef
$(foreach t,$(BOARD_TESTS),$(eval $(call board_test,$(t))))
TESTS += $(BOARD_TESTS:%=$(B)/tests/test-board-%)
