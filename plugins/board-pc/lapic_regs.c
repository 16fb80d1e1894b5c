/* SPDX-License-Identifier: MIT */
/*
 * lapic_regs.c: the registers (Intel SDM vol. 3, 11.4.1 table 11-1 and 11.12.1.2 table 11-6). One table,
 * indexed by the MMIO offset divided by 16, which is also the x2APIC MSR number less 0x800.
 */
#include "lapic.h"
#include "map.h"

#define MSR_APIC_BASE 0x1bu
#define MSR_X2APIC 0x800u
#define X2APIC_SELF_IPI 0x3fu
#define X2APIC_ICR 0x30u
#define X2APIC_LDR 0x0du
#define X2APIC_DFR 0x0eu
#define X2APIC_ICR_HIGH 0x31u

#define VERSION (0x14u | (LVTS - 1) << 16)
#define ESR_SEND_VECTOR (1u << 5)
#define ESR_REGISTER (1u << 7)

#define ICR_MODE(v) ((v) >> 8 & 7)
#define ICR_LOGICAL (1u << 11)
#define ICR_ASSERT (1u << 14)
#define ICR_LEVEL (1u << 15)
#define ICR_SHORTHAND(v) ((v) >> 18 & 3)
#define ICR_WRITABLE 0x000ccfffu

typedef uint32_t (*read_fn)(struct lapic *l, uint32_t reg);
typedef void (*write_fn)(struct lapic *l, uint32_t reg, uint32_t value);

/* ---- interprocessor interrupts (11.6.1) --------------------------------------------------------- */

static void send(struct lapic *l, uint32_t low, uint32_t destination, uint32_t x2apic)
{
	const struct apic_bus *bus = l->bus;
	struct apic_message m = {
		.vector = (uint8_t)low,
		.mode = (uint8_t)ICR_MODE(low),
		.logical = !!(low & ICR_LOGICAL),
		.x2apic = (uint8_t)x2apic,
		.destination = destination,
	};
	uint32_t shorthand = ICR_SHORTHAND(low);

	/* INIT level de-assert: only ever told arbitration ids, and processors have none any more. */
	if (m.mode == MODE_INIT && (low & ICR_LEVEL) && !(low & ICR_ASSERT))
		return;
	if ((m.mode == MODE_FIXED || m.mode == MODE_LOWEST) && m.vector < 16) {
		lapic_error(l, ESR_SEND_VECTOR);
		return;
	}
	if (shorthand == 0) {
		bus->message(bus->opaque, &m);
		return;
	}
	if (shorthand == 1) { /* table 11-3: to itself only a fixed one is valid */
		if (m.mode == MODE_FIXED)
			lapic_accept(l, &m);
		return;
	}
	/* Shorthand 2 is all including itself, but INIT and start-up interrupts never go to the sender. */
	bus->broadcast(bus->opaque, &m, shorthand == 3 || m.mode >= MODE_INIT ? l->vcpu : APIC_BUS_ALL);
}

/* ---- xAPIC registers ------------------------------------------------------------------------------ */

static uint32_t id_read(struct lapic *l, uint32_t reg)
{
	(void)reg;
	return l->base & LAPIC_BASE_X2APIC ? l->id : l->id << 24;
}

static uint32_t version_read(struct lapic *l, uint32_t reg)
{
	(void)l;
	(void)reg;
	return VERSION;
}

static uint32_t tpr_read(struct lapic *l, uint32_t reg)
{
	(void)reg;
	return l->tpr;
}

static void tpr_write(struct lapic *l, uint32_t reg, uint32_t value)
{
	(void)reg;
	lapic_set_tpr(l, value);
}

static uint32_t ppr_read(struct lapic *l, uint32_t reg)
{
	(void)reg;
	return lapic_ppr(l);
}

static void eoi_write(struct lapic *l, uint32_t reg, uint32_t value)
{
	(void)reg;
	(void)value;
	lapic_eoi(l);
}

static uint32_t ldr_read(struct lapic *l, uint32_t reg)
{
	(void)reg;
	return l->ldr;
}

