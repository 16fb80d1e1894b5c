/* SPDX-License-Identifier: MIT */
#include "device_answers.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define NODE_CHARACTERS ALNUM ",._+-"            /* Devicetree Specification 0.4, table 2.1 */
#define PROPERTY_CHARACTERS NODE_CHARACTERS "?#" /* table 2.2 */

/* ---- texts ------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static int32_t wrong(const struct vr_device_of *d, char *text,
							   const char *format, ...)
{
	size_t n = (size_t)snprintf(text, VR_DEVICE_WRONG, "\"%.80s\": vmrun.device/1 ", d->type);
	va_list args;

	va_start(args, format);
	vsnprintf(text + n, VR_DEVICE_WRONG - n, format, args);
	va_end(args);
	return VR_E_ABI;
}

static bool fits(const char *s, size_t most)
{
	return strnlen(s, most + 1) <= most;
}

/* Of these characters alone, 1 .. most of them. */
static bool consists_of(const char *s, const char *characters, size_t most)
{
	return *s && fits(s, most) && !s[strspn(s, characters)];
}

static bool is_node_name(const char *s)
{
	return consists_of(s, NODE_CHARACTERS, VR_DEVICE_NODE_NAME_MAX) && strspn(s, ALNUM) &&
	       (*s < '0' || *s > '9');
}

/* ---- windows and interrupts --------------------------------------------------------------------------- */

int32_t vr_device_ask(const struct vr_device_of *d, struct vr_device_wants *out, char *text)
{
	const struct vr_device_maker *m = d->maker;

	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; VR_HAS(m, window); i++) {
		uint64_t length = m->window(d->self, d->type, i);

		if (!length)
			break;
		if (i == VR_DEVICE_WINDOWS_MAX)
			return wrong(d, text, "window: more than %u windows", VR_DEVICE_WINDOWS_MAX);
		if (length & (length - 1) || length > VR_DEVICE_WINDOW_MAX)
			return wrong(d, text,
				     "window: %" PRIu64
				     " bytes for window %u are no power of two up to 64 KiB",
				     length, i);
		out->window[out->window_count++] = length;
	}
	for (uint32_t i = 0; VR_HAS(m, irq); i++) {
		uint32_t trigger = m->irq(d->self, d->type, i);

		if (trigger == VR_DEVICE_IRQ_NONE)
			break;
		if (i == VR_DEVICE_IRQS_MAX)
			return wrong(d, text, "irq: more than %u interrupts", VR_DEVICE_IRQS_MAX);
		if (trigger != VR_DEVICE_IRQ_LEVEL && trigger != VR_DEVICE_IRQ_EDGE)
			return wrong(d, text, "irq: interrupt %u is %u, which is no VR_DEVICE_IRQ_*", i,
				     trigger);
		out->irq[out->irq_count++] = trigger;
	}
	return VR_OK;
}

/* ---- properties ---------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *why; /* NULL: it holds phandles */
} names[] = {
#define RESERVED(name, why) {name, why},
#define PHANDLES(name) {name, NULL},
#include "reserved_names.def"
#undef RESERVED
#undef PHANDLES
};

/* What is wrong with the text: NULL when nothing is. */
static const char *text_fault(const char *s)
{
	return !s ? "NULL" : !fits(s, VR_DEVICE_TEXT_MAX) ? "longer than 255 bytes" : NULL;
}

static const char *string_fault(const struct vr_device_property *p)
{
	return text_fault(p->text);
}

static const char *strings_fault(const struct vr_device_property *p)
{
	const char *fault = p->strings ? NULL : "NULL";

	for (uint32_t i = 0; !fault && i < p->count; i++)
		fault = text_fault(p->strings[i]);
	return fault;
}

static const char *cells_fault(const struct vr_device_property *p)
{
	return p->cells ? NULL : "NULL";
}

static const char *numbers_fault(const struct vr_device_property *p)
{
	return p->numbers ? NULL : "NULL";
}

static const char *references_fault(const struct vr_device_property *p)
{
	uint64_t cells = 0;

	if (!p->references)
		return "NULL";
	if (p->stride < sizeof(struct vr_device_reference) || p->stride % 8)
		return "of a stride that is not the size of a struct vr_device_reference";
	for (uint32_t i = 0; i < p->count; i++) {
		struct vr_device_reference r = vr_device_reference_at(p, i);

		if (!r.node || !*r.node || !fits(r.node, VR_DEVICE_TEXT_MAX))
			return "a reference that names no node";
		if (strncmp(r.node, "board:", 6) == 0 && strcmp(r.node, VR_DEVICE_CLOCK) != 0 &&
		    strcmp(r.node, VR_DEVICE_INTERRUPT_CONTROLLER) != 0)
			return "a reference to a node of the board's that there is not";
		if (r.cell_count && !r.cells)
			return "a reference with cells that are NULL";
		cells += 1 + (uint64_t)r.cell_count;
	}
	return cells > VR_PROPERTY_CELLS_MAX ? "more than 64 cells" : NULL;
}

/* By VR_PROPERTY_*. */
static const struct {
	const char *name;
	uint32_t most;                                            /* of count; 0: it has none */
	const char *(*fault)(const struct vr_device_property *p); /* NULL: it has no value */
} kinds[] = {
	[VR_PROPERTY_FLAG] = {"FLAG", 0, NULL},
	[VR_PROPERTY_STRING] = {"STRING", 0, string_fault},
	[VR_PROPERTY_STRINGS] = {"STRINGS", VR_PROPERTY_STRINGS_MAX, strings_fault},
	[VR_PROPERTY_CELLS] = {"CELLS", VR_PROPERTY_CELLS_MAX, cells_fault},
	[VR_PROPERTY_NUMBERS] = {"NUMBERS", VR_PROPERTY_CELLS_MAX / 2, numbers_fault},
	[VR_PROPERTY_REFERENCES] = {"REFERENCES", VR_PROPERTY_REFERENCES_MAX, references_fault},
};

