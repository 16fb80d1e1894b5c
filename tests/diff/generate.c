/* SPDX-License-Identifier: MIT */
/*
 * generate.c: random cases from the decode table.
 *
 * A row is drawn, its free bits are filled at random, and the word is kept when it can run here: what the
 * lifter calls undefined is kept once in a while only (it ends the case). Registers X20..X27 are never
 * written but by the units that need them: a memory unit first loads its base register with an address in the
 * middle of the window. Branches go forward, to the first word of a later unit, so that no unit is entered in
 * its middle.
 *
 * Constrained-unpredictable encodings (Arm ARM K1.2) are not generated: processors differ there.
 */
#include <string.h>

#define A64_DECODE_TABLE_ONLY
#include <isa/arm64/isa.h>
#include "a64_decode.h"

#include "generate.h"

#define BASE 20  /* first reserved register */
#define INDEX 25 /* small offset */

struct unit_rule {
	const char *name;
	enum kind { PLAIN, MEMORY, BRANCH, SKIP, HINT, MRS, SYS, PC_LITERAL } kind;
	const char *elsewhere; /* SKIP: where it is tested */
};

/* Rows that are not plain register-to-register; by name, or by prefix with a trailing '*'. */
static const struct unit_rule rules[] = {
	{"b", BRANCH, NULL},
	{"bl", BRANCH, NULL},
	{"cbz", BRANCH, NULL},
	{"tbz", BRANCH, NULL},
	{"bcond", BRANCH, NULL},
	{"br", SKIP, "generated as ADR; BR"},
	{"blr", SKIP, "generated as ADR; BLR"},
	{"ret", SKIP, "generated as ADR; RET"},
	{"eret", SKIP, "tests/sys, guest boots"},
	{"svc", SKIP, "tests/sys, guest boots"},
	{"hvc", SKIP, "the vector page of tests/diff"},
	{"smc", SKIP, "tests/sys"},
	{"brk", SKIP, "ends every case"},
	{"hlt", SKIP, "tests/sys"},
	{"msr_imm", SKIP, "tests/sys, guest boots"},
	{"msr", MRS, NULL},
	{"mrs", MRS, NULL},
	{"sys", SYS, NULL},
	{"hint", HINT, NULL},
	{"ldr_lit", PC_LITERAL, NULL},
	{"fp_ldr_lit", PC_LITERAL, NULL},
	{"adr", PLAIN, NULL},
	{"stxr", MEMORY, NULL},
	{"ldxr", MEMORY, NULL},
	{"stxp", MEMORY, NULL},
	{"ldxp", MEMORY, NULL},
	{"stlr", MEMORY, NULL},
	{"ldar", MEMORY, NULL},
	{"casp", MEMORY, NULL},
	{"cas", MEMORY, NULL},
	{"ldop", MEMORY, NULL},
	{"swp", MEMORY, NULL},
	{"ldst_*", MEMORY, NULL},
	{"fp_pair", MEMORY, NULL},
	{"fp_ldst_*", MEMORY, NULL},
	{"simd_ldst_*", MEMORY, NULL},
};

static int name_fits(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '*' ? !strncmp(pattern, name, n - 1) : !strcmp(pattern, name);
}

static const struct unit_rule *rule_of(uint32_t row)
{
	static const struct unit_rule plain = {"", PLAIN, NULL};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (name_fits(rules[i].name, a64_row_table[row].name))
			return &rules[i];
	return &plain;
}

/* ---- coverage: rows, and rows with the values of their opcode fields ---- */

static uint32_t hits[A64_ROWS];
static uint8_t seen[1u << 20];

/* The bits of a word that say which instruction it is: all but register numbers and immediates. */
static uint32_t class_bits(uint32_t row, uint32_t word)
{
	static const char *const data[] = {"rd@",   "rn@",   "rm@",    "ra@",    "rt@",   "rt2@",
					   "rs@",   "imm@",  "immlo@", "immhi@", "immr@", "imms@",
					   "nzcv@", "cond@", "scale@", "immb@",  "b40@",  "b5@"};
	uint32_t bits = word;

	for (const char *p = a64_row_table[row].fields; *p;) {
		const char *end = strchr(p, ' ');
		unsigned at, width;

		for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++)
			if (!strncmp(p, data[i], strlen(data[i])) &&
			    sscanf(strchr(p, '@'), "@%u:%u", &at, &width) == 2)
				bits &= ~(((width < 32 ? 1u << width : 0u) - 1u) << at);
		if (!end)
			break;
		p = end + 1;
	}
	return bits & ~(a64_row_table[row].mask);
}

void diff_cover(uint32_t word)
{
	int row = a64_decode(word);

	if (row < 0)
		return;
	hits[row]++;
	uint32_t h = (class_bits((uint32_t)row, word) * 0x9e3779b1u) ^ ((uint32_t)row * 0x85ebca6bu);

	h ^= h >> 15;
	seen[h & (sizeof(seen) - 1)] = 1;
}

