/* SPDX-License-Identifier: MIT */
/*
 * apic_bus.h: what the interrupt controllers ask of each other. A local APIC and an I/O APIC know this table
 * and not each other; intr.c answers, which has them all.
 */
#ifndef BOARD_PC_APIC_BUS_H
#define BOARD_PC_APIC_BUS_H

#include <board/tables.h>
#include <pthread.h>

/* Delivery modes (Intel SDM vol. 3, 11.5.1 and 11.6.1). */
#define MODE_FIXED 0u
#define MODE_LOWEST 1u
#define MODE_SMI 2u
#define MODE_NMI 4u
#define MODE_INIT 5u
#define MODE_SIPI 6u
#define MODE_EXTINT 7u

/* What goes to local APICs. */
struct apic_message {
	uint8_t vector;
	uint8_t mode;    /* MODE_* */
	uint8_t logical; /* destination mode */
	uint8_t level;   /* level-triggered */
	uint8_t x2apic;  /* destination has 32 bits */
	uint32_t destination;
};

struct apic_bus {
	const struct vr_tables *t;
	pthread_mutex_t *lock; /* held in all calls below */
	void *opaque;
	/* Delivers to the local APICs that the destination names. */
	void (*message)(void *opaque, const struct apic_message *m);
	/* Delivers to all local APICs that are on, but not to that of vCPU `except`. */
	void (*broadcast)(void *opaque, const struct apic_message *m, uint32_t except);
	/* What a level-triggered pin of the I/O APIC would send, for an accelerator that has the local APICs.
	 */
	void (*route)(void *opaque, uint32_t pin, const struct apic_message *m);
	/* A local APIC ended a level-triggered vector. */
	void (*ended)(void *opaque, uint32_t vector);
	/* Do the 8259s ask for an interrupt? The acknowledge cycle gives its vector. */
	uint32_t (*external)(void *opaque);
	uint32_t (*acknowledge)(void *opaque);
	/* INIT and start-up interrupts that a local APIC has taken. */
	void (*init)(void *opaque, uint32_t vcpu);
	void (*startup)(void *opaque, uint32_t vcpu, uint8_t vector);
};
#define APIC_BUS_ALL UINT32_MAX /* broadcast(): no exception */

#endif
