/* SPDX-License-Identifier: MIT */
/*
 * sbsa-gwdt.c: the generic watchdog of Arm's Server Base System Architecture (Arm DEN 0094, Base System Architecture,
 * appendix "Generic Watchdog", revision 1 of the watchdog; before that DEN 0029).
 *
 * Two frames: the control frame, and the refresh frame, which a system may give to a less trusted program. The watchdog
 * compares the processors' system counter with a value, WCV. A refresh (a write to WRR, WOR or WCS) sets WCV to the counter
 * and WOR more. When the counter passes WCV the first signal, WS0, is raised, an interrupt, and WCV is set so once more;
 * when it passes again, the second, WS1, which here resets the machine.
 *
 * The system counter is the guest's time at the rate of the processors' CNTFRQ_EL0, which is an option: a device has no
 * way to ask a processor.
 */
#include <host_error.h>
#include <plugin_entry.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#define TYPE "sbsa-gwdt"
#define FRAME 0x1000u
#define CONTROL_FRAME 0u /* bindings/watchdog/arm,sbsa-gwdt.yaml: in this order */
#define REFRESH_FRAME 1u
#define FRAMES 2u

#define WRR 0x000u    /* of the refresh frame */
#define WCS 0x000u    /* the others are of the control frame */
#define WOR 0x008u    /* 48 bits */
#define WCV 0x010u    /* 64 bits */
#define W_IIDR 0xfccu /* of both */

#define WCS_EN 1u
#define WCS_WS0 2u
#define WCS_WS1 4u
#define WOR_BITS ((UINT64_C(1) << 48) - 1)
#define IIDR_VALUE (1u << 16) /* revision 1 of the architecture: WOR has 48 bits */

struct plugin {
	struct vr_plugin_instance instance; /* first */
	const struct vr_host_mmio *mmio;
	const struct vr_host_irq *irq;
	const struct vr_host_timer *timer;
	const struct vr_host_machine *machine;
	const struct vr_host_log *log; /* may be NULL */
	const struct vr_host_config *config;
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
	uint64_t wor, wcv;
	uint32_t wcs, level;
	uint32_t paused;
};

static inline struct watchdog *watchdog_of(struct vr_device *device)
{
	return (struct watchdog *)device;
}

/* ---- time: with the lock held ---------------------------------------------------------------------------- */

static uint64_t counter(const struct watchdog *w)
{
	return (uint64_t)((unsigned __int128)w->p->timer->now(w->p->instance.host) * w->hz / 1000000000u);
}

