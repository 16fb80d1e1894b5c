/* SPDX-License-Identifier: MIT */
/*
 * gic.h: an Arm Generic Interrupt Controller, version 3 (Arm IHI 0069).
 *
 * What is there: one security state (GICD_CTLR.DS is one), affinity routing always on, SGIs, PPIs and
 * 256 SPIs, five priority bits, two groups (group 0 drives FIQ, group 1 drives IRQ). No LPIs, no ITS,
 * no 1-of-N routing.
 *
 * How it works: 32 interrupts make a bank; a bank is a handful of bit masks, so the distributor's and
 * the redistributor's registers are the same code on different banks. After each change the highest
 * priority pending interrupt ("HPPI") of the vCPUs concerned is searched again and their pins follow,
 * so acknowledging needs no search: a high pin says that the HPPI may be taken.
 */
#ifndef BOARD_VIRT_GIC_H
#define BOARD_VIRT_GIC_H

#include <board/tables.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <vmrun/state_virt.h>

#define GIC_SPI_BANKS 8u
#define GIC_SPIS (GIC_SPI_BANKS * 32u)
#define GIC_INTIDS (32u + GIC_SPIS)
#define GIC_SPURIOUS 1023u /* 2.2.1: no interrupt to acknowledge */
#define GIC_NO_CPU 0xffffu

/* 4.8: five bits of priority, in the upper bits of the byte. */
#define GIC_PRIORITY_BITS 5u
#define GIC_PRIORITY_MASK 0xf8u
#define GIC_PRIORITY_SHIFT (8u - GIC_PRIORITY_BITS)
#define GIC_IDLE_PRIORITY 0xffu

#define GICD_CTLR_ENABLE_GRP0 (1u << 0)
#define GICD_CTLR_ENABLE_GRP1 (1u << 1)
#define GICD_CTLR_ARE (1u << 4)
#define GICD_CTLR_DS (1u << 6)

#define GIC_IIDR 0x43bu /* JEP106 code of Arm, product 0 */
#define GIC_PIDR2 0x3bu /* GICD_PIDR2.ArchRev 3: GICv3 */

struct gic_cpu {
	struct vr_gic_bank_state bank;   /* INTID 0..31 */
	uint32_t targets[GIC_SPI_BANKS]; /* SPIs that are routed here */
	uint32_t affinity;               /* Aff3.Aff2.Aff1.Aff0 */
	uint32_t sleeping;               /* GICR_WAKER.ProcessorSleep */
	/* the CPU interface */
	uint32_t pmr;
	uint32_t bpr[2];    /* by group */
	uint32_t igrpen[2]; /* by group */
	uint32_t ap[2];     /* active priorities by group, one bit each */
	uint32_t cbpr;      /* ICC_CTLR_EL1.CBPR */
	uint32_t eoimode;   /* ICC_CTLR_EL1.EOImode */
	/* derived by gic_update() */
	uint32_t hppi; /* INTID or GIC_SPURIOUS */
	uint32_t hppi_group;
	uint32_t hppi_priority;
	uint32_t pin[2]; /* by group: the pin's level as last told */
};

struct gic;

/* A stretch of system registers, as attached to VR_SPACE_SYSREG. */
struct gic_sysregs {
	struct gic *gic;
	uint32_t first;
};
#define GIC_SYSREG_RANGES 6u

struct gic {
	const struct vr_tables *t;
	pthread_mutex_t lock; /* everything below */
	uint32_t cpu_count;
	uint32_t ctlr; /* GICD_CTLR enables */
	struct vr_gic_bank_state spi[GIC_SPI_BANKS];
	uint64_t router[GIC_SPIS];  /* GICD_IROUTER */
	uint16_t spi_cpu[GIC_SPIS]; /* what the router selects, or GIC_NO_CPU */
	struct gic_cpu *cpu;
	struct gic_sysregs sysregs[GIC_SYSREG_RANGES];
};

/* Makes the controller, attaches its frames and system registers, becomes the root controller. [main] */
int32_t gic_new(const struct vr_tables *t, uint32_t cpu_count, struct gic **out);
void gic_free(struct gic *g);
void gic_reset(struct gic *g); /* [quiesced] */

/* Affinity (Aff3.Aff2.Aff1.Aff0) of a vCPU: sixteen a cluster, what one SGI target list can name. */
static inline uint32_t gic_affinity(uint32_t vcpu)
{
	return (vcpu >> 4) << 8 | (vcpu & 15);
}
/* The vCPU with an affinity, or GIC_NO_CPU. */
uint32_t gic_cpu_of(const struct gic *g, uint64_t affinity);

/* Line INTID `line` of `vcpu` (or VR_IRQ_SHARED) is now at `level`. [any] */
void gic_set_line(struct gic *g, uint32_t vcpu, uint32_t line, uint32_t level);

/* A vCPU that was off is about to start: its CPU interface is as after a reset, and its pins, which the new
 * state knows nothing of, are told again. [any] */
void gic_cpu_start(struct gic *g, uint32_t vcpu);

/* ---- gic_state.c: canonical states, checked; drives no line, but the vCPUs' pins. [quiesced] ---- */
void gic_get_dist(struct gic *g, struct vr_state_gic_dist *s);
int32_t gic_set_dist(struct gic *g, const struct vr_state_gic_dist *s);
void gic_get_cpu(struct gic *g, uint32_t vcpu, struct vr_state_gic_cpu *s);
int32_t gic_set_cpu(struct gic *g, uint32_t vcpu, const struct vr_state_gic_cpu *s);

/* ---- gic_bank.c; the lock is held ------------------------------------------------------ */

/* Look for the HPPI of one vCPU / all of them again, and let the pins follow. */
void gic_update(struct gic *g, uint32_t vcpu);
void gic_update_all(struct gic *g);

/* The bank of an INTID as `vcpu` sees it, or NULL. */
struct vr_gic_bank_state *gic_bank_of(struct gic *g, uint32_t vcpu, uint32_t intid);

static inline uint32_t gic_pending(const struct vr_gic_bank_state *b)
{
	return b->latch | (b->line & ~b->edge);
}

/* The one-bit registers 0x080..0x3FF: offset >> 7 is the kind (IGROUPR, ISENABLER, ...). */
uint32_t gic_bits_read(const struct vr_gic_bank_state *b, uint32_t kind);
void gic_bits_write(struct vr_gic_bank_state *b, uint32_t kind, uint32_t value);
/* IPRIORITYR: `first` is the interrupt within the bank, `width` bytes of the register, at most 4. */
uint32_t gic_priority_read(const struct vr_gic_bank_state *b, uint32_t first, uint32_t width);
void gic_priority_write(struct vr_gic_bank_state *b, uint32_t first, uint32_t width, uint32_t value);
/* ICFGR: two bits an interrupt, `half` 0 or 1 of the bank. `fixed`: interrupts that can't change. */
uint32_t gic_config_read(const struct vr_gic_bank_state *b, uint32_t half);
void gic_config_write(struct vr_gic_bank_state *b, uint32_t half, uint32_t value, uint32_t fixed);

void gic_route(struct gic *g, uint32_t spi, uint64_t router);

/* ---- the frames and the CPU interface: gic_dist.c, gic_redist.c, gic_cpu.c ---- */
void gic_cpu_reset(struct gic_cpu *c); /* the lock is held */
extern const struct vr_bus_ops gic_dist_ops;
extern const struct vr_bus_ops gic_redist_ops;
int32_t gic_cpu_attach(struct gic *g);

#endif
