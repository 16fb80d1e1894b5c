/* SPDX-License-Identifier: MIT */
/* double_memory.c: vmrun.memory/1 and vmrun.codecache/1. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "double.h"

#define GRAIN 0x10000u /* host.h: lengths are multiples of 64 KiB */

uint8_t *vr_double_ram(struct vr_double *d, uint64_t gpa, uint64_t length, uint32_t flags)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct vr_double_region *r;
	uint8_t *p;

	if (d->region_count == VR_DOUBLE_REGIONS || length > UINT64_MAX / 4)
		return NULL;
	for (uint32_t i = 0; i < d->region_count; i++)
		if (gpa < d->region[i].gpa + d->region[i].length && d->region[i].gpa < gpa + length)
			return NULL;
	p = mmap(NULL, length + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p + page, length, PROT_READ | PROT_WRITE) < 0) {
		munmap(p, length + 2 * page);
		return NULL;
	}
	r = &d->region[d->region_count++];
	*r = (struct vr_double_region){.gpa = gpa, .length = length, .flags = flags, .bytes = p + page};
	return r->bytes;
}

static uint64_t whole_pages(uint64_t n)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

void *vr_double_guarded(uint64_t n)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), whole = whole_pages(n);
	uint8_t *p = mmap(NULL, whole + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p, whole, PROT_READ | PROT_WRITE) < 0) {
		munmap(p, whole + page);
		return NULL;
	}
	return p + whole - n;
}

void vr_double_guarded_free(void *p, uint64_t n)
{
	munmap((uint8_t *)p + n - whole_pages(n), whole_pages(n) + (uint64_t)sysconf(_SC_PAGESIZE));
}

void vr_double_no_ram(struct vr_double *d)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (uint32_t i = 0; i < d->region_count; i++)
		munmap(d->region[i].bytes - page, d->region[i].length + 2 * page);
	d->region_count = 0;
}

void *vr_double_pointer(struct vr_double *d, uint64_t gpa, uint64_t length)
{
	for (uint32_t i = 0; i < d->region_count; i++) {
		const struct vr_double_region *r = &d->region[i];

		if (gpa >= r->gpa && gpa - r->gpa <= r->length && length <= r->length - (gpa - r->gpa))
			return r->bytes + (gpa - r->gpa);
	}
	return NULL;
}

static int32_t VR_CALL add(const struct vr_host *host, uint64_t gpa, uint64_t length, uint32_t flags,
			   const char *name)
{
	struct vr_double *d = vr_double_of(host);
	int32_t rc;

	vr_double_on_main(d, "memory.add");
	if (!name)
		vr_double_note(d, "memory.add was given no name");
	if (!length || (gpa | length) & (GRAIN - 1) || gpa + length < gpa) {
		vr_double_note(d, "memory.add: 0x%llx bytes at 0x%llx are not multiples of 64 KiB",
			       (unsigned long long)length, (unsigned long long)gpa);
		return vr_double_no(d, VR_E_INVAL, "guest RAM comes in multiples of 64 KiB");
	}
	rc = vr_double_request(d, "memory.add");
	if (rc < 0)
		return rc;
	return vr_double_ram(d, gpa, length, flags)
		       ? VR_OK
		       : vr_double_no(d, VR_E_NOMEM, "no room or no memory for this RAM");
}

static uint32_t VR_CALL count(const struct vr_host *host)
{
	return vr_double_of(host)->region_count;
}

static int32_t VR_CALL region(const struct vr_host *host, uint32_t i, struct vr_memory_region *out)
{
	struct vr_double *d = vr_double_of(host);

	if (!out || out->size < sizeof(*out)) {
		vr_double_note(d, "memory.region was given a struct without its size");
		return VR_E_INVAL;
	}
	if (i >= d->region_count)
		return VR_E_NOENT;
	out->flags = d->region[i].flags;
	out->gpa = d->region[i].gpa;
	out->length = d->region[i].length;
	out->host = d->region[i].bytes;
	return VR_OK;
}

static void *VR_CALL pointer(const struct vr_host *host, uint64_t gpa, uint64_t length)
{
	return vr_double_pointer(vr_double_of(host), gpa, length);
}

static void VR_CALL written(const struct vr_host *host, uint64_t gpa, uint64_t length)
{
	struct vr_double *d = vr_double_of(host);

	if (!vr_double_pointer(d, gpa, length))
		vr_double_note(d, "memory.written was told of 0x%llx bytes at 0x%llx, which is not RAM",
			       (unsigned long long)length, (unsigned long long)gpa);
	__atomic_fetch_add(&d->written, length, __ATOMIC_RELAXED);
}

extern const struct vr_host_memory vr_double_memory;
const struct vr_host_memory vr_double_memory = {
	.size = sizeof(vr_double_memory),
	.add = add,
	.count = count,
	.region = region,
	.pointer = pointer,
	.written = written,
};

/* ---- vmrun.codecache/1 ----------------------------------------------------------------------------- */

static int32_t VR_CALL code_create(const struct vr_host *host, uint64_t length, struct vr_code_memory *out)
{
	struct vr_double *d = vr_double_of(host);
	int32_t rc;
	void *p;

	vr_double_on_main(d, "codecache.create");
	if (!out || out->size < sizeof(*out)) {
		vr_double_note(d, "codecache.create was given a struct without its size");
		return VR_E_INVAL;
	}
	rc = vr_double_request(d, "codecache.create");
	if (rc < 0)
		return rc;
	p = mmap(NULL, length, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return VR_E_NOMEM;
	out->write = out->execute = p;
	out->length = length;
	return VR_OK;
}

static void VR_CALL code_destroy(const struct vr_host *host, struct vr_code_memory *m)
{
	vr_double_on_main(vr_double_of(host), "codecache.destroy");
	if (m && m->write)
		munmap(m->write, m->length);
}

static void VR_CALL begin_write(const struct vr_host *host, const struct vr_code_memory *m)
{
	(void)host, (void)m;
}

static void VR_CALL end_write(const struct vr_host *host, const struct vr_code_memory *m, uint64_t offset,
			      uint64_t length)
{
	if (offset > m->length || length > m->length - offset)
		vr_double_note(vr_double_of(host),
			       "codecache.end_write was told of bytes outside the memory");
}

extern const struct vr_host_codecache vr_double_codecache;
const struct vr_host_codecache vr_double_codecache = {
	.size = sizeof(vr_double_codecache),
	.create = code_create,
	.destroy = code_destroy,
	.begin_write = begin_write,
	.end_write = end_write,
};
