/* SPDX-License-Identifier: MIT */
/* lapic.c: accepting, prioritising and ending interrupts (Intel SDM vol. 3, 11.8). */
#include "lapic.h"

#include <stdlib.h>
#include <string.h>
#include <vmrun/state_x86.h>

#include "intr.h"

#define SVR_ENABLE (1u << 8)
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

static int hardware_enabled(const struct vr_lapic *l)
{
	return !!(l->base & LAPIC_BASE_ENABLE);
}

static int software_enabled(const struct vr_lapic *l)
{
	return hardware_enabled(l) && (l->svr & SVR_ENABLE);
}

uint32_t vr_lapic_ppr(const struct vr_lapic *l)
{
	int32_t serving = highest(l->isr);
	uint32_t class = serving < 0 ? 0 : (uint32_t)serving & 0xf0;

	return (l->tpr & 0xf0) >= class ? l->tpr : class;
}

/* The vector that may interrupt now, or -1. */
static int32_t deliverable(const struct vr_lapic *l)
{
	int32_t vector = highest(l->irr);

	if (vector < 0 || !software_enabled(l) || ((uint32_t)vector & 0xf0) <= (vr_lapic_ppr(l) & 0xf0))
		return -1;
	return vector;
}

/* Does the 8259s' interrupt reach this processor? Through LINT0, through the I/O APIC, or, with the local
 * APIC switched off, straight into the boot processor's INTR pin. */
static int external(const struct vr_lapic *l)
{
	uint32_t lint0 = l->lvt[LVT_LINT0];

	if (!vr_pic_output(&l->intr->pic))
		return 0;
	if (!hardware_enabled(l))
		return l->vcpu == 0;
	return l->extint || (!(lint0 & LVT_MASKED) && (lint0 >> 8 & 7) == VR_MODE_EXTINT);
}

void vr_lapic_update(struct vr_lapic *l)
{
	const struct vr_tables *t = l->intr->t;
	uint32_t level = deliverable(l) >= 0 || external(l);

	if (level == l->pin)
		return;
	l->pin = level;
	t->irq->set_pin(t->host, l->vcpu, VR_X86_PIN_INTR, level);
}

int32_t vr_lapic_acknowledge(struct vr_lapic *l)
{
	int32_t vector;

	if (external(l)) {
		l->extint = 0;
		vector = (int32_t)vr_pic_acknowledge(&l->intr->pic);
		vr_intr_update(l->intr);
		return vector;
	}
	vector = deliverable(l);
	if (vector >= 0) {
		put(l->irr, (uint32_t)vector, 0);
		put(l->isr, (uint32_t)vector, 1);
	}
	vr_lapic_update(l);
	return vector;
}

void vr_lapic_set_tpr(struct vr_lapic *l, uint32_t tpr)
{
	l->tpr = tpr & 0xff;
	vr_lapic_update(l);
}

void vr_lapic_eoi(struct vr_lapic *l)
{
	int32_t vector = highest(l->isr);

	if (vector < 0)
		return;
	put(l->isr, (uint32_t)vector, 0);
	if (test(l->tmr, (uint32_t)vector))
		vr_ioapic_eoi(&l->intr->ioapic, (uint32_t)vector);
	vr_lapic_update(l);
}

/* ---- taking messages -------------------------------------------------------------------------------- */

int vr_lapic_matches(const struct vr_lapic *l, const struct vr_message *m)
{
	uint32_t d = m->destination;

	if (!hardware_enabled(l))
		return 0;
	if (l->base & LAPIC_BASE_X2APIC) {
		/* 11.12.9; eight bits of a message that has no more mean the same ids. */
		if (d == 0xffffffff || (!m->x2apic && d == 0xff))
			return 1;
		if (!m->logical)
			return d == l->id;
		return (d & 0xffff0000) == (l->ldr & 0xffff0000) && (d & l->ldr & 0xffff);
	}
	if (d == 0xff || d == 0xffffffff)
		return 1;
	if (d > 0xff)
		return 0;
	if (!m->logical)
		return d == l->id;
	if (l->dfr >> 28 == 0xf) /* 11.6.2.2: flat model, cluster model */
		return !!(d & l->ldr >> 24);
	return d >> 4 == l->ldr >> 28 && (d & l->ldr >> 24 & 15);
}

static void fixed(struct vr_lapic *l, uint32_t vector, uint32_t level)
{
	if (!software_enabled(l))
		return;
	if (vector < 16) {
		vr_lapic_error(l, ESR_RECEIVE_VECTOR);
		return;
	}
	put(l->irr, vector, 1);
	put(l->tmr, vector, level);
	vr_lapic_update(l);
}

