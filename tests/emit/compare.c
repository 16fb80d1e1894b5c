/* SPDX-License-Identifier: MIT */
/*
 * compare.c: see compare.h. The four ways to run a region are those of the engine: the interpreter on what was lifted
 * and on what the optimiser made of it for tier 0, the emitter with any registers pinned, and the emitter with
 * what the optimiser chose. The interpreter on what was lifted is right; its FP ops are those of fp_rules.c, which the
 * emitter's code calls only where its host differs.
 */
#include <fcntl.h>
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"
#include "fp_rules.h"
#include "generate.h"
#include "harness.h"
#include "plugins/soft/interp.h"
#include "plugins/soft/soft.h"
#include "xlate/ir/ir.h"

#define MAX_OPS 16384
#define RUNS_MOST 4
#define STATE_BYTES 8192

static struct vr_ir_op lifted_ops[MAX_OPS];
static struct vr_ir_block lifted_blocks[SOFT_IR_BLOCKS];
static uint32_t lifted_count;

struct outcome {
	uint8_t state[STATE_BYTES], ram[RAM_PAGES * 4096];
	uint32_t fp_flags;
	uint64_t fault_pc;
};
static struct outcome want;

static int32_t access_ram(struct vr_exec *x, const struct vr_ir_op *o, uint64_t address,
			  const union vr_v256 *a, const union vr_v256 *b, union vr_v256 *r)
{
	if (!ram_access(o->op, o->type, o->aux, o->c, address, a, b, r, 0))
		return 0;
	H.fault_pc = x->pc;
	x->pc = FAULT_PC;
	return 1;
}

static void interpret(void)
{
	static union vr_v256 values[MAX_OPS];
	static const struct soft_interp_memory m = {.access = access_ram};
	uint32_t b = 0;

	feclearexcept(FE_ALL_EXCEPT);
	soft_interp_fenv_set_round(H.x, H.x->fp_round);
	while (b != VR_NO_BLOCK) {
		if (soft_interp_block(H.x, &fake_isa, &H.ir, b, H.page, values, &m) == SOFT_INTERP_LEFT)
			break;
		uint32_t next = VR_NO_BLOCK;

		for (uint32_t s = 0; s < 2; s++) {
			uint32_t to = H.ir.blocks[b].succ[s];

			if (to != VR_NO_BLOCK && H.page + H.ir.blocks[to].start == H.x->pc)
				next = to;
		}
		b = next;
	}
	H.x->fp_flags = soft_interp_fenv_get_flags(H.x);
	feclearexcept(FE_ALL_EXCEPT);
	fesetround(FE_TONEAREST);
}

static void compiled(void)
{
	run_region();
	if (H.faults)
		H.fault_pc = H.fault_insn;
}

static void save(struct outcome *o)
{
	memcpy(o->state, H.x, STATE_BYTES);
	memcpy(o->ram, H.ram, sizeof(o->ram));
	o->fp_flags = H.x->fp_flags & 63;
	o->fault_pc = H.fault_pc;
}

static void restore(const struct outcome *o)
{
	memcpy(H.x, o->state, STATE_BYTES);
	memcpy(H.ram, o->ram, sizeof(o->ram));
	H.fault_pc = H.faults = 0;
}

