# SPDX-License-Identifier: MIT
# tests/diff: random A64 instructions through tier 0, tier 1 and qemu-aarch64.
CROSS_ARM64 ?= aarch64-linux-gnu-gcc

$(B)/tests/test-diff: $(call objects,$(sort $(filter-out %_arm64.c,$(wildcard tests/diff/*.c)))) $(SOFT_OBJS) \
    $(B)/lib/libxlate-isa-arm64.a $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a | $(B)/tests/test-diff-runner
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lm

$(B)/tests/test-diff-runner: tests/diff/runner_arm64.c tests/diff/case.h
	@mkdir -p $(@D)
	@echo "  CROSS   $@"
	$(Q)$(CROSS_ARM64) -std=gnu11 -O2 -Wall -Wextra -static -o $@ $<

CPPFLAGS_tests_diff := -Isdk -Isdk/xlate
$(call objects,$(wildcard tests/diff/generate.c)): | $(B)/gen/a64_decode.h
TESTS += $(B)/tests/test-diff
