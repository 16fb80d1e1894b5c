/* SPDX-License-Identifier: MIT */
/*
 * isa.h: what the frame (diff.c, generate.c, engine.c) needs to know of a guest, and what it has for the
 * guest's generator. A test program links one guest: arm64.c or riscv64.c.
 */
#ifndef DIFF_ISA_H
#define DIFF_ISA_H

#include <vmrun/isa.h>

#include "case.h"
#include "generate.h"
#include "machine.h"

#define DIFF_COUNTER 27 /* of generated loops; no unit writes it */

/* A row of the decode table. */
struct diff_row {
	const char *name, *fields; /* "name@lsb:width ..." */
	uint32_t mask, value;
};

/* How a row's units are made: 0 by the guest's default, DIFF_SKIP elsewhere, others as the guest numbers
 * them. By name, or by prefix with a trailing '*'. */
#define DIFF_PLAIN 0u
#define DIFF_SKIP 1u
#define DIFF_OWN 2u /* first of the guest's */
struct diff_rule {
	const char *name;
	uint32_t kind;
	const char *elsewhere; /* DIFF_SKIP: where it is tested */
};

struct diff_isa;
struct diff_making {
	const struct diff_isa *isa;
	struct diff_generator *g;
	struct diff_case *c;
	uint32_t start[DIFF_HALVES]; /* first halves of units */
	uint32_t units;
	uint32_t aimed[DIFF_HALVES]; /* units whose first instruction is a branch to be aimed */
	uint32_t aimed_count;
	/* The last unit: its row, its instruction, the register that it wrote, perhaps. */
	struct diff_row last_row;
	uint32_t last_insn, last;
};

struct diff_isa {
	const char *name;                /* of the test */
	const char *reference;           /* command that runs the runner */
	const char *x, *v;               /* what registers are called before their number */
	const char *x31;                 /* ... but for this one, or NULL */
	const char *status[DIFF_STATUS]; /* or NULL: not there */
	/* Bits 1 << i: status[i] holds condition flags. At a memory fault they are not exact when the code that follows
	 * overwrites them on every path (plugins/soft/optimize.c, 4): each tier drops those that it sees to be so. */
	uint32_t flags;

	const struct vr_isa *isa;
	uint64_t mode_flags; /* of the mode that cases run in */
	uint32_t raise;      /* helper that an undefined instruction is lifted to */

	uint32_t row_count;
	struct diff_row (*row)(uint32_t number);
	int (*decode)(uint32_t insn); /* row, or < 0 */
	const struct diff_rule *rules;
	uint32_t rule_count;
	uint32_t data_count;
	const char *const *data;     /* fields that are registers or immediates: "rd@" */
	const char *target, *source; /* fields that are a destination and a source register */

	const char *const (*pairs)[2]; /* rows that translators treat as one when they follow each other */
	uint32_t mapping_count;
	const char *repeated; /* a field that pairs often share, or NULL */

	uint32_t end;                      /* instruction that ends a case */
	uint32_t (*halves)(uint32_t insn); /* length of the one whose first half (at least) this is */
	void (*start)(struct diff_generator *g, struct diff_case *c);
	/* Make a unit of this row: 0: not this time. insn: the row's, random where it is free. */
	int (*unit)(struct diff_making *m, const struct diff_row *row, uint32_t kind, uint32_t insn);
	/* Count register DIFF_COUNTER down, and a branch, to be aimed, when it is not yet 0. */
	uint32_t count_down, again;
	uint32_t (*aim)(uint32_t insn, int32_t bytes); /* a branch that goes so far */

	void (*vectors)(uint8_t *at); /* any exception: a hypercall */
	int (*enter)(struct diff_machine *m, const struct diff_case *c);
	int (*leave)(struct diff_machine *m, struct diff_result *r); /* all but the hash */
};
extern const struct diff_isa diff_isa;

/* -- unit.c, for the guests -- */
uint64_t diff_random(struct diff_generator *g);
uint32_t diff_below(struct diff_generator *g, uint32_t n);
uint64_t diff_edge_integer(struct diff_generator *g);
uint64_t diff_edge_double(struct diff_generator *g);
uint32_t diff_edge_float(struct diff_generator *g);
uint32_t diff_address(struct diff_generator *g); /* in the middle of the window */
void diff_put(struct diff_making *m, uint32_t insn);
/* This unit is a branch, to be aimed. */
void diff_put_branch(struct diff_making *m, uint32_t insn);
/* Does the lifter say so? */
int diff_is_undefined(const struct diff_isa *isa, uint32_t insn);

static inline uint32_t diff_field(uint32_t word, uint32_t at, uint32_t width)
{
	return word >> at & ((1u << width) - 1);
}

static inline uint32_t diff_with(uint32_t word, uint32_t at, uint32_t width, uint32_t value)
{
	uint32_t mask = ((1u << width) - 1) << at;

	return (word & ~mask) | (value << at & mask);
}

static inline uint32_t diff_insn_at(const struct diff_case *c, uint32_t half)
{
	return c->code[half] | (uint32_t)c->code[half + 1] << 16;
}

static inline uint32_t diff_after(const struct diff_case *c, uint32_t half)
{
	return half + diff_isa.halves(c->code[half]);
}

#endif
