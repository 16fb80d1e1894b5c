/* SPDX-License-Identifier: MIT */
/*
 * lapic.h: a vCPU's local APIC (Intel SDM vol. 3, chapter 11), xAPIC and x2APIC. Its lock is the bus's.
 *
 * The page can't be moved, and TSC-deadline mode is missing: the board does not know the guest's TSC.
 */
#ifndef BOARD_PC_LAPIC_H
#define BOARD_PC_LAPIC_H

#include <stdbool.h>

#include "apic_bus.h"

#define LAPIC_BASE_BSP (1ull << 8)
#define LAPIC_BASE_X2APIC (1ull << 10)
#define LAPIC_BASE_ENABLE (1ull << 11)

/* lvt[]: the order of the registers from 0x320. */
#define LVT_TIMER 0u
#define LVT_THERMAL 1u
#define LVT_COUNTERS 2u
#define LVT_LINT0 3u
#define LVT_LINT1 4u
#define LVT_ERROR 5u
#define LVTS 6u

#define LAPIC_SVR_ENABLE (1u << 8)
#define LVT_MASKED (1u << 16)
#define LVT_PERIODIC (1u << 17)

struct lapic {
	const struct apic_bus *bus;
	uint32_t vcpu;
	uint64_t base; /* IA32_APIC_BASE */
	uint32_t id, tpr, ldr, dfr, svr, esr, esr_pending, icr[2], lvt[LVTS];
	uint32_t irr[8], isr[8], tmr[8]; /* by vector; tmr: level-triggered */
	uint32_t extint;                 /* an I/O APIC sent "external interrupt" */
	uint32_t pin;                    /* pin 0 as last told */
	struct vr_timer *timer;
	uint32_t timer_initial, timer_divide;
	uint64_t timer_start; /* ns: when the count began at timer_initial */
	uint64_t timer_when;
	uint32_t timer_armed;
};

/* Is a message for this one? */
bool lapic_matches(const struct lapic *l, const struct apic_message *m);
/* Take a message that does. */
void lapic_accept(struct lapic *l, const struct apic_message *m);
/* 11.8.3.1 PPR */
uint32_t lapic_ppr(const struct lapic *l);
/* Let pin 0 follow. */
void lapic_update(struct lapic *l);
/* The vector, now in service, or -1. */
int32_t lapic_acknowledge(struct lapic *l);
void lapic_set_tpr(struct lapic *l, uint32_t tpr);
void lapic_eoi(struct lapic *l);
void lapic_error(struct lapic *l, uint32_t bit); /* 11.5.3 */
/* Set an entry of the local vector table going (11.5.1). */
void lapic_local(struct lapic *l, uint32_t lvt);

/* ---- lapic_life.c ---- */
int32_t lapic_new(const struct apic_bus *bus, uint32_t vcpu, struct lapic **out);
void lapic_free(struct lapic *l);

/* 11.4.7.1 after power-up; 11.4.7.3 after INIT: the id and IA32_APIC_BASE stay. */
void lapic_power_on(struct lapic *l);
void lapic_init_reset(struct lapic *l);

/* ---- lapic_regs.c ---- */
uint32_t lapic_read(struct lapic *l, uint32_t offset);
void lapic_write(struct lapic *l, uint32_t offset, uint32_t value);
/* MSRs 0x1b and 0x800..0x83f. */
uint64_t lapic_msr_read(struct lapic *l, uint32_t msr);
void lapic_msr_write(struct lapic *l, uint32_t msr, uint64_t value);

/* ---- lapic_timer.c ---- */
uint32_t lapic_timer_current(const struct lapic *l);
void lapic_timer_start(struct lapic *l, uint32_t initial);
void lapic_timer_divide(struct lapic *l, uint32_t value);
void lapic_timer_mode(struct lapic *l); /* the LVT entry was written */
void lapic_timer_stop(struct lapic *l);
/* The next interrupt at guest time `deadline` ns, or VR_STATE_NO_DEADLINE. */
void lapic_timer_resume(struct lapic *l, uint64_t deadline);
void VR_CALL lapic_timer_fired(void *opaque);

#endif
