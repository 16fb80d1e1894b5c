/* SPDX-License-Identifier: MIT */
/* test_control.c: links and their checks, polls, the return-address stack, the indirect-branch cache, fault
 * points, tables that are full. */
#include <criterion/criterion.h>
#include <string.h>
#include "harness.h"

#ifdef __x86_64__
#include "xlate/emit/x86/lower.h"
#endif

static uint64_t where; /* host address the next look-up gives */
static uint64_t give(struct vr_exec *x)
{
	(void)x;
	uint64_t w = where;
	where = 0;
	return w;
}

/* x[reg] += n */
static void add_to(uint32_t reg, uint64_t n)
{
	uint32_t a = vr_ir_get(&H.ir, VR_T_I64, reg);
	vr_ir_put(&H.ir, VR_T_I64, reg,
		  vr_ir_op2(&H.ir, VR_IR_ADD, VR_T_I64, a, vr_ir_const(&H.ir, VR_T_I64, n)));
}

static uint64_t simple(uint64_t pc, uint32_t reg, uint64_t n, uint64_t to)
{
	ir_begin();
	block_begin(pc, VR_BLOCK_ENTRY);
	add_to(reg, n);
	op(VR_IR_GOTO, 0, 0, 0, 0, 0, to);
	block_end(pc + 4, VR_NO_BLOCK, VR_NO_BLOCK);
	cr_assert_eq(emit_region(), 0);
	return H.job.execute + H.entry[0];
}

/* Link exit x of the last region, as the engine does. */
static void link_exit(const struct vr_exit_site *x, uint64_t target)
{
	struct vr_code_change changed = {0, 0};
	cr_assert_geq(H.emit->link(H.emitter, H.job.write, H.job.execute, x, target, &changed), 0);
	cr_assert(changed.first < changed.last && changed.last <= H.job.code_size, "changed %u..%u",
		  changed.first, changed.last);
}

Test(emit_control, link_out_of_reach)
{
	harness_init();
	simple(0x10000, 0, 1, 0x10100);
	static uint8_t before[4096];
	struct vr_code_change changed = {0, 0};
	cr_assert_leq(H.job.code_size, sizeof(before));
	memcpy(before, H.job.write, H.job.code_size);
	uint64_t far = H.job.execute + (1ull << 40);
	cr_assert_eq(H.emit->link(H.emitter, H.job.write, H.job.execute, &H.exits[0], far, &changed),
		     VR_E_RANGE);
	cr_assert_eq(changed.first, changed.last);
	cr_assert_arr_eq(before, H.job.write, H.job.code_size);
}

Test(emit_control, link_and_unlink)
{
	harness_init();
	pin_regs(4, 0);
	uint64_t second = simple(0x10100, 1, 10, 0x10200);
	uint64_t first = simple(0x10000, 0, 1, 0x10100);
	struct vr_exit_site x = H.exits[0];
	cr_assert_eq(H.job.exit_count, 1);
	cr_assert_eq(x.place, 0x100);
	cr_assert_eq(x.check, 0);
	cr_assert_eq((H.job.execute + x.jump) % 4, 0);
	H.emit->enter(H.emitter, H.x, first);
	cr_assert_eq(H.links, 1);
	cr_assert_eq(vr_engine_exec(H.x)->link, 1000);
	cr_assert_eq(H.x->pc, 0x10100);
	cr_assert_eq(*reg_int(0), 1);
	link_exit(&x, second);
	H.emit->enter(H.emitter, H.x, first);
	cr_assert_eq(*reg_int(0), 2);
	cr_assert_eq(*reg_int(1), 10);
	link_exit(&x, H.job.execute + x.stub);
	H.emit->enter(H.emitter, H.x, first);
	cr_assert_eq(H.x->pc, 0x10100);
	cr_assert_eq(*reg_int(1), 10);
	cr_assert_eq(*reg_int(0), 3);
	/* link may also answer by itself */
	H.on_link = give;
	where = second;
	H.emit->enter(H.emitter, H.x, first);
	cr_assert_eq(*reg_int(1), 20);
}