static void ldr_write(struct lapic *l, uint32_t reg, uint32_t value)
{
	(void)reg;
	l->ldr = value & 0xff000000;
}

static uint32_t dfr_read(struct lapic *l, uint32_t reg)
{
	(void)reg;
	return l->dfr;
}

static void dfr_write(struct lapic *l, uint32_t reg, uint32_t value)
{
	(void)reg;
	l->dfr = value | 0x0fffffff;
}

static uint32_t svr_read(struct lapic *l, uint32_t reg)
{
	(void)reg;
	return l->svr;
}

static void svr_write(struct lapic *l, uint32_t reg, uint32_t value)
{
	(void)reg;
	l->svr = value & 0x3ff;
	if (!(l->svr & LAPIC_SVR_ENABLE)) /* 11.4.7.2: all entries are masked and stay so */
		for (uint32_t i = 0; i < LVTS; i++)
			l->lvt[i] |= LVT_MASKED;
	lapic_update(l);
}

/* ISR, TMR, IRR: eight registers each. */
static uint32_t sets_read(struct lapic *l, uint32_t reg)
{
	const uint32_t *set = reg < 0x18 ? l->isr : reg < 0x20 ? l->tmr : l->irr;

	return set[reg & 7];
}

static uint32_t esr_read(struct lapic *l, uint32_t reg)
{
	(void)reg;
	return l->esr;
}

/* 11.5.3: a write takes over what has been noted since the last one. */
static void esr_write(struct lapic *l, uint32_t reg, uint32_t value)
{
	(void)reg;
	(void)value;
	l->esr = l->esr_pending;
	l->esr_pending = 0;
}

static uint32_t icr_read(struct lapic *l, uint32_t reg)
{
	return l->icr[reg & 1];
}

static void icr_write(struct lapic *l, uint32_t reg, uint32_t value)
{
	if (reg & 1) {
		l->icr[1] = value & 0xff000000;
		return;
	}
	l->icr[0] = value & ICR_WRITABLE;
	send(l, l->icr[0], l->icr[1] >> 24, 0);
}

static uint32_t lvt_read(struct lapic *l, uint32_t reg)
{
	return l->lvt[reg - 0x32];
}

static void lvt_write(struct lapic *l, uint32_t reg, uint32_t value)
{
	/* 11.5.1 figure 11-8: what can be written in each. */
	static const uint32_t writable[LVTS] = {0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff};
	uint32_t i = reg - 0x32;

	l->lvt[i] = value & writable[i];
	if (!(l->svr & LAPIC_SVR_ENABLE))
		l->lvt[i] |= LVT_MASKED;
	if (i == LVT_TIMER)
		lapic_timer_mode(l);
	lapic_update(l);
}

static uint32_t initial_read(struct lapic *l, uint32_t reg)
{
	(void)reg;
	return l->timer_initial;
}

static void initial_write(struct lapic *l, uint32_t reg, uint32_t value)
{
	(void)reg;
	/* Ignored in TSC-deadline mode (11.5.4.1). */
	if (l->lvt[LVT_TIMER] >> 17 < 2)
		lapic_timer_start(l, value);
}

static uint32_t current_read(struct lapic *l, uint32_t reg)
{
	(void)reg;
	return lapic_timer_current(l);
}

static uint32_t divide_read(struct lapic *l, uint32_t reg)
{
	(void)reg;
	return l->timer_divide;
}

static void divide_write(struct lapic *l, uint32_t reg, uint32_t value)
{
	(void)reg;
	lapic_timer_divide(l, value);
}

static uint32_t zero_read(struct lapic *l, uint32_t reg) /* APR and RRD: not on such processors */
{
	(void)l;
	(void)reg;
	return 0;
}

