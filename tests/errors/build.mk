# SPDX-License-Identifier: MIT
# tests/errors: bad input from end to end. Uses tests/guest's tools and tests/core's faulty plugins.
TESTS += tests/errors/errors.sh
TEST_NEEDS += $(TEST_CORE_FAULTY)
