# SPDX-License-Identifier: MIT
# perf: vmrun beside QEMU and the bare machine; perf/run.sh says how, perf/rows what.
#
#   make perf         PERF_RUNS=3 PERF_ROWS='alu crc' PERF_TIMEOUT=180; see perf/run.sh
#   make perf-loading what installed plugins cost that are not used
#   make perf-quick   the small programs only, once

PERF := build/perf
PERF_C := $(wildcard perf/bench/*.c)
PERF_H := perf/bench/bench.h perf/bench/rows.def
# The same for both sides. Loops stay loops and scalars scalars, or the rows would not be what their names say; no
# fused multiplication, which one side has and the other not: answers are compared bit by bit.
PERF_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -static $(WARN) -ffp-contract=off -fno-math-errno -fno-tree-vectorize \
	-fno-tree-slp-vectorize -fno-tree-loop-distribute-patterns
PERF_GUEST_CC ?= aarch64-linux-gnu-gcc
PERF_SCRIPTS := $(wildcard perf/guest/*)

$(PERF)/watch: perf/host/watch.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 $(WARN) -o $@ $<

$(PERF)/native/bench: $(PERF_C) $(PERF_H) | deps
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(PERF_CFLAGS) -o $@ $(PERF_C)
	$(Q)cp $(PERF_SCRIPTS) $(@D)

$(PERF)/native/programs: $(PERF_SCRIPTS) $(PERF)/native/bench
	$(Q)cp $(PERF_SCRIPTS) $(@D)
	$(Q)touch $@

$(PERF)/initrd/perf/bench: $(PERF_C) $(PERF_H) | deps
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(PERF_GUEST_CC) $(PERF_CFLAGS) -s -o $@ $(PERF_C)

# The guest's initrd with one more archive behind it, which the kernel unpacks over the first.
$(PERF)/initrd.img: $(PERF)/initrd/perf/bench $(PERF_SCRIPTS) $(GUEST)/initrd.img
	@echo "  GUEST   $@"
	$(Q)cp $(PERF_SCRIPTS) $(PERF)/initrd/perf
	$(Q)cd $(PERF)/initrd && find perf | sort | cpio --quiet -o -H newc -R 0:0 | gzip -9n >../more.gz
	$(Q)cat $(GUEST)/initrd.img $(PERF)/more.gz >$@.new && mv $@.new $@

# Without these, what the host has is measured, and the report says which version that was.
$(PERF)/packages.stamp: perf/packages.sh perf/common.sh $(GUEST)/vmlinuz | deps
	@mkdir -p $(@D)
	$(Q)perf/packages.sh qemu || echo "  PERF    no newer QEMU: the installed one is measured" >&2
	$(Q)perf/packages.sh programs || echo "  PERF    no programs of this release: the host's are measured" >&2
	$(Q)touch $@

# The guest of perf/loading.sh powers off at once.
$(PERF)/off.img: perf/startup/off_arm64.S | deps
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	$(Q)$(PERF_GUEST_CC) -c -o $@.o $< && $(PERF_GUEST_CC:%gcc=%objcopy) -O binary $@.o $@

PERF_NEEDS := all guest.img $(GUEST)/Image $(PERF)/watch $(PERF)/native/programs $(PERF)/initrd.img $(PERF)/packages.stamp $(PERF)/off.img
PERF_ENV = PERF_RUNS='$(PERF_RUNS)' PERF_ROWS='$(PERF_ROWS)' PERF_TIMEOUT='$(PERF_TIMEOUT)' \
	PERF_VMRUN='$(PERF_VMRUN)' PERF_APPEND='$(PERF_APPEND)' PERF_QEMU='$(PERF_QEMU)' VMRUN='$(CURDIR)/$(B)/bin/vmrun'

perf: deps
	$(Q)$(MAKE) --no-print-directory $(PERF_NEEDS)
	$(Q)$(PERF_ENV) perf/run.sh
	$(Q)$(PERF_ENV) perf/loading.sh

# Only what installed plugins cost that are not used.
perf-loading: deps
	$(Q)$(MAKE) --no-print-directory all $(PERF)/watch $(PERF)/off.img
	$(Q)$(PERF_ENV) perf/loading.sh

perf-quick: deps
	$(Q)$(MAKE) --no-print-directory $(filter-out guest.img,$(PERF_NEEDS))
	$(Q)$(PERF_ENV) PERF_RUNS=1 PERF_KINDS=micro perf/run.sh

.PHONY: perf-quick perf-loading