static const struct {
	read_fn read;
	write_fn write;
} registers[0x40] = {
	[0x02] = {id_read, NULL}, /* since the first ones with x2APIC, the id is read-only */
	[0x03] = {version_read, NULL},
	[0x08] = {tpr_read, tpr_write},
	[0x09] = {zero_read, NULL},
	[0x0a] = {ppr_read, NULL},
	[0x0b] = {NULL, eoi_write},
	[0x0c] = {zero_read, NULL},
	[0x0d] = {ldr_read, ldr_write},
	[0x0e] = {dfr_read, dfr_write},
	[0x0f] = {svr_read, svr_write},
	[0x10 ... 0x27] = {sets_read, NULL},
	[0x28] = {esr_read, esr_write},
	[0x30 ... 0x31] = {icr_read, icr_write},
	[0x32 ... 0x37] = {lvt_read, lvt_write},
	[0x38] = {initial_read, initial_write},
	[0x39] = {current_read, NULL},
	[0x3e] = {divide_read, divide_write},
};

uint32_t lapic_read(struct lapic *l, uint32_t offset)
{
	uint32_t reg = offset >> 4;

	if (offset & 0xf)
		return 0;
	if (reg >= 0x40 || !registers[reg].read) {
		if (reg >= 0x40 || !registers[reg].write)
			lapic_error(l, ESR_REGISTER);
		return 0;
	}
	return registers[reg].read(l, reg);
}

void lapic_write(struct lapic *l, uint32_t offset, uint32_t value)
{
	uint32_t reg = offset >> 4;

	if (offset & 0xf)
		return;
	if (reg < 0x40 && registers[reg].write)
		registers[reg].write(l, reg, value);
	else if (reg >= 0x40 || !registers[reg].read)
		lapic_error(l, ESR_REGISTER);
}

/* ---- MSRs ---------------------------------------------------------------------------------------------- */

/* 11.12.5: from xAPIC to x2APIC mode and off; never back but through off, and only the mode bits change. */
static void base_write(struct lapic *l, uint64_t value)
{
	uint64_t mode = value & (LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC);
	uint64_t old = l->base & (LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC);

	if (mode == LAPIC_BASE_X2APIC || mode == old ||
	    ((old & LAPIC_BASE_X2APIC) && mode == LAPIC_BASE_ENABLE) ||
	    (!old && mode == (LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC)))
		return;
	l->base = (l->base & ~(LAPIC_BASE_ENABLE | LAPIC_BASE_X2APIC)) | mode;
	if (!mode) /* 11.4.3: switched off and on again, it is as after a reset */
		lapic_init_reset(l);
	else if (mode & LAPIC_BASE_X2APIC)
		l->ldr = (l->id >> 4) << 16 | 1u << (l->id & 15);
	lapic_update(l);
}

uint64_t lapic_msr_read(struct lapic *l, uint32_t msr)
{
	uint32_t reg = msr - MSR_X2APIC;

	if (msr == MSR_APIC_BASE)
		return l->base;
	if (!(l->base & LAPIC_BASE_X2APIC) || reg >= 0x40)
		return 0;
	if (reg == X2APIC_ICR)
		return l->icr[0] | (uint64_t)l->icr[1] << 32;
	if (reg == X2APIC_ICR_HIGH || reg == X2APIC_DFR)
		return 0;
	return registers[reg].read ? registers[reg].read(l, reg) : 0;
}

void lapic_msr_write(struct lapic *l, uint32_t msr, uint64_t value)
{
	uint32_t reg = msr - MSR_X2APIC;
	struct apic_message self = {.vector = (uint8_t)value};

	if (msr == MSR_APIC_BASE) {
		base_write(l, value);
		return;
	}
	if (!(l->base & LAPIC_BASE_X2APIC) || reg >= 0x40)
		return;
	if (reg == X2APIC_ICR) {
		l->icr[0] = (uint32_t)value & ICR_WRITABLE;
		l->icr[1] = (uint32_t)(value >> 32);
		send(l, l->icr[0], l->icr[1], 1);
	} else if (reg == X2APIC_SELF_IPI) {
		lapic_accept(l, &self);
	} else if (reg != X2APIC_LDR && reg != X2APIC_DFR && reg != X2APIC_ICR_HIGH && registers[reg].write) {
		registers[reg].write(l, reg, (uint32_t)value);
	}
}
