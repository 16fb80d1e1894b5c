/* SPDX-License-Identifier: MIT */
#include "double.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vmrun/device.h>
#include <vmrun/irqchip.h>

struct vr_timer {
	struct dbl *d;
	struct vr_timer *next;
	void(VR_CALL *fn)(void *opaque);
	void *opaque;
	uint64_t when;
	int armed;
};

static struct dbl *of(const struct vr_host *host)
{
	return (struct dbl *)(uintptr_t)host;
}

/* ---- memory
 * ------------------------------------------------------------------------------------------------- */

static uint8_t *ram_of(uint64_t length)
{
	void *p = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		       0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static int32_t VR_CALL memory_add(const struct vr_host *host, uint64_t gpa, uint64_t length, uint32_t flags,
				  const char *name)
{
	struct dbl *d = of(host);

	(void)flags;
	(void)name;
	if (d->ram_size)
		return gpa == d->ram_base && length == d->ram_size ? VR_OK : VR_E_INVAL;
	if (d->regions == DBL_REGIONS || length % 0x10000 || gpa % 0x10000)
		abort();
	d->region[d->regions].gpa = gpa;
	d->region[d->regions].length = length;
	d->region[d->regions++].bytes = ram_of(length);
	return VR_OK;
}

void dbl_add_ram(struct dbl *d, uint64_t gpa, uint64_t length)
{
	memory_add(&d->host, gpa, length, 0, "ram");
}

static uint32_t VR_CALL memory_count(const struct vr_host *host)
{
	(void)host;
	return 1;
}

static int32_t VR_CALL memory_region(const struct vr_host *host, uint32_t i, struct vr_memory_region *out)
{
	struct dbl *d = of(host);

	if (i)
		return VR_E_NOENT;
	out->flags = 0;
	out->gpa = d->ram_base;
	out->length = d->ram_size;
	out->host = d->ram;
	return VR_OK;
}

static int within(uint64_t base, uint64_t size, uint64_t gpa, uint64_t length)
{
	return gpa >= base && gpa - base <= size && length <= size - (gpa - base);
}

static void *VR_CALL memory_pointer(const struct vr_host *host, uint64_t gpa, uint64_t length)
{
	struct dbl *d = of(host);

	if (d->ram_size && within(d->ram_base, d->ram_size, gpa, length))
		return d->ram + (gpa - d->ram_base);
	for (uint32_t i = 0; i < d->regions; i++)
		if (within(d->region[i].gpa, d->region[i].length, gpa, length))
			return d->region[i].bytes + (gpa - d->region[i].gpa);
	return NULL;
}

static void VR_CALL memory_written(const struct vr_host *host, uint64_t gpa, uint64_t length)
{
	if (!memory_pointer(host, gpa, length))
		abort();
	__atomic_fetch_add(&of(host)->written, length, __ATOMIC_RELAXED);
}

static const struct vr_host_memory memory = {
	.size = sizeof(memory),
	.add = memory_add,
	.count = memory_count,
	.region = memory_region,
	.pointer = memory_pointer,
	.written = memory_written,
};

void *dbl_ram(struct dbl *d, uint64_t gpa)
{
	void *p = memory_pointer(&d->host, gpa, 1);

	if (!p)
		abort();
	return p;
}

/* ---- buses
 * ---------------------------------------------------------------------------------------------------- */

static int32_t VR_CALL mmio_attach(const struct vr_host *host, uint32_t space, uint64_t base, uint64_t length,
				   const struct vr_bus_ops *ops, void *opaque, const char *name)
{
	struct dbl *d = of(host);

	(void)name;
	for (uint32_t i = 0; i < d->bus_count; i++)
		if (d->bus[i].space == space && base < d->bus[i].base + d->bus[i].length &&
		    d->bus[i].base < base + length)
			return VR_E_EXISTS;
	if (d->bus_count == sizeof(d->bus) / sizeof(d->bus[0]))
		return VR_E_NOMEM;
	d->bus[d->bus_count++] = (struct dbl_bus){space, base, length, ops, opaque};
	return VR_OK;
}

static const struct dbl_bus *bus_of(const struct dbl *d, uint32_t space, uint64_t address)
{
	for (uint32_t i = 0; i < d->bus_count; i++)
		if (d->bus[i].space == space && address >= d->bus[i].base &&
		    address - d->bus[i].base < d->bus[i].length)
			return &d->bus[i];
	return NULL;
}

static int32_t VR_CALL mmio_access(const struct vr_host *host, uint32_t space, uint32_t vcpu,
				   uint64_t address, uint32_t width, uint32_t is_write, uint64_t *value)
{
	const struct dbl_bus *b = bus_of(of(host), space, address);

	/* As the core does: whole in its device. */
	if (!b || (space != VR_SPACE_SYSREG && width > b->base + b->length - address))
		return VR_E_NOENT;
	if (is_write)
		b->ops->write(b->opaque, vcpu, address - b->base, width, *value);
	else
		*value = b->ops->read(b->opaque, vcpu, address - b->base, width);
	return VR_OK;
}

static const struct vr_host_mmio mmio = {.size = sizeof(mmio), .attach = mmio_attach, .access = mmio_access};

int dbl_attached(const struct dbl *d, uint32_t space, uint64_t address)
{
	return bus_of(d, space, address) != NULL;
}

/* Where nothing is, the test is wrong; what runs over a device's end is refused, as by the core. */
static void bus_access(struct dbl *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
		       uint32_t is_write, uint64_t *value)
{
	if (!dbl_attached(d, space, address))
		abort();
	mmio_access(&d->host, space, vcpu, address, width, is_write, value);
}

uint64_t dbl_read(struct dbl *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width)
{
	uint64_t value = 0;

	bus_access(d, space, vcpu, address, width, 0, &value);
	return value;
}

void dbl_write(struct dbl *d, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width, uint64_t value)
{
	bus_access(d, space, vcpu, address, width, 1, &value);
}

uint32_t dbl_r32(struct dbl *d, uint64_t address)
{
	return (uint32_t)dbl_read(d, VR_SPACE_MMIO, 0, address, 4);
}

void dbl_w32(struct dbl *d, uint64_t address, uint32_t value)
{
	dbl_write(d, VR_SPACE_MMIO, 0, address, 4, value);
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

/* ---- interrupts
 * -------------------------------------------------------------------------------------------------- */

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

	if (vcpu == VR_IRQ_SHARED && line < DBL_LINES) {
		uint32_t was = __atomic_exchange_n(&d->line[line], level, __ATOMIC_SEQ_CST);

		__atomic_fetch_add(&d->line_rises[line], level && !was, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&d->line_changes[line], 1, __ATOMIC_SEQ_CST);
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
	if (pin >= DBL_PINS)
		return;
	d->pin_rises[vcpu][pin] += level && !d->pin[vcpu][pin];
	d->pin[vcpu][pin] = level;
}

static const struct vr_host_irq irq = {
	.size = sizeof(irq),
	.set_controller = irq_set_controller,
	.set = irq_set,
	.set_pin = irq_set_pin,
};

/* ---- time
 * -----------------------------------------------------------------------------------------------------------
 */

static uint64_t VR_CALL timer_now(const struct vr_host *host)
{
	return of(host)->now;
}

static uint64_t VR_CALL timer_wall(const struct vr_host *host)
{
	return of(host)->wall;
}

static int32_t VR_CALL timer_create_(const struct vr_host *host, void(VR_CALL *fn)(void *opaque),
				     void *opaque, struct vr_timer **out)
{
	struct vr_timer *t = calloc(1, sizeof(*t));

	t->d = of(host);
	t->fn = fn;
	t->opaque = opaque;
	t->next = t->d->timer;
	*out = t->d->timer = t;
	return VR_OK;
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
	struct vr_timer **link = &t->d->timer;

	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	free(t);
}

static const struct vr_host_timer timer = {
	.size = sizeof(timer),
	.now = timer_now,
	.wall = timer_wall,
	.create = timer_create_,
	.arm = timer_arm,
	.cancel = timer_cancel,
	.destroy = timer_destroy,
};

static struct vr_timer *next_timer(const struct dbl *d)
{
	struct vr_timer *next = NULL;

	for (struct vr_timer *t = d->timer; t; t = t->next)
		if (t->armed && (!next || t->when < next->when))
			next = t;
	return next;
}

static void pass(struct dbl *d, uint64_t until)
{
	if (until <= d->now)
		return;
	d->wall += until - d->now;
	d->now = until;
}

void dbl_advance(struct dbl *d, uint64_t ns)
{
	uint64_t until = d->now + ns;
	struct vr_timer *t;

	while ((t = next_timer(d)) && t->when <= until) {
		pass(d, t->when);
		t->armed = 0;
		t->fn(t->opaque);
	}
	pass(d, until);
}

/* ---- the machine
 * ---------------------------------------------------------------------------------------------------- */

/* The state of a vCPU by its id, or NULL. */
static void *state_of(struct dbl *d, uint32_t vcpu, const char *id, uint32_t length)
{
	const struct {
		const char *id;
		void *states;
		size_t size;
	} kinds[] = {
		{VR_STATE_ARM64_ID, d->state, sizeof(d->state[0])},
		{VR_STATE_RISCV64_ID, d->riscv64, sizeof(d->riscv64[0])},
		{VR_STATE_X86_ID, d->x86, sizeof(d->x86[0])},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(id, kinds[i].id) == 0 && vcpu < d->vcpu_count && length == kinds[i].size)
			return (uint8_t *)kinds[i].states + vcpu * kinds[i].size;
	return NULL;
}

static int32_t VR_CALL machine_get_state(const struct vr_host *host, uint32_t vcpu, const char *id,
					 void *state, uint32_t length)
{
	const void *from = state_of(of(host), vcpu, id, length);

	if (!from)
		return VR_E_INVAL;
	memcpy(state, from, length);
	return VR_OK;
}

static int32_t VR_CALL machine_set_state(const struct vr_host *host, uint32_t vcpu, const char *id,
					 const void *state, uint32_t length)
{
	void *to = state_of(of(host), vcpu, id, length);
	uint64_t cr8 = 0;

	if (!to)
		return VR_E_INVAL;
	memcpy(to, state, length);
	/* An accelerator may tell the controller of CR8 here. */
	if (strcmp(id, VR_STATE_X86_ID) == 0)
		mmio_access(host, VR_SPACE_SYSREG, vcpu, VR_X86_BUS_CR8, 4, 1, &cr8);
	return VR_OK;
}

static int32_t VR_CALL machine_power_vcpu(const struct vr_host *host, uint32_t vcpu, uint32_t on)
{
	if (on && (of(host)->stopping >> vcpu & 1))
		return VR_E_BUSY;
	of(host)->on[vcpu] = on;
	return VR_OK;
}

static uint32_t VR_CALL machine_is_on(const struct vr_host *host, uint32_t vcpu)
{
	return of(host)->on[vcpu] || (of(host)->stopping >> vcpu & 1);
}

static void VR_CALL machine_power(const struct vr_host *host, uint32_t what, int32_t code)
{
	(void)code;
	of(host)->power_calls++;
	of(host)->power_what = what;
}

static int32_t VR_CALL machine_set_hypercall(const struct vr_host *host, vr_hypercall_fn fn, void *opaque)
{
	of(host)->hypercall = fn;
	of(host)->hypercall_opaque = opaque;
	return VR_OK;
}

static const struct vr_host_machine machine = {
	.size = sizeof(machine),
	.vcpu_set_state = machine_set_state,
	.vcpu_get_state = machine_get_state,
	.vcpu_power = machine_power_vcpu,
	.vcpu_is_on = machine_is_on,
	.power = machine_power,
	.set_hypercall = machine_set_hypercall,
};

/* ---- console
 * -----------------------------------------------------------------------------------------------------------
 */

static void VR_CALL console_write(const struct vr_host *host, uint32_t port, const void *bytes, uint32_t n)
{
	struct dbl_port *p = &of(host)->port[port];

	if (n > sizeof(p->out) - 1 - p->out_length)
		n = (uint32_t)sizeof(p->out) - 1 - p->out_length;
	memcpy(p->out + p->out_length, bytes, n);
	p->out_length += n;
}

static uint32_t VR_CALL console_read(const struct vr_host *host, uint32_t port, void *bytes, uint32_t n)
{
	struct dbl_port *p = &of(host)->port[port];

	if (n > p->in_length - p->in_start)
		n = p->in_length - p->in_start;
	memcpy(bytes, p->in + p->in_start, n);
	p->in_start += n;
	return n;
}

static int32_t VR_CALL console_on_input(const struct vr_host *host, uint32_t port,
					void(VR_CALL *fn)(void *opaque), void *opaque)
{
	of(host)->port[port].fn = fn;
	of(host)->port[port].opaque = opaque;
	return VR_OK;
}

static const struct vr_host_console console = {
	.size = sizeof(console),
	.write = console_write,
	.read = console_read,
	.on_input = console_on_input,
};

void dbl_type(struct dbl *d, uint32_t port, const char *text)
{
	struct dbl_port *p = &d->port[port];
	size_t n = strlen(text);

	memcpy(p->in + p->in_length, text, n);
	p->in_length += (uint32_t)n;
	if (p->fn)
		p->fn(p->opaque);
}

/* ---- disks
 * -------------------------------------------------------------------------------------------------------------
 */

static uint32_t VR_CALL block_count(const struct vr_host *host)
{
	return of(host)->disk_count;
}

static int32_t VR_CALL block_info(const struct vr_host *host, uint32_t disk, struct vr_block_info *out)
{
	if (disk >= of(host)->disk_count)
		return VR_E_NOENT;
	out->flags = of(host)->disk[disk].flags;
	out->length = of(host)->disk[disk].length;
	out->name = "memory";
	return VR_OK;
}

static int32_t block_move(struct dbl_disk *k, uint64_t offset, const struct vr_iovec *v, uint32_t n, int out)
{
	if (k->delay_us)
		usleep(k->delay_us);
	if (k->fail < 0)
		return k->fail;
	for (uint32_t i = 0; i < n; i++) {
		if (offset > k->length || v[i].length > k->length - offset)
			abort(); /* the device has to check */
		if (out)
			memcpy(k->bytes + offset, v[i].base, v[i].length);
		else
			memcpy(v[i].base, k->bytes + offset, v[i].length);
		offset += v[i].length;
	}
	return VR_OK;
}

static int32_t VR_CALL block_read(const struct vr_host *host, uint32_t disk, uint64_t offset,
				  const struct vr_iovec *v, uint32_t n)
{
	__atomic_fetch_add(&of(host)->disk[disk].reads, 1, __ATOMIC_SEQ_CST);
	return block_move(&of(host)->disk[disk], offset, v, n, 0);
}

static int32_t VR_CALL block_write(const struct vr_host *host, uint32_t disk, uint64_t offset,
				   const struct vr_iovec *v, uint32_t n)
{
	if (of(host)->disk[disk].flags & VR_BLOCK_READONLY)
		abort();
	of(host)->disk[disk].writes++;
	return block_move(&of(host)->disk[disk], offset, v, n, 1);
}

static int32_t VR_CALL block_flush(const struct vr_host *host, uint32_t disk)
{
	of(host)->disk[disk].flushes++;
	return of(host)->disk[disk].fail;
}

static int32_t block_clear(struct dbl_disk *k, uint64_t offset, uint64_t length, uint8_t value)
{
	if (k->fail < 0)
		return k->fail;
	if (offset > k->length || length > k->length - offset || (k->flags & VR_BLOCK_READONLY))
		abort();
	memset(k->bytes + offset, value, length);
	return VR_OK;
}

static int32_t VR_CALL block_discard(const struct vr_host *host, uint32_t disk, uint64_t offset,
				     uint64_t length)
{
	of(host)->disk[disk].discards++;
	return block_clear(&of(host)->disk[disk], offset, length, 0xdd);
}

static int32_t VR_CALL block_zeroes(const struct vr_host *host, uint32_t disk, uint64_t offset,
				    uint64_t length)
{
	of(host)->disk[disk].zeroes++;
	return block_clear(&of(host)->disk[disk], offset, length, 0);
}

static const struct vr_host_block block = {
	.size = sizeof(block),
	.count = block_count,
	.info = block_info,
	.read = block_read,
	.write = block_write,
	.flush = block_flush,
	.discard = block_discard,
	.write_zeroes = block_zeroes,
};

void dbl_add_disk(struct dbl *d, uint64_t length, uint32_t flags)
{
	struct dbl_disk *k = &d->disk[d->disk_count++];

	k->bytes = malloc(length);
	k->length = length;
	k->flags = flags;
	for (uint64_t i = 0; i < length; i++)
		k->bytes[i] = (uint8_t)(i / 512 + i);
}

/* ---- threads
 * ----------------------------------------------------------------------------------------------------------
 */

struct vr_thread {
	pthread_t thread;
	void(VR_CALL *fn)(void *arg);
	void *arg;
};

static void *thread_main(void *arg)
{
	struct vr_thread *t = arg;

	t->fn(t->arg);
	return NULL;
}

static int32_t VR_CALL thread_spawn(const struct vr_host *host, const char *name,
				    void(VR_CALL *fn)(void *arg), void *arg, struct vr_thread **out)
{
	struct vr_thread *t = malloc(sizeof(*t));

	(void)host;
	(void)name;
	t->fn = fn;
	t->arg = arg;
	if (pthread_create(&t->thread, NULL, thread_main, t))
		abort();
	*out = t;
	return VR_OK;
}

static void VR_CALL thread_join(struct vr_thread *t)
{
	pthread_join(t->thread, NULL);
	free(t);
}

static const struct vr_host_thread thread = {
	.size = sizeof(thread),
	.spawn = thread_spawn,
	.join = thread_join,
};

/* ---- the rest
 * ------------------------------------------------------------------------------------------------------------
 */

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

static void VR_CALL log_write(const struct vr_host *host, uint32_t level, const char *text)
{
	(void)text;
	if (level == VR_LOG_WARN)
		of(host)->warnings++;
}

static const struct vr_host_log log_table = {
	.size = sizeof(log_table),
	.level = VR_LOG_DEBUG,
	.write = log_write,
};

static const char *VR_CALL config_string(const struct vr_host *host, const char *name)
{
	const struct dbl *d = of(host);

	return d->option_name && strcmp(name, d->option_name) == 0 ? d->option_value : NULL;
}

static int32_t VR_CALL config_number(const struct vr_host *host, const char *name, uint64_t *out)
{
	(void)host;
	(void)name;
	(void)out;
	return VR_E_NOENT;
}

static const struct vr_host_config config = {
	.size = sizeof(config), .string = config_string, .number = config_number};

/* ---- doorbells: rung by the test ---- */

static int32_t VR_CALL door_attach(const struct vr_host *host, uint32_t space, uint64_t address,
				   uint32_t width, void(VR_CALL *fn)(void *opaque), void *opaque,
				   struct vr_door **out)
{
	struct dbl *d = of(host);

	if (space != VR_SPACE_MMIO || (!width && d->doorbells == 2))
		return VR_E_UNSUPPORTED;
	for (size_t i = 0; i < sizeof(d->door) / sizeof(d->door[0]); i++) {
		if (d->door[i].fn)
			continue;
		d->door[i] = (struct vr_door){d, fn, opaque, address, width};
		*out = &d->door[i];
		return VR_OK;
	}
	return VR_E_UNSUPPORTED;
}

static void VR_CALL door_detach(struct vr_door *door)
{
	*door = (struct vr_door){0};
}

static const struct vr_host_doorbell doorbell = {
	.size = sizeof(doorbell),
	.attach = door_attach,
	.detach = door_detach,
};

int dbl_ring(struct dbl *d, uint64_t address)
{
	for (size_t i = 0; i < sizeof(d->door) / sizeof(d->door[0]); i++)
		if (d->door[i].fn && d->door[i].address == address) {
			d->door[i].fn(d->door[i].opaque);
			return 1;
		}
	return 0;
}

static const void *VR_CALL query(const struct vr_host *host, const char *id)
{
	static const struct {
		const char *id;
		const void *table;
	} tables[] = {
		{VR_MEMORY_ID, &memory},     {VR_MMIO_ID, &mmio},       {VR_IRQ_ID, &irq},
		{VR_TIMER_ID, &timer},       {VR_MACHINE_ID, &machine}, {VR_CONSOLE_ID, &console},
		{VR_BLOCK_ID, &block},       {VR_THREAD_ID, &thread},   {VR_LOG_ID, &log_table},
		{VR_REGISTRY_ID, &registry}, {VR_CONFIG_ID, &config},   {VR_FILE_ID, &dbl_file},
	};

	if (strcmp(id, VR_DOORBELL_ID) == 0)
		return of(host)->doorbells ? &doorbell : NULL;
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

struct dbl *dbl_new(uint64_t ram_size, uint32_t vcpu_count)
{
	struct dbl *d = aligned_alloc(_Alignof(struct dbl), sizeof(*d));

	if (!d)
		abort();
	memset(d, 0, sizeof(*d));
	d->host = (struct vr_host){
		.size = sizeof(d->host), .abi_major = VR_ABI_MAJOR, .query = query, .error = error};
	d->ram_base = DBL_RAM_BASE;
	d->ram_size = ram_size;
	if (ram_size)
		d->ram = ram_of(ram_size);
	d->vcpu_count = vcpu_count;
	d->on[0] = 1;
	d->wall = 1700000000ull * 1000000000ull; /* 2023-11-14 22:13:20, a Tuesday */
	for (uint32_t i = 0; i < DBL_VCPUS; i++) {
		d->x86[i].size = sizeof(d->x86[0]);
		d->x86[i].tsc_khz = 12345; /* something to be kept */
		d->x86[i].gpr[VR_X86_RDI] = 99;
		d->x86[i].efer = 0xd01;
	}
	return d;
}

void dbl_free(struct dbl *d)
{
	if (d->ram_size)
		munmap(d->ram, d->ram_size);
	for (uint32_t i = 0; i < d->regions; i++)
		munmap(d->region[i].bytes, d->region[i].length);
	for (uint32_t i = 0; i < d->disk_count && i < DBL_DISKS; i++)
		free(d->disk[i].bytes);
	free(d);
}
