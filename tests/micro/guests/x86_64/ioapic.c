/* SPDX-License-Identifier: MIT */
/* The I/O APIC: its registers, masking, level-triggered lines. */
#include "guest.h"

#include "arch.h"

#define VECTOR_LINE VECTOR_FREE
static volatile unsigned lines;

/* A level that stays is an interrupt again after its end. The second one ends it. */
static void line(void)
{
	if (++lines == 2)
		(void)inb(SERIAL + 2);
}

/* A KVM that emulates kernel mode takes its time to let an interrupt in: longer than the next instruction. */
static void let_in(void)
{
	arch_irq_on();
	for (int i = 0; i < 2000; i++)
		arch_pause();
	arch_irq_off();
}

int guest_main(void)
{
	unsigned masked, first, second;

	CHECK((ioapic_read(1) >> 16 & 0xff) == 23, "ioapic-24-pins");
	ioapic_write(0x10 + 2 * 20, 0x1a057);
	ioapic_write(0x11 + 2 * 20, 0x01000000);
	SAME("ioapic-entry", ioapic_read(0x10 + 2 * 20) & 0x1afff, 0x1a057);
	SAME("ioapic-destination", ioapic_read(0x11 + 2 * 20) & 0xff000000, 0x01000000);
	ioapic_mask(20);

	vector_calls[VECTOR_LINE] = line;
	outb(SERIAL + 4, 8);
	ioapic_route(4, VECTOR_LINE, 0x18000); /* level, masked */
	outb(SERIAL + 1, 2);
	let_in();
	masked = lines;
	ioapic_route(4, VECTOR_LINE, 0x8000);
	let_in();
	first = lines;
	let_in();
	second = lines;
	outb(SERIAL + 1, 0); /* only now: what is printed interrupts as well */
	ioapic_mask(4);
	SAME("ioapic-masked", masked, 0);
	CHECK(first >= 2, "ioapic-level"); /* KVM's own asks once more */
	SAME("ioapic-level-ends", second, first);
	return 0;
}
