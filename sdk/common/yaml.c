/* SPDX-License-Identifier: MIT */
#include "common/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmrun/abi.h>
#include <yaml.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"

static const char *const kind_names[] = {"a single value", "a list", "a map"};

static int32_t fail_at(const struct vr_yaml *y, size_t line, size_t column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int32_t vfail(const struct vr_yaml *y, size_t line, size_t column, const char *format, va_list ap)
{
	char text[768];

	vsnprintf(text, sizeof(text), format, ap);
	return vr_error_set(y->code, "%s:%zu:%zu: %s", y->file, line, column, text);
}

static int32_t fail_at(const struct vr_yaml *y, size_t line, size_t column, const char *format, ...)
{
	va_list ap;
	int32_t rc;

	va_start(ap, format);
	rc = vfail(y, line, column, format, ap);
	va_end(ap);
	return rc;
}

int32_t vr_yaml_error(const struct vr_yaml *y, const struct vr_yaml_node *at, const char *format, ...)
{
	va_list ap;
	int32_t rc;

	va_start(ap, format);
	rc = vfail(y, at->line, at->column, format, ap);
	va_end(ap);
	return rc;
}

int32_t vr_yaml_key_error(const struct vr_yaml *y, const struct vr_yaml_node *at, const char *format, ...)
{
	va_list ap;
	int32_t rc;

	va_start(ap, format);
	rc = vfail(y, at->key_line, at->key_column, format, ap);
	va_end(ap);
	return rc;
}

static void free_node(struct vr_yaml_node *n)
{
	while (n) {
		struct vr_yaml_node *next = n->next;

		free_node(n->first); /* at most VR_YAML_DEPTH_MAX + 1 deep */
		free(n->key);
		free(n->text);
		free(n);
		n = next;
	}
}

void vr_yaml_free(struct vr_yaml *y)
{
	if (!y)
		return;
	free_node(y->root);
	free(y->file);
	free(y);
}

/* What is being built: the chain of open maps and lists. */
struct builder {
	struct vr_yaml *y;
	struct {
		struct vr_yaml_node *node;
		struct vr_yaml_node **tail;
	} open[VR_YAML_DEPTH_MAX];
	uint32_t depth;
	char *key; /* read, its value is still to come */
	size_t key_line, key_column;
	bool ended;
};

static bool wants_key(const struct builder *b)
{
	return b->depth > 0 && b->open[b->depth - 1].node->kind == VR_YAML_MAP && !b->key;
}

/* A copy of a scalar's text; NUL inside would hide what follows it from every later check. */
static int32_t scalar_text(const struct vr_yaml *y, const yaml_event_t *e, char **out)
{
	const char *value = (const char *)e->data.scalar.value;
	size_t length = e->data.scalar.length;

	if (memchr(value, 0, length))
		return fail_at(y, e->start_mark.line + 1, e->start_mark.column + 1,
			       "a NUL character in a value; remove it");
	*out = vr_text_copy_n(value, length);
	return *out ? VR_OK : VR_E_NOMEM;
}

static int32_t take_key(struct builder *b, const yaml_event_t *e)
{
	size_t line = e->start_mark.line + 1, column = e->start_mark.column + 1;
	const struct vr_yaml_node *map = b->open[b->depth - 1].node;
	int32_t rc;

	if (e->type != YAML_SCALAR_EVENT)
		return fail_at(b->y, line, column, "a key must be a plain word, not a map or a list");
	rc = scalar_text(b->y, e, &b->key);
	if (rc < 0)
		return rc;
	b->key_line = line;
	b->key_column = column;
	if (!b->key[0])
		return fail_at(b->y, line, column, "an empty key");
	for (const struct vr_yaml_node *n = map->first; n; n = n->next) {
		if (!strcmp(n->key, b->key))
			return fail_at(b->y, line, column,
				       "duplicate key '%s', first given at line %" PRIu32 "; remove one",
				       b->key, n->key_line);
	}
	return VR_OK;
}

static int32_t take_value(struct builder *b, const yaml_event_t *e)
{
	struct vr_yaml_node *n = calloc(1, sizeof(*n));
	bool group = e->type != YAML_SCALAR_EVENT;

	if (!n)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	n->kind = e->type == YAML_SCALAR_EVENT           ? VR_YAML_SCALAR
		  : e->type == YAML_SEQUENCE_START_EVENT ? VR_YAML_LIST
							 : VR_YAML_MAP;
	n->line = (uint32_t)e->start_mark.line + 1;
	n->column = (uint32_t)e->start_mark.column + 1;
	n->key = b->key;
	b->key = NULL;
	n->key_line = (uint32_t)b->key_line;
	n->key_column = (uint32_t)b->key_column;
	/* Linked in before anything can fail, so that one place frees it. */
	if (b->depth) {
		*b->open[b->depth - 1].tail = n;
		b->open[b->depth - 1].tail = &n->next;
	} else {
		b->y->root = n;
	}
	if (!group) {
		n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		return scalar_text(b->y, e, &n->text);
	}
	if (b->depth == VR_YAML_DEPTH_MAX)
		return fail_at(b->y, n->line, n->column, "nested too deep; at most %d maps and lists",
			       VR_YAML_DEPTH_MAX);
	b->open[b->depth].node = n;
	b->open[b->depth].tail = &n->first;
	b->depth++;
	return VR_OK;
}

/* Things the subset leaves out, whatever they are attached to. */
static int32_t check_decoration(const struct vr_yaml *y, const yaml_event_t *e)
{
	size_t line = e->start_mark.line + 1, column = e->start_mark.column + 1;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return fail_at(y, line, column, "aliases are not allowed; write the value out");
	case YAML_SCALAR_EVENT:
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor)
		return fail_at(y, line, column, "anchors are not allowed; remove '&%s'",
			       (const char *)anchor);
	if (tag)
		return fail_at(y, line, column, "tags are not allowed; remove '%s'", (const char *)tag);
	return VR_OK;
}

