// SPDX-License-Identifier: MIT
#include "double.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <vmrun/device.h>
#include <vmrun/irqchip.h>

static struct dbl *of(const struct vr_host *host)
{
	return (struct dbl *)(uintptr_t)host;
}

/* ---- memory ---- */

static int32_t VR_CALL memory_add(const struct vr_host *host, uint64_t gpa, uint64_t length, uint32_t flags,
				  const char *name)
{
	struct dbl *d = of(host);
	void *p = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		       0);

	(void)flags;
	(void)name;
	if (p == MAP_FAILED || d->regions == DBL_REGIONS || length % 0x10000 || gpa % 0x10000)
		abort();
	d->region[d->regions].gpa = gpa;
	d->region[d->regions].length = length;
	d->region[d->regions++].bytes = p;
	return VR_OK;
}

static void *VR_CALL memory_pointer(const struct vr_host *host, uint64_t gpa, uint64_t length)
{
	struct dbl *d = of(host);

	for (uint32_t i = 0; i < d->regions; i++) {
		uint64_t offset = gpa - d->region[i].gpa;

		if (gpa >= d->region[i].gpa && offset < d->region[i].length &&
		    length <= d->region[i].length - offset)
			return d->region[i].bytes + offset;
	}
	return NULL;
}

static void VR_CALL memory_written(const struct vr_host *host, uint64_t gpa, uint64_t length)
{
	if (!memory_pointer(host, gpa, length))
		abort();
}

static const struct vr_host_memory memory = {
	.size = sizeof(memory),
	.add = memory_add,
	.pointer = memory_pointer,
	.written = memory_written,
};

uint8_t *dbl_ram(struct dbl *d, uint64_t gpa)
{
	void *p = memory_pointer(&d->host, gpa, 1);

	if (!p)
		abort();
	return p;
}

void dbl_add_ram(struct dbl *d, uint64_t gpa, uint64_t length)
{
	memory_add(&d->host, gpa, length, 0, "ram");
}

/* ---- buses ---- */

static int32_t VR_CALL mmio_attach(const struct vr_host *host, uint32_t space, uint64_t base, uint64_t length,
				   const struct vr_bus_ops *ops, void *opaque, const char *name)
{
	struct dbl *d = of(host);

	(void)name;
	for (uint32_t i = 0; i < d->bus_count; i++)
		if (d->bus[i].space == space && base < d->bus[i].base + d->bus[i].length &&
		    d->bus[i].base < base + length)
			return VR_E_EXISTS;
	if (d->bus_count == 64)
		return VR_E_NOMEM;
	d->bus[d->bus_count].space = space;
	d->bus[d->bus_count].base = base;
	d->bus[d->bus_count].length = length;
	d->bus[d->bus_count].ops = ops;
	d->bus[d->bus_count++].opaque = opaque;
	return VR_OK;
}

static int32_t VR_CALL mmio_access(const struct vr_host *host, uint32_t space, uint32_t vcpu,
				   uint64_t address, uint32_t width, uint32_t is_write, uint64_t *value)
{
	struct dbl *d = of(host);

	for (uint32_t i = 0; i < d->bus_count; i++) {
		if (d->bus[i].space != space || address < d->bus[i].base ||
		    address - d->bus[i].base >= d->bus[i].length)
			continue;
		/* As the core does: whole in its device. */
		if (space != VR_SPACE_SYSREG && width > d->bus[i].base + d->bus[i].length - address)
			return VR_E_NOENT;
		if (is_write)
			d->bus[i].ops->write(d->bus[i].opaque, vcpu, address - d->bus[i].base, width, *value);
		else
			*value = d->bus[i].ops->read(d->bus[i].opaque, vcpu, address - d->bus[i].base, width);
		return VR_OK;
	}
	return VR_E_NOENT;
}

static const struct vr_host_mmio mmio = {.size = sizeof(mmio), .attach = mmio_attach, .access = mmio_access};

