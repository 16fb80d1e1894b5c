/* SPDX-License-Identifier: MIT */
/* gic.c: the interrupt controller, as its registers show it. */
#include <criterion/criterion.h>
#include <vmrun/state_arm64.h>

#include "../../plugins/board-virt/gic.h"
#include "../../plugins/board-virt/map.h"
#include "../fake_host/fake.h"

#define PMR VR_A64_SYSREG(3, 0, 4, 6, 0)
#define ICC(crm, op2) VR_A64_SYSREG(3, 0, 12, crm, op2)
#define IAR0 ICC(8, 0)
#define EOIR0 ICC(8, 1)
#define HPPIR0 ICC(8, 2)
#define BPR0 ICC(8, 3)
#define AP0R0 ICC(8, 4)
#define AP1R0 ICC(9, 0)
#define DIR ICC(11, 1)
#define RPR ICC(11, 3)
#define SGI1R ICC(11, 5)
#define SGI0R ICC(11, 7)
#define IAR1 ICC(12, 0)
#define EOIR1 ICC(12, 1)
#define HPPIR1 ICC(12, 2)
#define BPR1 ICC(12, 3)
#define CTLR ICC(12, 4)
#define SRE ICC(12, 5)
#define IGRPEN0 ICC(12, 6)
#define IGRPEN1 ICC(12, 7)

#define GICD(offset) (A64_GICD_BASE + (offset))
#define GICR(vcpu, offset) (A64_GICR_BASE + (vcpu)*A64_GICR_STRIDE + (offset))
#define SGI(vcpu, offset) GICR(vcpu, 0x10000 + (offset))
#define IRQ 0
#define FIQ 1

static struct vr_fake_host *d;
static struct vr_tables t;
static struct gic *g;

static uint64_t mrs(uint32_t vcpu, uint32_t reg)
{
	return fake_read(d, VR_SPACE_SYSREG, vcpu, reg, 8);
}

static void msr(uint32_t vcpu, uint32_t reg, uint64_t value)
{
	fake_write(d, VR_SPACE_SYSREG, vcpu, reg, 8, value);
}

static void line(uint32_t vcpu, uint32_t intid, uint32_t level)
{
	d->controller->set(d->controller_opaque, vcpu, intid, level);
}

static void spi(uint32_t intid, uint32_t level)
{
	line(VR_IRQ_SHARED, intid, level);
}

/* As Linux does it: everything group 1, priority 0xa0, PMR 0xf0. */
static void start_with(uint32_t cpus)
{
	d = fake_new(FAKE_RAM_BASE, 1 << 20, cpus);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(gic_new(&t, cpus, &g), VR_OK);
	fake_w32(d, GICD(0), GICD_CTLR_ENABLE_GRP1 | GICD_CTLR_ARE);
	for (uint32_t i = 32; i < GIC_INTIDS; i += 32)
		fake_w32(d, GICD(0x80 + i / 8), 0xffffffff);
	for (uint32_t i = 32; i < GIC_INTIDS; i += 4)
		fake_w32(d, GICD(0x400 + i), 0xa0a0a0a0);
	for (uint32_t c = 0; c < cpus; c++) {
		fake_w32(d, GICR(c, 0x14), 0);
		fake_w32(d, SGI(c, 0x80), 0xffffffff);
		for (uint32_t i = 0; i < 32; i += 4)
			fake_w32(d, SGI(c, 0x400 + i), 0xa0a0a0a0);
		fake_w32(d, SGI(c, 0x100), 0xffffffff);
		msr(c, PMR, 0xf0);
		msr(c, IGRPEN1, 1);
	}
}

static void start(void)
{
	start_with(4);
}

static void stop(void)
{
	gic_free(g);
	fake_free(d);
}

TestSuite(gic, .init = start, .fini = stop);

