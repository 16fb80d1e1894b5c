/* SPDX-License-Identifier: MIT */
/* console_keys.c: the table of the keys that vmrun takes after Ctrl-A. */
#include <stdio.h>
#include <string.h>

#include "machine/parts.h"

static const struct {
	const char *keys, *shown, *help;
} keys[] = {
#define CONSOLE_KEY(name, keys_, shown_, help_) {keys_, shown_, help_},
#include "machine/console_keys.def"
#undef CONSOLE_KEY
};

void console_list_keys(char *text, size_t size, const char *end)
{
	size_t n = 0;

	text[0] = 0;
	for (size_t i = 0; i < CONSOLE_KEY_COUNT && n < size; i++) {
		int k = snprintf(text + n, size - n, "  Ctrl-A %-8s %s%s", keys[i].shown, keys[i].help, end);

		n += k > 0 ? (size_t)k : 0;
	}
}

enum console_key console_key(uint8_t byte)
{
	uint32_t i = 0;

	while (i < CONSOLE_KEY_COUNT && !(byte && strchr(keys[i].keys, byte)))
		i++;
	return (enum console_key)i;
}
