/* SPDX-License-Identifier: MIT */
/*
 * generate.c: random cases from the decode table.
 *
 * A row is drawn, its free bits are filled at random, and the word is kept when it can run here: what the
 * lifter calls illegal is kept once in a while only (it ends the case). Registers sp, x8, x9 and x20..x27 are
 * written by the units that need them alone: a memory unit first loads its base register with an address in
 * the middle of the window. Branches go forward, to the first half of a later unit, so that no unit is
 * entered in its middle.
 */
#include <string.h>

#define RV_DECODE_TABLE_ONLY
#include <isa/riscv64/isa.h>
#include "rv_decode.h"

#include "generate.h"

#define SP 2
#define BASE 20 /* first reserved register */
#define INDEX 25

struct unit_rule {
	const char *name;
	enum kind { PLAIN, FP, MEMORY, FP_MEMORY, ATOMIC, BRANCH, SKIP, CSR } kind;
	const char *elsewhere; /* SKIP: where it is tested */
};

/* Rows that are not plain register-to-register. FP: rd is an f register. */
static const struct unit_rule rules[] = {
	{"beq", BRANCH, NULL},
	{"blt", BRANCH, NULL},
	{"jal", BRANCH, NULL},
	{"c_j", BRANCH, NULL},
	{"c_beqz", BRANCH, NULL},
	{"jalr", SKIP, "generated as AUIPC; JALR"},
	{"c_jr", SKIP, "generated as AUIPC; ADDI; C.JR"},
	{"ecall", SKIP, "S-mode's vector of tests/diff-riscv64"},
	{"ebreak", SKIP, "as C.EBREAK"},
	{"c_ebreak", SKIP, "ends every case"},
	{"sret", SKIP, "tests/riscv64"},
	{"mret", SKIP, "tests/riscv64"},
	{"wfi", SKIP, "tests/riscv64"},
	{"sfence", SKIP, "tests/riscv64"},
	{"csrrw", CSR, NULL},
	{"csrrs", CSR, NULL},
	{"csrrc", CSR, NULL},
	{"load", MEMORY, NULL},
	{"loadu", MEMORY, NULL},
	{"lwu", MEMORY, NULL},
	{"store", MEMORY, NULL},
	{"flw", FP_MEMORY, NULL},
	{"fld", FP_MEMORY, NULL},
	{"fsw", FP_MEMORY, NULL},
	{"fsd", FP_MEMORY, NULL},
	{"lr", ATOMIC, NULL},
	{"sc", ATOMIC, NULL},
	{"amo", ATOMIC, NULL},
	{"amoswap", ATOMIC, NULL},
	{"fmadd", FP, NULL},
	{"farith", FP, NULL},
	{"fsqrt", FP, NULL},
	{"fsgnj", FP, NULL},
	{"fminmax", FP, NULL},
	{"fcvt_fp", FP, NULL},
	{"fcvt_s_d", FP, NULL},
	{"fcvt_d_s", FP, NULL},
	{"fmv_f", FP, NULL},
};

static const struct unit_rule *rule_of(uint32_t row)
{
	static const struct unit_rule plain = {"", PLAIN, NULL};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!strcmp(rules[i].name, rv_row_table[row].name))
			return &rules[i];
	return &plain;
}

/* ---- coverage: rows, and rows with the values of their opcode fields ---- */

static uint32_t hits[RV_ROWS];
static uint8_t seen[1u << 20];