static int32_t take_event(struct builder *b, const yaml_event_t *e)
{
	size_t line = e->start_mark.line + 1, column = e->start_mark.column + 1;
	int32_t rc = check_decoration(b->y, e);

	if (rc < 0)
		return rc;
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->y->root)
			return fail_at(b->y, line, column, "a second document; one file holds one");
		if (e->data.document_start.version_directive ||
		    e->data.document_start.tag_directives.start != e->data.document_start.tag_directives.end)
			return fail_at(b->y, line, column,
				       "directives are not allowed; remove the '%%' line");
		return VR_OK;
	case YAML_SCALAR_EVENT:
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return wants_key(b) ? take_key(b, e) : take_value(b, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return VR_OK;
	case YAML_STREAM_END_EVENT:
		b->ended = true;
		return VR_OK;
	default:
		return VR_OK;
	}
}

/* What libyaml found wrong, in our form. */
static int32_t parser_error(const struct vr_yaml *y, const yaml_parser_t *p, const char *text, size_t length)
{
	size_t line = p->problem_mark.line + 1, column = p->problem_mark.column + 1;
	const char *problem = p->problem ? p->problem : "not YAML";

	if (p->error == YAML_MEMORY_ERROR)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	if (p->error == YAML_READER_ERROR) {
		/* The reader knows an offset only. */
		line = column = 1;
		for (size_t i = 0; i < length && i < p->problem_offset; i++) {
			if (text[i] == '\n') {
				line++;
				column = 1;
			} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
				column++;
			}
		}
	}
	if (p->error != YAML_READER_ERROR && p->context)
		return fail_at(y, line, column, "%s (%s)", problem, p->context);
	return fail_at(y, line, column, "%s", problem);
}