Test(gic, identification)
{
	cr_expect_eq(fake_r32(d, GICD(0)), GICD_CTLR_ENABLE_GRP1 | GICD_CTLR_ARE | GICD_CTLR_DS);
	cr_expect_eq(fake_r32(d, GICD(4)) & 0x1f, GIC_SPI_BANKS);
	cr_expect_eq(fake_r32(d, GICD(0xffe8)) >> 4, 3);
	cr_expect_eq(fake_r32(d, GICR(1, 0xffe8)) >> 4, 3);
	for (uint32_t c = 0; c < 4; c++) {
		uint64_t typer = fake_read(d, VR_SPACE_MMIO, 0, GICR(c, 8), 8);

		cr_expect_eq(typer >> 32, c);
		cr_expect_eq(typer >> 8 & 0xffff, c);
		cr_expect_eq(typer >> 4 & 1, c == 3);
		cr_expect_eq(fake_r32(d, GICR(c, 12)), c);
	}
	fake_w32(d, GICR(2, 0x14), 2);
	cr_expect_eq(fake_r32(d, GICR(2, 0x14)), 6);
	fake_w32(d, GICR(2, 0x14), 0);
	cr_expect_eq(fake_r32(d, GICR(2, 0x14)), 0);
	cr_expect_eq(mrs(0, SRE), 7);
	cr_expect_eq(mrs(0, CTLR) >> 8 & 7, GIC_PRIORITY_BITS - 1);
	/* With five priority bits there are no further active priority registers. */
	cr_expect_not(vr_fake_host_attached(d, VR_SPACE_SYSREG, ICC(8, 5)));
	cr_expect_not(vr_fake_host_attached(d, VR_SPACE_SYSREG, ICC(9, 1)));
	cr_expect_not(vr_fake_host_attached(d, VR_SPACE_SYSREG, ICC(11, 2)));
	cr_expect_not(vr_fake_host_attached(d, VR_SPACE_SYSREG, ICC(10, 0)));
}

Test(gic, spurious)
{
	cr_expect_eq(mrs(0, IAR1), 1023);
	cr_expect_eq(mrs(0, IAR0), 1023);
	cr_expect_eq(mrs(0, HPPIR1), 1023);
	cr_expect_eq(mrs(0, RPR), 0xff);
	msr(0, EOIR1, 1023);
	msr(0, EOIR1, 0xffffff);
	msr(0, EOIR1, GIC_INTIDS);
	cr_expect_eq(mrs(0, RPR), 0xff);
}

Test(gic, sgi_to_one)
{
	msr(0, SGI1R, 5ull << 24 | 1 << 2);
	cr_expect_eq(d->vcpu[2].pin[IRQ], 1);
	cr_expect_eq(d->vcpu[0].pin[IRQ] + d->vcpu[1].pin[IRQ] + d->vcpu[3].pin[IRQ], 0);
	cr_expect_eq(d->vcpu[2].pin[FIQ], 0);
	cr_expect_eq(mrs(2, HPPIR1), 5);
	cr_expect_eq(mrs(2, IAR1), 5);
	cr_expect_eq(d->vcpu[2].pin[IRQ], 0);
	cr_expect_eq(mrs(2, RPR), 0xa0);
	cr_expect_eq(mrs(2, IAR1), 1023);
	/* Again while it is active: pending, but not signalled before the end. */
	msr(1, SGI1R, 5ull << 24 | 1 << 2);
	cr_expect_eq(d->vcpu[2].pin[IRQ], 0);
	msr(2, EOIR1, 5);
	cr_expect_eq(d->vcpu[2].pin[IRQ], 1);
	cr_expect_eq(mrs(2, IAR1), 5);
	msr(2, EOIR1, 5);
	cr_expect_eq(mrs(2, RPR), 0xff);
}

Test(gic, sgi_to_all_but_self)
{
	msr(1, SGI1R, 1ull << 40 | 3ull << 24);
	cr_expect_eq(d->vcpu[1].pin[IRQ], 0);
	for (uint32_t c = 0; c < 4; c++)
		if (c != 1)
			cr_expect_eq(mrs(c, IAR1), 3);
}

Test(gic, sgi_to_nobody)
{
	msr(0, SGI1R, 1ull << 24 | 1 << 9);              /* Aff0 9 */
	msr(0, SGI1R, 1ull << 24 | 1 << 16 | 1 << 1);    /* Aff1 1 */
	msr(0, SGI1R, 1ull << 24 | 1ull << 44 | 1 << 1); /* Aff0 17 */
	msr(0, SGI1R, 1ull << 24 | 1ull << 48 | 1 << 1); /* Aff3 1 */
	msr(0, SGI1R, 1ull << 24 | 255ull << 32 | 1 << 1);
	for (uint32_t c = 0; c < 4; c++)
		cr_expect_eq(d->vcpu[c].pin[IRQ], 0);
	/* Configured as group 0, it is not what SGI1R sends. */
	fake_w32(d, SGI(2, 0x80), ~(1u << 7));
	msr(0, SGI1R, 7ull << 24 | 1 << 2);
	cr_expect_eq(fake_r32(d, SGI(2, 0x200)), 0);
}

