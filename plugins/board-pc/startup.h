/* SPDX-License-Identifier: MIT */
/*
 * startup.h: INIT and start-up interrupts (Intel SDM vol. 3, 9.4): how one processor starts another.
 *
 * INIT stops a vCPU, which takes a moment: it has to come out of guest code. Who sends the start-up interrupt
 * may not wait for that, since the other may be sending one back; so a timer does the starting.
 */
#ifndef VR_BOARD_PC_STARTUP_H
#define VR_BOARD_PC_STARTUP_H

#include <stdint.h>

#include "map.h"

struct vr_intr;
struct vr_timer;

#define STARTUP_RUNS 0u
#define STARTUP_WAITS 1u  /* for a SIPI */
#define STARTUP_BEGINS 2u /* got one: to be started */

struct vr_startup {
	struct vr_timer *timer;
	struct {
		uint32_t state; /* STARTUP_* */
		uint8_t vector;
	} vcpu[PC_MAX_VCPUS];
};

int32_t vr_startup_new(struct vr_intr *x); /* [main] */
void vr_startup_free(struct vr_intr *x);
/* All but the first wait. [quiesced]; the lock is not held. */
void vr_startup_reset(struct vr_intr *x);
/* The lock is held. INIT to vCPU 0 resets the machine: there is no firmware to run. */
void vr_startup_init_ipi(struct vr_intr *x, uint32_t vcpu);
void vr_startup_sipi(struct vr_intr *x, uint32_t vcpu, uint8_t vector);
/* As a state has it (VR_X86_STARTUP_*): powers the vCPU on or off, or has it begin. An error of vcpu_power().
 */
int32_t vr_startup_resume(struct vr_intr *x, uint32_t vcpu, uint32_t startup, uint8_t vector);

#endif
