/* SPDX-License-Identifier: MIT */
/* String I/O: bytes, words and double words, out of memory and into it. */
#include "guest.h"

#include "arch.h"

#define SCRATCH (SERIAL + 7)

static void rep_outsb(uint16_t port, const char *from, uint64_t n)
{
	__asm__ volatile("cld; rep outsb" : "+S"(from), "+c"(n) : "d"(port) : "memory");
}

#define REP_IN(letter, type)                                                                         \
	static void rep_ins##letter(uint16_t port, type *to, uint64_t n)                             \
	{                                                                                            \
		__asm__ volatile("cld; rep ins" #letter : "+D"(to), "+c"(n) : "d"(port) : "memory"); \
	}
REP_IN(b, uint8_t)
REP_IN(w, uint16_t)
REP_IN(l, uint32_t)

static uint8_t bytes[8];
static uint16_t words[8];
static uint32_t doubles[8];

int guest_main(void)
{
	static const char text[] = "by string output\n";
	static const uint16_t control[2] = {0x0002, 0x0006};
	const uint16_t *from = control;
	uint64_t n = 2, all = 0xff;

	rep_outsb(SERIAL, text, sizeof(text) - 1);
	outb(SCRATCH, 0xa5);
	rep_insb(SCRATCH, bytes, 7);
	for (unsigned i = 0; i < 7; i++)
		all &= bytes[i] ^ 0xff ^ 0xa5;
	SAME("string-in-8", all, 0xff);
	SAME("string-in-8-end", bytes[7], 0);

	__asm__ volatile("cld; rep outsw" : "+S"(from), "+c"(n) : "d"(PM_CONTROL) : "memory");
	SAME("string-out-16", inw(PM_CONTROL) & 6, 6);
	rep_insw(PM_CONTROL, words, 3);
	SAME("string-in-16", (words[0] & 7) | (words[2] & 7) << 4 | words[3] << 8, 0x77);

	rep_insl(PM_TIMER, doubles, 6);
	for (unsigned i = 1; i < 6; i++)
		all &= -(uint64_t)((uint32_t)(doubles[i] - doubles[i - 1]) < 0x80000000u);
	SAME("string-in-32", all, 0xff);
	SAME("string-in-32-end", doubles[6], 0);
	return 0;
}
