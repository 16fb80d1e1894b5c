# SPDX-License-Identifier: MIT
# tests/soft: the software engine, with a toy architecture and the interpreter.
CPPFLAGS_tests_soft := -Isdk -Isdk/xlate -Iplugins/soft

TEST_SOFT_NAMES := complete memory flush code smp optimize
TEST_SOFT := $(foreach t,$(TEST_SOFT_NAMES),$(B)/tests/test-soft-$(t))
TEST_SOFT_OBJS := $(call objects,$(foreach t,$(TEST_SOFT_NAMES),tests/soft/test_$(t).c))
TESTS += $(TEST_SOFT)

TEST_SOFT_SUPPORT := $(call objects,tests/soft/toy.c tests/soft/toy_host.c)
$(TEST_SOFT): $(B)/tests/test-soft-%: $(B)/obj/tests/soft/test_%.o $(TEST_SOFT_SUPPORT) $(SOFT_OBJS) $(B)/lib/libxlate-ir.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion -lm
