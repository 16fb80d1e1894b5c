# SPDX-License-Identifier: MIT
# Unit tests of plugins/virtio and of sdk/virtio, against a fake host.
CPPFLAGS_tests_virtio := -Isdk
VIRTIO_TESTS := queue transport mmio blk console rng

define virtio_test
$(B)/tests/test-virtio-$(1): $(call objects,tests/virtio/$(1).c tests/virtio/driver.c) $(FAKE_HOST_TEST) $(VIRTIO_OBJS) $(VIRTIO_KIT_OBJS)
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ -lcriterion
endef
$(foreach t,$(VIRTIO_TESTS),$(eval $(call virtio_test,$(t))))
TESTS += $(VIRTIO_TESTS:%=$(B)/tests/test-virtio-%)
