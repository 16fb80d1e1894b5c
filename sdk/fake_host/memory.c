/* SPDX-License-Identifier: MIT */
/*
 * memory.c: vmrun.memory/1.
 *
 * Guest RAM is a file in memory that is mapped twice: the test's view can always be used, the plugin's view has in
 * each page the rights of the plugin's mappings (struct vr_mapping) of that page, so that the use of a mapping that
 * was given back, or a write to one that may only be read, ends the process there and then.
 *
 * A watch finds bytes that a plugin changed without telling: it keeps a copy of all RAM, notes which bytes it is
 * told of, and compares. Only the pages that the file really has are copied and compared, so RAM of many GiB costs
 * nothing.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create() */
#endif
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define GRAIN 0x10000u /* host.h: lengths are multiples of 64 KiB */

static void *sparse(uint64_t length)
{
	void *p = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		       0);

	return p == MAP_FAILED ? NULL : p;
}

/* A view of the file between two pages that can't be touched. */
static uint8_t *view(int file, uint64_t length, int rights)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *p =
		mmap(NULL, length + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mmap(p + page, length, rights, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, file, 0) == MAP_FAILED) {
		munmap(p, length + 2 * page);
		return NULL;
	}
	return p + page;
}

static void drop_view(uint8_t *p, uint64_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (p)
		munmap(p - page, length + 2 * page);
}

static void drop_watch(struct vr_fake_host_region *r)
{
	if (r->before)
		munmap(r->before, r->length);
	if (r->told)
		munmap(r->told, r->length);
	r->before = r->told = NULL;
}

static void drop_region(struct vr_fake_host_region *r)
{
	drop_watch(r);
	drop_view(r->bytes, r->length);
	drop_view(r->view, r->length);
	close(r->file);
}

static struct vr_fake_host_region *new_region(struct vr_fake_host *f, uint64_t gpa, uint64_t length,
					      uint32_t flags)
{
	struct vr_fake_host_region r = {.gpa = gpa, .length = length, .flags = flags};

	if (f->region_count == VR_FAKE_HOST_REGIONS || length > UINT64_MAX / 4)
		return NULL;
	for (uint32_t i = 0; i < f->region_count; i++)
		if (gpa < f->region[i].gpa + f->region[i].length && f->region[i].gpa < gpa + length)
			return NULL;
	r.file = memfd_create("guest-ram", MFD_CLOEXEC);
	if (r.file < 0)
		return NULL;
	if (ftruncate(r.file, (off_t)length) == 0) {
		r.bytes = view(r.file, length, PROT_READ | PROT_WRITE);
		r.view = view(r.file, length, PROT_NONE);
	}
	if (!r.bytes || !r.view) {
		drop_region(&r);
		return NULL;
	}
	f->region[f->region_count] = r;
	return &f->region[f->region_count++];
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
	for (uint32_t i = 0; i < f->region_count; i++)
		drop_region(&f->region[i]);
	f->region_count = 0;
}

static struct vr_fake_host_region *find(struct vr_fake_host *f, uint64_t gpa, uint64_t length)
{
	for (uint32_t i = 0; i < f->region_count; i++) {
		struct vr_fake_host_region *r = &f->region[i];

		if (gpa >= r->gpa && gpa - r->gpa <= r->length && length <= r->length - (gpa - r->gpa))
			return r;
	}
	return NULL;
}

void *vr_fake_host_pointer(struct vr_fake_host *f, uint64_t gpa, uint64_t length)
{
	const struct vr_fake_host_region *r = find(f, gpa, length);

	return r ? r->bytes + (gpa - r->gpa) : NULL;
}

void *vr_fake_host_view(struct vr_fake_host *f, uint64_t gpa, uint64_t length)
{
	const struct vr_fake_host_region *r = find(f, gpa, length);

	return r ? r->view + (gpa - r->gpa) : NULL;
}

/* ---- mappings ---- */

