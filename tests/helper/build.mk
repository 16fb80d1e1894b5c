# SPDX-License-Identifier: MIT
# tests/helper: helper processes, by whole runs of vmrun with a micro-guest that asks a device's helper for things.
HELPER_TEST := $(B)/tests/helper
CPPFLAGS_tests_helper := -I. -Icore -Isdk
TESTS += tests/helper/helper.sh
TEST_NEEDS += $(HELPER_TEST)/helper-test.so $(HELPER_TEST)/guest $(HELPER_TEST)/run

$(HELPER_TEST)/helper-test.so: $(call objects,tests/helper/plugin.c tests/helper/helper.c)
	@mkdir -p $(@D)
	@echo "  SO      $@"
	$(Q)$(CC) $(LDFLAGS) -shared -Wl,-z,defs -o $@ $^

$(HELPER_TEST)/run: $(call objects,tests/helper/run.c)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

$(eval $(call micro_guest,arm64,$(HELPER_TEST)/guest,tests/helper/guest.c))
