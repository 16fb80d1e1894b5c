/* SPDX-License-Identifier: MIT */
/*
 * target.c: the target description of x86-64 hosts (emit/common/target.h) for System V's calling convention (psABI 3.2).
 *
 * rbp and r15 point to the vCPU's block and the MMU context, rsp to the frame. rax, rcx, rdx are needed by divisions, shifts and
 * compare-and-swap, so temporaries get them last.
 */
#include "lower.h"

#define INT_BIT(r) (1ull << (r))
#define PINS(X) X(RBX) X(R12) X(R13) X(R14) X(R8) X(R9) X(R10) X(R11)

/* ---- moves ---- */

static void move(struct emit *e, uint32_t d, uint32_t s, uint32_t type)
{
	if (type == VR_T_V256)
		movaps256(&e->c, d, s);
	else if (is_vector(type))
		movaps(&e->c, d, s);
	else
		mov_rr(&e->c, type != VR_T_I32 && type != VR_T_FLAGS, d, s);
}

static void clean(struct emit *e, uint32_t d, uint32_t s, uint32_t type)
{
	if (type == VR_T_I32)
		mov_rr(&e->c, 0, d, s);
	else if (type == VR_T_F32)
		v_rrri(&e->c, I_VINSERTPS, d, s, s, 0x0e);
	else if (type == VR_T_V128)
		v_rr(&e->c, I_VMOVAPS, d, s);
	else
		v_rr(&e->c, I_VMOVQ, d, s);
}

static void low_half(struct emit *e, uint32_t d, uint32_t s)
{
	if (d != s)
		v_rrri(&e->c, I_VPBLENDD | V_256, d, d, s, 0x0f);
}

static void constant(struct emit *e, uint32_t d, uint64_t k)
{
	mov_imm(&e->c, d, k);
}

/* The base is a constant in each use, which makes the encoding short work. */
static inline __attribute__((always_inline)) void load_from(struct emit_code *c, uint32_t d, struct mem m,
							    uint32_t type)
{
	switch (type) {
	case VR_T_I32:
		mov_load(c, 0, d, m);
		break;
	case VR_T_I64:
		mov_load(c, 1, d, m);
		break;
	case VR_T_F32:
		v_rm(c, I_VMOVSS, d, m);
		break;
	case VR_T_F64:
	case VR_T_V64:
		v_rm(c, I_VMOVSD, d, m);
		break;
	case VR_T_V256:
		v_rm(c, I_VMOVUPS | V_256, d, m);
		break;
	default:
		vload(c, d, m);
	}
}

static void load(struct emit *e, uint32_t d, uint32_t where, uint32_t offset, uint32_t type)
{
	if (where == EMIT_EXEC)
		load_from(&e->c, d, exec_mem(offset), type);
	else
		load_from(&e->c, d, mem_base(RSP, (int32_t)offset), type);
}

static inline __attribute__((always_inline)) void store_to(struct emit_code *c, struct mem m, uint32_t s,
							   uint32_t type)
{
	if (type == VR_T_V128)
		vstore(c, m, s);
	else if (type == VR_T_V256)
		v_rm(c, I_VMOVUPS_ST | V_256, s, m);
	else if (type == VR_T_I64)
		mov_store(c, 1, m, s);
	else
		mov_store(c, 0, m, s);
}

static void store(struct emit *e, uint32_t where, uint32_t offset, uint32_t s, uint32_t type)
{
	if (where == EMIT_EXEC)
		store_to(&e->c, exec_mem(offset), s, type);
	else
		store_to(&e->c, mem_base(RSP, (int32_t)offset), s, type);
}

static bool store_constant(struct emit *e, uint32_t where, uint32_t offset, uint64_t k, uint32_t type)
{
	bool w = type == VR_T_I64;
	if (w && k != (uint64_t)(int64_t)(int32_t)k)
		return false;
	mov_store_imm(&e->c, w, where == EMIT_EXEC ? exec_mem(offset) : mem_base(RSP, (int32_t)offset),
		      (uint32_t)k);
	return true;
}

static void pc_constant(struct emit *e, uint32_t d, uint64_t pc, bool cut)
{
	mov_pc(&e->c, d, pc, cut);
}

