/* SPDX-License-Identifier: MIT */
/*
 * aml.h: writes ACPI Machine Language (ACPI 6.4, chapter 20), as much of it as the tables here need.
 *
 * Blocks (scope, device, package, buffer) are opened and closed; a close puts the length that the
 * encoding wants in front. What does not fit is dropped and remembered in `overflow`.
 */
#ifndef BOARD_PC_AML_H
#define BOARD_PC_AML_H

#include <stdint.h>

#define AML_DEPTH 8u

struct aml {
	uint8_t *bytes;
	uint32_t capacity, length;
	uint32_t overflow; /* != 0: too long, too deep or not balanced */
	uint32_t depth;
	uint32_t open[AML_DEPTH]; /* where the length of each open block goes */
};

void aml_init(struct aml *a, void *bytes, uint32_t capacity);
/* Bytes written, or 0 when anything went wrong. */
uint32_t aml_finish(const struct aml *a);

/* Names are four characters, with any number of '\\' in front. */
void aml_scope(struct aml *a, const char *name);  /* 20.2.5.1 */
void aml_device(struct aml *a, const char *name); /* 20.2.5.2 */
void aml_package(struct aml *a, uint8_t count);   /* 20.2.5.4 */
void aml_end(struct aml *a);
void aml_name(struct aml *a, const char *name); /* Name (name, <what is written next>) */
void aml_integer(struct aml *a, uint64_t value);
void aml_string(struct aml *a, const char *text);
void aml_buffer(struct aml *a, const void *bytes, uint32_t n);
void aml_reference(struct aml *a, const char *scope,
		   const char *name);            /* \scope.name, of four characters each */
void aml_eisa_id(struct aml *a, const char *id); /* "PNP0501": 19.3.4 */

/* A buffer of resources (6.4): begin, resources, end. */
void aml_resources(struct aml *a);
void aml_memory32(struct aml *a, uint32_t base, uint32_t length); /* 6.4.3.4, read-write */
void aml_io(struct aml *a, uint16_t base, uint8_t length);        /* 6.4.2.5, 16-bit decoding */
void aml_irq(struct aml *a, uint32_t irq);                        /* 6.4.2.1, an ISA one: edge, high */
/* What a bridge hands down, first .. last, not to be moved: 6.4.3.5.3 (bus numbers), 6.4.3.5.2 (ports,
 * memory). */
#define AML_MEMORY 0u
#define AML_PORTS 1u
#define AML_BUSES 2u
void aml_window(struct aml *a, uint8_t type, uint32_t first, uint32_t last);
void aml_interrupt(struct aml *a, uint32_t gsi); /* 6.4.3.6, level, high, shared, consumer */
void aml_resources_end(struct aml *a);

#endif