static int32_t build(struct builder *b, const char *text, size_t length)
{
	yaml_parser_t parser;
	int32_t rc = VR_OK;

	if (!yaml_parser_initialize(&parser))
		return vr_error_set(VR_E_NOMEM, "out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	while (rc == VR_OK && !b->ended) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			rc = parser_error(b->y, &parser, text, length);
			break;
		}
		rc = take_event(b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	free(b->key);
	if (rc == VR_OK && !b->y->root)
		rc = fail_at(b->y, 1, 1, "the file is empty");
	return rc;
}

int32_t vr_yaml_parse(const char *file, const char *text, size_t length, int32_t code, struct vr_yaml **out)
{
	struct vr_yaml *y = calloc(1, sizeof(*y));
	struct builder b = {.y = y};
	int32_t rc;

	*out = NULL;
	if (!y)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	y->code = code;
	y->file = vr_text_copy(file);
	if (!y->file)
		rc = VR_E_NOMEM;
	else if (length > VR_YAML_SIZE_MAX)
		rc = fail_at(y, 1, 1, "%zu bytes; at most %d are read", length, VR_YAML_SIZE_MAX);
	else
		rc = build(&b, text, length);
	if (rc < 0) {
		vr_yaml_free(y);
		return rc;
	}
	*out = y;
	return VR_OK;
}

static int32_t read_fd(int fd, const char *file, char *text, size_t size, size_t *length)
{
	ssize_t n = file_read(fd, text, size);

	*length = n < 0 ? 0 : (size_t)n;
	return n < 0 ? vr_error_set(VR_E_IO, "%s: can't be read: %s", file, strerror(errno)) : VR_OK;
}

static int32_t read_open(int fd, const char *file, int32_t code, struct vr_yaml **out)
{
	size_t size = VR_YAML_SIZE_MAX + 1, length = 0; /* one more byte shows that it is too long */
	char *text = malloc(size);
	int32_t rc;

	*out = NULL;
	if (!text)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	rc = read_fd(fd, file, text, size, &length);
	if (rc == VR_OK)
		rc = vr_yaml_parse(file, text, length, code, out);
	free(text);
	return rc;
}

int32_t vr_yaml_read(const char *file, int32_t code, struct vr_yaml **out)
{
	const struct file_request request = {.path = file, .flags = O_RDONLY, .kinds = FILE_REGULAR};
	struct file_opened f;
	int32_t rc;

	*out = NULL;
	rc = file_open(&request, &f);
	if (rc < 0)
		return rc == VR_E_INVAL ? code : rc; /* a folder, a FIFO */
	rc = read_open(f.fd, file, code, out);
	close(f.fd);
	return rc;
}

int32_t vr_yaml_read_stdin(int32_t code, struct vr_yaml **out)
{
	return read_open(STDIN_FILENO, "standard input", code, out);
}

const struct vr_yaml_node *vr_yaml_get(const struct vr_yaml_node *map, const char *key)
{
	for (const struct vr_yaml_node *n = map->first; n; n = n->next) {
		if (n->key && !strcmp(n->key, key))
			return n;
	}
	return NULL;
}

int32_t vr_yaml_need(const struct vr_yaml *y, const struct vr_yaml_node *map, const char *what,
		     const char *key, const struct vr_yaml_node **out)
{
	*out = vr_yaml_get(map, key);
	if (!*out)
		return vr_yaml_error(y, map, "%s has no '%s'; add it", what, key);
	return VR_OK;
}

int32_t vr_yaml_check_keys(const struct vr_yaml *y, const struct vr_yaml_node *map, const char *what,
			   const char *const *known, size_t count)
{
	for (const struct vr_yaml_node *n = map->first; n; n = n->next) {
		bool found = !strncmp(n->key, "x-", 2);
		const char *near;

		for (size_t i = 0; i < count && !found; i++)
			found = !strcmp(n->key, known[i]);
		if (found)
			continue;
		near = vr_text_nearest(n->key, known, count);
		if (near)
			return vr_yaml_key_error(y, n, "%s has no key '%s'; did you mean '%s'?", what, n->key,
						 near);
		return vr_yaml_key_error(y, n, "%s has no key '%s'; remove it, or begin it with 'x-'", what,
					 n->key);
	}
	return VR_OK;
}

int32_t vr_yaml_expect(const struct vr_yaml *y, const struct vr_yaml_node *n, enum vr_yaml_kind kind)
{
	if (n->kind == kind)
		return VR_OK;
	if (n->key)
		return vr_yaml_error(y, n, "'%s' must be %s, not %s", n->key, kind_names[kind],
				     kind_names[n->kind]);
	return vr_yaml_error(y, n, "must be %s, not %s", kind_names[kind], kind_names[n->kind]);
}

int32_t vr_yaml_string(const struct vr_yaml *y, const struct vr_yaml_node *n, const char **out)
{
	int32_t rc = vr_yaml_expect(y, n, VR_YAML_SCALAR);

	if (rc < 0)
		return rc;
	if (!n->text[0])
		return n->key ? vr_yaml_error(y, n, "'%s' is empty; give a value", n->key)
			      : vr_yaml_error(y, n, "an empty value");
	*out = n->text;
	return VR_OK;
}

int32_t vr_yaml_number(const struct vr_yaml *y, const struct vr_yaml_node *n, int64_t low, int64_t high,
		       int64_t *out)
{
	const char *text, *name = n->key ? n->key : "the value";
	int32_t rc = vr_yaml_string(y, n, &text);
	int64_t v = 0;

	if (rc < 0)
		return rc;
	rc = vr_text_i64(text, &v);
	if (rc == VR_E_INVAL)
		return vr_yaml_error(y, n, "'%s' must be a number, not '%s'", name, text);
	if (rc < 0 || v < low || v > high)
		return vr_yaml_error(y, n, "'%s' is %s; it must be from %" PRId64 " to %" PRId64, name, text,
				     low, high);
	*out = v;
	return VR_OK;
}

int32_t vr_yaml_bool(const struct vr_yaml *y, const struct vr_yaml_node *n, bool *out)
{
	const char *text = NULL; /* gcc 14 does not see that there is one */
	int32_t rc = vr_yaml_string(y, n, &text);

	if (rc < 0)
		return rc;
	if (vr_text_bool(text, out) < 0)
		return vr_yaml_error(y, n, "'%s' must be true or false, not '%s'",
				     n->key ? n->key : "the value", text);
	return VR_OK;
}
