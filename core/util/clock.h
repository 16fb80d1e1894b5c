/* SPDX-License-Identifier: MIT */
/* clock.h: the host's monotonic clock. */
#ifndef UTIL_CLOCK_H
#define UTIL_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. Async-signal-safe. */
uint64_t clock_monotonic(void);

#endif
