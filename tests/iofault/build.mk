# SPDX-License-Identifier: MIT
# tests/iofault: one call for a file of the whole process fails, or moves less than was asked for, each in turn.
# Sanitizers have such functions of their own.
ifndef SAN
IOFAULT := $(B)/tests/iofault
TESTS += tests/iofault/iofault.sh
TEST_NEEDS += $(IOFAULT)/inject.so $(IOFAULT)/guest $(EXAMPLES)
CFLAGS_tests/iofault/inject.c := -fvisibility=default -fno-builtin -U_FORTIFY_SOURCE -Wno-shadow
$(IOFAULT)/inject.so: $(call objects,tests/iofault/inject.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -shared -o $@ $< -ldl
$(eval $(call micro_guest,arm64,$(IOFAULT)/guest,tests/iofault/guest.c))
endif
