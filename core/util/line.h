/* SPDX-License-Identifier: MIT */
/* line.h: a line of text for a signal handler: fixed size, no stdio, no lock, no allocation. */
#ifndef UTIL_LINE_H
#define UTIL_LINE_H

#include <stddef.h>
#include <stdint.h>

struct line {
	size_t n;
	char text[1024];
};

/* What does not fit is left out; control characters become '?'. Async-signal-safe, as the others. */
void line_put(struct line *l, const char *s);
/* base: 10, or 16, which has 0x before it. */
void line_put_number(struct line *l, uint64_t v, unsigned base);
/* With a newline; the line is done then. */
void line_write(struct line *l, int fd);

#endif
