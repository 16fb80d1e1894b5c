# SPDX-License-Identifier: MIT
# tests/riscv64: the lifter and the system side of riscv64 against a fake engine.
CPPFLAGS_tests_riscv64 := -Isdk -Isdk/xlate

TEST_RISCV64_NAMES := trap csr walk pmp lift
TEST_RISCV64 := $(foreach t,$(TEST_RISCV64_NAMES),$(B)/tests/test-riscv64-$(t))
TEST_RISCV64_OBJS := $(call objects,$(foreach t,$(TEST_RISCV64_NAMES),tests/riscv64/$(t).c))
TEST_RISCV64_SHARED := $(call objects,tests/riscv64/fake.c)
TESTS += $(TEST_RISCV64)

$(TEST_RISCV64): $(B)/tests/test-riscv64-%: $(B)/obj/tests/riscv64/%.o $(TEST_RISCV64_SHARED) $(B)/lib/libxlate-isa-riscv64.a $(B)/lib/libxlate-ir.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion -lm