int dbl_attached(const struct dbl *d, uint32_t space, uint64_t address)
{
	for (uint32_t i = 0; i < d->bus_count; i++)
		if (d->bus[i].space == space && address >= d->bus[i].base &&
		    address - d->bus[i].base < d->bus[i].length)
			return 1;
	return 0;
}

uint64_t dbl_read(struct dbl *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width)
{
	uint64_t value = 0;

	if (mmio_access(&d->host, space, vcpu, address, width, 0, &value) < 0)
		abort();
	return value;
}

void dbl_write(struct dbl *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width, uint64_t value)
{
	if (mmio_access(&d->host, space, vcpu, address, width, 1, &value) < 0)
		abort();
}

uint8_t dbl_in(struct dbl *d, uint32_t port)
{
	return (uint8_t)dbl_read(d, VR_SPACE_PORT, 0, port, 1);
}

void dbl_out(struct dbl *d, uint32_t port, uint32_t value)
{
	dbl_write(d, VR_SPACE_PORT, 0, port, 1, value);
}

uint32_t dbl_inta(struct dbl *d, uint32_t vcpu)
{
	return (uint32_t)dbl_read(d, VR_SPACE_SYSREG, vcpu, VR_X86_BUS_INTA, 4);
}

/* ---- interrupts ---- */

static int32_t VR_CALL irq_set_controller(const struct vr_host *host, const struct vr_irq_controller *c,
					  void *opaque)
{
	of(host)->controller = c;
	of(host)->controller_opaque = opaque;
	return VR_OK;
}

static void VR_CALL irq_set(const struct vr_host *host, uint32_t vcpu, uint32_t line, uint32_t level)
{
	struct dbl *d = of(host);

	if (vcpu == VR_IRQ_SHARED && line < 64) {
		d->rises[line] += level && !d->line[line];
		d->line[line] = level;
	}
	if (d->controller)
		d->controller->set(d->controller_opaque, vcpu, line, level);
}

void dbl_set_line(struct dbl *d, uint32_t line, uint32_t level)
{
	irq_set(&d->host, VR_IRQ_SHARED, line, level);
}

static void VR_CALL irq_set_pin(const struct vr_host *host, uint32_t vcpu, uint32_t pin, uint32_t level)
{
	struct dbl *d = of(host);

	if (vcpu >= d->vcpu_count)
		abort();
	if (pin == VR_X86_PIN_INTR)
		d->intr[vcpu] = level;
	else
		d->nmis[vcpu] += level;
}

static const struct vr_host_irq irq = {
	.size = sizeof(irq),
	.set_controller = irq_set_controller,
	.set = irq_set,
	.set_pin = irq_set_pin,
};

/* ---- time ---- */

static uint64_t VR_CALL timer_now(const struct vr_host *host)
{
	return of(host)->now;
}

static uint64_t VR_CALL timer_wall(const struct vr_host *host)
{
	return of(host)->wall;
}

static int32_t VR_CALL timer_make(const struct vr_host *host, void(VR_CALL *fn)(void *opaque), void *opaque,
				  struct vr_timer **out)
{
	struct dbl *d = of(host);

	for (uint32_t i = 0; i < DBL_TIMERS; i++) {
		if (d->timer[i].used)
			continue;
		d->timer[i] = (struct vr_timer){.d = d, .fn = fn, .opaque = opaque, .used = 1};
		*out = &d->timer[i];
		return VR_OK;
	}
	return VR_E_NOMEM;
}

static void VR_CALL timer_arm(struct vr_timer *t, uint64_t when)
{
	t->when = when;
	t->armed = 1;
}

static void VR_CALL timer_cancel(struct vr_timer *t)
{
	t->armed = 0;
}

static void VR_CALL timer_destroy(struct vr_timer *t)
{
	t->used = t->armed = 0;
}

