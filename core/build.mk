# SPDX-License-Identifier: MIT
# core: build/lib/libvmrun.a (everything but main) and build/bin/vmrun.

CPPFLAGS_core := -Icore
CORE_LIBS := -lyaml -lz -ldl

# The keys of a manifest's `library` map are spelt as the compiler spells its target: "linux-x86_64".
CORE_TARGET := $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null))
CORE_OS := $(if $(findstring linux,$(CORE_TARGET)),linux,$(if $(findstring darwin,$(CORE_TARGET)),macos,unknown))
CORE_ARCH := $(firstword $(CORE_TARGET))
CFLAGS_core/util/arch.c := -DVR_BUILD_ARCH='"$(CORE_ARCH)"' -DVR_BUILD_OS='"$(CORE_OS)"'
# The Zydis that the header is of; it is opened when a log asks for disassembled code, and not linked.
ZYDIS_SONAME := $(shell readelf -d "$$($(CC) -print-file-name=libZydis.so)" 2>/dev/null | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
CFLAGS_core/util/disasm_zydis.c := -DZYDIS_SONAME='"$(or $(ZYDIS_SONAME),libZydis.so)"'

CORE_SRC := $(sort $(wildcard $(foreach d,util plugin machine boot control helper gdb cli,core/$(d)/*.c)))
CORE_OBJ := $(call objects,$(filter-out core/cli/main.c,$(CORE_SRC)))
CORE_MAIN := $(call objects,core/cli/main.c)
LIBVMRUN := $(B)/lib/libvmrun.a

ALL += $(LIBVMRUN) $(B)/bin/vmrun

# Made anew each time: a member whose source is gone must not stay.
$(LIBVMRUN): $(CORE_OBJ)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Plugins' calls of _exit() come to core/util/fault.c, which says why. -static-libgcc: the unwinder (core/plugin/guard.c)
# without one library more to open at start.
CORE_EXPORTS := $(if $(SAN),,-Wl,--export-dynamic-symbol=_exit -Wl,--export-dynamic-symbol=_Exit)
$(B)/bin/vmrun: $(CORE_MAIN) $(LIBVMRUN)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(PIE) -static-libgcc $(CORE_EXPORTS) -o $@ $^ $(CORE_LIBS)
