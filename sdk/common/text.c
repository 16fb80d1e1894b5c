/* SPDX-License-Identifier: MIT */
#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmrun/abi.h>

#include "common/error.h"

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* The digits at *s; *s ends after them. Locale, blanks and octal play no part, unlike in strtoull(). */
static int32_t digits(const char **s, uint64_t *out)
{
	unsigned base = 10;
	uint64_t v = 0;
	const char *p = *s;
	const char *first;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	first = p;
	for (; (unsigned)digit_value(*p) < base; p++) {
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit_value(*p), &v))
			return VR_E_RANGE;
	}
	if (p == first)
		return VR_E_INVAL;
	*s = p;
	*out = v;
	return VR_OK;
}

int32_t vr_text_u64(const char *s, uint64_t *out)
{
	uint64_t v;
	int32_t rc = digits(&s, &v);

	if (rc < 0)
		return rc;
	if (*s)
		return VR_E_INVAL;
	*out = v;
	return VR_OK;
}

int32_t vr_text_i64(const char *s, int64_t *out)
{
	bool negative = *s == '-';
	uint64_t v;
	int32_t rc = vr_text_u64(s + negative, &v);

	if (rc < 0)
		return rc;
	if (v > (uint64_t)INT64_MAX)
		return VR_E_RANGE;
	*out = negative ? -(int64_t)v : (int64_t)v;
	return VR_OK;
}

int32_t vr_text_size(const char *s, uint64_t *out)
{
	static const char letters[] = "kmgt";
	uint64_t v;
	int32_t rc = digits(&s, &v);

	if (rc < 0)
		return rc;
	if (*s && *s != 'i' && *s != 'B') {
		const char *at = strchr(letters, *s | 0x20);
		unsigned shift;

		if (!at)
			return VR_E_INVAL;
		shift = 10u * (unsigned)(at - letters + 1);
		if (v > UINT64_MAX >> shift)
			return VR_E_RANGE;
		v <<= shift;
		s++;
		if (!strcmp(s, "iB"))
			s += 2;
	}
	if (*s)
		return VR_E_INVAL;
	*out = v;
	return VR_OK;
}

int32_t vr_text_bool(const char *s, bool *out)
{
	static const char *const yes[] = {"true", "yes", "on", "1"};
	static const char *const no[] = {"false", "no", "off", "0"};

	for (size_t i = 0; i < 4; i++) {
		if (!strcmp(s, yes[i]) || !strcmp(s, no[i])) {
			*out = !strcmp(s, yes[i]);
			return VR_OK;
		}
	}
	return VR_E_INVAL;
}

bool vr_text_is_name(const char *s, const char *more)
{
	size_t n = 0;

	for (; s[n]; n++) {
		bool plain = (s[n] >= 'a' && s[n] <= 'z') || (s[n] >= '0' && s[n] <= '9');

		if (!plain && (n == 0 || !strchr(more, s[n])))
			return false;
	}
	return n > 0 && n <= 64;
}

/* Edit distance, with an early cap: names here are short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[33];
	size_t la = strlen(a), lb = strlen(b);

	if (la > 32 || lb > 32)
		return 99;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

const char *vr_text_nearest(const char *s, const char *const *candidates, size_t n)
{
	const char *best = NULL;
	size_t limit = strlen(s) / 3 + 1;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(s, candidates[i]);

		if (d <= limit && d < strlen(candidates[i])) {
			best = candidates[i];
			limit = d ? d - 1 : 0;
			if (d == 0)
				break;
		}
	}
	return best;
}

size_t vr_text_list_length(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

int32_t vr_text_list_add(char ***list, const char *s)
{
	size_t n = vr_text_list_length(*list);
	char *copy = vr_text_copy(s);
	char **bigger;

	if (!copy)
		return VR_E_NOMEM;
	bigger = realloc(*list, (n + 2) * sizeof(*bigger));
	if (!bigger) {
		free(copy);
		return vr_error_set(VR_E_NOMEM, "out of memory");
	}
	bigger[n] = copy;
	bigger[n + 1] = NULL;
	*list = bigger;
	return VR_OK;
}

bool vr_text_list_has(char *const *list, const char *s)
{
	for (; list && *list; list++) {
		if (!strcmp(*list, s))
			return true;
	}
	return false;
}

void vr_text_list_free(char **list)
{
	for (char **p = list; p && *p; p++)
		free(*p);
	free(list);
}

char *vr_text_copy_n(const char *s, size_t n)
{
	char *copy = malloc(n + 1);

	if (!copy) {
		vr_error_set(VR_E_NOMEM, "out of memory");
		return NULL;
	}
	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *vr_text_copy(const char *s)
{
	return vr_text_copy_n(s, strlen(s));
}

int32_t vr_text_replace(char **owned, const char *s)
{
	char *copy = NULL;

	if (s) {
		copy = vr_text_copy(s);
		if (!copy)
			return VR_E_NOMEM;
	}
	free(*owned);
	*owned = copy;
	return VR_OK;
}

char *vr_text_format(const char *format, ...)
{
	char *out = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&out, format, ap);
	va_end(ap);
	if (n < 0) {
		vr_error_set(VR_E_NOMEM, "out of memory");
		return NULL;
	}
	return out;
}

char *vr_text_beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');

	if (path[0] == '/' || !slash)
		return vr_text_copy(path);
	return vr_text_format("%.*s/%s", (int)(slash - file), file, path);
}

int32_t vr_text_split(const char *s, char separator, char ***out)
{
	char *part = malloc(strlen(s) + 1);
	char **list = NULL;
	size_t n = 0;

	if (!part)
		return vr_error_set(VR_E_NOMEM, "out of memory");
	for (;; s++) {
		if (*s == separator && s[1] == separator) {
			part[n++] = separator;
			s++;
		} else if (*s && *s != separator) {
			part[n++] = *s;
		} else {
			part[n] = '\0';
			n = 0;
			if (vr_text_list_add(&list, part) < 0) {
				vr_text_list_free(list);
				free(part);
				return VR_E_NOMEM;
			}
			if (!*s)
				break;
		}
	}
	free(part);
	*out = list;
	return VR_OK;
}
