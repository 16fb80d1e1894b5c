/* SPDX-License-Identifier: MIT */
/* test_decode.c: the decoder that patgen made, against a scan of its own table and against words that an
 * assembler made. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "xlate/isa/arm64/arm64.h"
#define A64_DECODE_TABLE_ONLY
#include "a64_decode.h"
#include "random.h"

#define SAMPLES 400

static int matches(int row, uint32_t insn)
{
	return (insn & a64_row_table[row].mask) == a64_row_table[row].value;
}

/* What the decoder must say: the first row that matches. */
static int scan(uint32_t insn)
{
	for (int row = 0; row < A64_ROWS; row++)
		if (matches(row, insn))
			return row;
	return -1;
}

static const char *row_name(int row)
{
	return row < 0 ? "-" : a64_row_table[row].name;
}

/* Two rows may match one word only inside a group. */
Test(decode, rows_do_not_overlap)
{
	for (int i = 0; i < A64_ROWS; i++) {
		for (int j = 0; j < i; j++) {
			const struct a64_row_info *a = &a64_row_table[i], *b = &a64_row_table[j];
			if (a->group && a->group == b->group)
				continue;
			cr_assert((a->value ^ b->value) & a->mask & b->mask, "%s (%s:%u) and %s (%s:%u)",
				  a->name, a->file, a->line, b->name, b->file, b->line);
		}
	}
}

/* A word made from a row decodes to it, unless an earlier row of its group takes it; each row gets some
 * words. */
Test(decode, every_row_is_reached)
{
	uint64_t seed = 1;

	for (int row = 0; row < A64_ROWS; row++) {
		const struct a64_row_info *r = &a64_row_table[row];
		unsigned own = 0;
		cr_assert_eq(r->value & ~r->mask, 0, "%s: value outside its mask", r->name);
		for (unsigned i = 0; i < SAMPLES; i++) {
			uint32_t insn = r->value | ((uint32_t)random_next(&seed) & ~r->mask);
			int got = a64_decode(insn);
			own += got == row;
			cr_assert_eq(got, scan(insn), "%08x: %s, not %s", insn, row_name(got),
				     row_name(scan(insn)));
			cr_assert(got == row ||
					  (r->group && got < row && a64_row_table[got].group == r->group),
				  "%08x of %s decodes to %s", insn, r->name, row_name(got));
		}
		cr_assert_gt(own, 0, "%s (%s:%u) is never reached", r->name, r->file, r->line);
	}
}

/* Words at random, and words one bit away from a row. */
Test(decode, agrees_with_a_scan)
{
	uint64_t seed = 2;

	for (unsigned i = 0; i < 300000; i++) {
		uint32_t insn = (uint32_t)random_next(&seed);
		if (i & 1) {
			const struct a64_row_info *r = &a64_row_table[random_next(&seed) % A64_ROWS];
			insn = (r->value | (insn & ~r->mask)) ^ 1u << (random_next(&seed) & 31);
		}
		cr_assert_eq(a64_decode(insn), scan(insn), "%08x: %s, not %s", insn,
			     row_name(a64_decode(insn)), row_name(scan(insn)));
	}
}

Test(decode, what_an_assembler_makes)
{
	static const struct {
		uint32_t insn;
		const char *row, *text;
	} known[] = {
#define ENCODING(insn, row, text) {insn, row, text},
#include "arm64_encodings.def"
#undef ENCODING
	};
	unsigned count = sizeof(known) / sizeof(known[0]);

	cr_assert_geq(count, 150);
	for (unsigned i = 0; i < count; i++)
		cr_expect_str_eq(row_name(a64_decode(known[i].insn)), known[i].row,
				 "%08x (%s) decodes to %s, not %s", known[i].insn, known[i].text,
				 row_name(a64_decode(known[i].insn)), known[i].row);
}

static uint32_t *field_of(struct a64_fields *f, const char *name)
{
#define A64_FIELD(field)               \
	if (strcmp(name, #field) == 0) \
		return &f->field;
#include "xlate/isa/arm64/fields.def"
#undef A64_FIELD
	return NULL;
}

/* "name@lsb:width ..." of the table, applied by hand: a name that comes again is appended below. */
static void extract_slowly(const char *text, uint32_t insn, struct a64_fields *f)
{
	char copy[256], *save = NULL;

	memset(f, 0, sizeof(*f));
	cr_assert_lt(strlen(text), sizeof(copy));
	strcpy(copy, text);
	for (char *part = strtok_r(copy, " ", &save); part; part = strtok_r(NULL, " ", &save)) {
		char *at = strchr(part, '@'), *colon = strchr(part, ':');
		*at = 0;
		unsigned long lsb = strtoul(at + 1, NULL, 10), width = strtoul(colon + 1, NULL, 10);
		uint32_t *field = field_of(f, part);
		cr_assert_not_null(field, "%s", part);
		*field = *field << width | (uint32_t)(insn >> lsb & ((UINT64_C(1) << width) - 1));
	}
}

Test(decode, fields_are_extracted)
{
	uint64_t seed = 3;

	for (int row = 0; row < A64_ROWS; row++) {
		for (unsigned i = 0; i < 20; i++) {
			struct a64_fields fast, slow;
			uint32_t insn = a64_row_table[row].value |
					((uint32_t)random_next(&seed) & ~a64_row_table[row].mask);
			a64_extract(row, insn, &fast);
			extract_slowly(a64_row_table[row].fields, insn, &slow);
			cr_assert_eq(memcmp(&fast, &slow, sizeof(fast)), 0, "%s %08x: %s", row_name(row),
				     insn, a64_row_table[row].fields);
		}
	}
}
