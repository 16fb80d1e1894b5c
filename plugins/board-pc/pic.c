/* SPDX-License-Identifier: MIT */
#include "pic.h"

#include <string.h>

#define SLAVE_INPUT 2u
#define NONE 8u

#define ICW1_ICW4 0x01u
#define ICW1_SINGLE 0x02u
#define ICW1_LEVEL 0x08u
#define ICW4_AUTO_EOI 0x02u
#define ICW4_SFNM 0x10u /* special fully nested mode */

/* Inputs that ELCR can't make level-triggered: timer, keyboard, cascade; clock, coprocessor. */
static const uint8_t elcr_fixed[2] = {0x07, 0x21};

static uint32_t bit(uint32_t n)
{
	return 1u << (n & 7);
}

static int is_level(const struct vr_x86_pic_chip *c, uint32_t n)
{
	return (c->icw1 & ICW1_LEVEL) || (c->elcr & bit(n));
}

/* The input of highest priority in `mask`, or NONE: priorities go round, `lowest` comes last. */
static uint32_t first(const struct vr_x86_pic_chip *c, uint32_t mask)
{
	for (uint32_t i = 1; i <= 8; i++)
		if (mask & bit(c->lowest + i))
			return (c->lowest + i) & 7;
	return NONE;
}

static uint32_t rank(const struct vr_x86_pic_chip *c, uint32_t n)
{
	return (n - c->lowest - 1) & 7;
}

/* The input that asks for service and may have it, or NONE (fully nested mode and its exceptions). */
static uint32_t request(const struct vr_x86_pic_chip *c, uint32_t is_master)
{
	uint32_t n = first(c, c->irr & ~(uint32_t)c->imr), serving, in_service = c->isr;

	if (n == NONE)
		return NONE;
	/* Special mask mode: an input that is masked and in service does not hold up lower ones. */
	if (c->special_mask)
		return in_service & bit(n) ? NONE : n;
	/* Special fully nested mode: the slave may ask again while one of its own is in service. */
	if (is_master && (c->icw4 & ICW4_SFNM) && n == SLAVE_INPUT)
		in_service &= ~bit(SLAVE_INPUT);
	serving = first(c, in_service);
	return serving == NONE || rank(c, n) < rank(c, serving) ? n : NONE;
}

static void input(struct vr_x86_pic_chip *c, uint32_t n, uint32_t level)
{
	uint8_t was = c->input & (uint8_t)bit(n);

	if (level)
		c->input |= (uint8_t)bit(n);
	else
		c->input &= (uint8_t)~bit(n);
	if (is_level(c, n)) {
		c->irr = (uint8_t)((c->irr & ~bit(n)) | (c->input & bit(n)));
	} else if (level && !was) {
		c->irr |= (uint8_t)bit(n);
	}
}

static void cascade(struct pic *p)
{
	struct vr_x86_pic_chip *m = &p->chip[0];
	uint32_t asks = request(&p->chip[1], 0) != NONE;

	/* The slave's INT falls at every acknowledge, so each request is an edge to the master. */
	if (!asks)
		m->irr &= (uint8_t)~bit(SLAVE_INPUT);
	else
		m->irr |= (uint8_t)bit(SLAVE_INPUT);
}

void pic_reset(struct pic *p)
{
	memset(p, 0, sizeof(*p));
	for (uint32_t i = 0; i < 2; i++) {
		p->chip[i].imr = 0xff; /* as a firmware leaves it */
		p->chip[i].lowest = 7;
		p->chip[i].icw2 = i ? 0x70 : 0x08;
	}
}

void pic_set_level(struct pic *p, uint32_t mask)
{
	pic_elcr_write(p, 0, mask);
	pic_elcr_write(p, 1, mask >> 8);
}

void pic_input(struct pic *p, uint32_t n, uint32_t level)
{
	if (n >= 16 || n == SLAVE_INPUT)
		return;
	input(&p->chip[n >> 3], n & 7, level);
	cascade(p);
}

uint32_t pic_output(const struct pic *p)
{
	return request(&p->chip[0], 1) != NONE;
}

static void serve(struct vr_x86_pic_chip *c, uint32_t n)
{
	if (!is_level(c, n))
		c->irr &= (uint8_t)~bit(n);
	if (!(c->icw4 & ICW4_AUTO_EOI))
		c->isr |= (uint8_t)bit(n);
	else if (c->rotate_auto)
		c->lowest = (uint8_t)n;
}

/* Without a request the chip answers with input 7 and sets no bit in ISR. */
static uint32_t acknowledge(struct vr_x86_pic_chip *c, uint32_t is_master, uint32_t *n)
{
	*n = request(c, is_master);
	if (*n != NONE)
		serve(c, *n);
	return c->icw2 + (*n == NONE ? 7 : *n);
}

uint32_t pic_acknowledge(struct pic *p)
{
	uint32_t n, vector = acknowledge(&p->chip[0], 1, &n);

	if (n == SLAVE_INPUT)
		vector = acknowledge(&p->chip[1], 0, &n);
	cascade(p);
	return vector;
}

/* ---- commands ----------------------------------------------------------------------------------- */

