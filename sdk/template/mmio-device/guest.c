/* SPDX-License-Identifier: MIT */
/*
 * guest.c: writes the image of a guest program that drives the device. On the tiny machine the first device with
 * registers is at TINY_WINDOWS, and its line is TINY_WINDOW_LINE.
 */
#include <tiny/asm.h>

#define R_ID 0x00
#define R_VALUE 0x04
#define R_STATUS 0x08
#define R_ENABLE 0x0c

static struct tiny_program p;

/* r1 must be `value`, or the guest says what is wrong and powers off with status 1. Uses r2 and r3. */
static void expect(uint32_t value, const char *what)
{
	uint32_t wrong, right;

	tiny_set(&p, 2, value);
	wrong = tiny_leap(&p, 1, 2);
	tiny_op(&p, TINY_OP_MOVI, 2, 0, 0);
	tiny_op(&p, TINY_OP_MOVI, 3, 0, 1);
	right = tiny_leap(&p, 2, 3);
	tiny_land(&p, wrong);
	tiny_print(&p, what);
	tiny_end(&p, 1);
	tiny_land(&p, right);
}

/* The device's registers: r10 has its address. */
static void set(uint32_t reg, uint32_t value)
{
	tiny_set(&p, 1, value);
	tiny_op(&p, TINY_OP_STORE, 1, 10, reg);
}

static void get(uint32_t reg)
{
	tiny_op(&p, TINY_OP_LOAD, 1, 10, reg);
}

/* The board's interrupt lines that are high: r11 has the register's address. */
static void lines(void)
{
	tiny_op(&p, TINY_OP_LOAD, 1, 11, 0);
}

int main(void)
{
	tiny_set(&p, 10, TINY_WINDOWS);
	tiny_set(&p, 11, TINY_LINES);
	get(R_ID);
	expect(0x6f696d6d, "there is no such device\n");
	set(R_VALUE, 300);
	get(R_VALUE);
	expect(90000, "the square is wrong\n");
	tiny_print(&p, "square: ok\n");

	lines();
	expect(0, "the interrupt line is high, and was not enabled\n");
	set(R_ENABLE, 1);
	tiny_op(&p, TINY_OP_WAIT, 0, 0, 0);
	lines();
	expect(1u << TINY_WINDOW_LINE, "the interrupt line is not high\n");
	set(R_STATUS, 1);
	lines();
	expect(0, "the interrupt line stays high\n");
	tiny_print(&p, "interrupt: ok\n");
	tiny_end(&p, 0);
	return tiny_save(&p, stdout);
}
