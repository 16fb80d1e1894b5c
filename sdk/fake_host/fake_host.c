/* SPDX-License-Identifier: MIT */
/*
 * fake_host.c: struct vr_host itself and its tables.
 *
 * Each table is a copy that ends where a page ends, and the next page can't be touched: a plugin that looks past
 * `size` gets SIGSEGV. The host's struct lies the same way; the page before its end begins with a pointer
 * to its fake host.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

#define TABLE(id, type, name) extern const struct type name;
#include "tables.def"
#undef TABLE

static struct vr_fake_host_table *table_of(struct vr_fake_host *f, const char *id)
{
	for (uint32_t i = 0; i < f->table_count; i++)
		if (strcmp(f->table[i].id, id) == 0)
			return &f->table[i];
	return NULL;
}

static const void *VR_CALL host_query(const struct vr_host *host, const char *id)
{
	struct vr_fake_host *f = vr_fake_host_of(host);
	const struct vr_fake_host_table *t;

	if (!id) {
		vr_fake_host_note(f, "query() was given no id");
		return NULL;
	}
	t = table_of(f, id);
	return t && !t->removed ? t->table : NULL;
}

uint32_t vr_fake_host_table_size(struct vr_fake_host *f, const char *id)
{
	const struct vr_fake_host_table *t = table_of(f, id);

	return t ? t->size : 0;
}

void vr_fake_host_remove(struct vr_fake_host *f, const char *id)
{
	struct vr_fake_host_table *t = table_of(f, id);

	if (t)
		t->removed = 1;
}

void vr_fake_host_cut(struct vr_fake_host *f, const char *id, uint32_t size)
{
	struct vr_fake_host_table *t = table_of(f, id);

	if (!t || size > t->size)
		return;
	t->table = t->pages + vr_fake_host_page() - size;
	memcpy(t->table, t->whole, size);
	memcpy(t->table, &size, sizeof(size));
}

/* One page that may be used and one that may not. */
static uint8_t *guarded_page(void)
{
	uint8_t *p = mmap(NULL, 2 * vr_fake_host_page(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p, vr_fake_host_page(), PROT_READ | PROT_WRITE) < 0)
		return NULL;
	return p;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

struct vr_fake_host *vr_fake_host_new(const char *arch, uint32_t vcpu_count, uint64_t ram_size)
{
	static const struct {
		const char *id;
		const void *whole;
		uint32_t size;
	} tables[] = {
#define TABLE(id, type, name) {id, &name, sizeof(struct type)},
#include "tables.def"
#undef TABLE
	};
	struct vr_fake_host *f = calloc(1, sizeof(*f));
	struct vr_host *h;

	_Static_assert(sizeof(tables) / sizeof(tables[0]) <= VR_FAKE_HOST_TABLES, "room for all tables");
	if (!f || vcpu_count > VR_FAKE_HOST_VCPUS) {
		free(f);
		return NULL;
	}
	f->arch = arch;
	f->vcpu_count = vcpu_count;
	f->ram_size = ram_size;
	f->wall = 1700000000ull * 1000000000;
	f->main_thread = pthread_self();
	pthread_mutex_init(&f->lock, NULL);
	pthread_mutex_init(&f->memory_lock, NULL);
	pthread_cond_init(&f->wake, NULL);
	if (vcpu_count)
		f->vcpu[0].on = 1;
	f->host_pages = guarded_page();
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && f->host_pages; i++) {
		struct vr_fake_host_table *t = &f->table[f->table_count++];

		t->id = tables[i].id;
		t->whole = tables[i].whole;
		t->size = tables[i].size;
		t->pages = guarded_page();
		if (!t->pages)
			break;
		vr_fake_host_cut(f, t->id, t->size);
	}
	if (!f->host_pages || !f->table[f->table_count - 1].pages) {
		vr_fake_host_free(f);
		return NULL;
	}
	*(struct vr_fake_host **)(void *)f->host_pages = f;
	h = (struct vr_host *)(void *)(f->host_pages + vr_fake_host_page() - sizeof(*h));
	*h = (struct vr_host){
		.size = sizeof(*h),
		.abi_major = VR_ABI_MAJOR,
		.abi_minor = VR_ABI_MINOR,
		.query = host_query,
		.error = vr_fake_host_error,
	};
	f->host = h;
	return f;
}

void vr_fake_host_free(struct vr_fake_host *f)
{
	vr_fake_host_disks_free(f);
	vr_fake_host_no_ram(f);
	for (uint32_t i = 0; i < f->vcpu_count; i++)
		free(f->vcpu[i].state);
	for (uint32_t i = 0; i < f->table_count; i++)
		if (f->table[i].pages)
			munmap(f->table[i].pages, 2 * vr_fake_host_page());
	if (f->host_pages)
		munmap(f->host_pages, 2 * vr_fake_host_page());
	vr_fake_host_timers_free(f);
	pthread_mutex_destroy(&f->lock);
	pthread_mutex_destroy(&f->memory_lock);
	pthread_cond_destroy(&f->wake);
	free(f);
}
