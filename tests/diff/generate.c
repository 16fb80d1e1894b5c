/* SPDX-License-Identifier: MIT */
/*
 * generate.c: random cases from a guest's decode table.
 *
 * A row is drawn, its free bits are filled at random, and the guest makes a unit of it: one instruction under
 * test, with what it needs before it, such as an address in the middle of the window for its base register.
 * Now and then the instruction is made to go on with the register that the last one wrote, so that pairs
 * which translators treat as one come up.
 *
 * What the lifter calls undefined is kept once in a while only (it ends the case). Branches go forward, to
 * the first half of a later unit, so that no unit is entered in its middle.
 */
#include <stdio.h>
#include <string.h>

#include "isa.h"

#define MAX_ROWS 512
#define NOT_THERE 32u /* no register */

/* ---- the table ---- */

static int name_fits(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '*' ? !strncmp(pattern, name, n - 1) : !strcmp(pattern, name);
}

static const struct diff_rule *rule_of(const struct diff_row *row)
{
	static const struct diff_rule plain = {"", DIFF_PLAIN, NULL};

	for (uint32_t i = 0; i < diff_isa.rule_count; i++)
		if (name_fits(diff_isa.rules[i].name, row->name))
			return &diff_isa.rules[i];
	return &plain;
}

/* The next field of a row, as "name@lsb:width"; NULL at the end. */
static const char *next_field(const char *p)
{
	p = strchr(p, ' ');
	return p ? p + 1 : NULL;
}

static int field_is(const char *p, const char *name, unsigned *at, unsigned *width)
{
	return !strncmp(p, name, strlen(name)) && sscanf(strchr(p, '@'), "@%u:%u", at, width) == 2;
}

/* ---- coverage: rows, and rows with the values of their opcode fields ---- */

static uint32_t hits[MAX_ROWS];
static uint8_t seen[1u << 20];

/* The bits of an instruction that say which it is: all but register numbers and immediates. */
static uint32_t class_bits(const struct diff_row *row, uint32_t insn)
{
	uint32_t bits = insn;
	unsigned at, width;

	for (const char *p = row->fields; p && *p; p = next_field(p))
		for (uint32_t i = 0; i < diff_isa.data_count; i++)
			if (field_is(p, diff_isa.data[i], &at, &width))
				bits &= ~(((width < 32 ? 1u << width : 0u) - 1u) << at);
	return bits & ~row->mask;
}

void diff_cover(uint32_t insn)
{
	int number = diff_isa.decode(insn);

	if (number < 0)
		return;
	struct diff_row row = diff_isa.row((uint32_t)number);
	uint32_t h = (class_bits(&row, insn) * 0x9e3779b1u) ^ ((uint32_t)number * 0x85ebca6bu);

	hits[number]++;
	h ^= h >> 15;
	seen[h & (sizeof(seen) - 1)] = 1;
}

unsigned diff_coverage(FILE *to, unsigned *rows, unsigned *rows_hit, unsigned *classes)
{
	unsigned missing = 0;

	*rows = diff_isa.row_count;
	*rows_hit = *classes = 0;
	for (uint32_t i = 0; i < sizeof(seen); i++)
		*classes += seen[i];
	for (uint32_t i = 0; i < diff_isa.row_count; i++) {
		struct diff_row row = diff_isa.row(i);
		const struct diff_rule *r = rule_of(&row);

		if (hits[i]) {
			(*rows_hit)++;
			fprintf(to, "%-22s %10u\n", row.name, hits[i]);
		} else if (r->kind == DIFF_SKIP) {
			fprintf(to, "%-22s  elsewhere: %s\n", row.name, r->elsewhere);
		} else {
			missing++;
			fprintf(to, "%-22s  NEVER HIT\n", row.name);
		}
	}
	return missing;
}

/* ---- random values ---- */

uint64_t diff_random(struct diff_generator *g)
{
	return diff_next(&g->seed) * 0x2545f4914f6cdd1dull;
}

uint32_t diff_below(struct diff_generator *g, uint32_t n)
{
	return (uint32_t)((diff_random(g) >> 33) % n);
}

