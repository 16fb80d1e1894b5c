/* SPDX-License-Identifier: MIT */
/*
 * memory.c: guest RAM, vmrun.memory/1.
 *
 * Each region is its own mapping between two guard areas, so that host code that runs off its end faults
 * instead of touching something else. Pages are the host's only once they are touched.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/error.h"
#include "machine/parts.h"
#include "util/log.h"
#include "util/struct_copy_out.h"

#define UNIT 0x10000ull /* regions are multiples of this */
#define GUARD 0x10000ull
#define HUGE_PAGE 0x200000ull /* alignment, so that the host can use its large pages */

const struct ram_region *ram_overlap(const struct ram *ram, uint64_t gpa, uint64_t last)
{
	uint32_t count = atomic_load_explicit(&ram->count, memory_order_acquire);

	for (uint32_t i = 0; i < count; i++) {
		const struct ram_region *g = &ram->region[i];

		if (gpa <= g->gpa + (g->length - 1) && last >= g->gpa)
			return g;
	}
	return NULL;
}

int32_t ram_add(struct ram *ram, uint64_t gpa, uint64_t length, uint32_t flags, const char *name)
{
	uint32_t count = atomic_load_explicit(&ram->count, memory_order_relaxed);
	struct ram_region *g;
	const struct ram_region *other;
	size_t total;
	uint8_t *p, *start;

	if (!name)
		name = "ram";
	if (!length || length % UNIT || gpa % UNIT || gpa + (length - 1) < gpa)
		return vr_error_set(VR_E_INVAL,
				    "memory region '%s' at 0x%llx, 0x%llx bytes: address and length must be "
				    "multiples of 64 KiB",
				    name, (unsigned long long)gpa, (unsigned long long)length);
	other = ram_overlap(ram, gpa, gpa + (length - 1));
	if (other)
		return vr_error_set(VR_E_EXISTS, "memory region '%s' at 0x%llx overlaps '%s' at 0x%llx", name,
				    (unsigned long long)gpa, other->name, (unsigned long long)other->gpa);
	if (count == MACHINE_MAX_REGIONS)
		return vr_error_set(VR_E_RANGE, "memory region '%s': there are %u already", name, count);
	if (length > SIZE_MAX / 2)
		return vr_error_set(VR_E_NOMEM, "memory region '%s': too large for this host", name);

	total = (size_t)length + 2 * GUARD + HUGE_PAGE;
	p = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		goto no_memory;
	start = (uint8_t *)(((uintptr_t)p + GUARD + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
	if (mmap(start, (size_t)length, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED) {
		int e = errno;

		munmap(p, total);
		errno = e;
		goto no_memory;
	}
	/* Both only improve speed and core files: a host that lacks them still runs the guest. */
	(void)madvise(start, (size_t)length, MADV_HUGEPAGE);
	(void)madvise(start, (size_t)length, MADV_DONTDUMP);

	g = &ram->region[count];
	g->name = strdup(name);
	if (!g->name) {
		munmap(p, total);
		return vr_error_set(VR_E_NOMEM, "out of memory");
	}
	g->gpa = gpa;
	g->length = length;
	g->flags = flags;
	g->host = start;
	atomic_store_explicit(&g->mapped, 0, memory_order_relaxed);
	g->mapping = p;
	g->mapping_length = total;
	atomic_store_explicit(&ram->count, count + 1, memory_order_release);
	return VR_OK;

no_memory:
	return vr_error_set(
		VR_E_NOMEM,
		"can't reserve %llu MiB of guest memory ('%s'): %s; give the guest less memory, or "
		"raise the limit (ulimit -v, vm.overcommit_memory)",
		(unsigned long long)(length >> 20), name, strerror(errno));
}

struct ram_region *ram_find(struct ram *ram, uint64_t gpa, uint64_t length)
{
	uint32_t count = atomic_load_explicit(&ram->count, memory_order_acquire);

	for (uint32_t i = 0; i < count; i++) {
		struct ram_region *g = &ram->region[i];
		uint64_t offset = gpa - g->gpa;

		if (gpa >= g->gpa && offset < g->length)
			return length <= g->length - offset ? g : NULL;
	}
	return NULL;
}

void *ram_pointer(struct ram *ram, uint64_t gpa, uint64_t length)
{
	struct ram_region *g = ram_find(ram, gpa, length);

	return g ? g->host + (gpa - g->gpa) : NULL;
}

uint64_t ram_resident(const struct ram *ram)
{
	uint32_t count = atomic_load_explicit(&ram->count, memory_order_acquire);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	static const size_t step = (size_t)1 << 30;
	unsigned char *map = malloc(step / 4096);
	uint64_t pages = 0;

	for (uint32_t i = 0; map && i < count; i++) {
		const struct ram_region *g = &ram->region[i];

		for (uint64_t done = 0; done < g->length; done += step) {
			size_t n = g->length - done < step ? (size_t)(g->length - done) : step;

			if (mincore(g->host + done, n, map))
				continue;
			for (size_t k = 0; k < n / page; k++)
				pages += map[k] & 1u;
		}
	}
	free(map);
	return pages * page;
}

void ram_free(struct ram *ram)
{
	uint32_t count = atomic_exchange(&ram->count, 0);

	for (uint32_t i = 0; i < count; i++) {
		struct ram_region *g = &ram->region[i];
		uint64_t mapped = atomic_load_explicit(&g->mapped, memory_order_acquire);

		/* A thread of a plugin's may still use it. */
		if (mapped)
			log_print(VR_LOG_WARN,
				  "memory '%s' at 0x%llx: a plugin has not given %llu mappings back; the "
				  "memory stays",
				  g->name, (unsigned long long)g->gpa, (unsigned long long)mapped);
		else
			munmap(g->mapping, g->mapping_length);
		free(g->name);
	}
}

int32_t machine_map_region(struct machine *m, uint32_t slot)
{
	const struct ram_region *g = &m->ram.region[slot];
	int32_t rc = m->accel->memory_map(m->vm, slot, g->gpa, g->length, g->host, g->flags);

	if (rc < 0)
		vr_error_context(rc, "memory '%s' at 0x%llx", g->name, (unsigned long long)g->gpa);
	return rc;
}

int32_t machine_map_ram(struct machine *m)
{
	uint32_t count = atomic_load(&m->ram.count);

	for (uint32_t i = 0; i < count; i++) {
		int32_t rc = machine_map_region(m, i);

		if (rc < 0)
			return rc;
	}
	m->ram_mapped = true;
	return VR_OK;
}
