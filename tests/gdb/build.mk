# SPDX-License-Identifier: MIT
# tests/gdb: `--gdb` with gdb-multiarch and small guests that have debug information.
GDB_GUESTS := $(foreach a,arm64 riscv64 x86_64,$(B)/tests/gdb/$(a)/guest)
$(foreach a,arm64 riscv64 x86_64,$(eval $(call micro_guest,$(a),$(B)/tests/gdb/$(a)/guest,tests/gdb/guest.c)))
$(GDB_GUESTS): private MICRO_CFLAGS += -g

$(B)/tests/gdb/raw: $(call objects,tests/gdb/raw.c)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

# Relative in LD_PRELOAD: a blank or a colon in the source's path would separate names.
$(B)/tests/gdb/stepper.so: tests/gdb/stepper.c
	@mkdir -p $(@D)
	@echo "  SO      $@"
	$(Q)$(CC) $(filter-out -MMD -MP,$(CPPFLAGS)) -std=gnu11 -O2 -fPIC $(WARN) -shared -o $@ $< -ldl

TESTS += tests/gdb/gdb.sh tests/gdb/kvm.sh tests/gdb/lldb.sh
TEST_NEEDS += $(GDB_GUESTS) $(B)/tests/gdb/raw $(if $(filter x86,$(KVM_ARCH)),$(B)/tests/gdb/stepper.so)
