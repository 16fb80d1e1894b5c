/* SPDX-License-Identifier: MIT */
/*
 * thunks.c: the way in and out of generated code.
 *
 * enter() saves the callee-saved registers (SysV ABI), makes the frame and goes to `go`; exec.host_stack
 * remembers rsp, so that `lookup` can drop what has been pushed since. The thunks are written once, at the
 * start of the code cache, after a pool of constants that generated code addresses relative to rip:
 *
 *   lookup   ask the engine where to go on, then `go`
 *   resume   go on at exec.pc, which exceptions, returns from them and the like have set: by the indirect-branch cache. The context may be
 *            another one now. `lookup` when a request is to be answered, or the engine wants to be asked
 *   go       go on at the address in rax, in the current MMU context; 0: return from enter(). enter() begins here
 *   link     as lookup, for an exit that is to be linked
 *   hot      as lookup, for code that has become hot
 *   memory   called from a slow path, with the descriptor after the call: save every register in
 *            exec.save_*, so that the engine finds the guest's registers by its fault-point table, and call the
 *            engine. Its answer 0: restore them and return; 1: as lookup
 *   fp_slow  called with a C function's address pushed: call it on exec.argument[]; every register is kept
 *   memory_wide, fp_slow_wide  the same, of all 32 bytes of the vector registers: for regions that may hold something there.
 *            C code runs with high halves of zero: see vzeroupper() in asm.h
 *   jump     linear address in rax: through the MMU context's indirect-branch cache
 */
#include <xmmintrin.h>
#include "lower.h"

static const uint64_t constants[][4] __attribute__((aligned(32))) = {
#define X(name, low, high) {low##ull, high##ull, low##ull, high##ull},
	X86_CONSTANTS(X)
#undef X
};
_Static_assert(sizeof(constants) == 32u * K_COUNT, "constants");
_Static_assert(FRAME % 16 == 8, "rsp is 16-byte aligned in generated code");

#define ALL_INT (0xffffu & ~(1u << RSP | 1u << RBP))
#define SAVE_FP_SLOW (1u << RAX | 1u << RCX | 1u << RDX | 1u << RSI | 1u << RDI | 0xf00u)

static void save(struct emit_code *c, uint32_t ints, bool wide, bool restore)
{
	const uint32_t width = wide ? V_256 : 0;
	for (uint32_t r = 0; r < 16; r++) {
		struct mem m = exec_mem((uint32_t)(offsetof(struct vr_engine_exec, save_integer) + 8 * r));
		struct mem v = exec_mem(
			(uint32_t)(offsetof(struct vr_engine_exec, save_vector) + sizeof(union vr_v256) * r));
		if (ints >> r & 1)
			x_rm(c, restore ? X_MOV_LOAD : X_MOV_STORE, 1, r, m);
		if (restore)
			v_rm(c, I_VMOVUPS | width, (uint32_t)XMM(r), v);
		else
			v_rm(c, I_VMOVUPS_ST | width, (uint32_t)XMM(r), v);
	}
}

static void call_c(struct emit_code *c, uint64_t fn)
{
	lea(c, 1, RDI, mem_base(REG_EXEC, -EXEC_BIAS));
	mov_imm(c, RAX, fn);
	call_reg(c, RAX);
}

/* With the high halves of the vector registers dead, as C code wants them. */
static void call_c_upper(struct emit_code *c, uint64_t fn)
{
	vzeroupper(c);
	call_c(c, fn);
}

static uint64_t here(struct emit_code *c)
{
	while (code_at(c) & 15)
		put8(c, 0x90);
	return c->execute + code_at(c);
}

void x86_forget_hints(struct emit_code *c, uint32_t offset)
{
	v_rrr(c, I_VPCMPEQD, XMM0, XMM0, XMM0);
	for (uint32_t n = 0; n < EMIT_PAGE_HINTS; n += 2)
		vstore(c, mem_base(RSP, (int32_t)(offset + EMIT_HINT_TAG(n))), XMM0);
}

static uint64_t memory_thunk(struct emit_code *c, const struct vr_engine_entry *e,
			     const struct emit_thunks *t, bool wide)
{
	uint64_t at = here(c);
	save(c, ALL_INT, wide, false);
	mov_load(c, 1, RAX, mem_base(RSP, 0));
	mov_store(c, 1, ENGINE(site), RAX);
	mov_load(c, 1, RCX, mem_base(RAX, 0));
	mov_store(c, 1, ENGINE(descriptor), RCX);
	alu_ri(c, ALU_ADD, 1, RAX, 8);
	mov_store(c, 1, mem_base(RSP, 0), RAX);
	alu_ri(c, ALU_SUB, 1, RSP, 8);
	if (wide)
		vzeroupper(c);
	call_c(c, (uint64_t)(uintptr_t)e->memory);
	alu_ri(c, ALU_ADD, 1, RSP, 8);
	x86_forget_hints(c, 8);
	test_rr(c, 1, RAX, RAX);
	uint32_t left = jcc_far(c, CC_NE);
	patch_to(c, left, (uint32_t)(t->resume - c->execute));
	save(c, ALL_INT, wide, true);
	put8(c, 0xc3);
	return at;
}