static const struct vr_host_timer timer = {
	.size = sizeof(timer),
	.now = timer_now,
	.wall = timer_wall,
	.create = timer_make,
	.arm = timer_arm,
	.cancel = timer_cancel,
	.destroy = timer_destroy,
};

void dbl_advance(struct dbl *d, uint64_t ns)
{
	uint64_t until = d->now + ns;

	for (;;) {
		struct vr_timer *next = NULL;

		for (uint32_t i = 0; i < DBL_TIMERS; i++)
			if (d->timer[i].armed && (!next || d->timer[i].when < next->when))
				next = &d->timer[i];
		if (!next || next->when > until)
			break;
		if (next->when > d->now) {
			d->wall += next->when - d->now;
			d->now = next->when;
		}
		next->armed = 0;
		next->fn(next->opaque);
	}
	d->wall += until - d->now;
	d->now = until;
}

/* ---- the machine ---- */

static int32_t VR_CALL get_state(const struct vr_host *host, uint32_t vcpu, const char *id, void *state,
				 uint32_t length)
{
	struct dbl *d = of(host);

	if (strcmp(id, VR_STATE_X86_ID) != 0 || vcpu >= d->vcpu_count || length != sizeof(d->state[0]))
		return VR_E_INVAL;
	memcpy(state, &d->state[vcpu], length);
	return VR_OK;
}

static int32_t VR_CALL set_state(const struct vr_host *host, uint32_t vcpu, const char *id, const void *state,
				 uint32_t length)
{
	struct dbl *d = of(host);
	uint64_t cr8 = 0;

	if (strcmp(id, VR_STATE_X86_ID) != 0 || vcpu >= d->vcpu_count || length != sizeof(d->state[0]))
		return VR_E_INVAL;
	memcpy(&d->state[vcpu], state, length);
	/* An accelerator may tell the controller of CR8 here. */
	mmio_access(host, VR_SPACE_SYSREG, vcpu, VR_X86_BUS_CR8, 4, 1, &cr8);
	return VR_OK;
}

static int32_t VR_CALL power_vcpu(const struct vr_host *host, uint32_t vcpu, uint32_t on)
{
	if (on && (of(host)->stopping >> vcpu & 1))
		return VR_E_BUSY;
	of(host)->on[vcpu] = on;
	return VR_OK;
}

static uint32_t VR_CALL is_on(const struct vr_host *host, uint32_t vcpu)
{
	return of(host)->on[vcpu] || (of(host)->stopping >> vcpu & 1);
}

static void VR_CALL power(const struct vr_host *host, uint32_t what, int32_t code)
{
	(void)code;
	of(host)->power_calls++;
	of(host)->power_what = what;
}

static const struct vr_host_machine machine = {
	.size = sizeof(machine),
	.vcpu_set_state = set_state,
	.vcpu_get_state = get_state,
	.vcpu_power = power_vcpu,
	.vcpu_is_on = is_on,
	.power = power,
};

/* ---- console ---- */

static void VR_CALL console_write(const struct vr_host *host, uint32_t port, const void *bytes, uint32_t n)
{
	struct dbl *d = of(host);

	if (port || n > sizeof(d->out) - 1 - d->out_length)
		return;
	memcpy(d->out + d->out_length, bytes, n);
	d->out_length += n;
}

static uint32_t VR_CALL console_read(const struct vr_host *host, uint32_t port, void *bytes, uint32_t n)
{
	struct dbl *d = of(host);

	if (port)
		return 0;
	if (n > d->in_length - d->in_start)
		n = d->in_length - d->in_start;
	memcpy(bytes, d->in + d->in_start, n);
	d->in_start += n;
	return n;
}

static int32_t VR_CALL console_on_input(const struct vr_host *host, uint32_t port,
					void(VR_CALL *fn)(void *opaque), void *opaque)
{
	(void)port;
	of(host)->input_fn = fn;
	of(host)->input_opaque = opaque;
	return VR_OK;
}

static const struct vr_host_console console = {
	.size = sizeof(console),
	.write = console_write,
	.read = console_read,
	.on_input = console_on_input,
};

