# SPDX-License-Identifier: MIT
# core: build/lib/libvmrun.a (everything but main, and sdk/common) and build/bin/vmrun.

CPPFLAGS_core := -Icore -Isdk
CORE_LIBS := -lyaml -lz -ldl

# The Zydis that the header is of; it is opened when a log asks for disassembled code, and not linked.
ZYDIS_SONAME := $(shell readelf -d "$$($(CC) -print-file-name=libZydis.so 2>/dev/null)" 2>/dev/null | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
CFLAGS_core/util/disasm_zydis.c := -DZYDIS_SONAME='"$(or $(ZYDIS_SONAME),libZydis.so)"'

# The guest's side of --run, as a string.
$(B)/gen/agent.inc: core/machine/agent.sh
	@mkdir -p $(@D)
	@echo "  GEN     $@"
	$(Q)sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/' $< >$@
$(B)/obj/core/machine/run_agent.o: $(B)/gen/agent.inc

CORE_SRC := $(sort $(wildcard $(foreach d,util plugin machine boot control helper gdb cli,core/$(d)/*.c)))
CORE_OBJ := $(call objects,$(filter-out core/cli/main.c,$(CORE_SRC)))
CORE_MAIN := $(call objects,core/cli/main.c)
LIBVMRUN := $(B)/lib/libvmrun.a

ALL += $(LIBVMRUN) $(B)/bin/vmrun

# Made anew each time: a member whose source is gone must not stay.
$(LIBVMRUN): $(CORE_OBJ) $(COMMON_OBJS)
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
