/* SPDX-License-Identifier: MIT */
/* lapic.c: local APICs: priorities, interprocessor interrupts, starting processors, the timer. */
#include <criterion/criterion.h>

#include "../../plugins/board-pc/intr.h"
#include "../fake_host/fake.h"

#define LAPIC 0xfee00000ull
#define ID 0x20
#define TPR 0x80
#define PPR 0xa0
#define EOI 0xb0
#define LDR 0xd0
#define DFR 0xe0
#define SVR 0xf0
#define ISR 0x100
#define IRR 0x200
#define ESR 0x280
#define ICR_LOW 0x300
#define ICR_HIGH 0x310
#define LVT_T 0x320
#define LINT0 0x350
#define LVT_E 0x370
#define INITIAL 0x380
#define CURRENT 0x390
#define DIVIDE 0x3e0
#define VCPUS 4

static struct vr_fake_host *d;
static struct vr_tables t;
static struct intr x;

static uint32_t get(uint32_t vcpu, uint32_t reg)
{
	return (uint32_t)fake_read(d, VR_SPACE_MMIO, vcpu, LAPIC + reg, 4);
}

static void put(uint32_t vcpu, uint32_t reg, uint32_t value)
{
	fake_write(d, VR_SPACE_MMIO, vcpu, LAPIC + reg, 4, value);
}

static void ipi(uint32_t from, uint32_t low, uint32_t destination)
{
	put(from, ICR_HIGH, destination << 24);
	put(from, ICR_LOW, low);
}

static void start(void)
{
	d = fake_new_pc(VCPUS);
	cr_assert_eq(vr_tables_bind(&t, d->host, "test"), VR_OK);
	cr_assert_eq(intr_init(&x, &t, VCPUS), VR_OK);
	for (uint32_t i = 0; i < VCPUS; i++)
		put(i, SVR, 0x1ff);
}

static void stop(void)
{
	intr_fini(&x);
	fake_free(d);
}

TestSuite(lapic, .init = start, .fini = stop);

Test(lapic, power_on)
{
	intr_reset(&x);
	for (uint32_t i = 0; i < VCPUS; i++) {
		cr_expect_eq(get(i, ID), i << 24);
		cr_expect_eq(get(i, 0x30), 0x00050014);
		cr_expect_eq(get(i, DFR), 0xffffffff);
		cr_expect_eq(get(i, SVR), i ? 0xff : 0x1ff);
		cr_expect_eq(get(i, LINT0), i ? 0x10000 : 0x700);
		cr_expect_eq(fake_read(d, VR_SPACE_SYSREG, i, 0x1b, 8), i ? 0xfee00800 : 0xfee00900);
	}
}

Test(lapic, access_width)
{
	cr_expect_eq(fake_read(d, VR_SPACE_MMIO, 1, LAPIC + ID + 3, 1), 1);
	cr_expect_eq(fake_read(d, VR_SPACE_MMIO, 1, LAPIC + ID + 4, 4), 0);
	cr_expect_eq(fake_read(d, VR_SPACE_MMIO, 1, LAPIC + ID, 8), 0);
	fake_write(d, VR_SPACE_MMIO, 1, LAPIC + TPR, 1, 0x55);
	cr_expect_eq(get(1, TPR), 0);
}

Test(lapic, priorities)
{
	ipi(0, 0x41, 1);
	ipi(0, 0x75, 1);
	cr_expect_eq(get(1, IRR + 0x20) & 2, 2);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 1);
	cr_expect_eq(fake_inta(d, 1), 0x75);
	cr_expect_eq(get(1, PPR), 0x70);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 0, "0x41 waits");
	ipi(0, 0x7f, 1);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 0, "of the same class: waits");
	ipi(0, 0x80, 1);
	cr_expect_eq(fake_inta(d, 1), 0x80);
	put(1, EOI, 0);
	put(1, EOI, 0);
	cr_expect_eq(fake_inta(d, 1), 0x7f);
	put(1, EOI, 0);
	cr_expect_eq(fake_inta(d, 1), 0x41);
	cr_expect_eq(get(1, ISR + 0x20), 2);
	put(1, EOI, 0);
	cr_expect_eq(get(1, PPR), 0);
	cr_expect_eq(fake_inta(d, 1), VR_X86_INTA_NONE);
}

Test(lapic, task_priority)
{
	put(1, TPR, 0x48);
	cr_expect_eq(get(1, PPR), 0x48);
	cr_expect_eq(fake_read(d, VR_SPACE_SYSREG, 1, VR_X86_BUS_CR8, 4), 4);
	ipi(0, 0x41, 1);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 0);
	fake_write(d, VR_SPACE_SYSREG, 1, VR_X86_BUS_CR8, 4, 3);
	cr_expect_eq(get(1, TPR), 0x30);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 1);
	fake_write(d, VR_SPACE_SYSREG, 1, VR_X86_BUS_CR8, 4, 15);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 0);
	cr_expect_eq(fake_inta(d, 1), VR_X86_INTA_NONE, "the request is gone");
}

