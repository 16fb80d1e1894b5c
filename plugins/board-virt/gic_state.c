/* SPDX-License-Identifier: MIT */
/* gic_state.c: the interrupt controller out of and into its canonical states. */
#include <string.h>

#include "gic.h"

void gic_get_dist(struct gic *g, struct vr_state_gic_dist *s)
{
	pthread_mutex_lock(&g->lock);
	s->ctlr = g->ctlr;
	s->spi_banks = GIC_SPI_BANKS;
	memcpy(s->spi, g->spi, sizeof(g->spi));
	memcpy(s->router, g->router, sizeof(g->router));
	pthread_mutex_unlock(&g->lock);
}

int32_t gic_set_dist(struct gic *g, const struct vr_state_gic_dist *s)
{
	if (s->spi_banks != GIC_SPI_BANKS)
		return vr_tables_fail(g->t, VR_E_UNSUPPORTED,
				      "board-virt: gic-dist state: spi_banks is %u: this machine has %u",
				      s->spi_banks, GIC_SPI_BANKS);
	pthread_mutex_lock(&g->lock);
	g->ctlr = s->ctlr;
	memcpy(g->spi, s->spi, sizeof(g->spi));
	for (uint32_t i = 0; i < GIC_SPIS; i++)
		gic_route(g, i, s->router[i]);
	gic_update_all(g);
	pthread_mutex_unlock(&g->lock);
	return VR_OK;
}

/* X-macro: members of struct gic_cpu and of its state, of the same type. */
#define CPU_MEMBERS(R) R(bank) R(sleeping) R(pmr) R(bpr) R(igrpen) R(ap) R(cbpr) R(eoimode)
#define SAME(m)                                                                                       \
	_Static_assert(sizeof(((struct gic_cpu *)0)->m) == sizeof(((struct vr_state_gic_cpu *)0)->m), \
		       "the same type");
CPU_MEMBERS(SAME)

void gic_get_cpu(struct gic *g, uint32_t vcpu, struct vr_state_gic_cpu *s)
{
	const struct gic_cpu *c = &g->cpu[vcpu];

	pthread_mutex_lock(&g->lock);
	s->affinity = c->affinity;
#define GET(m) memcpy(&s->m, &c->m, sizeof(s->m));
	CPU_MEMBERS(GET)
	pthread_mutex_unlock(&g->lock);
}

int32_t gic_set_cpu(struct gic *g, uint32_t vcpu, const struct vr_state_gic_cpu *s)
{
	struct gic_cpu *c = &g->cpu[vcpu];

	if (s->affinity != c->affinity)
		return vr_tables_fail(
			g->t, VR_E_UNSUPPORTED,
			"board-virt: gic-cpu state: affinity is 0x%x: that of vCPU %u here is 0x%x",
			s->affinity, vcpu, c->affinity);
	pthread_mutex_lock(&g->lock);
#define SET(m) memcpy(&c->m, &s->m, sizeof(c->m));
	CPU_MEMBERS(SET)
	gic_update(g, vcpu);
	pthread_mutex_unlock(&g->lock);
	return VR_OK;
}
