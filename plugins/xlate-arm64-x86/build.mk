# SPDX-License-Identifier: MIT
# arm64 on x86-64: the lifter and the emitter, joined.
XLATE_ARM64_X86_OBJS := $(call objects,plugins/xlate-arm64-x86/plugin.c)
XLATE_ARM64_X86_LIBS := $(B)/lib/libxlate-isa-arm64.a $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a
$(eval $(call plugin,xlate-arm64-x86,$(XLATE_ARM64_X86_OBJS),$(XLATE_ARM64_X86_LIBS) -lm,$(XLATE_ARM64_X86_LIBS)))