Test(gic, group_0_is_fiq)
{
	fake_w32(d, GICD(0), GICD_CTLR_ENABLE_GRP0 | GICD_CTLR_ENABLE_GRP1);
	msr(3, IGRPEN0, 1);
	fake_w32(d, SGI(3, 0x80), ~(1u << 7));
	msr(0, SGI0R, 7ull << 24 | 1 << 3);
	cr_expect_eq(d->vcpu[3].pin[FIQ], 1);
	cr_expect_eq(d->vcpu[3].pin[IRQ], 0);
	cr_expect_eq(mrs(3, IAR1), 1023);
	cr_expect_eq(mrs(3, HPPIR0), 7);
	cr_expect_eq(mrs(3, HPPIR1), 1023);
	cr_expect_eq(mrs(3, IAR0), 7);
	cr_expect_eq(d->vcpu[3].pin[FIQ], 0);
	cr_expect_eq(mrs(3, AP0R0), 1u << 20);
	msr(3, EOIR1, 7); /* the wrong group */
	cr_expect_eq(mrs(3, RPR), 0xa0);
	msr(3, EOIR0, 7);
	cr_expect_eq(mrs(3, RPR), 0xff);
}

Test(gic, ppi_level)
{
	line(1, 27, 1);
	cr_expect_eq(d->vcpu[1].pin[IRQ], 1);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 0);
	cr_expect_eq(mrs(1, IAR1), 27);
	cr_expect_eq(d->vcpu[1].pin[IRQ], 0);
	/* Still high when it ends: again. */
	msr(1, EOIR1, 27);
	cr_expect_eq(d->vcpu[1].pin[IRQ], 1);
	cr_expect_eq(mrs(1, IAR1), 27);
	line(1, 27, 0);
	msr(1, EOIR1, 27);
	cr_expect_eq(d->vcpu[1].pin[IRQ], 0);
	/* Gone before it was taken: nothing to take. */
	line(1, 27, 1);
	line(1, 27, 0);
	cr_expect_eq(d->vcpu[1].pin[IRQ], 0);
	cr_expect_eq(mrs(1, IAR1), 1023);
	/* SGIs have no line; nor has an interrupt that is not there. */
	line(1, 3, 1);
	line(9, 27, 1);
	spi(27, 1);
	spi(GIC_INTIDS, 1);
	spi(0xfffffff0, 1);
	cr_expect_eq(mrs(1, IAR1), 1023);
}

Test(gic, ppi_disabled)
{
	fake_w32(d, SGI(0, 0x180), 1u << 30);
	line(0, 30, 1);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 0);
	cr_expect_eq(fake_r32(d, SGI(0, 0x200)), 1u << 30);
	fake_w32(d, SGI(0, 0x100), 1u << 30);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 1);
	msr(0, IGRPEN1, 0);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 0);
	msr(0, IGRPEN1, 1);
	fake_w32(d, GICD(0), 0);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 0);
	fake_w32(d, GICD(0), GICD_CTLR_ENABLE_GRP1);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 1);
}

Test(gic, spi_routing)
{
	fake_w32(d, GICD(0x100 + 4), 1u << 10);
	fake_write(d, VR_SPACE_MMIO, 0, GICD(0x6000 + 8 * 42), 8, 2);
	cr_expect_eq(fake_read(d, VR_SPACE_MMIO, 0, GICD(0x6000 + 8 * 42), 8), 2);
	spi(42, 1);
	cr_expect_eq(d->vcpu[2].pin[IRQ], 1);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 0);
	/* Rerouted while pending, by halves. */
	fake_w32(d, GICD(0x6000 + 8 * 42), 3);
	fake_w32(d, GICD(0x6004 + 8 * 42), 0);
	cr_expect_eq(d->vcpu[2].pin[IRQ], 0);
	cr_expect_eq(d->vcpu[3].pin[IRQ], 1);
	/* To no vCPU. */
	fake_w32(d, GICD(0x6000 + 8 * 42), 77);
	for (uint32_t c = 0; c < 4; c++)
		cr_expect_eq(d->vcpu[c].pin[IRQ], 0);
	fake_w32(d, GICD(0x6000 + 8 * 42), 1);
	cr_expect_eq(mrs(1, IAR1), 42);
	cr_expect_eq(fake_r32(d, GICD(0x300 + 4)), 1u << 10);
	/* Ended by another vCPU with the split of EOI and DIR. */
	spi(42, 0);
	spi(42, 1);
	msr(3, CTLR, 2);
	msr(3, DIR, 42);
	cr_expect_eq(fake_r32(d, GICD(0x300 + 4)), 0);
	cr_expect_eq(d->vcpu[1].pin[IRQ], 0); /* its running priority is still the interrupt's */
	msr(1, EOIR1, 42);
	cr_expect_eq(d->vcpu[1].pin[IRQ], 1);
}