static bool store_pc(struct emit *e, uint32_t offset, uint64_t pc)
{
	if (!store_constant(e, EMIT_EXEC, offset, pc, VR_T_I64))
		return false;
	emit_relocation(&e->c, RELOC_PC_HIGH, 4);
	return true;
}

static void address(struct emit *e, uint32_t d, uint32_t s, int32_t disp)
{
	lea(&e->c, 1, d, mem_base(s, disp));
}

/* ---- jumps ---- */

static uint32_t jump(struct emit *e)
{
	return jmp_far(&e->c);
}

static uint32_t jump_word(struct emit *e, uint32_t offset, bool set)
{
	alu_mi(&e->c, ALU_CMP, 0, exec_mem(offset), 0);
	return jcc_far(&e->c, set ? CC_NE : CC_E);
}

static uint32_t jump_zero(struct emit *e, uint32_t r)
{
	test_rr(&e->c, 1, r, r);
	return jcc_far(&e->c, CC_E);
}

static void patch(struct emit *e, uint32_t field, uint32_t target)
{
	patch_to(&e->c, field, target);
}

static void jump_to(struct emit *e, uint64_t target)
{
	jmp_to(&e->c, target);
}

/* x86_relocate() knows where both fields are. */
static void exit_stub(struct emit *e, uint32_t number)
{
	struct emit_code *c = &e->c;
	mov_store_imm(c, 1, ENGINE(link), number);
	put8(c, 0xe9);
	put_near(c, e->thunk_at.link, 0, RELOC_NONE);
}

static void jump_constant(struct emit *e, uint32_t constant)
{
	x_rm(&e->c, 0xff, 0, 4, mem_abs(e->c.execute + constant)); /* jmp [rip + ..] */
}

/* ---- entries ---- */

static void fill(struct emit *e, uint32_t bytes)
{
	memset(e->c.p, 0xcc, bytes);
	e->c.p += bytes;
}

/* The first instruction is at least two bytes long and at an even address: kill_entry() in emit.c. */
static void entry(struct emit *e, bool count, bool empty)
{
	if (count)
		x_rm(&e->c, 0xff, 1, 0, ENGINE(entered)); /* inc qword */
	if (empty) {
		put8(&e->c, 0x66);
		put8(&e->c, 0x90);
	}
}

/* add byte [..], step: eight bytes, and the carry */
static uint32_t jump_heat(struct emit *e, uint32_t index, uint32_t step)
{
	x_rm(&e->c, 0x80, 0, ALU_ADD, mem_base(REG_MMU, MMU(heat) + (int32_t)index));
	put8(&e->c, step);
	return jcc_far(&e->c, CC_B);
}

/* ---- calls ---- */

static void call(struct emit *e, uint64_t fn)
{
	if (e->wide)
		vzeroupper(&e->c);
	mov_imm(&e->c, RAX, fn);
	call_reg(&e->c, RAX);
}

/* psABI 3.2.2, 3.2.3: the seventh argument is at rsp, which is a multiple of 16, when the function is called. */
static void call_stacked(struct emit *e, uint64_t fn, uint32_t r)
{
	lea(&e->c, 1, RSP, mem_base(RSP, -16));
	mov_store(&e->c, 1, mem_base(RSP, 0), r);
	call(e, fn);
	lea(&e->c, 1, RSP, mem_base(RSP, 16));
}

static void vector_arguments(struct emit *e, uint64_t imm)
{
	struct emit_code *c = &e->c;
	lea(c, 1, RSI, ENGINE(result));
	lea(c, 1, RDX, ENGINE(argument));
	lea(c, 1, RCX, mem_base(RDX, EMIT_VECTOR_BYTES));
	lea(c, 1, R8, mem_base(RDX, 2 * EMIT_VECTOR_BYTES));
	mov_imm(c, R9, imm);
}

static void call_memory(struct emit *e)
{
	call_to(&e->c, e->wide ? e->thunk_at.memory_wide : e->thunk_at.memory, RELOC_NONE);
}