unsigned diff_coverage(FILE *to, unsigned *rows, unsigned *rows_hit, unsigned *classes)
{
	unsigned missing = 0;

	*rows = A64_ROWS;
	*rows_hit = *classes = 0;
	for (uint32_t i = 0; i < sizeof(seen); i++)
		*classes += seen[i];
	for (uint32_t i = 0; i < A64_ROWS; i++) {
		const struct unit_rule *r = rule_of(i);

		if (hits[i]) {
			(*rows_hit)++;
			fprintf(to, "%-22s %10u\n", a64_row_table[i].name, hits[i]);
		} else if (r->kind == SKIP) {
			fprintf(to, "%-22s  elsewhere: %s\n", a64_row_table[i].name, r->elsewhere);
		} else {
			missing++;
			fprintf(to, "%-22s  NEVER HIT\n", a64_row_table[i].name);
		}
	}
	return missing;
}

/* ---- random values ---- */

static uint64_t rnd(struct diff_generator *g)
{
	return diff_next(&g->seed) * 0x2545f4914f6cdd1dull;
}

static uint32_t below(struct diff_generator *g, uint32_t n)
{
	return (uint32_t)((rnd(g) >> 33) % n);
}

static uint64_t edge_integer(struct diff_generator *g)
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

	switch (below(g, 4)) {
	case 0:
		return edges[below(g, sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return rnd(g) >> below(g, 64);
	default:
		return rnd(g);
	}
}

static uint64_t edge_double(struct diff_generator *g)
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

	if (below(g, 2))
		return edges[below(g, sizeof(edges) / sizeof(edges[0]))];
	/* near 1, so that sums round and cancel */
	return (rnd(g) & 0x800fffffffffffff) | (uint64_t)(0x3ff - 20 + below(g, 40)) << 52;
}

static uint32_t edge_float(struct diff_generator *g)
{
	static const uint32_t edges[] = {
		0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
		0xffc00001, 0x7f800001, 0xffa00000, 0x00800000, 0x007fffff, 0x00000001, 0x80000001,
		0x7f7fffff, 0x4effffff, 0x4f000000, 0xcf000000, 0x4f800000, 0x5f000000, 0x5f800000,
		0x3f000000, 0x3fc00000, 0x40200000, 0x477fe000, 0x33800000, 0x38800000};

	if (below(g, 2))
		return edges[below(g, sizeof(edges) / sizeof(edges[0]))];
	return ((uint32_t)rnd(g) & 0x807fffff) | (127 - 12 + below(g, 24)) << 23;
}

static void fill_vector(struct diff_generator *g, uint64_t v[2])
{
	switch (below(g, 5)) {
	case 0:
		v[0] = edge_double(g);
		v[1] = edge_double(g);
		break;
	case 1:
	case 2:
		v[0] = edge_float(g) | (uint64_t)edge_float(g) << 32;
		v[1] = edge_float(g) | (uint64_t)edge_float(g) << 32;
		break;
	case 3:
		v[0] = edge_integer(g);
		v[1] = edge_integer(g);
		break;
	default:
		v[0] = rnd(g);
		v[1] = rnd(g);
		break;
	}
}

/* ---- units ---- */

struct making {
	struct diff_generator *g;
	struct diff_case *c;
	uint32_t start[DIFF_WORDS]; /* first words of units */
	uint32_t units;
	uint32_t fixups[DIFF_WORDS]; /* units whose first word is a branch to be aimed */
	uint32_t fixup_count;
};

static uint32_t field(uint32_t word, uint32_t at, uint32_t width)
{
	return word >> at & ((1u << width) - 1);
}

static uint32_t with(uint32_t word, uint32_t at, uint32_t width, uint32_t value)
{
	uint32_t mask = ((1u << width) - 1) << at;

	return (word & ~mask) | (value << at & mask);
}

static void put(struct making *m, uint32_t word)
{
	m->c->code[m->c->words++] = word;
}

static void put_constant(struct making *m, uint32_t reg, uint32_t value)
{
	put(m, 0x52800000u | (value & 0xffff) << 5 | reg); /* MOVZ Wd */
	put(m, 0x72a00000u | (value >> 16) << 5 | reg);    /* MOVK Wd, LSL 16 */
}

static int is_undefined(uint32_t word)
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
			     .key = A64_KEY_EL1 | A64_KEY_FP,
			     .code = (const uint8_t *)&word,
			     .length = 4};

	if (a64_lift_block(&rq, &ir) || !ir.block_count)
		return 1;
	for (uint32_t i = 1; i < ir.op_count; i++)
		if (ops[i].op == VR_IR_CALL && ops[i].imm == A64_H_raise)
			return 1;
	return 0;
}

