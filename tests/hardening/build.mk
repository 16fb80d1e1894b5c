# SPDX-License-Identifier: MIT
# tests/hardening: what tools/harden.mk promises of vmrun, the plugins and the examples.
TESTS += $(B)/tests/hardening
TEST_NEEDS += $(EXAMPLES)
$(B)/tests/hardening: tests/hardening/hardening.sh
	@mkdir -p $(@D)
	$(Q){ echo '#!/bin/sh'; echo "HARDEN='$(HARDEN)' NO_CET='$(NO_CET)' CC='$(CC)' exec sh tests/hardening/hardening.sh $(B)"; } >$@
	$(Q)chmod +x $@
