/* SPDX-License-Identifier: MIT */
/* gic_dist.c: the distributor's frame (Arm IHI 0069, 12.9 "The GIC Distributor register descriptions"). */
#include "gic.h"

#define GICD_CTLR 0x0000u
#define GICD_TYPER 0x0004u
#define GICD_IIDR 0x0008u
#define GICD_BITS 0x0080u /* IGROUPR .. ICACTIVER */
#define GICD_IPRIORITYR 0x0400u
#define GICD_IPRIORITYR_END (GICD_IPRIORITYR + GIC_INTIDS)
#define GICD_ICFGR 0x0c00u
#define GICD_ICFGR_END (GICD_ICFGR + GIC_INTIDS / 4)
#define GICD_IROUTER 0x6100u /* of INTID 32 */
#define GICD_IROUTER_END (GICD_IROUTER + 8 * GIC_SPIS)
#define GICD_PIDR2 0xffe8u

/* ITLinesNumber, IDbits - 1 = 9 (INTIDs to 1023), No1N. CPUNumber is 0: no legacy operation. */
#define GICD_TYPER_VALUE (GIC_SPI_BANKS | 9u << 19 | 1u << 25)

/* With affinity routing the first 32 interrupts live in the redistributors; here they are RES0. */
static struct vr_gic_bank_state *spi_bank(struct gic *g, uint32_t index)
{
	return index >= 1 && index <= GIC_SPI_BANKS ? &g->spi[index - 1] : NULL;
}

static uint64_t dist_read(struct gic *g, uint32_t offset, uint32_t width)
{
	const struct vr_gic_bank_state *b;

	if (offset >= GICD_BITS && offset < GICD_IPRIORITYR) {
		b = spi_bank(g, (offset & 0x7f) / 4);
		return b ? gic_bits_read(b, offset >> 7) >> 8 * (offset & 3) : 0;
	}
	if (offset >= GICD_IPRIORITYR && offset < GICD_IPRIORITYR_END) {
		b = spi_bank(g, (offset - GICD_IPRIORITYR) / 32);
		return b ? gic_priority_read(b, offset % 32, width) : 0;
	}
	if (offset >= GICD_ICFGR && offset < GICD_ICFGR_END) {
		b = spi_bank(g, (offset - GICD_ICFGR) / 8);
		return b ? gic_config_read(b, offset / 4 % 2) >> 8 * (offset & 3) : 0;
	}
	if (offset >= GICD_IROUTER && offset < GICD_IROUTER_END)
		return g->router[(offset - GICD_IROUTER) / 8] >> 8 * (offset & 7);

	switch (offset) {
	case GICD_CTLR:
		return g->ctlr | GICD_CTLR_ARE | GICD_CTLR_DS;
	case GICD_TYPER:
		return GICD_TYPER_VALUE;
	case GICD_IIDR:
		return GIC_IIDR;
	case GICD_PIDR2:
		return GIC_PIDR2;
	default:
		return 0;
	}
}

static void router_write(struct gic *g, uint32_t offset, uint32_t width, uint64_t value)
{
	uint32_t spi = (offset - GICD_IROUTER) / 8;
	uint64_t router = g->router[spi];

	if (width == 8)
		router = value;
	else if (offset & 4)
		router = (router & 0xffffffffu) | value << 32;
	else
		router = (router & ~0xffffffffull) | (value & 0xffffffffu);
	gic_route(g, spi, router);
}

static void dist_write(struct gic *g, uint32_t offset, uint32_t width, uint64_t value)
{
	struct vr_gic_bank_state *b;

	if (offset >= GICD_IPRIORITYR && offset < GICD_IPRIORITYR_END) {
		b = spi_bank(g, (offset - GICD_IPRIORITYR) / 32);
		if (b)
			gic_priority_write(b, offset % 32, width, (uint32_t)value);
	} else if (width < 4) {
		return; /* 12.1.3: only priorities may be written in bytes */
	} else if (offset >= GICD_BITS && offset < GICD_IPRIORITYR) {
		b = spi_bank(g, (offset & 0x7f) / 4);
		if (b)
			gic_bits_write(b, offset >> 7, (uint32_t)value);
	} else if (offset >= GICD_ICFGR && offset < GICD_ICFGR_END) {
		b = spi_bank(g, (offset - GICD_ICFGR) / 8);
		if (b)
			gic_config_write(b, offset / 4 % 2, (uint32_t)value, 0);
	} else if (offset >= GICD_IROUTER && offset < GICD_IROUTER_END) {
		router_write(g, offset, width, value);
	} else if (offset == GICD_CTLR) {
		g->ctlr = (uint32_t)value & (GICD_CTLR_ENABLE_GRP0 | GICD_CTLR_ENABLE_GRP1);
	} else {
		return;
	}
	gic_update_all(g);
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct gic *g = opaque;
	uint64_t value;

	(void)vcpu;
	if (offset & (width - 1))
		return 0;
	pthread_mutex_lock(&g->lock);
	value = dist_read(g, (uint32_t)offset, width);
	pthread_mutex_unlock(&g->lock);
	return width == 8 ? value : value & ((1ull << 8 * width) - 1);
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct gic *g = opaque;

	(void)vcpu;
	if (offset & (width - 1))
		return;
	pthread_mutex_lock(&g->lock);
	dist_write(g, (uint32_t)offset, width, value);
	pthread_mutex_unlock(&g->lock);
}

const struct vr_bus_ops gic_dist_ops = {
	.size = sizeof(gic_dist_ops),
	.read = read_op,
	.write = write_op,
};
