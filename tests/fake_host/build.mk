# SPDX-License-Identifier: MIT
# What the tests of boards and of their devices share: short forms of the fake host (sdk/fake_host), a device plugin that only
# remembers, random states of a PC's controllers, and, for Criterion tests of one board plugin, that board with a fake host.
CPPFLAGS_tests_fake_host := -Isdk
FAKE_HOST_TEST := $(call objects,$(addprefix tests/fake_host/,fake.c maker.c describer.c random_pc.c)) $(FAKE_HOST)
FAKE_HOST_MACHINE := $(call objects,tests/fake_host/machine.c)

# And the fake host itself.
$(B)/tests/test-fake-host-memory: $(call objects,tests/fake_host/memory.c) $(FAKE_HOST_TEST)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion
TESTS += $(B)/tests/test-fake-host-memory
