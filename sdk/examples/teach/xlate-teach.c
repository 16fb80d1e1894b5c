/* SPDX-License-Identifier: MIT */
/*
 * xlate-teach.c: a whole translator in one file, for the machine of teach.h.
 *
 * The engine (soft) asks lift() for one basic block at a time. lift() reads guest instructions and appends IR
 * ops; it computes nothing itself. The engine optimises the block and has the emitter make host code of it,
 * or interprets it (-p soft,tier=0). Values live within a block; between blocks everything is in guest_regs,
 * the sixteen registers here, which the engine keeps in host registers where it can.
 *
 * The rest says how this architecture's memory and exceptions work: addresses are physical (translate), and
 * whatever goes wrong stops the machine (fault). HALT and undefined instructions are helpers, C functions
 * that generated code calls.
 *
 * Built with TEACH_INTERPRETED it links no emitter and runs interpreted on any host.
 */
#include <stdio.h>
#include <string.h>
#include <xlate/ir/build.h>
#include <xlate/plugin_entry.h>

#include "teach.h"

#define HELPER_HALT 0
#define HELPER_UNDEFINED 1

/* Registers take the first 128 bytes of the vCPU's block, where host code reaches them by short offsets. */
static uint64_t *regs(struct vr_exec *x)
{
	return (uint64_t *)(void *)x->hot;
}

/* ---- stopping ---------------------------------------------------------------------------------------- */

/* The machine ends soon; until then this vCPU sleeps. */
static void stop(struct vr_exec *x, uint32_t what, int32_t status)
{
	const struct vr_host *host = x->env->host;
	const struct vr_host_machine *machine = host->query(host, VR_MACHINE_ID);

	machine->power(host, what, status);
	x->env->wait(x);
	x->leave = 1;
}

static void complain(struct vr_exec *x, const char *what, uint64_t at)
{
	const struct vr_host *host = x->env->host;
	const struct vr_host_log *log = host->query(host, VR_LOG_ID);
	char text[112];

	/* The host is the engine's, whose id the log puts before the text; the translator names itself. */
	snprintf(text, sizeof(text), "xlate-teach: %s 0x%llx, pc 0x%llx: the machine stops", what,
		 (unsigned long long)at, (unsigned long long)x->pc);
	if (VR_HAS(log, write))
		log->write(host, VR_LOG_ERROR, text);
	stop(x, VR_POWER_CRASH, 1);
}

static uint64_t VR_CALL halt(struct vr_exec *x, uint64_t status, uint64_t b, uint64_t c)
{
	(void)b;
	(void)c;
	stop(x, VR_POWER_OFF, (int32_t)(status & 0xff));
	return 0;
}

static uint64_t VR_CALL undefined(struct vr_exec *x, uint64_t op, uint64_t b, uint64_t c)
{
	(void)b;
	(void)c;
	complain(x, "there is no instruction", op);
	return 0;
}

static const struct vr_helper helpers[] = {
	[HELPER_HALT] = {.name = "halt", .flags = VR_HF_READS | VR_HF_PC | VR_HF_MAY_LEAVE, .u.fn = halt},
	[HELPER_UNDEFINED] = {.name = "undefined",
			      .flags = VR_HF_READS | VR_HF_PC | VR_HF_MAY_LEAVE,
			      .u.fn = undefined},
};

/* ---- lifting ----------------------------------------------------------------------------------------- */

static uint32_t get(struct vr_ir *ir, uint32_t reg)
{
	return vr_ir_get(ir, VR_T_I64, reg % TEACH_REGS);
}

static void put(struct vr_ir *ir, uint32_t reg, uint32_t value)
{
	vr_ir_put(ir, VR_T_I64, reg % TEACH_REGS, value);
}

static uint32_t constant(struct vr_ir *ir, uint64_t value)
{
	return vr_ir_const(ir, VR_T_I64, value);
}

/* A helper that ends the block: the engine looks at exec.pc and goes on from there. */
static void call_helper(struct vr_ir *ir, uint32_t helper, uint32_t argument)
{
	vr_ir_add(ir, VR_IR_CALL, VR_T_I64, 0, argument, 0, 0, helper);
	vr_ir_add(ir, VR_IR_EXIT, VR_T_NONE, 0, 0, 0, 0, 0);
}

