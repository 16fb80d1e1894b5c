/* SPDX-License-Identifier: MIT */
/* rtc.h: the clock of the day: the "goldfish" real time clock, nanoseconds since 1970, with an alarm. */
#ifndef BOARD_RISCV64_RTC_H
#define BOARD_RISCV64_RTC_H

#include <board/tables.h>

struct rtc;

int32_t rtc_new(const struct vr_tables *t, struct rtc **out); /* [main] */
void rtc_free(struct rtc *r);
void rtc_reset(struct rtc *r); /* [quiesced] */

#endif
