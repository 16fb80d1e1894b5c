# SPDX-License-Identifier: MIT
# virtio devices. VIRTIO_OBJS is also what their unit tests link.
CPPFLAGS_plugins_virtio := -Isdk
VIRTIO_SRC := $(addprefix plugins/virtio/,blk.c console.c plugin.c ports.c rng.c)
VIRTIO_OBJS := $(call objects,$(VIRTIO_SRC))
$(eval $(call plugin,virtio,$(VIRTIO_OBJS),))
