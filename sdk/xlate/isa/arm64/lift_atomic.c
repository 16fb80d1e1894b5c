/* SPDX-License-Identifier: MIT */
/*
 * lift_atomic.c: exclusives, ordered accesses and the ARMv8.1 atomics (Arm ARM DDI 0487 C4.1.4).
 *
 * The exclusive monitor (B2.9) is three guest registers: the address, and what LDXR read there. STXR compares the
 * address and then swaps only if memory still holds that value. A value that was changed and changed back
 * in between is not noticed: STXR then succeeds, where a processor's monitor would fail it.
 *
 * All of these fault when not aligned to the whole of the access (B2.5.2), STXR also with an open monitor,
 * and LDAR..STLR are ordered among themselves (B2.3.3), hence VR_MF_SC.
 */
#include "lift.h"

static uint32_t acquire(uint32_t wanted)
{
	return VR_MF_ALIGN | (wanted ? VR_MF_ACQUIRE | VR_MF_SC : 0);
}

static uint32_t release(uint32_t wanted)
{
	return VR_MF_ALIGN | (wanted ? VR_MF_RELEASE | VR_MF_SC : 0);
}

static uint32_t size_type(uint32_t size)
{
	return size == 3 ? VR_T_I64 : VR_T_I32;
}

/* Register r as the operand of a compare of 1 << size bytes. */
static uint32_t get_sized(struct a64_lift *l, uint32_t r, uint32_t size)
{
	uint32_t v = a64_get_x(l, r, size_type(size));

	return size < 2 ? vr_ir_add(l->ir, VR_IR_ZEXT, VR_T_I32, 8u << size, v, 0, 0, 0) : v;
}

/* Two W registers as one 64-bit value, or two X registers as one of 128. */
static uint32_t get_pair(struct a64_lift *l, uint32_t low, uint32_t high, uint32_t size)
{
	uint32_t a = a64_get_x(l, low, VR_T_I64), b = a64_get_x(l, high, VR_T_I64);

	if (size)
		return vr_ir_op2(l->ir, VR_IR_VPACK, VR_T_V128, a, b);
	return vr_ir_add(l->ir, VR_IR_BFI, VR_T_I64, 0, a, b, 0, 32 | 32u << 8);
}

/* And back. */
static void put_pair(struct a64_lift *l, uint32_t low, uint32_t high, uint32_t size, uint32_t v)
{
	uint32_t a, b;

	if (size) {
		a = vr_ir_add(l->ir, VR_IR_VHALF, VR_T_I64, 0, v, 0, 0, 0);
		b = vr_ir_add(l->ir, VR_IR_VHALF, VR_T_I64, 1, v, 0, 0, 0);
	} else {
		a = vr_ir_add(l->ir, VR_IR_ZEXT, VR_T_I64, 32, v, 0, 0, 0);
		b = a64_op_imm(l, VR_IR_SHR, VR_T_I64, v, 32);
	}
	a64_put_x(l, low, a);
	a64_put_x(l, high, b);
}

/* ---- exclusives ------------------------------------------------------------------------------- */

static void monitor(struct a64_lift *l, uint32_t reg, uint32_t value)
{
	vr_ir_put(l->ir, VR_T_I64, reg, value);
}

/* LDXR, LDAXR and their sizes (C6.2.190, C6.2.119) */
int a64_lift_ldxr(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t address = a64_get_xsp(l, f->rn, VR_T_I64);
	uint32_t v = vr_ir_add(l->ir, VR_IR_LOAD, size_type(f->size), f->size, address, 0, 0,
			       VR_MEM_IMM(0, acquire(f->o0)));

	monitor(l, A64_REG_EXCL_ADDR, address);
	monitor(l, A64_REG_EXCL_VAL, v);
	a64_put_x(l, f->rt, v);
	return 1;
}

/* LDXP, LDAXP (C6.2.189, C6.2.118) */
int a64_lift_ldxp(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t address = a64_get_xsp(l, f->rn, VR_T_I64);
	uint32_t v = vr_ir_add(l->ir, VR_IR_LOAD, f->size ? VR_T_V128 : VR_T_I64, 3 + f->size, address, 0, 0,
			       VR_MEM_IMM(0, acquire(f->o0)));

	monitor(l, A64_REG_EXCL_ADDR, address);
	if (f->size) {
		monitor(l, A64_REG_EXCL_VAL, vr_ir_add(l->ir, VR_IR_VHALF, VR_T_I64, 0, v, 0, 0, 0));
		monitor(l, A64_REG_EXCL_HIGH, vr_ir_add(l->ir, VR_IR_VHALF, VR_T_I64, 1, v, 0, 0, 0));
	} else {
		monitor(l, A64_REG_EXCL_VAL, v);
	}
	put_pair(l, f->rt, f->rt2, f->size, v);
	return 1;
}

