/* SPDX-License-Identifier: MIT */
/* The MC146818: its memory, its periodic interrupt at two rates, its seconds. */
#include "guest.h"

#include "arch.h"

#define VECTOR_RTC VECTOR_FREE
static volatile unsigned ticks;
static volatile uint8_t flags;

static uint8_t cmos(uint8_t at)
{
	outb(0x70, at);
	return inb(0x71);
}

static void set(uint8_t at, uint8_t value)
{
	outb(0x70, at);
	outb(0x71, value);
}

static void tick(void)
{
	flags = cmos(0xc); /* reading register C lets the next one come */
	ticks++;
}

static uint64_t run(uint8_t rate, unsigned count)
{
	unsigned before;
	uint64_t from;

	set(0xa, 0x20 | rate);
	set(0xb, 0x42);
	(void)cmos(0xc);
	from = arch_counter();
	before = ticks;
	while (ticks - before < count)
		arch_wait();
	from = arch_since(from);
	set(0xb, 0x02);
	return from;
}

int guest_main(void)
{
	uint8_t second = cmos(0), minute = cmos(2);

	CHECK((second & 15) < 10 && second < 0x60 && (minute & 15) < 10 && minute < 0x60, "rtc-decimal");
	set(0x50, 0x5a);
	set(0x51, 0xa5);
	SAME("rtc-memory", cmos(0x50) << 8 | cmos(0x51), 0x5aa5);
	vector_calls[VECTOR_RTC] = tick;
	ioapic_route(8, VECTOR_RTC, 0);
	(void)cmos(0xc);
	/* Rate r: 32768 >> (r - 1) Hz; one may be left over, and the next due at once. */
	CHECK(run(6, 10) >= arch_counter_hz * 8 / 1024 * 63 / 64, "rtc-1024-hz");
	CHECK((flags & 0xc0) == 0xc0, "rtc-flags");
	CHECK(run(7, 10) >= arch_counter_hz * 8 / 512 * 63 / 64, "rtc-512-hz");
	return 0;
}
