/* SPDX-License-Identifier: MIT */
/* guest.c: writes the image of a guest program that drives the device: its registers, then its interrupt. */
#include <tiny/asm.h>

#define REG_ID 0x00
#define REG_SCRATCH 0x04
#define REG_DELAY 0x08
#define REG_COUNT 0x0c
#define REG_STATUS 0x10

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

int main(void)
{
	tiny_set(&p, 10, TINY_WINDOWS); /* r10: the device */
	tiny_set(&p, 11, TINY_LINES);   /* r11: the board's interrupt lines */
	tiny_op(&p, TINY_OP_LOAD, 1, 10, REG_ID);
	expect(0x52444d56, "there is another device, or none\n");
	tiny_set(&p, 4, 0x12345678);
	tiny_op(&p, TINY_OP_STORE, 4, 10, REG_SCRATCH);
	tiny_op(&p, TINY_OP_LOAD, 1, 10, REG_SCRATCH);
	expect(0x12345678, "the scratch register does not keep what is written\n");
	tiny_print(&p, "registers: ok\n");

	tiny_op(&p, TINY_OP_MOVI, 4, 0, 1000);
	tiny_op(&p, TINY_OP_STORE, 4, 10, REG_DELAY);
	tiny_op(&p, TINY_OP_WAIT, 0, 0, 0);
	tiny_op(&p, TINY_OP_LOAD, 1, 11, 0);
	expect(1u << TINY_WINDOW_LINE, "another interrupt line is high\n");
	tiny_op(&p, TINY_OP_LOAD, 1, 10, REG_COUNT);
	expect(1, "the alarm has not gone off once\n");
	tiny_op(&p, TINY_OP_MOVI, 4, 0, 1);
	tiny_op(&p, TINY_OP_STORE, 4, 10, REG_STATUS);
	tiny_op(&p, TINY_OP_LOAD, 1, 11, 0);
	expect(0, "the interrupt line stays high\n");
	tiny_print(&p, "interrupt: ok\n");
	tiny_end(&p, 0);
	return tiny_save(&p, stdout);
}