Test(emit_control, check_between_pages)
{
	harness_init();
	pin_regs(2, 0);
	uint64_t second = simple(0x15000, 1, 10, 0x15100);
	uint64_t first = simple(0x10ff0, 0, 1, 0x15000);
	struct vr_exit_site x = H.exits[0];
	cr_assert_neq(x.check, 0);
	cr_assert_eq((H.job.execute + x.check) % 4, 0);
	cr_assert_eq((H.job.execute + x.jump) % 4, 0);
	link_exit(&x, second);
	H.emit->enter(H.emitter, H.x, first);
	cr_assert_eq(H.links, 1, "no number yet");
	struct vr_code_change changed = {0, 0};
	H.emit->set_check(H.emitter, H.job.write, H.job.execute, &x, 77, &changed);
	cr_assert(changed.first < changed.last && changed.last <= H.job.code_size);
	H.mmu->mapping_id[0x15] = 77;
	H.emit->enter(H.emitter, H.x, first);
	cr_assert_eq(H.links, 2, "the second region's own exit");
	cr_assert_eq(*reg_int(1), 10);
	H.mmu->mapping_id[0x15] = 78;
	H.emit->enter(H.emitter, H.x, first);
	cr_assert_eq(*reg_int(1), 10);
	cr_assert_eq(H.x->pc, 0x15000);
}

static uint64_t stop_now(struct vr_exec *x)
{
	x->exit_request = 0;
	return 0;
}

Test(emit_control, polls_on_back_edge)
{
	for (uint32_t mapped = 0; mapped < 2; mapped++) {
		harness_init();
		pin_regs(mapped ? 3 : 0, 0);
		H.on_lookup = stop_now;
		/* while (--x0) x1 += 3; entered with exit_request set: stops at once, once */
		block_begin(0x10000, VR_BLOCK_ENTRY);
		add_to(1, 3);
		uint32_t n = vr_ir_op2(&H.ir, VR_IR_SUB, VR_T_I64, vr_ir_get(&H.ir, VR_T_I64, 0),
				       vr_ir_const(&H.ir, VR_T_I64, 1));
		vr_ir_put(&H.ir, VR_T_I64, 0, n);
		op(VR_IR_BRCMP, VR_T_I64, VR_CC_NE, n, vr_ir_const(&H.ir, VR_T_I64, 0), 0, 0x10000);
		block_end(0x10008, 0, VR_NO_BLOCK);
		cr_assert_eq(emit_region(), 0);
		*reg_int(0) = 1000;
		H.x->exit_request = 1;
		run_region();
		cr_assert_eq(H.x->pc, 0x10000);
		cr_assert_eq(*reg_int(0), 999);
		cr_assert_eq(*reg_int(1), 3);
		run_region();
		cr_assert_eq(H.x->pc, 0x10008);
		cr_assert_eq(*reg_int(1), 3000);
		cr_assert_eq(*reg_int(0), 0);
	}
}

/* block 0: call 0x20000 (an indirect jump); block 1: after the return */
static uint64_t caller(uint32_t aux, int entry)
{
	ir_begin();
	block_begin(0x10000, VR_BLOCK_ENTRY);
	add_to(0, 1);
	op(VR_IR_RAS_PUSH, 0, 0, 0, 0, 0, 0x10004);
	op(VR_IR_JUMP_INDIRECT, 0, aux, vr_ir_get(&H.ir, VR_T_I64, 5), 0, 0, 0);
	block_end(0x10004, VR_NO_BLOCK, VR_NO_BLOCK);
	block_begin(0x10004, entry ? VR_BLOCK_ENTRY : 0);
	add_to(1, 1);
	op(VR_IR_GOTO, 0, 0, 0, 0, 0, 0x10100);
	block_end(0x10008, VR_NO_BLOCK, VR_NO_BLOCK);
	cr_assert_eq(emit_region(), 0);
	return H.job.execute + H.entry[0];
}

