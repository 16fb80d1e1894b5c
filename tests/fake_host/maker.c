/* SPDX-License-Identifier: MIT */
#include "maker.h"

#include <stdio.h>
#include <string.h>

#include "fake.h"

struct maker_memory made;

static void note(const char *type, uint32_t index)
{
	size_t n = strlen(made.made);

	snprintf(made.made + n, sizeof(made.made) - n, "%s:%u ", strrchr(type, '-') + 1, index);
	made.count++;
}

/* ---- vmrun.device/1 ---------------------------------------------------------------------------------- */

int32_t VR_CALL maker_create(struct vr_plugin_self *self, const struct vr_device_config *c,
			     struct vr_device **device)
{
	(void)self;
	note(c->type, c->index);
	made.base = c->bases[0];
	made.irq = c->irq_count ? c->irqs[0] : 0;
	made.config = *c;
	*device = (struct vr_device *)&made;
	return VR_OK;
}

void VR_CALL maker_reset(struct vr_device *device)
{
	(void)device;
	made.resets++;
}

void VR_CALL maker_destroy(struct vr_device *device)
{
	(void)device;
	made.destroyed++;
}

const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = "test-one",
	.create = maker_create,
	.reset = maker_reset,
	.destroy = maker_destroy,
};

/* ---- vmrun.virtio/1 ---------------------------------------------------------------------------------- */

static int32_t VR_CALL create(struct vr_plugin_self *self, const struct vr_virtio_config *c,
			      struct vr_virtio_info *info, struct vr_virtio_device **device)
{
	(void)self;
	note(c->type, c->index);
	made.io = c->host;
	made.transport = c->transport;
	info->device_id = 42;
	info->queue_count = 1;
	*device = (struct vr_virtio_device *)&made;
	return VR_OK;
}

static void VR_CALL destroy(struct vr_virtio_device *device)
{
	maker_destroy((struct vr_device *)device);
	/* The transport resets a device before its end; that one does not count. */
	made.resets--;
}

static void VR_CALL reset(struct vr_virtio_device *device)
{
	maker_reset((struct vr_device *)device);
}

static uint32_t VR_CALL queue_size(struct vr_virtio_device *device, uint32_t queue)
{
	(void)device, (void)queue;
	return 8;
}

static void VR_CALL notify(struct vr_virtio_device *device, uint32_t queue)
{
	(void)device, (void)queue;
}

const struct vr_virtio_maker virtio_test_maker = {
	.size = sizeof(virtio_test_maker),
	.types = "virtio-blk,virtio-console, virtio-rng",
	.create = create,
	.destroy = destroy,
	.queue_size = queue_size,
	.notify = notify,
	.reset = reset,
};

uint32_t maker_line(struct vr_fake_host *d, uint64_t base)
{
	uint32_t line = 0, resets = made.resets;

	fake_w32(d, base + 0x70, 3);
	fake_w32(d, base + 0x24, 1);
	fake_w32(d, base + 0x20, 1); /* VERSION_1 */
	fake_w32(d, base + 0x70, 11);
	fake_w32(d, base + 0x70, 15);
	made.io->config_changed(made.transport);
	while (line < VR_FAKE_HOST_LINES && !d->line[line])
		line++;
	fake_w32(d, base + 0x70, 0);
	made.resets = resets;
	return line;
}
