/* SPDX-License-Identifier: MIT */
/*
 * generate.c: random cases from a guest's decode table.
 *
 * A row is drawn, its free bits are filled at random, and the guest makes a unit of it: one instruction under
 * test, with what it needs before it, such as an address in the middle of the window for its base register.
 * Sometimes the instruction is made to continue with the register that the last one wrote, so that pairs
 * which translators treat as one come up.
 *
 * An instruction that the lifter calls undefined is mostly dropped, since it ends the case. Branches go
 * forward, to the first half of a later unit, so that no unit is entered in its middle.
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

/* ---- units ---- */

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

	m = (struct diff_making){.isa = &diff_isa, .g = g, .c = c, .last = NOT_THERE};
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