static uint64_t callee(void)
{
	ir_begin();
	block_begin(0x20000, VR_BLOCK_ENTRY);
	add_to(2, 1);
	op(VR_IR_JUMP_INDIRECT, 0, VR_JUMP_RET, vr_ir_get(&H.ir, VR_T_I64, 6), 0, 0, 0);
	block_end(0x20004, VR_NO_BLOCK, VR_NO_BLOCK);
	cr_assert_eq(emit_region(), 0);
	return H.job.execute + H.entry[0];
}

Test(emit_control, return_stack_and_indirect_cache)
{
	for (int entry = 0; entry < 2; entry++) {
		harness_init();
		pin_regs(8, 0);
		uint64_t f = callee(), main_code = caller(VR_JUMP_CALL, entry);
		H.mmu->indirect[vr_indirect_index(0x20000, fake_isa.code_align_log2)] =
			(struct vr_branch_entry){0x20000, f};
		*reg_int(5) = 0x20000;
		*reg_int(6) = 0x10004;
		uint64_t top = H.mmu->ras_top;
		H.emit->enter(H.emitter, H.x, main_code);
		cr_assert_eq(H.mmu->ras_top, top);
		cr_assert_eq(*reg_int(0), 1);
		cr_assert_eq(*reg_int(2), 1);
		if (entry) {
			cr_assert_eq(*reg_int(1), 1);
			cr_assert_eq(H.x->pc, 0x10100);
			cr_assert_eq(H.lookups, 0);
		} else { /* no address to return to: by the indirect-branch cache, which is empty */
			cr_assert_eq(*reg_int(1), 0);
			cr_assert_eq(H.x->pc, 0x10004);
			cr_assert_eq(H.lookups, 1);
		}
		/* a return to somewhere else */
		*reg_int(6) = 0x12340;
		H.emit->enter(H.emitter, H.x, main_code);
		cr_assert_eq(H.x->pc, 0x12340);
		/* an unknown target */
		*reg_int(5) = 0x33330;
		H.emit->enter(H.emitter, H.x, main_code);
		cr_assert_eq(H.x->pc, 0x33330);
		/* polls */
		*reg_int(5) = 0x20000;
		H.x->exit_request = 1;
		H.emit->enter(H.emitter, H.x, main_code);
		cr_assert_eq(H.x->pc, 0x20000);
		cr_assert_eq(*reg_int(2), 2);
	}
}

Test(emit_control, return_stack_wraps)
{
	harness_init();
	pin_regs(8, 0);
	uint64_t main_code = caller(VR_JUMP_CALL, 1);
	for (uint32_t n = 0; n < 3 * VR_RAS_ENTRIES; n++) {
		*reg_int(5) = 0x55550;
		H.emit->enter(H.emitter, H.x, main_code);
	}
	cr_assert_lt(H.mmu->ras_top, 16 * VR_RAS_ENTRIES);
	cr_assert_eq(H.mmu->ras_top % 16, 0);
	for (uint32_t n = 0; n < VR_RAS_ENTRIES; n++)
		cr_assert_eq(H.mmu->ras[n].pc, 0x10004);
}

Test(emit_control, fault_point_names_the_instruction)
{
	harness_init();
	pin_regs(8, 4);
	block_begin(0x10200, VR_BLOCK_ENTRY);
	add_to(0, 5);
	op(VR_IR_INSN_START, 0, 0, 0, 0, 0, 0x10204);
	uint32_t v = op(VR_IR_LOAD, VR_T_I64, 3, vr_ir_get(&H.ir, VR_T_I64, 1), 0, 0, 0);
	vr_ir_put(&H.ir, VR_T_I64, 1, v);
	op(VR_IR_INSN_START, 0, 0, 0, 0, 0, 0x10208);
	op(VR_IR_STORE, VR_T_I64, 3, v, v, 0, VR_MEM_IMM(8, 0));
	add_to(2, 1);
	op(VR_IR_GOTO, 0, 0, 0, 0, 0, 0x10300);
	block_end(0x1020c, VR_NO_BLOCK, VR_NO_BLOCK);
	cr_assert_eq(emit_region(), 0);
	cr_assert_eq(H.job.point_count, 2);
	*reg_int(1) = 0x1000;
	run_region();
	cr_assert_eq(H.faults, 1);
	cr_assert_eq(H.fault_insn, 0x10204);
	cr_assert_eq(*reg_int(0), 5);
	cr_assert_eq(*reg_int(1), 0x1000);
	uint64_t bad = 0x1000;
	memcpy(H.ram + 0x100, &bad, 8);
	*reg_int(1) = RAM_BASE + 0x100;
	run_region();
	cr_assert_eq(H.faults, 2);
	cr_assert_eq(H.fault_insn, 0x10208);
	cr_assert_eq(*reg_int(1), 0x1000);
	cr_assert_eq(*reg_int(2), 0);
}

