/* SPDX-License-Identifier: MIT */
/* lapic_life.c: a local APIC after power-up and after INIT (Intel SDM vol. 3, 11.4.7). */
#include <stdlib.h>
#include <string.h>

#include "lapic.h"
#include "map.h"

void lapic_init_reset(struct lapic *l)
{
	lapic_timer_stop(l);
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
	lapic_update(l);
}

void lapic_power_on(struct lapic *l)
{
	l->id = l->vcpu;
	l->base = PC_LAPIC_BASE | LAPIC_BASE_ENABLE | (l->vcpu ? 0 : LAPIC_BASE_BSP);
	lapic_init_reset(l);
	if (l->vcpu)
		return;
	/* "Virtual wire", as a firmware leaves the boot processor: the 8259s come in through LINT0. */
	l->svr |= LAPIC_SVR_ENABLE;
	l->lvt[LVT_LINT0] = MODE_EXTINT << 8;
	l->lvt[LVT_LINT1] = MODE_NMI << 8;
	lapic_update(l);
}

int32_t lapic_new(const struct apic_bus *bus, uint32_t vcpu, struct lapic **out)
{
	struct lapic *l = calloc(1, sizeof(*l));
	int32_t rc;

	if (!l)
		return vr_tables_fail(bus->t, VR_E_NOMEM, "local APIC: out of memory");
	l->bus = bus;
	l->vcpu = vcpu;
	rc = bus->t->timer->create(bus->t->host, lapic_timer_fired, l, &l->timer);
	if (rc < 0) {
		free(l);
		return rc;
	}
	lapic_power_on(l);
	*out = l;
	return VR_OK;
}

void lapic_free(struct lapic *l)
{
	if (!l)
		return;
	l->bus->t->timer->destroy(l->bus->t->host, l->timer);
	free(l);
}
