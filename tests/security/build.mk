# SPDX-License-Identifier: MIT
# tests/security: which plugins are loaded, from where, on whose word; and what the guest's process may do.
TESTS += tests/security/loading.sh
MARKER := $(B)/tests/security/marker.so
TEST_NEEDS += $(MARKER)
CPPFLAGS_tests_security := -Itests/core/faulty
$(MARKER): $(call objects,tests/security/marker.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -shared -o $@ $<

# The sandbox, tried from inside by a plugin of the test's own (probe.c) and a guest that starts it.
TESTS += tests/security/sandbox.sh
PROBE := $(B)/tests/security/com.example.probe
PASSTHROUGH := $(B)/tests/security/passthrough/com.example.passthrough.yaml
SECURITY_GUESTS := $(B)/tests/security/probe-guest $(B)/tests/security/idle-guest
TEST_NEEDS += $(PROBE).so $(PROBE).yaml $(PASSTHROUGH) $(SECURITY_GUESTS)
$(PROBE).so: $(call objects,tests/security/probe.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -shared -Wl,-z,now -o $@ $<
$(PROBE).yaml: tests/security/probe.yaml
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(PASSTHROUGH): tests/security/passthrough.yaml $(PROBE).so
	@mkdir -p $(@D)
	$(Q)cp $< $@
	$(Q)cp $(PROBE).so $(@D)
$(B)/obj/tests/security/probe.o: tests/security/probe_calls.def
$(SECURITY_GUESTS): $(B)/tests/security/%: tests/security/%.c $(MICRO_RUNTIME_arm64) $(MICRO)/runtime/arm64/link.ld
	@mkdir -p $(@D)
	@echo "  GUEST   $@"
	$(Q)$(MICRO_CC_arm64) $(MICRO_CFLAGS) $(MICRO_CFLAGS_arm64) -I$(MICRO)/runtime -I$(MICRO)/runtime/arm64 -c -o $@.o $<
	$(Q)$(MICRO_LINK_arm64) -o $@.elf $@.o $(MICRO_RUNTIME_arm64)
	$(Q)$(MICRO_CC_arm64:gcc=objcopy) -O binary $@.elf $@
