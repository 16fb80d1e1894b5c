/* SPDX-License-Identifier: MIT */
/*
 * memory.c: packets m, M, X: guest memory by the current vCPU's page tables, or by its physical address
 * (`monitor phys on`).
 *
 * Only RAM is read and written: a device's registers change when they are looked at.
 */
#include <string.h>

#include "common/error.h"
#include "gdb/session.h"

#define PAGE 4096u

struct translation {
	const struct vr_debugger *debugger;
	uint64_t va, pa;
};

static int32_t translate_on_vcpu(struct vr_vcpu *handle, void *arg)
{
	struct translation *t = arg;

	return t->debugger->vcpu_translate(handle, t->va, &t->pa);
}

int32_t gdb_translate(struct gdb *g, uint64_t va, uint64_t *pa)
{
	struct translation t = {.debugger = g->m->debugger, .va = va};
	int32_t rc = vcpu_call(g->m, g->thread_g, translate_on_vcpu, &t);

	*pa = t.pa;
	vr_error_clear();
	return rc;
}

uint8_t *gdb_ram(struct gdb *g, uint64_t pa, uint64_t *length)
{
	const struct ram_region *r = ram_overlap(&g->m->ram, pa, pa);

	if (!r)
		return NULL;
	if (*length > r->length - (pa - r->gpa))
		*length = r->length - (pa - r->gpa);
	return r->host + (pa - r->gpa);
}

/* The same for an address as the debugger means it: up to the end of its page. */
static uint8_t *piece(struct gdb *g, uint64_t address, uint64_t *length, uint64_t *pa)
{
	uint64_t left = PAGE - address % PAGE;

	*pa = address;
	if (!g->physical && gdb_translate(g, address, pa) < 0)
		return NULL;
	if (*length > left)
		*length = left;
	return gdb_ram(g, *pa, length);
}

static bool address_and_length(const char **args, uint64_t *address, uint64_t *length, char end)
{
	return gdb_number(args, address) && gdb_char(args, ',') && gdb_number(args, length) &&
	       (end ? gdb_char(args, end) : !**args);
}

void gdb_copy(struct gdb *g, uint64_t pa, const uint8_t *from, uint64_t length, uint8_t *to)
{
	memcpy(to, from, length);
	if (VR_HAS(g->m->debugger, original))
		g->m->debugger->original(g->m->vm, pa, length, to);
}

GDB_HANDLER(read_memory)
{
	uint64_t address, left, pa, done = 0;
	uint8_t bytes[PAGE];

	(void)length;
	if (!address_and_length(&args, &address, &left, 0)) {
		gdb_error(g, GDB_E_SYNTAX);
		return;
	}
	/* Fewer bytes than were asked for are an answer. */
	if (left > GDB_PACKET / 2)
		left = GDB_PACKET / 2;
	for (uint64_t n; left; left -= n, address += n, done += n) {
		const uint8_t *at;

		n = left;
		at = piece(g, address, &n, &pa);
		if (!at)
			break;
		gdb_copy(g, pa, at, n, bytes);
		gdb_output_hex(&g->out, bytes, n);
	}
	if (left && !done)
		gdb_error(g, GDB_E_MEMORY);
}

/* All of it or nothing. */
static void write_bytes(struct gdb *g, uint64_t address, const uint8_t *bytes, uint64_t count)
{
	for (int32_t pass = 0; pass < 2; pass++) {
		for (uint64_t at = 0, n; at < count; at += n) {
			uint64_t pa;
			uint8_t *to;

			n = count - at;
			to = piece(g, address + at, &n, &pa);
			if (!to) {
				gdb_error(g, GDB_E_MEMORY);
				return;
			}
			if (!pass)
				continue;
			memcpy(to, bytes + at, n);
			if (VR_HAS(g->m->accel, memory_written))
				g->m->accel->memory_written(g->m->vm, pa, n);
		}
	}
	gdb_ok(g);
}

GDB_HANDLER(write_memory)
{
	uint8_t bytes[GDB_PACKET / 2];
	uint64_t address, count;

	(void)length;
	if (!address_and_length(&args, &address, &count, ':') || count > sizeof(bytes) ||
	    !gdb_bytes(&args, bytes, count) || *args)
		gdb_error(g, GDB_E_SYNTAX);
	else
		write_bytes(g, address, bytes, count);
}

GDB_HANDLER(write_binary)
{
	const char *end = args + length;
	uint64_t address, count;

	if (!address_and_length(&args, &address, &count, ':') || count != (uint64_t)(end - args))
		gdb_error(g, GDB_E_SYNTAX);
	else
		write_bytes(g, address, (const uint8_t *)args, count);
}