static uint64_t fp_slow_thunk(struct emit_code *c, bool wide)
{
	uint64_t at = here(c);
	save(c, SAVE_FP_SLOW, wide, false);
	if (wide)
		vzeroupper(c);
	mov_load(c, 0, RSI, ENGINE(descriptor));
	mov_load(c, 1, RDX, ENGINE(address));
	lea(c, 1, RCX, ENGINE(result));
	lea(c, 1, R8, ENGINE(argument));
	lea(c, 1, R9, mem_base(R8, EMIT_VECTOR_BYTES));
	lea(c, 1, RAX, mem_base(R8, 2 * EMIT_VECTOR_BYTES));
	alu_ri(c, ALU_SUB, 1, RSP, 8);
	put8(c, 0x50); /* push rax: the seventh argument */
	lea(c, 1, RDI, mem_base(REG_EXEC, -EXEC_BIAS));
	x_rm(c, 0xff, 0, 2, mem_base(RSP, 24));
	alu_ri(c, ALU_ADD, 1, RSP, 16);
	save(c, SAVE_FP_SLOW, wide, true);
	put8(c, 0xc2); /* ret 8 */
	put8(c, 8);
	put8(c, 0);
	return at;
}

static uint64_t resume_thunk(struct emit_code *c, const struct vr_engine_entry *e,
			     const struct emit_thunks *t)
{
	uint64_t at = here(c);
	const uint32_t lookup = (uint32_t)(t->lookup - c->execute);
	mov_load(c, 1, RSP, ENGINE(host_stack));
	alu_mi(c, ALU_CMP, 0, EXEC(exit_request), 0);
	patch_to(c, jcc_far(c, CC_NE), lookup);
	mov_load(c, 1, REG_MMU, ENGINE(mmu_context));
	alu_mi(c, ALU_CMP, 0, mem_base(REG_MMU, MMU(ask)), 0);
	patch_to(c, jcc_far(c, CC_NE), lookup);
	mov_load(c, 1, RAX, EXEC(pc));
	patch_to(c, x86_indirect(c, e->code_align_log2), lookup);
	return at;
}

/* As `lookup`, by another function. */
static uint64_t way(struct emit_code *c, const struct emit_thunks *t, uint64_t fn)
{
	uint64_t at = here(c);
	mov_load(c, 1, RSP, ENGINE(host_stack));
	call_c_upper(c, fn);
	jmp_to(c, t->go);
	return at;
}

int64_t x86_thunks(struct emit_thunks *t, const struct vr_engine_entry *e, uint8_t *write, uint64_t execute,
		   uint64_t capacity)
{
	struct emit_code code = {.p = write, .base = write, .execute = execute}, *c = &code;
	if (capacity < sizeof(constants) + 8192)
		return VR_E_NOMEM;
	memcpy(c->p, constants, sizeof(constants));
	c->p += sizeof(constants);
	t->data = execute;

	t->lookup = here(c);
	mov_load(c, 1, RSP, ENGINE(host_stack));
	call_c_upper(c, (uint64_t)(uintptr_t)e->lookup);
	t->go = execute + code_at(c);
	test_rr(c, 1, RAX, RAX);
	uint32_t out = jcc_near(c, CC_E);
	mov_load(c, 1, REG_MMU, ENGINE(mmu_context));
	x86_forget_hints(c, 0);
	x_rr(c, 0xff, 0, 4, RAX);
	patch_near(c, out);
	alu_ri(c, ALU_ADD, 1, RSP, FRAME);
	static const uint8_t pops[] = {0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3};
	memcpy(c->p, pops, sizeof(pops)); /* r15 r14 r13 r12 rbp rbx ret */
	c->p += sizeof(pops);

	t->link = way(c, t, (uint64_t)(uintptr_t)e->link);
	t->hot = way(c, t, (uint64_t)(uintptr_t)e->hot);

	t->resume = resume_thunk(c, e, t);
	t->memory = memory_thunk(c, e, t, false);
	t->memory_wide = memory_thunk(c, e, t, true);
	t->fp_slow = fp_slow_thunk(c, false);
	t->fp_slow_wide = fp_slow_thunk(c, true);

	t->jump = here(c);
	uint32_t miss = x86_indirect(c, e->code_align_log2);
	patch_to(c, miss, code_at(c));
	mov_store(c, 1, EXEC(pc), RAX);
	jmp_to(c, t->lookup);
	here(c);
	return code_at(c);
}

/* ---- in ---- */

#define UNUSED \
	__attribute__((unused)) /* in registers; a naked function has no statement that could name them */
