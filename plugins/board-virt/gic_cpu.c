/* SPDX-License-Identifier: MIT */
/*
 * gic_cpu.c: the CPU interface as system registers (Arm IHI 0069, 12.2 "AArch64 System register
 * descriptions"). A table, indexed by the encoding, has the functions that read and write each of them.
 */
#include "gic.h"

#include <vmrun/state_arm64.h>

#define ICC_PMR VR_A64_SYSREG(3, 0, 4, 6, 0)
#define ICC_FIRST VR_A64_SYSREG(3, 0, 12, 8, 0)
#define ICC_LAST VR_A64_SYSREG(3, 0, 12, 12, 7)
#define ICC(crm, op2) (VR_A64_SYSREG(3, 0, 12, crm, op2) - ICC_FIRST)

#define ICC_CTLR_CBPR (1u << 0)
#define ICC_CTLR_EOIMODE (1u << 1)
#define ICC_CTLR_PRIBITS ((GIC_PRIORITY_BITS - 1) << 8)
#define ICC_SRE_VALUE 7u /* SRE, DFB, DIB: only system registers, and no bypass */

/* 4.8, "Priority grouping": the least binary point leaves all implemented bits to the group priority. */
#define BPR0_MIN (GIC_PRIORITY_SHIFT - 1)
#define BPR1_MIN GIC_PRIORITY_SHIFT

typedef uint64_t (*read_fn)(struct gic *g, uint32_t vcpu, uint32_t group);
typedef void (*write_fn)(struct gic *g, uint32_t vcpu, uint32_t group, uint64_t value);

void gic_cpu_reset(struct gic_cpu *c)
{
	c->pmr = 0;
	c->bpr[0] = BPR0_MIN;
	c->bpr[1] = BPR1_MIN;
	c->igrpen[0] = c->igrpen[1] = 0;
	c->ap[0] = c->ap[1] = 0;
	c->cbpr = c->eoimode = 0;
}

/* ---- acknowledge, end, deactivate (4.1.1 and 4.7) ---------------------------------------------- */

static uint64_t iar_read(struct gic *g, uint32_t vcpu, uint32_t group)
{
	struct gic_cpu *c = &g->cpu[vcpu];
	struct vr_gic_bank_state *b;
	uint32_t intid = c->hppi, bit = 1u << intid % 32, split, level;

	/* A high pin says that the HPPI is of this group and may preempt. */
	if (!c->pin[group])
		return GIC_SPURIOUS;
	b = gic_bank_of(g, vcpu, intid);
	b->active |= bit;
	b->latch &= ~bit;
	split = group && !c->cbpr ? c->bpr[1] : c->bpr[0] + 1;
	level = (c->hppi_priority & (0xffu << split)) >> GIC_PRIORITY_SHIFT;
	c->ap[group] |= 1u << level;
	gic_update(g, vcpu);
	return intid;
}

static void deactivate(struct gic *g, uint32_t vcpu, uint32_t intid)
{
	gic_bank_of(g, vcpu, intid)->active &= ~(1u << intid % 32);
	/* An SPI may be routed to another vCPU than the one that ends it. */
	if (intid >= 32 && g->spi_cpu[intid - 32] != vcpu && g->spi_cpu[intid - 32] != GIC_NO_CPU)
		gic_update(g, g->spi_cpu[intid - 32]);
}

static void eoir_write(struct gic *g, uint32_t vcpu, uint32_t group, uint64_t value)
{
	struct gic_cpu *c = &g->cpu[vcpu];
	uint32_t intid = (uint32_t)value & 0xffffff;

	/* The special INTIDs, and those that do not exist, are ignored. */
	if (intid >= GIC_INTIDS)
		return;
	if ((gic_bank_of(g, vcpu, intid)->group >> intid % 32 & 1) != group)
		return;
	c->ap[group] &= c->ap[group] - 1; /* the highest active priority is the lowest bit */
	if (!c->eoimode)
		deactivate(g, vcpu, intid);
	gic_update(g, vcpu);
}

static void dir_write(struct gic *g, uint32_t vcpu, uint32_t group, uint64_t value)
{
	uint32_t intid = (uint32_t)value & 0xffffff;

	(void)group;
	if (!g->cpu[vcpu].eoimode || intid >= GIC_INTIDS)
		return;
	deactivate(g, vcpu, intid);
	gic_update(g, vcpu);
}

/* ---- SGIs (12.2 ICC_SGI1R_EL1) --------------------------------------------------------------------- */

