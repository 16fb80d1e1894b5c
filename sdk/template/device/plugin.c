/* SPDX-License-Identifier: MIT */
/*
 * plugin.c: a device: a scratch register, and an alarm that raises an interrupt.
 *
 * The user names the plugin (-p), and the board gives the device a window of MMIO and an interrupt line;
 *where the board writes a device tree, the guest is told of it there. Guests read and write from their vCPUs'
 *threads and the alarm goes off on the timer's, so a lock guards the registers.
 *
 *	0x00 ID       reads 0x52444d56 ("VMDR")
 *	0x04 SCRATCH  keeps what is written; after a reset: option `scratch`
 *	0x08 DELAY    write: the alarm goes off after so many microseconds
 *	0x0c COUNT    how often it has gone off
 *	0x10 STATUS   1: it has gone off and the line is high; write 1: the line goes low
 */
#include <host_error.h>
#include <plugin_entry.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#define WINDOW 0x1000u

#define REG_ID 0x00
#define REG_SCRATCH 0x04
#define REG_DELAY 0x08
#define REG_COUNT 0x0c
#define REG_STATUS 0x10

struct self {
	struct vr_plugin_instance instance; /* first */
	const struct vr_host_mmio *mmio;
	const struct vr_host_irq *irq;
	const struct vr_host_timer *timer;
	const struct vr_host_config *config;
};

struct device {
	const struct self *p;
	uint32_t line;
	struct vr_timer *alarm;
	pthread_mutex_t lock; /* everything below */
	uint32_t scratch, count, status;
};

/* With the lock: two threads must not tell the line's level in the wrong order. */
static void set_status(struct device *d, uint32_t status)
{
	d->status = status;
	d->p->irq->set(d->p->instance.host, VR_IRQ_SHARED, d->line, status);
}

/* ---- what the guest does ---- */

static uint64_t VR_CALL read_register(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct device *d = opaque;
	uint64_t value = 0;

	(void)vcpu, (void)width;
	pthread_mutex_lock(&d->lock);
	switch (offset) {
	case REG_ID:
		value = 0x52444d56;
		break;
	case REG_SCRATCH:
		value = d->scratch;
		break;
	case REG_COUNT:
		value = d->count;
		break;
	case REG_STATUS:
		value = d->status;
		break;
	}
	pthread_mutex_unlock(&d->lock);
	return value;
}

static void VR_CALL write_register(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width,
				   uint64_t value)
{
	struct device *d = opaque;
	const struct self *p = d->p;

	(void)vcpu, (void)width;
	pthread_mutex_lock(&d->lock);
	switch (offset) {
	case REG_SCRATCH:
		d->scratch = (uint32_t)value;
		break;
	case REG_DELAY:
		p->timer->arm(p->instance.host, d->alarm,
			      p->timer->now(p->instance.host) + (uint64_t)(uint32_t)value * 1000);
		break;
	case REG_STATUS:
		if (value & 1)
			set_status(d, 0);
		break;
	}
	pthread_mutex_unlock(&d->lock);
}

static const struct vr_bus_ops registers = {
	.size = sizeof(registers), .read = read_register, .write = write_register};

static void VR_CALL goes_off(void *opaque)
{
	struct device *d = opaque;

	pthread_mutex_lock(&d->lock);
	d->count++;
	set_status(d, 1);
	pthread_mutex_unlock(&d->lock);
}

/* ---- vmrun.device/1 ---- */

static void VR_CALL device_reset(void *device)
{
	struct device *d = device;
	const struct self *p = d->p;
	uint64_t scratch = 0;

	if (VR_HAS(p->config, number))
		p->config->number(p->instance.host, "scratch", &scratch);
	p->timer->cancel(p->instance.host, d->alarm);
	pthread_mutex_lock(&d->lock);
	d->scratch = (uint32_t)scratch;
	d->count = 0;
	set_status(d, 0);
	pthread_mutex_unlock(&d->lock);
}

static void VR_CALL device_destroy(void *device)
{
	struct device *d = device;

	d->p->timer->destroy(d->p->instance.host, d->alarm); /* returns when goes_off() is not running */
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static int32_t VR_CALL device_create(void *self, const struct vr_device_config *c, void **out)
{
	const struct self *p = self;
	struct device *d;
	int32_t rc;

	if (strcmp(c->type, PLUGIN_ID) != 0)
		return vr_host_error(p->instance.host, VR_E_NOENT,
				     PLUGIN_ID " makes no devices of other types");
	d = calloc(1, sizeof(*d));
	if (!d)
		return vr_host_error(p->instance.host, VR_E_NOMEM, PLUGIN_ID ": out of memory");
	d->p = p;
	d->line = c->irq;
	pthread_mutex_init(&d->lock, NULL);
	rc = p->timer->create(p->instance.host, goes_off, d, &d->alarm);
	if (rc >= 0)
		rc = p->mmio->attach(p->instance.host, VR_SPACE_MMIO, c->base, WINDOW, &registers, d,
				     PLUGIN_ID);
	if (rc < 0) {
		if (d->alarm)
			p->timer->destroy(p->instance.host, d->alarm);
		pthread_mutex_destroy(&d->lock);
		free(d);
		return rc;
	}
	device_reset(d);
	*out = d;
	return VR_OK;
}

static uint64_t VR_CALL device_window(void *self, const char *type)
{
	(void)self, (void)type;
	return WINDOW;
}

/* What the guest's driver looks for in a device tree. */
static const char *VR_CALL device_compatible(void *self, const char *type)
{
	(void)self, (void)type;
	return PLUGIN_ID;
}

static const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = PLUGIN_ID,
	.create = device_create,
	.reset = device_reset,
	.destroy = device_destroy,
	.window = device_window,
	.compatible = device_compatible,
};

/* ---- the plugin's life ---- */

static int32_t VR_CALL probe(void *self)
{
	struct self *p = self;
	const struct vr_host *host = p->instance.host;

	p->mmio = host->query(host, VR_MMIO_ID);
	p->irq = host->query(host, VR_IRQ_ID);
	p->timer = host->query(host, VR_TIMER_ID);
	p->config = host->query(host, VR_CONFIG_ID);
	if (!VR_HAS(p->mmio, attach) || !VR_HAS(p->irq, set) || !VR_HAS(p->timer, now) ||
	    !VR_HAS(p->timer, create) || !VR_HAS(p->timer, arm) || !VR_HAS(p->timer, cancel) ||
	    !VR_HAS(p->timer, destroy))
		return vr_host_error(host, VR_E_ABI,
				     PLUGIN_ID " needs " VR_MMIO_ID ", " VR_IRQ_ID " and " VR_TIMER_ID
					       "; use a newer vmrun");
	return VR_OK;
}

VR_PLUGIN(PLUGIN_ID, struct self, VR_DEVICE_ID, &maker, probe)
