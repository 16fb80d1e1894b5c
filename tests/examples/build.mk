# SPDX-License-Identifier: MIT
# tests/examples: the examples of sdk/examples at work.
TESTS += tests/examples/examples.sh
FULL_TESTS += tests/examples/examples-full.sh
TEST_NEEDS += $(EXAMPLES) $(B)/tests/examples/pvh.elf $(patsubst %,$(B)/tests/examples/%.teach,wrong nowhere cat) $(B)/tests/examples/file-drop \
  $(patsubst %,$(B)/tests/examples/tree-again-%,arm64 riscv64)
FULL_TEST_NEEDS += $(GUEST_RV)/Image $(GUEST_RV)/initrd.img

$(B)/tests/examples/%.teach: tests/examples/%.S sdk/examples/teach/teach.inc
	@mkdir -p $(@D)
	$(Q)$(CC) -x assembler -c -Isdk/examples/teach -o $(@:.teach=.o) $<
	$(Q)objcopy -O binary -j .text $(@:.teach=.o) $@
$(eval $(call micro_guest,arm64,$(B)/tests/examples/file-drop,tests/examples/file-drop.c))
$(foreach a,arm64 riscv64,$(eval $(call micro_guest,$(a),$(B)/tests/examples/tree-again-$(a),tests/examples/tree-again.c)))
$(B)/tests/examples/pvh.elf: tests/examples/pvh.S
	@mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-Ttext-segment=0x200000 -o $@ $<

# The watchdogs, to the tick, on a fake host.
CPPFLAGS_tests_examples := -Isdk
define example_test
$(B)/tests/test-example-$(1): $(call objects,tests/examples/$(1).c sdk/examples/$(1)/$(1).c) $(FAKE_HOST)
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ -lcriterion
TESTS += $(B)/tests/test-example-$(1)
endef
$(foreach t,sp805 sbsa-gwdt,$(eval $(call example_test,$(t))))