Test(gic, spi_edge)
{
	fake_w32(d, GICD(0x100 + 4), 1u << 2);
	fake_w32(d, GICD(0xc00 + 8), 2u << 4); /* INTID 34 */
	cr_expect_eq(fake_r32(d, GICD(0xc00 + 8)), 2u << 4);
	spi(34, 1);
	spi(34, 0); /* an edge is remembered */
	cr_expect_eq(mrs(0, IAR1), 34);
	spi(34, 1);
	spi(34, 1);
	msr(0, EOIR1, 34);
	cr_expect_eq(mrs(0, IAR1), 34);
	msr(0, EOIR1, 34);
	cr_expect_eq(mrs(0, IAR1), 1023);
	/* By register. */
	fake_w32(d, GICD(0x200 + 4), 1u << 2);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 1);
	fake_w32(d, GICD(0x280 + 4), 1u << 2);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 0);
}

Test(gic, priorities)
{
	fake_write(d, VR_SPACE_MMIO, 0, SGI(0, 0x400 + 1), 1, 0x43); /* only five bits stay */
	cr_expect_eq(fake_read(d, VR_SPACE_MMIO, 0, SGI(0, 0x400 + 1), 1), 0x40);
	cr_expect_eq(fake_r32(d, SGI(0, 0x400)), 0xa0a040a0);
	fake_write(d, VR_SPACE_MMIO, 0, SGI(0, 0x400 + 2), 1, 0xc0);

	/* The lowest number wins; of equals, the lowest INTID. */
	msr(1, SGI1R, 2ull << 24 | 1);
	msr(1, SGI1R, 5ull << 24 | 1);
	msr(1, SGI1R, 4ull << 24 | 1);
	cr_expect_eq(mrs(0, IAR1), 4);
	cr_expect_eq(mrs(0, IAR1), 1023);
	/* A more urgent one preempts. */
	msr(1, SGI1R, 1ull << 24 | 1);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 1);
	cr_expect_eq(mrs(0, IAR1), 1);
	cr_expect_eq(mrs(0, RPR), 0x40);
	cr_expect_eq(mrs(0, AP1R0), 1u << 8 | 1u << 20);
	msr(0, EOIR1, 1);
	cr_expect_eq(mrs(0, RPR), 0xa0);
	msr(0, EOIR1, 4);
	cr_expect_eq(mrs(0, IAR1), 5);
	msr(0, EOIR1, 5);
	/* The mask lets only what is more urgent through. */
	msr(0, PMR, 0xc0);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 0);
	cr_expect_eq(mrs(0, IAR1), 1023);
	cr_expect_eq(mrs(0, HPPIR1), 2);
	msr(0, PMR, 0xc8);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 1);
	cr_expect_eq(mrs(0, IAR1), 2);
	msr(0, PMR, 0xff);
	cr_expect_eq(mrs(0, PMR), 0xf8);
}

Test(gic, binary_point)
{
	msr(0, BPR1, 0);
	cr_expect_eq(mrs(0, BPR1), 3); /* the least there is */
	msr(0, BPR0, 0);
	cr_expect_eq(mrs(0, BPR0), 2);
	fake_write(d, VR_SPACE_MMIO, 0, SGI(0, 0x400 + 1), 1, 0x80);
	fake_write(d, VR_SPACE_MMIO, 0, SGI(0, 0x400 + 2), 1, 0x98);
	msr(0, BPR1, 5); /* 0x80 and 0x98 are now of one group priority */
	msr(1, SGI1R, 2ull << 24 | 1);
	cr_expect_eq(mrs(0, IAR1), 2);
	cr_expect_eq(mrs(0, RPR), 0x80);
	msr(1, SGI1R, 1ull << 24 | 1);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 0);
	msr(0, BPR1, 3);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 0); /* the active priority stays what it was */
	msr(0, EOIR1, 2);
	cr_expect_eq(mrs(0, IAR1), 1);
	/* The common binary point. */
	msr(0, CTLR, 1);
	msr(0, BPR0, 4);
	cr_expect_eq(mrs(0, BPR1), 5);
	msr(0, BPR1, 7);
	cr_expect_eq(mrs(0, BPR1), 5);
	msr(0, BPR0, 7);
	cr_expect_eq(mrs(0, BPR1), 7);
}

