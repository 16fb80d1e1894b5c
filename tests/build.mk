# SPDX-License-Identifier: MIT
# tests: every folder below adds programs to TESTS (they print Criterion's synthesis, or a last line
# "N passed, N failed, N skipped") or FULL_TESTS. tests/run.sh runs them and adds up.

# First what the others name.
TESTS_FIRST := tests/fake_host/build.mk tests/micro/build.mk
include $(TESTS_FIRST) $(filter-out $(TESTS_FIRST),$(sort $(wildcard tests/*/build.mk)))

# Where it was built: for the scripts.
test test-full test-unit: export VR_B := $(B)

test: deps
	$(Q)$(MAKE) --no-print-directory check-programs
	$(Q)tests/run.sh $(B)/tests/report $(TESTS)

test-full: deps
	$(Q)$(MAKE) --no-print-directory check-programs check-full-programs
	$(Q)tests/run.sh $(B)/tests/report $(TESTS) $(FULL_TESTS)

# Unit tests alone: no guest, no download.
test-unit: deps
	$(Q)$(MAKE) --no-print-directory check-units
	$(Q)tests/run.sh $(B)/tests/report $(filter $(B)/tests/%,$(TESTS))

check-units: all $(filter $(B)/%,$(TESTS))
check-programs: check-units $(TEST_NEEDS)
check-full-programs: $(filter $(B)/%,$(FULL_TESTS)) $(FULL_TEST_NEEDS)

.PHONY: test-unit check-units check-programs check-full-programs
