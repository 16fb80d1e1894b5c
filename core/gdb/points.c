/* SPDX-License-Identifier: MIT */
/*
 * points.c: packets Z and z: breakpoints and watchpoints. Both kinds of breakpoints become instruction points
 * of the accelerator: none is written into the guest's memory.
 */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "gdb/session.h"
#include "util/log.h"

#define LENGTH_LIMIT (UINT64_C(1) << 32)

static const struct {
	uint32_t access;
	const char *reason;
} kinds[GDB_KINDS] = {
	[GDB_SOFTWARE] = {VR_STOP_EXECUTE, "swbreak"},
	[GDB_HARDWARE] = {VR_STOP_EXECUTE, "hwbreak"},
	[GDB_WRITE] = {VR_STOP_WRITE, "watch"},
	[GDB_READ] = {VR_STOP_READ, "rwatch"},
	[GDB_ACCESS] = {VR_STOP_READ | VR_STOP_WRITE, "awatch"},
};

static bool is_code(const struct gdb_point *p)
{
	return kinds[p->kind].access == VR_STOP_EXECUTE;
}

/* The length of code is that of the instruction, which begins at the address. */
static uint64_t last_of(const struct gdb_point *p)
{
	return is_code(p) ? p->address : p->address + (p->length - 1);
}

/* Tells the accelerator of all of them. */
static int32_t set_points(struct gdb *g)
{
	struct vr_stop_point points[VR_STOP_POINTS];

	for (uint32_t i = 0; i < g->points; i++) {
		const struct gdb_point *p = &g->point[i];

		points[i] = (struct vr_stop_point){
			.first = p->address,
			.last = last_of(p),
			.access = kinds[p->kind].access,
			.flags = p->kind == GDB_SOFTWARE ? 0 : VR_STOP_HARDWARE,
		};
	}
	return g->m->debugger->set_points(g->m->vm, points, g->points, sizeof(points[0]));
}

static struct gdb_point *find(struct gdb *g, const struct gdb_point *p)
{
	for (uint32_t i = 0; i < g->points; i++)
		if (g->point[i].kind == p->kind && g->point[i].address == p->address &&
		    g->point[i].length == p->length)
			return &g->point[i];
	return NULL;
}

/* "KIND,ADDRESS,LENGTH"; conditions and commands for the target, which were not offered, may not follow. */
static bool parse(const char *args, struct gdb_point *out)
{
	uint64_t kind;

	if (!gdb_number(&args, &kind) || kind >= GDB_KINDS || !gdb_char(&args, ',') ||
	    !gdb_number(&args, &out->address) || !gdb_char(&args, ',') || !gdb_number(&args, &out->length) ||
	    *args)
		return false;
	out->kind = (enum gdb_point_kind)kind;
	if (is_code(out))
		return true;
	return out->length && out->length <= LENGTH_LIMIT && out->address + (out->length - 1) >= out->address;
}

GDB_HANDLER(insert_point)
{
	struct gdb_point p;
	int32_t rc;

	(void)length;
	if (!parse(args, &p)) {
		gdb_error(g, GDB_E_SYNTAX);
		return;
	}
	if (find(g, &p)) {
		gdb_ok(g);
		return;
	}
	if (g->points == VR_STOP_POINTS) {
		gdb_error(g, GDB_E_ROOM);
		return;
	}
	g->point[g->points++] = p;
	rc = set_points(g);
	if (rc >= 0) {
		gdb_ok(g);
		return;
	}
	/* gdb shows its user no text. */
	g->points--;
	log_print(VR_LOG_WARN, "--gdb: %s", vr_error_text(rc));
	vr_error_clear();
	gdb_error(g, GDB_E_ROOM);
}

GDB_HANDLER(remove_point)
{
	struct gdb_point p, *at;

	(void)length;
	if (!parse(args, &p)) {
		gdb_error(g, GDB_E_SYNTAX);
		return;
	}
	at = find(g, &p);
	if (at) {
		*at = g->point[--g->points];
		set_points(g);
		vr_error_clear();
	}
	gdb_ok(g);
}

void gdb_points_clear(struct gdb *g)
{
	if (!g->points)
		return;
	g->points = 0;
	set_points(g);
	vr_error_clear();
}

bool gdb_points_code_at(const struct gdb *g, uint64_t pc)
{
	for (uint32_t i = 0; i < g->points; i++)
		if (is_code(&g->point[i]) && g->point[i].address == pc)
			return true;
	return false;
}

void gdb_points_reason(const struct gdb *g, const struct vr_exit *stop, char *out, size_t capacity)
{
	out[0] = '\0';
	for (uint32_t i = 0; i < g->points; i++) {
		const struct gdb_point *p = &g->point[i];
		uint64_t at = stop->address;

		if (!(kinds[p->kind].access & stop->access) || at < p->address || at > last_of(p))
			continue;
		if (!is_code(p))
			snprintf(out, capacity, "%s:%llx;", kinds[p->kind].reason, (unsigned long long)at);
		else if (g->knows_breakpoints)
			snprintf(out, capacity, "%s:;", kinds[p->kind].reason);
		return;
	}
}
