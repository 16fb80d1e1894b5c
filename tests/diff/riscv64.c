/* SPDX-License-Identifier: MIT */
/*
 * riscv64.c: RV64GC for the differential tests: units of its rows, and states.
 *
 * Registers sp, x8, x9 and x20..x27 are written by the units that need them alone: a memory unit first loads
 * its base register with an address in the middle of the window.
 *
 * The engine runs cases in U-mode, Bare. A case's EBREAK or illegal instruction goes to S-mode's vector,
 * whose ECALL reaches the fake host's hypercall.
 */
#include <string.h>

#define RV_DECODE_TABLE_ONLY
#include <isa/riscv64/isa.h>
#include <vmrun/state_riscv64.h>

#include "isa.h"
#include "rv_decode.h"

#define SP 2
#define BASE 20 /* first reserved register */
#define INDEX 25
#define C_EBREAK 0x9002u

enum kind { FP = DIFF_OWN, MEMORY, FP_MEMORY, ATOMIC, BRANCH, CSR };

/* Rows that are not plain register-to-register. FP: rd is an f register. */
static const struct diff_rule rules[] = {
	{"beq", BRANCH, NULL},
	{"blt", BRANCH, NULL},
	{"jal", BRANCH, NULL},
	{"c_j", BRANCH, NULL},
	{"c_beqz", BRANCH, NULL},
	{"jalr", DIFF_SKIP, "generated as AUIPC; JALR"},
	{"c_jr", DIFF_SKIP, "generated as AUIPC; ADDI; C.JR"},
	{"ecall", DIFF_SKIP, "S-mode's vector of tests/diff"},
	{"ebreak", DIFF_SKIP, "as C.EBREAK"},
	{"c_ebreak", DIFF_SKIP, "ends every case"},
	{"sret", DIFF_SKIP, "tests/riscv64"},
	{"mret", DIFF_SKIP, "tests/riscv64"},
	{"wfi", DIFF_SKIP, "tests/riscv64"},
	{"sfence", DIFF_SKIP, "tests/riscv64"},
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

/* Fields that do not say which instruction it is. */
static const char *const data_fields[] = {"rd@", "rs1@", "rs2@", "rs3@", "imm@", "shamt@", "csr@"};

static const char *const pairs[][2] = {
	{"slli", "srli"},  {"slli", "srai"},  {"slli", "add"},  {"c_slli", "c_srli"}, {"c_slli", "c_srai"},
	{"load", "store"}, {"store", "load"}, {"load", "load"}, {"store", "fld"},     {"fsd", "loadu"},
};

static struct diff_row row(uint32_t n)
{
	const struct rv_row_info *r = &rv_row_table[n];

	return (struct diff_row){.name = r->name, .fields = r->fields, .mask = r->mask, .value = r->value};
}

#define BOX 0xffffffff00000000ull

/* Doubles, boxed singles, and singles whose box is broken. */
static uint64_t edge_register(struct diff_generator *g)
{
	switch (diff_below(g, 8)) {
	case 0:
	case 1:
	case 2:
		return diff_edge_double(g);
	case 3:
		return diff_random(g);
	case 4:
		return diff_edge_float(g);
	default:
		return BOX | diff_edge_float(g);
	}
}

/* ---- units ---- */

static void put_constant(struct diff_making *m, uint32_t reg, uint32_t value)
{
	diff_put(m, ((value + 0x800) & 0xfffff000) | reg << 7 | 0x37);          /* LUI */
	diff_put(m, (value & 0xfff) << 20 | reg << 15 | reg << 7 | 0x0000001b); /* ADDIW */
}

static int is_reserved(uint32_t r)
{
	return r == SP || r == 8 || r == 9 || (r >= BASE && r < BASE + 8);
}

static uint32_t keep_reserved(struct diff_generator *g, uint32_t word)
{
	return is_reserved(diff_field(word, 7, 5)) ? diff_with(word, 7, 5, 10 + diff_below(g, 10)) : word;
}

static int kept(const struct diff_making *m, uint32_t insn)
{
	return !diff_is_undefined(m->isa, insn) || !diff_below(m->g, 2000);
}

static int one_of(const char *name, const char *list)
{
	size_t n = strlen(name);

	for (const char *p = strstr(list, name); p; p = strstr(p + 1, name))
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return 1;
	return 0;
}

static int make_compressed(struct diff_making *m, const char *name, uint32_t insn)
{
	struct diff_generator *g = m->g;

	if (one_of(name, "c_addi4spn c_lw c_ld") && diff_field(insn, 2, 3) < 2)
		insn = diff_with(insn, 2, 3, 2 + diff_below(g, 6));
	if (one_of(name, "c_srli c_srai c_andi c_arith c_arithw") && diff_field(insn, 7, 3) < 2)
		insn = diff_with(insn, 7, 3, 2 + diff_below(g, 6));
	if (one_of(name, "c_addi c_addiw c_li c_lui c_slli c_lwsp c_ldsp c_mv c_add"))
		insn = keep_reserved(g, insn);
	if (one_of(name, "c_fld c_lw c_ld c_fsd c_sw c_sd")) {
		insn = diff_with(insn, 7, 3, diff_below(g, 2));
		put_constant(m, 8 + diff_field(insn, 7, 3), diff_address(g));
	}
	if (!kept(m, insn))
		return 0;
	diff_put(m, insn);
	if (!strcmp(name, "c_addi16sp"))
		put_constant(m, SP, diff_address(g));
	return 1;
}

static int make_atomic(struct diff_making *m, const char *name, uint32_t insn)
{
	struct diff_generator *g = m->g;
	uint32_t base = BASE + diff_below(g, 4);

	insn = keep_reserved(g, diff_with(insn, 15, 5, base));
	if (diff_is_undefined(m->isa, insn))
		return 0;
	put_constant(m, base, diff_address(g) & ~7u);
	/* A store-conditional mostly follows the load that makes the reservation. */
	if (!strcmp(name, "sc") && diff_below(g, 8))
		diff_put(m, 0x1000202fu | diff_field(insn, 12, 3) << 12 | base << 15 |
				    (10 + diff_below(g, 10)) << 7);
	diff_put(m, insn);
	return 1;
}

static int make_csr(struct diff_making *m, uint32_t insn)
{
	struct diff_generator *g = m->g;
	uint32_t csr = 1 + diff_below(g, 3), value = (uint32_t)diff_random(g) & 0x1f;

	insn = keep_reserved(g, diff_with(insn, 20, 12, csr));
	if (diff_field(insn, 12, 2) == 3 ||
	    (insn >> 14 & 1)) { /* immediates and CSRRC: as they come, for fflags */
		if (csr != 1)
			insn = diff_with(insn, 20, 12, 1);
		diff_put(m, insn);
		return 1;
	}
	/* A rounding mode that there is, mostly. */
	uint32_t frm = diff_below(g, 16) ? diff_below(g, 5) : diff_below(g, 8);

	if (diff_field(insn, 12, 2) == 2) /* CSRRS: no new bits of frm, which may make a wrong one */
		frm = 0;
	put_constant(m, INDEX, csr == 2 ? frm : csr == 3 ? frm << 5 | value : value);
	diff_put(m, diff_with(insn, 15, 5, INDEX));
	return 1;
}

static int unit(struct diff_making *m, const struct diff_row *made, uint32_t kind, uint32_t insn)
{
	struct diff_generator *g = m->g;
	const char *name = made->name;

	switch (kind) {
	case MEMORY:
		if (strcmp(name, "store"))
			insn = keep_reserved(g, insn);
		/* fall through */
	case FP_MEMORY:
		/* Often the same base as the last time, as it is. */
		insn = diff_with(insn, 15, 5, BASE + (diff_below(g, 2) ? 0 : diff_below(g, 4)));
		if (diff_is_undefined(m->isa, insn))
			return 0;
		if (diff_below(g, 2))
			put_constant(m, diff_field(insn, 15, 5), diff_address(g));
		diff_put(m, insn);
		return 1;
	case ATOMIC:
		return make_atomic(m, name, insn);
	case CSR:
		return make_csr(m, insn);
	case BRANCH:
		if (!strcmp(name, "jal"))
			insn = keep_reserved(g, insn);
		diff_put_branch(m, insn);
		return 1;
	case DIFF_SKIP: {
		uint32_t r = 10 + diff_below(g, 10);

		if (!strcmp(name, "jalr")) {
			diff_put(m, r << 7 | 0x17); /* AUIPC r, 0 */
			insn = diff_with(keep_reserved(g, insn), 15, 5, r);
			diff_put(m, diff_with(insn, 20, 12, 8 | diff_below(g, 2)));
			return 1;
		}
		if (!strcmp(name, "c_jr")) {
			diff_put(m, r << 7 | 0x17);
			diff_put(m, 10u << 20 | r << 15 | r << 7 | 0x13); /* ADDI r, r, 10 */
			diff_put(m, diff_with(insn, 7, 5, r));
			return 1;
		}
		return 0;
	}
	case FP:
		break;
	default:
		if (!strcmp(name, "ctzw")) {
			/* qemu 7.2 counts in all 64 bits: ADD.UW r, r, x0 first */
			uint32_t r = 10 + diff_below(g, 10);

			diff_put(m, 0x0800003bu | r << 15 | r << 7);
			insn = diff_with(insn, 15, 5, r);
		}
		if (name[0] == 'c' && name[1] == '_')
			return make_compressed(m, name, insn);
		insn = keep_reserved(g, insn);
		break;
	}
	if (!kept(m, insn))
		return 0;
	diff_put(m, insn);
	return 1;
}

/* Put a branch's distance, in bytes, where its form has it. */
static uint32_t aim(uint32_t insn, int32_t bytes)
{
	uint32_t d = (uint32_t)bytes;

	if ((insn & 0x7f) == 0x63) { /* B: 12|10:5 and 4:1|11 */
		insn = diff_with(insn, 25, 6, d >> 5);
		insn = diff_with(insn, 31, 1, d >> 12);
		insn = diff_with(insn, 8, 4, d >> 1);
		return diff_with(insn, 7, 1, d >> 11);
	}
	if ((insn & 0x7f) == 0x6f) /* J: 20|10:1|11|19:12 */
		return diff_with(insn, 12, 20,
				 (d >> 20 & 1) << 19 | (d >> 1 & 0x3ff) << 9 | (d >> 11 & 1) << 8 |
					 (d >> 12 & 0xff));
	if ((insn & 0xe003) == 0xa001) /* C.J: 11|4|9:8|10|6|7|3:1|5 */
		return diff_with(insn, 2, 11,
				 (d >> 11 & 1) << 10 | (d >> 4 & 1) << 9 | (d >> 8 & 3) << 7 |
					 (d >> 10 & 1) << 6 | (d >> 6 & 1) << 5 | (d >> 7 & 1) << 4 |
					 (d >> 1 & 7) << 1 | (d >> 5 & 1));
	/* C.BEQZ, C.BNEZ: 8|4:3 and 7:6|2:1|5 */
	insn = diff_with(insn, 10, 3, (d >> 8 & 1) << 2 | (d >> 3 & 3));
	return diff_with(insn, 2, 5, (d >> 6 & 3) << 3 | (d >> 1 & 3) << 1 | (d >> 5 & 1));
}

static uint32_t halves(uint32_t insn)
{
	return (insn & 3) == 3 ? 2 : 1;
}

static void start(struct diff_generator *g, struct diff_case *c)
{
	for (uint32_t i = 1; i < 31; i++)
		c->x[i] = diff_edge_integer(g);
	c->x[SP] = diff_address(g);
	for (uint32_t i = 0; i < 4; i++)
		c->x[BASE + i] = diff_address(g);
	c->x[31] = DIFF_CODE;
	for (uint32_t i = 0; i < 32; i++)
		c->v[i][0] = edge_register(g);
	c->status[0] = (uint32_t)diff_random(g) & 0x1f;
	c->status[0] |= diff_below(g, 2) ? diff_below(g, 5) << 5 : 0;
}

/* ---- states ---- */

static void vectors(uint8_t *at)
{
	static const uint32_t code[2] = {0x00000073, 0x0000006f}; /* ECALL; J . */

	memcpy(at, code, sizeof(code));
}

#define CSR_STVEC 0x105
#define CSR_SEPC 0x141
#define CSR_SCAUSE 0x142
#define CSR_MSTATUS 0x300
#define CSR_MEDELEG 0x302

static struct vr_state_riscv64 state;

static uint64_t get_csr(uint32_t id)
{
	for (uint32_t i = 0; i < state.csr_count; i++)
		if (state.csr[i].id == id)
			return state.csr[i].value;
	return 0;
}

static void set_csr(uint32_t id, uint64_t value)
{
	state.csr[state.csr_count].id = id;
	state.csr[state.csr_count++].value = value;
}

static int enter(struct diff_machine *m, const struct diff_case *c)
{
	state = (struct vr_state_riscv64){.size = sizeof(state), .pc = DIFF_CODE, .fcsr = c->status[0]};
	memcpy(state.x, c->x, sizeof(state.x));
	for (uint32_t i = 0; i < 32; i++)
		state.f[i] = c->v[i][0];
	state.powered_on = 1;
	state.reservation_address = UINT64_MAX;
	set_csr(CSR_STVEC, DIFF_VECTORS);
	set_csr(CSR_MEDELEG, VR_RISCV_S_MEDELEG);
	set_csr(CSR_MSTATUS, 3u << 13); /* FS */
	return m->accel->vcpu_set_state(m->vcpu, VR_STATE_RISCV64_ID, &state, sizeof(state));
}

static int leave(struct diff_machine *m, struct diff_result *r)
{
	state = (struct vr_state_riscv64){.size = sizeof(state)};
	if (m->accel->vcpu_get_state(m->vcpu, VR_STATE_RISCV64_ID, &state, sizeof(state)))
		return -1;
	uint64_t cause = get_csr(CSR_SCAUSE);

	memcpy(r->x, state.x, sizeof(r->x));
	for (uint32_t i = 0; i < 32; i++)
		r->v[i][0] = state.f[i];
	r->status[0] = state.fcsr;
	r->stop = (uint32_t)((get_csr(CSR_SEPC) - DIFF_CODE) / 2);
	r->why = cause == 3 ? 1 : cause == 2 ? 2 : cause == 8 ? 4 : 3;
	return 0;
}

const struct diff_isa diff_isa = {
	.name = "test-diff-riscv64",
	.reference = "qemu-riscv64 -cpu rv64",
	.x = "x",
	.v = "f",
	.status = {"fcsr"},
	.isa = &rv_isa,
	.mode_flags = RV_USER | RV_MODE_FP,
	.raise = RV_H_raise,
	.row_count = RV_ROWS,
	.row = row,
	.decode = rv_decode,
	.rules = rules,
	.rule_count = sizeof(rules) / sizeof(rules[0]),
	.data = data_fields,
	.data_count = sizeof(data_fields) / sizeof(data_fields[0]),
	.pairs = pairs,
	.mapping_count = sizeof(pairs) / sizeof(pairs[0]),
	.repeated = "shamt@",
	.target = "rd@",
	.source = "rs1@",
	.end = C_EBREAK,
	.halves = halves,
	.count_down = 0xfff00013u | DIFF_COUNTER << 15 | DIFF_COUNTER << 7, /* ADDI rd, rs1, -1 */
	.again = 0x00001063u | DIFF_COUNTER << 15,                          /* BNE rs1, x0 */
	.start = start,
	.unit = unit,
	.aim = aim,
	.vectors = vectors,
	.enter = enter,
	.leave = leave,
};