Test(lapic, destinations)
{
	for (uint32_t i = 0; i < VCPUS; i++)
		put(i, LDR, 1u << (24 + i));
	ipi(0, 0x841, 0x0a); /* logical, flat */
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR] & d->vcpu[3].pin[VR_X86_PIN_INTR], 1);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR] | d->vcpu[2].pin[VR_X86_PIN_INTR], 0);
	for (uint32_t i = 0; i < VCPUS; i++) {
		fake_inta(d, i);
		put(i, EOI, 0);
		put(i, DFR, 0x0fffffff); /* clusters of two */
		put(i, LDR, (i / 2) << 28 | 1u << (24 + i % 2));
	}
	ipi(0, 0x841, 0x13);
	cr_expect_eq(d->vcpu[2].pin[VR_X86_PIN_INTR] & d->vcpu[3].pin[VR_X86_PIN_INTR], 1);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR] | d->vcpu[1].pin[VR_X86_PIN_INTR], 0);
	ipi(0, 0x50, 0xff);
	for (uint32_t i = 0; i < VCPUS; i++)
		cr_expect_eq(fake_inta(d, i), 0x50);
	for (uint32_t i = 0; i < VCPUS; i++)
		put(i, EOI, 0);
	ipi(1, 0x40060, 0); /* self */
	cr_expect_eq(fake_inta(d, 1), 0x60);
	ipi(1, 0xc0070, 0); /* all but self */
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 0);
	cr_expect_eq(fake_inta(d, 0), 0x70);
	ipi(1, 0x80080, 0); /* all */
	cr_expect_eq(fake_inta(d, 1), 0x80);
	ipi(0, 0x99, 77); /* no local APIC has this id */
}

Test(lapic, nmi)
{
	ipi(0, 0x400, 2);
	cr_expect_eq(d->vcpu[2].pin_rises[VR_X86_PIN_NMI], 1);
	put(2, SVR, 0xff);
	ipi(0, 0xc0400, 0);
	cr_expect_eq(d->vcpu[0].pin_rises[VR_X86_PIN_NMI], 0);
	cr_expect_eq(d->vcpu[2].pin_rises[VR_X86_PIN_NMI], 2, "also when switched off by software");
}

Test(lapic, errors)
{
	put(0, LVT_E, 0xfe);
	ipi(0, 0x05, 1);
	cr_expect_eq(get(0, ESR), 0, "until a write takes it over");
	put(0, ESR, 0);
	cr_expect_eq(get(0, ESR), 0x20);
	cr_expect_eq(fake_inta(d, 0), 0xfe);
	put(0, EOI, 0);
	get(0, 0x40);
	put(0, ESR, 0);
	cr_expect_eq(get(0, ESR), 0x80);
	/* An error entry whose own vector is illegal must not call itself. */
	put(0, LVT_E, 0x00);
	ipi(0, 0x05, 1);
	put(0, 0x3f0, 0);
}

Test(lapic, software_disable)
{
	put(1, LVT_T, 0x40);
	put(1, SVR, 0xff);
	cr_expect_eq(get(1, LVT_T), 0x10040);
	put(1, LVT_T, 0x40);
	cr_expect_eq(get(1, LVT_T), 0x10040, "stays masked");
	ipi(0, 0x41, 1);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 0);
	put(1, SVR, 0x1ff);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 0, "was not taken");
}

Test(lapic, virtual_wire)
{
	put(0, LINT0, 0x700);
	fake_out(d, 0x20, 0x11);
	fake_out(d, 0x21, 0x20);
	fake_out(d, 0x21, 4);
	fake_out(d, 0x21, 1);
	vr_fake_host_set_line(d, 4, 1);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 1);
	cr_expect_eq(d->vcpu[1].pin[VR_X86_PIN_INTR], 0);
	cr_expect_eq(fake_inta(d, 0), 0x24);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
	vr_fake_host_set_line(d, 4, 0);
	fake_out(d, 0x20, 0x20);
	put(0, LINT0, 0x10700);
	vr_fake_host_set_line(d, 4, 1);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
	put(0, LINT0, 0x700);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 1);
	fake_out(d, 0x21, 0x10);
	cr_expect_eq(fake_inta(d, 0), VR_X86_INTA_NONE, "masked before it was taken");
	fake_out(d, 0x21, 0);
	/* The local APIC off: straight to the processor. */
	put(0, LINT0, 0x10700);
	fake_write(d, VR_SPACE_SYSREG, 0, 0x1b, 8, 0xfee00100);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 1);
	cr_expect_eq(fake_read(d, VR_SPACE_MMIO, 0, LAPIC + ID, 4), 0xffffffff);
}

