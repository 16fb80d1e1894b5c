# SPDX-License-Identifier: MIT
# tests/emit: the x86-64 emitter: generated code run for real, by hand-made IR and against the interpreter.
CPPFLAGS_tests_emit := -Isdk -Isdk/xlate -I.

TEST_EMIT_NAMES := random fp control
TEST_EMIT := $(foreach t,$(TEST_EMIT_NAMES),$(B)/tests/test-emit-$(t))
TEST_EMIT_OBJS := $(call objects,$(sort $(wildcard tests/emit/*.c)))
TEST_EMIT_SOFT := $(call objects,$(sort $(wildcard plugins/soft/interp*.c)))
ifeq ($(shell uname -m),x86_64)
TESTS += $(TEST_EMIT)
endif

$(TEST_EMIT): $(B)/tests/test-emit-%: $(B)/obj/tests/emit/test_%.o $(B)/obj/tests/emit/harness.o $(TEST_EMIT_SOFT) \
  $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-isa-arm64.a $(B)/lib/libxlate-ir.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion -lm
