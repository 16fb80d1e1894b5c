# SPDX-License-Identifier: MIT
# harden.mk: how binaries are compiled and linked so that a fault in them is harder to use. tests/hardening reads vmrun,
# the plugins and the examples for each of these properties.
#
#   HARDEN       compiler flags; HARDEN_HOST are those among them that another architecture's compiler does not take
#   HARDEN_LD    linker flags: read-only relocations bound at start, no executable stack, code apart from data
#   PIE          what makes a program, besides: position-independent, as a shared library is anyway
#   NO_CET       for code that makes code which CET would end, see below
#
# Forward control flow. -fcf-protection (x86-64, Intel SDM vol. 1 ch. 17) begins each function whose address is taken
# with ENDBR64, and the linker marks a file IBT and SHSTK when each of its objects is marked (Debian 12's crti.o is not,
# so there no file is). -mbranch-protection=standard is the same for arm64 hosts (BTI, and return addresses signed).
# The x86-64 emitter's objects are compiled without the marks, so no translator that links them has them:
#   IBT    fits not: generated code is entered, linked and left by indirect jumps to places without ENDBR64 (the thunk
#          `go`, the indirect-branch cache, the return-address stack).
#   SHSTK  fits not: the thunk `memory` returns behind the descriptor that follows its call, by changing the return
#          address, and the thunk `lookup` drops the calls above exec.host_stack without returning from them.

# $(call cc_has,flags): they, if the compiler and the C library take them.
cc_has = $(shell printf '\043include <features.h>\n' | $(CC) -O2 -Werror $(1) -fsyntax-only -x c - >/dev/null 2>&1 && echo '$(1)')

# Fortified functions need the optimiser, and hide errors from AddressSanitizer.
FORTIFY := $(if $(or $(SAN),$(filter -O0,$(OPT))),,$(or $(call cc_has,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
HARDEN_HOST := $(or $(call cc_has,-fcf-protection=full),$(call cc_has,-mbranch-protection=standard))
NO_CET := $(if $(filter -fcf-protection=%,$(HARDEN_HOST)),-fcf-protection=none)
HARDEN := -fstack-protector-strong $(call cc_has,-fstack-clash-protection) $(FORTIFY) $(HARDEN_HOST)
HARDEN_LD := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code
PIE := -pie