Test(emit_control, unprivileged_goes_to_the_engine)
{
	harness_init();
	block_begin(0x10000, VR_BLOCK_ENTRY);
	uint32_t v =
		op(VR_IR_LOAD, VR_T_I64, 3, vr_ir_get(&H.ir, VR_T_I64, 0), 0, 0, VR_MEM_IMM(8, VR_MF_UNPRIV));
	vr_ir_put(&H.ir, VR_T_I64, 1, v);
	op(VR_IR_STORE, VR_T_I64, 3, vr_ir_get(&H.ir, VR_T_I64, 0),
	   vr_ir_const(&H.ir, VR_T_I64, 0x123456789abcdef), 0, VR_MEM_IMM(16, VR_MF_UNPRIV));
	op(VR_IR_GOTO, 0, 0, 0, 0, 0, 0x10300);
	block_end(0x10004, VR_NO_BLOCK, VR_NO_BLOCK);
	cr_assert_eq(emit_region(), 0);
	*reg_int(0) = RAM_BASE;
	uint64_t k = 42;
	memcpy(H.ram + 8, &k, 8);
	run_region();
	cr_assert_eq(H.slow, 2);
	cr_assert_eq(*reg_int(1), 42);
	memcpy(&k, H.ram + 16, 8);
	cr_assert_eq(k, 0x123456789abcdef);
}

Test(emit_control, flags_live_on_one_edge)
{
	for (uint32_t edges = 0; edges < 4; edges++)
		for (uint64_t value = 0; value < 2; value++) {
			harness_init();
			pin_regs(8, 0);
			block_begin(0x10000, VR_BLOCK_ENTRY);
			uint32_t a = vr_ir_get(&H.ir, VR_T_I64, 0), one = vr_ir_const(&H.ir, VR_T_I64, 1);
			uint32_t f = op(VR_IR_F_SUB, VR_T_I64, 0, a, one, 0, 0);
			op(VR_IR_PUT, VR_T_FLAGS, edges ^ 3, f, 0, 0, REG_FLAGS);
			op(VR_IR_BRCC, 0, VR_CC_EQ, f, 0, 0, 0x10100);
			block_end(0x10004, VR_NO_BLOCK, VR_NO_BLOCK);
			cr_assert_eq(emit_region(), 0);
			*reg_int(0) = value;
			*reg_flags() = 0xaaaa;
			run_region();
			cr_assert_eq(H.x->pc, value ? 0x10100 : 0x10004);
			uint32_t live = edges >> !value & 1;
			uint32_t packed = value ? VR_FLAG_Z : VR_FLAG_N | VR_FLAG_NOT_C;
			cr_assert_eq(*reg_flags(), live ? packed : 0xaaaa);
		}
}

/* PUTs of condition registers before a branch, each of another kind of value, where the engine says that they are dead on some
 * edge; FLAGS as well, whose store takes a register. */
