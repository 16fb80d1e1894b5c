# SPDX-License-Identifier: MIT
# tests/gdb: `--gdb` with gdb-multiarch and small guests that have debug information.
GDB_GUESTS := $(foreach a,arm64 riscv64 x86_64,$(B)/tests/gdb/$(a)/guest)
$(foreach a,arm64 riscv64 x86_64,$(eval $(call micro_guest,$(a),$(B)/tests/gdb/$(a)/guest,tests/gdb/guest.c)))
$(GDB_GUESTS): private MICRO_CFLAGS += -g

$(B)/tests/gdb/raw: $(call objects,tests/gdb/raw.c)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

TESTS += tests/gdb/gdb.sh tests/gdb/kvm.sh
TEST_NEEDS += $(GDB_GUESTS) $(B)/tests/gdb/raw
