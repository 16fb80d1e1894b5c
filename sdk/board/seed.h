/* SPDX-License-Identifier: MIT */
/* seed.h: random bytes for a guest's start (rng-seed and kaslr-seed of a device tree, Linux' setup_data). */
#ifndef VR_BOARD_SEED_H
#define VR_BOARD_SEED_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Without entropy the guest only boots with a less random start. */
void vr_seed(void *bytes, size_t length);

#ifdef __cplusplus
}
#endif

#endif
