/* SPDX-License-Identifier: MIT */
/*
 * plugin.c: a translator: the tiny machine's instructions to the engine's IR, joined with the x86-64
 * emitter.
 *
 * The software engine (soft) owns the vCPU loop, the memory and the code; this file says what the guest's
 * instructions mean, and keeps what is the guest processor's own. `struct vr_isa` in <vmrun/isa.h> has
 * the rules, sdk/doc/ir.md the IR's operations. A new instruction is a row in tiny.pat and a handler here.
 *
 * The guest's registers are bytes at fixed places of the vCPU's block, which translated code keeps in
 * host registers. A helper is a C function that translated code calls for what is rare.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tiny/tiny.h>
#include <xlate/emit/x86/x86.h>
#include <xlate/ir/build.h>
#include <xlate/plugin_entry.h>

/* The processor's own, behind the part of the vCPU's block that the engine knows. */
struct cpu {
	const struct vr_host_machine *machine;
	const struct vr_host_log *log;
	uint32_t pins;    /* atomic; bit n: pin n is high */
	uint32_t stopped; /* it did what it can't; the machine ends */
};

static struct cpu *cpu_of(struct vr_exec *x)
{
	return (struct cpu *)(void *)((uint8_t *)x + VR_EXEC_STATE);
}

/* ---- helpers ---- */

/* No exceptions: the machine ends, and this vCPU sleeps until then. */
static void end(struct vr_exec *x, const char *what, uint64_t value)
{
	struct cpu *c = cpu_of(x);
	char text[160];

	/* The host is the engine's, whose id the log puts before the text; the translator names itself. */
	snprintf(text, sizeof(text), PLUGIN_ID ": %s 0x%" PRIx64 ", at pc 0x%" PRIx64, what, value, x->pc);
	if (!c->stopped && c->log)
		c->log->write(x->env->host, VR_LOG_ERROR, text);
	c->stopped = 1;
	c->machine->power(x->env->host, VR_POWER_CRASH, 1);
	x->env->wait(x);
}

static uint64_t VR_CALL undefined(struct vr_exec *x, uint64_t word, uint64_t b, uint64_t c)
{
	(void)b, (void)c;
	end(x, "there is no instruction", word);
	return 0;
}

static uint64_t VR_CALL wait(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)a, (void)b, (void)c;
	x->env->wait(x);
	return 0;
}

enum { H_UNDEFINED, H_WAIT, HELPERS };
static const struct vr_helper helpers[HELPERS] = {
	[H_UNDEFINED] = {.name = "undefined",
			 .flags = VR_HF_PC | VR_HF_READS | VR_HF_MAY_LEAVE,
			 .u.fn = undefined},
	[H_WAIT] = {.name = "wait", .flags = VR_HF_PC | VR_HF_READS | VR_HF_MAY_LEAVE, .u.fn = wait},
};

#define R(n)                                                          \
	{                                                             \
		.offset = 8 * (n), .kind = VR_REG_INT, .name = "r" #n \
	}
static const struct vr_guest_reg guest_regs[16] = {R(0), R(1), R(2),  R(3),  R(4),  R(5),  R(6),  R(7),
						   R(8), R(9), R(10), R(11), R(12), R(13), R(14), R(15)};

/* ---- lifting: one function a row of tiny.pat ---- */

struct tiny_fields {
	uint32_t x, y, z, imm;
};
struct tiny_lift {
	struct vr_ir *ir;
	uint64_t at; /* of the instruction: bytes from the page's base */
	int done;    /* the block ends behind this instruction */
};
typedef int (*tiny_handler)(struct tiny_lift *l, const struct tiny_fields *f);
#include "tiny_decode.h"

static uint32_t get(struct tiny_lift *l, uint32_t r)
{
	return vr_ir_get(l->ir, VR_T_I64, r);
}

static void put(struct tiny_lift *l, uint32_t r, uint32_t value)
{
	vr_ir_put(l->ir, VR_T_I64, r, value);
}

static uint32_t constant(struct tiny_lift *l, uint64_t value)
{
	return vr_ir_const(l->ir, VR_T_I64, value);
}

static int16_t displacement(const struct tiny_fields *f)
{
	return (int16_t)f->imm;
}

int tiny_lift_movi(struct tiny_lift *l, const struct tiny_fields *f)
{
	put(l, f->x, constant(l, (uint64_t)f->imm << f->y * 16));
	return 1;
}

