# SPDX-License-Identifier: MIT
# What `make perf` is made of: the small programs' answers, the watcher, the report.
TESTS += tests/perf/perf.sh
TEST_NEEDS += build/perf/watch build/perf/native/programs
