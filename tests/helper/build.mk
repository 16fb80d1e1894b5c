# SPDX-License-Identifier: MIT
# tests/helper: helper processes, by whole runs of vmrun with a micro-guest that asks a device's helper for things.
HELPER_TEST := $(B)/tests/helper
CPPFLAGS_tests_helper := -I.
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

# The micro-guests' kit for arm64 (tests/micro/build.mk, which is read after this file).
HELPER_KIT := $(addprefix $(B)/tests/micro/arm64/kit/,start.o arch.o guest.o)
$(HELPER_TEST)/guest: tests/helper/guest.c tests/micro/kit/guest.h $(HELPER_KIT)
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	$(Q)$(MICRO_CC_arm64) $(MICRO_CFLAGS) $(MICRO_CFLAGS_arm64) -I$(MICRO)/kit -I$(MICRO)/kit/arm64 -c -o $@.o $<
	$(Q)$(MICRO_LINK_arm64) -o $@.elf $@.o $(HELPER_KIT)
	$(Q)$(MICRO_CC_arm64:gcc=objcopy) -O binary $@.elf $@
