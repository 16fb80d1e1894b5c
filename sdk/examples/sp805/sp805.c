/* SPDX-License-Identifier: MIT */
/*
 * sp805.c: a watchdog, Arm's SP805 (ARM DDI 0270, chapter 3: the registers).
 *
 * A counter is loaded by the guest and goes down at the rate of WDOGCLK, here the board's clock for devices. At zero
 * the interrupt is raised, and the counter begins again at WDOGLOAD. When it is zero once more and the guest has not
 * cleared the interrupt, the machine is reset. A guest feeds the watchdog by writing WDOGLOAD or WDOGINTCLR.
 *
 * Nothing counts here: `loaded` is the guest's time at which the counter was loaded, and all else is computed of it. A
 * timer of the host is armed for the next zero that means anything: the one that raises the interrupt, or the one that
 * resets the machine.
 *
 * Linux binds its driver by the PrimeCell's identification registers, not by "arm,sp805"; "arm,primecell" is what makes
 * it read them. The driver needs two clocks, which are references to the board's.
 *
 * Not there: the integration test registers, which read as zero.
 */
#include <host_error.h>
#include <plugin_entry.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#define TYPE "sp805"
#define WINDOW 0x1000u

/* Table 3-1. */
#define WDOGLOAD 0x000u
#define WDOGVALUE 0x004u
#define WDOGCONTROL 0x008u
#define WDOGINTCLR 0x00cu
#define WDOGRIS 0x010u
#define WDOGMIS 0x014u
#define WDOGLOCK 0xc00u
#define WDOGPERIPHID 0xfe0u /* eight registers, the last four WDOGPCELLID */

#define CONTROL_INTEN 1u
#define CONTROL_RESEN 2u
#define UNLOCK 0x1acce551u

struct plugin {
	struct vr_plugin_instance instance; /* first */
	const struct vr_host_mmio *mmio;
	const struct vr_host_irq *irq;
	const struct vr_host_timer *timer;
	const struct vr_host_machine *machine;
	const struct vr_host_log *log; /* may be NULL */
};

static inline struct plugin *plugin_of(struct vr_plugin_self *self)
{
	return (struct plugin *)self;
}

struct watchdog {
	const struct plugin *p;
	struct vr_timer *timer;
	uint64_t hz;
	uint32_t irq;
	pthread_mutex_t lock; /* all that follows: any vCPU may come, and the timer's thread */
	uint64_t loaded;      /* guest time in ns */
	uint64_t due;         /* when the timer is to fire; UINT64_MAX: it is not armed */
	uint32_t load, value; /* value: of a counter that does not run */
	uint32_t control, interrupt, locked, level;
	uint32_t paused;
};

static inline struct watchdog *watchdog_of(struct vr_device *device)
{
	return (struct watchdog *)device;
}

/* ---- time: with the lock held ---------------------------------------------------------------------------- */

static uint64_t now(const struct watchdog *w)
{
	return w->p->timer->now(w->p->instance.host);
}

static uint64_t ticks_since_load(const struct watchdog *w)
{
	return (uint64_t)((unsigned __int128)(now(w) - w->loaded) * w->hz / 1000000000u);
}

/* The guest's time at which so many ticks have passed since the load, rounded up. */
static uint64_t time_of(const struct watchdog *w, uint64_t ticks)
{
	return w->loaded + (uint64_t)(((unsigned __int128)ticks * 1000000000u + w->hz - 1) / w->hz);
}

static uint32_t value(const struct watchdog *w)
{
	if (!(w->control & CONTROL_INTEN))
		return w->value;
	return w->load - (uint32_t)(ticks_since_load(w) % ((uint64_t)w->load + 1));
}

static void update_line(struct watchdog *w)
{
	uint32_t level = w->interrupt && w->control & CONTROL_INTEN;

	if (level == w->level)
		return;
	w->level = level;
	w->p->irq->set(w->p->instance.host, VR_IRQ_SHARED, w->irq, level);
}

/* For the next zero, if that changes anything. The counter is zero after `load` ticks, then every load + 1. */
static void arm(struct watchdog *w)
{
	uint64_t ticks, period = (uint64_t)w->load + 1;

	w->due = UINT64_MAX;
	if (!(w->control & CONTROL_INTEN) || w->paused || (w->interrupt && !(w->control & CONTROL_RESEN))) {
		w->p->timer->cancel(w->p->instance.host, w->timer);
		return;
	}
	ticks = ticks_since_load(w);
	w->due = time_of(w, ticks < w->load ? w->load : ticks - (ticks - w->load) % period + period);
	w->p->timer->arm(w->p->instance.host, w->timer, w->due);
}

