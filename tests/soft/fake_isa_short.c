/* SPDX-License-Identifier: MIT */
/*
 * fake_isa_short.c: programs that are linked with it compile for a host with short branches and an instruction cache that
 * must be told.
 *
 * Branches: the host of tests/emit/short_host.h. Every second region takes more of the code cache than branches reach, so that
 * links are sometimes direct and mostly by veneers, and thunks are out of reach.
 *
 * The instruction cache is a copy of each region's code, which the engine refreshes by telling vmrun.codecache/1 what has
 * changed. Whenever it does, and at the end, the copy must be what is in memory, but for what code reads as data: the
 * constants of veneers. Code memory of an emptied cache is written anew from its start.
 */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <emit/x86/x86.h>

#include "../emit/short_host.h"
#include "fake_isa.h"
#include "short.h"

#define REGIONS 4096
#define GAP (SHORT_REACH + SHORT_REACH / 4)

struct region {
	const uint8_t *write;
	uint8_t *cached;
	struct vr_exit_site *exits;
	uint32_t size, exit_count;
};

struct short_counts short_counts;
static struct region regions[REGIONS];
static uint32_t region_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct vr_host_codecache *real;

static void forget(void)
{
	for (uint32_t i = 0; i < region_count; i++) {
		free(regions[i].cached);
		free(regions[i].exits);
	}
	region_count = 0;
}

static void note(const struct vr_emit_job *job)
{
	pthread_mutex_lock(&lock);
	if (region_count && job->write <= regions[region_count - 1].write)
		forget();
	cr_assert_lt(region_count, (uint32_t)REGIONS);
	struct region *r = &regions[region_count++];

	*r = (struct region){.write = job->write,
			     .cached = calloc(1, job->code_size),
			     .exits = calloc(job->exit_count + 1, sizeof(*r->exits)),
			     .size = job->code_size,
			     .exit_count = job->exit_count};
	cr_assert(r->cached && r->exits);
	memcpy(r->exits, job->exits, job->exit_count * sizeof(*r->exits));
	pthread_mutex_unlock(&lock);
}

static bool is_data(const struct region *r, uint32_t at)
{
	for (uint32_t i = 0; i < r->exit_count; i++)
		if (r->exits[i].veneer && at >= r->exits[i].veneer - 8 && at < r->exits[i].veneer)
			return true;
	return false;
}

/* Another byte than memory has would be executed. */
static void compare(const struct region *r)
{
	if (!memcmp(r->write, r->cached, r->size))
		return;
	for (uint32_t at = 0; at < r->size; at++)
		if (r->write[at] != r->cached[at] && !is_data(r, at)) {
			short_counts.stale++;
			return;
		}
}

static struct region *region_of(const uint8_t *write)
{
	for (uint32_t i = region_count; i > 0; i--)
		if (write >= regions[i - 1].write)
			return &regions[i - 1];
	return NULL;
}

static void VR_CALL end_write(const struct vr_host *host, const struct vr_code_memory *m, uint64_t offset,
			      uint64_t length)
{
	pthread_mutex_lock(&lock);
	struct region *r = region_of(m->write + offset);
	uint64_t first = r ? (uint64_t)(m->write + offset - r->write) : 0;

	if (r && first < r->size) {
		uint64_t n = length < r->size - first ? length : r->size - first;

		memcpy(r->cached + first, r->write + first, n);
		compare(r);
	}
	pthread_mutex_unlock(&lock);
	real->end_write(host, m, offset, length);
}

static void machine_made(struct fake_machine *t)
{
	static struct vr_host_codecache table;

	real = t->vm->codecache;
	table = *real;
	table.end_write = end_write;
	t->vm->codecache = &table;
	/* What was emitted before, the engine's own. */
	for (uint32_t i = 0; i < region_count; i++)
		memcpy(regions[i].cached, regions[i].write, regions[i].size);
}

static void machine_goes(struct fake_machine *t)
{
	(void)t;
	for (uint32_t i = 0; i < region_count; i++)
		compare(&regions[i]);
	forget();
	cr_expect(short_counts.stale == 0 || short_counts.hide,
		  "code that changed %u times without a word would be executed", short_counts.stale);
}

/* ---- the emitter ---- */

static int32_t VR_CALL create(const struct vr_engine_entry *e, uint8_t *write, uint64_t execute,
			      uint64_t capacity, uint64_t *used, struct vr_emit_vm **out)
{
	int32_t rc = x86_emit.create(e, write, execute, capacity, used, out);

	if (rc == VR_OK)
		short_host(*out);
	return rc;
}

static int32_t VR_CALL region(struct vr_emit_vm *vm, struct vr_emit_job *job)
{
	static _Atomic uint32_t number;
	int32_t rc = x86_emit.region(vm, job);

	if (rc < 0)
		return rc;
	note(job);
	if (atomic_fetch_add(&number, 1) % 2 && job->capacity - job->code_size > GAP)
		job->code_size += GAP;
	return rc;
}

static void hide(struct vr_code_change *changed)
{
	if (short_counts.hide)
		*changed = (struct vr_code_change){changed->first, changed->first};
}

static int32_t VR_CALL link_exit(struct vr_emit_vm *vm, uint8_t *write, uint64_t execute,
				 const struct vr_exit_site *x, uint64_t target,
				 struct vr_code_change *changed)
{
	int32_t rc = x86_emit.link(vm, write, execute, x, target, changed);

	__atomic_fetch_add(rc == VR_LINK_VENEER ? &short_counts.veneers : &short_counts.direct, 1,
			   __ATOMIC_RELAXED);
	hide(changed);
	return rc;
}

static void VR_CALL kill_entry(struct vr_emit_vm *vm, uint8_t *write, uint64_t execute, uint32_t entry,
			       struct vr_code_change *changed)
{
	__atomic_fetch_add(&short_counts.kills, 1, __ATOMIC_RELAXED);
	x86_emit.kill(vm, write, execute, entry, changed);
	hide(changed);
}

static struct vr_emit emit;
const struct vr_emit *const fake_emit = &emit;

__attribute__((constructor)) static void at_first(void)
{
	emit = x86_emit;
	emit.create = create;
	emit.region = region;
	emit.link = link_exit;
	emit.kill = kill_entry;
	emit.relocate = NULL; /* of the host of x86_emit only */
	fake_made = machine_made;
	fake_goes = machine_goes;
}
