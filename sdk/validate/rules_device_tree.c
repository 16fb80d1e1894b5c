/* SPDX-License-Identifier: MIT */
/*
 * rules_device_tree.c: what a device says of itself to a board that does not know its type.
 *
 * The answers are judged by the functions that boards place and describe devices with (sdk/board/device_answers.c), so
 * that what passes here is not refused there. Beyond that each answer is asked for twice, and what the first answers
 * point to is compared with a copy after the last: a maker that fills one buffer again and again is found so.
 */
#include <string.h>

#include "check.h"

/* ---- a description, as bytes --------------------------------------------------------------------------- */

#define MOST (VR_DEVICE_PROPERTIES_MAX + 1)

struct answers {
	const char *node;
	const char *compatible[VR_DEVICE_COMPATIBLE_MAX];
	struct vr_device_property property[MOST];
	uint32_t compatible_count, property_count;
};

struct bytes {
	uint8_t data[1u << 20];
	size_t length;
};

static void put(struct bytes *b, const void *data, size_t n)
{
	if (n > sizeof(b->data) - b->length)
		n = sizeof(b->data) - b->length;
	memcpy(b->data + b->length, data, n);
	b->length += n;
}

static void put_text(struct bytes *b, const char *s)
{
	put(b, s, strlen(s) + 1);
}

static void put_property(struct bytes *b, const struct vr_device_property *p)
{
	put_text(b, p->name);
	put(b, &p->kind, sizeof(p->kind));
	switch (p->kind) {
	case VR_PROPERTY_STRING:
		put_text(b, p->text);
		break;
	case VR_PROPERTY_STRINGS:
		for (uint32_t i = 0; i < p->count; i++)
			put_text(b, p->strings[i]);
		break;
	case VR_PROPERTY_CELLS:
		put(b, p->cells, p->count * sizeof(*p->cells));
		break;
	case VR_PROPERTY_NUMBERS:
		put(b, p->numbers, p->count * sizeof(*p->numbers));
		break;
	case VR_PROPERTY_REFERENCES:
		for (uint32_t i = 0; i < p->count; i++) {
			struct vr_device_reference r = vr_device_reference_at(p, i);

			put_text(b, r.node);
			put(b, r.cells, r.cells ? r.cell_count * sizeof(*r.cells) : 0);
		}
		break;
	default:
		break;
	}
}

static void put_answers(struct bytes *b, const struct answers *a)
{
	b->length = 0;
	put_text(b, a->node);
	for (uint32_t i = 0; i < a->compatible_count; i++)
		put_text(b, a->compatible[i]);
	for (uint32_t i = 0; i < a->property_count; i++)
		put_property(b, &a->property[i]);
}

/* Fails when one of them is unsound. *b: the bytes of each as it was answered. */
static void ask(struct vr_check *c, const struct vr_device_of *d, struct answers *a, struct bytes *b)
{
	char text[VR_DEVICE_WRONG];
	int32_t rc;

	memset(a, 0, sizeof(*a));
	check_phase(c, "node_name, compatible and describe of \"%s\"", d->type);
	CHECK(c, vr_device_check(d, text) >= 0, "%s", text);
	b->length = 0;
	a->node = vr_device_node(d);
	put_text(b, a->node);
	while (a->compatible_count < VR_DEVICE_COMPATIBLE_MAX &&
	       (a->compatible[a->compatible_count] = vr_device_compatible(d, a->compatible_count)))
		put_text(b, a->compatible[a->compatible_count++]);
	for (; a->property_count < MOST; a->property_count++) {
		rc = vr_device_property(d, a->property_count, &a->property[a->property_count], text);
		if (rc < 0)
			break;
		put_property(b, &a->property[a->property_count]);
	}
}

/* ---- the rules ------------------------------------------------------------------------------------------ */

static const struct vr_device_maker *maker_of(struct vr_check *c)
{
	const struct vr_device_maker *m;

	check_started(c);
	m = check_query(c, VR_DEVICE_ID);
	if (!VR_HAS(m, types))
		check_skip(c, "its table is not filled in");
	return m;
}

/* The next type of the list; false at the end. */
static bool next_type(const char **types, char type[80])
{
	size_t n;

	*types += strspn(*types, ", ");
	n = strcspn(*types, ", ");
	memset(type, 0, 80);
	memcpy(type, *types, n < 80 ? n : 79);
	*types += n;
	return n > 0;
}

void check_device_wants(struct vr_check *c)
{
	const struct vr_device_maker *m = maker_of(c);
	const char *types = m->types;
	char type[80], text[VR_DEVICE_WRONG];

	while (next_type(&types, type)) {
		const struct vr_device_of d = {.maker = m, .self = c->plugin->self, .type = type};
		struct vr_device_wants wants, again;

		check_phase(c, "window and irq of \"%s\"", type);
		CHECK(c, vr_device_ask(&d, &wants, text) >= 0, "%s", text);
		CHECK(c, vr_device_ask(&d, &again, text) >= 0, "%s, when asked again", text);
		CHECK(c, !memcmp(&wants, &again, sizeof(wants)),
		      "\"%s\": window and irq answer otherwise when asked again", type);
		CHECK(c, wants.window_count || !vr_device_is_described(&d),
		      "\"%s\": compatible describes it, and window gives it no place", type);
	}
}

void check_device_description(struct vr_check *c)
{
	static struct answers first, again;
	static struct bytes copy, other;
	const struct vr_device_maker *m = maker_of(c);
	const char *types = m->types;
	uint32_t described = 0;
	char type[80];

	while (next_type(&types, type)) {
		const struct vr_device_of d = {.maker = m, .self = c->plugin->self, .type = type};

		if (!vr_device_is_described(&d))
			continue;
		described++;
		ask(c, &d, &first, &copy);
		ask(c, &d, &again, &other);
		CHECK(c, copy.length == other.length && !memcmp(copy.data, other.data, copy.length),
		      "\"%s\": it describes another node when asked again", type);
		check_phase(c, "what describe of \"%s\" pointed to", type);
		put_answers(&other, &first);
		CHECK(c, copy.length == other.length && !memcmp(copy.data, other.data, copy.length),
		      "\"%s\": what describe points to changes with the next call", type);
	}
	if (!described)
		check_skip(c, "it describes no device");
}
