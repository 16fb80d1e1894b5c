# SPDX-License-Identifier: MIT
# tests/isa: the arm64 decoder and lifter.
CPPFLAGS_tests_isa := -Isdk

TEST_ISA_NAMES := decode lift
TEST_ISA := $(foreach t,$(TEST_ISA_NAMES),$(B)/tests/test-isa-$(t))
TEST_ISA_OBJS := $(call objects,$(foreach t,$(TEST_ISA_NAMES),tests/isa/test_$(t).c))
TESTS += $(TEST_ISA)

$(TEST_ISA_OBJS): | $(B)/gen/a64_decode.h
$(TEST_ISA): $(B)/tests/test-isa-%: $(B)/obj/tests/isa/test_%.o $(B)/lib/libxlate-isa-arm64.a $(B)/lib/libxlate-ir.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion -lm

TESTS += $(B)/tests/test-isa-patgen
$(B)/tests/test-isa-patgen: tests/isa/patgen.sh $(PATGEN)
	@mkdir -p $(@D)
	$(Q)install -m 755 $< $@
