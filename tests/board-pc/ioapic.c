/* SPDX-License-Identifier: MIT */
/* ioapic.c: the I/O APIC, and with it the lines of the board. */
#include <criterion/criterion.h>

#include "../../plugins/board-pc/intr.h"
#include "../fake_host/fake.h"

#define IOAPIC 0xfec00000ull
#define LAPIC 0xfee00000ull

static struct vr_fake_host *d;
static struct vr_tables t;
static struct intr x;

static uint32_t get(uint32_t reg)
{
	fake_write(d, VR_SPACE_MMIO, 0, IOAPIC, 4, reg);
	return (uint32_t)fake_read(d, VR_SPACE_MMIO, 0, IOAPIC + 0x10, 4);
}

static void put(uint32_t reg, uint32_t value)
{
	fake_write(d, VR_SPACE_MMIO, 0, IOAPIC, 4, reg);
	fake_write(d, VR_SPACE_MMIO, 0, IOAPIC + 0x10, 4, value);
}

static void redirect(uint32_t pin, uint32_t low, uint32_t destination)
{
	put(0x11 + 2 * pin, destination << 24);
	put(0x10 + 2 * pin, low);
}

static void eoi(uint32_t vcpu)
{
	fake_write(d, VR_SPACE_MMIO, vcpu, LAPIC + 0xb0, 4, 0);
}

static void start(void)
{
	d = fake_new_pc(4);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(intr_init(&x, &t, 4), VR_OK);
	for (uint32_t i = 0; i < 4; i++)
		fake_write(d, VR_SPACE_MMIO, i, LAPIC + 0xf0, 4, 0x1ff);
}

static void stop(void)
{
	intr_fini(&x);
	fake_free(d);
}

TestSuite(ioapic, .init = start, .fini = stop);

Test(ioapic, registers)
{
	cr_expect_eq(get(1), 0x00170011);
	put(0, 0xff000000);
	cr_expect_eq(get(0), 0x0f000000);
	for (uint32_t i = 0; i < 24; i++)
		cr_expect_eq(get(0x10 + 2 * i), 0x10000, "masked");
	redirect(23, 0xffffffff, 0xab);
	cr_expect_eq(get(0x10 + 46), 0x0001afff, "status and remote IRR are read-only");
	cr_expect_eq(get(0x11 + 46), 0xab000000);
	cr_expect_eq(get(0x40), 0);
	put(0x40, 1);
	cr_expect_eq(fake_read(d, VR_SPACE_MMIO, 0, IOAPIC + 0x20, 4), 0);
	cr_expect_eq(fake_read(d, VR_SPACE_MMIO, 0, IOAPIC + 0x10, 8), 0);
}

Test(ioapic, edge)
{
	redirect(16, 0x50, 1);
	vr_fake_host_set_line(d, 16, 1);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 1);
	cr_expect_eq(fake_inta(d, 1), 0x50);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 0);
	eoi(1);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 0, "still high, but no edge");
	vr_fake_host_set_line(d, 16, 0);
	vr_fake_host_set_line(d, 16, 1);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 1);
}

Test(ioapic, masked_edge_is_lost)
{
	redirect(16, 0x10050, 0);
	vr_fake_host_set_line(d, 16, 1);
	redirect(16, 0x50, 0);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
}

Test(ioapic, level)
{
	redirect(17, 0x8060, 2);
	vr_fake_host_set_line(d, 17, 1);
	cr_expect_eq(get(0x10 + 34) & 0x4000, 0x4000, "remote IRR");
	cr_expect_eq(fake_inta(d, 2), 0x60);
	cr_expect_eq(fake_read(d, VR_SPACE_MMIO, 2, LAPIC + 0x180 + 0x30, 4), 1, "TMR");
	eoi(2);
	cr_expect_eq(d->vcpu[2].pin[VR_X86_PIN_INTR], 1, "high still: again");
	cr_expect_eq(fake_inta(d, 2), 0x60);
	vr_fake_host_set_line(d, 17, 0);
	eoi(2);
	cr_expect_eq(d->vcpu[2].pin[VR_X86_PIN_INTR], 0);
	cr_expect_eq(get(0x10 + 34) & 0x4000, 0);
}

