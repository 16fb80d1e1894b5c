/* SPDX-License-Identifier: MIT */
/*
 * abi-device.c: a device for the tests of the ABI. When it is made it tries the host tables as ABI 1.0 has
 * them; the first one that does not do what it promised is named in the error. Uses nothing that ABI 1.0 has
 * not, so that it can be built against the headers of any release.
 *
 * Registers of 8 bytes: 0 the text CARD_MAGIC. 8 written: puts option `text` into guest memory at that
 * address. 16 read: how often the timer has fired. 24 written: fire in so many nanoseconds.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/block.h>
#include <vmrun/device.h>
#include <vmrun/plugin.h>

#define TYPES "teach-card,abi-card"
#define CARD_MAGIC "ABI-CARD"

struct plugin {
	struct vr_plugin plugin;
	const struct vr_host *host;
};

struct card {
	const struct vr_host *host;
	const struct vr_host_memory *memory;
	const struct vr_host_mmio *mmio;
	const struct vr_host_irq *irq;
	const struct vr_host_timer *timer;
	const struct vr_host_config *config;
	struct vr_timer *alarm;
	uint32_t irq_line;
	atomic_uint fired;
};

static inline struct card *card_of(struct vr_device *device)
{
	return (struct card *)device;
}

static void VR_CALL on_alarm(void *opaque)
{
	struct card *c = opaque;

	atomic_fetch_add(&c->fired, 1);
	c->irq->set(c->host, VR_IRQ_SHARED, c->irq_line, 1);
	c->irq->set(c->host, VR_IRQ_SHARED, c->irq_line, 0);
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct card *c = opaque;
	uint64_t v = 0;

	(void)vcpu;
	if (offset == 0)
		memcpy(&v, CARD_MAGIC, width);
	if (offset == 16)
		v = atomic_load(&c->fired);
	return v;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct card *c = opaque;
	const char *text = c->config->string(c->host, "text");
	uint64_t n = strlen(text) + 1;
	struct vr_mapping m = {.size = sizeof(m)};

	(void)vcpu;
	(void)width;
	if (offset == 24)
		c->timer->arm(c->host, c->alarm, c->timer->now(c->host) + value);
	if (offset != 8)
		return;
	if (c->memory->map(c->host, value, n, VR_MAP_WRITE, &m) < 0)
		return;
	memcpy(m.bytes, text, n);
	c->memory->unmap(c->host, &m, 0, n);
}

static const struct vr_bus_ops ops = {.size = sizeof(ops), .read = read_op, .write = write_op};

/* ---- the tables, tried ---- */

static void VR_CALL add_one(void *arg)
{
	atomic_fetch_add((atomic_uint *)arg, 1);
}

/* Each returns NULL or what was wrong. */
static const char *try_host(struct card *c)
{
	if (!VR_HAS(c->host, query) || !VR_HAS(c->host, error))
		return "vr_host is too short";
	if (c->host->abi_major != VR_ABI_MAJOR || c->host->abi_minor < VR_ABI_MINOR)
		return "vr_host has a wrong version";
	return c->host->query(c->host, "org.example.unknown/1") ? "an unknown table is there" : NULL;
}

static const char *try_memory(struct card *c)
{
	struct vr_memory_region r = {.size = sizeof(r)};
	struct vr_mapping m = {.size = sizeof(m)};

	if (!VR_HAS(c->memory, add) || !VR_HAS(c->memory, count) || !VR_HAS(c->memory, region) ||
	    !VR_HAS(c->memory, map) || !VR_HAS(c->memory, unmap) || !VR_HAS(c->memory, written))
		return "a function is missing";
	if (!c->memory->count(c->host) || c->memory->region(c->host, 0, &r) < 0 || !r.length)
		return "there is no RAM";
	if (c->memory->map(c->host, r.gpa, UINT64_MAX, VR_MAP_READ, &m) != VR_E_RANGE)
		return "map() goes beyond RAM";
	if (c->memory->map(c->host, r.gpa, r.length, VR_MAP_READ, &m) < 0 || !m.bytes || m.gpa != r.gpa ||
	    m.length != r.length || m.rights != VR_MAP_READ)
		return "region() and map() do not agree";
	c->memory->unmap(c->host, &m, 0, 0);
	return NULL;
}

static const char *try_timer(struct card *c)
{
	uint64_t before = c->timer->now(c->host);

	if (!VR_HAS(c->timer, create) || !VR_HAS(c->timer, arm) || !VR_HAS(c->timer, cancel) ||
	    !VR_HAS(c->timer, destroy))
		return "a function is missing";
	if (c->timer->now(c->host) < before)
		return "time goes back";
	return c->timer->wall(c->host) ? NULL : "there is no wall time";
}