/*
 * The half-precision arithmetic extension, which the reference processor has and ID_AA64PFR0 here denies:
 * what the lifter calls undefined in these groups is not a finding.
 */
static int is_half_extension(uint32_t row, uint32_t word)
{
	const char *name = a64_row_table[row].name;

	if (!strncmp(name, "fp_", 3))
		return (word >> 22 & 3) == 3;
	if (strstr(name, "_elem"))
		return (word >> 22 & 3) == 0;
	if (!strcmp(name, "simd_mod_imm"))
		return 1;
	if (strstr(name, "_shift"))
		return (word >> 20 & 7) == 1 && (word >> 23 & 1) == 0;
	return strstr(name, "_across") || strstr(name, "_pairwise");
}

/* Registers of general-purpose destinations must not be the reserved ones. */
static uint32_t keep_reserved(struct diff_generator *g, uint32_t word, uint32_t at)
{
	uint32_t r = field(word, at, 5);

	return r >= BASE && r < BASE + 8 ? with(word, at, 5, below(g, BASE)) : word;
}

static int make_memory(struct making *m, uint32_t row, uint32_t word)
{
	struct diff_generator *g = m->g;
	const char *name = a64_row_table[row].name;
	int vector = !strncmp(name, "fp_", 3) || !strncmp(name, "simd_", 5);
	int aligned = !strcmp(name, "stlr") || !strcmp(name, "ldar") || strchr("cs", name[0]) ||
		      !strcmp(name, "ldop") || !strcmp(name, "ldxr") || !strcmp(name, "ldxp");
	uint32_t base = BASE + below(g, 4);
	uint32_t address = (uint32_t)(DIFF_WINDOW + DIFF_WINDOW_BYTES / 2) + below(g, 0x400);

	if (vector)
		aligned = 0;
	if (aligned)
		address &= ~15u;
	/* Scaled 12-bit offsets reach 64 KiB: keep them in the window. */
	if (strstr(name, "imm12"))
		word &= ~(0xe00u << 10);
	word = with(word, 5, 5, base);
	if (!vector) {
		word = keep_reserved(g, word, 0);
		if (!strcmp(name, "ldst_pair") || !strcmp(name, "ldxp") || !strcmp(name, "stxp")) {
			word = keep_reserved(g, word, 10);
			if (field(word, 0, 5) == field(word, 10, 5))
				word = with(word, 10, 5, (field(word, 0, 5) + 1) % BASE);
		}
		if (!strncmp(name, "stx", 3)) {
			/* the status register is neither base nor data */
			uint32_t rs = (field(word, 0, 5) + 2) % BASE;

			if (!strcmp(name, "stxp") && rs == field(word, 10, 5))
				rs = (rs + 1) % BASE;
			word = with(word, 16, 5, rs);
		}
		if (!strcmp(name, "cas") || !strcmp(name, "ldop") || !strcmp(name, "swp"))
			word = keep_reserved(g, word, 16);
		if (!strcmp(name, "casp"))
			word = with(with(word, 0, 5, below(g, 9) * 2), 16, 5, below(g, 9) * 2);
	} else if (!strcmp(name, "fp_pair") && field(word, 0, 5) == field(word, 10, 5)) {
		word = with(word, 10, 5, (field(word, 0, 5) + 1) & 31);
	}
	if (strstr(name, "ldst_reg"))
		word = with(word, 16, 5, INDEX);
	else if (strstr(name, "post"))
		word = with(word, 16, 5, below(g, 3) ? 31 : INDEX);
	if (is_undefined(word))
		return 0;
	put_constant(m, base, address);
	if (strstr(name, "ldst_reg") || strstr(name, "post"))
		put_constant(m, INDEX, below(g, 64));
	/* A store-exclusive mostly follows the load that arms the monitor; else it fails. (After a load of
	 * another size it may do either.) */
	uint32_t armed = below(g, 8);

	if (!strncmp(name, "stx", 3) && !armed)
		put(m, 0xd5033f5fu); /* CLREX */
	if (!strcmp(name, "stxr") && armed)
		put(m, with(with(with(0x085f7c00u, 30, 2, field(word, 30, 2)), 5, 5, base), 0, 5,
			    below(g, BASE)));
	if (!strcmp(name, "stxp") && armed)
		put(m, with(with(with(with(0x887f0000u, 30, 1, field(word, 30, 1)), 5, 5, base), 0, 5, 6), 10,
			    5, 7));
	put(m, word);
	return 1;
}

