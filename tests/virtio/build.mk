# SPDX-License-Identifier: MIT
# Unit tests of plugins/virtio; the double of the host tables is tests/double.
VIRTIO_TESTS := queue mmio blk console rng

define virtio_test
$(B)/tests/test-virtio-$(1): $(call objects,tests/virtio/$(1).c tests/virtio/driver.c) $(BOARD_DOUBLE) $(VIRTIO_OBJS)
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ -lcriterion
endef
$(foreach t,$(VIRTIO_TESTS),$(eval $(call virtio_test,$(t))))
TESTS += $(VIRTIO_TESTS:%=$(B)/tests/test-virtio-%)
