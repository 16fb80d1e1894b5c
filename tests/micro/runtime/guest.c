/* SPDX-License-Identifier: MIT */
#include "guest.h"

volatile unsigned runtime_irqs[IRQ_KINDS];
struct trap runtime_trap;
volatile unsigned arch_vectors_from;
volatile uint64_t arch_vectors_bad;
static unsigned failed;

void put(const char *text)
{
	for (; *text; text++)
		arch_serial(*text);
}

void put_hex(uint64_t value)
{
	int shift = 60;

	put("0x");
	while (shift && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		arch_serial("0123456789abcdef"[value >> shift & 15]);
}

void runtime_check(int held, const char *name, const char *where, uint64_t a, uint64_t b)
{
	put(held ? "ok " : "not ok ");
	put(name);
	if (!held) {
		failed++;
		put(" expected: ");
		put(where);
		if (a != b) {
			put("; came: ");
			put_hex(a);
			put(" and ");
			put_hex(b);
		}
	}
	put("\n");
}

void runtime_skip(const char *name, const char *why)
{
	put("skip ");
	put(name);
	put(" ");
	put(why);
	put("\n");
}

void runtime_end(int status)
{
	char digits[4] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10),
			  (char)('0' + status % 10), 0};

	put("vmrun-exit: ");
	put(status > 99 ? digits : status > 9 ? digits + 1 : digits + 2);
	put("\n");
	arch_power_off();
}

void runtime_die(const char *what, uint64_t value)
{
	put("not ok ");
	put(what);
	put(" ");
	put_hex(value);
	put("\n");
	runtime_end(99);
}

void runtime_start(void)
{
	int status = guest_main();

	runtime_end(status ? status : failed ? 1 : 0);
}

void runtime_await(int kind, unsigned count, int spin)
{
	if (spin)
		arch_irq_on();
	while (runtime_irqs[kind] < count) {
		if (spin)
			arch_pause();
		else
			arch_wait();
	}
	arch_irq_off();
}

__attribute__((weak)) void guest_cpu(unsigned cpu)
{
	(void)cpu;
}

/* The compiler may call these. */
void *memset(void *to, int c, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		((volatile char *)to)[i] = (char)c;
	return to;
}

void *memcpy(void *to, const void *from, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		((volatile char *)to)[i] = ((const char *)from)[i];
	return to;
}