int tiny_lift_add(struct tiny_lift *l, const struct tiny_fields *f)
{
	uint32_t y = get(l, f->y);

	put(l, f->x, vr_ir_op2(l->ir, VR_IR_ADD, VR_T_I64, y, get(l, f->z)));
	return 1;
}

int tiny_lift_addi(struct tiny_lift *l, const struct tiny_fields *f)
{
	uint32_t y = get(l, f->y);

	put(l, f->x,
	    vr_ir_op2(l->ir, VR_IR_ADD, VR_T_I64, y, constant(l, (uint64_t)(int64_t)displacement(f))));
	return 1;
}

/* A fault is precise: the PUT comes after what may fault. */
int tiny_lift_load(struct tiny_lift *l, const struct tiny_fields *f)
{
	put(l, f->x,
	    vr_ir_add(l->ir, VR_IR_LOAD, VR_T_I64, 2, get(l, f->y), 0, 0, VR_MEM_IMM(displacement(f), 0)));
	return 1;
}

static int store(struct tiny_lift *l, const struct tiny_fields *f, uint32_t log2_bytes)
{
	uint32_t y = get(l, f->y);

	vr_ir_add(l->ir, VR_IR_STORE, VR_T_I64, log2_bytes, y, get(l, f->x), 0,
		  VR_MEM_IMM(displacement(f), 0));
	return 1;
}

int tiny_lift_store(struct tiny_lift *l, const struct tiny_fields *f)
{
	return store(l, f, 2);
}

int tiny_lift_storeb(struct tiny_lift *l, const struct tiny_fields *f)
{
	return store(l, f, 0);
}

int tiny_lift_bne(struct tiny_lift *l, const struct tiny_fields *f)
{
	uint32_t x = get(l, f->x);

	vr_ir_add(l->ir, VR_IR_BRCMP, VR_T_I64, VR_CC_NE, x, get(l, f->y), 0,
		  l->at + 4 * (uint64_t)(int64_t)displacement(f));
	l->done = 1;
	return 1;
}

int tiny_lift_wait(struct tiny_lift *l, const struct tiny_fields *f)
{
	(void)f;
	vr_ir_add(l->ir, VR_IR_CALL, VR_T_I64, 0, 0, 0, 0, H_WAIT);
	vr_ir_add(l->ir, VR_IR_EXIT_TO, VR_T_NONE, 0, 0, 0, 0, l->at + 4);
	l->done = 1;
	return 1;
}

static void lift_undefined(struct tiny_lift *l, uint32_t word)
{
	vr_ir_add(l->ir, VR_IR_CALL, VR_T_I64, 0, constant(l, word), 0, 0, H_UNDEFINED);
	vr_ir_add(l->ir, VR_IR_EXIT_TO, VR_T_NONE, 0, 0, 0, 0, l->at);
	l->done = 1;
}

static void lift_one(struct tiny_lift *l, uint32_t word)
{
	struct tiny_fields f;
	int row = tiny_decode(word);

	vr_ir_add(l->ir, VR_IR_INSN_START, VR_T_NONE, 0, 0, 0, 0, l->at);
	if (row < 0) {
		lift_undefined(l, word);
		return;
	}
	tiny_extract(row, word, &f);
	tiny_row_handler[row](l, &f);
}

/* One basic block. When the ops run out, the last instruction is taken back and the block ends before it. */
static int32_t VR_CALL lift(const struct vr_isa_vm *vm, const struct vr_lift *rq, struct vr_ir *ir)
{
	struct tiny_lift l = {.ir = ir, .at = rq->offset};
	struct vr_ir_block b;
	int32_t rc;

	(void)vm;
	if (rq->length < 4)
		return VR_E_AGAIN;
	rc = vr_ir_block_begin(ir, rq->offset, &b);
	if (rc < 0)
		return rc;
	while (!l.done && b.insns < rq->max_insns && 4 * (b.insns + 1) <= rq->length) {
		uint32_t word;

		memcpy(&word, rq->code + 4 * b.insns, 4);
		lift_one(&l, word);
		if (!vr_ir_block_keep(ir, &b)) {
			l.done = 0;
			break;
		}
		l.at += 4;
	}
	return vr_ir_block_end(ir, &b, l.at, l.done);
}

/* ---- the processor ---- */