/* The guest's time at which the counter has passed WCV. */
static uint64_t due(const struct watchdog *w)
{
	unsigned __int128 ns = (((unsigned __int128)w->wcv + 1) * 1000000000u + w->hz - 1) / w->hz;

	return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

static void arm(struct watchdog *w)
{
	if (w->wcs & WCS_EN && !(w->wcs & WCS_WS1) && !w->paused)
		w->p->timer->arm(w->p->instance.host, w->timer, due(w));
	else
		w->p->timer->cancel(w->p->instance.host, w->timer);
}

static void update_line(struct watchdog *w)
{
	uint32_t level = !!(w->wcs & WCS_WS0);

	if (level == w->level)
		return;
	w->level = level;
	w->p->irq->set(w->p->instance.host, VR_IRQ_SHARED, w->irq, level);
}

static void refresh(struct watchdog *w)
{
	w->wcs &= WCS_EN;
	w->wcv = counter(w) + w->wor;
	update_line(w);
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
static void VR_CALL passed(void *opaque)
{
	struct watchdog *w = opaque;

	pthread_mutex_lock(&w->lock);
	if (w->wcs & WCS_EN && !w->paused && counter(w) > w->wcv) {
		if (w->wcs & WCS_WS0) {
			w->wcs |= WCS_WS1;
			reset_machine(w->p);
		} else {
			w->wcs |= WCS_WS0;
			w->wcv = counter(w) + w->wor;
		}
		update_line(w);
		arm(w);
	}
	pthread_mutex_unlock(&w->lock);
}

/* ---- registers -------------------------------------------------------------------------------------------- */

/* Registers of 64 bits are read and written as a whole or in halves. */
static uint64_t part(uint64_t value, uint64_t offset, uint32_t width)
{
	return width == 8 ? value : offset % 8 ? value >> 32 : (uint32_t)value;
}

static void set_part(uint64_t *value, uint64_t offset, uint32_t width, uint64_t data)
{
	if (width == 8)
		*value = data;
	else if (offset % 8)
		*value = (uint32_t)*value | data << 32;
	else
		*value = (*value & ~UINT64_C(0xffffffff)) | (uint32_t)data;
}

static uint64_t control_read(const struct watchdog *w, uint64_t offset, uint32_t width)
{
	switch (offset & ~UINT64_C(7)) {
	case WCS:
		return offset == WCS ? w->wcs : 0;
	case WOR:
		return part(w->wor, offset, width);
	case WCV:
		return part(w->wcv, offset, width);
	default:
		return 0;
	}
}

static void control_write(struct watchdog *w, uint64_t offset, uint32_t width, uint64_t data)
{
	switch (offset & ~UINT64_C(7)) {
	case WCS:
		if (offset != WCS)
			return;
		w->wcs = data & WCS_EN;
		refresh(w);
		break;
	case WOR:
		set_part(&w->wor, offset, width, data);
		w->wor &= WOR_BITS;
		refresh(w);
		break;
	case WCV:
		set_part(&w->wcv, offset, width, data);
		arm(w);
		break;
	default:
		break;
	}
}

static int is_access(uint64_t offset, uint32_t width)
{
	return (width == 4 || width == 8) && offset % width == 0;
}

static uint64_t VR_CALL read_control(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct watchdog *w = opaque;
	uint64_t data;

	(void)vcpu;
	if (!is_access(offset, width))
		return 0;
	if (offset == W_IIDR)
		return IIDR_VALUE;
	pthread_mutex_lock(&w->lock);
	data = control_read(w, offset, width);
	pthread_mutex_unlock(&w->lock);
	return data;
}

static void VR_CALL write_control(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t data)
{
	struct watchdog *w = opaque;

	(void)vcpu;
	if (!is_access(offset, width))
		return;
	pthread_mutex_lock(&w->lock);
	control_write(w, offset, width, data);
	pthread_mutex_unlock(&w->lock);
}

static uint64_t VR_CALL read_refresh(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	(void)opaque;
	(void)vcpu;
	return offset == W_IIDR && width == 4 ? IIDR_VALUE : 0;
}

static void VR_CALL write_refresh(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t data)
{
	struct watchdog *w = opaque;

	(void)vcpu;
	(void)data;
	if (!is_access(offset, width) || offset != WRR)
		return;
	pthread_mutex_lock(&w->lock);
	refresh(w);
	pthread_mutex_unlock(&w->lock);
}

static const struct vr_bus_ops frames[FRAMES] = {
	[CONTROL_FRAME] = {.size = sizeof(frames[0]), .read = read_control, .write = write_control},
	[REFRESH_FRAME] = {.size = sizeof(frames[0]), .read = read_refresh, .write = write_refresh},
};

/* ---- vmrun.device/1: its life -------------------------------------------------------------------------------- */

static void VR_CALL watchdog_reset(struct vr_device *device)
{
	struct watchdog *w = watchdog_of(device);

	pthread_mutex_lock(&w->lock);
	w->wcs = 0;
	w->wor = w->wcv = 0;
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
	uint64_t hz = 0;
	int32_t rc;

	if (strcmp(c->type, TYPE) != 0)
		return vr_host_error(host, VR_E_NOENT, "sbsa-gwdt: it makes no other device");
	p->config->number(host, "counter-hz", &hz);
	if (!hz || hz > UINT32_MAX)
		return vr_host_error(
			host, VR_E_CONFIG,
			"sbsa-gwdt: counter-hz is no rate of a counter; say what the guest's CNTFRQ_EL0 is");
	w = calloc(1, sizeof(*w));
	if (!w)
		return vr_host_error(host, VR_E_NOMEM, "sbsa-gwdt: out of memory");
	w->p = p;
	w->hz = hz;
	w->irq = c->irqs[0];
	pthread_mutex_init(&w->lock, NULL);
	rc = p->timer->create(host, passed, w, &w->timer);
	for (uint32_t i = 0; i < FRAMES && rc >= 0; i++)
		rc = p->mmio->attach(host, VR_SPACE_MMIO, c->bases[i], FRAME, &frames[i], w, TYPE);
	if (rc < 0) {
		watchdog_destroy((struct vr_device *)w);
		return rc; /* the host has said why */
	}
	*device = (struct vr_device *)w;
	return VR_OK;
}

/* ---- vmrun.device/1: what it says of itself --------------------------------------------------------------------- */

static uint64_t VR_CALL window(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	return strcmp(type, TYPE) == 0 && i < FRAMES ? FRAME : 0;
}

static uint32_t VR_CALL irq(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	(void)type;
	return i == 0 ? VR_DEVICE_IRQ_LEVEL : VR_DEVICE_IRQ_NONE;
}

static const char *VR_CALL compatible(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	(void)type;
	return i == 0 ? "arm,sbsa-gwdt" : NULL;
}

static const char *VR_CALL node_name(struct vr_plugin_self *self, const char *type)
{
	(void)self;
	(void)type;
	return "watchdog";
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
	p->config = host->query(host, VR_CONFIG_ID);
	if (!VR_HAS(p->mmio, attach) || !VR_HAS(p->irq, set) || !VR_HAS(p->timer, destroy) ||
	    !VR_HAS(p->machine, power) || !VR_HAS(p->config, number))
		return vr_host_error(
			host, VR_E_ABI,
			"sbsa-gwdt needs vmrun.mmio/1, irq/1, timer/1, machine/1 and config/1; update vmrun");
	return VR_OK;
}

VR_PLUGIN("sbsa-gwdt", struct plugin, VR_DEVICE_ID, &maker, probe)
