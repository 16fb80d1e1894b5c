# SPDX-License-Identifier: MIT
# tests/security: which plugins are loaded, from where, on whose word; and what the guest's process may do.
TESTS += tests/security/loading.sh
MARKER := $(B)/tests/security/marker.so
TEST_NEEDS += $(MARKER)
CPPFLAGS_tests_security := -Itests/core/faulty
$(MARKER): $(call objects,tests/security/marker.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -shared -o $@ $<