uint64_t diff_edge_integer(struct diff_generator *g)
{
	static const uint64_t edges[] = {0,
					 1,
					 2,
					 0x7f,
					 0x80,
					 0xff,
					 0x7fff,
					 0x8000,
					 0xffff,
					 0x7fffffff,
					 0x80000000,
					 0xffffffff,
					 0x100000000,
					 0x7fffffffffffffff,
					 0x8000000000000000,
					 0xffffffffffffffff,
					 0xfffffffffffffffe,
					 0xffffffff80000000,
					 0x5555555555555555,
					 63,
					 64,
					 31,
					 32};

	switch (diff_below(g, 4)) {
	case 0:
		return edges[diff_below(g, sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return diff_random(g) >> diff_below(g, 64);
	default:
		return diff_random(g);
	}
}

uint64_t diff_edge_double(struct diff_generator *g)
{
	static const uint64_t edges[] = {0,
					 0x8000000000000000,
					 0x3ff0000000000000,
					 0xbff0000000000000,
					 0x7ff0000000000000,
					 0xfff0000000000000,
					 0x7ff8000000000000,
					 0xfff8000000000001,
					 0x7ff0000000000001,
					 0xfff4000000000000,
					 0x0010000000000000,
					 0x000fffffffffffff,
					 0x0000000000000001,
					 0x8000000000000001,
					 0x7fefffffffffffff,
					 0x41dfffffffc00000,
					 0x41e0000000000000,
					 0xc1e0000000200000,
					 0x43e0000000000000,
					 0xc3e0000000000000,
					 0x43f0000000000000,
					 0x3fe0000000000000,
					 0x3ff8000000000000,
					 0x4004000000000000,
					 0x3fdfffffffffffff};

	if (diff_below(g, 2))
		return edges[diff_below(g, sizeof(edges) / sizeof(edges[0]))];
	/* near 1, so that sums round and cancel */
	return (diff_random(g) & 0x800fffffffffffff) | (uint64_t)(0x3ff - 20 + diff_below(g, 40)) << 52;
}

uint32_t diff_edge_float(struct diff_generator *g)
{
	static const uint32_t edges[] = {
		0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
		0xffc00001, 0x7f800001, 0xffa00000, 0x00800000, 0x007fffff, 0x00000001, 0x80000001,
		0x7f7fffff, 0x4effffff, 0x4f000000, 0xcf000000, 0x4f800000, 0x5f000000, 0x5f800000,
		0x3f000000, 0x3fc00000, 0x40200000, 0x477fe000, 0x33800000, 0x38800000};

	if (diff_below(g, 2))
		return edges[diff_below(g, sizeof(edges) / sizeof(edges[0]))];
	return ((uint32_t)diff_random(g) & 0x807fffff) | (127 - 12 + diff_below(g, 24)) << 23;
}

uint32_t diff_address(struct diff_generator *g)
{
	return (uint32_t)(DIFF_WINDOW + DIFF_WINDOW_BYTES / 2) + diff_below(g, 0x400);
}

/* ---- units ---- */

void diff_put(struct diff_making *m, uint32_t insn)
{
	struct diff_case *c = m->c;

	c->code[c->halves++] = (uint16_t)insn;
	if (diff_isa.halves(insn) == 2)
		c->code[c->halves++] = (uint16_t)(insn >> 16);
}

void diff_put_branch(struct diff_making *m, uint32_t insn)
{
	m->aimed[m->aimed_count++] = m->units;
	diff_put(m, insn);
}

int diff_is_undefined(uint32_t insn)
{
	static struct vr_ir_op ops[512];
	static struct vr_ir_block blocks[2];
	struct vr_ir ir = {.size = sizeof(ir),
			   .op_count = 1,
			   .op_capacity = 512,
			   .block_capacity = 2,
			   .ops = ops,
			   .blocks = blocks};
	struct vr_lift rq = {.size = sizeof(rq),
			     .max_insns = 1,
			     .pc = DIFF_CODE,
			     .mode_flags = diff_isa.mode_flags,
			     .code = (const uint8_t *)&insn,
			     .length = 4};

	if (diff_isa.isa->lift(&rq, &ir) || !ir.block_count)
		return 1;
	for (uint32_t i = 1; i < ir.op_count; i++)
		if (ops[i].op == VR_IR_CALL && ops[i].imm == diff_isa.raise)
			return 1;
	return 0;
}

/* The value of a row's field; `otherwise` when there is none, or (of register fields) a narrow one. */
static uint32_t field_of(const struct diff_row *row, const char *name, uint32_t insn, uint32_t otherwise)
{
	unsigned at, width;

	for (const char *p = row->fields; p && *p; p = next_field(p))
		if (field_is(p, name, &at, &width) && width >= 5)
			return diff_field(insn, at, width);
	return otherwise;
}

static uint32_t with_field(const struct diff_row *row, const char *name, uint32_t insn, uint32_t value)
{
	unsigned at, width;

	for (const char *p = row->fields; p && *p; p = next_field(p))
		if (field_is(p, name, &at, &width) && width >= 5)
			insn = diff_with(insn, at, width, value);
	return insn;
}

/* Read what the last unit wrote, and perhaps write it again. */
static uint32_t go_on(const struct diff_making *m, const struct diff_row *row, uint32_t insn)
{
	insn = with_field(row, diff_isa.source, insn, m->last);
	if (diff_below(m->g, 2))
		insn = with_field(row, diff_isa.target, insn, m->last);
	if (diff_isa.repeated && diff_below(m->g, 2))
		insn = with_field(
			row, diff_isa.repeated, insn,
			field_of(&m->last_row, diff_isa.repeated, m->last_insn, diff_below(m->g, 32)));
	return insn;
}

static uint32_t row_named(const char *name)
{
	uint32_t i = 0;

	while (i + 1 < diff_isa.row_count && strcmp(diff_isa.row(i).name, name))
		i++;
	return i;
}

/* The row to follow the last one: any, or often its other half. */
static uint32_t draw_row(const struct diff_making *m)
{
	if (m->last_row.name && diff_isa.mapping_count && diff_below(m->g, 2)) {
		const char *const *pair = diff_isa.pairs[diff_below(m->g, diff_isa.mapping_count)];

		if (!strcmp(pair[0], m->last_row.name))
			return row_named(pair[1]);
	}
	return diff_below(m->g, diff_isa.row_count);
}

static int make_unit(struct diff_making *m)
{
	struct diff_generator *g = m->g;
	uint32_t number = draw_row(m);
	struct diff_row row = diff_isa.row(number);

	if (g->only && strncmp(row.name, g->only, strlen(g->only)))
		return 0;
	uint32_t insn = ((uint32_t)diff_random(g) & ~row.mask) | row.value;

	if (m->last != NOT_THERE && !diff_below(g, 3))
		insn = go_on(m, &row, insn);
	if (diff_isa.decode(insn) != (int)number || !diff_isa.unit(m, &row, rule_of(&row)->kind, insn))
		return 0;
	m->last = field_of(&row, diff_isa.target, insn, NOT_THERE);
	m->last_row = row;
	m->last_insn = insn;
	return 1;
}

static void aim(struct diff_making *m, uint32_t unit)
{
	uint32_t at = m->start[unit], target = unit + 1 + diff_below(m->g, 4);
	uint32_t to = target < m->units ? m->start[target] : m->c->halves;
	uint32_t insn = diff_insn_at(m->c, at), length = diff_isa.halves(insn);

	insn = diff_isa.aim(insn, (int32_t)(to - at) * 2);
	m->c->code[at] = (uint16_t)insn;
	if (length == 2)
		m->c->code[at + 1] = (uint16_t)(insn >> 16);
}

/* From some unit on, a few times: that is a loop whose head is in the middle of what came before. */
static void go_round(struct diff_making *m)
{
	uint32_t to = m->start[diff_below(m->g, m->units)];

	m->c->x[DIFF_COUNTER] = 1 + diff_below(m->g, 3);
	diff_put(m, diff_isa.count_down);
	diff_put(m, diff_isa.aim(diff_isa.again, ((int32_t)to - (int32_t)m->c->halves) * 2));
}

void diff_generate(struct diff_generator *g, struct diff_case *c)
{
	static struct diff_making m;

	m = (struct diff_making){.g = g, .c = c, .last = NOT_THERE};
	memset(c, 0, sizeof(*c));
	diff_isa.start(g, c);
	c->memory_seed = diff_random(g) | 1;
	while (m.units < g->units && c->halves < DIFF_HALVES - 16) {
		m.start[m.units] = c->halves;
		if (make_unit(&m)) {
			m.units++;
		} else {
			c->halves = m.start[m.units];
		}
	}
	for (uint32_t i = 0; i < m.aimed_count; i++)
		aim(&m, m.aimed[i]);
	g->instructions += m.units;
	if (m.units)
		go_round(&m);
	diff_put(&m, diff_isa.end);
}
