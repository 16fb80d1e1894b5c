/* SPDX-License-Identifier: MIT */
/* random_pc.h: random states of a PC's controllers that such controllers can be in, for tests. */
#ifndef VR_TEST_RANDOM_PC_H
#define VR_TEST_RANDOM_PC_H

#include <vmrun/state_pc.h>

/* A state `id` (of which `index` is the vCPU, for local APICs) at guest time `now` ns, which is at least a
 * second. The struct is filled, its size as well. seed: the generator's, changed. */
void random_pc(const char *id, uint32_t index, uint64_t now, uint64_t *seed, void *state);
/* 64 random bits (splitmix64). */
uint64_t random_next(uint64_t *seed);

#endif