static const char *try_config(struct card *c)
{
	uint64_t n = 0;

	if (c->config->number(c->host, "number", &n) < 0 || !n)
		return "option 'number'";
	if (!c->config->string(c->host, "text"))
		return "option 'text'";
	return c->config->string(c->host, "nonesuch") ? "an option that there is not" : NULL;
}

static const char *try_registry(struct card *c)
{
	const struct vr_host_registry *r = c->host->query(c->host, VR_REGISTRY_ID);
	/* Followed by what must not be written. */
	struct {
		struct vr_found f;
		uint64_t guard[4];
	} x;
	uint32_t i = 0, myself = 0;

	if (!VR_HAS(r, find))
		return "find is missing";
	for (;; i++) {
		memset(&x, 0x5a, sizeof(x));
		x.f.size = sizeof(x.f);
		if (r->find(c->host, VR_DEVICE_ID, NULL, i, &x.f) < 0)
			break;
		if (x.guard[0] != UINT64_C(0x5a5a5a5a5a5a5a5a))
			return "find writes after found.size";
		myself += strcmp(x.f.id, "abi-device") == 0;
	}
	return myself == 1 ? NULL : "it does not find me once";
}

static const char *try_thread(struct card *c)
{
	const struct vr_host_thread *t = c->host->query(c->host, VR_THREAD_ID);
	struct vr_thread *one = NULL;
	atomic_uint n = 0;

	if (!VR_HAS(t, spawn) || !VR_HAS(t, join) || !VR_HAS(t, park) || !VR_HAS(t, unpark))
		return "a function is missing";
	if (t->spawn(c->host, "abi", add_one, &n, &one) < 0)
		return "spawn";
	t->join(c->host, one);
	return atomic_load(&n) == 1 ? NULL : "the thread did not run";
}

static const char *try_codecache(struct card *c)
{
	const struct vr_host_codecache *t = c->host->query(c->host, VR_CODECACHE_ID);
	struct vr_code_memory m = {.size = sizeof(m)};

	if (!VR_HAS(t, create) || !VR_HAS(t, destroy) || !VR_HAS(t, begin_write) || !VR_HAS(t, end_write))
		return "a function is missing";
	if (t->create(c->host, 65536, &m) < 0 || m.length < 65536)
		return "create";
	t->begin_write(c->host, &m);
	m.write[0] = 0;
	t->end_write(c->host, &m, 0, 1);
	t->destroy(c->host, &m);
	return NULL;
}

static const char *try_machine(struct card *c)
{
	const struct vr_host_machine *m = c->host->query(c->host, VR_MACHINE_ID);

	if (!VR_HAS(m, arch) || !VR_HAS(m, vcpu_count) || !VR_HAS(m, ram_size) || !VR_HAS(m, power) ||
	    !VR_HAS(m, vcpu_set_state) || !VR_HAS(m, vcpu_get_state) || !VR_HAS(m, vcpu_power) ||
	    !VR_HAS(m, vcpu_is_on) || !VR_HAS(m, set_hypercall) || !VR_HAS(m, hypercall))
		return "a function is missing";
	return *m->arch(c->host) && m->vcpu_count(c->host) && m->ram_size(c->host) ? NULL : "no answers";
}

static const char *try_console_and_disks(struct card *c)
{
	const struct vr_host_console *t = c->host->query(c->host, VR_CONSOLE_ID);
	const struct vr_host_disks *d = c->host->query(c->host, VR_DISKS_ID);
	struct vr_disk disk = {.size = sizeof(disk)};

	if (!VR_HAS(t, write) || !VR_HAS(t, read) || !VR_HAS(t, on_input))
		return "a function of the console's is missing";
	if (!VR_HAS(d, count) || !VR_HAS(d, disk))
		return "a function of the disks' is missing";
	for (uint32_t i = 0; i < d->count(c->host); i++)
		if (d->disk(c->host, i, &disk) < 0 || !VR_HAS(disk.ops, info) || !VR_HAS(disk.ops, submit) ||
		    !VR_HAS(disk.ops, cancel) || !VR_HAS(disk.ops, stop))
			return "a disk is not whole";
	return d->disk(c->host, d->count(c->host), &disk) < 0 ? NULL : "a disk too many";
}

static const char *try_log(struct card *c)
{
	const struct vr_host_log *l = c->host->query(c->host, VR_LOG_ID);

	if (!VR_HAS(l, write))
		return "write is missing";
	l->write(c->host, VR_LOG_WARN, "all tables are as they were");
	return NULL;
}

