/* SPDX-License-Identifier: MIT */
#include "intr.h"

#include <inttypes.h>
#include <vmrun/state_x86.h>

#define MSR_APIC_BASE 0x1bu
#define MSR_X2APIC 0x800u
#define LAPIC_PAGE 0x1000u
#define IOAPIC_SIZE 0x100u

/* ---- messages ------------------------------------------------------------------------------------ */

/* A message of the board's I/O APIC to the accelerator's local APICs, as an MSI (SDM vol. 3, 11.11). */
struct msi {
	uint64_t address;
	uint32_t data;
};

static struct msi msi_of(const struct apic_message *m)
{
	return (struct msi){
		.address = 0xfee00000u | (m->destination & 0xff) << 12 | (m->logical ? 4u : 0) |
			   (m->mode == MODE_LOWEST ? 8u : 0),
		.data = m->vector | (uint32_t)m->mode << 8 | (m->level ? 0xc000u : 0),
	};
}

static void send_msi(struct intr *x, const struct apic_message *m)
{
	struct msi i = msi_of(m);

	x->chip->msi(x->chip_self, i.address, i.data);
}

static void route(void *opaque, uint32_t pin, const struct apic_message *m)
{
	struct intr *x = opaque;
	struct msi i = msi_of(m);

	if (x->kind == VR_IRQCHIP_SPLIT && VR_HAS(x->chip, route))
		x->chip->route(x->chip_self, pin, i.address, i.data);
}

/* 11.6.2.4: of those that a message means, the one that does the least important thing; equals take turns. */
static struct lapic *lowest(struct intr *x, const struct apic_message *m)
{
	struct lapic *best = NULL;

	for (uint32_t n = 0; n < x->vcpu_count; n++) {
		struct lapic *l = x->lapic[(x->lowest_next + n) % x->vcpu_count];

		if (!lapic_matches(l, m) || !(l->svr & 0x100))
			continue;
		if (!best || lapic_ppr(l) < lapic_ppr(best))
			best = l;
	}
	if (best)
		x->lowest_next = best->vcpu + 1;
	return best;
}

void intr_update(struct intr *x)
{
	uint32_t level;

	if (x->kind == VR_IRQCHIP_NONE) {
		for (uint32_t i = 0; i < x->vcpu_count; i++)
			lapic_update(x->lapic[i]);
		return;
	}
	level = pic_output(&x->pic);
	if (level == x->direct)
		return;
	x->direct = level;
	x->t->irq->set_pin(x->t->host, 0, VR_X86_PIN_INTR, level);
}

/* ---- what the controllers ask of each other -------------------------------------------------------- */

static void message(void *opaque, const struct apic_message *m)
{
	struct intr *x = opaque;
	struct lapic *l;

	if (x->kind != VR_IRQCHIP_NONE) {
		send_msi(x, m);
		return;
	}
	if (m->mode == MODE_LOWEST) {
		l = lowest(x, m);
		if (l)
			lapic_accept(l, m);
		return;
	}
	for (uint32_t i = 0; i < x->vcpu_count; i++)
		if (lapic_matches(x->lapic[i], m))
			lapic_accept(x->lapic[i], m);
}

static void broadcast(void *opaque, const struct apic_message *m, uint32_t except)
{
	struct intr *x = opaque;

	for (uint32_t i = 0; i < x->vcpu_count; i++)
		if (i != except && (x->lapic[i]->base & LAPIC_BASE_ENABLE))
			lapic_accept(x->lapic[i], m);
}

static void ended(void *opaque, uint32_t vector)
{
	ioapic_eoi(&((struct intr *)opaque)->ioapic, vector);
}

static uint32_t external(void *opaque)
{
	return pic_output(&((struct intr *)opaque)->pic);
}

static uint32_t acknowledge_external(void *opaque)
{
	struct intr *x = opaque;
	uint32_t vector = pic_acknowledge(&x->pic);

	intr_update(x);
	return vector;
}

