/* SPDX-License-Identifier: MIT */
/* memory.c: vmrun.memory/1 and vmrun.codecache/1. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define GRAIN 0x10000u /* host.h: lengths are multiples of 64 KiB */

static struct vr_fake_host_region *new_region(struct vr_fake_host *f, uint64_t gpa, uint64_t length,
					      uint32_t flags)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct vr_fake_host_region *r;
	uint8_t *p;

	if (f->region_count == VR_FAKE_HOST_REGIONS || length > UINT64_MAX / 4)
		return NULL;
	for (uint32_t i = 0; i < f->region_count; i++)
		if (gpa < f->region[i].gpa + f->region[i].length && f->region[i].gpa < gpa + length)
			return NULL;
	p = mmap(NULL, length + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p + page, length, PROT_READ | PROT_WRITE) < 0) {
		munmap(p, length + 2 * page);
		return NULL;
	}
	r = &f->region[f->region_count++];
	*r = (struct vr_fake_host_region){.gpa = gpa, .length = length, .flags = flags, .bytes = p + page};
	return r;
}

uint8_t *vr_fake_host_ram(struct vr_fake_host *f, uint64_t gpa, uint64_t length, uint32_t flags)
{
	struct vr_fake_host_region *r = new_region(f, gpa, length, flags);

	if (!r)
		return NULL;
	r->given = 1;
	return r->bytes;
}

static int is_given(const struct vr_fake_host *f, uint64_t gpa, uint64_t length)
{
	for (uint32_t i = 0; i < f->region_count; i++)
		if (f->region[i].given && f->region[i].gpa == gpa && f->region[i].length == length)
			return 1;
	return 0;
}

static uint64_t whole_pages(uint64_t n)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

void *vr_fake_host_guarded(uint64_t n)
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

void vr_fake_host_guarded_free(void *p, uint64_t n)
{
	munmap((uint8_t *)p + n - whole_pages(n), whole_pages(n) + (uint64_t)sysconf(_SC_PAGESIZE));
}

void vr_fake_host_no_ram(struct vr_fake_host *f)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (uint32_t i = 0; i < f->region_count; i++)
		munmap(f->region[i].bytes - page, f->region[i].length + 2 * page);
	f->region_count = 0;
}

void *vr_fake_host_pointer(struct vr_fake_host *f, uint64_t gpa, uint64_t length)
{
	for (uint32_t i = 0; i < f->region_count; i++) {
		const struct vr_fake_host_region *r = &f->region[i];

		if (gpa >= r->gpa && gpa - r->gpa <= r->length && length <= r->length - (gpa - r->gpa))
			return r->bytes + (gpa - r->gpa);
	}
	return NULL;
}

static int32_t VR_CALL add(const struct vr_host *host, uint64_t gpa, uint64_t length, uint32_t flags,
			   const char *name)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	int32_t rc;

	vr_fake_host_on_main(f, "memory.add");
	if (!name)
		vr_fake_host_note(f, "memory.add was given no name");
	if (!length || (gpa | length) & (GRAIN - 1) || gpa + length < gpa) {
		vr_fake_host_note(f, "memory.add: 0x%llx bytes at 0x%llx are not multiples of 64 KiB",
				  (unsigned long long)length, (unsigned long long)gpa);
		return vr_fake_host_no(f, VR_E_INVAL, "guest RAM comes in multiples of 64 KiB");
	}
	rc = vr_fake_host_request(f, "memory.add");
	if (rc < 0)
		return rc;
	return is_given(f, gpa, length) || new_region(f, gpa, length, flags)
		       ? VR_OK
		       : vr_fake_host_no(f, VR_E_NOMEM, "no room or no memory for this RAM");
}

static uint32_t VR_CALL count(const struct vr_host *host)
{
	return vr_fake_host_of(host)->region_count;
}

static int32_t VR_CALL region(const struct vr_host *host, uint32_t i, struct vr_memory_region *out)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	if (!out || out->size < sizeof(*out)) {
		vr_fake_host_note(f, "memory.region was given a struct without its size");
		return VR_E_INVAL;
	}
	if (i >= f->region_count)
		return VR_E_NOENT;
	out->flags = f->region[i].flags;
	out->gpa = f->region[i].gpa;
	out->length = f->region[i].length;
	out->host = f->region[i].bytes;
	return VR_OK;
}

static void *VR_CALL pointer(const struct vr_host *host, uint64_t gpa, uint64_t length)
{
	return vr_fake_host_pointer(vr_fake_host_of(host), gpa, length);
}

static void VR_CALL written(const struct vr_host *host, uint64_t gpa, uint64_t length)
{
	struct vr_fake_host *f = vr_fake_host_of(host);

	if (!vr_fake_host_pointer(f, gpa, length))
		vr_fake_host_note(f, "memory.written was told of 0x%llx bytes at 0x%llx, which is not RAM",
				  (unsigned long long)length, (unsigned long long)gpa);
	__atomic_fetch_add(&f->written, length, __ATOMIC_RELAXED);
}

extern const struct vr_host_memory vr_fake_host_memory;
const struct vr_host_memory vr_fake_host_memory = {
	.size = sizeof(vr_fake_host_memory),
	.add = add,
	.count = count,
	.region = region,
	.pointer = pointer,
	.written = written,
};

/* ---- vmrun.codecache/1 ----------------------------------------------------------------------------- */

static int32_t VR_CALL code_create(const struct vr_host *host, uint64_t length, struct vr_code_memory *out)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	int32_t rc;
	void *p;

	vr_fake_host_on_main(f, "codecache.create");
	if (!out || out->size < sizeof(*out)) {
		vr_fake_host_note(f, "codecache.create was given a struct without its size");
		return VR_E_INVAL;
	}
	rc = vr_fake_host_request(f, "codecache.create");
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
	vr_fake_host_on_main(vr_fake_host_of(host), "codecache.destroy");
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
		vr_fake_host_note(vr_fake_host_of(host),
				  "codecache.end_write was told of bytes outside the memory");
}

extern const struct vr_host_codecache vr_fake_host_codecache;
const struct vr_host_codecache vr_fake_host_codecache = {
	.size = sizeof(vr_fake_host_codecache),
	.create = code_create,
	.destroy = code_destroy,
	.begin_write = begin_write,
	.end_write = end_write,
};