/* The rights of the page at `at` of a region's view, and where the first page is that may have others, up to `end`. */
static int rights_at(const struct vr_fake_host *f, uint32_t region, uint64_t at, uint64_t *end)
{
	uint64_t page = vr_fake_host_page();
	int rights = PROT_NONE;

	for (uint32_t i = 0; i < VR_FAKE_HOST_MAPPINGS; i++) {
		const struct vr_mapped *m = &f->mapping[i];
		uint64_t first = m->from / page * page, last = (m->from + m->length + page - 1) / page * page;

		if (!m->used || m->region != region || last <= at)
			continue;
		if (first > at) {
			*end = first < *end ? first : *end;
			continue;
		}
		*end = last < *end ? last : *end;
		rights |= m->rights & VR_MAP_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
	}
	return rights;
}

/* The plugin's view of [from, from+length) gets the rights that its mappings have now. */
static void set_rights(struct vr_fake_host *f, uint32_t region, uint64_t from, uint64_t length)
{
	uint64_t page = vr_fake_host_page(), at = from / page * page;
	uint64_t last = (from + length + page - 1) / page * page, end;

	for (; at < last; at = end) {
		int rights;

		end = last;
		rights = rights_at(f, region, at, &end);
		mprotect(f->region[region].view + at, end - at, rights);
	}
}

/* Its slot while it is in use, or NULL with a finding. */
static struct vr_mapped *mapped_of(struct vr_fake_host *f, const struct vr_mapping *m, const char *function)
{
	struct vr_mapped *s = m ? m->mapped : NULL;
	ptrdiff_t i = s ? s - f->mapping : -1;

	if (i >= 0 && i < (ptrdiff_t)VR_FAKE_HOST_MAPPINGS && s->used && s->region < f->region_count &&
	    m->bytes == f->region[s->region].view + s->from && m->length == s->length)
		return s;
	vr_fake_host_note(f, "%s was given a mapping that there is not (any more)", function);
	return NULL;
}

static int32_t VR_CALL map(const struct vr_host *host, uint64_t gpa, uint64_t length, uint32_t rights,
			   struct vr_mapping *out)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_fake_host_region *r;
	struct vr_mapped *s = f->mapping;

	if (!out || out->size < sizeof(*out)) {
		vr_fake_host_note(f, "memory.map was given a struct without its size");
		return VR_E_INVAL;
	}
	if (!(rights & (VR_MAP_READ | VR_MAP_WRITE)) || rights & ~(VR_MAP_READ | VR_MAP_WRITE | VR_MAP_LOAD))
		vr_fake_host_note(f, "memory.map was asked for the rights 0x%x", rights);
	r = length ? find(f, gpa, length) : NULL;
	if (!r)
		return VR_E_RANGE;
	if ((rights & (VR_MAP_WRITE | VR_MAP_LOAD)) == VR_MAP_WRITE && r->flags & VR_MEM_READONLY)
		return VR_E_PERM;
	pthread_mutex_lock(&f->memory_lock);
	while (s < f->mapping + VR_FAKE_HOST_MAPPINGS && s->used)
		s++;
	if (s == f->mapping + VR_FAKE_HOST_MAPPINGS) {
		pthread_mutex_unlock(&f->memory_lock);
		vr_fake_host_note(f, "memory.map: there are %u mappings already", VR_FAKE_HOST_MAPPINGS);
		return VR_E_RANGE;
	}
	*s = (struct vr_mapped){.used = 1,
				.region = (uint32_t)(r - f->region),
				.rights = rights,
				.from = gpa - r->gpa,
				.length = length};
	f->mapping_count++;
	set_rights(f, s->region, s->from, s->length);
	pthread_mutex_unlock(&f->memory_lock);
	out->rights = rights;
	out->bytes = r->view + s->from;
	out->gpa = gpa;
	out->length = length;
	out->mapped = s;
	return VR_OK;
}

static void note_written(struct vr_fake_host *f, const struct vr_mapped *s, uint64_t from, uint64_t length,
			 const char *function)
{
	struct vr_fake_host_region *r = &f->region[s->region];

	if (from > s->length || length > s->length - from) {
		vr_fake_host_note(f, "%s was told of 0x%llx bytes at 0x%llx of a mapping of 0x%llx", function,
				  (unsigned long long)length, (unsigned long long)from,
				  (unsigned long long)s->length);
		return;
	}
	if (length && !(s->rights & VR_MAP_WRITE))
		vr_fake_host_note(f, "%s was told of a write to a mapping without VR_MAP_WRITE", function);
	f->written += length;
	if (r->told)
		memset(r->told + s->from + from, 1, length);
}