static void init(void *opaque, uint32_t vcpu)
{
	struct intr *x = opaque;

	if (vcpu)
		lapic_init_reset(x->lapic[vcpu]);
	startup_init_ipi(&x->startup, vcpu);
}

static void startup(void *opaque, uint32_t vcpu, uint8_t vector)
{
	startup_sipi(&((struct intr *)opaque)->startup, vcpu, vector);
}

static const struct apic_bus bus = {
	.message = message,
	.broadcast = broadcast,
	.route = route,
	.ended = ended,
	.external = external,
	.acknowledge = acknowledge_external,
	.init = init,
	.startup = startup,
};

/* ---- lines ------------------------------------------------------------------------------------------- */

static void pin_changed(struct intr *x, uint32_t pin, uint32_t level)
{
	if (x->kind == VR_IRQCHIP_FULL) {
		x->chip->line(x->chip_self, pin, level);
		return;
	}
	if (pin < 16)
		pic_input(&x->pic, pin, level);
	if (pin == PC_IRQ_PIT)
		ioapic_input(&x->ioapic, PC_PIN_PIT, level);
	else if (pin != PC_PIN_PIT)
		ioapic_input(&x->ioapic, pin, level);
	intr_update(x);
}

static uint32_t slots_of(const struct intr *x, uint32_t pin)
{
	for (uint32_t i = 0; i < PC_SLOT_LINES; i++)
		if ((x->slot_lines >> i & 1) && pc_slot_pin(i) == pin)
			return 1;
	return 0;
}

static void VR_CALL set_line(void *opaque, uint32_t vcpu, uint32_t line, uint32_t level)
{
	struct intr *x = opaque;
	uint32_t pin = line, slot = line - PC_LINE_VIRTIO;

	if (vcpu != VR_IRQ_SHARED)
		return;
	level = !!level;
	pthread_mutex_lock(&x->lock);
	if (slot < PC_SLOT_LINES) {
		x->slot_lines = (x->slot_lines & ~(1ull << slot)) | (uint64_t)level << slot;
		pin = pc_slot_pin(slot);
		level = slots_of(x, pin);
	}
	if (pin < PC_LINES && (x->pins >> pin & 1) != level) {
		x->pins = (x->pins & ~(1u << pin)) | level << pin;
		pin_changed(x, pin, level);
	}
	pthread_mutex_unlock(&x->lock);
}

static const struct vr_irq_controller controller = {.size = sizeof(controller), .set = set_line};

/* ---- the local APIC's page and MSRs, and what passes between processor and controllers -------------- */

static struct lapic *lapic_of(struct intr *x, uint32_t vcpu)
{
	return vcpu < x->vcpu_count ? x->lapic[vcpu] : NULL;
}

static uint64_t VR_CALL page_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct intr *x = opaque;
	struct lapic *l = lapic_of(x, vcpu);
	uint32_t at = (uint32_t)offset, value;

	/* 11.4.1: registers are 32 bits wide, at multiples of 16, and to be accessed as such. */
	if (!l || (at & 0xc) || (at & 3) + width > 4)
		return 0;
	pthread_mutex_lock(&x->lock);
	/* 11.12.2: in x2APIC mode, or switched off, there is nothing in memory. */
	value = (l->base & (LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC)) == LAPIC_BASE_ENABLE
			? lapic_read(l, at & ~3u)
			: 0xffffffffu;
	pthread_mutex_unlock(&x->lock);
	return value >> 8 * (at & 3) & (width == 4 ? 0xffffffffu : (1u << 8 * width) - 1);
}

static void VR_CALL page_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct intr *x = opaque;
	struct lapic *l = lapic_of(x, vcpu);

	if (!l || (offset & 0xf) || width != 4)
		return;
	pthread_mutex_lock(&x->lock);
	if ((l->base & (LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC)) == LAPIC_BASE_ENABLE)
		lapic_write(l, (uint32_t)offset, (uint32_t)value);
	pthread_mutex_unlock(&x->lock);
}