Test(lapic, timer_one_shot)
{
	put(0, DIVIDE, 0x3); /* 16 */
	put(0, LVT_T, 0x40);
	put(0, INITIAL, 1000);
	cr_expect_eq(get(0, CURRENT), 1000);
	vr_fake_host_advance(d, 8000);
	cr_expect_eq(get(0, CURRENT), 500);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
	vr_fake_host_advance(d, 8000);
	cr_expect_eq(get(0, CURRENT), 0);
	cr_expect_eq(fake_inta(d, 0), 0x40);
	put(0, EOI, 0);
	vr_fake_host_advance(d, 1000000);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
	put(0, INITIAL, 1000);
	put(0, INITIAL, 0);
	vr_fake_host_advance(d, 1000000);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0, "zero stops it");
}

Test(lapic, timer_periodic)
{
	put(0, DIVIDE, 0xb); /* 1 */
	put(0, LVT_T, 0x20040);
	put(0, INITIAL, 1000000);
	for (int i = 0; i < 10; i++) {
		vr_fake_host_advance(d, 999999);
		cr_assert_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
		vr_fake_host_advance(d, 1);
		cr_assert_eq(fake_inta(d, 0), 0x40);
		put(0, EOI, 0);
	}
	vr_fake_host_advance(d, 250000);
	cr_expect_eq(get(0, CURRENT), 750000);
	put(0, LVT_T, 0x30040);
	vr_fake_host_advance(d, 10000000);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0, "masked");
	put(0, LVT_T, 0x20040);
	vr_fake_host_advance(d, 1000000);
	cr_expect_eq(fake_inta(d, 0), 0x40);
	put(0, EOI, 0);
	put(0, LVT_T, 0x40040); /* TSC-deadline mode, which does not exist here */
	put(0, INITIAL, 5);
	vr_fake_host_advance(d, 10000000);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
	cr_expect_eq(get(0, CURRENT), 0);
}

Test(lapic, timer_divisor_on_the_way)
{
	put(0, DIVIDE, 0xb);
	put(0, LVT_T, 0x40);
	put(0, INITIAL, 1000);
	vr_fake_host_advance(d, 500);
	put(0, DIVIDE, 0x0); /* 2 */
	cr_expect_eq(get(0, CURRENT), 500);
	vr_fake_host_advance(d, 999);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
	vr_fake_host_advance(d, 1);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 1);
}

Test(lapic, start_up)
{
	fake_x86(d, 1)->gpr[3] = 77;
	put(1, TPR, 0x20);
	ipi(0, 0x4500, 1); /* INIT */
	cr_expect_eq(get(1, TPR), 0);
	cr_expect_eq(get(1, SVR), 0xff);
	ipi(0, 0x8500, 1); /* INIT de-assert: nothing */
	ipi(0, 0x4609, 1);
	vr_fake_host_advance(d, 0);
	cr_expect_eq(d->vcpu[1].on, 1);
	cr_expect_eq(fake_x86(d, 1)->segment[VR_X86_CS].selector, 0x0900);
	cr_expect_eq(fake_x86(d, 1)->segment[VR_X86_CS].base, 0x9000);
	cr_expect_eq(fake_x86(d, 1)->rip, 0);
	cr_expect_eq(fake_x86(d, 1)->cr0, 0x60000010);
	cr_expect_eq(fake_x86(d, 1)->efer, 0);
	cr_expect_eq(fake_x86(d, 1)->gpr[3], 0);
	cr_expect_eq(fake_x86(d, 1)->rflags, 2);
	cr_expect_eq(fake_x86(d, 1)->tsc_khz, 12345, "what INIT leaves alone");
	cr_expect_eq(fake_x86(d, 1)->mp_state, VR_X86_MP_RUNNING);
	fake_x86(d, 1)->rip = 5;
	ipi(0, 0x4610, 1); /* the second one is ignored */
	vr_fake_host_advance(d, 1000000);
	cr_expect_eq(fake_x86(d, 1)->rip, 5);
}

