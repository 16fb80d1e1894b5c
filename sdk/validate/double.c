/* SPDX-License-Identifier: MIT */
/*
 * double.c: struct vr_host itself, and what watches a plugin.
 *
 * Each table is a copy that ends where a page ends, and the next page can't be touched: whoever looks past
 * `size` gets SIGSEGV. The host's struct lies the same way; the page before its end begins with a pointer
 * to its double.
 */
#include "double.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TABLE(id, type, name) extern const struct type name;
#include "double_tables.def"
#undef TABLE

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

struct vr_double *vr_double_of(const struct vr_host *host)
{
	return *(struct vr_double **)((uintptr_t)host & ~(uintptr_t)(page_size() - 1));
}

const struct vr_host *vr_double_host(struct vr_double *d)
{
	return d->host;
}

/* ---- findings ------------------------------------------------------------------------------------ */

void vr_double_note(struct vr_double *d, const char *format, ...)
{
	va_list ap;

	pthread_mutex_lock(&d->lock);
	if (d->finding_count < VR_DOUBLE_FINDINGS) {
		va_start(ap, format);
		vsnprintf(d->finding[d->finding_count], sizeof(d->finding[0]), format, ap);
		va_end(ap);
	}
	d->finding_count++;
	pthread_mutex_unlock(&d->lock);
}

const char *vr_double_finding(const struct vr_double *d, uint32_t i)
{
	return i < d->finding_count && i < VR_DOUBLE_FINDINGS ? d->finding[i] : NULL;
}

void vr_double_on_main(struct vr_double *d, const char *function)
{
	if (!pthread_equal(pthread_self(), d->main_thread))
		vr_double_note(d, "%s, which is for the main thread, was called on another one", function);
}

void vr_double_on_vcpu(struct vr_double *d, uint32_t vcpu, const char *function)
{
	if (vcpu >= d->vcpu_count)
		vr_double_note(d, "%s was called for vCPU %u of %u", function, vcpu, d->vcpu_count);
	else if (d->vcpu[vcpu].has_thread && !pthread_equal(pthread_self(), d->vcpu[vcpu].thread))
		vr_double_note(d, "%s was called for vCPU %u on another thread than its own", function, vcpu);
}

int vr_double_known_error(int32_t code)
{
	switch (code) {
#define VR_ERROR(name, value, text) case value:
#include <vmrun/errors.def>
#undef VR_ERROR
		return 1;
	default:
		return 0;
	}
}

/* ---- refusing -------------------------------------------------------------------------------------- */

static void host_error(const struct vr_host *host, int32_t code, const char *text);

int32_t vr_double_request(struct vr_double *d, const char *function)
{
	uint32_t mine = __atomic_add_fetch(&d->requests, 1, __ATOMIC_SEQ_CST);

	if (!d->refuse_at || mine != d->refuse_at)
		return VR_OK;
	d->refused = 1;
	snprintf(d->refused_what, sizeof(d->refused_what), "%s", function);
	return vr_double_no(d, VR_E_NOMEM, "the double of the host refuses this request");
}

/* As the core does: who refuses gives the text. */
int32_t vr_double_no(struct vr_double *d, int32_t code, const char *text)
{
	host_error(d->host, code, text);
	return code;
}

void vr_double_refuse(struct vr_double *d, uint32_t n)
{
	d->refuse_at = n ? d->requests + n : 0;
	d->refused = 0;
	d->refused_what[0] = 0;
}

/* ---- struct vr_host ---------------------------------------------------------------------------------- */

static void VR_CALL host_error(const struct vr_host *host, int32_t code, const char *text)
{
	struct vr_double *d = vr_double_of(host);

	if (!vr_double_known_error(code))
		vr_double_note(d, "error() was given the code %d, which errors.def does not have", code);
	if (!text || !*text)
		vr_double_note(d, "error() was given no text (code %d)", code);
	pthread_mutex_lock(&d->lock);
	if (!d->error_count++) {
		d->error_code = code;
		snprintf(d->error_text, sizeof(d->error_text), "%s", text ? text : "");
	}
	pthread_mutex_unlock(&d->lock);
}

void vr_double_error_clear(struct vr_double *d)
{
	pthread_mutex_lock(&d->lock);
	d->error_count = 0;
	d->error_code = 0;
	d->error_text[0] = 0;
	pthread_mutex_unlock(&d->lock);
}