/* Is an access of 1 << log2 bytes to be made? I64, not 0: the monitor holds this address, or the address is
 * not aligned and the access faults. */
static uint32_t monitored(struct a64_lift *l, uint32_t address, uint32_t log2)
{
	uint32_t at = vr_ir_get(l->ir, VR_T_I64, A64_REG_EXCL_ADDR);
	uint32_t held = vr_ir_add(l->ir, VR_IR_CMPSET, VR_T_I64, VR_CC_EQ, address, at, 0, 0);

	if (log2 == 0)
		return held;
	return vr_ir_op2(l->ir, VR_IR_OR, VR_T_I64, held,
			 a64_op_imm(l, VR_IR_AND, VR_T_I64, address, (1ull << log2) - 1));
}

/* Of CASIF: what it reads is the monitor's, not the guest's. */
static uint64_t conditional(uint32_t condition, uint32_t flags)
{
	return condition | (uint64_t)(flags | VR_MF_STORE) << 32;
}

/* The monitor is open whatever happened, and Ws is 0 when the store was done, else 1. */
static void finish_exclusive(struct a64_lift *l, uint32_t rs, uint32_t failed)
{
	monitor(l, A64_REG_EXCL_ADDR, a64_const(l, VR_T_I64, UINT64_MAX));
	a64_put_x(l, rs, failed);
}

/* STXR, STLXR and their sizes (C6.2.346, C6.2.301) */
int a64_lift_stxr(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = size_type(f->size);
	uint32_t address = a64_get_xsp(l, f->rn, VR_T_I64);
	uint32_t condition = monitored(l, address, f->size);
	uint32_t expected = vr_ir_get(l->ir, type, A64_REG_EXCL_VAL);

	/* Needed when LDXR was of another size. */
	if (f->size < 2)
		expected = vr_ir_add(l->ir, VR_IR_ZEXT, type, 8u << f->size, expected, 0, 0, 0);
	uint32_t value = a64_get_x(l, f->rt, type);
	uint32_t old = vr_ir_add(l->ir, VR_IR_CASIF, type, f->size, address, expected, value,
				 conditional(condition, release(f->o0)));
	finish_exclusive(l, f->rs, vr_ir_add(l->ir, VR_IR_CMPSET, type, VR_CC_NE, old, expected, 0, 0));
	return 1;
}

/* STXP, STLXP (C6.2.345, C6.2.300) */
int a64_lift_stxp(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t address = a64_get_xsp(l, f->rn, VR_T_I64);
	uint32_t condition = monitored(l, address, 3 + f->size);
	uint64_t imm = conditional(condition, release(f->o0));
	uint32_t low = vr_ir_get(l->ir, VR_T_I64, A64_REG_EXCL_VAL), differ;

	if (f->size) {
		uint32_t high = vr_ir_get(l->ir, VR_T_I64, A64_REG_EXCL_HIGH);
		uint32_t expected = vr_ir_op2(l->ir, VR_IR_VPACK, VR_T_V128, low, high);
		uint32_t value = get_pair(l, f->rt, f->rt2, 1);
		uint32_t old = vr_ir_add(l->ir, VR_IR_CAS2IF, VR_T_V128, 4, address, expected, value, imm);
		uint32_t old_low = vr_ir_add(l->ir, VR_IR_VHALF, VR_T_I64, 0, old, 0, 0, 0);
		uint32_t old_high = vr_ir_add(l->ir, VR_IR_VHALF, VR_T_I64, 1, old, 0, 0, 0);
		old_low = vr_ir_op2(l->ir, VR_IR_XOR, VR_T_I64, old_low, low);
		old_high = vr_ir_op2(l->ir, VR_IR_XOR, VR_T_I64, old_high, high);
		differ = vr_ir_op2(l->ir, VR_IR_OR, VR_T_I64, old_low, old_high);
		low = a64_const(l, VR_T_I64, 0);
	} else {
		uint32_t value = get_pair(l, f->rt, f->rt2, 0);
		differ = vr_ir_add(l->ir, VR_IR_CASIF, VR_T_I64, 3, address, low, value, imm);
	}
	finish_exclusive(l, f->rs, vr_ir_add(l->ir, VR_IR_CMPSET, VR_T_I64, VR_CC_NE, differ, low, 0, 0));
	return 1;
}

