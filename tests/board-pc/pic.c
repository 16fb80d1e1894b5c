/* SPDX-License-Identifier: MIT */
/* pic.c: the pair of 8259As. */
#include "../../plugins/board-pc/pic.h"

#include <criterion/criterion.h>

static struct pic p;

static void command(uint32_t chip, uint32_t value)
{
	pic_write_port(&p, chip, PIC_COMMAND, value);
}

static void data(uint32_t chip, uint32_t value)
{
	pic_write_port(&p, chip, PIC_DATA, value);
}

/* As an operating system does it: vectors 0x20 and 0x28, everything unmasked. */
static void init(uint32_t icw4)
{
	for (uint32_t chip = 0; chip < 2; chip++) {
		command(chip, 0x11);
		data(chip, chip ? 0x28 : 0x20);
		data(chip, chip ? 2 : 4);
		data(chip, icw4);
		data(chip, 0);
	}
}

static void pulse(uint32_t n)
{
	pic_input(&p, n, 1);
	pic_input(&p, n, 0);
}

static uint32_t isr(uint32_t chip)
{
	command(chip, 0x0b);
	return pic_read_port(&p, chip, PIC_COMMAND);
}

static uint32_t irr(uint32_t chip)
{
	command(chip, 0x0a);
	return pic_read_port(&p, chip, PIC_COMMAND);
}

static void start(void)
{
	pic_reset(&p);
	init(1);
}

TestSuite(pic, .init = start);

Test(pic, power_on_is_masked)
{
	pic_reset(&p);
	pulse(1);
	cr_expect_eq(pic_output(&p), 0);
	cr_expect_eq(pic_read_port(&p, 0, PIC_DATA), 0xff);
}

Test(pic, initialisation)
{
	data(0, 0xfb);
	cr_expect_eq(pic_read_port(&p, 0, PIC_DATA), 0xfb);
	command(0, 0x11);
	cr_expect_eq(pic_read_port(&p, 0, PIC_DATA), 0, "ICW1 clears the mask");
	data(0, 0x43); /* only bits 7:3 count */
	data(0, 4);
	data(0, 1);
	pulse(0);
	cr_expect_eq(pic_acknowledge(&p), 0x40);
}

Test(pic, single_without_icw4)
{
	command(0, 0x12);
	data(0, 0x50);
	data(0, 0xa5); /* OCW1 already */
	cr_expect_eq(pic_read_port(&p, 0, PIC_DATA), 0xa5);
}

Test(pic, priority_and_end)
{
	pulse(5);
	pulse(3);
	cr_expect_eq(irr(0), 0x28);
	cr_expect_eq(pic_acknowledge(&p), 0x23);
	cr_expect_eq(isr(0), 0x08);
	cr_expect_eq(pic_output(&p), 0, "5 waits for 3");
	pulse(1);
	cr_expect_eq(pic_acknowledge(&p), 0x21, "1 preempts 3");
	command(0, 0x20);
	cr_expect_eq(isr(0), 0x08, "a non-specific EOI ends the highest");
	command(0, 0x63);
	cr_expect_eq(isr(0), 0);
	cr_expect_eq(pic_acknowledge(&p), 0x25);
}

Test(pic, cascade)
{
	pulse(8);
	pulse(12);
	cr_expect_eq(irr(0), 0x04);
	cr_expect_eq(pic_acknowledge(&p), 0x28);
	cr_expect_eq(isr(0), 0x04);
	cr_expect_eq(isr(1), 0x01);
	pulse(1);
	cr_expect_eq(pic_acknowledge(&p), 0x21);
	command(0, 0x20);
	command(1, 0x20);
	cr_expect_eq(pic_output(&p), 0, "the master still serves its input 2");
	command(0, 0x20);
	cr_expect_eq(pic_acknowledge(&p), 0x2c);
	pic_input(&p, 2, 1);
	command(1, 0x20);
	command(0, 0x20);
	cr_expect_eq(pic_output(&p), 0, "input 2 is the slave's alone");
}

Test(pic, special_fully_nested)
{
	init(0x11);
	pulse(12);
	cr_expect_eq(pic_acknowledge(&p), 0x2c);
	pulse(9);
	cr_expect_eq(pic_output(&p), 1);
	cr_expect_eq(pic_acknowledge(&p), 0x29);
	cr_expect_eq(isr(1), 0x12);
}

