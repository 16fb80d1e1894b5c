/* SPDX-License-Identifier: MIT */
#include "maker.h"

#include <stdio.h>
#include <string.h>

struct maker_memory made;

int32_t VR_CALL maker_create(void *self, const struct vr_device_config *c, void **device)
{
	size_t n = strlen(made.made);

	(void)self;
	snprintf(made.made + n, sizeof(made.made) - n, "%s:%u ", strrchr(c->type, '-') + 1, c->index);
	made.count++;
	made.base = c->base;
	made.irq = c->irq;
	*device = &made;
	return VR_OK;
}

void VR_CALL maker_reset(void *device)
{
	(void)device;
	made.resets++;
}

void VR_CALL maker_destroy(void *device)
{
	(void)device;
	made.destroyed++;
}

const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = "virtio-mmio-blk,virtio-mmio-console, virtio-mmio-rng",
	.create = maker_create,
	.reset = maker_reset,
	.destroy = maker_destroy,
};
