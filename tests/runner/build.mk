# SPDX-License-Identifier: MIT
# tests/runner: tests/run.sh itself.
TESTS += tests/runner/runner.sh
