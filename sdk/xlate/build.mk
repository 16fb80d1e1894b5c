# SPDX-License-Identifier: MIT
# The translation kit: static libraries that translator plugins link.
CPPFLAGS_sdk := -Isdk -Isdk/xlate

PATGEN := $(B)/tools/patgen
$(PATGEN): tools/patgen.c
	@mkdir -p $(@D)
	@echo "  HOSTCC  $@"
	$(Q)$(CC) -std=gnu11 -O1 -g $(WARN) -D_GNU_SOURCE -o $@ $<

# A64: pattern files -> decoder and table.
A64_PATTERNS := $(sort $(wildcard sdk/xlate/isa/arm64/*.pat))
$(B)/gen/a64_decode.h: $(PATGEN) $(A64_PATTERNS)
	@mkdir -p $(@D)
	@echo "  GEN     $@"
	$(Q)$(PATGEN) a64 $(A64_PATTERNS) > $@

A64_OBJS := $(call objects,$(sort $(wildcard sdk/xlate/isa/arm64/*.c)))
$(A64_OBJS): | $(B)/gen/a64_decode.h
$(B)/lib/libxlate-isa-arm64.a: $(A64_OBJS)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && ar rcs $@ $^

X86_EMIT_OBJS := $(call objects,$(sort $(wildcard sdk/xlate/emit/x86/*.c)))
$(B)/lib/libxlate-emit-x86.a: $(X86_EMIT_OBJS)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && ar rcs $@ $^

# The IR's own: verifier, printer, interpreter of one op.
IR_OBJS := $(call objects,$(sort $(wildcard sdk/xlate/ir/*.c)))
$(B)/lib/libxlate-ir.a: $(IR_OBJS)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && ar rcs $@ $^

ALL += $(B)/lib/libxlate-isa-arm64.a $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a
