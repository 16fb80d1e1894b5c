# SPDX-License-Identifier: MIT
# tests/litmus: memory order and atomicity on several CPUs of a guest.
CROSS_ARM64 ?= aarch64-linux-gnu-gcc

$(B)/tests/litmus/litmus: tests/litmus/litmus_arm64.c
	@mkdir -p $(@D)
	@echo "  CROSS   $@"
	$(Q)$(CROSS_ARM64) -D_GNU_SOURCE -std=gnu11 -O2 -Wall -Wextra -static -pthread -o $@ $<

TESTS += tests/litmus/litmus.sh
TEST_NEEDS += $(B)/tests/litmus/litmus