/* CLREX (C6.2.55) */
int a64_lift_clrex(struct a64_lift *l, const struct a64_fields *f)
{
	(void)f;
	monitor(l, A64_REG_EXCL_ADDR, a64_const(l, VR_T_I64, UINT64_MAX));
	return 1;
}

/* ---- ordered ---------------------------------------------------------------------------------- */

/* LDAR, LDARB, LDARH (C6.2.115) */
int a64_lift_ldar(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t address = a64_get_xsp(l, f->rn, VR_T_I64);

	a64_put_x(l, f->rt,
		  vr_ir_add(l->ir, VR_IR_LOAD, size_type(f->size), f->size, address, 0, 0,
			    VR_MEM_IMM(0, acquire(1))));
	return 1;
}

/* STLR, STLRB, STLRH (C6.2.294) */
int a64_lift_stlr(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t type = size_type(f->size);
	uint32_t address = a64_get_xsp(l, f->rn, VR_T_I64), value = a64_get_x(l, f->rt, type);

	vr_ir_add(l->ir, VR_IR_STORE, type, f->size, address, value, 0, VR_MEM_IMM(0, release(1)));
	return 1;
}

/* ---- ARMv8.1-LSE ------------------------------------------------------------------------------ */

/* CAS, CASA, CASL, CASAL and their sizes (C6.2.44) */
int a64_lift_cas(struct a64_lift *l, const struct a64_fields *f)
{
	uint32_t address = a64_get_xsp(l, f->rn, VR_T_I64);
	uint32_t expected = get_sized(l, f->rs, f->size), value = a64_get_x(l, f->rt, size_type(f->size));

	a64_put_x(l, f->rs,
		  vr_ir_add(l->ir, VR_IR_CAS, size_type(f->size), f->size, address, expected, value,
			    VR_MEM_IMM(0, acquire(f->l) | release(f->o0))));
	return 1;
}

/* CASP, CASPA, CASPL, CASPAL (C6.2.45): both pairs begin with an even register. */
int a64_lift_casp(struct a64_lift *l, const struct a64_fields *f)
{
	if ((f->rs | f->rt) & 1)
		return 0;
	uint32_t address = a64_get_xsp(l, f->rn, VR_T_I64);
	uint32_t expected = get_pair(l, f->rs, f->rs + 1, f->size);
	uint32_t value = get_pair(l, f->rt, f->rt + 1, f->size);
	uint32_t old = vr_ir_add(l->ir, f->size ? VR_IR_CAS2 : VR_IR_CAS, f->size ? VR_T_V128 : VR_T_I64,
				 3 + f->size, address, expected, value,
				 VR_MEM_IMM(0, acquire(f->l) | release(f->o0)));
	put_pair(l, f->rs, f->rs + 1, f->size, old);
	return 1;
}

static int atomic(struct a64_lift *l, const struct a64_fields *f, uint32_t kind)
{
	uint32_t type = size_type(f->size);
	uint32_t address = a64_get_xsp(l, f->rn, VR_T_I64), operand = a64_get_x(l, f->rs, type);

	a64_put_x(l, f->rt,
		  vr_ir_add(l->ir, VR_IR_AMO, type, f->size, address, operand, kind,
			    VR_MEM_IMM(0, acquire(f->a) | release(f->r))));
	return 1;
}

/* LDADD, LDCLR, LDEOR, LDSET, LDSMAX, LDSMIN, LDUMAX, LDUMIN, and ST... where rt is 31 (C6.2.106 and others)
 */
int a64_lift_ldop(struct a64_lift *l, const struct a64_fields *f)
{
	static const uint8_t kind[] = {VR_AMO_ADD,  VR_AMO_ANDN, VR_AMO_XOR,  VR_AMO_OR,
				       VR_AMO_SMAX, VR_AMO_SMIN, VR_AMO_UMAX, VR_AMO_UMIN};

	return atomic(l, f, kind[f->opc]);
}

/* SWP (C6.2.323) */
int a64_lift_swp(struct a64_lift *l, const struct a64_fields *f)
{
	return atomic(l, f, VR_AMO_SWAP);
}
