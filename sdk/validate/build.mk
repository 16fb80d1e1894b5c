# SPDX-License-Identifier: MIT
# The validator: build/bin/vmrun-check (`vmrun plugins check`).
CPPFLAGS_sdk_validate := -Isdk -Isdk/xlate

# What alloc.c defines must be seen by the plugins: they look a symbol up in the program first.
VALIDATE_WATCHED := malloc calloc realloc memalign aligned_alloc posix_memalign free mmap mmap64 munmap socket __cxa_atexit
VALIDATE_OBJS := $(call objects,$(sort $(wildcard sdk/validate/*.c)))
$(B)/bin/vmrun-check: $(VALIDATE_OBJS) $(call objects,sdk/board/device_answers.c) $(VIRTIO_KIT_OBJS) $(FAKE_HOST) $(B)/lib/libxlate-ir.a $(COMMON_LIB)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(PIE) $(if $(SAN),,$(VALIDATE_WATCHED:%=-Wl,--export-dynamic-symbol=%)) -o $@ $^ -lyaml -ldl -lm

# The names of this host's system calls, for messages.
$(B)/gen/syscalls.inc:
	@mkdir -p $(@D)
	@echo "  GEN     $@"
	$(Q)echo '#include <sys/syscall.h>' | $(CC) -E -dM - | sed -n 's/^#define SYS_\([a-z0-9_]*\) .*/CALL(\1)/p' | LC_ALL=C sort >$@.new
	$(Q)[ -s $@.new ] && mv $@.new $@
$(call objects,sdk/validate/sandboxed.c): | $(B)/gen/syscalls.inc

ALL += $(B)/bin/vmrun-check

# make guests: the micro-guests' tables, from their assembly; needs the cross assemblers.
guests:
	$(Q)for a in arm64 riscv64 x86_64; do sdk/validate/guests/assemble.sh $$a > sdk/validate/guests/$$a.inc || exit 1; done
.PHONY: guests

# make rules: the table of sdk/doc/RULES.md, from rules.def.
rules: $(B)/bin/vmrun-check
	$(Q)$(B)/bin/vmrun-check --rules > $(B)/gen/rules.md
	$(Q)sed -i -e '/<!-- rules -->/,/<!-- end -->/{/<!-- end -->/!d}' sdk/doc/RULES.md
	$(Q)sed -i -e '/<!-- end -->/{e printf "<!-- rules -->\n"; cat $(B)/gen/rules.md' -e '}' sdk/doc/RULES.md
.PHONY: rules
