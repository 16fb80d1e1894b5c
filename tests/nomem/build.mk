# SPDX-License-Identifier: MIT
# tests/nomem: one allocation of the whole process fails, each in turn. Sanitizers have their own allocator.
ifndef SAN
TESTS += tests/nomem/nomem.sh
TEST_NEEDS += $(B)/tests/nomem/inject.so $(EXAMPLES)
CFLAGS_tests/nomem/inject.c := -fvisibility=default -fno-builtin
$(B)/tests/nomem/inject.so: $(call objects,tests/nomem/inject.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -shared -o $@ $<
endif
