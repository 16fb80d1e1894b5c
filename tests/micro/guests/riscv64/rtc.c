/* SPDX-License-Identifier: MIT */
/* The Goldfish clock: nanoseconds that go on, can be set, and an alarm. */
#include "guest.h"

#include "arch.h"

#define RTC 0x101000ull
#define TIME_LOW (RTC + 0x00)
#define TIME_HIGH (RTC + 0x04)
#define ALARM_LOW (RTC + 0x08)
#define ALARM_HIGH (RTC + 0x0c)
#define IRQ_ENABLED (RTC + 0x10)
#define ALARM_STATUS (RTC + 0x18)
#define CLEAR_INTERRUPT (RTC + 0x1c)
#define SOURCE 11
#define YEAR_2020 (UINT64_C(1577836800) * 1000000000)
#define TRIES 1000000000

static uint64_t now(void)
{
	uint64_t low = mmio_read(TIME_LOW, 4);

	return low | mmio_read(TIME_HIGH, 4) << 32;
}

int guest_main(void)
{
	uint64_t pending = PLIC + 0x1000, alarm, minute = UINT64_C(60000000000);

	CHECK(now() > YEAR_2020, "rtc-the-time");
	mmio_write(TIME_HIGH, 4, 5);
	mmio_write(TIME_LOW, 4, 7);
	CHECK(now() - (UINT64_C(5) << 32) < minute, "rtc-is-set");
	alarm = now() + 50000000;
	mmio_write(IRQ_ENABLED, 4, 1);
	mmio_write(ALARM_HIGH, 4, alarm >> 32);
	mmio_write(ALARM_LOW, 4, (uint32_t)alarm);
	for (int i = 0; i < TRIES && !(mmio_read(pending, 4) & 1u << SOURCE); i++)
		arch_pause();
	CHECK(now() >= alarm, "rtc-alarm-not-early");
	SAME("rtc-alarm", mmio_read(ALARM_STATUS, 4), 0);
	SAME("rtc-line", mmio_read(pending, 4) & 1u << SOURCE, 1u << SOURCE);
	mmio_write(CLEAR_INTERRUPT, 4, 1);
	return 0;
}