static struct vr_double_table *table_of(struct vr_double *d, const char *id)
{
	for (uint32_t i = 0; i < d->table_count; i++)
		if (strcmp(d->table[i].id, id) == 0)
			return &d->table[i];
	return NULL;
}

static const void *VR_CALL host_query(const struct vr_host *host, const char *id)
{
	struct vr_double *d = vr_double_of(host);
	const struct vr_double_table *t;

	if (!id) {
		vr_double_note(d, "query() was given no id");
		return NULL;
	}
	t = table_of(d, id);
	return t && !t->removed ? t->table : NULL;
}

uint32_t vr_double_table_size(struct vr_double *d, const char *id)
{
	const struct vr_double_table *t = table_of(d, id);

	return t ? t->size : 0;
}

void vr_double_remove(struct vr_double *d, const char *id)
{
	struct vr_double_table *t = table_of(d, id);

	if (t)
		t->removed = 1;
}

void vr_double_cut(struct vr_double *d, const char *id, uint32_t size)
{
	struct vr_double_table *t = table_of(d, id);

	if (!t || size > t->size)
		return;
	t->table = t->pages + page_size() - size;
	memcpy(t->table, t->whole, size);
	memcpy(t->table, &size, sizeof(size));
}

/* One page that may be used and one that may not. */
static uint8_t *guarded_page(void)
{
	uint8_t *p = mmap(NULL, 2 * page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p, page_size(), PROT_READ | PROT_WRITE) < 0)
		return NULL;
	return p;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

struct vr_double *vr_double_new(const char *arch, uint32_t vcpu_count, uint64_t ram_size)
{
	static const struct {
		const char *id;
		const void *whole;
		uint32_t size;
	} tables[] = {
#define TABLE(id, type, name) {id, &name, sizeof(struct type)},
#include "double_tables.def"
#undef TABLE
	};
	struct vr_double *d = calloc(1, sizeof(*d));
	struct vr_host *h;

	_Static_assert(sizeof(tables) / sizeof(tables[0]) <= VR_DOUBLE_TABLES, "room for all tables");
	if (!d || vcpu_count > VR_DOUBLE_VCPUS) {
		free(d);
		return NULL;
	}
	d->arch = arch;
	d->vcpu_count = vcpu_count;
	d->ram_size = ram_size;
	d->wall = 1700000000ull * 1000000000;
	d->main_thread = pthread_self();
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->wake, NULL);
	if (vcpu_count)
		d->vcpu[0].on = 1;
	d->host_pages = guarded_page();
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && d->host_pages; i++) {
		struct vr_double_table *t = &d->table[d->table_count++];

		t->id = tables[i].id;
		t->whole = tables[i].whole;
		t->size = tables[i].size;
		t->pages = guarded_page();
		if (!t->pages)
			break;
		vr_double_cut(d, t->id, t->size);
	}
	if (!d->host_pages || !d->table[d->table_count - 1].pages) {
		vr_double_free(d);
		return NULL;
	}
	*(struct vr_double **)(void *)d->host_pages = d;
	h = (struct vr_host *)(void *)(d->host_pages + page_size() - sizeof(*h));
	*h = (struct vr_host){
		.size = sizeof(*h),
		.abi_major = VR_ABI_MAJOR,
		.abi_minor = VR_ABI_MINOR,
		.query = host_query,
		.error = host_error,
	};
	d->host = h;
	return d;
}

void vr_double_timers_free(struct vr_double *d);

void vr_double_free(struct vr_double *d)
{
	vr_double_no_ram(d);
	for (uint32_t i = 0; i < d->disk_count; i++)
		free(d->disk[i].bytes);
	for (uint32_t i = 0; i < d->vcpu_count; i++)
		free(d->vcpu[i].state);
	for (uint32_t i = 0; i < d->table_count; i++)
		if (d->table[i].pages)
			munmap(d->table[i].pages, 2 * page_size());
	if (d->host_pages)
		munmap(d->host_pages, 2 * page_size());
	vr_double_timers_free(d);
	pthread_mutex_destroy(&d->lock);
	pthread_cond_destroy(&d->wake);
	free(d);
}
