# SPDX-License-Identifier: MIT
# tests/sys: the system side of arm64 against a fake engine, the interpreter and the IR verifier.
CPPFLAGS_tests_sys := -Isdk -Isdk/xlate -Iplugins

TEST_SYS_NAMES := walk exception sysreg ops timer state interp verify
TEST_SYS := $(foreach t,$(TEST_SYS_NAMES),$(B)/tests/test-sys-$(t))
TEST_SYS_OBJS := $(call objects,$(foreach t,$(TEST_SYS_NAMES),tests/sys/$(t).c))
TEST_SYS_SHARED := $(call objects,tests/sys/fake.c plugins/soft/interp.c plugins/soft/interp_int.c plugins/soft/interp_vec.c)
TESTS += $(TEST_SYS)

$(TEST_SYS): $(B)/tests/test-sys-%: $(B)/obj/tests/sys/%.o $(TEST_SYS_SHARED) $(B)/lib/libxlate-isa-arm64.a $(B)/lib/libxlate-ir.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion -lm
