/* SPDX-License-Identifier: MIT */
/* The PL031 (Arm DDI 0224): the seconds go on, can be set, and their match interrupts. */
#include "guest.h"

#include "arch.h"

#define RTC 0x09010000ull
#define DATA (RTC + 0x00)
#define MATCH (RTC + 0x04)
#define LOAD (RTC + 0x08)
#define CONTROL (RTC + 0x0c)
#define MASK (RTC + 0x10)
#define RAW (RTC + 0x14)
#define CLEAR (RTC + 0x1c)
#define INTID 34
#define YEAR_2020 1577836800
#define TRIES 1000000000

int guest_main(void)
{
	uint64_t pending = GICD + 0x200 + INTID / 32 * 4, bit = 1u << INTID % 32;
	uint32_t now = (uint32_t)mmio_read(DATA, 4);

	CHECK(now > YEAR_2020, "rtc-the-time");
	SAME("rtc-runs", mmio_read(CONTROL, 4) & 1, 1);
	mmio_write(LOAD, 4, 1000);
	now = (uint32_t)mmio_read(DATA, 4);
	CHECK(now - 1000 < 60, "rtc-is-set");
	SAME("rtc-load", mmio_read(LOAD, 4), 1000);
	mmio_write(CLEAR, 4, 1);
	mmio_write(MASK, 4, 1);
	mmio_write(MATCH, 4, now + 2);
	SAME("rtc-match", mmio_read(MATCH, 4), now + 2);
	for (int i = 0; i < TRIES && !(mmio_read(pending, 4) & bit); i++)
		arch_pause();
	CHECK(mmio_read(DATA, 4) >= now + 2, "rtc-alarm-not-early");
	SAME("rtc-alarm", mmio_read(RAW, 4), 1);
	SAME("rtc-line", mmio_read(pending, 4) & bit, bit);
	mmio_write(CLEAR, 4, 1);
	SAME("rtc-line-falls", mmio_read(pending, 4) & bit, 0);
	return 0;
}