static void icw1_write(struct vr_x86_pic_chip *c, uint32_t value)
{
	uint8_t lines = c->input, elcr = c->elcr;

	/* "Initialization Command Words": edge detection is reset, masks are cleared, input 7 is lowest,
	 * special mask mode is off, IRR is read; ICW4's functions are off unless it comes. */
	memset(c, 0, sizeof(*c));
	c->input = lines;
	c->elcr = elcr;
	c->lowest = 7;
	c->icw1 = (uint8_t)value;
	c->expect = 2;
	for (uint32_t i = 0; i < 8; i++)
		if (is_level(c, i))
			c->irr |= lines & (uint8_t)bit(i);
}

static void eoi(struct vr_x86_pic_chip *c, uint32_t n, uint32_t rotate)
{
	if (n == NONE)
		return;
	c->isr &= (uint8_t)~bit(n);
	if (rotate)
		c->lowest = (uint8_t)n;
}

/* OCW2: R, SL, EOI in bits 7:5. */
static void ocw2_write(struct vr_x86_pic_chip *c, uint32_t value)
{
	uint32_t n = value & 7;
	/* In special mask mode a masked input is not what a non-specific EOI means. */
	uint32_t in_service = c->special_mask ? c->isr & ~(uint32_t)c->imr : c->isr;

	switch (value >> 5) {
	case 0: /* rotate in automatic EOI mode: off, on */
		c->rotate_auto = 0;
		break;
	case 4:
		c->rotate_auto = 1;
		break;
	case 1: /* non-specific EOI, and the same with rotation */
		eoi(c, first(c, in_service), 0);
		break;
	case 5:
		eoi(c, first(c, in_service), 1);
		break;
	case 3: /* specific EOI, and the same with rotation */
		eoi(c, n, 0);
		break;
	case 7:
		eoi(c, n, 1);
		break;
	case 6: /* set priority */
		c->lowest = (uint8_t)n;
		break;
	default: /* 2: no operation */
		break;
	}
}

static void ocw3_write(struct vr_x86_pic_chip *c, uint32_t value)
{
	if (value & 0x04)
		c->poll = 1;
	if (value & 0x02)
		c->read_isr = value & 1;
	if (value & 0x40)
		c->special_mask = value >> 5 & 1;
}

static void data_write(struct vr_x86_pic_chip *c, uint32_t value)
{
	switch (c->expect) {
	case 2:
		c->icw2 = value & 0xf8;
		c->expect = c->icw1 & ICW1_SINGLE ? 4 : 3;
		if (c->expect == 4 && !(c->icw1 & ICW1_ICW4))
			c->expect = 0;
		break;
	case 3: /* which chip is a slave, and at which input, is fixed here */
		c->expect = c->icw1 & ICW1_ICW4 ? 4 : 0;
		break;
	case 4:
		c->icw4 = (uint8_t)value;
		c->expect = 0;
		break;
	default:
		c->imr = (uint8_t)value; /* OCW1 */
		break;
	}
}

void pic_write_port(struct pic *p, uint32_t chip, uint32_t port, uint32_t value)
{
	struct vr_x86_pic_chip *c = &p->chip[chip & 1];

	if (port == PIC_DATA)
		data_write(c, value);
	else if (value & 0x10)
		icw1_write(c, value);
	else if (value & 0x08)
		ocw3_write(c, value);
	else
		ocw2_write(c, value);
	cascade(p);
}

uint32_t pic_read_port(struct pic *p, uint32_t chip, uint32_t port)
{
	struct vr_x86_pic_chip *c = &p->chip[chip & 1];
	uint32_t n;

	if (c->poll) { /* the read after a poll command is an acknowledge: bit 7 says whether there was one */
		c->poll = 0;
		acknowledge(c, !chip, &n);
		cascade(p);
		return n == NONE ? 0 : 0x80 | n;
	}
	if (port == PIC_DATA)
		return c->imr;
	return c->read_isr ? c->isr : c->irr;
}

uint32_t pic_elcr_read(const struct pic *p, uint32_t chip)
{
	return p->chip[chip & 1].elcr;
}

void pic_elcr_write(struct pic *p, uint32_t chip, uint32_t value)
{
	struct vr_x86_pic_chip *c = &p->chip[chip & 1];
	uint8_t was = c->elcr;

	c->elcr = (uint8_t)(value & ~(uint32_t)elcr_fixed[chip & 1]);
	/* What became level-triggered asks as long as it is high, what ceased to no longer does. */
	c->irr = (uint8_t)((c->irr & ~(uint32_t)(was | c->elcr)) | (c->input & c->elcr));
	cascade(p);
}

/* ---- state -------------------------------------------------------------------------------------------- */

void pic_get(const struct pic *p, struct vr_state_x86_pic *s)
{
	memcpy(s->chip, p->chip, sizeof(s->chip));
	s->chip[0].irr &= (uint8_t)~bit(SLAVE_INPUT);
}

void pic_set(struct pic *p, const struct vr_state_x86_pic *s)
{
	memcpy(p->chip, s->chip, sizeof(p->chip));
	cascade(p);
}
