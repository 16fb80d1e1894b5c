/* SPDX-License-Identifier: MIT */
#include "ram.h"

void vr_virtio_ram_init(struct vr_virtio_ram *r, const struct vr_host *host)
{
	r->host = host;
	r->memory = host->query(host, VR_MEMORY_ID);
	r->count = r->looked_at = 0;
	pthread_mutex_init(&r->lock, NULL);
}

void vr_virtio_ram_fini(struct vr_virtio_ram *r)
{
	for (uint32_t i = 0; i < r->count; i++)
		r->memory->unmap(r->host, &r->window[i], 0, 0);
	r->count = 0;
	pthread_mutex_destroy(&r->lock);
}

/* Among the windows from the first-th on. */
static const struct vr_mapping *find(const struct vr_virtio_ram *r, uint32_t first, uint64_t gpa)
{
	uint32_t count = __atomic_load_n(&r->count, __ATOMIC_ACQUIRE);

	for (uint32_t i = first; i < count; i++)
		if (gpa - r->window[i].gpa < r->window[i].length)
			return &r->window[i];
	return NULL;
}

/* Regions only come, in the order of their numbers. */
static void map_new(struct vr_virtio_ram *r)
{
	uint32_t regions = r->memory->count(r->host), count = r->count;

	for (; r->looked_at < regions && count < VR_VIRTIO_RAM_MAX; r->looked_at++) {
		struct vr_memory_region g = {.size = sizeof(g)};
		struct vr_mapping *w = &r->window[count];
		uint32_t rights = VR_MAP_READ | VR_MAP_WRITE;

		if (r->memory->region(r->host, r->looked_at, &g) < 0)
			continue;
		if (g.flags & VR_MEM_READONLY)
			rights = VR_MAP_READ;
		w->size = sizeof(*w);
		if (r->memory->map(r->host, g.gpa, g.length, rights, w) >= 0)
			count++;
	}
	__atomic_store_n(&r->count, count, __ATOMIC_RELEASE);
}

static const struct vr_mapping *find_new(struct vr_virtio_ram *r, uint64_t gpa)
{
	const struct vr_mapping *w;
	uint32_t known;

	pthread_mutex_lock(&r->lock);
	known = r->count;
	w = find(r, 0, gpa);
	if (!w) {
		map_new(r);
		w = find(r, known, gpa);
	}
	pthread_mutex_unlock(&r->lock);
	return w;
}

uint8_t *vr_virtio_ram_at(struct vr_virtio_ram *r, uint64_t gpa, uint64_t length, uint32_t rights)
{
	const struct vr_mapping *w = find(r, 0, gpa);

	if (!w)
		w = find_new(r, gpa);
	if (!w || (rights & ~w->rights) || length > w->length - (gpa - w->gpa))
		return NULL;
	return w->bytes + (gpa - w->gpa);
}

void vr_virtio_ram_written(struct vr_virtio_ram *r, uint64_t gpa, uint64_t length)
{
	const struct vr_mapping *w = find(r, 0, gpa);

	if (w)
		r->memory->written(r->host, w, gpa - w->gpa, length);
}
