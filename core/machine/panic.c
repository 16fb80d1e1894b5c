/* SPDX-License-Identifier: MIT */
#include "machine/panic.h"

#include <string.h>

void panic_watch(struct panic_watch *p, const uint8_t *in, uint32_t n)
{
	static const char panic[] = "Kernel panic - not syncing: ";

	if (p->seen)
		return;
	for (uint32_t i = 0; i < n && !p->seen; i++) {
		if (p->at == sizeof(panic) - 1) {
			if (in[i] < ' ' || p->length == sizeof(p->text) - 1)
				p->seen = true;
			else
				p->text[p->length++] = (char)in[i];
		} else if (in[i] == (uint8_t)panic[p->at]) {
			p->at++;
			p->length = 0;
		} else {
			/* Its first letter occurs once. */
			p->at = in[i] == (uint8_t)panic[0];
		}
	}
	p->text[p->length] = 0;
}

bool panic_is_of_init(const struct panic_watch *p)
{
	/* As wait(2) has it: the exit status is the second byte. */
	static const char text[] = "Attempted to kill init! exitcode=0x00007d00";

	return p->seen && !strncmp(p->text, text, sizeof(text) - 1);
}
