/* SPDX-License-Identifier: MIT */
#include "util/line.h"

#include <unistd.h>

void line_put(struct line *l, const char *s)
{
	for (; *s && l->n < sizeof(l->text) - 1; s++)
		l->text[l->n++] = (unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s;
}

void line_put_number(struct line *l, uint64_t v, unsigned base)
{
	char digits[24];
	size_t i = sizeof(digits);

	digits[--i] = '\0';
	do {
		digits[--i] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	line_put(l, base == 16 ? "0x" : "");
	line_put(l, digits + i);
}

void line_write(struct line *l, int fd)
{
	ssize_t ignored;

	l->text[l->n++] = '\n';
	ignored = write(fd, l->text, l->n);
	(void)ignored;
}
