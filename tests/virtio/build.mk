# SPDX-License-Identifier: MIT
# Unit tests of plugins/virtio and of sdk/virtio, against a fake host.
CPPFLAGS_tests_virtio := -Isdk
VIRTIO_TESTS := queue transport mmio blk console ports rng net

define virtio_test
$(B)/tests/test-virtio-$(1): $(call objects,tests/virtio/$(1).c tests/virtio/driver.c) $(FAKE_HOST_TEST) $(VIRTIO_OBJS) $(VIRTIO_KIT_OBJS)
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ -lcriterion
endef
$(foreach t,$(VIRTIO_TESTS),$(eval $(call virtio_test,$(t))))
TESTS += $(VIRTIO_TESTS:%=$(B)/tests/test-virtio-%)

# The template's device as its author builds it, on each board.
VIRTIO_TEMPLATE := $(B)/tests/virtio/template.so $(B)/tests/virtio/template.yaml
$(B)/tests/virtio/template.so: sdk/template/device/plugin.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  SO      $@"
	$(Q)$(CC) $(CPPFLAGS) -MF $@.d -MT $@ -Isdk -DPLUGIN_ID='"template"' $(CFLAGS) $(LDFLAGS) -shared -Wl,-z,defs -o $@ $<
-include $(wildcard $(B)/tests/virtio/template.so.d)
$(B)/tests/virtio/template.yaml: sdk/template/device/com.example.template.yaml
	@mkdir -p $(@D)
	$(Q)sed 's/com\.example\.template/template/g' $< >$@
$(B)/tests/test-virtio-boards: $(call objects,tests/virtio/boards.c) $(FAKE_HOST_TEST) | $(VIRTIO_TEMPLATE)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion -ldl
VIRTIO_GUESTS := $(MICRO_ARCHES:%=$(B)/tests/virtio/guest-%)
$(foreach a,$(MICRO_ARCHES),$(eval $(call micro_guest,$(a),$(B)/tests/virtio/guest-$(a),tests/virtio/guest.c)))
TESTS += $(B)/tests/test-virtio-boards tests/virtio/device.sh
TEST_NEEDS += $(VIRTIO_TEMPLATE) $(VIRTIO_GUESTS)
