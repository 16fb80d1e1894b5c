/* SPDX-License-Identifier: MIT */
/* console_keys.c: what is typed on the terminal: Ctrl-A commands are taken out, all else is the guest's. */
#include <stdio.h>
#include <string.h>

#include "machine/parts.h"

#define ESCAPE 0x01 /* Ctrl-A */

enum key {
#define CONSOLE_KEY(name, keys, shown, help) KEY_##name,
#include "machine/console_keys.def"
#undef CONSOLE_KEY
	KEY_COUNT
};

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
	for (size_t i = 0; i < KEY_COUNT && n < size; i++) {
		int k = snprintf(text + n, size - n, "  Ctrl-A %-8s %s%s", keys[i].shown, keys[i].help, end);

		n += k > 0 ? (size_t)k : 0;
	}
}

static void help(struct console *c)
{
	char text[CONSOLE_KEYS_TEXT];

	console_list_keys(text, sizeof(text), "\r\n");
	console_say(c, text);
}

static void switch_log(struct console *c)
{
	char text[512];

	if (!c->log)
		console_say(c, "no console log: vmrun was started without --console-log FILE\r\n");
	else if (snprintf(text, sizeof(text), "console log %s\r\n",
			  console_log_switch(c->log) ? "continues" : "stopped") > 0)
		console_say(c, text);
}

static enum key find(uint8_t byte)
{
	size_t i = 0;

	while (i < KEY_COUNT && !(byte && strchr(keys[i].keys, byte)))
		i++;
	return (enum key)i;
}

uint32_t console_scan(struct console *c, const uint8_t *in, uint32_t n, uint16_t *out)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!c->escape) {
			if (in[i] == ESCAPE)
				c->escape = true;
			else
				out[k++] = in[i];
			continue;
		}
		c->escape = false;
		switch (find(in[i])) {
		case KEY_LEAVE:
			console_end(c, MACHINE_LEFT);
			break;
		case KEY_BREAK:
			out[k++] = CONSOLE_BREAK;
			break;
		case KEY_LOG:
			switch_log(c);
			break;
		case KEY_LITERAL:
			out[k++] = ESCAPE;
			break;
		case KEY_HELP:
			help(c);
			break;
		case KEY_COUNT:
			/* Not a command of ours: the guest gets both, as it was typed. */
			out[k++] = ESCAPE;
			out[k++] = in[i];
		}
	}
	return k;
}