static int32_t check_name(const struct vr_device_of *d, uint32_t i, const struct vr_device_property *p,
			  char *text)
{
	if (!p->name || !consists_of(p->name, PROPERTY_CHARACTERS, VR_DEVICE_PROPERTY_NAME_MAX))
		return wrong(d, text,
			     "describe: property %u has no name, or one that a device tree can't have", i);
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		if (strcmp(names[k].name, p->name) != 0)
			continue;
		if (names[k].why)
			return wrong(d, text, "describe: property \"%s\" is reserved: %s", p->name,
				     names[k].why);
		if (p->kind != VR_PROPERTY_REFERENCES)
			return wrong(d, text,
				     "describe: property \"%s\" refers to other nodes: it is of kind "
				     "VR_PROPERTY_REFERENCES only",
				     p->name);
	}
	return VR_OK;
}

int32_t vr_device_property(const struct vr_device_of *d, uint32_t i, struct vr_device_property *out,
			   char *text)
{
	const char *fault;
	int32_t rc;

	*out = (struct vr_device_property){.size = sizeof(*out)};
	rc = VR_HAS(d->maker, describe) ? d->maker->describe(d->self, d->type, i, out) : VR_E_NOENT;
	if (rc == VR_E_NOENT)
		return rc;
	if (rc < 0)
		return wrong(d, text, "describe: property %u: error %d; VR_E_NOENT is the end", i, (int)rc);
	if (i == VR_DEVICE_PROPERTIES_MAX)
		return wrong(d, text, "describe: more than %u properties", VR_DEVICE_PROPERTIES_MAX);
	rc = check_name(d, i, out, text);
	if (rc < 0)
		return rc;
	if (out->kind >= sizeof(kinds) / sizeof(kinds[0]))
		return wrong(d, text,
			     "describe: property \"%s\" is of kind %u, which this board does not know",
			     out->name, out->kind);
	if (kinds[out->kind].most && (!out->count || out->count > kinds[out->kind].most))
		return wrong(d, text, "describe: property \"%s\": count is %u; VR_PROPERTY_%s has 1 to %u",
			     out->name, out->count, kinds[out->kind].name, kinds[out->kind].most);
	fault = kinds[out->kind].fault ? kinds[out->kind].fault(out) : NULL;
	return fault ? wrong(d, text, "describe: property \"%s\": its value is %s", out->name, fault) : VR_OK;
}

struct vr_device_reference vr_device_reference_at(const struct vr_device_property *p, uint32_t i)
{
	struct vr_device_reference r;

	memcpy(&r, (const char *)p->references + (size_t)i * p->stride, sizeof(r));
	return r;
}

/* ---- the whole of it ------------------------------------------------------------------------------------ */

const char *vr_device_compatible(const struct vr_device_of *d, uint32_t i)
{
	return VR_HAS(d->maker, compatible) && i < VR_DEVICE_COMPATIBLE_MAX
		       ? d->maker->compatible(d->self, d->type, i)
		       : NULL;
}

bool vr_device_is_described(const struct vr_device_of *d)
{
	return vr_device_compatible(d, 0) != NULL;
}

const char *vr_device_node(const struct vr_device_of *d)
{
	const char *name = VR_HAS(d->maker, node_name) ? d->maker->node_name(d->self, d->type) : NULL;

	if (name && is_node_name(name))
		return name;
	return is_node_name(d->type) ? d->type : "device";
}

static int32_t check_compatible(const struct vr_device_of *d, char *text)
{
	const char *s;
	uint32_t i;

	for (i = 0; (s = vr_device_compatible(d, i)) != NULL; i++) {
		if (!consists_of(s, PROPERTY_CHARACTERS, VR_DEVICE_TEXT_MAX))
			return wrong(d, text, "compatible: string %u, '%.80s', is empty, too long or no name",
				     i, s);
		for (uint32_t k = 0; k < i; k++)
			if (strcmp(vr_device_compatible(d, k), s) == 0)
				return wrong(d, text, "compatible: '%s' is there twice", s);
	}
	if (i == VR_DEVICE_COMPATIBLE_MAX && d->maker->compatible(d->self, d->type, i))
		return wrong(d, text, "compatible: more than %u strings, or no end",
			     VR_DEVICE_COMPATIBLE_MAX);
	return VR_OK;
}

static int32_t check_properties(const struct vr_device_of *d, char *text)
{
	struct vr_device_property p, other;
	int32_t rc;

	for (uint32_t i = 0; (rc = vr_device_property(d, i, &p, text)) >= 0; i++)
		for (uint32_t k = 0; k < i; k++)
			if (vr_device_property(d, k, &other, text) >= 0 && strcmp(p.name, other.name) == 0)
				return wrong(d, text, "describe: property \"%s\" is there twice", p.name);
	return rc == VR_E_NOENT ? VR_OK : rc;
}

int32_t vr_device_check(const struct vr_device_of *d, char *text)
{
	const char *name = VR_HAS(d->maker, node_name) ? d->maker->node_name(d->self, d->type) : NULL;
	int32_t rc;

	if (name && !is_node_name(name))
		return wrong(d, text,
			     "node_name: '%.80s' is no name of a node: a letter, then letters, digits and "
			     "\",._+-\", "
			     "31 in all, without an address",
			     name);
	rc = check_compatible(d, text);
	return rc < 0 ? rc : check_properties(d, text);
}
