# SPDX-License-Identifier: MIT
# The translation kit: static libraries that translator plugins link.
CPPFLAGS_sdk := -Isdk -Isdk/xlate

PATGEN := $(B)/tools/patgen
$(PATGEN): tools/patgen.c
	@mkdir -p $(@D)
	@echo "  HOSTCC  $@"
	$(Q)$(CC) -std=gnu11 $(OPT) $(WARN) -D_GNU_SOURCE $(LDFLAGS) -o $@ $<

# $(call isa,folder,prefix): a guest: pattern files -> decoder and table, and its library.
define isa
$(2)_PATTERNS := $$(sort $$(wildcard sdk/xlate/isa/$(1)/*.pat))
$$(B)/gen/$(2)_decode.h: $$(PATGEN) $$($(2)_PATTERNS)
	@mkdir -p $$(@D)
	@echo "  GEN     $$@"
	$$(Q)$$(PATGEN) $(2) $$($(2)_PATTERNS) > $$@

$(2)_OBJS := $$(call objects,$$(sort $$(wildcard sdk/xlate/isa/$(1)/*.c)))
$$($(2)_OBJS): | $$(B)/gen/$(2)_decode.h
$$(B)/lib/libxlate-isa-$(1).a: $$($(2)_OBJS)
	@mkdir -p $$(@D)
	@echo "  AR      $$@"
	$$(Q)rm -f $$@ && ar rcs $$@ $$^
ALL += $$(B)/lib/libxlate-isa-$(1).a
endef
$(eval $(call isa,arm64,a64))
$(eval $(call isa,riscv64,rv))

# tools/harden.mk says why.
$(foreach f,$(wildcard sdk/xlate/emit/x86/*.c),$(eval CFLAGS_$(f) += $(NO_CET)))
X86_EMIT_OBJS := $(call objects,$(sort $(wildcard sdk/xlate/emit/x86/*.c sdk/xlate/emit/common/*.c)))
$(B)/lib/libxlate-emit-x86.a: $(X86_EMIT_OBJS)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && ar rcs $@ $^

# The IR's own: verifier, printer, cryptographic ops; and what guests share.
IR_OBJS := $(call objects,$(sort $(wildcard sdk/xlate/ir/*.c sdk/xlate/isa/*.c sdk/xlate/*.c)))
$(B)/lib/libxlate-ir.a: $(IR_OBJS)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && ar rcs $@ $^

ALL += $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a