/* rd = ra OP rb, as the IR has it. */
static const uint8_t arithmetic[] = {
	[TEACH_ADD] = VR_IR_ADD,  [TEACH_SUB] = VR_IR_SUB,  [TEACH_MUL] = VR_IR_MUL,
	[TEACH_DIV] = VR_IR_DIVU, [TEACH_REM] = VR_IR_REMU,
};

/* One instruction, `at` bytes into its page. Where code goes is counted so, too. 1: it ends the block. */
static int lift_one(struct vr_ir *ir, uint64_t at, const uint8_t *code)
{
	uint32_t op = code[0], rd = code[1], ra = code[2], rb = code[3], v;
	uint64_t imm;
	int32_t imm32;

	memcpy(&imm32, code + 4, sizeof(imm32));
	imm = (uint64_t)(int64_t)imm32;
	/* Says where the guest is, should what follows fault. */
	vr_ir_add(ir, VR_IR_INSN_START, VR_T_NONE, 0, 0, 0, 0, at);
	switch (op) {
	case TEACH_LI:
		put(ir, rd, constant(ir, imm));
		return 0;
	case TEACH_ADD:
	case TEACH_SUB:
	case TEACH_MUL:
	case TEACH_DIV:
	case TEACH_REM:
		v = get(ir, ra);
		put(ir, rd, vr_ir_op2(ir, arithmetic[op], VR_T_I64, v, get(ir, rb)));
		return 0;
	case TEACH_ADDI:
		v = get(ir, ra);
		put(ir, rd, vr_ir_op2(ir, VR_IR_ADD, VR_T_I64, v, constant(ir, imm)));
		return 0;
	case TEACH_LD:
	case TEACH_LDB:
		v = get(ir, ra);
		v = vr_ir_add(ir, VR_IR_LOAD, VR_T_I64, op == TEACH_LD ? 3 : 0, v, 0, 0,
			      VR_MEM_IMM(imm32, 0));
		put(ir, rd, v);
		return 0;
	case TEACH_ST:
	case TEACH_STB:
		v = get(ir, ra);
		vr_ir_add(ir, VR_IR_STORE, VR_T_I64, op == TEACH_ST ? 3 : 0, v, get(ir, rd), 0,
			  VR_MEM_IMM(imm32, 0));
		return 0;
	case TEACH_BEQ:
	case TEACH_BLT:
		v = get(ir, ra);
		vr_ir_add(ir, VR_IR_BRCMP, VR_T_I64, op == TEACH_BEQ ? VR_CC_EQ : VR_CC_CC, v, get(ir, rb), 0,
			  at + imm);
		return 1;
	case TEACH_CALL:
		put(ir, TEACH_LINK, vr_ir_pc_const(ir, VR_T_I64, at + TEACH_INSN));
		/* The engine predicts the RET that belongs to this CALL. */
		vr_ir_add(ir, VR_IR_RAS_PUSH, VR_T_NONE, 0, 0, 0, 0, at + TEACH_INSN);
		vr_ir_add(ir, VR_IR_GOTO, VR_T_NONE, 1, 0, 0, 0, at + imm);
		return 1;
	case TEACH_RET:
		vr_ir_add(ir, VR_IR_JUMP_INDIRECT, VR_T_NONE, VR_JUMP_RET, get(ir, TEACH_LINK), 0, 0, 0);
		return 1;
	case TEACH_HALT:
		call_helper(ir, HELPER_HALT, get(ir, ra));
		return 1;
	default:
		call_helper(ir, HELPER_UNDEFINED, constant(ir, op));
		return 1;
	}
}

/* One basic block. When the ops run out, the last instruction is taken back and the block ends before it. */
static int32_t VR_CALL lift(const struct vr_isa_vm *vm, const struct vr_lift *rq, struct vr_ir *ir)
{
	struct vr_ir_block b;
	uint64_t at = rq->offset;
	int32_t rc;
	int ended = 0;

	(void)vm;
	if (rq->length < TEACH_INSN)
		return VR_E_AGAIN; /* the page ends within the instruction */
	rc = vr_ir_block_begin(ir, at, &b);
	if (rc < 0)
		return rc;
	while (!ended && b.insns < rq->max_insns && (b.insns + 1) * TEACH_INSN <= rq->length) {
		ended = lift_one(ir, at, rq->code + b.insns * TEACH_INSN);
		if (!vr_ir_block_keep(ir, &b)) {
			ended = 0;
			break;
		}
		at += TEACH_INSN;
	}
	return vr_ir_block_end(ir, &b, at, ended);
}

