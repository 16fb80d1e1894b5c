/* SPDX-License-Identifier: MIT */
/* ioapic.h: the I/O APIC (Intel 82093AA data sheet). Its lock is the bus's. */
#ifndef BOARD_PC_IOAPIC_H
#define BOARD_PC_IOAPIC_H

#include "apic_bus.h"

#define IOAPIC_PINS 24u

/* 3.2.4 I/O redirection table registers */
#define IOAPIC_RED_LOGICAL (1ull << 11)
#define IOAPIC_RED_STATUS (1ull << 12)
#define IOAPIC_RED_ACTIVE_LOW (1ull << 13)
#define IOAPIC_RED_REMOTE_IRR (1ull << 14)
#define IOAPIC_RED_LEVEL (1ull << 15)
#define IOAPIC_RED_MASK (1ull << 16)

struct ioapic {
	const struct apic_bus *bus;
	uint32_t id, select;
	uint32_t input; /* levels */
	uint64_t redirect[IOAPIC_PINS];
};

void ioapic_reset(struct ioapic *io);
/* A pin is asserted or not: which voltage that is (the polarity bit) is between the guest and the tables. */
void ioapic_input(struct ioapic *io, uint32_t pin, uint32_t level);
/* A local APIC ended a level-triggered vector. */
void ioapic_eoi(struct ioapic *io, uint32_t vector);
/* Tell where a pin goes: its entry has changed. */
void ioapic_route(struct ioapic *io, uint32_t pin);
uint32_t ioapic_read_window(const struct ioapic *io, uint32_t offset);
void ioapic_write_window(struct ioapic *io, uint32_t offset, uint32_t value);

#endif
