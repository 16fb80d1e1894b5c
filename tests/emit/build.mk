# SPDX-License-Identifier: MIT
# tests/emit: the emitters of this build for its processor: generated code run for real, by hand-made IR, and random IR
# against the interpreter.
CPPFLAGS_tests_emit := -Isdk -Isdk/xlate -I. -Iplugins/soft

TEST_EMIT_NAMES := random fp fp_rules control flags short
TEST_EMIT := $(foreach t,$(TEST_EMIT_NAMES),$(B)/tests/test-emit-$(t))
TEST_EMIT_OBJS := $(call objects,$(sort $(wildcard tests/emit/*.c)))
TEST_EMIT_SUPPORT := $(call objects,$(addprefix tests/emit/,harness.c generate.c compare.c emitters.c fp_rules.c short_host.c)) $(SOFT_OBJS) $(FAKE_HOST) \
  $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-isa-arm64.a $(B)/lib/libxlate-ir.a
RANDOM_IR := $(B)/tests/random-ir
ifeq ($(shell uname -m),x86_64)
TESTS += $(TEST_EMIT) tests/emit/random-ir.sh
FULL_TESTS += tests/emit/random-ir-full.sh
TEST_NEEDS += $(RANDOM_IR)
FULL_TEST_NEEDS += $(RANDOM_IR)
endif

$(TEST_EMIT): $(B)/tests/test-emit-%: $(B)/obj/tests/emit/test_%.o $(TEST_EMIT_SUPPORT)
$(RANDOM_IR): $(call objects,tests/emit/random_ir.c) $(TEST_EMIT_SUPPORT)
$(TEST_EMIT) $(RANDOM_IR):
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion -lm -lZydis
