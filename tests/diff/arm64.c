/* SPDX-License-Identifier: MIT */
/*
 * arm64.c: A64 for the differential tests: units of its rows, and states.
 *
 * Registers X20..X27 are never written but by the units that need them: a memory unit first loads its base
 * register with an address in the middle of the window.
 *
 * Constrained-unpredictable encodings (Arm ARM K1.2) are not generated: processors differ there.
 *
 * The engine runs cases with the MMU off, at EL1. A case's BRK or undefined instruction goes to the vector
 * page, whose HVC reaches the fake host's hypercall.
 */
#include <string.h>

#define A64_DECODE_TABLE_ONLY
#include <isa/arm64/isa.h>
#include <vmrun/state_arm64.h>

#include "a64_decode.h"
#include "isa.h"

#define BASE 20  /* first reserved register */
#define INDEX 25 /* small offset */
#define BRK(n) (0xd4200000u | (n) << 5)

enum kind { MEMORY = DIFF_OWN, BRANCH, HINT, MRS, SYS, PC_LITERAL };

/* Rows that are not plain register-to-register. */
static const struct diff_rule rules[] = {
	{"b", BRANCH, NULL},
	{"bl", BRANCH, NULL},
	{"cbz", BRANCH, NULL},
	{"tbz", BRANCH, NULL},
	{"bcond", BRANCH, NULL},
	{"br", DIFF_SKIP, "generated as ADR; BR"},
	{"blr", DIFF_SKIP, "generated as ADR; BLR"},
	{"ret", DIFF_SKIP, "generated as ADR; RET"},
	{"eret", DIFF_SKIP, "tests/sys, guest boots"},
	{"svc", DIFF_SKIP, "tests/sys, guest boots"},
	{"hvc", DIFF_SKIP, "the vector page of tests/diff"},
	{"smc", DIFF_SKIP, "tests/sys"},
	{"brk", DIFF_SKIP, "ends every case"},
	{"hlt", DIFF_SKIP, "tests/sys"},
	{"msr_imm", DIFF_SKIP, "tests/sys, guest boots"},
	{"msr", MRS, NULL},
	{"mrs", MRS, NULL},
	{"sys", SYS, NULL},
	{"hint", HINT, NULL},
	{"ldr_lit", PC_LITERAL, NULL},
	{"fp_ldr_lit", PC_LITERAL, NULL},
	{"adr", DIFF_PLAIN, NULL},
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

/* Fields that do not say which instruction it is. */
static const char *const data_fields[] = {"rd@",   "rn@",   "rm@",    "ra@",    "rt@",   "rt2@",
					  "rs@",   "imm@",  "immlo@", "immhi@", "immr@", "imms@",
					  "nzcv@", "cond@", "scale@", "immb@",  "b40@",  "b5@"};

static const char *const pairs[][2] = {
	{"ldst_imm12", "ldst_pair"}, {"ldst_pair", "ldst_imm12"},    {"ldst_imm12", "ldst_imm12"},
	{"ldst_imm9", "fp_pair"},    {"fp_ldst_imm12", "ldst_imm9"}, {"fp_pair", "fp_ldst_imm12"},
};

static struct diff_row row(uint32_t n)
{
	const struct a64_row_info *r = &a64_row_table[n];

	return (struct diff_row){.name = r->name, .fields = r->fields, .mask = r->mask, .value = r->value};
}

static void fill_vector(struct diff_generator *g, uint64_t v[2])
{
	switch (diff_below(g, 5)) {
	case 0:
		v[0] = diff_edge_double(g);
		v[1] = diff_edge_double(g);
		break;
	case 1:
	case 2:
		v[0] = diff_edge_float(g) | (uint64_t)diff_edge_float(g) << 32;
		v[1] = diff_edge_float(g) | (uint64_t)diff_edge_float(g) << 32;
		break;
	case 3:
		v[0] = diff_edge_integer(g);
		v[1] = diff_edge_integer(g);
		break;
	default:
		v[0] = diff_random(g);
		v[1] = diff_random(g);
		break;
	}
}

static void put_constant(struct diff_making *m, uint32_t reg, uint32_t value)
{
	diff_put(m, 0x52800000u | (value & 0xffff) << 5 | reg); /* MOVZ Wd */
	diff_put(m, 0x72a00000u | (value >> 16) << 5 | reg);    /* MOVK Wd, LSL 16 */
}

/*
 * The half-precision arithmetic extension, which the reference processor has and ID_AA64PFR0 here denies:
 * what the lifter calls undefined in these groups is not a finding.
 */
static int is_half_extension(const char *name, uint32_t word)
{
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
	uint32_t r = diff_field(word, at, 5);

	return r >= BASE && r < BASE + 8 ? diff_with(word, at, 5, diff_below(g, BASE)) : word;
}

static int make_memory(struct diff_making *m, const char *name, uint32_t word)
{
	struct diff_generator *g = m->g;
	int vector = !strncmp(name, "fp_", 3) || !strncmp(name, "simd_", 5);
	int aligned = !strcmp(name, "stlr") || !strcmp(name, "ldar") || strchr("cs", name[0]) ||
		      !strcmp(name, "ldop") || !strcmp(name, "ldxr") || !strcmp(name, "ldxp");
	/* Often the same base as the last time, as it is. */
	uint32_t base = BASE + (diff_below(g, 2) ? 0 : diff_below(g, 4));
	uint32_t address = diff_address(g);

	if (vector)
		aligned = 0;
	if (aligned)
		address &= ~15u;
	/* Scaled 12-bit offsets reach 64 KiB: keep them in the window. */
	if (strstr(name, "imm12"))
		word &= ~(0xe00u << 10);
	word = diff_with(word, 5, 5, base);
	if (!vector) {
		word = keep_reserved(g, word, 0);
		if (!strcmp(name, "ldst_pair") || !strcmp(name, "ldxp") || !strcmp(name, "stxp")) {
			word = keep_reserved(g, word, 10);
			if (diff_field(word, 0, 5) == diff_field(word, 10, 5))
				word = diff_with(word, 10, 5, (diff_field(word, 0, 5) + 1) % BASE);
		}
		if (!strncmp(name, "stx", 3)) {
			/* the status register is neither base nor data */
			uint32_t rs = (diff_field(word, 0, 5) + 2) % BASE;

			if (!strcmp(name, "stxp") && rs == diff_field(word, 10, 5))
				rs = (rs + 1) % BASE;
			word = diff_with(word, 16, 5, rs);
		}
		if (!strcmp(name, "cas") || !strcmp(name, "ldop") || !strcmp(name, "swp"))
			word = keep_reserved(g, word, 16);
		if (!strcmp(name, "casp"))
			word = diff_with(diff_with(word, 0, 5, diff_below(g, 9) * 2), 16, 5,
					 diff_below(g, 9) * 2);
	} else if (!strcmp(name, "fp_pair") && diff_field(word, 0, 5) == diff_field(word, 10, 5)) {
		word = diff_with(word, 10, 5, (diff_field(word, 0, 5) + 1) & 31);
	}
	if (strstr(name, "ldst_reg"))
		word = diff_with(word, 16, 5, INDEX);
	else if (strstr(name, "post"))
		word = diff_with(word, 16, 5, diff_below(g, 3) ? 31 : INDEX);
	if (diff_is_undefined(m->isa, word))
		return 0;
	if (aligned || diff_below(g, 2))
		put_constant(m, base, address);
	if (strstr(name, "ldst_reg") || strstr(name, "post"))
		put_constant(m, INDEX, diff_below(g, 64));
	/* A store-exclusive mostly follows the load that arms the monitor; else it fails. (After a load of
	 * another size it may do either.) */
	uint32_t armed = diff_below(g, 8);

	if (!strncmp(name, "stx", 3) && !armed)
		diff_put(m, 0xd5033f5fu); /* CLREX */
	if (!strcmp(name, "stxr") && armed)
		diff_put(m, diff_with(diff_with(diff_with(0x085f7c00u, 30, 2, diff_field(word, 30, 2)), 5, 5,
						base),
				      0, 5, diff_below(g, BASE)));
	if (!strcmp(name, "stxp") && armed)
		diff_put(m,
			 diff_with(diff_with(diff_with(diff_with(0x887f0000u, 30, 1, diff_field(word, 30, 1)),
						       5, 5, base),
					     0, 5, 6),
				   10, 5, 7));
	diff_put(m, word);
	return 1;
}

static int unit(struct diff_making *m, const struct diff_row *made, uint32_t kind, uint32_t word)
{
	struct diff_generator *g = m->g;
	const char *name = made->name;

	switch (kind) {
	case MEMORY:
		return make_memory(m, name, word);
	case BRANCH:
		if (!strcmp(name, "cbz") || !strcmp(name, "tbz"))
			word = diff_with(word, 0, 5, diff_below(g, 31));
		diff_put_branch(m, word);
		return 1;
	case DIFF_SKIP:
		if (!strcmp(name, "br") || !strcmp(name, "blr") || !strcmp(name, "ret")) {
			uint32_t r = diff_below(g, BASE);

			diff_put(m, 0x10000040u | r); /* ADR r, #8 */
			diff_put(m, diff_with(word, 5, 5, r));
			/* not reached. Both instructions are one unit, so that no branch goes between them.
			 */
			return 1;
		}
		return 0;
	case HINT: {
		uint32_t what = diff_field(word, 5, 7);

		if (what >= 1 && what <= 5) /* YIELD, WFE, WFI, SEV, SEVL */
			return 0;
		diff_put(m, word);
		return 1;
	}
	case MRS: {
		/* NZCV, FPCR (read), FPSR */
		static const uint32_t registers[] = {0xd53b4200, 0xd51b4200, 0xd53b4400, 0xd53b4420,
						     0xd51b4420};
		uint32_t which = registers[diff_below(g, 5)];

		if ((which >> 21 & 1) != (word >> 21 & 1))
			return 0;
		if (which == 0xd51b4420) {
			put_constant(m, INDEX, (uint32_t)diff_random(g) & 0x0800009f);
			diff_put(m, which | INDEX);
			return 1;
		}
		diff_put(m, which | diff_below(g, BASE));
		return 1;
	}
	case SYS: {
		/* DC ZVA, DC CVAC, DC CVAU, DC CIVAC, IC IVAU */
		static const uint32_t ops[] = {0xd50b7420, 0xd50b7a20, 0xd50b7b20, 0xd50b7e20, 0xd50b7520};

		put_constant(m, BASE, diff_address(g));
		diff_put(m, ops[diff_below(g, 5)] | BASE);
		return 1;
	}
	case PC_LITERAL:
		/* the case's own code, the same on all sides */
		word = diff_with(word, 5, 19, diff_below(g, 200));
		if (name[0] != 'f')
			word = keep_reserved(g, word, 0);
		if (diff_is_undefined(m->isa, word))
			return 0;
		diff_put(m, word);
		return 1;
	default:
		break;
	}
	if (strncmp(name, "simd", 4) || strstr(name, "simd_copy"))
		word = keep_reserved(g, word, 0);
	if (diff_is_undefined(m->isa, word) && (is_half_extension(name, word) || diff_below(g, 2000)))
		return 0;
	diff_put(m, word);
	return 1;
}

static uint32_t aim(uint32_t word, int32_t bytes)
{
	uint32_t words = (uint32_t)(bytes / 4);

	if ((word & 0x7c000000) == 0x14000000)
		return diff_with(word, 0, 26, words);
	return (word & 0x7e000000) == 0x36000000 ? diff_with(word, 5, 14, words)
						 : diff_with(word, 5, 19, words);
}

static uint32_t halves(uint32_t word)
{
	(void)word;
	return 2;
}

enum { NZCV, FPCR, FPSR };

static void start(struct diff_generator *g, struct diff_case *c)
{
	for (uint32_t i = 0; i < 31; i++)
		c->x[i] = diff_edge_integer(g);
	c->x[30] = DIFF_CODE;
	for (uint32_t n = 0; n < 4; n++)
		c->x[BASE + n] = diff_address(g);
	c->x[31] = DIFF_WINDOW + DIFF_WINDOW_BYTES / 2;
	for (uint32_t i = 0; i < 32; i++)
		fill_vector(g, c->v[i]);
	c->status[NZCV] = (uint32_t)diff_random(g) & 0xf0000000;
	/* Rounding modes often, flush-to-zero and default NaN sometimes. */
	c->status[FPCR] = (diff_below(g, 2) ? diff_below(g, 4) << 22 : 0) |
			  (diff_below(g, 8) ? 0 : 1u << 24) | (diff_below(g, 8) ? 0 : 1u << 25);
}

/* ---- states ---- */

/* Every vector: HVC #0, then stay. */
static void vectors(uint8_t *at)
{
	static const uint32_t code[2] = {0xd4000002, 0x14000000};

	for (uint32_t i = 0; i < 0x800; i += 0x80)
		memcpy(at + i, code, sizeof(code));
}

#define VBAR_EL1 VR_A64_SYSREG(3u, 0u, 12u, 0u, 0u)
#define CPACR_EL1 VR_A64_SYSREG(3u, 0u, 1u, 0u, 2u)
#define ESR_EL1 VR_A64_SYSREG(3u, 0u, 5u, 2u, 0u)
#define ELR_EL1 VR_A64_SYSREG(3u, 0u, 4u, 0u, 1u)
#define SPSR_EL1 VR_A64_SYSREG(3u, 0u, 4u, 0u, 0u)

static struct vr_state_arm64 state;

static uint64_t sysreg(uint32_t id)
{
	for (uint32_t i = 0; i < state.sysreg_count; i++)
		if (state.sysreg[i].id == id)
			return state.sysreg[i].value;
	return 0;
}

static int enter(struct diff_machine *m, const struct diff_case *c)
{
	state = (struct vr_state_arm64){.size = sizeof(state), .sp = c->x[31], .pc = DIFF_CODE};
	memcpy(state.x, c->x, sizeof(state.x));
	memcpy(state.v, c->v, sizeof(state.v));
	state.pstate = c->status[NZCV] | 0x3c5;
	state.fpcr = c->status[FPCR];
	state.fpsr = c->status[FPSR];
	state.powered_on = 1;
	state.exclusive_address = UINT64_MAX;
	state.sysreg[0].id = VBAR_EL1;
	state.sysreg[0].value = DIFF_VECTORS;
	state.sysreg[1].id = CPACR_EL1;
	state.sysreg[1].value = 3u << 20; /* FPEN */
	state.sysreg_count = 2;
	return m->accel->vcpu_set_state(m->vcpu, VR_STATE_ARM64_ID, &state, sizeof(state));
}

static int leave(struct diff_machine *m, struct diff_result *r)
{
	state = (struct vr_state_arm64){.size = sizeof(state)};
	if (m->accel->vcpu_get_state(m->vcpu, VR_STATE_ARM64_ID, &state, sizeof(state)))
		return -1;
	uint64_t class = sysreg(ESR_EL1) >> 26 & 0x3f;

	memcpy(r->x, state.x, sizeof(state.x));
	memcpy(r->v, state.v, sizeof(r->v));
	r->x[31] = state.sp;
	r->status[NZCV] = (uint32_t)sysreg(SPSR_EL1) & 0xf0000000u;
	r->status[FPCR] = (uint32_t)state.fpcr;
	r->status[FPSR] = (uint32_t)state.fpsr;
	r->stop = (uint32_t)((sysreg(ELR_EL1) - DIFF_CODE) / 2);
	r->why = class == 0x3c ? 1 : class == 0 ? 2 : class == 0x25 || class == 0x21 ? 3 : 4;
	return 0;
}

const struct diff_isa diff_isa = {
	.name = "test-diff",
	.reference = "qemu-aarch64 -cpu neoverse-n1",
	.x = "x",
	.x31 = "sp",
	.v = "v",
	.status = {"nzcv", "fpcr", "fpsr"},
	.flags = 1u << NZCV,
	.isa = &a64_isa,
	.mode_flags = A64_MODE_EL1 | A64_MODE_FP,
	.raise = A64_H_raise,
	.row_count = A64_ROWS,
	.row = row,
	.decode = a64_decode,
	.rules = rules,
	.rule_count = sizeof(rules) / sizeof(rules[0]),
	.data = data_fields,
	.data_count = sizeof(data_fields) / sizeof(data_fields[0]),
	.pairs = pairs,
	.mapping_count = sizeof(pairs) / sizeof(pairs[0]),
	.target = "rd@",
	.source = "rn@",
	.end = BRK(0x7777u),
	.halves = halves,
	.count_down = 0xd1000400u | DIFF_COUNTER << 5 | DIFF_COUNTER, /* SUB Xd, Xn, #1 */
	.again = 0xb5000000u | DIFF_COUNTER,                          /* CBNZ Xt */
	.start = start,
	.unit = unit,
	.aim = aim,
	.vectors = vectors,
	.enter = enter,
	.leave = leave,
};
