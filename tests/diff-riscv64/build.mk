# SPDX-License-Identifier: MIT
# tests/diff-riscv64: random RV64GC instructions through tier 0, tier 1 and qemu-riscv64.
CROSS_RISCV64 ?= riscv64-linux-gnu-gcc

$(B)/tests/test-diff-riscv64: $(call objects,$(sort $(filter-out %_riscv64.c,$(wildcard tests/diff-riscv64/*.c))) tests/diff/world.c) $(SOFT_OBJS) \
    $(B)/lib/libxlate-isa-riscv64.a $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a | $(B)/tests/test-diff-riscv64-runner
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lm

$(B)/tests/test-diff-riscv64-runner: tests/diff-riscv64/runner_riscv64.c tests/diff-riscv64/case.h
	@mkdir -p $(@D)
	@echo "  CROSS   $@"
	$(Q)$(CROSS_RISCV64) -std=gnu11 -O2 -Wall -Wextra -static -o $@ $<

CPPFLAGS_tests_diff-riscv64 := -Isdk -Isdk/xlate
$(call objects,$(wildcard tests/diff-riscv64/generate.c)): | $(B)/gen/rv_decode.h
TESTS += $(B)/tests/test-diff-riscv64
