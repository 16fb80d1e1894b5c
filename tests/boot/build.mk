# SPDX-License-Identifier: MIT
# tests/boot: unit tests of core/boot, on volumes and disks that the tests make in memory.

CPPFLAGS_tests_boot := -Icore -Isdk

TEST_BOOT_NAMES := bls boot fat gpt gzip unpack
TEST_BOOT := $(TEST_BOOT_NAMES:%=$(B)/tests/test-boot-%)
TESTS += $(TEST_BOOT)

TEST_BOOT_IMAGE := $(call objects,tests/boot/image.c)
TEST_BOOT_OBJ := $(call objects,$(TEST_BOOT_NAMES:%=tests/boot/test_%.c))

$(TEST_BOOT): $(B)/tests/test-boot-%: $(B)/obj/tests/boot/test_%.o $(TEST_BOOT_IMAGE) $(LIBVMRUN)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) -lcriterion $(CORE_LIBS)
