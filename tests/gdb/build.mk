# SPDX-License-Identifier: MIT
# tests/gdb: `--gdb` with gdb-multiarch and small guests that have debug information.
GDB_GUESTS := $(foreach a,arm64 riscv64,$(B)/tests/gdb/$(a)/guest)
$(foreach a,arm64 riscv64,$(eval $(call micro_guest,$(a),$(B)/tests/gdb/$(a)/guest,tests/gdb/guest.c)))
$(GDB_GUESTS): private MICRO_CFLAGS += -g
TESTS += tests/gdb/gdb.sh
TEST_NEEDS += $(GDB_GUESTS)