static const struct vr_bus_ops page_ops = {.size = sizeof(page_ops), .read = page_read, .write = page_write};

static uint64_t msr_read(struct intr *x, uint32_t vcpu, uint32_t msr)
{
	struct lapic *l = lapic_of(x, vcpu);
	uint64_t value;

	pthread_mutex_lock(&x->lock);
	value = l ? lapic_msr_read(l, msr) : 0;
	pthread_mutex_unlock(&x->lock);
	return value;
}

static void msr_write(struct intr *x, uint32_t vcpu, uint32_t msr, uint64_t value)
{
	struct lapic *l = lapic_of(x, vcpu);

	pthread_mutex_lock(&x->lock);
	if (l)
		lapic_msr_write(l, msr, value);
	pthread_mutex_unlock(&x->lock);
}

static uint64_t VR_CALL base_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	(void)offset;
	(void)width;
	return msr_read(opaque, vcpu, MSR_APIC_BASE);
}

static void VR_CALL base_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	(void)offset;
	(void)width;
	msr_write(opaque, vcpu, MSR_APIC_BASE, value);
}

static const struct vr_bus_ops base_ops = {.size = sizeof(base_ops), .read = base_read, .write = base_write};

static uint64_t VR_CALL x2apic_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	(void)width;
	return msr_read(opaque, vcpu, MSR_X2APIC + (uint32_t)offset);
}

static void VR_CALL x2apic_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	(void)width;
	msr_write(opaque, vcpu, MSR_X2APIC + (uint32_t)offset, value);
}

static const struct vr_bus_ops x2apic_ops = {
	.size = sizeof(x2apic_ops),
	.read = x2apic_read,
	.write = x2apic_write,
};

#define WIRE(address) ((address)-VR_X86_BUS_INTA)

static uint64_t acknowledge(struct intr *x, uint32_t vcpu)
{
	struct lapic *l = lapic_of(x, vcpu);
	int32_t vector = -1;

	if (x->kind == VR_IRQCHIP_NONE) {
		vector = l ? lapic_acknowledge(l) : -1;
	} else if (vcpu == 0 && pic_output(&x->pic)) {
		vector = (int32_t)acknowledge_external(x);
	}
	return vector < 0 ? VR_X86_INTA_NONE : (uint32_t)vector;
}

static uint64_t VR_CALL wire_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct intr *x = opaque;
	struct lapic *l = lapic_of(x, vcpu);
	uint64_t value = 0;

	(void)width;
	pthread_mutex_lock(&x->lock);
	if (offset == WIRE(VR_X86_BUS_INTA))
		value = acknowledge(x, vcpu);
	else if (offset == WIRE(VR_X86_BUS_CR8) && l)
		value = l->tpr >> 4;
	pthread_mutex_unlock(&x->lock);
	return value;
}

static void VR_CALL wire_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct intr *x = opaque;
	struct lapic *l = lapic_of(x, vcpu);

	(void)width;
	pthread_mutex_lock(&x->lock);
	if (offset == WIRE(VR_X86_BUS_CR8) && l)
		lapic_set_tpr(l, (uint32_t)(value & 15) << 4);
	else if (offset == WIRE(VR_X86_BUS_EOI) && x->kind == VR_IRQCHIP_SPLIT)
		ioapic_eoi(&x->ioapic, value & 0xff);
	pthread_mutex_unlock(&x->lock);
}

static const struct vr_bus_ops wire_ops = {.size = sizeof(wire_ops), .read = wire_read, .write = wire_write};

/* ---- the other controllers' registers ------------------------------------------------------------------ */

static uint64_t VR_CALL ioapic_read(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct intr *x = opaque;
	uint64_t value;

	(void)vcpu;
	if (width != 4)
		return 0;
	pthread_mutex_lock(&x->lock);
	value = ioapic_read_window(&x->ioapic, (uint32_t)offset);
	pthread_mutex_unlock(&x->lock);
	return value;
}

