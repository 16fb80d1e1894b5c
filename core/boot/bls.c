/* SPDX-License-Identifier: MIT */
#include "boot/bls.h"

#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>
#include "common/error.h"

/* Command lines are a few KiB at most on every architecture. */
#define OPTIONS_MAX 32768u

static char *copy(const char *s, size_t n)
{
	char *p = malloc(n + 1);

	if (!p)
		return NULL;
	memcpy(p, s, n);
	p[n] = 0;
	return p;
}

static int32_t no_memory(const char *where)
{
	return vr_error_set(VR_E_NOMEM, "%s: no memory to read it", where);
}

static int32_t set(const char *where, char **to, const char *value, size_t n)
{
	char *p = copy(value, n);

	if (!p)
		return no_memory(where);
	free(*to);
	*to = p;
	return VR_OK;
}

static int32_t add_options(const char *where, uint32_t line, struct bls_entry *e, const char *value, size_t n)
{
	size_t have = strlen(e->options);

	if (have + n + 1 > OPTIONS_MAX)
		return vr_error_set(VR_E_IMAGE,
				    "%s:%u: options are longer than %u bytes together; shorten them", where,
				    line, OPTIONS_MAX);
	char *p = realloc(e->options, have + n + 2);
	if (!p)
		return no_memory(where);
	e->options = p;
	if (have)
		p[have++] = ' ';
	memcpy(p + have, value, n);
	p[have + n] = 0;
	return VR_OK;
}

static int32_t add_initrd(const char *where, uint32_t line, struct bls_entry *e, const char *value, size_t n)
{
	if (e->initrd_count == BLS_INITRDS)
		return vr_error_set(VR_E_IMAGE, "%s:%u: more than %d initrd lines", where, line, BLS_INITRDS);
	e->initrd[e->initrd_count] = copy(value, n);
	if (!e->initrd[e->initrd_count])
		return no_memory(where);
	e->initrd_count++;
	return VR_OK;
}

static int32_t take_key(const char *where, uint32_t line, struct bls_entry *e, const char *key, size_t key_n,
			const char *value, size_t n)
{
	const struct {
		const char *key;
		char **to;
	} plain[] = {
		{"title", &e->title},
		{"version", &e->version},
		{"machine-id", &e->machine_id},
		{"sort-key", &e->sort_key},
		{"architecture", &e->architecture},
		{"linux", &e->linux_path},
	};

	if (key_n == 7 && !memcmp(key, "options", 7))
		return add_options(where, line, e, value, n);
	if (key_n == 6 && !memcmp(key, "initrd", 6))
		return add_initrd(where, line, e, value, n);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strlen(plain[i].key) != key_n || memcmp(plain[i].key, key, key_n))
			continue;
		if (*plain[i].to)
			return vr_error_set(VR_E_IMAGE, "%s:%u: a second \"%s\"; keep one", where, line,
					    plain[i].key);
		return set(where, plain[i].to, value, n);
	}
	return VR_OK; /* "unknown keys are ignored" */
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* One line without its newline: "key value", "# comment", or nothing. */
static int32_t take_line(const char *where, uint32_t line, struct bls_entry *e, const char *s, size_t n)
{
	size_t key = 0, at;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		if ((c < 0x20 && !is_blank(s[i])) || c == 0x7f)
			return vr_error_set(VR_E_IMAGE,
					    "%s:%u: column %zu holds the byte 0x%02x; an entry is UTF-8 "
					    "text: write it again",
					    where, line, i + 1, c);
	}
	while (n && is_blank(s[n - 1]))
		n--;
	while (n && is_blank(*s)) {
		s++;
		n--;
	}
	if (!n || *s == '#')
		return VR_OK;
	while (key < n && !is_blank(s[key]))
		key++;
	for (at = key; at < n && is_blank(s[at]); at++)
		;
	if (at == n) {
		/* Harmless for most keys; a path must be one. */
		if ((key == 5 && !memcmp(s, "linux", 5)) || (key == 6 && !memcmp(s, "initrd", 6)))
			return vr_error_set(VR_E_IMAGE, "%s:%u: \"%.*s\" has no path", where, line, (int)key,
					    s);
		return VR_OK;
	}
	return take_key(where, line, e, s, key, s + at, n - at);
}

/* "name+3-1.conf": three more tries, one has failed (section "Boot counting"). */
static int32_t take_name(const char *where, const char *file, struct bls_entry *e)
{
	size_t n = strlen(file);

	if (n > 5 && !strcmp(file + n - 5, ".conf"))
		n -= 5;
	size_t p = n;
	while (p && file[p - 1] != '+')
		p--;
	if (p > 1) {
		size_t left = strspn(file + p, "0123456789"), end = p + left;
		if (left && end < n && file[end] == '-') {
			size_t done = strspn(file + end + 1, "0123456789");
			end = done ? end + 1 + done : 0;
		}
		if (left && end == n) {
			e->tries_gone = strspn(file + p, "0") == left;
			n = p - 1;
		}
	}
	return set(where, &e->id, file, n);
}

int32_t bls_parse(const char *where, const char *file, const char *text, size_t size, struct bls_entry *out)
{
	int32_t e = VR_OK;
	size_t at = 0;

	*out = (struct bls_entry){0};
	if (size > BLS_FILE_MAX)
		return vr_error_set(VR_E_IMAGE, "%s: %zu bytes are too many for an entry (%d)", where, size,
				    BLS_FILE_MAX);
	out->options = calloc(1, 1);
	if (!out->options)
		e = no_memory(where);
	if (!e)
		e = take_name(where, file, out);
	for (uint32_t line = 1; !e && at < size; line++) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t n = end ? (size_t)(end - text) - at : size - at;
		e = take_line(where, line, out, text + at, n);
		at += n + 1;
	}
	if (e)
		bls_free(out);
	return e;
}

void bls_free(struct bls_entry *e)
{
	free(e->id);
	free(e->title);
	free(e->version);
	free(e->machine_id);
	free(e->sort_key);
	free(e->architecture);
	free(e->linux_path);
	free(e->options);
	for (uint32_t i = 0; i < e->initrd_count; i++)
		free(e->initrd[i]);
	*e = (struct bls_entry){0};
}

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* Section "Sorting": entries that failed too often last; those with a sort-key first, by sort-key, machine-id
 * and then the newest version; what is still equal, and all others, by the newest file name. */
int bls_compare(const struct bls_entry *a, const struct bls_entry *b)
{
	int r;

	if (a->tries_gone != b->tries_gone)
		return a->tries_gone ? 1 : -1;
	if (!a->sort_key != !b->sort_key)
		return a->sort_key ? -1 : 1;
	if (a->sort_key) {
		r = strcmp(a->sort_key, b->sort_key);
		if (!r)
			r = compare_text(a->machine_id, b->machine_id);
		if (!r)
			r = bls_version_compare(b->version, a->version);
		if (r)
			return r;
	}
	return bls_version_compare(b->id, a->id);
}
