/* SPDX-License-Identifier: MIT */
/* lapic.c: accepting, prioritising and ending interrupts (Intel SDM vol. 3, 11.8). */
#include "lapic.h"

#include <vmrun/state_x86.h>

#define ESR_SEND_VECTOR (1u << 5)
#define ESR_RECEIVE_VECTOR (1u << 6)

static uint32_t test(const uint32_t *set, uint32_t vector)
{
	return set[vector >> 5 & 7] >> (vector & 31) & 1;
}

static void put(uint32_t *set, uint32_t vector, uint32_t value)
{
	uint32_t bit = 1u << (vector & 31);

	if (value)
		set[vector >> 5 & 7] |= bit;
	else
		set[vector >> 5 & 7] &= ~bit;
}

/* The highest vector in a set, or -1. */
static int32_t highest(const uint32_t *set)
{
	for (int32_t i = 7; i >= 0; i--)
		if (set[i])
			return i * 32 + 31 - __builtin_clz(set[i]);
	return -1;
}

static bool hardware_enabled(const struct lapic *l)
{
	return l->base & LAPIC_BASE_ENABLE;
}

static bool software_enabled(const struct lapic *l)
{
	return hardware_enabled(l) && (l->svr & LAPIC_SVR_ENABLE);
}

uint32_t lapic_ppr(const struct lapic *l)
{
	int32_t serving = highest(l->isr);
	uint32_t class = serving < 0 ? 0 : (uint32_t)serving & 0xf0;

	return (l->tpr & 0xf0) >= class ? l->tpr : class;
}

/* The vector that may interrupt now, or -1. */
static int32_t deliverable(const struct lapic *l)
{
	int32_t vector = highest(l->irr);

	if (vector < 0 || !software_enabled(l) || ((uint32_t)vector & 0xf0) <= (lapic_ppr(l) & 0xf0))
		return -1;
	return vector;
}

/* Does the 8259s' interrupt reach this processor? Through LINT0, through the I/O APIC, or, with the local
 * APIC switched off, straight into the boot processor's INTR pin. */
static bool external(const struct lapic *l)
{
	uint32_t lint0 = l->lvt[LVT_LINT0];

	if (!l->bus->external(l->bus->opaque))
		return false;
	if (!hardware_enabled(l))
		return l->vcpu == 0;
	return l->extint || (!(lint0 & LVT_MASKED) && (lint0 >> 8 & 7) == MODE_EXTINT);
}

void lapic_update(struct lapic *l)
{
	const struct vr_tables *t = l->bus->t;
	uint32_t level = deliverable(l) >= 0 || external(l);

	if (level == l->pin)
		return;
	l->pin = level;
	t->irq->set_pin(t->host, l->vcpu, VR_X86_PIN_INTR, level);
}

int32_t lapic_acknowledge(struct lapic *l)
{
	int32_t vector;

	if (external(l)) {
		l->extint = 0;
		return (int32_t)l->bus->acknowledge(l->bus->opaque);
	}
	vector = deliverable(l);
	if (vector >= 0) {
		put(l->irr, (uint32_t)vector, 0);
		put(l->isr, (uint32_t)vector, 1);
	}
	lapic_update(l);
	return vector;
}

void lapic_set_tpr(struct lapic *l, uint32_t tpr)
{
	l->tpr = tpr & 0xff;
	lapic_update(l);
}

void lapic_eoi(struct lapic *l)
{
	int32_t vector = highest(l->isr);

	if (vector < 0)
		return;
	put(l->isr, (uint32_t)vector, 0);
	if (test(l->tmr, (uint32_t)vector))
		l->bus->ended(l->bus->opaque, (uint32_t)vector);
	lapic_update(l);
}

/* ---- taking messages -------------------------------------------------------------------------------- */

bool lapic_matches(const struct lapic *l, const struct apic_message *m)
{
	uint32_t d = m->destination;

	if (!hardware_enabled(l))
		return false;
	if (l->base & LAPIC_BASE_X2APIC) {
		/* 11.12.9; eight bits of a message that has no more mean the same ids. */
		if (d == 0xffffffff || (!m->x2apic && d == 0xff))
			return true;
		if (!m->logical)
			return d == l->id;
		return (d & 0xffff0000) == (l->ldr & 0xffff0000) && (d & l->ldr & 0xffff);
	}
	if (d == 0xff || d == 0xffffffff)
		return true;
	if (d > 0xff)
		return false;
	if (!m->logical)
		return d == l->id;
	if (l->dfr >> 28 == 0xf) /* 11.6.2.2: flat model, cluster model */
		return d & l->ldr >> 24;
	return d >> 4 == l->ldr >> 28 && (d & l->ldr >> 24 & 15);
}

static void fixed(struct lapic *l, uint32_t vector, uint32_t level)
{
	if (!software_enabled(l))
		return;
	if (vector < 16) {
		lapic_error(l, ESR_RECEIVE_VECTOR);
		return;
	}
	put(l->irr, vector, 1);
	put(l->tmr, vector, level);
	lapic_update(l);
}

static void nmi(struct lapic *l)
{
	const struct vr_tables *t = l->bus->t;

	t->irq->set_pin(t->host, l->vcpu, VR_X86_PIN_NMI, 1);
	t->irq->set_pin(t->host, l->vcpu, VR_X86_PIN_NMI, 0);
}

void lapic_accept(struct lapic *l, const struct apic_message *m)
{
	switch (m->mode) {
	case MODE_FIXED:
	case MODE_LOWEST:
		fixed(l, m->vector, m->level);
		break;
	case MODE_NMI:
		nmi(l);
		break;
	case MODE_INIT:
		l->bus->init(l->bus->opaque, l->vcpu);
		break;
	case MODE_SIPI:
		l->bus->startup(l->bus->opaque, l->vcpu, m->vector);
		break;
	case MODE_EXTINT:
		l->extint = 1;
		lapic_update(l);
		break;
	default: /* there is no system management mode here */
		break;
	}
}

void lapic_local(struct lapic *l, uint32_t lvt)
{
	uint32_t entry = l->lvt[lvt];
	/* The timer and the error entry have no delivery mode: fixed. */
	uint32_t mode = lvt == LVT_TIMER || lvt == LVT_ERROR ? MODE_FIXED : entry >> 8 & 7;

	if (entry & LVT_MASKED)
		return;
	if (mode == MODE_FIXED)
		fixed(l, entry & 0xff, 0);
	else if (mode == MODE_NMI)
		nmi(l);
}

void lapic_error(struct lapic *l, uint32_t bit)
{
	l->esr_pending |= bit;
	/* An illegal vector in the error entry itself is not reported through it again. */
	if ((l->lvt[LVT_ERROR] & 0xff) >= 16)
		lapic_local(l, LVT_ERROR);
}
