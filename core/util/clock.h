/* SPDX-License-Identifier: MIT */
/* clock.h: the host's monotonic clock. */
#ifndef VR_UTIL_CLOCK_H
#define VR_UTIL_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. Async-signal-safe. */
uint64_t vr_clock_monotonic(void);

#endif