/* ---- memory and exceptions --------------------------------------------------------------------------- */

static int32_t VR_CALL translate(struct vr_exec *x, uint64_t va, uint32_t access, uint32_t flags,
				 struct vr_translation *out)
{
	(void)x;
	(void)access;
	(void)flags;
	out->rights = out->user_rights = 7; /* read, write, execute */
	out->global = 1;
	out->physical = va;
	out->page_size = 4096;
	return VR_OK;
}

static void VR_CALL fault(struct vr_exec *x, uint64_t va, uint32_t access, int32_t number)
{
	static const char *const what[] = {"nothing to read at", "nothing to write at", "no code at"};

	(void)number;
	complain(x, what[access % 3], va);
}

/* There are no interrupts: a vCPU that sleeps does so for ever. */
static int32_t VR_CALL interrupt(struct vr_exec *x)
{
	(void)x;
	return 0;
}

static uint32_t VR_CALL has_work(struct vr_exec *x)
{
	(void)x;
	return 0;
}

static void VR_CALL set_pin(struct vr_exec *x, uint32_t pin, uint32_t level)
{
	(void)x;
	(void)pin;
	(void)level;
}

/* Never asked: lift() makes no floating-point ops. */
static int32_t VR_CALL fp_slow(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			       const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c)
{
	(void)x;
	(void)what;
	(void)imm;
	(void)a;
	(void)b;
	(void)c;
	memset(d, 0, sizeof(*d));
	return 0;
}

/* ---- state ------------------------------------------------------------------------------------------- */

static int32_t VR_CALL init(struct vr_isa_vm *vm, struct vr_exec *x, const struct vr_isa_env *env)
{
	(void)vm;
	(void)x;
	(void)env;
	return VR_OK;
}

static void VR_CALL fini(struct vr_exec *x)
{
	(void)x;
}

static void VR_CALL reset(struct vr_exec *x)
{
	memset(regs(x), 0, TEACH_REGS * sizeof(uint64_t));
	x->pc = TEACH_START;
	x->asid = x->mode_flags = 0;
	x->env->context(x);
}

static int32_t VR_CALL get_state(struct vr_exec *x, const char *id, void *state, uint32_t length)
{
	struct teach_state *s = state;

	if (strcmp(id, TEACH_STATE_ID) != 0 || length < sizeof(*s))
		return VR_E_UNSUPPORTED;
	s->size = sizeof(*s);
	memcpy(s->r, regs(x), sizeof(s->r));
	s->pc = x->pc;
	return VR_OK;
}

static int32_t VR_CALL set_state(struct vr_exec *x, const char *id, const void *state, uint32_t length)
{
	const struct teach_state *s = state;

	if (strcmp(id, TEACH_STATE_ID) != 0 || length < sizeof(*s) || s->size < sizeof(*s))
		return VR_E_UNSUPPORTED;
	memcpy(regs(x), s->r, sizeof(s->r));
	x->pc = s->pc;
	return VR_OK;
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

#define REG(n)                                                        \
	{                                                             \
		.offset = 8 * (n), .kind = VR_REG_INT, .name = "r" #n \
	}
static const struct vr_guest_reg guest_regs[TEACH_REGS] = {
	REG(0), REG(1), REG(2),  REG(3),  REG(4),  REG(5),  REG(6),  REG(7),
	REG(8), REG(9), REG(10), REG(11), REG(12), REG(13), REG(14), REG(15),
};

static const struct vr_isa teach_isa = {
	.size = sizeof(teach_isa),
	.state_size = 16, /* all of it is in the hot part */
	.arch = "teach",
	.state_id = TEACH_STATE_ID,
	.guest_regs = guest_regs,
	.helpers = helpers,
	.guest_reg_stride = sizeof(struct vr_guest_reg),
	.helper_stride = sizeof(struct vr_helper),
	.code_align_log2 = 3,
	.guest_reg_count = TEACH_REGS,
	.helper_count = sizeof(helpers) / sizeof(helpers[0]),
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

#ifdef TEACH_INTERPRETED
VR_ISA_PLUGIN("xlate-teach", teach_isa)
#else
#include <xlate/emit/x86/x86.h>
VR_XLATE_PLUGIN("xlate-teach", teach_isa, x86_emit)
#endif
