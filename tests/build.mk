# SPDX-License-Identifier: MIT
# tests: every folder below adds programs to TESTS (they print Criterion's synthesis, or a last line
# "N passed, N failed, N skipped") or FULL_TESTS. tests/run.sh runs them and adds up.

# First what the others name.
TESTS_FIRST := tests/fake_host/build.mk tests/micro/build.mk
include $(TESTS_FIRST) $(filter-out $(TESTS_FIRST),$(sort $(wildcard tests/*/build.mk)))

# Where it was built: for the scripts.
test test-full test-unit test-san: export VR_B := $(B)

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

# For `make SAN=1` in CI: those unit tests that take seconds with the sanitizers. Left out, and in test-unit:
#   test-validate      compiles and links more than a hundred plugins with one fault each, and starts each rule as a process
#   test-diff*         half an hour of instructions on an instrumented interpreter; the lifters' fuzzers have sanitizers too
#   test-emit-random   a minute of random IR; the lifters' fuzzers run the emitter's code as well
#   test-boot-unpack   compresses hundreds of MiB and tries each byte of a file wrong; fuzz_unpack reads such files with sanitizers
#   test-soft-smp      half a minute of vCPUs that wait for one another; test-soft-smp-compiled has the same programs, compiled
#   hardening          reads properties of binaries that sanitizers change
SAN_LEFT_OUT := test-validate test-diff test-diff-riscv64 test-emit-random test-boot-unpack test-soft-smp hardening
SAN_TESTS = $(filter-out $(SAN_LEFT_OUT:%=$(B)/tests/%),$(filter $(B)/tests/%,$(TESTS)))
test-san: deps
	$(Q)$(MAKE) --no-print-directory check-san
	$(Q)tests/run.sh $(B)/tests/report $(SAN_TESTS)
check-san: all $(SAN_TESTS)

check-units: all $(filter $(B)/%,$(TESTS))
check-programs: check-units $(TEST_NEEDS)
check-full-programs: $(filter $(B)/%,$(FULL_TESTS)) $(FULL_TEST_NEEDS)

.PHONY: test-unit test-san check-san check-units check-programs check-full-programs
