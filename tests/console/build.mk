# SPDX-License-Identifier: MIT
# tests/console: the ends of a run as its user sees them: signals, the terminal, pipes, --run, the command line.
#
# completion.sh types at bash, zsh and fish; signals.sh runs small guests (tests/micro/guests/arm64); run.sh and terminal.sh run whole ones, of both architectures.
TESTS += tests/console/completion.sh tests/console/signals.sh tests/console/run.sh tests/console/terminal.sh
TEST_NEEDS += $(GUEST_TOOLS) $(B)/tests/console/sync.so

CFLAGS_tests/console/sync.c := -fvisibility=default
$(B)/tests/console/sync.so: $(call objects,tests/console/sync.c)
	@mkdir -p $(@D)
	@echo "  SO      $@"
	$(Q)$(CC) $(LDFLAGS) -shared -o $@ $<