Test(emit_control, conditions_live_on_one_edge)
{
	for (uint32_t dead = 0; dead < 16; dead++)
		for (uint32_t kind = 0; kind < 5; kind++)
			for (uint64_t value = 0; value < 2; value++) {
				harness_init();
				pin_regs(kind & 1 ? 8 : 0, 0);
				block_begin(0x10000, VR_BLOCK_ENTRY);
				uint32_t a = vr_ir_get(&H.ir, VR_T_I64, 0),
					 one = vr_ir_const(&H.ir, VR_T_I64, 1);
				uint32_t f = op(VR_IR_F_SUB, VR_T_I64, 0, a, one, 0, 0), v;
				uint32_t wide = vr_ir_get(&H.ir, VR_T_I64, 1);

				if (kind == 0)
					v = op(VR_IR_MULHU, VR_T_I64, 0, wide, wide, 0, 0);
				else if (kind == 1)
					v = vr_ir_get(&H.ir, VR_T_I32, 1); /* the pinned register has more */
				else if (kind < 4)
					v = vr_ir_const(&H.ir, VR_T_I64, kind == 2 ? 5 : 0x123456789abcdef0);
				else
					v = wide;
				op(VR_IR_PUT, VR_T_I64, dead & 3, v, 0, 0, REG_CONDITION);
				op(VR_IR_PUT, VR_T_I32, dead >> 2, wide, 0, 0, REG_CONDITION + 1);
				op(VR_IR_PUT, VR_T_FLAGS, dead & 3, f, 0, 0, REG_FLAGS);
				op(VR_IR_BRCC, 0, VR_CC_EQ, f, 0, 0, 0x10100);
				block_end(0x10004, VR_NO_BLOCK, VR_NO_BLOCK);
				cr_assert_eq(emit_region(), 0);
				*reg_int(0) = value;
				*reg_int(1) = 0xfedcba9876543210;
				*reg_int(REG_CONDITION) = *reg_int(REG_CONDITION + 1) = 0x5555555555555555;
				run_region();
				const uint64_t of[5] = {0xfdbac097c8dc5accull, 0x76543210, 5,
							0x123456789abcdef0, 0xfedcba9876543210};
				uint32_t edge = !value;

				cr_assert_eq(H.x->pc, value ? 0x10100 : 0x10004);
				cr_assert_eq(*reg_int(REG_CONDITION),
					     dead >> edge & 1 ? 0x5555555555555555 : of[kind],
					     "kind %u, dead %u: %lx", kind, dead, *reg_int(REG_CONDITION));
				cr_assert_eq(*reg_int(REG_CONDITION + 1),
					     dead >> 2 >> edge & 1 ? 0x5555555555555555 : 0x76543210,
					     "kind %u, dead %u: %lx", kind, dead,
					     *reg_int(REG_CONDITION + 1));
			}
}

Test(emit_control, rounding_mode_and_flags)
{
	harness_init();
	block_begin(0x10000, VR_BLOCK_ENTRY);
	op(VR_IR_FPSETROUND, 0, 0, vr_ir_get(&H.ir, VR_T_I64, 0), 0, 0, 0);
	op(VR_IR_FPSETFLAGS, 0, 0, vr_ir_get(&H.ir, VR_T_I64, 1), 0, 0, 0);
	uint32_t a = vr_ir_get(&H.ir, VR_T_F64, REG_V), b = vr_ir_get(&H.ir, VR_T_F64, REG_V + 1);
	vr_ir_put(&H.ir, VR_T_F64, REG_V + 2, op(VR_IR_FDIV, VR_T_F64, 0, a, b, 0, 0));
	vr_ir_put(&H.ir, VR_T_I64, 2, op(VR_IR_FPGETFLAGS, VR_T_I64, 0, 0, 0, 0, 0));
	op(VR_IR_GOTO, 0, 0, 0, 0, 0, 0x10100);
	block_end(0x10004, VR_NO_BLOCK, VR_NO_BLOCK);
	cr_assert_eq(emit_region(), 0);
	uint64_t got[4];
	for (uint32_t mode = 0; mode < 4; mode++) {
		*reg_int(0) = mode;
		*reg_int(1) = VR_FP_DIVZERO;
		reg_vec(0)->f64[0] = 1;
		reg_vec(1)->f64[0] = 3;
		run_region();
		got[mode] = reg_vec(2)->d[0];
		cr_assert_eq(*reg_int(2), VR_FP_DIVZERO | VR_FP_INEXACT);
		cr_assert_eq(H.x->fp_round, mode);
		cr_assert_eq(H.x->fp_flags, VR_FP_DIVZERO | VR_FP_INEXACT);
	}
	cr_assert_eq(got[VR_RM_UP], got[VR_RM_DOWN] + 1);
	cr_assert_eq(got[VR_RM_ZERO], got[VR_RM_DOWN]);
	cr_assert_eq(got[VR_RM_NEAREST], got[VR_RM_DOWN]);
}

