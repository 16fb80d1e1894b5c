# SPDX-License-Identifier: MIT
# tests/fp: A64 floating point and SIMD: exact arithmetic, helpers, lifting by mode.
CPPFLAGS_tests_fp := -Isdk -Isdk/xlate

TEST_FP_NAMES := fp_slow mode_flags simd
TEST_FP := $(foreach t,$(TEST_FP_NAMES),$(B)/tests/test-fp-$(t))
TEST_FP_OBJS := $(call objects,$(foreach t,$(TEST_FP_NAMES),tests/fp/test_$(t).c))
TESTS += $(TEST_FP)

$(TEST_FP_OBJS): | $(B)/gen/a64_decode.h
$(TEST_FP): $(B)/tests/test-fp-%: $(B)/obj/tests/fp/test_%.o $(B)/lib/libxlate-isa-arm64.a $(B)/lib/libxlate-ir.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion -lm