static void nmi(struct vr_lapic *l)
{
	const struct vr_tables *t = l->intr->t;

	t->irq->set_pin(t->host, l->vcpu, VR_X86_PIN_NMI, 1);
	t->irq->set_pin(t->host, l->vcpu, VR_X86_PIN_NMI, 0);
}

void vr_lapic_accept(struct vr_lapic *l, const struct vr_message *m)
{
	switch (m->mode) {
	case VR_MODE_FIXED:
	case VR_MODE_LOWEST:
		fixed(l, m->vector, m->level);
		break;
	case VR_MODE_NMI:
		nmi(l);
		break;
	case VR_MODE_INIT:
		vr_startup_init_ipi(l->intr, l->vcpu);
		break;
	case VR_MODE_SIPI:
		vr_startup_sipi(l->intr, l->vcpu, m->vector);
		break;
	case VR_MODE_EXTINT:
		l->extint = 1;
		vr_lapic_update(l);
		break;
	default: /* there is no system management mode here */
		break;
	}
}

void vr_lapic_local(struct vr_lapic *l, uint32_t lvt)
{
	uint32_t entry = l->lvt[lvt];
	/* The timer and the error entry have no delivery mode: fixed. */
	uint32_t mode = lvt == LVT_TIMER || lvt == LVT_ERROR ? VR_MODE_FIXED : entry >> 8 & 7;

	if (entry & LVT_MASKED)
		return;
	if (mode == VR_MODE_FIXED)
		fixed(l, entry & 0xff, 0);
	else if (mode == VR_MODE_NMI)
		nmi(l);
}

void vr_lapic_error(struct vr_lapic *l, uint32_t bit)
{
	l->esr_pending |= bit;
	/* An illegal vector in the error entry itself is not reported through it again. */
	if ((l->lvt[LVT_ERROR] & 0xff) >= 16)
		vr_lapic_local(l, LVT_ERROR);
}

/* ---- life -----------------------------------------------------------------------------------------------
 */

void vr_lapic_init_reset(struct vr_lapic *l)
{
	vr_lapic_timer_stop(l);
	l->tpr = l->esr = l->esr_pending = l->icr[0] = l->icr[1] = 0;
	l->timer_initial = l->timer_divide = 0;
	memset(l->irr, 0, sizeof(l->irr));
	memset(l->isr, 0, sizeof(l->isr));
	memset(l->tmr, 0, sizeof(l->tmr));
	for (uint32_t i = 0; i < LVTS; i++)
		l->lvt[i] = LVT_MASKED;
	l->svr = 0xff;
	l->dfr = 0xffffffff;
	l->extint = 0;
	/* 11.12.10.2: in x2APIC mode the logical id follows from the id. */
	l->ldr = l->base & LAPIC_BASE_X2APIC ? (l->id >> 4) << 16 | 1u << (l->id & 15) : 0;
	vr_lapic_update(l);
}

void vr_lapic_power_on(struct vr_lapic *l)
{
	l->id = l->vcpu;
	l->base = PC_LAPIC_BASE | LAPIC_BASE_ENABLE | (l->vcpu ? 0 : LAPIC_BASE_BSP);
	vr_lapic_init_reset(l);
	if (l->vcpu)
		return;
	/* "Virtual wire", as a firmware leaves the boot processor: the 8259s come in through LINT0. */
	l->svr |= SVR_ENABLE;
	l->lvt[LVT_LINT0] = VR_MODE_EXTINT << 8;
	l->lvt[LVT_LINT1] = VR_MODE_NMI << 8;
	vr_lapic_update(l);
}

int32_t vr_lapic_new(struct vr_intr *x, uint32_t vcpu, struct vr_lapic **out)
{
	struct vr_lapic *l = calloc(1, sizeof(*l));
	int32_t rc;

	if (!l)
		return vr_tables_fail(x->t, VR_E_NOMEM, "local APIC: out of memory");
	l->intr = x;
	l->vcpu = vcpu;
	rc = x->t->timer->create(x->t->host, vr_lapic_timer_fired, l, &l->timer);
	if (rc < 0) {
		free(l);
		return rc;
	}
	vr_lapic_power_on(l);
	*out = l;
	return VR_OK;
}

void vr_lapic_free(struct vr_lapic *l)
{
	if (!l)
		return;
	l->intr->t->timer->destroy(l->timer);
	free(l);
}
