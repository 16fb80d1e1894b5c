# SPDX-License-Identifier: MIT
# tests: every folder below adds programs to TESTS (they print Criterion's synthesis, or a last line
# "N passed, N failed, N skipped") or FULL_TESTS. tests/run.sh runs them and adds up.

# First what the others name.
TESTS_FIRST := tests/fake_host/build.mk tests/micro/build.mk
include $(TESTS_FIRST) $(filter-out $(TESTS_FIRST),$(sort $(wildcard tests/*/build.mk)))

# Where it was built: for the scripts.
test test-full test-unit test-san: export VR_B := $(B)

# Without -j what the tests need is built by all CPUs: two jobs more, since the guests wait for downloads.
TEST_MAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell expr $$(nproc) + 2))
# $(call run_tests,programs)
run_tests = tests/run.sh $(B)/tests/report $(call longest_first,$(1))
# Tests run side by side, begun in this order: those that take longest, by name, and all others.
TEST_LONGEST := test-validate guest-programs.sh guest-riscv64-programs.sh run.sh broken.sh test-diff test-diff-riscv64 guest-boot.sh guest-riscv64.sh \
  install.sh errors.sh iofault.sh nomem.sh micro.sh test-boot-unpack test-emit-random random-ir.sh test-soft-smp guest-disk.sh \
  guest-files.sh guest-ci.sh gdb.sh guest-installer.sh examples.sh deps.sh helper.sh
longest_first = $(foreach l,$(TEST_LONGEST),$(filter %/$(l),$(1))) $(filter-out $(addprefix %/,$(TEST_LONGEST)),$(1))

test: deps
	$(Q)$(TEST_MAKE) check-programs
	$(Q)$(call run_tests,$(TESTS))

test-full: deps
	$(Q)$(TEST_MAKE) check-programs check-full-programs
	$(Q)$(call run_tests,$(TESTS) $(FULL_TESTS))

# Unit tests alone: no guest, no download.
test-unit: deps
	$(Q)$(TEST_MAKE) check-units
	$(Q)$(call run_tests,$(filter $(B)/tests/%,$(TESTS)))

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
	$(Q)$(TEST_MAKE) check-san
	$(Q)$(call run_tests,$(SAN_TESTS))
check-san: all $(SAN_TESTS)

check-units: all $(filter $(B)/%,$(TESTS))
# The guests first: they are downloaded while the programs are compiled.
check-programs: $(TEST_GUESTS) check-units $(TEST_NEEDS)
check-full-programs: $(filter $(B)/%,$(FULL_TESTS)) $(FULL_TEST_NEEDS)

guests: $(TEST_GUESTS)

.PHONY: guests test-unit test-san check-san check-units check-programs check-full-programs
