/* SPDX-License-Identifier: MIT */
/*
 * panic.h: a guest kernel's panic, as it is told on the console ("Kernel panic - not syncing: ...", Linux, kernel/panic.c).
 *
 * Whether the text is a panic's or a program's can't be told by it: what follows does, a reset.
 */
#ifndef MACHINE_PANIC_H
#define MACHINE_PANIC_H

#include <stdbool.h>
#include <stdint.h>

struct panic_watch {
	uint32_t at; /* how much of the kernel's words has come */
	uint32_t length;
	bool seen;
	char text[96]; /* what follows these words on the line */
};

/* Looks at text up to the end of a panic's line, which sets `seen`, or all of it; returns how many bytes that was. All zeros at
 * first, and again when the machine is reset. */
uint32_t panic_watch(struct panic_watch *p, const uint8_t *in, uint32_t n);
/* Process 1 ended by itself with exit status 125: an init that could not go on (vmrun(1), EXIT STATUS). */
bool panic_is_of_init(const struct panic_watch *p);

#endif
