# SPDX-License-Identifier: MIT
# Unit tests of plugins/board-pc, against a fake host.
CPPFLAGS_tests_board-pc := -Isdk
BOARD_PC_TESTS := acpi board ioapic lapic load pci pic pit ports rtc state uart

define board_pc_test
$(B)/tests/test-board-pc-$(1): $(call objects,tests/board-pc/$(1).c) $(FAKE_HOST_TEST) $(FAKE_HOST_MACHINE) $(BOARD_PC_OBJS) $(BOARD_KIT)
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ -lcriterion
endef
$(foreach t,$(BOARD_PC_TESTS),$(eval $(call board_pc_test,$(t))))
TESTS += $(BOARD_PC_TESTS:%=$(B)/tests/test-board-pc-%)

# The ACPI tables, read by ACPICA's compiler.
$(B)/tests/pc-acpi-dump: $(call objects,tests/board-pc/dump_acpi.c $(addprefix plugins/board-pc/,acpi.c acpi_devices.c aml.c)) $(FAKE_HOST_TEST) $(BOARD_KIT)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion
TESTS += tests/board-pc/iasl.sh
TEST_NEEDS += $(B)/tests/pc-acpi-dump