static const struct {
	const char *name;
	const char *(*fn)(struct card *c);
} tries[] = {
	{"vr_host", try_host},
	{VR_MEMORY_ID, try_memory},
	{VR_TIMER_ID, try_timer},
	{VR_CONFIG_ID, try_config},
	{VR_REGISTRY_ID, try_registry},
	{VR_THREAD_ID, try_thread},
	{VR_CODECACHE_ID, try_codecache},
	{VR_MACHINE_ID, try_machine},
	{"vmrun.console/1, vmrun.disks/1", try_console_and_disks},
	{VR_LOG_ID, try_log},
};

static int32_t try_all(struct card *c)
{
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		const char *wrong = tries[i].fn(c);
		char text[160];

		if (!wrong)
			continue;
		snprintf(text, sizeof(text), "abi-device: %s: %s", tries[i].name, wrong);
		c->host->error(c->host, VR_E_ABI, text);
		return VR_E_ABI;
	}
	return VR_OK;
}

/* ---- vmrun.device/1 ---- */

static void VR_CALL card_reset(struct vr_device *device)
{
	struct card *c = card_of(device);

	c->timer->cancel(c->host, c->alarm);
	atomic_store(&c->fired, 0);
}

static void VR_CALL card_destroy(struct vr_device *device)
{
	struct card *c = card_of(device);

	if (c->alarm)
		c->timer->destroy(c->host, c->alarm);
	free(c);
}

static int32_t VR_CALL card_create(struct vr_plugin_self *self, const struct vr_device_config *g,
				   struct vr_device **device)
{
	const struct vr_host *host = ((struct plugin *)self)->host;
	struct card *c = calloc(1, sizeof(*c));
	int32_t rc;

	if (!c)
		return VR_E_NOMEM;
	c->host = host;
	c->memory = host->query(host, VR_MEMORY_ID);
	c->mmio = host->query(host, VR_MMIO_ID);
	c->irq = host->query(host, VR_IRQ_ID);
	c->timer = host->query(host, VR_TIMER_ID);
	c->config = host->query(host, VR_CONFIG_ID);
	c->irq_line = g->irqs[0];
	rc = try_all(c);
	if (rc >= 0)
		rc = c->timer->create(host, on_alarm, c, &c->alarm);
	if (rc >= 0)
		rc = c->mmio->attach(host, VR_SPACE_MMIO, g->bases[0], 32, &ops, c, "abi-card");
	if (rc < 0) {
		card_destroy((struct vr_device *)c);
		return rc;
	}
	*device = (struct vr_device *)c;
	return VR_OK;
}

static uint64_t VR_CALL card_window(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	return strcmp(type, "abi-card") == 0 && i == 0 ? 0x1000 : 0;
}

static uint32_t VR_CALL card_irq(struct vr_plugin_self *self, const char *type, uint32_t i)
{
	(void)self;
	(void)type;
	return i == 0 ? VR_DEVICE_IRQ_LEVEL : VR_DEVICE_IRQ_NONE;
}

static const struct vr_device_maker maker = {
	.size = sizeof(maker),
	.types = TYPES,
	.create = card_create,
	.reset = card_reset,
	.destroy = card_destroy,
	.window = card_window,
	.irq = card_irq,
};

/* ---- life ---- */

static int32_t VR_CALL nothing(struct vr_plugin_self *self)
{
	(void)self;
	return VR_OK;
}

static void VR_CALL destroy(struct vr_plugin_self *self)
{
	free(self);
}

static const void *VR_CALL query(struct vr_plugin_self *self, const char *id)
{
	(void)self;
	return strcmp(id, VR_DEVICE_ID) == 0 ? &maker : NULL;
}

VR_EXPORT const struct vr_magic *VR_CALL vmrun_plugin_magic(void)
{
	static const struct vr_magic magic = VR_MAGIC_INITIALIZER;

	return &magic;
}

VR_EXPORT int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id,
					      const struct vr_plugin **out)
{
	struct plugin *p;

	if (!id || strcmp(id, "abi-device") != 0)
		return VR_E_NOENT;
	p = calloc(1, sizeof(*p));
	if (!p)
		return VR_E_NOMEM;
	p->host = host;
	p->plugin.size = sizeof(p->plugin);
	p->plugin.self = (struct vr_plugin_self *)p;
	p->plugin.probe = nothing;
	p->plugin.start = nothing;
	p->plugin.stop = nothing;
	p->plugin.destroy = destroy;
	p->plugin.query = query;
	*out = &p->plugin;
	return VR_OK;
}
