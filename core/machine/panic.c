/* SPDX-License-Identifier: MIT */
#include "machine/panic.h"

#include <string.h>

uint32_t panic_watch(struct panic_watch *p, const uint8_t *in, uint32_t n)
{
	static const char words[] = "Kernel panic - not syncing: ";

	for (uint32_t i = 0; i < n; i++) {
		if (p->at == sizeof(words) - 1) {
			if (in[i] < ' ' || p->length == sizeof(p->text) - 1) {
				p->at = 0;
				p->seen = true;
				return i + 1;
			}
			p->text[p->length++] = (char)in[i];
			p->text[p->length] = 0;
		} else if (in[i] == (uint8_t)words[p->at]) {
			if (++p->at == sizeof(words) - 1)
				p->text[p->length = 0] = 0;
		} else {
			/* Its first letter occurs once. */
			p->at = in[i] == (uint8_t)words[0];
		}
	}
	return n;
}

bool panic_is_of_init(const struct panic_watch *p)
{
	/* As wait(2) has it: the exit status is the second byte. */
	static const char text[] = "Attempted to kill init! exitcode=0x00007d00";

	return p->seen && !strncmp(p->text, text, sizeof(text) - 1);
}
