# SPDX-License-Identifier: MIT
# tests/diff: random guest instructions through tier 0, tier 1 and qemu's user mode. One frame; a guest is a table (isa.h) and
# its half of the runner.
CROSS_ARM64 ?= aarch64-linux-gnu-gcc
CROSS_RISCV64 ?= riscv64-linux-gnu-gcc

DIFF_OBJS := $(call objects,$(foreach f,diff generate unit engine machine,tests/diff/$(f).c))
CPPFLAGS_tests_diff := -Isdk -Isdk/xlate

# $(call diff_test,guest,program,cross compiler,decoder)
define diff_test
$(B)/tests/$(2): $(DIFF_OBJS) $(call objects,tests/diff/$(1).c) $(SOFT_OBJS) $(FAKE_HOST) \
    $(B)/lib/libxlate-isa-$(1).a $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a | $(B)/tests/$(2)-runner
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ -lm

$(B)/tests/$(2)-runner: tests/diff/runner.c tests/diff/runner_$(1).c tests/diff/runner.h tests/diff/case.h
	@mkdir -p $$(@D)
	@echo "  CROSS   $$@"
	$(Q)$(3) -std=gnu11 -O2 -Wall -Wextra -static -o $$@ $$(filter %.c,$$^)

$(B)/obj/tests/diff/$(1).o: | $(B)/gen/$(4)
TESTS += $(B)/tests/$(2)
endef
$(eval $(call diff_test,arm64,test-diff,$(CROSS_ARM64),a64_decode.h))
$(eval $(call diff_test,riscv64,test-diff-riscv64,$(CROSS_RISCV64),rv_decode.h))