static void VR_CALL unmap(const struct vr_host *host, const struct vr_mapping *m, uint64_t from,
			  uint64_t length)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	struct vr_mapped *s;

	pthread_mutex_lock(&f->memory_lock);
	s = mapped_of(f, m, "memory.unmap");
	if (s) {
		note_written(f, s, from, length, "memory.unmap");
		s->used = 0;
		f->mapping_count--;
		set_rights(f, s->region, s->from, s->length);
	}
	pthread_mutex_unlock(&f->memory_lock);
}

static void VR_CALL written(const struct vr_host *host, const struct vr_mapping *m, uint64_t from,
			    uint64_t length)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	const struct vr_mapped *s;

	pthread_mutex_lock(&f->memory_lock);
	s = mapped_of(f, m, "memory.written");
	if (s)
		note_written(f, s, from, length, "memory.written");
	pthread_mutex_unlock(&f->memory_lock);
}

/* ---- watching ---- */

/* fn() for each run of pages that the region's file has. */
static void each_run(const struct vr_fake_host_region *r, void *arg,
		     void (*fn)(void *arg, const struct vr_fake_host_region *r, uint64_t from, uint64_t to))
{
	off_t end = 0, from;

	while ((from = lseek(r->file, end, SEEK_DATA)) >= 0) {
		end = lseek(r->file, from, SEEK_HOLE);
		if (end < 0)
			return;
		fn(arg, r, (uint64_t)from, (uint64_t)end);
	}
}

static void keep(void *arg, const struct vr_fake_host_region *r, uint64_t from, uint64_t to)
{
	(void)arg;
	memcpy(r->before + from, r->bytes + from, to - from);
}

void vr_fake_host_watch(struct vr_fake_host *f)
{
	pthread_mutex_lock(&f->memory_lock);
	for (uint32_t i = 0; i < f->region_count; i++) {
		struct vr_fake_host_region *r = &f->region[i];

		drop_watch(r);
		r->before = sparse(r->length);
		r->told = sparse(r->length);
		if (!r->before || !r->told)
			drop_watch(r);
		else
			each_run(r, NULL, keep);
	}
	pthread_mutex_unlock(&f->memory_lock);
}

struct untold {
	uint64_t count, first;
};

static void compare(void *arg, const struct vr_fake_host_region *r, uint64_t from, uint64_t to)
{
	struct untold *u = arg;
	uint64_t page = vr_fake_host_page();

	for (; from < to; from += page) {
		if (memcmp(r->before + from, r->bytes + from, page) == 0)
			continue;
		for (uint64_t i = from; i < from + page; i++)
			if (r->before[i] != r->bytes[i] && !r->told[i] && !u->count++)
				u->first = r->gpa + i;
	}
}

uint64_t vr_fake_host_watched(struct vr_fake_host *f)
{
	struct untold u = {0, 0};

	pthread_mutex_lock(&f->memory_lock);
	for (uint32_t i = 0; i < f->region_count; i++) {
		struct vr_fake_host_region *r = &f->region[i];

		if (r->before)
			each_run(r, &u, compare);
		drop_watch(r);
	}
	pthread_mutex_unlock(&f->memory_lock);
	if (u.count)
		vr_fake_host_note(
			f,
			"%llu bytes of guest memory, from 0x%llx on, were changed, and the host was not "
			"told (memory.written, memory.unmap)",
			(unsigned long long)u.count, (unsigned long long)u.first);
	return u.count;
}

/* ---- the table ---- */

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
	return VR_OK;
}

extern const struct vr_host_memory vr_fake_host_memory;
const struct vr_host_memory vr_fake_host_memory = {
	.size = sizeof(vr_fake_host_memory),
	.add = add,
	.count = count,
	.region = region,
	.map = map,
	.unmap = unmap,
	.written = written,
};