static void call_fp_slow(struct emit *e, uint64_t fn, uint32_t what, uint64_t imm)
{
	struct emit_code *c = &e->c;
	mov_store_imm(c, 0, ENGINE(descriptor), what);
	mov_store_imm(c, 1, ENGINE(address), (uint32_t)imm);
	lea(c, 1, RSP, mem_base(RSP, -8));
	mov_store_imm(c, 0, mem_base(RSP, 0), (uint32_t)fn);
	mov_store_imm(c, 0, mem_base(RSP, 4), (uint32_t)(fn >> 32));
	call_to(c, e->wide ? e->thunk_at.fp_slow_wide : e->thunk_at.fp_slow, RELOC_NEAR);
}

static void forget_hints(struct emit *e)
{
	x86_forget_hints(&e->c, 0);
}

/* ---- the description ---- */

static const emit_handler handlers[] = {
#define IR(name, ...) [VR_IR_##name] = EMIT_HANDLER(x86, name),
#include <vmrun/ir_ops.def>
#undef IR
};
_Static_assert(sizeof(handlers) / sizeof(handlers[0]) == VR_IR_COUNT, "one handler an op");

static const uint8_t pinned_int[PINNED_INTS] = {
#define X(r) r,
	PINS(X)
#undef X
};
static const uint8_t pinned_vec[PINNED_VECS] = {XMM(7),  XMM(8),  XMM(9),  XMM(10), XMM(11),
						XMM(12), XMM(13), XMM(14), XMM(15)};

const struct emit_target x86_target = {
	.temporaries =
		INT_BIT(RAX) | INT_BIT(RCX) | INT_BIT(RDX) | INT_BIT(RSI) | INT_BIT(RDI) | 0x7full << XMM0,
	.caller_saved = INT_BIT(RAX) | INT_BIT(RCX) | INT_BIT(RDX) | INT_BIT(RSI) | INT_BIT(RDI) | 0xf00ull |
			EMIT_VECTORS,
	.special = INT_BIT(RAX) | INT_BIT(RCX) | INT_BIT(RDX),
	.special_order = {RCX, RDX, RAX, RAX},
	.pinned_int = pinned_int,
	.pinned_vec = pinned_vec,
	.pinned_ints = PINNED_INTS,
	.pinned_vecs = PINNED_VECS,
	.exec = REG_EXEC,
	.scratch = RAX,
	.jump_pc = RAX,
	.result = RAX,
	.argument = {RDI, RSI, RDX, RCX, R8, R9, NOREG},
	.exec_bias = EXEC_BIAS,
	.entry_align = 16,
	.entry_pad = ENTRY_PAD,
	.reach = 0x7ffffff0,
	.vector_bytes = 32,
	.handlers = handlers,
	.low_half = low_half,
	.fp_attributes = x86_fp_attributes,
	.move = move,
	.clean = clean,
	.constant = constant,
	.load = load,
	.store = store,
	.store_constant = store_constant,
	.pc_constant = pc_constant,
	.store_pc = store_pc,
	.address = address,
	.jump = jump,
	.jump_if = x86_jump_if,
	.jump_word = jump_word,
	.jump_zero = jump_zero,
	.jump_mapping = x86_jump_mapping,
	.jump_exit = x86_jump_exit,
	.patch = patch,
	.jump_to = jump_to,
	.exit_stub = exit_stub,
	.jump_constant = jump_constant,
	.redirect = x86_redirect,
	.fill = fill,
	.entry = entry,
	.jump_heat = jump_heat,
	.call = call,
	.call_stacked = call_stacked,
	.vector_arguments = vector_arguments,
	.call_memory = call_memory,
	.call_fp_slow = call_fp_slow,
	.forget_hints = forget_hints,
	.tlb_check = x86_tlb_check,
	.hint_check = x86_hint_check,
	.guest_load = x86_guest_load,
	.guest_store = x86_guest_store,
	.guest_store_constant = x86_guest_store_constant,
	.constant_fits = x86_constant_fits,
	.guest_stored = x86_guest_stored,
	.flags_pack = x86_flags_pack,
	.linear_address = x86_linear_address,
	.ras_push = x86_ras_push,
	.patch_address = patch,
	.ras_jump = x86_ras_jump,
	.indirect_jump = x86_indirect_jump,
};
