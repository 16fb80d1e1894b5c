/* SPDX-License-Identifier: MIT */
/*
 * plugin.c: a device with registers of its own, which squares numbers.
 *
 * The user names the plugin (-p). The board asks window() and irq() what the device needs, gives it an address and an
 * interrupt line in create(), and tells the guest by a device tree or ACPI what node_name(), compatible() and describe()
 * say. Registers are words of 32 bits:
 *
 *	0x00 ID       read: "mmio"
 *	0x04 VALUE    write: a number; read: its square
 *	0x08 STATUS   bit 0: there is a result that the guest has not acknowledged; write 1: acknowledged
 *	0x0c ENABLE   bit 0: the interrupt line is high as long as bit 0 of STATUS is
 *
 * Any vCPU may come at any time, so all that a guest can change is under a lock.
 */
#include <host_error.h>
#include <plugin_entry.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#define WINDOW 0x1000u /* bytes of MMIO */
#define R_ID 0x00u
#define R_VALUE 0x04u
#define R_STATUS 0x08u
#define R_ENABLE 0x0cu
#define ID 0x6f696d6du

struct self {
	struct vr_plugin_instance instance; /* first */
	const struct vr_host_mmio *mmio;
	const struct vr_host_irq *irq;
};

static inline struct self *self_of(struct vr_plugin_self *self)
{
	return (struct self *)self;
}

struct square {
	const struct self *p;
	uint32_t irq;         /* the line */
	pthread_mutex_t lock; /* all that follows */
	uint32_t result, status, enable;
	uint32_t level; /* what the line was last told */
};

static inline struct square *square_of(struct vr_device *device)
{
	return (struct square *)device;
}

/* ---- registers: with the lock held ---- */

static void update_line(struct square *d)
{
	uint32_t level = d->status & d->enable;

	if (level == d->level)
		return;
	d->level = level;
	d->p->irq->set(d->p->instance.host, VR_IRQ_SHARED, d->irq, level);
}

static uint32_t read_register(const struct square *d, uint64_t offset)
{
	switch (offset) {
	case R_ID:
		return ID;
	case R_VALUE:
		return d->result;
	case R_STATUS:
		return d->status;
	case R_ENABLE:
		return d->enable;
	default:
		return 0;
	}
}

static void write_register(struct square *d, uint64_t offset, uint32_t data)
{
	switch (offset) {
	case R_VALUE:
		d->result = data * data;
		d->status = 1;
		break;
	case R_STATUS:
		d->status &= ~data;
		break;
	case R_ENABLE:
		d->enable = data & 1;
		break;
	default:
		break;
	}
	update_line(d);
}

/* ---- the bus: what is no word reads as zero, and is not written ---- */

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct square *d = opaque;
	uint32_t data;

	(void)vcpu;
	if (width != 4 || offset % 4)
		return 0;
	pthread_mutex_lock(&d->lock);
	data = read_register(d, offset);
	pthread_mutex_unlock(&d->lock);
	return data;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t data)
{
	struct square *d = opaque;

	(void)vcpu;
	if (width != 4 || offset % 4)
		return;
	pthread_mutex_lock(&d->lock);
	write_register(d, offset, (uint32_t)data);
	pthread_mutex_unlock(&d->lock);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

/* ---- vmrun.device/1: its life ---- */

static void VR_CALL device_reset(struct vr_device *device)
{
	struct square *d = square_of(device);

	pthread_mutex_lock(&d->lock);
	d->result = d->status = d->enable = 0;
	update_line(d);
	pthread_mutex_unlock(&d->lock);
}

static void VR_CALL device_destroy(struct vr_device *device)
{
	struct square *d = square_of(device);

	pthread_mutex_destroy(&d->lock);
	free(d);
}

static int32_t VR_CALL device_create(struct vr_plugin_self *self, const struct vr_device_config *c,
				     struct vr_device **out)
{
	const struct self *p = self_of(self);
	struct square *d;
	int32_t rc;

	if (strcmp(c->type, PLUGIN_ID) != 0)
		return vr_host_error(p->instance.host, VR_E_NOENT,
				     PLUGIN_ID " makes no devices of other types");
	d = calloc(1, sizeof(*d));
	if (!d)
		return vr_host_error(p->instance.host, VR_E_NOMEM, PLUGIN_ID ": out of memory");
	d->p = p;
	d->irq = c->irqs[0];
	pthread_mutex_init(&d->lock, NULL);
	rc = p->mmio->attach(p->instance.host, VR_SPACE_MMIO, c->bases[0], WINDOW, &ops, d, PLUGIN_ID);
	if (rc < 0) { /* the host has said why */
		device_destroy((struct vr_device *)d);
		return rc;
	}
	*out = (struct vr_device *)d;
	return VR_OK;
}

/* ---- vmrun.device/1: what boards ask, for i = 0, 1, 2 ... until there is no more ---- */

static uint64_t VR_CALL window(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self, (void)type;
	return i == 0 ? WINDOW : 0;
}

static uint32_t VR_CALL irq(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self, (void)type;
	return i == 0 ? VR_DEVICE_IRQ_LEVEL : VR_DEVICE_IRQ_NONE;
}

/* What a driver is found by: for a stock driver what its binding says. */
static const char *VR_CALL compatible(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self, (void)type;
	return i == 0 ? PLUGIN_ID : NULL;
}

static const char *VR_CALL node_name(struct vr_plugin_self *self, const char *type)
{
	(void)self, (void)type;
	return "calculator";
}

static int32_t VR_CALL describe(struct vr_plugin_self *self, const char *type, uint32_t i,
				struct vr_device_property *out)
{
	(void)self, (void)type;
	switch (i) {
	case 0:
		out->name = "label";
		out->kind = VR_PROPERTY_STRING;
		out->text = "squares";
		return VR_OK;
	default:
		return VR_E_NOENT;
	}
}

static const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = PLUGIN_ID,
	.create = device_create,
	.reset = device_reset,
	.destroy = device_destroy,
	.window = window,
	.irq = irq,
	.compatible = compatible,
	.node_name = node_name,
	.describe = describe,
};

/* ---- the plugin's life ---- */

/* The manifest's `requires` has these, so a host without them is refused before. */
static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	struct self *p = self_of(self);

	p->mmio = p->instance.host->query(p->instance.host, VR_MMIO_ID);
	p->irq = p->instance.host->query(p->instance.host, VR_IRQ_ID);
	if (!VR_HAS(p->mmio, attach) || !VR_HAS(p->irq, set))
		return vr_host_error(p->instance.host, VR_E_ABI,
				     PLUGIN_ID " needs vmrun.mmio/1 and vmrun.irq/1; update vmrun");
	return VR_OK;
}

VR_PLUGIN(PLUGIN_ID, struct self, VR_DEVICE_ID, &maker, probe)
