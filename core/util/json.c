/* SPDX-License-Identifier: MIT */
#include "util/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <vmrun/abi.h>

#include "common/error.h"

/* The length of the well-formed UTF-8 sequence at s, 0 when it is none: JSON must be UTF-8, file names
 * needn't. */
static size_t utf8_length(const unsigned char *s)
{
	uint32_t c;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	c = s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)) ||
	    (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

static void quoted(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', out);
	while (*s) {
		size_t n = utf8_length(s);

		if (n == 0) {
			fputs("\\ufffd", out);
			n = 1;
		} else if (*s == '"' || *s == '\\') {
			fprintf(out, "\\%c", *s);
		} else if (*s == '\n') {
			fputs("\\n", out);
		} else if (*s == '\t') {
			fputs("\\t", out);
		} else if (*s < 0x20 || *s == 0x7f) {
			fprintf(out, "\\u%04x", *s);
		} else {
			fwrite(s, 1, n, out);
		}
		s += n;
	}
	putc('"', out);
}

static void new_line(struct json *j)
{
	putc('\n', j->out);
	for (uint32_t i = 0; i < j->depth; i++)
		fputs("  ", j->out);
}

static void begin(struct json *j, const char *key)
{
	if (j->some)
		putc(',', j->out);
	if (j->depth)
		new_line(j);
	j->some = true;
	if (key) {
		quoted(j->out, key);
		fputs(": ", j->out);
	}
}

static void open_group(struct json *j, const char *key, char c)
{
	begin(j, key);
	putc(c, j->out);
	j->depth++;
	j->some = false;
}

static void close_group(struct json *j, char c)
{
	j->depth--;
	if (j->some)
		new_line(j);
	putc(c, j->out);
	j->some = true;
}

void json_start(struct json *j, FILE *out)
{
	*j = (struct json){.out = out};
}

void json_object(struct json *j, const char *key)
{
	open_group(j, key, '{');
}

void json_array(struct json *j, const char *key)
{
	open_group(j, key, '[');
}

void json_end_object(struct json *j)
{
	close_group(j, '}');
}

void json_end_array(struct json *j)
{
	close_group(j, ']');
}

void json_string(struct json *j, const char *key, const char *value)
{
	begin(j, key);
	if (value)
		quoted(j->out, value);
	else
		fputs("null", j->out);
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_signed(struct json *j, const char *key, int64_t value)
{
	begin(j, key);
	fprintf(j->out, "%" PRId64, value);
}

void json_real(struct json *j, const char *key, double value)
{
	begin(j, key);
	if (isfinite(value))
		fprintf(j->out, "%.9g", value);
	else
		fputs("null", j->out);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_list(struct json *j, const char *key, char *const *list)
{
	json_array(j, key);
	for (; list && *list; list++)
		json_string(j, NULL, *list);
	json_end_array(j);
}

int32_t json_finish(struct json *j)
{
	putc('\n', j->out);
	if (fflush(j->out) != 0 || ferror(j->out))
		return vr_error_set(VR_E_IO, "standard output: can't write");
	return VR_OK;
}
