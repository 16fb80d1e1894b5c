# SPDX-License-Identifier: MIT
# Unit tests of plugins/board-virt-riscv64, against a fake host.
CPPFLAGS_tests_board-riscv64 := -Isdk
BOARD_RISCV64_TESTS := plic clint devices sbi fdt load board

define board_riscv64_test
$(B)/tests/test-board-riscv64-$(1): $(call objects,tests/board-riscv64/$(1).c) $(FAKE_HOST_TEST) $(BOARD_RISCV64_OBJS) $(BOARD_KIT)
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ -lcriterion -lfdt
endef
$(foreach t,$(BOARD_RISCV64_TESTS),$(eval $(call board_riscv64_test,$(t))))
TESTS += $(BOARD_RISCV64_TESTS:%=$(B)/tests/test-board-riscv64-%)
