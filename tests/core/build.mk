# SPDX-License-Identifier: MIT
# tests/core: unit tests of core/{util,plugin,cli} and sdk/common, and the plugins that are wrong on purpose.

CPPFLAGS_tests_core := -Icore -Isdk
# With UBSan's checks for NULL in it, gcc thinks that a path may be NULL.
CFLAGS_tests/core/test_registry.c := $(if $(SAN),-Wno-format-overflow)

TEST_CORE_NAMES := $(sort $(patsubst tests/core/test_%.c,%,$(wildcard tests/core/test_*.c)))
TEST_CORE := $(foreach t,$(TEST_CORE_NAMES),$(B)/tests/test-core-$(t))
TEST_CORE_FAULTY := $(sort $(patsubst tests/core/faulty/%.c,$(B)/tests/faulty/%.so,$(wildcard tests/core/faulty/*.c)))
TESTS += $(TEST_CORE)

TEST_CORE_SUPPORT := $(call objects,tests/core/support.c)
TEST_CORE_OBJ := $(call objects,$(wildcard tests/core/test_*.c tests/core/faulty/*.c))

$(TEST_CORE): $(B)/tests/test-core-%: $(B)/obj/tests/core/test_%.o $(TEST_CORE_SUPPORT) $(LIBVMRUN)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_$(@F)) -o $@ $(filter %.o %.a,$^) -lcriterion $(CORE_LIBS)
LDFLAGS_test-core-nomem := $(foreach f,malloc calloc realloc strdup strndup vasprintf __vasprintf_chk free,-Wl,--wrap=$(f))

# No -z defs: one of them has an unresolved symbol, which dlopen() must refuse.
$(TEST_CORE_FAULTY): $(B)/tests/faulty/%.so: $(B)/obj/tests/core/faulty/%.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -shared -o $@ $<

# Found beside the test program at run time; no path is compiled in.
$(B)/tests/test-core-load $(B)/tests/test-core-nomem: | $(TEST_CORE_FAULTY)
$(B)/tests/test-core-cli: | $(TEST_CORE_FAULTY) $(B)/bin/vmrun
