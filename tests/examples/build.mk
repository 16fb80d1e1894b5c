# SPDX-License-Identifier: MIT
# tests/examples: the examples of sdk/examples at work.
TESTS += tests/examples/examples.sh
FULL_TESTS += tests/examples/examples-full.sh
TEST_NEEDS += $(EXAMPLES) $(B)/tests/examples/pvh.elf $(patsubst %,$(B)/tests/examples/%.teach,wrong nowhere cat) $(B)/tests/examples/file-drop
FULL_TEST_NEEDS += $(GUEST_RV)/Image $(GUEST_RV)/initrd.img

$(B)/tests/examples/%.teach: tests/examples/%.S sdk/examples/teach/teach.inc
	@mkdir -p $(@D)
	$(Q)$(CC) -x assembler -c -Isdk/examples/teach -o $(@:.teach=.o) $<
	$(Q)objcopy -O binary -j .text $(@:.teach=.o) $@
$(eval $(call micro_guest,arm64,$(B)/tests/examples/file-drop,tests/examples/file-drop.c))
$(B)/tests/examples/pvh.elf: tests/examples/pvh.S
	@mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-Ttext-segment=0x200000 -o $@ $<
