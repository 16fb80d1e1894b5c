/* SPDX-License-Identifier: MIT */
/*
 * startup.h: INIT and start-up interrupts (Intel SDM vol. 3, 9.4): how one processor starts another.
 *
 * INIT stops a vCPU, which takes a moment: it has to come out of guest code. The vCPU that sends the start-up
 * interrupt may not wait for that, since the other may be sending one back; so a timer does the starting.
 */
#ifndef BOARD_PC_STARTUP_H
#define BOARD_PC_STARTUP_H

#include <board/tables.h>
#include <pthread.h>

#include "map.h"

#define STARTUP_RUNS 0u
#define STARTUP_WAITS 1u  /* for a SIPI */
#define STARTUP_BEGINS 2u /* got one: to be started */

struct ap_startup {
	const struct vr_tables *t;
	pthread_mutex_t *lock; /* that of the controllers */
	uint32_t vcpu_count;
	struct vr_timer *timer;
	struct {
		uint32_t state; /* STARTUP_* */
		uint8_t vector;
	} vcpu[PC_MAX_VCPUS];
};

/* [main] */
int32_t startup_new(struct ap_startup *s, const struct vr_tables *t, pthread_mutex_t *lock,
		    uint32_t vcpu_count);
void startup_free(struct ap_startup *s);
/* All but the first wait. [quiesced]; the lock is not held. */
void startup_reset(struct ap_startup *s);
/* The lock is held. INIT to vCPU 0 resets the machine: there is no firmware to run. */
void startup_init_ipi(struct ap_startup *s, uint32_t vcpu);
void startup_sipi(struct ap_startup *s, uint32_t vcpu, uint8_t vector);
/* As a state has it (VR_X86_STARTUP_*): powers the vCPU on or off, or has it begin. An error of vcpu_power().
 */
int32_t startup_resume(struct ap_startup *s, uint32_t vcpu, uint32_t startup, uint8_t vector);

#endif