Test(ioapic, level_masked_while_high)
{
	redirect(17, 0x18060, 2);
	vr_fake_host_set_line(d, 17, 1);
	cr_expect_eq(d->vcpu[2].pin[VR_X86_PIN_INTR], 0);
	redirect(17, 0x8060, 2);
	cr_expect_eq(d->vcpu[2].pin[VR_X86_PIN_INTR], 1, "unmasked, it asks");
}

Test(ioapic, to_edge_and_back_ends_it)
{
	redirect(17, 0x8060, 2);
	vr_fake_host_set_line(d, 17, 1);
	fake_inta(d, 2);
	vr_fake_host_set_line(d, 17, 0);
	redirect(17, 0x10060, 2);
	cr_expect_eq(get(0x10 + 34) & 0x4000, 0);
	redirect(17, 0x8060, 2);
	cr_expect_eq(get(0x10 + 34) & 0x4000, 0);
}

Test(ioapic, timer_is_pin_2)
{
	redirect(2, 0x30, 0);
	vr_fake_host_set_line(d, 0, 1);
	cr_expect_eq(fake_inta(d, 0), 0x30);
	redirect(0, 0x31, 0);
	vr_fake_host_set_line(d, 2, 1);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
}

Test(ioapic, slots_share_a_pin)
{
	redirect(5, 0x8040, 0);
	vr_fake_host_set_line(d, 32, 1);
	vr_fake_host_set_line(d, 48, 1); /* the same pin */
	cr_expect_eq(fake_inta(d, 0), 0x40);
	vr_fake_host_set_line(d, 32, 0);
	eoi(0);
	cr_expect_eq(fake_inta(d, 0), 0x40, "the other one is still high");
	vr_fake_host_set_line(d, 48, 0);
	eoi(0);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
}

Test(ioapic, nmi_and_lowest_priority)
{
	redirect(18, 0x400, 3);
	vr_fake_host_set_line(d, 18, 1);
	cr_expect_eq(d->vcpu[3].pin_rises[VR_X86_PIN_NMI], 1);
	for (uint32_t i = 0; i < 4; i++)
		fake_write(d, VR_SPACE_MMIO, i, LAPIC + 0xd0, 4, 1u << (24 + i));
	fake_write(d, VR_SPACE_MMIO, 0, LAPIC + 0x80, 4, 0x20);
	fake_write(d, VR_SPACE_MMIO, 1, LAPIC + 0x80, 4, 0x20);
	fake_write(d, VR_SPACE_MMIO, 3, LAPIC + 0x80, 4, 0x20);
	redirect(19, 0x955, 0x0f);
	vr_fake_host_set_line(d, 19, 1);
	cr_expect_eq(d->vcpu[2].pin[VR_X86_PIN_INTR], 1);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR] | d->vcpu[1].pin[VR_X86_PIN_INTR] |
			     d->vcpu[3].pin[VR_X86_PIN_INTR],
		     0);
}

Test(ioapic, extint)
{
	/* The 8259s through pin 0 of the I/O APIC. */
	fake_write(d, VR_SPACE_MMIO, 0, LAPIC + 0x350, 4, 0x10000);
	fake_out(d, 0x20, 0x11);
	fake_out(d, 0x21, 0x20);
	fake_out(d, 0x21, 4);
	fake_out(d, 0x21, 1);
	vr_fake_host_set_line(d, 4, 1);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0, "LINT0 is masked");
	redirect(4, 0x700, 0);
	vr_fake_host_set_line(d, 4, 0);
	vr_fake_host_set_line(d, 4, 1);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 1);
	cr_expect_eq(fake_inta(d, 0), 0x24);
}

Test(ioapic, illegal_lines)
{
	vr_fake_host_set_line(d, 24, 1);
	vr_fake_host_set_line(d, 63, 1);
	vr_fake_host_set_line(d, 0xffff, 1);
	d->controller->set(d->controller_opaque, 0, 16, 1);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
}
