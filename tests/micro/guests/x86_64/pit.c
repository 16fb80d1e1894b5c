/* SPDX-License-Identifier: MIT */
/* The 8254's channel 0, by way of the I/O APIC and of the 8259, at two rates; the gate and output of
 * channel 2. */
#include "guest.h"

#include "arch.h"

#define VECTOR_PIT VECTOR_FREE
static volatile unsigned ticks;

static void tick(void)
{
	ticks++;
}

/* Periodic (mode 2), so many of its ticks: a third of the ACPI timer's. Returns how long `count` interrupts
 * took. */
static uint64_t run(unsigned divisor, unsigned count)
{
	unsigned before;
	uint64_t from;

	outb(0x43, 0x34);
	outb(0x40, (uint8_t)divisor);
	from = arch_counter();
	outb(0x40, (uint8_t)(divisor >> 8));
	before = ticks;
	while (ticks - before < count)
		arch_wait();
	return arch_since(from);
}

/* Never early, however late: by the ACPI timer, which runs at three times the rate. Of ten, one may
 * be left over and one comes of the mode itself, whose output begins high. */
static void rates(const char *name)
{
	uint64_t a = run(2400, 10), b = run(4800, 10);

	CHECK(a >= 7 * 2400 * 3, name);
	CHECK(b >= 7 * 4800 * 3, name);
}

int guest_main(void)
{
	uint64_t from;

	/* The override of a PC: pin 2; some controllers have it at pin 0 as well. */
	vector_calls[VECTOR_PIT] = tick;
	ioapic_route(2, VECTOR_PIT, 0);
	ioapic_route(0, VECTOR_PIT, 0);
	rates("pit-io-apic");
	ioapic_mask(2);
	ioapic_mask(0);

	/* The 8259's output is an ExtINT of the local APIC (SDM vol. 3, 11.5.1). */
	vector_calls[VECTOR_PIC] = tick;
	lapic_write(0x350, 0x700);
	outb(0x21, 0xfe);
	rates("pit-8259");
	outb(0x21, 0xff);
	lapic_write(0x350, 0x10000);

	/* Channel 2 counts while its gate is open and then raises its output: port 0x61 bits 0 and 5. */
	outb(0x61, (uint8_t)((inb(0x61) & ~3) | 1));
	outb(0x43, 0xb0);
	outb(0x42, 0x60);
	outb(0x42, 0x09);
	from = arch_counter();
	SAME("pit-channel-2-low", inb(0x61) >> 5 & 1, 0);
	while (!(inb(0x61) & 0x20) && arch_since(from) < arch_counter_hz * 5)
		arch_pause();
	CHECK(arch_since(from) >= 2300 * 3, "pit-channel-2-time");
	SAME("pit-channel-2-high", inb(0x61) >> 5 & 1, 1);
	return 0;
}
