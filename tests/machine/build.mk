# SPDX-License-Identifier: MIT
# tests/machine: core/machine against a fake registry, accelerator and board.

CPPFLAGS_tests_machine := -Icore -Isdk
# The fakes take the place of core/plugin and core/boot, so those are not linked.
MACHINE_TEST_CORE := $(call objects,$(wildcard core/machine/*.c core/gdb/*.c core/util/*.c) core/boot/kinds.c $(wildcard sdk/common/sandbox_*.c) $(addprefix sdk/common/,arch.c classes.c error.c file.c text.c) tests/machine/fake.c)

# $(call machine_test,name)
define machine_test
TESTS += $(B)/tests/test-machine-$(1)
$(B)/tests/test-machine-$(1): $(call objects,tests/machine/test_$(1).c) $(MACHINE_TEST_CORE)
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ -lcriterion -lyaml
endef
$(foreach t,backing bus block choose command console disk doorbell memory run sandbox time,$(eval $(call machine_test,$(t))))