static void load_counter(struct watchdog *w)
{
	w->loaded = now(w);
	w->value = w->load;
	arm(w);
}

static void reset_machine(const struct plugin *p)
{
	if (VR_HAS(p->log, write))
		p->log->write(p->instance.host, VR_LOG_WARN,
			      "the guest has not fed the watchdog in time: the machine is reset");
	p->machine->power(p->instance.host, VR_POWER_RESET, 0);
}

/* One that was cancelled or put off may still fire. */
static void VR_CALL at_zero(void *opaque)
{
	struct watchdog *w = opaque;

	pthread_mutex_lock(&w->lock);
	if (now(w) >= w->due && w->interrupt) {
		w->due = UINT64_MAX;
		reset_machine(w->p);
	} else if (now(w) >= w->due) {
		w->interrupt = 1;
		update_line(w);
		arm(w);
	}
	pthread_mutex_unlock(&w->lock);
}

/* ---- registers -------------------------------------------------------------------------------------------- */

static uint32_t identification(uint32_t i)
{
	/* 3.3.8 to 3.3.12: part 0x805, designer 0x41, revision 1; then what every PrimeCell has. */
	static const uint8_t bytes[8] = {0x05, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	return bytes[i];
}

static uint32_t read_register(const struct watchdog *w, uint64_t offset)
{
	if (offset >= WDOGPERIPHID)
		return identification((uint32_t)(offset - WDOGPERIPHID) / 4);
	switch (offset) {
	case WDOGLOAD:
		return w->load;
	case WDOGVALUE:
		return value(w);
	case WDOGCONTROL:
		return w->control;
	case WDOGRIS:
		return w->interrupt;
	case WDOGMIS:
		return w->interrupt && w->control & CONTROL_INTEN;
	case WDOGLOCK:
		return w->locked;
	default:
		return 0;
	}
}

/* 3.3.3: the interrupt enable bit also starts the counter, which is then loaded anew. */
static void set_control(struct watchdog *w, uint32_t data)
{
	uint32_t started = data & ~w->control & CONTROL_INTEN;

	if (w->control & ~data & CONTROL_INTEN)
		w->value = value(w);
	w->control = data & (CONTROL_INTEN | CONTROL_RESEN);
	if (started)
		load_counter(w);
	else
		arm(w);
}

static void write_register(struct watchdog *w, uint64_t offset, uint32_t data)
{
	if (offset == WDOGLOCK) {
		w->locked = data != UNLOCK;
		return;
	}
	if (w->locked)
		return;
	switch (offset) {
	case WDOGLOAD:
		w->load = data;
		load_counter(w);
		break;
	case WDOGCONTROL:
		set_control(w, data);
		break;
	case WDOGINTCLR:
		w->interrupt = 0;
		load_counter(w);
		break;
	default:
		break;
	}
	update_line(w);
}

/* Registers are words. */
static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct watchdog *w = opaque;
	uint32_t data;

	(void)vcpu;
	if (width != 4 || offset % 4)
		return 0;
	pthread_mutex_lock(&w->lock);
	data = read_register(w, offset);
	pthread_mutex_unlock(&w->lock);
	return data;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t data)
{
	struct watchdog *w = opaque;

	(void)vcpu;
	if (width != 4 || offset % 4)
		return;
	pthread_mutex_lock(&w->lock);
	write_register(w, offset, (uint32_t)data);
	pthread_mutex_unlock(&w->lock);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

/* ---- vmrun.device/1: its life -------------------------------------------------------------------------------- */

static void VR_CALL watchdog_reset(struct vr_device *device)
{
	struct watchdog *w = watchdog_of(device);

	pthread_mutex_lock(&w->lock);
	w->control = w->interrupt = w->locked = 0;
	w->load = w->value = UINT32_MAX;
	arm(w);
	update_line(w);
	pthread_mutex_unlock(&w->lock);
}

static void set_paused(struct watchdog *w, uint32_t paused)
{
	pthread_mutex_lock(&w->lock);
	w->paused = paused;
	arm(w);
	pthread_mutex_unlock(&w->lock);
}

static void VR_CALL watchdog_pause(struct vr_device *device)
{
	set_paused(watchdog_of(device), 1);
}

static void VR_CALL watchdog_resume(struct vr_device *device)
{
	set_paused(watchdog_of(device), 0);
}

static void VR_CALL watchdog_destroy(struct vr_device *device)
{
	struct watchdog *w = watchdog_of(device);

	if (w->timer)
		w->p->timer->destroy(w->p->instance.host, w->timer);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static int32_t VR_CALL watchdog_create(struct vr_plugin_self *self, const struct vr_device_config *c,
				       struct vr_device **device)
{
	const struct plugin *p = plugin_of(self);
	const struct vr_host *host = p->instance.host;
	struct watchdog *w;
	int32_t rc;

	if (strcmp(c->type, TYPE) != 0)
		return vr_host_error(host, VR_E_NOENT, "sp805: it makes no other device");
	if (!c->clock_hz)
		return vr_host_error(host, VR_E_CONFIG,
				     "sp805: this board has no clock for devices; use another");
	w = calloc(1, sizeof(*w));
	if (!w)
		return vr_host_error(host, VR_E_NOMEM, "sp805: out of memory");
	w->p = p;
	w->hz = c->clock_hz;
	w->irq = c->irqs[0];
	w->load = w->value = UINT32_MAX;
	w->due = UINT64_MAX;
	pthread_mutex_init(&w->lock, NULL);
	rc = p->timer->create(host, at_zero, w, &w->timer);
	if (rc >= 0)
		rc = p->mmio->attach(host, VR_SPACE_MMIO, c->bases[0], WINDOW, &ops, w, TYPE);
	if (rc < 0) {
		watchdog_destroy((struct vr_device *)w);
		return rc; /* the host has said why */
	}
	*device = (struct vr_device *)w;
	return VR_OK;
}

/* ---- vmrun.device/1: what it says of itself (bindings/watchdog/arm,sp805.yaml) ---------------------------------- */

static uint64_t VR_CALL window(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	return strcmp(type, TYPE) == 0 && i == 0 ? WINDOW : 0;
}

static uint32_t VR_CALL irq(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	(void)type;
	return i == 0 ? VR_DEVICE_IRQ_LEVEL : VR_DEVICE_IRQ_NONE;
}

static const char *VR_CALL compatible(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	static const char *const list[] = {"arm,sp805", "arm,primecell"};

	(void)self;
	(void)type;
	return i < sizeof(list) / sizeof(list[0]) ? list[i] : NULL;
}

static const char *VR_CALL node_name(struct vr_plugin_self *self, const char *type)
{
	(void)self;
	(void)type;
	return "watchdog";
}

static int32_t VR_CALL describe(struct vr_plugin_self *self, const char *type, uint32_t i,
				struct vr_device_property *out)
{
	static const struct vr_device_reference clocks[] = {{.node = VR_DEVICE_CLOCK},
							    {.node = VR_DEVICE_CLOCK}};
	static const char *const names[] = {"wdog_clk", "apb_pclk"};

	(void)self;
	(void)type;
	switch (i) {
	case 0:
		out->kind = VR_PROPERTY_REFERENCES;
		out->name = "clocks";
		out->references = clocks;
		out->count = 2;
		out->stride = sizeof(clocks[0]);
		return VR_OK;
	case 1:
		out->kind = VR_PROPERTY_STRINGS;
		out->name = "clock-names";
		out->strings = names;
		out->count = 2;
		return VR_OK;
	default:
		return VR_E_NOENT;
	}
}

static const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = TYPE,
	.create = watchdog_create,
	.reset = watchdog_reset,
	.destroy = watchdog_destroy,
	.window = window,
	.irq = irq,
	.compatible = compatible,
	.node_name = node_name,
	.describe = describe,
	.pause = watchdog_pause,
	.resume = watchdog_resume,
};

/* ---- life of the plugin --------------------------------------------------------------------------------------- */

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	struct plugin *p = plugin_of(self);
	const struct vr_host *host = p->instance.host;

	p->mmio = host->query(host, VR_MMIO_ID);
	p->irq = host->query(host, VR_IRQ_ID);
	p->timer = host->query(host, VR_TIMER_ID);
	p->machine = host->query(host, VR_MACHINE_ID);
	p->log = host->query(host, VR_LOG_ID);
	if (!VR_HAS(p->mmio, attach) || !VR_HAS(p->irq, set) || !VR_HAS(p->timer, destroy) ||
	    !VR_HAS(p->machine, power))
		return vr_host_error(host, VR_E_ABI,
				     "sp805 needs vmrun.mmio/1, irq/1, timer/1 and machine/1; update vmrun");
	return VR_OK;
}

VR_PLUGIN("sp805", struct plugin, VR_DEVICE_ID, &maker, probe)
