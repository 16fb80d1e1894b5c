/* SPDX-License-Identifier: MIT */
/* has.h: VR_HAS() (vmrun/abi.h) for tables of tables, where a member is known by its offset. [any] */
#ifndef VR_KIT_HAS_H
#define VR_KIT_HAS_H

#include <string.h>
#include <vmrun/host.h>

/* True when `table`, which begins with its size, holds the pointer at `offset` and that is not NULL. */
static inline int vr_has_at(const void *table, size_t offset)
{
	const void *value = NULL;
	uint32_t size;

	memcpy(&size, table, sizeof(size));
	if (size >= offset + sizeof(value))
		memcpy(&value, (const char *)table + offset, sizeof(value));
	return value != NULL;
}

/* The host's table `id` whose last function that is used is at `last`. NULL: the host has none, or, being
 * older, one that ends before, which is as good as none. */
static inline const void *vr_host_table(const struct vr_host *host, const char *id, size_t last)
{
	const void *table = host->query(host, id);

	return table && vr_has_at(table, last) ? table : NULL;
}

#endif