static int32_t VR_CALL init(struct vr_isa_vm *vm, struct vr_exec *x, const struct vr_isa_env *env)
{
	(void)vm;
	struct cpu *c = cpu_of(x);

	c->machine = env->host->query(env->host, VR_MACHINE_ID);
	c->log = env->host->query(env->host, VR_LOG_ID);
	return VR_HAS(c->machine, power) ? VR_OK : VR_E_ABI;
}

static void VR_CALL fini(struct vr_exec *x)
{
	(void)x;
}

static void VR_CALL reset(struct vr_exec *x)
{
	struct cpu *c = cpu_of(x);

	memset(x->hot, 0, sizeof(x->hot));
	x->pc = x->asid = x->mode_flags = 0;
	c->stopped = 0;
	__atomic_store_n(&c->pins, 0, __ATOMIC_RELEASE);
}

static int32_t VR_CALL get_state(struct vr_exec *x, const char *id, void *state, uint32_t length)
{
	struct tiny_state *s = state;

	if (!id || strcmp(id, TINY_STATE_ID) != 0 || length != sizeof(*s))
		return VR_E_UNSUPPORTED;
	s->size = sizeof(*s);
	s->pc = x->pc;
	memcpy(s->r, x->hot, sizeof(s->r));
	return VR_OK;
}

static int32_t VR_CALL set_state(struct vr_exec *x, const char *id, const void *state, uint32_t length)
{
	const struct tiny_state *s = state;

	if (!id || strcmp(id, TINY_STATE_ID) != 0 || length != sizeof(*s))
		return VR_E_UNSUPPORTED;
	x->pc = s->pc;
	memcpy(x->hot, s->r, sizeof(s->r));
	return VR_OK;
}

/* No page tables: every address is its own. */
static int32_t VR_CALL translate(struct vr_exec *x, uint64_t va, uint32_t access, uint32_t flags,
				 struct vr_translation *out)
{
	(void)x, (void)access, (void)flags;
	out->rights = out->user_rights =
		1u << VR_ACCESS_READ | 1u << VR_ACCESS_WRITE | 1u << VR_ACCESS_EXECUTE;
	out->global = 1;
	out->physical = va;
	out->page_size = 4096;
	return 0;
}

static void VR_CALL fault(struct vr_exec *x, uint64_t va, uint32_t access, int32_t number)
{
	(void)number;
	end(x, access == VR_ACCESS_EXECUTE ? "no memory to execute at" : "nothing at address", va);
}

/* The interrupt input wakes a WAIT, and that is all it does. */
static int32_t VR_CALL interrupt(struct vr_exec *x)
{
	(void)x;
	return 0;
}

static uint32_t VR_CALL has_work(struct vr_exec *x)
{
	const struct cpu *c = cpu_of(x);

	return !c->stopped && __atomic_load_n(&c->pins, __ATOMIC_ACQUIRE) != 0;
}

static void VR_CALL set_pin(struct vr_exec *x, uint32_t pin, uint32_t level)
{
	struct cpu *c = cpu_of(x);

	if (pin > 31)
		return;
	if (!level) {
		__atomic_fetch_and(&c->pins, ~(1u << pin), __ATOMIC_RELEASE);
		return;
	}
	__atomic_fetch_or(&c->pins, 1u << pin, __ATOMIC_RELEASE);
	x->env->kick(x);
}

/* It has no floating point. */
static int32_t VR_CALL fp_slow(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			       const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c)
{
	(void)x, (void)what, (void)imm, (void)a, (void)b, (void)c;
	memset(d, 0, sizeof(*d));
	return 0;
}

static const struct vr_isa tiny_isa = {
	.size = sizeof(tiny_isa),
	.state_size = sizeof(struct cpu),
	.arch = TINY_ARCH,
	.state_id = TINY_STATE_ID,
	.guest_regs = guest_regs,
	.helpers = helpers,
	.guest_reg_stride = sizeof(struct vr_guest_reg),
	.helper_stride = sizeof(struct vr_helper),
	.code_align_log2 = 2,
	.guest_reg_count = sizeof(guest_regs) / sizeof(guest_regs[0]),
	.helper_count = HELPERS,
	.init = init,
	.fini = fini,
	.reset = reset,
	.get_state = get_state,
	.set_state = set_state,
	.lift = lift,
	.translate = translate,
	.fault = fault,
	.interrupt = interrupt,
	.has_work = has_work,
	.set_pin = set_pin,
	.fp_slow = fp_slow,
};

VR_XLATE_PLUGIN(PLUGIN_ID, tiny_isa, x86_emit)
