# SPDX-License-Identifier: MIT
# The board kit: what several boards are made of, a static library that board plugins link (with -lfdt where they
# write a device tree). sdk/virtio is part of it.
BOARD_KIT := $(B)/lib/libboard.a
BOARD_KIT_OBJS := $(call objects,$(sort $(wildcard sdk/board/*.c))) $(VIRTIO_KIT_OBJS)
$(BOARD_KIT): $(BOARD_KIT_OBJS)
	@mkdir -p $(@D)
	@echo "  AR      $@"
	$(Q)rm -f $@ && ar rcs $@ $^

ALL += $(BOARD_KIT)
