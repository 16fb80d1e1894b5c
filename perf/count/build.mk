# SPDX-License-Identifier: MIT
# perf/count: host instructions and bytes that the translator emits for fixed guest snippets; count.c says how.
#
#   make count        counts anew, shows what differs from perf/count/GUEST.txt, and writes that file
#
# perf/count/check.sh, part of make test, fails when the files are not what the code at hand gives.
COUNT := $(B)/perf/count
CPPFLAGS_perf_count := -Isdk -Isdk/xlate
COUNT_GUESTS := arm64 riscv64
COUNT_AS_arm64 = $(PERF_CC_arm64)
COUNT_AS_riscv64 = $(PERF_CC_riscv64) -march=rv64gc_zba_zbb_zbs

define count_guest
$(COUNT)/count-$(1): $(call objects,perf/count/count.c tests/diff/machine.c tests/diff/unit.c tests/diff/$(1).c) \
    $(SOFT_OBJS) $(FAKE_HOST) $(B)/lib/libxlate-isa-$(1).a $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ -lm -lZydis

$(COUNT)/$(1).bin: perf/count/$(1).S perf/count/snippets.h | deps
	@mkdir -p $$(@D)
	@echo "  CROSS   $$@"
	$(Q)$$(COUNT_AS_$(1)) -nostdlib -static -Wl,--build-id=none,-Ttext=0x10000,-e0 -o $$@.elf $$<
	$(Q)$$(patsubst %gcc,%objcopy,$$(firstword $$(COUNT_AS_$(1)))) -O binary -j .text $$@.elf $$@

$(COUNT)/$(1).txt: $(COUNT)/count-$(1) $(COUNT)/$(1).bin FORCE
	$(Q)$(COUNT)/count-$(1) $(COUNT)/$(1).bin >$$@.new && mv $$@.new $$@
endef
$(foreach g,$(COUNT_GUESTS),$(eval $(call count_guest,$(g))))
COUNT_NEEDS := $(COUNT_GUESTS:%=$(COUNT)/%.txt)

TESTS += perf/count/check.sh
TEST_NEEDS += $(COUNT_NEEDS)

count: $(COUNT_NEEDS)
	$(Q)for g in $(COUNT_GUESTS); do \
	  diff -u perf/count/$$g.txt $(COUNT)/$$g.txt && echo "$$g: nothing changed"; cp $(COUNT)/$$g.txt perf/count/; done

.PHONY: count
