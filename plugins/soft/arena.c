/* SPDX-License-Identifier: MIT */
/*
 * arena.c: a bump allocator for objects that live as long as the code cache's content.
 */
#include <stdlib.h>
#include <string.h>

#include "soft.h"

#define CHUNK (256u * 1024u)

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(16) unsigned char bytes[];
};

struct soft_arena {
	struct chunk *first;
	uint64_t used;
};

struct soft_arena *soft_arena_new(void)
{
	return calloc(1, sizeof(struct soft_arena));
}

void *soft_arena_alloc(struct soft_arena *a, size_t bytes)
{
	struct chunk *c = a->first;

	bytes = (bytes + 15) & ~(size_t)15;
	if (!c || c->size - c->used < bytes) {
		size_t size = bytes > CHUNK ? bytes : CHUNK;

		c = calloc(1, sizeof(*c) + size);
		if (!c)
			return NULL;
		c->size = size;
		c->next = a->first;
		a->first = c;
	}
	void *p = c->bytes + c->used;

	c->used += bytes;
	a->used += bytes;
	return p;
}

void soft_arena_reset(struct soft_arena *a)
{
	while (a->first) {
		struct chunk *next = a->first->next;

		free(a->first);
		a->first = next;
	}
	a->used = 0;
}

void soft_arena_free(struct soft_arena *a)
{
	if (a)
		soft_arena_reset(a);
	free(a);
}

uint64_t soft_arena_used(const struct soft_arena *a)
{
	return a->used;
}
