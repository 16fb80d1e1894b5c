/* SPDX-License-Identifier: MIT */
/*
 * gic_redist.c: the redistributors, two 64 KiB frames a vCPU (Arm IHI 0069, 12.11 "The GIC
 * Redistributor register descriptions"): RD_base, then SGI_base with the registers of INTID 0..31.
 */
#include "gic.h"

#include "map.h"

#define GICR_IIDR 0x0004u
#define GICR_TYPER 0x0008u
#define GICR_WAKER 0x0014u
#define GICR_PIDR2 0xffe8u
#define GICR_SGI_BASE 0x10000u
#define GICR_IPRIORITYR 0x0400u
#define GICR_ICFGR0 0x0c00u
#define GICR_ICFGR1 0x0c04u

#define GICR_TYPER_LAST (1ull << 4)
#define GICR_WAKER_PROCESSOR_SLEEP (1u << 1)
#define GICR_WAKER_CHILDREN_ASLEEP (1u << 2)

static uint64_t typer(const struct gic *g, uint32_t index)
{
	return (uint64_t)g->cpu[index].affinity << 32 | (uint64_t)index << 8 |
	       (index + 1 == g->cpu_count ? GICR_TYPER_LAST : 0);
}

/* GICR_CTLR reads as zero: no LPIs, and writes take effect at once. */
static uint64_t rd_read(const struct gic *g, uint32_t index, uint32_t offset)
{
	switch (offset) {
	case GICR_IIDR:
		return GIC_IIDR;
	case GICR_TYPER:
		return typer(g, index);
	case GICR_TYPER + 4:
		return typer(g, index) >> 32;
	case GICR_WAKER:
		return g->cpu[index].sleeping ? GICR_WAKER_PROCESSOR_SLEEP | GICR_WAKER_CHILDREN_ASLEEP : 0;
	case GICR_PIDR2:
		return GIC_PIDR2;
	default:
		return 0;
	}
}

static uint64_t sgi_read(const struct vr_gic_bank_state *b, uint32_t offset, uint32_t width)
{
	if (offset >= 0x80 && offset < 0x400)
		return (offset & 0x7f) < 4 ? gic_bits_read(b, offset >> 7) >> 8 * (offset & 3) : 0;
	if (offset >= GICR_IPRIORITYR && offset < GICR_IPRIORITYR + 32)
		return gic_priority_read(b, offset - GICR_IPRIORITYR, width);
	if (offset == GICR_ICFGR0 || offset == GICR_ICFGR1)
		return gic_config_read(b, offset == GICR_ICFGR1);
	return 0;
}

static void sgi_write(struct vr_gic_bank_state *b, uint32_t offset, uint32_t width, uint32_t value)
{
	if (offset >= GICR_IPRIORITYR && offset < GICR_IPRIORITYR + 32)
		gic_priority_write(b, offset - GICR_IPRIORITYR, width, value);
	else if (width < 4)
		return;
	else if (offset >= 0x80 && offset < 0x400 && !(offset & 0x7f))
		gic_bits_write(b, offset >> 7, value);
	else if (offset == GICR_ICFGR1)
		gic_config_write(b, 1, value, 0xffff);
}

static uint64_t VR_CALL read_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width)
{
	struct gic *g = opaque;
	uint32_t index = (uint32_t)(offset / A64_GICR_STRIDE);
	uint32_t o = (uint32_t)(offset % A64_GICR_STRIDE);
	uint64_t value;

	(void)vcpu;
	if (index >= g->cpu_count || (offset & (width - 1)))
		return 0;
	pthread_mutex_lock(&g->lock);
	value = o < GICR_SGI_BASE ? rd_read(g, index, o)
				  : sgi_read(&g->cpu[index].bank, o - GICR_SGI_BASE, width);
	pthread_mutex_unlock(&g->lock);
	return width == 8 ? value : value & ((1ull << 8 * width) - 1);
}

static void VR_CALL write_op(void *opaque, uint32_t vcpu, uint64_t offset, uint32_t width, uint64_t value)
{
	struct gic *g = opaque;
	uint32_t index = (uint32_t)(offset / A64_GICR_STRIDE);
	uint32_t o = (uint32_t)(offset % A64_GICR_STRIDE);

	(void)vcpu;
	if (index >= g->cpu_count || (offset & (width - 1)))
		return;
	pthread_mutex_lock(&g->lock);
	if (o >= GICR_SGI_BASE)
		sgi_write(&g->cpu[index].bank, o - GICR_SGI_BASE, width, (uint32_t)value);
	else if (o == GICR_WAKER)
		g->cpu[index].sleeping = !!(value & GICR_WAKER_PROCESSOR_SLEEP);
	gic_update(g, index);
	pthread_mutex_unlock(&g->lock);
}

const struct vr_bus_ops gic_redist_ops = {
	.size = sizeof(gic_redist_ops),
	.read = read_op,
	.write = write_op,
};