static void VR_CALL ioapic_write(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct intr *x = opaque;

	(void)vcpu;
	if (width != 4 && !(width == 1 && offset == 0)) /* the selector may be written as a byte */
		return;
	pthread_mutex_lock(&x->lock);
	ioapic_write_window(&x->ioapic, (uint32_t)offset, (uint32_t)value);
	pthread_mutex_unlock(&x->lock);
}

static const struct vr_bus_ops ioapic_ops = {
	.size = sizeof(ioapic_ops),
	.read = ioapic_read,
	.write = ioapic_write,
};

/* A wide access to 8-bit ports is one to each of them, as the bus bridge makes of it. */
#define MASTER 0x20u
#define SLAVE 0xa0u
#define ELCR 0x4d0u

static uint32_t pic_read(void *device, uint32_t port)
{
	struct intr *x = device;
	uint32_t value = pic_read_port(&x->pic, port >= SLAVE, port & 1);

	intr_update(x); /* a read may be an acknowledge */
	return value;
}

static void pic_write(void *device, uint32_t port, uint32_t value)
{
	struct intr *x = device;

	pic_write_port(&x->pic, port >= SLAVE, port & 1, value);
	intr_update(x);
}

static uint32_t elcr_read(void *device, uint32_t port)
{
	return pic_elcr_read(&((struct intr *)device)->pic, port & 1);
}

static void elcr_write(void *device, uint32_t port, uint32_t value)
{
	struct intr *x = device;

	pic_elcr_write(&x->pic, port & 1, value);
	intr_update(x);
}

static const struct vr_port_range pic_ports[PIC_RANGES] = {
	{MASTER, 2, pic_read, pic_write, "i8259-master"},
	{SLAVE, 2, pic_read, pic_write, "i8259-slave"},
	{ELCR, 2, elcr_read, elcr_write, "elcr"},
};

/* ---- life ------------------------------------------------------------------------------------ */

#define HAVE(kind) (1u << (kind))
#define NONE HAVE(VR_IRQCHIP_NONE)
#define SPLIT HAVE(VR_IRQCHIP_SPLIT)

static const struct {
	uint32_t when; /* what the accelerator may have for this to be the board's */
	uint32_t space;
	uint64_t base, length;
	const struct vr_bus_ops *ops;
	const char *name;
} ranges[] = {
	{NONE, VR_SPACE_MMIO, PC_LAPIC_BASE, LAPIC_PAGE, &page_ops, "lapic"},
	{NONE, VR_SPACE_SYSREG, MSR_APIC_BASE, 1, &base_ops, "apic-base"},
	{NONE, VR_SPACE_SYSREG, MSR_X2APIC, 0x40, &x2apic_ops, "x2apic"},
	{NONE | SPLIT, VR_SPACE_SYSREG, VR_X86_BUS_INTA, 3, &wire_ops, "interrupt-acknowledge"},
	{NONE | SPLIT, VR_SPACE_MMIO, PC_IOAPIC_BASE, IOAPIC_SIZE, &ioapic_ops, "ioapic"},
};

/* Local APICs alone come first: making all of it takes tens of milliseconds in some KVMs, and the rest is
 * seldom spoken to once a system runs. That needs an accelerator that reports ends of interrupts. */
static int32_t enable(const struct vr_irqchip *c, struct vr_plugin_self *self)
{
	static const uint32_t best[] = {VR_IRQCHIP_SPLIT, VR_IRQCHIP_FULL};
	static const uint32_t unrouted[] = {VR_IRQCHIP_FULL, VR_IRQCHIP_SPLIT};
	const uint32_t *kinds = VR_HAS(c, route) ? best : unrouted;

	return c->enable(self, kinds[0]) < 0 ? c->enable(self, kinds[1]) : VR_OK;
}

