# SPDX-License-Identifier: MIT
# tests/guest: whole guests. They need guest.img and its like, which `make test` makes first.

GUEST_TOOLS := $(B)/tests/guest/term $(B)/tests/guest/json $(B)/tests/guest/socket
$(GUEST_TOOLS): $(B)/tests/guest/%: $(B)/obj/tests/guest/%.o
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

# Runs in the guest.
$(B)/tests/guest/debugger: tests/guest/debugger.c
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	$(Q)aarch64-linux-gnu-gcc -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -static -o $@ $<

TESTS += $(addprefix tests/guest/guest-,boot.sh ci.sh debug.sh disk.sh ephemeral.sh files.sh readme.sh programs.sh installer.sh riscv64.sh riscv64-programs.sh)
FULL_TESTS += $(addprefix tests/guest/guest-,programs-full.sh riscv64-programs-full.sh)
TEST_NEEDS += $(GUEST_TOOLS) $(B)/tests/guest/debugger
TEST_GUESTS += guest.img $(GUEST)/Image $(GUEST)/initrd.img guest-installer guest-riscv64 $(GUEST_RV)/guest.img build/ci/arm64.img build/ci/riscv64.img

# Debian's own x86-64 kernel. Where KVM emulates kernel mode it takes minutes to the instruction that ends it.
FULL_TESTS += tests/guest/guest-x86_64.sh tests/guest/nested.sh tests/guest/gdb-full.sh tests/guest/guest-systemd.sh tests/guest/guest-recipes.sh
FULL_TEST_NEEDS += $(GUEST_TOOLS) $(GUEST_PC)/vmlinuz $(GUEST_PC)/initrd.img $(GUEST_PC)/nested.img $(EXAMPLES) $(GUEST)/debug/vmlinux $(GUEST)/systemd/disk.img
