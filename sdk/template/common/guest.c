/* SPDX-License-Identifier: MIT */
/* guest.c: writes the image of a guest program for the tiny machine: adds the numbers up to 100 and says
 * what it found. */
#include <tiny/asm.h>

int main(void)
{
	static struct tiny_program p;
	uint32_t again, wrong;

	tiny_print(&p, "hello from tiny\n");
	tiny_op(&p, TINY_OP_MOVI, 1, 0, 100); /* r1: the number */
	tiny_op(&p, TINY_OP_MOVI, 2, 0, 0);   /* r2: the sum */
	tiny_op(&p, TINY_OP_MOVI, 3, 0, 0);   /* r3: zero */
	again = p.count;
	tiny_op(&p, TINY_OP_ADD, 2, 2, 1);
	tiny_op(&p, TINY_OP_ADDI, 1, 1, (uint32_t)-1);
	tiny_loop(&p, 1, 3, again);
	/* Through memory, behind the program. */
	tiny_set(&p, 4, TINY_RAM + 0x8000);
	tiny_op(&p, TINY_OP_STORE, 2, 4, 8);
	tiny_op(&p, TINY_OP_LOAD, 5, 4, 8);
	tiny_op(&p, TINY_OP_MOVI, 6, 0, 5050);
	wrong = tiny_leap(&p, 5, 6);
	tiny_print(&p, "the sum is 5050\n");
	tiny_end(&p, 0);
	tiny_land(&p, wrong);
	tiny_print(&p, "the sum is wrong\n");
	tiny_end(&p, 1);
	return tiny_save(&p, stdout);
}
