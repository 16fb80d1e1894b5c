# SPDX-License-Identifier: MIT
# tests/log: what `vmrun -d` logs, and the names of generated code that --perf-map and --jitdump give.
LOG_TEST := $(B)/tests/log
LOG_ARCHES := arm64 riscv64
$(foreach a,$(LOG_ARCHES),$(eval $(call micro_guest,$(a),$(LOG_TEST)/$(a)/probe,tests/log/probe.c)))
$(foreach a,$(LOG_ARCHES),$(eval $(call micro_guest,$(a),$(LOG_TEST)/$(a)/spin,tests/log/spin.c)))
$(LOG_TEST)/jitdump: $(call objects,tests/log/jitdump.c)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
TESTS += tests/log/log.sh
TEST_NEEDS += $(LOG_ARCHES:%=$(LOG_TEST)/%/probe) $(LOG_ARCHES:%=$(LOG_TEST)/%/spin) $(LOG_TEST)/jitdump $(B)/tests/guest/json