__attribute__((naked, noinline)) static void enter_frame(UNUSED uint8_t *biased, UNUSED uint64_t target,
							 UNUSED uint64_t go)
{
	__asm__ volatile("push %%rbx\n\t"
			 "push %%rbp\n\t"
			 "push %%r12\n\t"
			 "push %%r13\n\t"
			 "push %%r14\n\t"
			 "push %%r15\n\t"
			 "sub %0, %%rsp\n\t"
			 "mov %%rdi, %%rbp\n\t"
			 "mov %%rsp, %c1(%%rbp)\n\t"
			 "mov %%rsi, %%rax\n\t"
			 "jmp *%%rdx"
			 :
			 : "i"(FRAME), "i"((long)offsetof(struct vr_engine_exec, host_stack) - EXEC_BIAS)
			 :);
}

#define MXCSR_DEFAULT 0x1f80u
#define MXCSR_FLAGS 0x3fu

/* SDM vol. 1, 10.2.3: all exceptions masked, rounding control in bits 14:13. */
static uint32_t mxcsr_of(uint32_t round)
{
	static const uint32_t rc[4] = {
		[VR_RM_NEAREST] = 0, [VR_RM_UP] = 2, [VR_RM_DOWN] = 1, [VR_RM_ZERO] = 3};
	return MXCSR_DEFAULT | rc[round & 3] << 13;
}

/* Without the denormal flag, bit 1: that is the guest's only when all of its ops raise it. */
static uint32_t flags_of(uint32_t mxcsr)
{
	return (mxcsr & 1) | (mxcsr >> 1 & 0x1e);
}

void VR_CALL x86_fp_load(struct vr_exec *x)
{
	vr_engine_exec(x)->fp_control = mxcsr_of(x->fp_round);
	_mm_setcsr(vr_engine_exec(x)->fp_control);
}

void VR_CALL x86_fp_save(struct vr_exec *x)
{
	uint32_t control = _mm_getcsr();
	x->fp_flags |= flags_of(control) | (vr_engine_exec(x)->fp_denormal ? (control & 2) << 4 : 0);
	_mm_setcsr(MXCSR_DEFAULT);
}

void VR_CALL x86_enter(struct vr_emit_vm *vm, struct vr_exec *x, uint64_t target)
{
	uint32_t host = _mm_getcsr();
	x86_fp_load(x);
	enter_frame((uint8_t *)x + EXEC_BIAS, target, x86_vm_of(vm)->thunks.go);
	x86_fp_save(x);
	_mm_setcsr(host);
}

/* ---- the control word, from generated code ---- */

static void mxcsr(struct emit *e, uint32_t digit)
{
	x_rm(&e->c, 0x1ae, 0, digit, ENGINE(fp_control)); /* 2 LDMXCSR, 3 STMXCSR */
}

OP(FPSETROUND)
{
	/* VR_RM_* to MXCSR.RC: 0 0, 1 2, 2 1, 3 3, two bits each */
	struct emit_code *c = &e->c;
	(void)i;
	emit_flags_clobber(e);
	uint32_t t = ra_copy(e, o->a, 0), u = tmp(e);
	alu_ri(c, ALU_AND, 0, t, 3);
	mov_store(c, 0, EXEC(fp_round), t);
	alu_rr(c, ALU_ADD, 0, t, t);
	mov_imm(c, u, 0xd8); /* 11 01 10 00 */
	v_wrrr(c, I_SHRX, 0, t, t, u);
	alu_ri(c, ALU_AND, 0, t, 3);
	shift_ri(c, SH_SHL, 0, t, 13);
	mxcsr(e, 3);
	alu_mi(c, ALU_AND, 0, ENGINE(fp_control), ~0x6000);
	alu_rm(c, ALU_OR, 0, t, ENGINE(fp_control));
	mov_store(c, 0, ENGINE(fp_control), t);
	mxcsr(e, 2);
	ra_free(e, o->a);
}

OP(FPGETFLAGS)
{
	struct emit_code *c = &e->c;
	(void)o;
	emit_flags_clobber(e);
	uint32_t t = tmp(e), u = tmp(e);
	mxcsr(e, 3);
	mov_load(c, 0, t, ENGINE(fp_control));
	mov_rr(c, 0, u, t);
	alu_ri(c, ALU_AND, 0, u, 1);
	shift_ri(c, SH_SHR, 0, t, 1);
	alu_ri(c, ALU_AND, 0, t, 0x1e);
	alu_rr(c, ALU_OR, 0, t, u);
	if (VR_VALUE(e->job->isa, fp_always, 0) & VR_FPA_DENORMAL) {
		mov_load(c, 0, u, ENGINE(fp_control));
		alu_ri(c, ALU_AND, 0, u, 2);
		shift_ri(c, SH_SHL, 0, u, 4);
		alu_rr(c, ALU_OR, 0, t, u);
	}
	alu_rm(c, ALU_OR, 0, t, EXEC(fp_flags));
	ra_assign(e, i, t);
}

OP(FPSETFLAGS)
{
	struct emit_code *c = &e->c;
	(void)i;
	emit_flags_clobber(e);
	uint32_t t = ra_copy(e, o->a, 0);
	mov_store(c, 0, EXEC(fp_flags), t);
	mxcsr(e, 3);
	alu_mi(c, ALU_AND, 0, ENGINE(fp_control), ~(int32_t)MXCSR_FLAGS);
	mxcsr(e, 2);
	ra_free(e, o->a);
}
