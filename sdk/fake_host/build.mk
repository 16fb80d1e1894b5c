# SPDX-License-Identifier: MIT
# The fake host: build/lib/libvmrun-fake-host.a, which the validator, our tests and others' tests are linked with.
CPPFLAGS_sdk_fake_host := -Isdk
FAKE_HOST := $(B)/lib/libvmrun-fake-host.a
FAKE_HOST_OBJS := $(call objects,$(sort $(wildcard sdk/fake_host/*.c)))
$(FAKE_HOST): $(FAKE_HOST_OBJS)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

ALL += $(FAKE_HOST)