Test(pic, spurious)
{
	cr_expect_eq(pic_acknowledge(&p), 0x27);
	cr_expect_eq(isr(0), 0, "no bit in service");
	pic_elcr_write(&p, 0, 0x20);
	pic_input(&p, 5, 1);
	cr_expect_eq(pic_output(&p), 1);
	pic_input(&p, 5, 0);
	cr_expect_eq(pic_output(&p), 0, "a level that falls asks no more");
	cr_expect_eq(pic_acknowledge(&p), 0x27);
}

Test(pic, level)
{
	pic_elcr_write(&p, 0, 0xff);
	cr_expect_eq(pic_elcr_read(&p, 0), 0xf8, "0, 1 and 2 stay edge-triggered");
	pic_elcr_write(&p, 1, 0xff);
	cr_expect_eq(pic_elcr_read(&p, 1), 0xde);
	pic_input(&p, 11, 1);
	cr_expect_eq(pic_acknowledge(&p), 0x2b);
	command(1, 0x20);
	command(0, 0x20);
	cr_expect_eq(pic_output(&p), 1, "asks again while it is high");
	pic_input(&p, 11, 0);
	cr_expect_eq(pic_output(&p), 0);
	pic_reset(&p);
	pic_set_level(&p, 0x0e20);
	cr_expect_eq(pic_elcr_read(&p, 0), 0x20);
	cr_expect_eq(pic_elcr_read(&p, 1), 0x0e);
}

Test(pic, edge)
{
	pic_input(&p, 4, 1);
	pic_input(&p, 4, 1);
	cr_expect_eq(pic_acknowledge(&p), 0x24);
	command(0, 0x20);
	cr_expect_eq(pic_output(&p), 0, "still high, but no edge");
	pic_input(&p, 4, 0);
	pic_input(&p, 4, 1);
	cr_expect_eq(pic_output(&p), 1);
}

Test(pic, rotation)
{
	pulse(3);
	pulse(5);
	cr_expect_eq(pic_acknowledge(&p), 0x23);
	command(0, 0xa0); /* rotate on non-specific EOI: 3 is lowest now */
	pulse(3);
	cr_expect_eq(pic_acknowledge(&p), 0x25);
	command(0, 0x20);
	command(0, 0xc5); /* set priority: 5 is lowest, 6 highest */
	pulse(7);
	cr_expect_eq(pic_acknowledge(&p), 0x27);
	command(0, 0xe7); /* rotate on specific EOI */
	cr_expect_eq(isr(0), 0);
	cr_expect_eq(pic_acknowledge(&p), 0x23);
}

Test(pic, automatic_end)
{
	init(0x03);
	pulse(6);
	cr_expect_eq(pic_acknowledge(&p), 0x26);
	cr_expect_eq(isr(0), 0);
	command(0, 0x80); /* and rotate */
	pulse(6);
	cr_expect_eq(pic_acknowledge(&p), 0x26);
	pulse(6);
	pulse(7);
	cr_expect_eq(pic_acknowledge(&p), 0x27);
}

Test(pic, special_mask)
{
	pulse(2 + 1);
	cr_expect_eq(pic_acknowledge(&p), 0x23);
	data(0, 0x08);
	command(0, 0x68);
	pulse(6);
	cr_expect_eq(pic_output(&p), 1, "masked and in service does not hold up lower ones");
	cr_expect_eq(pic_acknowledge(&p), 0x26);
	command(0, 0x48);
	cr_expect_eq(pic_output(&p), 0);
}

Test(pic, poll)
{
	command(0, 0x0c);
	cr_expect_eq(pic_read_port(&p, 0, PIC_COMMAND), 0);
	pulse(4);
	command(0, 0x0c);
	cr_expect_eq(pic_read_port(&p, 0, PIC_COMMAND), 0x84);
	cr_expect_eq(isr(0), 0x10);
}

Test(pic, noise)
{
	uint32_t x = 1;

	for (uint32_t i = 0; i < 300000; i++) {
		x = x * 1664525 + 1013904223;
		switch (x >> 28) {
		case 0:
			pic_acknowledge(&p);
			break;
		case 1:
			pic_read_port(&p, x >> 8 & 1, x >> 9 & 1);
			break;
		case 2:
			pic_elcr_write(&p, x >> 8 & 1, x >> 9 & 0xff);
			break;
		case 3:
		case 4:
		case 5:
			pic_write_port(&p, x >> 8 & 1, x >> 9 & 1, x >> 10 & 0xff);
			break;
		default:
			pic_input(&p, x >> 8 & 31, x >> 13 & 1);
			break;
		}
		cr_assert_leq(pic_output(&p), 1);
	}
}
