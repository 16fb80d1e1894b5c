/* SPDX-License-Identifier: MIT */
/* The order of versions: UAPI group, "Version Format Specification". */
#include <string.h>
#include "boot/bls.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int three_way(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

/* Step 1: whatever is not a letter, a digit or one of "-.~^" only separates. */
static const char *skip_other(const char *s)
{
	while (*s && !is_digit(*s) && !is_letter(*s) && !strchr("-.~^", *s))
		s++;
	return s;
}

/* Without leading zeros the longer number is the greater; the same length compares as text. */
static int compare_numbers(const char **a, const char **b)
{
	size_t n = 0, m = 0;

	while (**a == '0')
		(*a)++;
	while (**b == '0')
		(*b)++;
	while (is_digit((*a)[n]))
		n++;
	while (is_digit((*b)[m]))
		m++;
	int r = n != m ? three_way(n, m) : strncmp(*a, *b, n);
	*a += n;
	*b += m;
	return r;
}

/* ASCII order (capitals first); a prefix comes before what it is a prefix of. */
static int compare_letters(const char **a, const char **b)
{
	size_t n = 0, m = 0;

	while (is_letter((*a)[n]))
		n++;
	while (is_letter((*b)[m]))
		m++;
	int r = strncmp(*a, *b, n < m ? n : m);
	if (!r)
		r = three_way(n, m);
	*a += n;
	*b += m;
	return r;
}

int bls_version_compare(const char *a, const char *b)
{
	/* A string that starts with the mark is the older: "~" even before the end of the other string, "-",
	 * "^" and "." after it. */
	static const char marks[] = "-^.";

	a = a ? a : "";
	b = b ? b : "";
	for (;;) {
		a = skip_other(a);
		b = skip_other(b);
		if (*a == '~' || *b == '~') {
			if (*a != *b)
				return *a == '~' ? -1 : 1;
			a++;
			b++;
			continue;
		}
		if (!*a || !*b)
			return *a ? 1 : *b ? -1 : 0;
		const char *m = marks;
		while (*m && *a != *m && *b != *m)
			m++;
		if (*m) {
			if (*a != *b)
				return *a == *m ? -1 : 1;
			a++;
			b++;
			continue;
		}
		int r = is_digit(*a) || is_digit(*b) ? compare_numbers(&a, &b) : compare_letters(&a, &b);
		if (r)
			return r;
	}
}