static void sgi_send(struct gic *g, uint32_t vcpu, uint32_t intid, uint32_t group)
{
	struct vr_gic_bank_state *b = &g->cpu[vcpu].bank;

	/* Not forwarded where the SGI is configured for the other group. */
	if ((b->group >> intid & 1) != group)
		return;
	b->latch |= 1u << intid;
	gic_update(g, vcpu);
}

static void sgir_write(struct gic *g, uint32_t vcpu, uint32_t group, uint64_t value)
{
	uint32_t intid = value >> 24 & 15;
	uint32_t range = value >> 44 & 15; /* RS: Aff0 is 16 * RS + bit */
	uint32_t cluster = (uint32_t)((value >> 48 & 0xff) << 24 | (value >> 32 & 0xff) << 16 |
				      (value >> 16 & 0xff) << 8);

	if (value >> 40 & 1) { /* IRM: everyone but the sender */
		for (uint32_t i = 0; i < g->cpu_count; i++)
			if (i != vcpu)
				sgi_send(g, i, intid, group);
		return;
	}
	for (uint32_t list = value & 0xffff; list; list &= list - 1) {
		uint32_t target = gic_cpu_of(g, cluster | range << 4 | (uint32_t)__builtin_ctz(list));

		if (target != GIC_NO_CPU)
			sgi_send(g, target, intid, group);
	}
}

/* ---- the rest ---------------------------------------------------------------------------------------- */

static uint64_t hppir_read(struct gic *g, uint32_t vcpu, uint32_t group)
{
	const struct gic_cpu *c = &g->cpu[vcpu];

	return c->hppi != GIC_SPURIOUS && c->hppi_group == group ? c->hppi : GIC_SPURIOUS;
}

static uint64_t rpr_read(struct gic *g, uint32_t vcpu, uint32_t group)
{
	uint32_t active = g->cpu[vcpu].ap[0] | g->cpu[vcpu].ap[1];

	(void)group;
	return active ? (uint32_t)__builtin_ctz(active) << GIC_PRIORITY_SHIFT : GIC_IDLE_PRIORITY;
}

static uint64_t pmr_read(struct gic *g, uint32_t vcpu, uint32_t group)
{
	(void)group;
	return g->cpu[vcpu].pmr;
}

static void pmr_write(struct gic *g, uint32_t vcpu, uint32_t group, uint64_t value)
{
	(void)group;
	g->cpu[vcpu].pmr = (uint32_t)value & GIC_PRIORITY_MASK;
	gic_update(g, vcpu);
}

static uint64_t bpr_read(struct gic *g, uint32_t vcpu, uint32_t group)
{
	const struct gic_cpu *c = &g->cpu[vcpu];

	if (group && c->cbpr) /* the common one, in group 1's counting */
		return c->bpr[0] < 7 ? c->bpr[0] + 1 : 7;
	return c->bpr[group];
}

static void bpr_write(struct gic *g, uint32_t vcpu, uint32_t group, uint64_t value)
{
	struct gic_cpu *c = &g->cpu[vcpu];
	uint32_t least = group ? BPR1_MIN : BPR0_MIN;
	uint32_t bpr = (uint32_t)value & 7;

	if (group && c->cbpr)
		return;
	c->bpr[group] = bpr < least ? least : bpr;
	gic_update(g, vcpu);
}

static uint64_t ap_read(struct gic *g, uint32_t vcpu, uint32_t group)
{
	return g->cpu[vcpu].ap[group];
}

static void ap_write(struct gic *g, uint32_t vcpu, uint32_t group, uint64_t value)
{
	g->cpu[vcpu].ap[group] = (uint32_t)value;
	gic_update(g, vcpu);
}

static uint64_t igrpen_read(struct gic *g, uint32_t vcpu, uint32_t group)
{
	return g->cpu[vcpu].igrpen[group];
}

static void igrpen_write(struct gic *g, uint32_t vcpu, uint32_t group, uint64_t value)
{
	g->cpu[vcpu].igrpen[group] = value & 1;
	gic_update(g, vcpu);
}

static uint64_t ctlr_read(struct gic *g, uint32_t vcpu, uint32_t group)
{
	const struct gic_cpu *c = &g->cpu[vcpu];

	(void)group;
	return ICC_CTLR_PRIBITS | (c->cbpr ? ICC_CTLR_CBPR : 0) | (c->eoimode ? ICC_CTLR_EOIMODE : 0);
}