Test(gic, split_end)
{
	msr(0, CTLR, 2);
	line(0, 27, 1);
	cr_expect_eq(mrs(0, IAR1), 27);
	msr(0, EOIR1, 27);
	cr_expect_eq(mrs(0, RPR), 0xff);
	cr_expect_eq(fake_r32(d, SGI(0, 0x300)), 1u << 27); /* dropped, still active */
	cr_expect_eq(d->vcpu[0].pin[IRQ], 0);
	msr(0, DIR, 27);
	cr_expect_eq(d->vcpu[0].pin[IRQ], 1);
	/* Without the split DIR does nothing. */
	cr_expect_eq(mrs(0, IAR1), 27);
	msr(0, CTLR, 0);
	msr(0, DIR, 27);
	cr_expect_eq(fake_r32(d, SGI(0, 0x300)), 1u << 27);
	/* Active bits by register. */
	fake_w32(d, SGI(0, 0x380), 1u << 27);
	cr_expect_eq(fake_r32(d, SGI(0, 0x300)), 0);
}

Test(gic, affinity_beyond_16)
{
	stop();
	start_with(20);
	cr_expect_eq(fake_read(d, VR_SPACE_MMIO, 0, GICR(18, 8), 8) >> 32, 0x102);
	msr(0, SGI1R, 9ull << 24 | 1 << 16 | 1 << 2);
	cr_expect_eq(d->vcpu[18].pin[IRQ], 1);
	cr_expect_eq(d->vcpu[2].pin[IRQ], 0);
	fake_w32(d, GICD(0x104), 1);
	fake_write(d, VR_SPACE_MMIO, 0, GICD(0x6100), 8, 0x103);
	spi(32, 1);
	cr_expect_eq(mrs(19, IAR1), 32);
}

Test(gic, reset)
{
	msr(0, SGI1R, 5ull << 24 | 1 << 2);
	line(2, 27, 1);
	cr_expect_eq(mrs(2, IAR1), 5);
	gic_reset(g);
	for (uint32_t c = 0; c < 4; c++)
		cr_expect_eq(d->vcpu[c].pin[IRQ], 0);
	cr_expect_eq(fake_r32(d, GICD(0)), GICD_CTLR_ARE | GICD_CTLR_DS);
	cr_expect_eq(mrs(2, RPR), 0xff);
	cr_expect_eq(fake_r32(d, SGI(2, 0x300)), 0);
	cr_expect_eq(fake_r32(d, SGI(2, 0x100)), 0);
	cr_expect_eq(fake_r32(d, SGI(2, 0x200)), 1u << 27, "a line is its device's business");
	cr_expect_eq(fake_r32(d, SGI(2, 0xc00)), 0xaaaaaaaa);
}

/* Whatever is written anywhere, nothing falls over. */
Test(gic, noise)
{
	uint32_t x = 1;

	for (uint32_t i = 0; i < 400000; i++) {
		uint32_t where, width, vcpu;

		x = x * 1664525 + 1013904223;
		where = x >> 8;
		width = 1u << (x >> 5 & 3);
		vcpu = x >> 3 & 3;
		if (where & 1)
			fake_write(d, VR_SPACE_MMIO, vcpu, GICD((where >> 1 & 0xffff) & ~(width - 1)), width,
				   x * 2654435761ull);
		else
			fake_write(d, VR_SPACE_MMIO, vcpu,
				   GICR(0, (where >> 1) % (4 * A64_GICR_STRIDE) & ~(width - 1)), width,
				   x * 2654435761ull);
		fake_read(d, VR_SPACE_MMIO, vcpu, GICD((where >> 2 & 0xffff) & ~(width - 1)), width);
		if (vr_fake_host_attached(d, VR_SPACE_SYSREG, ICC(8, 0) + where % 40)) {
			msr(vcpu, ICC(8, 0) + where % 40, (uint64_t)x << (where & 31));
			mrs(vcpu, ICC(8, 0) + where % 40);
		}
		line(where & 8 ? VR_IRQ_SHARED : vcpu, where % 400, where >> 4 & 1);
	}
}