static int differs(const char *how, bool optimised)
{
	const struct vr_exec *w = (const void *)want.state;
	int bad = 0;

	for (uint32_t n = 0; n < fake_isa.guest_reg_count; n++) {
		const struct vr_guest_reg *reg = &fake_isa.guest_regs[n];
		uint32_t at = reg->offset, bytes = vr_ir_reg_bytes(reg->kind);

		/* The optimiser drops condition flags that are overwritten before they are read, also when a fault
		 * comes between: see flags.c. */
		if (vr_ir_is_flags_reg(reg->kind) && optimised && want.fault_pc)
			continue;
		if (memcmp((uint8_t *)H.x + at, want.state + at, bytes)) {
			uint64_t g[4] = {0}, e[4] = {0};

			memcpy(g, (uint8_t *)H.x + at, bytes);
			memcpy(e, want.state + at, bytes);
			fprintf(stderr,
				"%s: register %s is %016lx:%016lx:%016lx:%016lx, wanted "
				"%016lx:%016lx:%016lx:%016lx\n",
				how, reg->name, g[3], g[2], g[1], g[0], e[3], e[2], e[1], e[0]);
			bad = 1;
		}
	}
	for (uint32_t n = 0; n < FIELD_COUNT; n++) {
		uint64_t g, e;

		memcpy(&g, (uint8_t *)H.x + FIELDS + 8 * n, 8);
		memcpy(&e, want.state + FIELDS + 8 * n, 8);
		if (g != e) {
			fprintf(stderr, "%s: field %u is %016lx, wanted %016lx\n", how, n, g, e);
			bad = 1;
		}
	}
#define SAME(what, got, wanted)                                                              \
	if ((got) != (wanted)) {                                                             \
		fprintf(stderr, "%s: %s %lx, wanted %lx\n", how, what, (unsigned long)(got), \
			(unsigned long)(wanted));                                            \
		bad = 1;                                                                     \
	}
	SAME("pc", H.x->pc, w->pc)
	SAME("rounding mode", H.x->fp_round, w->fp_round)
	SAME("FP flags", H.x->fp_flags & 63, want.fp_flags)
	SAME("pc of the fault", H.fault_pc, want.fault_pc)
	SAME("harness line", H.bad, 0)
#undef SAME
	for (uint32_t n = 0; n < RAM_PAGES * 4096; n++)
		if (H.ram[n] != want.ram[n]) {
			fprintf(stderr, "%s: RAM differs at %x\n", how, n);
			bad = 1;
			break;
		}
	return bad;
}

static void dump(const char *what)
{
	const char *name = getenv("EMIT_DUMP");

	if (!name)
		return;
	fprintf(stderr, "%s, %u registers pinned:", what, H.pinned_count);
	for (uint32_t i = 0; i < H.pinned_count; i++)
		fprintf(stderr, " %s", fake_isa.guest_regs[H.pinned[i].guest_reg].name);
	fprintf(stderr, "\n");
	vr_ir_print(stderr, &H.ir, &fake_isa, H.page);
}

static void dump_code(void)
{
	const char *name = getenv("EMIT_DUMP");
	FILE *f = name ? fopen(name, "wb") : NULL;

	if (!f)
		return;
	fwrite(H.job.write, 1, H.job.code_size, f);
	fclose(f);
	fprintf(stderr, "code at %lx\n", H.job.execute);
}

static void keep_lifted(void)
{
	lifted_count = H.ir.op_count;
	memcpy(lifted_ops, H.ir.ops, lifted_count * sizeof(lifted_ops[0]));
	memcpy(lifted_blocks, H.ir.blocks, H.ir.block_count * sizeof(lifted_blocks[0]));
}

static void take_lifted(void)
{
	H.ir.op_count = lifted_count;
	memcpy(H.ir.ops, lifted_ops, lifted_count * sizeof(lifted_ops[0]));
	memcpy(H.ir.blocks, lifted_blocks, H.ir.block_count * sizeof(lifted_blocks[0]));
}

/* Optimise H.ir; for the emitter: with the registers that it pins. */
static int optimise(bool for_emitter)
{
	static uint32_t scratch[2 * MAX_OPS];
	struct soft_reg_assignment regs;
	char why[256];

	soft_optimize(&fake_isa, for_emitter ? H.emit : NULL, &H.ir, &H.space, scratch, &regs);
	if (for_emitter) {
		memcpy(H.pinned, regs.pinned, sizeof(H.pinned));
		H.pinned_count = regs.pinned_count;
	}
	if (!vr_ir_verify_optimized(&H.ir, &fake_isa, why, sizeof(why)))
		return 0;
	fprintf(stderr, "the optimiser made a bad IR: %s\n", why);
	return 1;
}

enum way { LIFTED, TIER0, EMITTED, TIER1 };

/* Make H.ir, and code, of what was lifted; 0, or 1: refused. */
static int prepare(enum way way)
{
	static const char *const names[] = {"lifted", "optimised for tier 0", "as lifted", "optimised"};
	int32_t rc;

	take_lifted();
	if ((way == TIER0 || way == TIER1) && optimise(way == TIER1))
		return 1;
	dump(names[way]);
	if (way < EMITTED)
		return 0;
	rc = emit_region();
	dump_code();
	if (rc)
		fprintf(stderr, "%s: the emitter refuses the IR: error %d\n", names[way], rc);
	return rc != 0;
}