static void ctlr_write(struct gic *g, uint32_t vcpu, uint32_t group, uint64_t value)
{
	struct gic_cpu *c = &g->cpu[vcpu];

	(void)group;
	c->cbpr = !!(value & ICC_CTLR_CBPR);
	c->eoimode = !!(value & ICC_CTLR_EOIMODE);
	gic_update(g, vcpu);
}

static uint64_t sre_read(struct gic *g, uint32_t vcpu, uint32_t group)
{
	(void)g;
	(void)vcpu;
	(void)group;
	return ICC_SRE_VALUE;
}

static const struct {
	read_fn read;
	write_fn write;
	uint32_t group;
} registers[ICC_LAST - ICC_FIRST + 1] = {
	[ICC(8, 0)] = {iar_read, NULL, 0},
	[ICC(8, 1)] = {NULL, eoir_write, 0},
	[ICC(8, 2)] = {hppir_read, NULL, 0},
	[ICC(8, 3)] = {bpr_read, bpr_write, 0},
	[ICC(8, 4)] = {ap_read, ap_write, 0}, /* AP0R0 */
	[ICC(9, 0)] = {ap_read, ap_write, 1}, /* AP1R0 */
	[ICC(11, 1)] = {NULL, dir_write, 0},
	[ICC(11, 3)] = {rpr_read, NULL, 0},
	[ICC(11, 5)] = {NULL, sgir_write, 1},
	[ICC(11, 6)] = {NULL, NULL, 1}, /* ASGI1R: there is no other security state */
	[ICC(11, 7)] = {NULL, sgir_write, 0},
	[ICC(12, 0)] = {iar_read, NULL, 1},
	[ICC(12, 1)] = {NULL, eoir_write, 1},
	[ICC(12, 2)] = {hppir_read, NULL, 1},
	[ICC(12, 3)] = {bpr_read, bpr_write, 1},
	[ICC(12, 4)] = {ctlr_read, ctlr_write, 0},
	[ICC(12, 5)] = {sre_read, NULL, 0},
	[ICC(12, 6)] = {igrpen_read, igrpen_write, 0},
	[ICC(12, 7)] = {igrpen_read, igrpen_write, 1},
};

/* ---- the bus --------------------------------------------------------------------------------- */

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	const struct gic_sysregs *s = opaque;
	struct gic *g = s->gic;
	uint64_t value = 0;
	uint32_t i = (uint32_t)offset + s->first;

	(void)width;
	if (vcpu >= g->cpu_count)
		return 0;
	pthread_mutex_lock(&g->lock);
	if (i == ICC_PMR)
		value = pmr_read(g, vcpu, 0);
	else if (registers[i - ICC_FIRST].read)
		value = registers[i - ICC_FIRST].read(g, vcpu, registers[i - ICC_FIRST].group);
	pthread_mutex_unlock(&g->lock);
	return value;
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	const struct gic_sysregs *s = opaque;
	struct gic *g = s->gic;
	uint32_t i = (uint32_t)offset + s->first;

	(void)width;
	if (vcpu >= g->cpu_count)
		return;
	pthread_mutex_lock(&g->lock);
	if (i == ICC_PMR)
		pmr_write(g, vcpu, 0, value);
	else if (registers[i - ICC_FIRST].write)
		registers[i - ICC_FIRST].write(g, vcpu, registers[i - ICC_FIRST].group, value);
	pthread_mutex_unlock(&g->lock);
}

static const struct vr_bus_ops sysreg_ops = {
	.size = sizeof(sysreg_ops),
	.read = read_op,
	.write = write_op,
};

/* Only what exists is attached, so that the rest is UNDEFINED to the guest: with five priority bits
 * there is one register of active priorities a group. */
int32_t gic_cpu_attach(struct gic *g)
{
	static const struct {
		uint32_t first, count;
	} ranges[GIC_SYSREG_RANGES] = {
		{ICC_PMR, 1},
		{ICC_FIRST + ICC(8, 0), 5},
		{ICC_FIRST + ICC(9, 0), 1},
		{ICC_FIRST + ICC(11, 1), 1},
		{ICC_FIRST + ICC(11, 3), 1},
		{ICC_FIRST + ICC(11, 5), 11},
	};

	for (uint32_t i = 0; i < GIC_SYSREG_RANGES; i++) {
		int32_t rc;

		g->sysregs[i].gic = g;
		g->sysregs[i].first = ranges[i].first;
		rc = g->t->mmio->attach(g->t->host, VR_SPACE_SYSREG, ranges[i].first, ranges[i].count,
					&sysreg_ops, &g->sysregs[i], "gic-cpu");
		if (rc < 0)
			return rc;
	}
	return VR_OK;
}