static void ask_accelerator(struct intr *x)
{
	struct vr_found f;

	for (uint32_t i = 0; x->t->registry; i++) {
		const struct vr_irqchip *c;

		f = (struct vr_found){.size = sizeof(f)};
		if (x->t->registry->find(x->t->host, VR_IRQCHIP_ID, NULL, i, &f) < 0)
			return;
		c = f.table;
		if (!VR_HAS(c, enable) || !VR_HAS(c, kind) || !VR_HAS(c, line) || !VR_HAS(c, msi))
			continue;
		/* An accelerator without a virtual machine refuses: it is not the one that runs. */
		if (enable(c, f.self) < 0)
			continue;
		x->kind = c->kind(f.self);
		x->chip = c;
		x->chip_self = f.self;
		return;
	}
}

static void power_on(struct intr *x)
{
	uint32_t level = 0;

	pic_reset(&x->pic);
	for (uint32_t i = 0; i < 16; i++)
		if (pc_slot_pin(i) < 16)
			level |= 1u << pc_slot_pin(i);
	pic_set_level(&x->pic, level | 1u << PC_IRQ_SCI);
	ioapic_reset(&x->ioapic);
	/* Lines that are high stay so: they are the devices'. */
	for (uint32_t i = 0; i < 16; i++)
		pic_input(&x->pic, i, x->pins >> i & 1);
}

int32_t intr_init(struct intr *x, const struct vr_tables *t, uint32_t vcpu_count)
{
	int32_t rc = VR_OK;

	x->t = t;
	x->vcpu_count = vcpu_count;
	pthread_mutex_init(&x->lock, NULL);
	x->bus = bus;
	x->bus.t = t;
	x->bus.lock = &x->lock;
	x->bus.opaque = x;
	x->ioapic.bus = &x->bus;
	ask_accelerator(x);
	if (x->kind > VR_IRQCHIP_FULL)
		return vr_tables_fail(t, VR_E_ABI,
				      "the accelerator has interrupt controllers of a kind (%u) "
				      "that this board does not know",
				      x->kind);
	power_on(x);
	if (x->kind == VR_IRQCHIP_NONE)
		rc = startup_new(&x->startup, t, &x->lock, vcpu_count);
	for (uint32_t i = 0; i < vcpu_count && x->kind == VR_IRQCHIP_NONE && rc >= 0; i++)
		rc = lapic_new(&x->bus, i, &x->lapic[i]);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]) && rc >= 0; i++)
		if (ranges[i].when & HAVE(x->kind))
			rc = t->mmio->attach(t->host, ranges[i].space, ranges[i].base, ranges[i].length,
					     ranges[i].ops, x, ranges[i].name);
	if (rc >= 0 && x->kind != VR_IRQCHIP_FULL)
		rc = vr_ports_attach(t, pic_ports, PIC_RANGES, x, &x->lock, x->pic_ports);
	if (rc >= 0)
		rc = t->irq->set_controller(t->host, &controller, x);
	return rc;
}

void intr_fini(struct intr *x)
{
	startup_free(&x->startup);
	for (uint32_t i = 0; i < x->vcpu_count; i++)
		lapic_free(x->lapic[i]);
	pthread_mutex_destroy(&x->lock);
}

void intr_reset(struct intr *x)
{
	if (x->kind == VR_IRQCHIP_NONE)
		startup_reset(&x->startup);
	pthread_mutex_lock(&x->lock);
	power_on(x);
	for (uint32_t i = 0; i < x->vcpu_count; i++)
		if (x->lapic[i]) {
			/* The accelerator has forgotten its pins. */
			x->t->irq->set_pin(x->t->host, i, VR_X86_PIN_INTR, 0);
			x->lapic[i]->pin = 0;
			lapic_power_on(x->lapic[i]);
		}
	if (x->kind == VR_IRQCHIP_SPLIT)
		intr_update(x);
	pthread_mutex_unlock(&x->lock);
}
