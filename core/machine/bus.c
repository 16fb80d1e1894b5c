/* SPDX-License-Identifier: MIT */
/*
 * bus.c: the devices by address.
 *
 * Each address space has a sorted array, which is searched by halving. The vCPU's last hit is tried first: a
 * driver accesses one device many times in turn. Built while nothing runs, so a lookup takes no lock.
 */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "machine/parts.h"

int32_t bus_init(struct bus *b, uint32_t vcpu_count)
{
	memset(b, 0, sizeof(*b));
	b->cpu = aligned_alloc(_Alignof(struct bus_cpu), sizeof(struct bus_cpu) * vcpu_count);
	if (!b->cpu)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	memset(b->cpu, 0, sizeof(struct bus_cpu) * vcpu_count);
	b->cpu_count = vcpu_count;
	return VR_OK;
}

void bus_free(struct bus *b)
{
	for (uint32_t s = 0; s < BUS_SPACES; s++) {
		for (uint32_t i = 0; i < b->space[s].count; i++) {
			free(b->space[s].entry[i]->name);
			free(b->space[s].entry[i]);
		}
		free(b->space[s].entry);
	}
	free(b->cpu);
	memset(b, 0, sizeof(*b));
}

/* Index of the first entry that begins above `address`. */
static uint32_t above(const struct bus_space *s, uint64_t address)
{
	uint32_t low = 0, high = s->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->entry[middle]->base <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct bus_entry *bus_overlap(const struct bus *b, uint32_t space, uint64_t base, uint64_t last)
{
	const struct bus_space *s = &b->space[space];
	uint32_t i = above(s, last);

	/* Entries do not overlap each other, so only the last one that begins at or below `last` can. */
	return i && s->entry[i - 1]->last >= base ? s->entry[i - 1] : NULL;
}

int32_t bus_attach(struct bus *b, uint32_t space, uint64_t base, uint64_t length,
		   const struct vr_bus_ops *ops, void *opaque, const char *name, const char *plugin)
{
	const struct bus_entry *other;
	struct bus_space *s;
	struct bus_entry *e;
	uint32_t at;

	if (!name)
		name = "device";
	if (space >= BUS_SPACES)
		return vr_error_set(VR_E_INVAL, "device '%s': there is no address space %u", name, space);
	if (!length || base + (length - 1) < base)
		return vr_error_set(VR_E_INVAL, "device '%s' at 0x%llx: bad length 0x%llx", name,
				    (unsigned long long)base, (unsigned long long)length);
	if (!VR_HAS(ops, read) || !VR_HAS(ops, write))
		return vr_error_set(VR_E_INVAL, "device '%s': read or write is missing", name);
	other = bus_overlap(b, space, base, base + (length - 1));
	if (other)
		return vr_error_set(VR_E_EXISTS, "device '%s' at 0x%llx overlaps '%s' at 0x%llx", name,
				    (unsigned long long)base, other->name, (unsigned long long)other->base);
	s = &b->space[space];
	if (s->count == s->capacity) {
		uint32_t capacity = s->capacity ? s->capacity * 2 : 32;
		struct bus_entry **p = realloc(s->entry, sizeof(*p) * capacity);

		if (!p)
			return vr_error_set(VR_E_NOMEM, "out of memory");
		s->entry = p;
		s->capacity = capacity;
	}
	e = calloc(1, sizeof(*e));
	if (!e || !(e->name = strdup(name))) {
		free(e);
		return vr_error_set(VR_E_NOMEM, "out of memory");
	}
	e->base = base;
	e->last = base + (length - 1);
	e->ops = ops;
	e->opaque = opaque;
	e->plugin = plugin;
	at = above(s, base);
	memmove(&s->entry[at + 1], &s->entry[at], sizeof(s->entry[0]) * (s->count - at));
	s->entry[at] = e;
	s->count++;
	return VR_OK;
}

int32_t bus_access(struct bus *b, uint32_t space, uint32_t vcpu, uint64_t address, uint32_t width,
		   uint32_t is_write, uint64_t *value)
{
	const struct bus_entry *e;
	struct bus_cpu *cpu;

	if (space >= BUS_SPACES || vcpu >= b->cpu_count || !value ||
	    (width != 1 && width != 2 && width != 4 && width != 8))
		return VR_E_INVAL;
	cpu = &b->cpu[vcpu];
	/* One writer: no locked instruction. */
	atomic_store_explicit(&cpu->accesses, atomic_load_explicit(&cpu->accesses, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	e = cpu->hit[space];
	if (!e || address < e->base || address > e->last) {
		uint32_t i = above(&b->space[space], address);

		if (!i || b->space[space].entry[i - 1]->last < address)
			return VR_E_NOENT;
		e = b->space[space].entry[i - 1];
		cpu->hit[space] = e;
	}
	/* An access has to lie whole in its device. A system register is one address, however wide. */
	if (space != VR_SPACE_SYSREG && width - 1 > e->last - address)
		return VR_E_NOENT;
	atomic_store_explicit(&cpu->inside, e, memory_order_relaxed);
	if (is_write)
		e->ops->write(e->opaque, vcpu, address - e->base, width, *value);
	else
		*value = e->ops->read(e->opaque, vcpu, address - e->base, width);
	atomic_store_explicit(&cpu->inside, NULL, memory_order_relaxed);
	return VR_OK;
}
