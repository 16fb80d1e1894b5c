/* SPDX-License-Identifier: MIT */
/* rtc.h: the clock of the day: the "goldfish" real time clock, nanoseconds since 1970, with an alarm. */
#ifndef VR_BOARD_RISCV64_RTC_H
#define VR_BOARD_RISCV64_RTC_H

#include <board/tables.h>

struct vr_rtc;

int32_t vr_rtc_new(const struct vr_tables *t, struct vr_rtc **out); /* [main] */
void vr_rtc_free(struct vr_rtc *r);
void vr_rtc_reset(struct vr_rtc *r); /* [quiesced] */

#endif