Test(emit_control, full_tables_and_no_room)
{
	harness_init();
	pin_regs(8, 8);
	for (uint32_t b = 0; b < 20; b++) {
		block_begin(0x10000 + 16 * b, VR_BLOCK_ENTRY);
		uint32_t v = op(VR_IR_LOAD, VR_T_I64, 3, vr_ir_get(&H.ir, VR_T_I64, 1), 0, 0, 0);
		vr_ir_put(&H.ir, VR_T_I64, 2, v);
		op(VR_IR_GOTO, 0, 0, 0, 0, 0, 0x20000);
		block_end(0x10004, VR_NO_BLOCK, VR_NO_BLOCK);
	}
	cr_assert_eq(emit_region(), 0);
	uint32_t size = H.job.code_size;
	uint32_t cap = H.job.point_capacity;
	H.job.point_capacity = 3;
	cr_assert_eq(H.emit->region(H.emitter, &H.job), VR_E_RANGE);
	H.job.point_capacity = cap;
	H.job.exit_capacity = 3;
	cr_assert_eq(H.emit->region(H.emitter, &H.job), VR_E_RANGE);
	H.job.exit_capacity = 1024;
	for (uint32_t capacity = 0; capacity < size + 8192; capacity += 64) {
		H.job.capacity = capacity;
		memset(H.job.write + capacity, 0xcc, 16);
		int32_t rc = H.emit->region(H.emitter, &H.job);
		cr_assert(rc == 0 || rc == VR_E_NOMEM);
		cr_assert(rc || H.job.code_size <= capacity);
		for (uint32_t n = 0; n < 16; n++)
			cr_assert_eq(H.job.write[capacity + n], 0xcc);
	}
}

Test(emit_control, probe_and_pinned_registers)
{
	char why[64];
	harness_init();
	cr_assert_eq(H.emit->probe(why, sizeof(why)), 0);
	uint32_t seen = 0;
	for (uint32_t n = 0; n < H.emit->integer_regs; n++)
		seen |= 1u << H.emit->pinned_register(VR_REG_INT, n);
	cr_assert_eq(__builtin_popcount(seen), (int)H.emit->integer_regs);
	seen = 0;
	for (uint32_t n = 0; n < H.emit->vector_regs; n++)
		seen |= 1u << H.emit->pinned_register(VR_REG_VEC, n);
	cr_assert_eq(__builtin_popcount(seen), (int)H.emit->vector_regs);
}

#ifdef __x86_64__
/* A host whose vector registers have 16 bytes: the core refuses V256 and names the op. */
Test(emit_control, narrow_host)
{
	struct emit_target narrow = x86_target;
	const struct emit_thunks thunks = {0};

	harness_init();
	use_wide(2);
	narrow.vector_bytes = 16;
	for (uint32_t type = VR_T_V128; type <= VR_T_V256; type += VR_T_V256 - VR_T_V128) {
		ir_begin();
		block_begin(CODE_PC, VR_BLOCK_ENTRY);
		uint32_t v = vr_ir_get(&H.ir, VR_T_V128, REG_W);
		vr_ir_put(&H.ir, VR_T_V128, REG_W, vr_ir_op2(&H.ir, VR_IR_VXOR, type, v, v));
		op(VR_IR_EXIT_TO, 0, 0, 0, 0, 0, CODE_PC);
		block_end(CODE_PC + 4, VR_NO_BLOCK, VR_NO_BLOCK);
		cr_assert_eq(emit_region(), 0);
		H.job.refused = 0;
		cr_assert_eq(emit_compile(&H.job, &narrow, &thunks),
			     type == VR_T_V256 ? VR_E_UNSUPPORTED : VR_OK);
		cr_assert_eq(H.job.refused, type == VR_T_V256 ? VR_IR_VXOR : 0);
	}
}
#endif
