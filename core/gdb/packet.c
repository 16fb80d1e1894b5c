/* SPDX-License-Identifier: MIT */
#include "gdb/packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define INTERRUPT 3
#define ESCAPE '}'
#define ESCAPED_BIT 0x20

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* ---- what comes in ---- */

static enum gdb_event idle(struct gdb_input *in, uint8_t c)
{
	switch (c) {
	case '$':
		in->at = GDB_IN_TEXT;
		in->sum = 0;
		in->length = 0;
		in->too_long = in->wrong = false;
		return GDB_NOTHING;
	case '-':
		return GDB_AGAIN;
	case INTERRUPT:
		return GDB_INTERRUPT;
	default:
		return GDB_NOTHING;
	}
}

static void keep(struct gdb_input *in, uint8_t c)
{
	if (in->length < GDB_PACKET)
		in->text[in->length++] = (char)c;
	else
		in->too_long = true;
}

static enum gdb_event ended(struct gdb_input *in)
{
	in->at = GDB_IN_IDLE;
	in->text[in->length] = '\0';
	if (in->wrong || in->told != in->sum)
		return GDB_PACKET_BROKEN;
	return in->too_long ? GDB_PACKET_LONG : GDB_PACKET_COME;
}

enum gdb_event gdb_input_byte(struct gdb_input *in, uint8_t c)
{
	switch (in->at) {
	case GDB_IN_IDLE:
		return idle(in, c);
	case GDB_IN_TEXT:
		if (c == '$') /* the end of the one before was lost */
			return idle(in, c);
		if (c == '#') {
			in->at = GDB_IN_SUM1;
			return GDB_NOTHING;
		}
		in->sum = (uint8_t)(in->sum + c);
		if (c == ESCAPE)
			in->at = GDB_IN_ESCAPED;
		else
			keep(in, c);
		return GDB_NOTHING;
	case GDB_IN_ESCAPED:
		in->sum = (uint8_t)(in->sum + c);
		keep(in, c ^ ESCAPED_BIT);
		in->at = GDB_IN_TEXT;
		return GDB_NOTHING;
	case GDB_IN_SUM1:
		in->wrong = digit((char)c) < 0;
		in->told = (uint8_t)(digit((char)c) << 4);
		in->at = GDB_IN_SUM2;
		return GDB_NOTHING;
	case GDB_IN_SUM2:
		in->wrong |= digit((char)c) < 0;
		in->told |= (uint8_t)(digit((char)c) & 15);
		return ended(in);
	}
	return GDB_NOTHING;
}

/* ---- what goes out ---- */

void gdb_output_open(struct gdb_output *o)
{
	o->length = 0;
	o->sum = 0;
	o->bytes[o->length++] = '$';
}

static void put(struct gdb_output *o, char c)
{
	if (o->length >= sizeof(o->bytes) - 4)
		return;
	o->bytes[o->length++] = c;
	o->sum = (uint8_t)(o->sum + (uint8_t)c);
}

void gdb_output_raw(struct gdb_output *o, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '$' || bytes[i] == '#' || bytes[i] == ESCAPE || bytes[i] == '*') {
			put(o, ESCAPE);
			put(o, (char)(bytes[i] ^ ESCAPED_BIT));
		} else {
			put(o, bytes[i]);
		}
	}
}

static const char digits[] = "0123456789abcdef";

void gdb_output_hex(struct gdb_output *o, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < n; i++) {
		put(o, digits[b[i] >> 4]);
		put(o, digits[b[i] & 15]);
	}
}

void gdb_output_print(struct gdb_output *o, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	gdb_output_raw(o, text, strlen(text));
}

void gdb_output_close(struct gdb_output *o)
{
	o->bytes[o->length++] = '#';
	o->bytes[o->length++] = digits[o->sum >> 4];
	o->bytes[o->length++] = digits[o->sum & 15];
}

/* ---- pieces of a text ---- */

bool gdb_number(const char **at, uint64_t *out)
{
	uint64_t v = 0;
	int n = 0, d;

	while ((d = digit(**at)) >= 0) {
		if (v >> 60)
			return false;
		v = v << 4 | (uint64_t)d;
		(*at)++;
		n++;
	}
	*out = v;
	return n > 0;
}

bool gdb_char(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

bool gdb_bytes(const char **at, uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int high = digit((*at)[0]), low = high < 0 ? -1 : digit((*at)[1]);

		if (low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
		*at += 2;
	}
	return true;
}
