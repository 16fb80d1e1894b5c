# SPDX-License-Identifier: MIT
# perf: vmrun beside QEMU and the bare machine; perf/run.sh says how, perf/rows what.
#
#   make perf         PERF_ARCHS='arm64 riscv64' PERF_RUNS=3 PERF_ROWS='alu crc' PERF_TIMEOUT=180; see perf/run.sh
#   make perf-start   from exec to the guest's first instruction and first line, and memory: vmrun and QEMU
#   make perf-loading what installed plugins cost that are not used
#   make perf-turns   OLD=FOLDER: two builds in turn, row by row; see perf/turns.sh
#   make perf-quick   the small programs only, once

PERF := build/perf
PERF_C := $(wildcard perf/bench/*.c)
PERF_H := perf/bench/bench.h perf/bench/rows.def
# The same for both sides. Loops stay loops and scalars scalars, or the rows would not be what their names say; no
# fused multiplication, which one side has and the other not: answers are compared bit by bit.
PERF_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -static $(filter-out -Wno-gnu%,$(WARN)) -ffp-contract=off -fno-math-errno -fno-tree-vectorize \
	-fno-tree-slp-vectorize -fno-tree-loop-distribute-patterns
# Guest architectures, and for each the cross compiler and what its guest is made of (tools/build.mk).
PERF_ARCHS ?= arm64 riscv64
PERF_CC ?= gcc
PERF_CC_arm64 ?= aarch64-linux-gnu-gcc
PERF_CC_riscv64 ?= riscv64-linux-gnu-gcc
PERF_GUEST_arm64 := $(GUEST)
PERF_GUEST_riscv64 := $(GUEST_RV)
PERF_DISK_arm64 := guest.img
PERF_DISK_riscv64 := $(GUEST_RV)/guest.img
PERF_BELOW_riscv64 := $(GUEST_RV)/firmware.stamp
PERF_SCRIPTS := $(wildcard perf/guest/*)

$(PERF)/watch: perf/host/watch.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 $(WARN) -o $@ $<

$(PERF)/native/bench: $(PERF_C) $(PERF_H) | deps
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(PERF_CC) $(PERF_CFLAGS) -o $@ $(PERF_C)
	$(Q)cp $(PERF_SCRIPTS) $(@D)

$(PERF)/native/programs: $(PERF_SCRIPTS) $(PERF)/native/bench
	$(Q)cp $(PERF_SCRIPTS) $(@D)
	$(Q)touch $@

# $(call perf_guest,arch): the small programs for it, and the guest's initrd with one more archive behind it, which the
# kernel unpacks over the first.
define perf_guest
$(PERF)/$(1)/initrd/perf/bench: $(PERF_C) $(PERF_H) | deps
	@mkdir -p $$(@D)
	@echo "  CC      $$@"
	$(Q)$(PERF_CC_$(1)) $(PERF_CFLAGS) -s -o $$@ $(PERF_C)
$(PERF)/$(1)/initrd.img: $(PERF)/$(1)/initrd/perf/bench $(PERF_SCRIPTS) $(PERF_GUEST_$(1))/initrd.img
	@echo "  GUEST   $$@"
	$(Q)cp $(PERF_SCRIPTS) $(PERF)/$(1)/initrd/perf
	$(Q)cd $(PERF)/$(1)/initrd && find perf | sort | cpio --quiet -o -H newc -R 0:0 | gzip -9n >../more.gz
	$(Q)cat $(PERF_GUEST_$(1))/initrd.img $(PERF)/$(1)/more.gz >$$@.new && mv $$@.new $$@
endef
$(foreach a,arm64 riscv64,$(eval $(call perf_guest,$(a))))

# Without these, what the host has is measured, and the report says which version that was.
$(PERF)/packages.stamp: perf/packages.sh perf/common.sh tools/apt_state.sh $(GUEST)/vmlinuz | deps
	@mkdir -p $(@D)
	$(Q)perf/packages.sh qemu || echo "  PERF    no newer QEMU: the installed one is measured" >&2
	$(Q)perf/packages.sh programs || echo "  PERF    no programs of this release: the host's are measured" >&2
	$(Q)touch $@

# The guests of perf/start.sh: an ELF file with PVH's note, an Image. That of perf/loading.sh powers off at once.
$(PERF)/start.x86_64: perf/startup/flat_x86_64.S tests/micro/runtime/x86_64/pvh.S tests/micro/runtime/x86_64/link.ld | deps
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	$(Q)$(MICRO_CC_x86_64) -nostdlib -static -no-pie -Wl,--build-id=none,--no-warn-rwx-segments,-zmax-page-size=4096 \
	  -Itests/micro/runtime/x86_64 -T tests/micro/runtime/x86_64/link.ld -o $@ $<
$(PERF)/off.img: PERF_FLAT := -DOFF
$(PERF)/start.arm64 $(PERF)/off.img: perf/startup/flat_arm64.S | deps
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	$(Q)$(PERF_CC_arm64) $(PERF_FLAT) -c -o $@.o $< && $(PERF_CC_arm64:%gcc=%objcopy) -O binary $@.o $@
PERF_START_NEEDS := all $(PERF)/watch $(PERF)/packages.stamp $(PERF)/start.x86_64 $(PERF)/start.arm64

PERF_QUICK_NEEDS := all $(PERF)/watch $(PERF)/native/programs $(PERF)/packages.stamp \
	$(foreach a,$(PERF_ARCHS),$(PERF_GUEST_$(a))/Image $(PERF_BELOW_$(a)) $(PERF)/$(a)/initrd.img)
PERF_NEEDS := $(PERF_QUICK_NEEDS) $(PERF_START_NEEDS) $(PERF)/off.img $(foreach a,$(PERF_ARCHS),$(PERF_DISK_$(a)))
PERF_ENV = PERF_ARCHS='$(PERF_ARCHS)' PERF_RUNS='$(PERF_RUNS)' PERF_ROWS='$(PERF_ROWS)' PERF_TIMEOUT='$(PERF_TIMEOUT)' \
	PERF_VMRUN='$(PERF_VMRUN)' PERF_APPEND='$(PERF_APPEND)' PERF_QEMU='$(PERF_QEMU)' VMRUN="$(if $(filter /%,$(B)),$(B),$$PWD/$(B))/bin/vmrun"

perf: deps
	$(Q)$(MAKE) --no-print-directory $(PERF_NEEDS)
	$(Q)$(PERF_ENV) perf/run.sh
	$(Q)$(PERF_ENV) perf/start.sh
	$(Q)$(PERF_ENV) perf/loading.sh

perf-start: deps
	$(Q)$(MAKE) --no-print-directory $(PERF_START_NEEDS)
	$(Q)$(PERF_ENV) perf/start.sh

# Only what installed plugins cost that are not used.
perf-loading: deps
	$(Q)$(MAKE) --no-print-directory all $(PERF)/watch $(PERF)/off.img
	$(Q)$(PERF_ENV) perf/loading.sh

perf-quick: deps
	$(Q)$(MAKE) --no-print-directory $(PERF_QUICK_NEEDS)
	$(Q)$(PERF_ENV) PERF_RUNS=1 PERF_KINDS=micro perf/run.sh

# Another build and this one: what a change costs.
perf-turns: deps
	$(Q)$(MAKE) --no-print-directory all $(PERF)/watch $(foreach a,$(PERF_ARCHS),$(PERF_GUEST_$(a))/Image $(PERF)/$(a)/initrd.img $(PERF_DISK_$(a)))
	$(Q)$(PERF_ENV) OLD='$(OLD)' PERF_KINDS='$(PERF_KINDS)' PERF_WITHIN='$(PERF_WITHIN)' perf/turns.sh

include perf/count/build.mk

.PHONY: perf-quick perf-start perf-loading perf-turns