void dbl_type(struct dbl *d, const char *text)
{
	size_t n = strlen(text);

	memcpy(d->in + d->in_length, text, n);
	d->in_length += (uint32_t)n;
	if (d->input_fn)
		d->input_fn(d->input_opaque);
}

/* ---- the rest ---- */

static uint32_t VR_CALL block_count(const struct vr_host *host)
{
	return of(host)->disks;
}

static const struct vr_host_block block = {.size = sizeof(block), .count = block_count};

static int32_t VR_CALL registry_find(const struct vr_host *host, const char *interface_id,
				     const char *plugin_id, uint32_t i, struct vr_found *out)
{
	struct dbl *d = of(host);
	const struct vr_found *f = strcmp(interface_id, VR_DEVICE_ID) == 0    ? &d->device
				   : strcmp(interface_id, VR_IRQCHIP_ID) == 0 ? &d->irqchip
									      : NULL;

	(void)plugin_id;
	if (i || !f || !f->interface)
		return VR_E_NOENT;
	*out = *f;
	return VR_OK;
}

static const struct vr_host_registry registry = {.size = sizeof(registry), .find = registry_find};

static const char *VR_CALL config_string(const struct vr_host *host, const char *name)
{
	return strcmp(name, "announce") == 0 ? of(host)->announce : NULL;
}

static const struct vr_host_config config = {.size = sizeof(config), .string = config_string};

static void VR_CALL log_write(const struct vr_host *host, uint32_t level, const char *text)
{
	(void)text;
	of(host)->warnings += level == VR_LOG_WARN;
}

static const struct vr_host_log log_table = {
	.size = sizeof(log_table),
	.level = VR_LOG_DEBUG,
	.write = log_write,
};

static const void *VR_CALL query(const struct vr_host *host, const char *id)
{
	static const struct {
		const char *id;
		const void *table;
	} tables[] = {
		{VR_MEMORY_ID, &memory}, {VR_MMIO_ID, &mmio},       {VR_IRQ_ID, &irq},
		{VR_TIMER_ID, &timer},   {VR_MACHINE_ID, &machine}, {VR_CONSOLE_ID, &console},
		{VR_BLOCK_ID, &block},   {VR_LOG_ID, &log_table},   {VR_REGISTRY_ID, &registry},
		{VR_CONFIG_ID, &config},
	};

	(void)host;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(tables[i].id, id) == 0)
			return tables[i].table;
	return NULL;
}

static void VR_CALL error(const struct vr_host *host, int32_t code, const char *text)
{
	struct dbl *d = of(host);

	if (d->error_code)
		return;
	d->error_code = code;
	strncpy(d->error_text, text, sizeof(d->error_text) - 1);
}

struct dbl *dbl_new(uint32_t vcpu_count)
{
	struct dbl *d = calloc(1, sizeof(*d));

	d->state = aligned_alloc(16, DBL_VCPUS * sizeof(d->state[0]));
	memset(d->state, 0, DBL_VCPUS * sizeof(d->state[0]));
	for (uint32_t i = 0; i < DBL_VCPUS; i++) {
		d->state[i].size = sizeof(d->state[0]);
		d->state[i].tsc_khz = 12345; /* something to be kept */
		d->state[i].gpr[VR_X86_RDI] = 99;
		d->state[i].efer = 0xd01;
	}
	d->host = (struct vr_host){
		.size = sizeof(d->host), .abi_major = VR_ABI_MAJOR, .query = query, .error = error};
	d->vcpu_count = vcpu_count;
	d->on[0] = 1;
	d->wall = 1700000000ull * 1000000000ull; /* 2023-11-14 22:13:20, a Tuesday */
	return d;
}

void dbl_free(struct dbl *d)
{
	for (uint32_t i = 0; i < d->regions; i++)
		munmap(d->region[i].bytes, d->region[i].length);
	free(d->state);
	free(d);
}