static int make_unit(struct making *m)
{
	struct diff_generator *g = m->g;
	uint32_t row = below(g, A64_ROWS);
	const struct unit_rule *rule = rule_of(row);
	const char *name = a64_row_table[row].name;

	if (g->only && strncmp(name, g->only, strlen(g->only)))
		return 0;
	uint32_t word = ((uint32_t)rnd(g) & ~a64_row_table[row].mask) | a64_row_table[row].value;

	if (a64_decode(word) != (int)row)
		return 0;
	switch (rule->kind) {
	case MEMORY:
		return make_memory(m, row, word);
	case BRANCH:
		if (!strcmp(name, "cbz") || !strcmp(name, "tbz"))
			word = with(word, 0, 5, below(g, 31));
		m->fixups[m->fixup_count++] = m->units;
		put(m, word);
		return 1;
	case SKIP:
		if (!strcmp(name, "br") || !strcmp(name, "blr") || !strcmp(name, "ret")) {
			uint32_t r = below(g, BASE);

			put(m, 0x10000040u | r); /* ADR r, #8 */
			put(m, with(word, 5, 5, r));
			/* not reached, lest the two be split by a branch's aim: both are one unit */
			return 1;
		}
		return 0;
	case HINT: {
		uint32_t what = field(word, 5, 7);

		if (what >= 1 && what <= 5) /* YIELD, WFE, WFI, SEV, SEVL */
			return 0;
		put(m, word);
		return 1;
	}
	case MRS: {
		/* NZCV, FPCR (read), FPSR */
		static const uint32_t registers[] = {0xd53b4200, 0xd51b4200, 0xd53b4400, 0xd53b4420,
						     0xd51b4420};
		uint32_t which = registers[below(g, 5)];

		if ((which >> 21 & 1) != (word >> 21 & 1))
			return 0;
		if (which == 0xd51b4420) {
			put_constant(m, INDEX, (uint32_t)rnd(g) & 0x0800009f);
			put(m, which | INDEX);
			return 1;
		}
		put(m, which | below(g, BASE));
		return 1;
	}
	case SYS: {
		/* DC ZVA, DC CVAC, DC CVAU, DC CIVAC, IC IVAU */
		static const uint32_t ops[] = {0xd50b7420, 0xd50b7a20, 0xd50b7b20, 0xd50b7e20, 0xd50b7520};

		put_constant(m, BASE, (uint32_t)(DIFF_WINDOW + DIFF_WINDOW_BYTES / 2) + below(g, 0x400));
		put(m, ops[below(g, 5)] | BASE);
		return 1;
	}
	case PC_LITERAL:
		/* the case's own code, which all see alike */
		word = with(word, 5, 19, below(g, 200));
		if (name[0] != 'f')
			word = keep_reserved(g, word, 0);
		if (is_undefined(word))
			return 0;
		put(m, word);
		return 1;
	default:
		break;
	}
	if (strncmp(name, "simd", 4) || strstr(name, "simd_copy"))
		word = keep_reserved(g, word, 0);
	if (is_undefined(word) && (is_half_extension(row, word) || below(g, 2000)))
		return 0;
	put(m, word);
	return 1;
}

static void aim(struct making *m, uint32_t unit)
{
	uint32_t at = m->start[unit];
	uint32_t target = unit + 1 + below(m->g, 4);
	uint32_t to = target < m->units ? m->start[target] : m->c->words;
	uint32_t *word = &m->c->code[at], distance = to - at;

	if ((*word & 0x7c000000) == 0x14000000)
		*word = with(*word, 0, 26, distance);
	else if ((*word & 0x7e000000) == 0x36000000)
		*word = with(*word, 5, 14, distance);
	else
		*word = with(*word, 5, 19, distance);
}

void diff_generate(struct diff_generator *g, struct diff_case *c)
{
	struct making m = {.g = g, .c = c};

	memset(c, 0, sizeof(*c));
	for (uint32_t i = 0; i < 31; i++)
		c->x[i] = edge_integer(g);
	c->x[30] = DIFF_CODE;
	c->sp = DIFF_WINDOW + DIFF_WINDOW_BYTES / 2;
	for (uint32_t i = 0; i < 32; i++)
		fill_vector(g, c->v[i]);
	c->nzcv = (uint32_t)rnd(g) & 0xf0000000;
	/* Rounding modes often, flush-to-zero and default NaN now and then. */
	c->fpcr = (below(g, 2) ? below(g, 4) << 22 : 0) | (below(g, 8) ? 0 : 1u << 24) |
		  (below(g, 8) ? 0 : 1u << 25);
	c->memory_seed = rnd(g) | 1;
	while (m.units < g->units && c->words < DIFF_WORDS - 16) {
		m.start[m.units] = c->words;
		if (make_unit(&m))
			m.units++;
		else
			c->words = m.start[m.units];
	}
	for (uint32_t i = 0; i < m.fixup_count; i++)
		aim(&m, m.fixups[i]);
	g->instructions += c->words;
	put(&m, 0xd4200000u | DIFF_END << 5);
}
