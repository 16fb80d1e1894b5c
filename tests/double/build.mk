# SPDX-License-Identifier: MIT
# What the tests of boards and of their devices share: a double of the host tables, random states.
CPPFLAGS_tests_double := -Isdk
BOARD_DOUBLE := $(call objects,tests/double/double.c tests/double/file.c tests/double/maker.c tests/double/random_pc.c)
# For Criterion tests of one board plugin.
BOARD_MACHINE := $(call objects,tests/double/machine.c)