Test(lapic, start_up_waits_for_the_stop)
{
	d->vcpu[2].on = 1;
	x.startup.vcpu[2].state = STARTUP_RUNS;
	ipi(0, 0x4500, 2);
	cr_expect_eq(d->vcpu[2].on, 0);
	d->vcpu[2].stopping = 1;
	ipi(0, 0x4610, 2);
	vr_fake_host_advance(d, 100000);
	cr_expect_eq(d->vcpu[2].on, 0);
	d->vcpu[2].stopping = 0;
	vr_fake_host_advance(d, 100000);
	cr_expect_eq(d->vcpu[2].on, 1);
	cr_expect_eq(fake_x86(d, 2)->segment[VR_X86_CS].base, 0x10000);
	/* All but self at once. */
	ipi(0, 0xc4500, 0);
	ipi(0, 0xc4620, 0);
	vr_fake_host_advance(d, 1000);
	cr_expect_eq(d->vcpu[1].on & d->vcpu[2].on & d->vcpu[3].on, 1);
	intr_reset(&x);
	cr_expect_eq(d->vcpu[1].on | d->vcpu[2].on | d->vcpu[3].on, 0);
}

Test(lapic, init_to_the_first_resets)
{
	ipi(1, 0x4500, 0);
	cr_expect_eq(d->power_calls, 1);
	cr_expect_eq(d->power_what, VR_POWER_RESET);
}

Test(lapic, x2apic)
{
	fake_write(d, VR_SPACE_SYSREG, 2, 0x1b, 8, 0xfee00400); /* illegal: x2APIC without enable */
	cr_expect_eq(fake_read(d, VR_SPACE_SYSREG, 2, 0x1b, 8), 0xfee00800);
	cr_expect_eq(fake_read(d, VR_SPACE_SYSREG, 2, 0x802, 8), 0, "not in xAPIC mode");
	for (uint32_t i = 0; i < VCPUS; i++)
		fake_write(d, VR_SPACE_SYSREG, i, 0x1b, 8, 0xfee00c00);
	cr_expect_eq(fake_read(d, VR_SPACE_SYSREG, 2, 0x802, 8), 2);
	cr_expect_eq(fake_read(d, VR_SPACE_SYSREG, 2, 0x80d, 8), 4);
	cr_expect_eq(get(2, ID), 0xffffffff, "nothing in memory any more");
	fake_write(d, VR_SPACE_SYSREG, 0, 0x830, 8, 2ull << 32 | 0x45);
	cr_expect_eq(fake_inta(d, 2), 0x45);
	fake_write(d, VR_SPACE_SYSREG, 2, 0x80b, 8, 0);
	fake_write(d, VR_SPACE_SYSREG, 0, 0x830, 8, 6ull << 32 | 0x846); /* logical: 1 and 2 */
	cr_expect_eq(fake_inta(d, 1), 0x46);
	cr_expect_eq(fake_inta(d, 2), 0x46);
	cr_expect_eq(d->vcpu[0].pin[VR_X86_PIN_INTR], 0);
	fake_write(d, VR_SPACE_SYSREG, 0, 0x83f, 8, 0x47);
	cr_expect_eq(fake_inta(d, 0), 0x47);
	cr_expect_eq(fake_read(d, VR_SPACE_SYSREG, 0, 0x830, 8), 6ull << 32 | 0x846);
	fake_write(d, VR_SPACE_SYSREG, 0, 0x1b, 8, 0xfee00800); /* no way back but through off */
	cr_expect_eq(fake_read(d, VR_SPACE_SYSREG, 0, 0x1b, 8), 0xfee00d00);
}

Test(lapic, other_vcpus_numbers)
{
	cr_expect_eq(fake_read(d, VR_SPACE_MMIO, 99, LAPIC + ID, 4), 0);
	fake_write(d, VR_SPACE_MMIO, 99, LAPIC + ICR_LOW, 4, 0x4500);
	cr_expect_eq(fake_inta(d, 99), VR_X86_INTA_NONE);
}

Test(lapic, noise)
{
	uint32_t r = 5;

	for (uint32_t i = 0; i < 300000; i++) {
		uint32_t vcpu, value;

		r = r * 1664525 + 1013904223;
		vcpu = r >> 30;
		value = r * 2654435761u;
		switch (r >> 26 & 7) {
		case 0:
			fake_inta(d, vcpu);
			break;
		case 1:
			vr_fake_host_set_line(d, r >> 8 & 63, r >> 14 & 1);
			break;
		case 2:
			fake_write(d, VR_SPACE_MMIO, 0, 0xfec00000ull + (r >> 8 & 0x10), 4, value);
			break;
		case 3:
			vr_fake_host_advance(d, value & 0xffff);
			break;
		case 4:
			fake_write(d, VR_SPACE_SYSREG, vcpu, (r >> 8 & 15) ? 0x800 + (r >> 8 & 0x3f) : 0x1b,
				   8, value);
			break;
		case 5:
			fake_read(d, VR_SPACE_MMIO, vcpu, LAPIC + (r >> 8 & 0xffc), 4);
			break;
		default:
			fake_write(d, VR_SPACE_MMIO, vcpu, LAPIC + (r >> 8 & 0x3f0), 4, value);
			break;
		}
	}
}
