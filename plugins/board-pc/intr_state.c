/* SPDX-License-Identifier: MIT */
/*
 * intr_state.c: the interrupt controllers out of and into their canonical states. Nothing is delivered by it:
 * what a controller has seen of its lines comes with its state. Only pin 0 of the vCPUs follows.
 */
#include <inttypes.h>
#include <string.h>
#include <vmrun/state_x86.h>

#include "intr.h"

#define SVR_DIRECTED_EOI (1u << 12)

/* ---- lines ---------------------------------------------------------------------------------------- */

/* The lines that a controller was told are the lines as they are. Lines 0..15 are known from the 8259s, which
 * keep the levels of edges too; the I/O APIC has the others. */
static void saw(struct intr *x, uint32_t mask, uint32_t levels)
{
	x->pins = (x->pins & ~mask) | (levels & mask);
}

static void saw_pic(struct intr *x, const struct vr_state_x86_pic *s)
{
	saw(x, 0xffff & ~(1u << PC_PIN_PIT), s->chip[0].input | (uint32_t)s->chip[1].input << 8);
}

static void saw_ioapic(struct intr *x, const struct vr_state_x86_ioapic *s)
{
	saw(x, 0xff0000, s->input);
}

void intr_saw_pic(struct intr *x, const struct vr_state_x86_pic *s)
{
	pthread_mutex_lock(&x->lock);
	saw_pic(x, s);
	pthread_mutex_unlock(&x->lock);
}

void intr_saw_ioapic(struct intr *x, const struct vr_state_x86_ioapic *s)
{
	pthread_mutex_lock(&x->lock);
	saw_ioapic(x, s);
	pthread_mutex_unlock(&x->lock);
}

/* ---- 8259s, I/O APIC -------------------------------------------------------------------------------- */

void intr_get_pic(struct intr *x, struct vr_state_x86_pic *s)
{
	pthread_mutex_lock(&x->lock);
	pic_get(&x->pic, s);
	pthread_mutex_unlock(&x->lock);
}

void intr_set_pic(struct intr *x, const struct vr_state_x86_pic *s)
{
	pthread_mutex_lock(&x->lock);
	pic_set(&x->pic, s);
	saw_pic(x, s);
	intr_update(x);
	pthread_mutex_unlock(&x->lock);
}

void intr_get_ioapic(struct intr *x, struct vr_state_x86_ioapic *s)
{
	pthread_mutex_lock(&x->lock);
	s->id = x->ioapic.id;
	s->select = x->ioapic.select;
	s->input = x->ioapic.input;
	memcpy(s->redirection, x->ioapic.redirect, sizeof(s->redirection));
	pthread_mutex_unlock(&x->lock);
}

void intr_set_ioapic(struct intr *x, const struct vr_state_x86_ioapic *s)
{
	pthread_mutex_lock(&x->lock);
	x->ioapic.id = s->id;
	x->ioapic.select = s->select;
	x->ioapic.input = s->input;
	memcpy(x->ioapic.redirect, s->redirection, sizeof(s->redirection));
	saw_ioapic(x, s);
	for (uint32_t i = 0; i < IOAPIC_PINS; i++)
		ioapic_route(&x->ioapic, i);
	pthread_mutex_unlock(&x->lock);
}

/* ---- local APICs ----------------------------------------------------------------------------- */

/* X-macro: members of struct lapic and of its state, of the same type. */
#define LAPIC_MEMBERS(R) \
	R(id)            \
	R(tpr)           \
	R(ldr)           \
	R(dfr)           \
	R(svr)           \
	R(esr)           \
	R(esr_pending) R(icr) R(lvt) R(isr) R(tmr) R(irr) R(timer_divide) R(timer_initial) R(timer_start)

#define SAME(m)                                                                                       \
	_Static_assert(sizeof(((struct lapic *)0)->m) == sizeof(((struct vr_state_x86_lapic *)0)->m), \
		       "the same type");
LAPIC_MEMBERS(SAME)

void intr_get_lapic(struct intr *x, uint32_t vcpu, struct vr_state_x86_lapic *s)
{
	static const uint32_t startup[] = {
		[STARTUP_RUNS] = VR_X86_STARTUP_RUNS,
		[STARTUP_WAITS] = VR_X86_STARTUP_WAITS,
		[STARTUP_BEGINS] = VR_X86_STARTUP_SIPI,
	};
	const struct lapic *l = x->lapic[vcpu];

	pthread_mutex_lock(&x->lock);
#define GET(m) memcpy(&s->m, &l->m, sizeof(s->m));
	LAPIC_MEMBERS(GET)
	s->apic_base = l->base;
	s->external = l->extint;
	s->timer_deadline = l->timer_armed ? l->timer_when : VR_STATE_NO_DEADLINE;
	s->startup = startup[x->startup.vcpu[vcpu].state];
	s->sipi_vector = x->startup.vcpu[vcpu].vector;
	pthread_mutex_unlock(&x->lock);
}

static int32_t possible(const struct intr *x, uint32_t vcpu, const struct vr_state_x86_lapic *s)
{
	const char *what = NULL;
	uint64_t flags = LAPIC_BASE_BSP | LAPIC_BASE_X2APIC | LAPIC_BASE_ENABLE;

	if ((s->apic_base & ~flags) != PC_LAPIC_BASE)
		what = "apic_base: the registers can't be moved";
	else if (s->svr & SVR_DIRECTED_EOI)
		what = "svr: end-of-interrupt broadcasts can't be suppressed (bit 12)";
	else if ((s->apic_base & LAPIC_BASE_X2APIC) && s->id != vcpu)
		what = "id: in x2APIC mode it is the vCPU's number";
	else if (!vcpu && s->startup != VR_X86_STARTUP_RUNS)
		what = "startup: the first vCPU always runs";
	return what ? vr_tables_fail(x->t, VR_E_UNSUPPORTED,
				     "board-pc: lapic state of vCPU %u: %s; the accelerator's might", vcpu,
				     what)
		    : VR_OK;
}

int32_t intr_set_lapic(struct intr *x, uint32_t vcpu, const struct vr_state_x86_lapic *s)
{
	struct lapic *l = x->lapic[vcpu];
	int32_t rc = possible(x, vcpu, s);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&x->lock);
#define SET(m) memcpy(&l->m, &s->m, sizeof(l->m));
	LAPIC_MEMBERS(SET)
	l->base = s->apic_base;
	l->extint = s->external;
	lapic_timer_resume(l, s->timer_deadline);
	lapic_update(l);
	rc = startup_resume(&x->startup, vcpu, s->startup, (uint8_t)s->sipi_vector);
	pthread_mutex_unlock(&x->lock);
	return rc;
}
