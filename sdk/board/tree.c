/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

void vr_tree_start(struct vr_tree *t, void *buffer, uint32_t size)
{
	t->fdt = buffer;
	t->error = fdt_create(buffer, (int)size);
	if (!t->error)
		t->error = fdt_finish_reservemap(buffer);
	vr_tree_begin(t, "");
}

void vr_tree_finish(struct vr_tree *t)
{
	vr_tree_end(t);
	if (!t->error)
		t->error = fdt_finish(t->fdt);
}

const char *vr_tree_strerror(int error)
{
	return fdt_strerror(error);
}

void vr_tree_begin(struct vr_tree *t, const char *name)
{
	if (!t->error)
		t->error = fdt_begin_node(t->fdt, name);
}

void vr_tree_begin_at(struct vr_tree *t, const char *name, uint64_t address)
{
	char full[64];

	snprintf(full, sizeof(full), "%s@%llx", name, (unsigned long long)address);
	vr_tree_begin(t, full);
}

void vr_tree_end(struct vr_tree *t)
{
	if (!t->error)
		t->error = fdt_end_node(t->fdt);
}

void vr_tree_bytes(struct vr_tree *t, const char *name, const void *value, size_t length)
{
	if (!t->error)
		t->error = fdt_property(t->fdt, name, value, (int)length);
}

void vr_tree_flag(struct vr_tree *t, const char *name)
{
	vr_tree_bytes(t, name, NULL, 0);
}

void vr_tree_string(struct vr_tree *t, const char *name, const char *value)
{
	vr_tree_bytes(t, name, value, strlen(value) + 1);
}

void vr_tree_cells(struct vr_tree *t, const char *name, const uint32_t *value, size_t count)
{
	void *place;

	if (!t->error)
		t->error = fdt_property_placeholder(t->fdt, name, (int)(count * sizeof(*value)), &place);
	for (size_t i = 0; i < count && !t->error; i++) {
		fdt32_t big = cpu_to_fdt32(value[i]);

		memcpy((uint8_t *)place + i * sizeof(big), &big, sizeof(big));
	}
}
