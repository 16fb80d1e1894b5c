/* SPDX-License-Identifier: MIT */
#include "util/disasm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct disasm {
	const struct disasm_kind *kind; /* NULL: numbers */
	void *object;
};

struct disasm *disasm_open(const char *triple, const char *features, bool *complete, char *why,
			   size_t why_size)
{
	struct disasm *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	/* Zydis is what vmrun depends on anyway, and knows nothing else. */
	d->kind = strncmp(triple, "x86_64", 6) ? &disasm_llvm : &disasm_zydis;
	d->object = d->kind->open(triple, features ? features : "", why, why_size);
	*complete = d->object != NULL;
	if (!d->object)
		d->kind = NULL;
	return d;
}

void disasm_close(struct disasm *d)
{
	if (d && d->object)
		d->kind->close(d->object);
	free(d);
}

/* The bytes in the order of memory, or as the word that an instruction of 2 or 4 bytes is. */
static uint32_t numbers(const uint8_t *code, uint32_t length, char *text, uint32_t capacity)
{
	uint32_t n = length < 8 ? length : 8;
	size_t used;

	if (n == 2 || n == 4) {
		uint32_t word = 0;

		for (uint32_t i = 0; i < n; i++)
			word |= (uint32_t)code[i] << 8 * i;
		snprintf(text, capacity, n == 2 ? ".2byte 0x%04x" : ".4byte 0x%08x", word);
		return n;
	}
	used = (size_t)snprintf(text, capacity, ".byte");
	for (uint32_t i = 0; i < n && used < capacity; i++)
		used += (size_t)snprintf(text + used, capacity - used, " 0x%02x", code[i]);
	return n;
}

uint32_t disasm_one(struct disasm *d, uint64_t address, const uint8_t *code, uint32_t length, char *text,
		    uint32_t capacity)
{
	uint32_t n = d->kind && length ? d->kind->one(d->object, address, code, length, text, capacity) : 0;

	return n && n <= length ? n : numbers(code, length, text, capacity);
}
