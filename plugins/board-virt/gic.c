/* SPDX-License-Identifier: MIT */
/* gic.c: the inputs of the interrupt controller, and its life. */
#include "gic.h"

#include <stdlib.h>
#include <string.h>

#include "map.h"

/* ---- inputs ---------------------------------------------------------------------------------------- */

void gic_set_line(struct gic *g, uint32_t vcpu, uint32_t line, uint32_t level)
{
	bool shared = vcpu == VR_IRQ_SHARED;
	struct vr_gic_bank_state *b;
	uint32_t bit = 1u << line % 32, target;

	/* SGIs have no input. */
	if (shared ? line < 32 || line >= GIC_INTIDS : line < 16 || line >= 32 || vcpu >= g->cpu_count)
		return;
	pthread_mutex_lock(&g->lock);
	b = shared ? &g->spi[line / 32 - 1] : &g->cpu[vcpu].bank;
	target = shared ? g->spi_cpu[line - 32] : vcpu;
	if (!(b->line & bit) != !level) {
		b->line ^= bit;
		if (level && (b->edge & bit))
			b->latch |= bit;
		if (target != GIC_NO_CPU)
			gic_update(g, target);
	}
	pthread_mutex_unlock(&g->lock);
}

static void VR_CALL controller_set(void *opaque, uint32_t vcpu, uint32_t line, uint32_t level)
{
	gic_set_line(opaque, vcpu, line, level);
}

static const struct vr_irq_controller controller = {
	.size = sizeof(controller),
	.set = controller_set,
};

void gic_cpu_start(struct gic *g, uint32_t vcpu)
{
	struct gic_cpu *c = &g->cpu[vcpu];

	pthread_mutex_lock(&g->lock);
	gic_cpu_reset(c);
	gic_update(g, vcpu);
	g->t->irq->set_pin(g->t->host, vcpu, 0, c->pin[1]);
	g->t->irq->set_pin(g->t->host, vcpu, 1, c->pin[0]);
	pthread_mutex_unlock(&g->lock);
}

/* ---- life ------------------------------------------------------------------------------------------ */

static void bank_reset(struct vr_gic_bank_state *b)
{
	uint32_t line = b->line; /* the devices' business */

	memset(b, 0, sizeof(*b));
	b->line = line;
}

void gic_reset(struct gic *g)
{
	pthread_mutex_lock(&g->lock);
	g->ctlr = 0;
	for (uint32_t i = 0; i < GIC_SPI_BANKS; i++)
		bank_reset(&g->spi[i]);
	for (uint32_t i = 0; i < g->cpu_count; i++) {
		bank_reset(&g->cpu[i].bank);
		g->cpu[i].bank.edge = 0xffff; /* SGIs are edge-triggered, for ever */
		g->cpu[i].sleeping = 1;
		gic_cpu_reset(&g->cpu[i]);
	}
	for (uint32_t i = 0; i < GIC_SPIS; i++)
		gic_route(g, i, 0);
	/* The pins are low after a reset of the vCPUs, whatever they were told before. */
	for (uint32_t i = 0; i < g->cpu_count; i++) {
		g->cpu[i].pin[0] = g->cpu[i].pin[1] = 0;
		g->t->irq->set_pin(g->t->host, i, 0, 0);
		g->t->irq->set_pin(g->t->host, i, 1, 0);
	}
	gic_update_all(g);
	pthread_mutex_unlock(&g->lock);
}

int32_t gic_new(const struct vr_tables *t, uint32_t cpu_count, struct gic **out)
{
	const struct vr_host_mmio *mmio = t->mmio;
	struct gic *g = calloc(1, sizeof(*g));
	int32_t rc;

	if (!g)
		return vr_tables_fail(t, VR_E_NOMEM, "interrupt controller: out of memory");
	g->t = t;
	g->cpu_count = cpu_count;
	g->cpu = calloc(cpu_count, sizeof(*g->cpu));
	if (!g->cpu) {
		free(g);
		return vr_tables_fail(t, VR_E_NOMEM, "interrupt controller: out of memory");
	}
	pthread_mutex_init(&g->lock, NULL);
	for (uint32_t i = 0; i < cpu_count; i++)
		g->cpu[i].affinity = gic_affinity(i);
	for (uint32_t i = 0; i < GIC_SPIS; i++)
		g->spi_cpu[i] = GIC_NO_CPU;
	for (uint32_t i = 0; i < GIC_SPIS; i++)
		gic_route(g, i, 0);
	for (uint32_t i = 0; i < cpu_count; i++) {
		g->cpu[i].bank.edge = 0xffff;
		g->cpu[i].sleeping = 1;
		gic_cpu_reset(&g->cpu[i]);
		gic_update(g, i);
	}

	rc = mmio->attach(t->host, VR_SPACE_MMIO, A64_GICD_BASE, A64_GICD_SIZE, &gic_dist_ops, g, "gic-dist");
	if (rc >= 0)
		rc = mmio->attach(t->host, VR_SPACE_MMIO, A64_GICR_BASE, A64_GICR_STRIDE * cpu_count,
				  &gic_redist_ops, g, "gic-redist");
	if (rc >= 0)
		rc = gic_cpu_attach(g);
	if (rc >= 0)
		rc = t->irq->set_controller(t->host, &controller, g);
	if (rc < 0) {
		gic_free(g);
		return rc;
	}
	*out = g;
	return VR_OK;
}

void gic_free(struct gic *g)
{
	if (!g)
		return;
	pthread_mutex_destroy(&g->lock);
	free(g->cpu);
	free(g);
}
