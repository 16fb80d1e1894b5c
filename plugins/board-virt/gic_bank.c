/* SPDX-License-Identifier: MIT */
/*
 * gic_bank.c: the search for the highest priority pending interrupt, where shared interrupts are routed to,
 * and the registers that distributor and redistributors have in common.
 */
#include "gic.h"

enum { /* gic_bits_*: offset >> 7 (IHI 0069, 12.8 and 12.10, the register maps) */
       GIC_IGROUPR = 1,
       GIC_ISENABLER,
       GIC_ICENABLER,
       GIC_ISPENDR,
       GIC_ICPENDR,
       GIC_ISACTIVER,
       GIC_ICACTIVER,
};

uint32_t gic_cpu_of(const struct gic *g, uint64_t affinity)
{
	/* The inverse of gic_affinity(). */
	uint64_t vcpu = (affinity >> 8) << 4 | (affinity & 15);

	if ((affinity & 0xf0) || vcpu >= g->cpu_count)
		return GIC_NO_CPU;
	return (uint32_t)vcpu;
}

struct vr_gic_bank_state *gic_bank_of(struct gic *g, uint32_t vcpu, uint32_t intid)
{
	if (intid < 32)
		return &g->cpu[vcpu].bank;
	return intid < GIC_INTIDS ? &g->spi[intid / 32 - 1] : NULL;
}

/* ---- the next interrupt ---------------------------------------------------------------------- */

/* 4.8: of equal priorities any may win; the lowest INTID does. */
static void search_bank(struct gic_cpu *c, const struct vr_gic_bank_state *b, uint32_t candidates,
			uint32_t first)
{
	for (; candidates; candidates &= candidates - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(candidates);

		if (b->priority[i] < c->hppi_priority) {
			c->hppi_priority = b->priority[i];
			c->hppi = first + i;
			c->hppi_group = b->group >> i & 1;
		}
	}
}

static uint32_t candidates_of(const struct vr_gic_bank_state *b, uint32_t groups[2])
{
	return gic_pending(b) & b->enable & ~b->active & ((b->group & groups[1]) | (~b->group & groups[0]));
}

/* 4.8, "Priority grouping": the bits of a priority that count for preemption, by the binary point of the
 * group. For group 1 the binary point is one higher than for the same split in group 0. */
static uint32_t preemption_mask(const struct gic_cpu *c, uint32_t group)
{
	uint32_t split = group && !c->cbpr ? c->bpr[1] : c->bpr[0] + 1;

	return 0xffu << split & 0xffu;
}

static bool can_signal(const struct gic_cpu *c)
{
	uint32_t active = c->ap[0] | c->ap[1];

	if (c->hppi == GIC_SPURIOUS || c->hppi_priority >= c->pmr)
		return false;
	if (!active)
		return true;
	return (c->hppi_priority & preemption_mask(c, c->hppi_group)) < (uint32_t)__builtin_ctz(active)
										<< GIC_PRIORITY_SHIFT;
}

void gic_update(struct gic *g, uint32_t vcpu)
{
	struct gic_cpu *c = &g->cpu[vcpu];
	/* A group takes part when distributor and CPU interface both enable it (4.7). */
	uint32_t groups[2] = {
		g->ctlr & GICD_CTLR_ENABLE_GRP0 && c->igrpen[0] ? ~0u : 0,
		g->ctlr & GICD_CTLR_ENABLE_GRP1 && c->igrpen[1] ? ~0u : 0,
	};
	uint32_t level[2] = {0, 0};

	c->hppi = GIC_SPURIOUS;
	c->hppi_priority = GIC_IDLE_PRIORITY;
	search_bank(c, &c->bank, candidates_of(&c->bank, groups), 0);
	for (uint32_t i = 0; i < GIC_SPI_BANKS; i++)
		search_bank(c, &g->spi[i], candidates_of(&g->spi[i], groups) & c->targets[i], 32 + 32 * i);

	if (can_signal(c))
		level[c->hppi_group] = 1;
	for (uint32_t group = 0; group < 2; group++) {
		if (c->pin[group] == level[group])
			continue;
		c->pin[group] = level[group];
		/* 4.6: with one security state, group 0 is FIQ (pin 1), group 1 is IRQ (pin 0). */
		g->t->irq->set_pin(g->t->host, vcpu, group ? 0 : 1, level[group]);
	}
}

void gic_update_all(struct gic *g)
{
	for (uint32_t i = 0; i < g->cpu_count; i++)
		gic_update(g, i);
}

/* ---- registers of a bank ------------------------------------------------------------------------- */

uint32_t gic_bits_read(const struct vr_gic_bank_state *b, uint32_t kind)
{
	switch (kind) {
	case GIC_IGROUPR:
		return b->group;
	case GIC_ISENABLER:
	case GIC_ICENABLER:
		return b->enable;
	case GIC_ISPENDR:
	case GIC_ICPENDR:
		return gic_pending(b);
	case GIC_ISACTIVER:
	case GIC_ICACTIVER:
		return b->active;
	default:
		return 0;
	}
}

void gic_bits_write(struct vr_gic_bank_state *b, uint32_t kind, uint32_t value)
{
	switch (kind) {
	case GIC_IGROUPR:
		b->group = value;
		break;
	case GIC_ISENABLER:
		b->enable |= value;
		break;
	case GIC_ICENABLER:
		b->enable &= ~value;
		break;
	case GIC_ISPENDR:
		b->latch |= value;
		break;
	case GIC_ICPENDR: /* a level input that is high stays pending */
		b->latch &= ~value;
		break;
	case GIC_ISACTIVER:
		b->active |= value;
		break;
	case GIC_ICACTIVER:
		b->active &= ~value;
		break;
	default:
		break;
	}
}

uint32_t gic_priority_read(const struct vr_gic_bank_state *b, uint32_t first, uint32_t width)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < width && i < 4 && first + i < 32; i++)
		value |= (uint32_t)b->priority[first + i] << 8 * i;
	return value;
}

void gic_priority_write(struct vr_gic_bank_state *b, uint32_t first, uint32_t width, uint32_t value)
{
	for (uint32_t i = 0; i < width && i < 4 && first + i < 32; i++)
		b->priority[first + i] = (uint8_t)(value >> 8 * i & GIC_PRIORITY_MASK);
}

uint32_t gic_config_read(const struct vr_gic_bank_state *b, uint32_t half)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < 16; i++)
		value |= (b->edge >> (16 * half + i) & 1) << (2 * i + 1);
	return value;
}

void gic_config_write(struct vr_gic_bank_state *b, uint32_t half, uint32_t value, uint32_t fixed)
{
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t bit = 1u << (16 * half + i);

		if (bit & fixed)
			continue;
		if (value >> (2 * i + 1) & 1)
			b->edge |= bit;
		else
			b->edge &= ~bit;
	}
}

/* ---- routing --------------------------------------------------------------------------------------- */

void gic_route(struct gic *g, uint32_t spi, uint64_t router)
{
	uint32_t bit = 1u << spi % 32, word = spi / 32;
	uint32_t was = g->spi_cpu[spi];
	uint32_t now;

	router &= 0xff00ffffffull; /* Aff3 and Aff2.Aff1.Aff0; no 1-of-N (GICD_TYPER.No1N) */
	now = gic_cpu_of(g, (router >> 8 & 0xff000000u) | (router & 0xffffffu));
	g->router[spi] = router;
	g->spi_cpu[spi] = (uint16_t)now;
	if (was != GIC_NO_CPU)
		g->cpu[was].targets[word] &= ~bit;
	if (now != GIC_NO_CPU)
		g->cpu[now].targets[word] |= bit;
}
