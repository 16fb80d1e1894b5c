/* SPDX-License-Identifier: MIT */
/* slots_tree.c: what plugins say of their devices, as nodes of a device tree. */
#include <libfdt.h>
#include <string.h>

#include "slots.h"
#include "tree.h"

#define COMPATIBLE_MAX 256u

/* "a b" -> "a\0b\0", as a string list is in a tree; 0: empty or too long. */
static size_t string_list(const char *blanks, char list[COMPATIBLE_MAX])
{
	size_t n = 0;

	for (;;) {
		size_t word;

		blanks += strspn(blanks, " ");
		word = strcspn(blanks, " ");
		if (!word)
			return n;
		if (n + word + 1 > COMPATIBLE_MAX)
			return 0;
		memcpy(list + n, blanks, word);
		list[n + word] = '\0';
		n += word + 1;
		blanks += word;
	}
}

static int32_t one_property(struct vr_tree *t, const struct vr_device_property *p)
{
	if (!p->name || !*p->name)
		return VR_E_ABI;
	switch (p->kind) {
	case VR_PROPERTY_FLAG:
		vr_tree_flag(t, p->name);
		return VR_OK;
	case VR_PROPERTY_STRING:
		if (!p->text)
			return VR_E_ABI;
		vr_tree_string(t, p->name, p->text);
		return VR_OK;
	case VR_PROPERTY_CELLS:
		if (!p->cells || !p->count || p->count > VR_PROPERTY_CELLS_MAX)
			return VR_E_ABI;
		vr_tree_cells(t, p->name, p->cells, p->count);
		return VR_OK;
	default:
		return VR_E_ABI;
	}
}

static void properties(const struct vr_slots *s, const struct vr_window *w, struct vr_tree *t)
{
	for (uint32_t i = 0; VR_HAS(w->d.maker, describe) && !t->error; i++) {
		struct vr_device_property p = {.size = sizeof(p)};
		int32_t rc = w->d.maker->describe(w->self, w->d.type, i, &p);

		if (rc < 0)
			break;
		if (one_property(t, &p) == VR_OK)
			continue;
		vr_tables_fail(
			s->t, VR_E_ABI,
			"\"%s\": vmrun.device/1 describe: property %u has no name, no value or a kind (%u) "
			"that this board does not know",
			w->d.type, i, p.kind);
		t->error = -FDT_ERR_BADVALUE;
	}
}

void vr_slots_describe(const struct vr_slots *s, struct vr_tree *t,
		       void (*interrupts)(struct vr_tree *t, uint32_t irq))
{
	for (uint32_t i = 0; i < s->windows; i++) {
		const struct vr_window *w = &s->window[i];
		const char *blanks =
			VR_HAS(w->d.maker, compatible) ? w->d.maker->compatible(w->self, w->d.type) : NULL;
		char list[COMPATIBLE_MAX];
		size_t n;

		if (!blanks)
			continue;
		n = string_list(blanks, list);
		if (!n) {
			vr_tables_fail(s->t, VR_E_ABI,
				       "\"%s\": vmrun.device/1 compatible: '%s' is empty or too long",
				       w->d.type, blanks);
			t->error = -FDT_ERR_BADVALUE;
		}
		vr_tree_begin_at(t, w->d.type, w->base);
		vr_tree_bytes(t, "compatible", list, n);
		VR_TREE_CELLS(t, "reg", VR_TREE_PAIR(w->base), VR_TREE_PAIR(w->length));
		interrupts(t, w->irq);
		properties(s, w, t);
		vr_tree_end(t);
	}
}
