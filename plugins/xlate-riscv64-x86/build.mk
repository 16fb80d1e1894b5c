# SPDX-License-Identifier: MIT
# riscv64 on x86-64: the lifter and the emitter, joined.
XLATE_RISCV64_X86_OBJS := $(call objects,plugins/xlate-riscv64-x86/plugin.c)
XLATE_RISCV64_X86_LIBS := $(B)/lib/libxlate-isa-riscv64.a $(B)/lib/libxlate-emit-x86.a $(B)/lib/libxlate-ir.a
$(eval $(call plugin,xlate-riscv64-x86,$(XLATE_RISCV64_X86_OBJS),$(XLATE_RISCV64_X86_LIBS) -lm,$(XLATE_RISCV64_X86_LIBS)))
