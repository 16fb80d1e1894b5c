# SPDX-License-Identifier: MIT
# tests/bits: the interpreter and the guests' floating point give the same bits on every host, and compare-and-swap of 16 bytes is
# whole: on this host, and on arm64 under qemu-aarch64.
CPPFLAGS_tests_bits := -Isdk -Isdk/xlate -I.
BITS := $(B)/tests/bits
BITS_CC_arm64 ?= aarch64-linux-gnu-gcc
BITS_SRC := tests/bits/bits.c $(sort $(wildcard plugins/soft/interp*.c sdk/xlate/ir/*.c sdk/xlate/isa/*.c sdk/xlate/isa/*/*.c) sdk/xlate/large_page_filter.c)
BITS_CAS_SRC := tests/bits/cas16.c plugins/soft/cas16.c

$(BITS)/bits: $(call objects,$(BITS_SRC))
$(BITS)/cas16: $(call objects,$(BITS_CAS_SRC))
$(BITS)/bits $(BITS)/cas16:
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lm -pthread

BITS_HEADERS := $(wildcard sdk/*.h sdk/include/vmrun/* sdk/xlate/*.h sdk/xlate/ir/*.h sdk/xlate/isa/*.h sdk/xlate/isa/*/*.h sdk/xlate/isa/*/*.def plugins/soft/*.h)
$(BITS)/bits-arm64: $(BITS_SRC) $(BITS_HEADERS) | $(B)/gen/a64_decode.h $(B)/gen/rv_decode.h deps
$(BITS)/cas16-arm64: $(BITS_CAS_SRC) $(BITS_HEADERS) | deps
$(BITS)/bits-arm64 $(BITS)/cas16-arm64:
	@mkdir -p $(@D)
	@echo "  CROSS   $@"
	$(Q)$(BITS_CC_arm64) -std=gnu11 -O2 $(WARN) -fno-strict-aliasing -D_GNU_SOURCE -Isdk/include -Isdk -Isdk/xlate -I. -I$(B)/gen \
	  -static -pthread -o $@ $(filter %.c,$^) -lm

TESTS += tests/bits/bits.sh
TEST_NEEDS += $(BITS)/bits $(BITS)/cas16 $(BITS)/bits-arm64 $(BITS)/cas16-arm64