/* The bits of a word that say which instruction it is: all but register numbers and immediates. */
static uint32_t class_bits(uint32_t row, uint32_t word)
{
	static const char *const data[] = {"rd@", "rs1@", "rs2@", "rs3@", "imm@", "shamt@", "csr@"};
	uint32_t bits = word;

	for (const char *p = rv_row_table[row].fields; *p;) {
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
	return bits & ~(rv_row_table[row].mask);
}

void diff_cover(uint32_t word)
{
	int row = rv_decode(word);

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

	*rows = RV_ROWS;
	*rows_hit = *classes = 0;
	for (uint32_t i = 0; i < sizeof(seen); i++)
		*classes += seen[i];
	for (uint32_t i = 0; i < RV_ROWS; i++) {
		const struct unit_rule *r = rule_of(i);

		if (hits[i]) {
			(*rows_hit)++;
			fprintf(to, "%-22s %10u\n", rv_row_table[i].name, hits[i]);
		} else if (r->kind == SKIP) {
			fprintf(to, "%-22s  elsewhere: %s\n", rv_row_table[i].name, r->elsewhere);
		} else {
			missing++;
			fprintf(to, "%-22s  NEVER HIT\n", rv_row_table[i].name);
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

#define BOX 0xffffffff00000000ull

/* Doubles, boxed singles, and singles whose box is broken. */
static uint64_t edge_register(struct diff_generator *g)
{
	switch (below(g, 8)) {
	case 0:
	case 1:
	case 2:
		return edge_double(g);
	case 3:
		return rnd(g);
	case 4:
		return edge_float(g);
	default:
		return BOX | edge_float(g);
	}
}

/* ---- units ---- */

struct making {
	struct diff_generator *g;
	struct diff_case *c;
	uint32_t start[DIFF_HALVES]; /* first halves of units */
	uint32_t units;
	uint32_t fixups[DIFF_HALVES]; /* units that are a branch to be aimed */
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

static void put(struct making *m, uint32_t insn)
{
	m->c->code[m->c->halves++] = (uint16_t)insn;
	if ((insn & 3) == 3)
		m->c->code[m->c->halves++] = (uint16_t)(insn >> 16);
}

static void put_constant(struct making *m, uint32_t reg, uint32_t value)
{
	put(m, ((value + 0x800) & 0xfffff000) | reg << 7 | 0x37);          /* LUI */
	put(m, (value & 0xfff) << 20 | reg << 15 | reg << 7 | 0x0000001b); /* ADDIW */
}

static int is_illegal(uint32_t insn)
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
			     .key = RV_USER | RV_KEY_FP,
			     .code = (const uint8_t *)&insn,
			     .length = 4};

	if (rv_lift_block(&rq, &ir) || !ir.block_count)
		return 1;
	for (uint32_t i = 1; i < ir.op_count; i++)
		if (ops[i].op == VR_IR_CALL && ops[i].imm == RV_H_raise)
			return 1;
	return 0;
}

static int is_reserved(uint32_t r)
{
	return r == SP || r == 8 || r == 9 || (r >= BASE && r < BASE + 8);
}

static uint32_t keep_reserved(struct diff_generator *g, uint32_t word)
{
	return is_reserved(field(word, 7, 5)) ? with(word, 7, 5, 10 + below(g, 10)) : word;
}

static int kept(struct diff_generator *g, uint32_t insn)
{
	return !is_illegal(insn) || !below(g, 2000);
}

static int one_of(const char *name, const char *list)
{
	size_t n = strlen(name);

	for (const char *p = strstr(list, name); p; p = strstr(p + 1, name))
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return 1;
	return 0;
}

static uint32_t random_address(struct diff_generator *g)
{
	return (uint32_t)(DIFF_WINDOW + DIFF_WINDOW_BYTES / 2) + below(g, 0x400);
}

static int make_compressed(struct making *m, const char *name, uint32_t insn)
{
	struct diff_generator *g = m->g;

	if (one_of(name, "c_addi4spn c_lw c_ld") && field(insn, 2, 3) < 2)
		insn = with(insn, 2, 3, 2 + below(g, 6));
	if (one_of(name, "c_srli c_srai c_andi c_arith c_arithw") && field(insn, 7, 3) < 2)
		insn = with(insn, 7, 3, 2 + below(g, 6));
	if (one_of(name, "c_addi c_addiw c_li c_lui c_slli c_lwsp c_ldsp c_mv c_add"))
		insn = keep_reserved(g, insn);
	if (one_of(name, "c_fld c_lw c_ld c_fsd c_sw c_sd")) {
		insn = with(insn, 7, 3, below(g, 2));
		put_constant(m, 8 + field(insn, 7, 3), random_address(g));
	}
	if (!kept(g, insn))
		return 0;
	put(m, insn);
	if (!strcmp(name, "c_addi16sp"))
		put_constant(m, SP, random_address(g));
	return 1;
}

static int make_atomic(struct making *m, const char *name, uint32_t insn)
{
	struct diff_generator *g = m->g;
	uint32_t base = BASE + below(g, 4);

	insn = keep_reserved(g, with(insn, 15, 5, base));
	if (is_illegal(insn))
		return 0;
	put_constant(m, base, random_address(g) & ~7u);
	/* A store-conditional mostly follows the load that makes the reservation. */
	if (!strcmp(name, "sc") && below(g, 8))
		put(m, 0x1000202fu | field(insn, 12, 3) << 12 | base << 15 | (10 + below(g, 10)) << 7);
	put(m, insn);
	return 1;
}

static int make_csr(struct making *m, uint32_t insn)
{
	struct diff_generator *g = m->g;
	uint32_t csr = 1 + below(g, 3), value = (uint32_t)rnd(g) & 0x1f;

	insn = keep_reserved(g, with(insn, 20, 12, csr));
	if (field(insn, 12, 2) == 3 ||
	    (insn >> 14 & 1)) { /* immediates and CSRRC: as they come, for fflags */
		if (csr != 1)
			insn = with(insn, 20, 12, 1);
		put(m, insn);
		return 1;
	}
	/* A rounding mode that there is, mostly. */
	uint32_t frm = below(g, 16) ? below(g, 5) : below(g, 8);

	if (field(insn, 12, 2) == 2) /* CSRRS: no new bits of frm, which may make a wrong one */
		frm = 0;
	put_constant(m, INDEX, csr == 2 ? frm : csr == 3 ? frm << 5 | value : value);
	put(m, with(insn, 15, 5, INDEX));
	return 1;
}

static int make_unit(struct making *m)
{
	struct diff_generator *g = m->g;
	uint32_t row = below(g, RV_ROWS);
	const struct unit_rule *rule = rule_of(row);
	const char *name = rv_row_table[row].name;

	if (g->only && strncmp(name, g->only, strlen(g->only)))
		return 0;
	uint32_t insn = ((uint32_t)rnd(g) & ~rv_row_table[row].mask) | rv_row_table[row].value;

	if (rv_decode(insn) != (int)row)
		return 0;
	switch (rule->kind) {
	case MEMORY:
		if (strcmp(name, "store"))
			insn = keep_reserved(g, insn);
		/* fall through */
	case FP_MEMORY:
		insn = with(insn, 15, 5, BASE + below(g, 4));
		if (is_illegal(insn))
			return 0;
		put_constant(m, field(insn, 15, 5), random_address(g));
		put(m, insn);
		return 1;
	case ATOMIC:
		return make_atomic(m, name, insn);
	case CSR:
		return make_csr(m, insn);
	case BRANCH:
		if (!strcmp(name, "jal"))
			insn = keep_reserved(g, insn);
		m->fixups[m->fixup_count++] = m->units;
		put(m, insn);
		return 1;
	case SKIP: {
		uint32_t r = 10 + below(g, 10);

		if (!strcmp(name, "jalr")) {
			put(m, r << 7 | 0x17); /* AUIPC r, 0 */
			insn = with(keep_reserved(g, insn), 15, 5, r);
			put(m, with(insn, 20, 12, 8 | below(g, 2)));
			return 1;
		}
		if (!strcmp(name, "c_jr")) {
			put(m, r << 7 | 0x17);
			put(m, 10u << 20 | r << 15 | r << 7 | 0x13); /* ADDI r, r, 10 */
			put(m, with(insn, 7, 5, r));
			return 1;
		}
		return 0;
	}
	case FP:
		break;
	default:
		if (!strcmp(name, "ctzw")) {
			/* qemu 7.2 counts in all 64 bits: ADD.UW r, r, x0 first */
			uint32_t r = 10 + below(g, 10);

			put(m, 0x0800003bu | r << 15 | r << 7);
			insn = with(insn, 15, 5, r);
		}
		if (name[0] == 'c' && name[1] == '_')
			return make_compressed(m, name, insn);
		insn = keep_reserved(g, insn);
		break;
	}
	if (!kept(g, insn))
		return 0;
	put(m, insn);
	return 1;
}

/* Put a branch's distance, in bytes, where its form has it. */
static uint32_t aimed(uint32_t insn, uint32_t d)
{
	if ((insn & 0x7f) == 0x63) { /* B: 12|10:5 and 4:1|11 */
		insn = with(insn, 25, 6, d >> 5);
		insn = with(insn, 31, 1, d >> 12);
		insn = with(insn, 8, 4, d >> 1);
		return with(insn, 7, 1, d >> 11);
	}
	if ((insn & 0x7f) == 0x6f) /* J: 20|10:1|11|19:12 */
		return with(insn, 12, 20,
			    (d >> 20 & 1) << 19 | (d >> 1 & 0x3ff) << 9 | (d >> 11 & 1) << 8 |
				    (d >> 12 & 0xff));
	if ((insn & 0xe003) == 0xa001) /* C.J: 11|4|9:8|10|6|7|3:1|5 */
		return with(insn, 2, 11,
			    (d >> 11 & 1) << 10 | (d >> 4 & 1) << 9 | (d >> 8 & 3) << 7 | (d >> 10 & 1) << 6 |
				    (d >> 6 & 1) << 5 | (d >> 7 & 1) << 4 | (d >> 1 & 7) << 1 | (d >> 5 & 1));
	/* C.BEQZ, C.BNEZ: 8|4:3 and 7:6|2:1|5 */
	insn = with(insn, 10, 3, (d >> 8 & 1) << 2 | (d >> 3 & 3));
	return with(insn, 2, 5, (d >> 6 & 3) << 3 | (d >> 1 & 3) << 1 | (d >> 5 & 1));
}

static void aim(struct making *m, uint32_t unit)
{
	uint32_t at = m->start[unit];
	uint32_t target = unit + 1 + below(m->g, 4);
	uint32_t to = target < m->units ? m->start[target] : m->c->halves;
	uint16_t *p = &m->c->code[at];
	uint32_t insn = p[0];

	if ((insn & 3) == 3)
		insn |= (uint32_t)p[1] << 16;
	insn = aimed(insn, (to - at) * 2);
	p[0] = (uint16_t)insn;
	if ((insn & 3) == 3)
		p[1] = (uint16_t)(insn >> 16);
}

void diff_generate(struct diff_generator *g, struct diff_case *c)
{
	struct making m = {.g = g, .c = c};

	memset(c, 0, sizeof(*c));
	for (uint32_t i = 1; i < 31; i++)
		c->x[i] = edge_integer(g);
	c->x[SP] = random_address(g);
	c->x[31] = DIFF_CODE;
	for (uint32_t i = 0; i < 32; i++)
		c->f[i] = edge_register(g);
	c->fcsr = (uint32_t)rnd(g) & 0x1f;
	c->fcsr |= below(g, 2) ? below(g, 5) << 5 : 0;
	c->memory_seed = rnd(g) | 1;
	while (m.units < g->units && c->halves < DIFF_HALVES - 16) {
		m.start[m.units] = c->halves;
		if (make_unit(&m)) {
			m.units++;
		} else {
			c->halves = m.start[m.units];
		}
	}
	for (uint32_t i = 0; i < m.fixup_count; i++)
		aim(&m, m.fixups[i]);
	g->instructions += m.units;
	put(&m, DIFF_END);
}