static struct outcome states[RUNS_MOST];

/* What was lifted, in all ways, from each of the states. */
static int compare_ways(uint32_t pin_ints, uint32_t pin_vectors, uint32_t runs)
{
	static const char *const names[] = {"", "tier 0, optimised", "emitted", "emitted, optimised"};
	static struct outcome wanted[RUNS_MOST];

	take_lifted();
	for (uint32_t r = 0; r < runs; r++) {
		restore(&states[r]);
		interpret();
		save(&wanted[r]);
	}
	for (uint32_t way = TIER0; way <= TIER1; way++) {
		pin_regs(pin_ints, pin_vectors);
		H.used = H.thunk_bytes;
		if (prepare(way))
			return 1;
		for (uint32_t r = 0; r < runs; r++) {
			want = wanted[r];
			restore(&states[r]);
			if (way == TIER0)
				interpret();
			else
				compiled();
			if (differs(names[way], way != EMITTED)) {
				fprintf(stderr, "in run %u\n", r);
				return 1;
			}
		}
	}
	return 0;
}

/* Take ops away as long as it stays wrong. */
static void reduce(uint32_t pin_ints, uint32_t pin_vectors, uint32_t runs)
{
	char why[256];
	int again = 1, err = dup(2), null = open("/dev/null", O_WRONLY);

	dup2(null, 2);
	while (again) {
		again = 0;
		for (uint32_t i = lifted_count; i-- > 1;) {
			struct vr_ir_op was = lifted_ops[i];

			/* A block begins with INSN_START, EXIT needs a helper before it, and helpers their
			 * arguments. */
			if (was.op == VR_IR_NOP || was.op == VR_IR_INSN_START || was.op == VR_IR_CALL ||
			    was.op == VR_IR_ARGS)
				continue;
			lifted_ops[i] = (struct vr_ir_op){.op = VR_IR_NOP};
			take_lifted();
			if (!vr_ir_verify(&H.ir, &fake_isa, why, sizeof(why)) &&
			    compare_ways(pin_ints, pin_vectors, runs))
				again = 1;
			else
				lifted_ops[i] = was;
		}
	}
	dup2(err, 2);
	close(err);
	close(null);
}

int compare_one(const struct comparison *c, uint64_t seed)
{
	char why[256];
	uint32_t pin_ints, pin_vectors, runs = c->runs < RUNS_MOST ? c->runs : RUNS_MOST;

	/* rnd() of neighbouring states gives the same numbers, one step on. */
	rnd_state = seed * 16 + c->blocks;
	rnd_state = rnd() ^ c->kinds;
	harness_init();
	use_wide((int)(rnd() % 3));
	fake_isa.fp_slow = fp_by_rules;
	fake_isa.fp_always = rnd() & 1 ? VR_FPA_DENORMAL : 0;
	vr_engine_exec(H.x)->fp_denormal = fake_isa.fp_always != 0;
	generate_region(c->kinds, c->blocks, c->ops);
	if (H.ir.overflow) {
		fprintf(stderr, "too many ops\n");
		return 1;
	}
	if (vr_ir_verify(&H.ir, &fake_isa, why, sizeof(why))) {
		if (strstr(why, "are live"))
			return 2;
		fprintf(stderr, "the generator made a bad IR: %s\n", why);
		return 1;
	}
	keep_lifted();
	pin_ints = (uint32_t)rnd() % (H.emit->integer_regs + 1);
	pin_vectors = (uint32_t)rnd() % (H.emit->vector_regs + 1);
	for (uint32_t r = 0; r < runs; r++) {
		generate_state();
		save(&states[r]);
	}
	if (!compare_ways(pin_ints, pin_vectors, runs))
		return 0;
	if (getenv("EMIT_DUMP")) {
		reduce(pin_ints, pin_vectors, runs);
		fprintf(stderr, "---- reduced\n");
		take_lifted();
		dump("lifted");
		compare_ways(pin_ints, pin_vectors, runs);
	}
	return 1;
}
