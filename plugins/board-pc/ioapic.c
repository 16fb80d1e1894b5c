/* SPDX-License-Identifier: MIT */
#include "ioapic.h"

#include <stdbool.h>

/* 3.1: memory-mapped registers, 3.2: what the selector names */
#define IOREGSEL 0x00u
#define IOWIN 0x10u
#define IOAPICID 0x00u
#define IOAPICVER 0x01u
#define IOAPICARB 0x02u
#define IOREDTBL 0x10u

#define VERSION (0x11u | (IOAPIC_PINS - 1) << 16)
#define READ_ONLY (IOAPIC_RED_STATUS | IOAPIC_RED_REMOTE_IRR)
#define WRITABLE (0xff0000000001ffffull & ~READ_ONLY)

void ioapic_reset(struct ioapic *io)
{
	io->id = io->select = 0;
	for (uint32_t i = 0; i < IOAPIC_PINS; i++)
		io->redirect[i] = IOAPIC_RED_MASK;
}

static struct apic_message message_of(uint64_t r)
{
	return (struct apic_message){
		.vector = (uint8_t)r,
		.mode = (uint8_t)(r >> 8 & 7),
		.logical = !!(r & IOAPIC_RED_LOGICAL),
		.level = !!(r & IOAPIC_RED_LEVEL),
		.destination = (uint32_t)(r >> 56),
	};
}

/* Level-triggered, and taken by a local APIC that says when it ended? */
static bool is_ended(const struct apic_message *m)
{
	return m->level && (m->mode == MODE_FIXED || m->mode == MODE_LOWEST);
}

static void send(struct ioapic *io, uint32_t pin)
{
	struct apic_message m = message_of(io->redirect[pin]);

	/* Nothing more until one of them ends it. */
	if (is_ended(&m))
		io->redirect[pin] |= IOAPIC_RED_REMOTE_IRR;
	io->bus->message(io->bus->opaque, &m);
}

void ioapic_route(struct ioapic *io, uint32_t pin)
{
	struct apic_message m = message_of(io->redirect[pin]);

	/* One that is masked keeps the route it had: its interrupt may still be in service. */
	if (is_ended(&m) && m.vector >= 16 &&
	    (!(io->redirect[pin] & IOAPIC_RED_MASK) || (io->redirect[pin] & IOAPIC_RED_REMOTE_IRR)))
		io->bus->route(io->bus->opaque, pin, &m);
}

/* What a level-triggered pin has to say now. */
static void service(struct ioapic *io, uint32_t pin)
{
	uint64_t r = io->redirect[pin];

	if ((r & IOAPIC_RED_LEVEL) && !(r & (IOAPIC_RED_MASK | IOAPIC_RED_REMOTE_IRR)) &&
	    (io->input >> pin & 1))
		send(io, pin);
}

void ioapic_input(struct ioapic *io, uint32_t pin, uint32_t level)
{
	uint32_t was;

	if (pin >= IOAPIC_PINS)
		return;
	was = io->input >> pin & 1;
	io->input = (io->input & ~(1u << pin)) | (uint32_t) !!level << pin;
	if (io->redirect[pin] & IOAPIC_RED_LEVEL)
		service(io, pin);
	else if (level && !was && !(io->redirect[pin] & IOAPIC_RED_MASK)) /* masked edges are lost (3.2.4) */
		send(io, pin);
}

void ioapic_eoi(struct ioapic *io, uint32_t vector)
{
	for (uint32_t i = 0; i < IOAPIC_PINS; i++) {
		uint64_t r = io->redirect[i];

		if ((uint8_t)r != vector || !(r & IOAPIC_RED_LEVEL) || !(r & IOAPIC_RED_REMOTE_IRR))
			continue;
		io->redirect[i] &= ~IOAPIC_RED_REMOTE_IRR;
		service(io, i);
	}
}

uint32_t ioapic_read_window(const struct ioapic *io, uint32_t offset)
{
	uint32_t pin = (io->select - IOREDTBL) / 2;

	if (offset == IOREGSEL)
		return io->select;
	if (offset != IOWIN)
		return 0;
	switch (io->select) {
	case IOAPICID:
	case IOAPICARB: /* arbitration follows the id */
		return io->id << 24;
	case IOAPICVER:
		return VERSION;
	default:
		if (io->select < IOREDTBL || pin >= IOAPIC_PINS)
			return 0;
		return (uint32_t)(io->redirect[pin] >> 32 * (io->select & 1));
	}
}

void ioapic_write_window(struct ioapic *io, uint32_t offset, uint32_t value)
{
	uint32_t pin = (io->select - IOREDTBL) / 2;
	uint64_t r, old;

	if (offset == IOREGSEL) {
		io->select = value & 0xff;
		return;
	}
	if (offset != IOWIN)
		return;
	if (io->select == IOAPICID) {
		io->id = value >> 24 & 15;
		return;
	}
	if (io->select < IOREDTBL || pin >= IOAPIC_PINS)
		return;
	old = r = io->redirect[pin];
	if (io->select & 1)
		r = (r & 0xffffffffu) | (uint64_t)value << 32;
	else
		r = (r & ~0xffffffffull) | value;
	r = (r & WRITABLE) | (old & READ_ONLY);
	if (!(r & IOAPIC_RED_LEVEL)) /* no end of interrupt comes for an edge */
		r &= ~IOAPIC_RED_REMOTE_IRR;
	io->redirect[pin] = r;
	ioapic_route(io, pin);
	service(io, pin);
}
