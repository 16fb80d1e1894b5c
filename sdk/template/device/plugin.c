/* SPDX-License-Identifier: MIT */
/*
 * plugin.c: a virtio device that answers texts (Virtio 1.2 has the words: queue, buffer, feature, configuration space).
 *
 * The user names the plugin (-p), and the board gives the device a transport: registers, rings and an interrupt are the
 * board's. What is here is the device itself:
 *
 *	queue 0        a buffer has a text to read and room to write: the answer is the same text in upper case
 *	feature 0      REVERSE: negotiated, the answer is backwards as well
 *	config 0x00    how many texts were answered
 *	config 0x04    the longest answer, in bytes; the driver may write it; after a reset: option `longest`
 *
 * The transport makes one call at a time, and this device has no thread of its own, so it needs no lock.
 */
#include <ctype.h>
#include <host_error.h>
#include <plugin_entry.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/plugin.h>
#include <vmrun/virtio.h>

#define DEVICE_ID 63u /* no device of the standard's; register one (virtio 1.2, 5) before others use yours */
#define F_REVERSE (1ull << 0)
#define QUEUE_SIZE 64u
#define TEXT_MAX 256u

struct self {
	struct vr_plugin_instance instance; /* first */
	const struct vr_host_config *options;
};

static inline struct self *self_of(struct vr_plugin_self *self)
{
	return (struct self *)self;
}

struct config {
	uint32_t answered, longest;
};

struct vr_virtio_device {
	const struct self *p;
	const struct vr_virtio_host *io; /* the transport's functions, and their first argument */
	struct vr_virtio_transport *transport;
	uint32_t reverse; /* negotiated */
	struct config config;
	struct vr_virtio_segment segment[QUEUE_SIZE];
};

/* ---- what the driver does ---- */

static uint32_t answer(struct vr_virtio_device *d, const struct vr_virtio_buffer *b)
{
	char text[TEXT_MAX], out[TEXT_MAX];
	uint64_t n = d->io->read(d->transport, b, 0, text, sizeof(text));

	if (n > d->config.longest)
		n = d->config.longest;
	for (uint64_t i = 0; i < n; i++)
		out[i] = (char)toupper((unsigned char)text[d->reverse ? n - 1 - i : i]);
	d->config.answered++;
	return (uint32_t)d->io->write(d->transport, b, 0, out, n);
}

static void VR_CALL notify(struct vr_virtio_device *d, uint32_t queue)
{
	struct vr_virtio_buffer b = {.size = sizeof(b),
				     .segment_stride = sizeof(d->segment[0]),
				     .segment = d->segment,
				     .segment_max = QUEUE_SIZE};

	do {
		while (d->io->pop(d->transport, queue, &b) > 0)
			d->io->push(d->transport, queue, &b, answer(d, &b));
	} while (d->io->listen(d->transport, queue));
	d->io->signal(d->transport, queue);
}

static int32_t VR_CALL features(struct vr_virtio_device *d, uint64_t low, uint64_t high)
{
	(void)high;
	d->reverse = (low & F_REVERSE) != 0;
	return VR_OK;
}

static void VR_CALL config_read(struct vr_virtio_device *d, uint32_t offset, void *to, uint32_t length)
{
	memcpy(to, (const char *)&d->config + offset, length);
}

static void VR_CALL config_write(struct vr_virtio_device *d, uint32_t offset, const void *from,
				 uint32_t length)
{
	if (offset == offsetof(struct config, longest) && length == sizeof(d->config.longest))
		memcpy(&d->config.longest, from, length);
	if (d->config.longest > TEXT_MAX)
		d->config.longest = TEXT_MAX;
}

/* Another number whenever the configuration space is another one. */
static uint32_t VR_CALL config_generation(struct vr_virtio_device *d)
{
	return d->config.answered;
}

/* ---- vmrun.virtio/1 ---- */

static void VR_CALL device_reset(struct vr_virtio_device *d)
{
	const struct self *p = d->p;
	uint64_t longest = TEXT_MAX;

	if (VR_HAS(p->options, number))
		p->options->number(p->instance.host, "longest", &longest);
	d->config.answered = 0;
	d->config.longest = longest < TEXT_MAX ? (uint32_t)longest : TEXT_MAX;
	d->reverse = 0;
}

static void VR_CALL device_destroy(struct vr_virtio_device *d)
{
	free(d);
}

static uint32_t VR_CALL queue_size(struct vr_virtio_device *d, uint32_t queue)
{
	(void)d, (void)queue;
	return QUEUE_SIZE;
}

static int32_t VR_CALL device_create(struct vr_plugin_self *self, const struct vr_virtio_config *c,
				     struct vr_virtio_info *info, struct vr_virtio_device **out)
{
	const struct self *p = self_of(self);
	struct vr_virtio_device *d;

	if (strcmp(c->type, PLUGIN_ID) != 0)
		return vr_host_error(p->instance.host, VR_E_NOENT,
				     PLUGIN_ID " makes no devices of other types");
	d = calloc(1, sizeof(*d));
	if (!d)
		return vr_host_error(p->instance.host, VR_E_NOMEM, PLUGIN_ID ": out of memory");
	d->p = p;
	d->io = c->host;
	d->transport = c->transport;
	device_reset(d);
	info->device_id = DEVICE_ID;
	info->features[0] = F_REVERSE;
	info->queue_count = 1;
	info->config_length = sizeof(d->config);
	*out = d;
	return VR_OK;
}

static const struct vr_virtio_maker maker = {
	.size = sizeof(maker),
	.types = PLUGIN_ID,
	.create = device_create,
	.destroy = device_destroy,
	.queue_size = queue_size,
	.notify = notify,
	.features = features,
	.reset = device_reset,
	.config_read = config_read,
	.config_write = config_write,
	.config_generation = config_generation,
};

/* ---- the plugin's life ---- */

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	struct self *p = self_of(self);

	p->options = p->instance.host->query(p->instance.host, VR_CONFIG_ID);
	return VR_OK;
}

VR_PLUGIN(PLUGIN_ID, struct self, VR_VIRTIO_ID, &maker, probe)
