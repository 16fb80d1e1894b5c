/* SPDX-License-Identifier: MIT */
/*
 * ir.h: the intermediate representation between lifters, the engine and emitters.
 *
 * A region is a list of basic blocks of one guest page; a block is a run of ops. Ops are fixed-size, live in
 * one array and name their operands by index, so an IR can be stored and copied. The result of op i is
 * "value i"; index 0 is a NOP and means "none". Values are local to their block: between blocks everything
 * goes through guest registers (GET/PUT), which the engine may keep in host registers for the whole region.
 *
 * Types. Integer values are I32 or I64; an I32 op reads only the low 32 bits of its integer operands and its
 * result is zero-extended to 64, so it is a valid I64 value too (no conversion ops). F32/F64 values live in
 * the low lanes of a vector register; what lies above is undefined until PUT, which zeroes it. V128 is a
 * whole vector register; an op of type V64 works on the low 64 bits and its result has zeros above. FLAGS is
 * a condition-flag value: its packed form (VR_FLAG_*) is what a FLAGS register holds in memory, but emitters
 * may keep it in the host's own flags.
 *
 * Carry: C is "no borrow" after a subtraction (as on Arm), and the packed form holds C inverted; aux of an op chooses
 * otherwise: see VR_FA_*.
 *
 * Guest addresses of code (INSN_START, targets, PC_CONST, a block's start and end) are signed 64-bit numbers of bytes
 * from the base of the 4 KiB page that the block begins in, kept modulo 2^64. So an IR depends on the offset in the page, the
 * bytes and the mode flags, and on no address: the same IR serves a page wherever it is mapped. Where the page is, and how
 * code addresses lie in linear ones (struct vr_code_space in isa.h), the engine adds.
 *
 * Faults are precise: INSN_START says where the instruction begins that follows, to the byte, and a lifter orders its ops such that no
 * PUT of an instruction comes before that instruction's last op that can fault. (A load that writes back its
 * base PUTs after the load.)
 *
 * The last op of a block, and only the last, is a terminator (class VR_IRC_TERM).
 *
 * What vr_ir_verify() (sdk/xlate/ir/ir.h) accepts, the interpreter and every emitter run, with the same result. A
 * register file is small, so at most VR_IR_LIVE values of each kind (integers with FLAGS; vectors) may be live at
 * once: made, and to be read later in the block. Constants don't count.
 *
 * The ops are in ir_ops.def. Numbers and meanings are frozen; a revision only adds ops, at the end.
 */
#ifndef VMRUN_IR_H
#define VMRUN_IR_H

#include <vmrun/abi.h>

/* Rises when ops are added. Isa, emitter and engine each say which one they speak: vr_isa.ir_revision,
 * vr_emit.ir_ops, vr_lift.ir_revision. */
#define VR_IR_REVISION 1u
#define VR_IR_OPS_REVISION_1 185u /* ops that revision 1 has: numbers 0 .. 184 */

#define VR_IR_LIVE 48u

#ifdef __cplusplus
extern "C" {
#endif

/* Value types. */
#define VR_T_NONE 0
#define VR_T_I32 1
#define VR_T_I64 2
#define VR_T_F32 3
#define VR_T_F64 4
#define VR_T_V64 5
#define VR_T_V128 6
#define VR_T_FLAGS 7
#define VR_T_V256 8
#define VR_T_COUNT 9

/* aux of PUT of a vector that is shorter than its VEC256 register: the high half stays. Without it, it becomes zero. */
#define VR_PUT_KEEP 4u

/* Conditions on FLAGS (Arm ARM C1.2.4, same numbers). */
#define VR_CC_EQ 0
#define VR_CC_NE 1
#define VR_CC_CS 2
#define VR_CC_CC 3
#define VR_CC_MI 4
#define VR_CC_PL 5
#define VR_CC_VS 6
#define VR_CC_VC 7
#define VR_CC_HI 8
#define VR_CC_LS 9
#define VR_CC_GE 10
#define VR_CC_LT 11
#define VR_CC_GT 12
#define VR_CC_LE 13
#define VR_CC_AL 14

/*
 * Packed FLAGS: what a FLAGS register holds in memory, on every host the same. Other bits are zero.
 *
 * N and Z are neighbours and above the rest, V is apart, and the carry is kept inverted, as the borrow of a subtraction. A
 * condition is then a test of one or two bits (HI, LS: borrow or Z), or of N against V.
 *
 * Why these positions: hosts that copy their flags as one byte and the overflow by itself have the packed form after a
 * subtraction by that copy and one mask, and go back by that copy; any other order would cost them two instructions more.
 * Hosts whose flags are four neighbouring bits of a register reach any order in the same way: by a table of 16 half-words, or
 * by moves of bit fields, and single bits are tested here as well as there. Both pack only where flags are live across an edge
 * or an op that may fault; a flag-setting op and its consumer in one block meet in the host's own flags.
 *
 * Carry polarity: bit 8 is !C. A guest whose own carry flag is the borrow after a subtraction (x86) has that flag in bit 8 as
 * it stands; its additions and logic make C inverted (VR_FA_NOT_C), so that the flag is in bit 8 after every op, CC and CS are
 * "set" and "clear", LS and HI "below or equal" and "above". Its additions with carry read C inverted (VR_FA_READS_NOT_C). Hosts
 * keep either polarity in their own flags between the op that makes it and the one that reads it.
 */
#define VR_FLAG_V 0x0001u
#define VR_FLAG_NOT_C 0x0100u
#define VR_FLAG_Z 0x4000u
#define VR_FLAG_N 0x8000u
/*
 * Parity and auxiliary carry are no FLAGS: almost no code reads them, and hosts other than x86 can't make them by the
 * instruction that makes the others. A guest that has them keeps what they are computed from, in guest registers of kind
 * VR_REG_CONDITION (isa.h), whose PUTs cost nothing when another PUT follows before a GET: for parity the low byte of the result
 * (op PARITY), for the auxiliary carry a ^ b ^ result, of which it is bit 4 (XOR, BFX).
 *
 * These places stay zero in FLAGS. They are where such a guest ORs the two into what F_TO (aux 1) gives: bits 15:8 are then in
 * the order of x86's LAHF, SAHF and the low byte of EFLAGS; V is apart there as well. F_FROM (aux 1) goes back and ignores them.
 */
#define VR_FLAG_PARITY 0x0400u
#define VR_FLAG_AUX 0x1000u

/*
 * aux of the ops that make FLAGS out of integers (F_ADD, F_SUB, F_ADC, F_SBC, F_LOGIC) or read a carry (F_ADC, F_SBC, ADC, SBC).
 * VR_FA_8, VR_FA_16: FLAGS of the low 8 or 16 bits of the operands, for an op of type I32; else as many bits as the type has.
 */
#define VR_FA_8 1u
#define VR_FA_16 2u
#define VR_FA_NOT_C 4u       /* the C that the op makes is inverted */
#define VR_FA_READS_NOT_C 8u /* the C that the op reads is inverted */

/* Memory ops: aux = log2(bytes) | VR_MS_SIGN; imm = low 32: signed displacement, high 32: VR_MF_*. */
#define VR_MS_SIGN 0x10u
#define VR_MF_ACQUIRE 1u /* load-acquire (RCpc is enough when VR_MF_SC is clear) */
#define VR_MF_RELEASE 2u /* store-release */
#define VR_MF_SC 4u      /* ordered with every other SC access */
#define VR_MF_ALIGN 8u   /* an address unaligned to 2^aux bytes (of a pair: to one element) faults */
#define VR_MF_UNPRIV 16u /* checked as if from user mode */
/*
 * Hint: most likely in the page where the last access of its group was. Group: VR_MF_GROUP_SHIFT,
 * VR_MF_GROUPS of them. Set by engines only, on LOAD, STORE, LOADP and STOREP without other
 * flags.
 */
#define VR_MF_SAME_PAGE 32u
/* CASIF, CAS2IF of a store-exclusive: to debug points the access is a write only */
#define VR_MF_STORE 64u
/*
 * CAS, CAS2, AMO, CASIF, CAS2IF: what is not one aligned piece of RAM.
 *
 * Without this flag an address that is not a multiple of the access's size is VR_FAULT_ALIGN, and what is no writable RAM is
 * VR_FAULT_BUS. With it, in both cases the access is one step as all vCPUs see it: the engine stops the others, so that
 * their plain accesses, too, come wholly before or wholly after. An access over two pages is checked for write in both before
 * anything is read or written. On a device it is one read and one write (in naturally aligned pieces of at most 8 bytes,
 * where it is unaligned or larger), the write also where a compare-and-swap finds another value: it writes that back. RAM is
 * then written back as well.
 *
 * The engine may leave at the op and begin its guest instruction anew, so no op before it in the instruction may have
 * an effect that can't be repeated.
 */
#define VR_MF_SPLIT 128u
#define VR_MF_GROUP_SHIFT 8
#define VR_MF_GROUPS 16u
#define VR_MEM_IMM(disp, flags) ((uint64_t)(uint32_t)(int32_t)(disp) | (uint64_t)(flags) << 32)

/* AMO kinds (op AMO: c = kind). */
#define VR_AMO_ADD 0
#define VR_AMO_ANDN 1 /* old & ~b */
#define VR_AMO_XOR 2
#define VR_AMO_OR 3
#define VR_AMO_SMAX 4
#define VR_AMO_SMIN 5
#define VR_AMO_UMAX 6
#define VR_AMO_UMIN 7
#define VR_AMO_SWAP 8

/* Rounding, for FTOI and FROUND. */
#define VR_RM_NEAREST 0
#define VR_RM_UP 1
#define VR_RM_DOWN 2
#define VR_RM_ZERO 3
#define VR_RM_AWAY 4 /* ties away from zero */
#define VR_RM_CURRENT 7

/*
 * FP attributes: bits 31:8 of imm of every op of class VR_IRC_FP. Each states a rule in which guests, or modes of a guest,
 * differ. 0: the guest's own rules, which only its vr_isa.fp_slow knows. What an attribute is about may be absent from an op;
 * so a lifter can give all of its ops the same.
 *
 * vr_isa.fp_slow gets them with imm and gives the exact result. An emitter computes by host instructions where it knows that
 * they follow the same rules, and calls fp_slow for each other op.
 */
/* Which NaN a result is, when an operand is one. It is made quiet and keeps its sign, also where the op negates. */
#define VR_FPA_NAN_MASK 0x700u
#define VR_FPA_NAN_DEFAULT 0x100u    /* the default NaN */
#define VR_FPA_NAN_FIRST 0x200u      /* the first operand that is a NaN */
#define VR_FPA_NAN_SIGNALLING 0x300u /* the first that is a signalling NaN, else the first that is a NaN */
#define VR_FPA_NAN_LARGER 0x400u     /* the one of the larger significand (x87) */
/* The sign of the default NaN, which an invalid operation gives, is set. */
#define VR_FPA_NAN_NEGATIVE 0x800u
#define VR_FPA_NAN_ADDEND 0x1000u /* of a fused product the addend is the first operand; without: a, b, c */
#define VR_FPA_FTZ 0x4000u        /* a tiny result becomes a zero of its sign; Underflow and Inexact */
#define VR_FPA_DAZ 0x8000u /* a denormal operand counts as a zero of its sign, and is no denormal operand */
/* What FMIN, FMAX, FMINNM, FMAXNM and the vector ones do with NaNs and zeros; without any: as the op's row says. */
#define VR_FPA_MINMAX_MASK 0x30000u
#define VR_FPA_MINMAX_SECOND 0x10000u /* b where either is a NaN, which is Invalid, and of two zeros (SSE) */
#define VR_FPA_MINMAX_NUMBER 0x20000u /* IEEE 754-2019 minimumNumber, maximumNumber */
/* When a result is tiny: looked at before, or after, it is rounded. */
#define VR_FPA_TINY_MASK 0xc0000u
#define VR_FPA_TINY_BEFORE 0x40000u
#define VR_FPA_TINY_AFTER 0x80000u
#define VR_FPA_DENORMAL 0x100000u /* a denormal operand raises VR_FP_DENORMAL */
#define VR_FPA_INDEFINITE \
	0x200000u /* FTOI, VFTOI: a NaN, and what does not fit, gives the top bit alone; unsigned: all ones */
/* The op may fault: where an exception is not masked, fp_slow takes it, and there is no result. Guest registers and exec.pc
 * are those of the instruction, so no PUT of the instruction comes before, as for a memory op. */
#define VR_FPA_TRAPS 0x400000u
#define VR_FPA_ALL 0x7fdf00u
/* What SSE, AVX and FMA instructions do: a and b as their operands come, of fused ones the factors as the manual writes the
 * product. */
#define VR_FPA_SSE                                                                           \
	(VR_FPA_NAN_FIRST | VR_FPA_NAN_NEGATIVE | VR_FPA_MINMAX_SECOND | VR_FPA_TINY_AFTER | \
	 VR_FPA_DENORMAL | VR_FPA_INDEFINITE)

/* IEEE flags, as FPGETFLAGS returns them. */
#define VR_FP_INVALID 1u
#define VR_FP_DIVZERO 2u
#define VR_FP_OVERFLOW 4u
#define VR_FP_UNDERFLOW 8u
#define VR_FP_INEXACT 16u
#define VR_FP_DENORMAL 32u /* only by ops with VR_FPA_DENORMAL */

/* JUMP_INDIRECT aux. */
#define VR_JUMP 0
#define VR_JUMP_CALL 1
#define VR_JUMP_RET 2

/* Op classes. */
#define VR_IRC_PURE 0   /* may be dropped when unused, or computed again */
#define VR_IRC_EFFECT 1 /* must stay, in order */
#define VR_IRC_MEM 2    /* guest memory: may fault */
#define VR_IRC_FP 3 /* touches the sticky FP flags: keep (in order with FPSETFLAGS/FPGETFLAGS/FPSETROUND) */
#define VR_IRC_TERM 4

enum vr_ir_opcode {
#define IR(name, ...) VR_IR_##name,
#include <vmrun/ir_ops.def>
	VR_IR_COUNT
};

struct vr_ir_op {
	uint16_t op;  /* VR_IR_* */
	uint8_t type; /* VR_T_*: of the result; for stores, PUT and compares: of the operands */
	uint8_t aux;
	uint32_t a, b, c; /* value indices, 0: none (or as the op says) */
	uint64_t imm;
};

/* Edges of a block: where its terminator may go, besides indirect targets. */
#define VR_EDGE_TAKEN 0
#define VR_EDGE_FALL 1
#define VR_NO_BLOCK 0xffffffffu

#define VR_BLOCK_ENTRY 1u /* can be entered from outside the region: gets an entry stub */

struct vr_ir_block {
	uint64_t start; /* bytes from the page's base to the first instruction: 0 .. 4095 */
	uint64_t end; /* one past the last, where the fall-through edge goes; signed, as every address here */
	uint32_t first; /* ops [first, first+count) */
	uint32_t count;
	uint32_t insns;   /* guest instructions */
	uint32_t flags;   /* VR_BLOCK_* */
	uint32_t succ[2]; /* block index inside the region of VR_EDGE_*, or VR_NO_BLOCK: leaves it (or no such
			     edge) */
	uint64_t dirty_in; /* engine: pinned registers (bit i: vr_emit_job.pinned[i]) that may differ from
			      memory on entry */
};

/* Growing arrays are the engine's: a lifter appends with vr_ir_add (sdk/xlate/ir/build.h), which sets
 * `overflow` when op_capacity is reached; the engine then cuts the block shorter. */
struct vr_ir {
	uint32_t size;
	uint32_t op_count; /* op 0 is a NOP */
	uint32_t op_capacity;
	uint32_t block_count;
	uint32_t block_capacity;
	uint32_t overflow;
	struct vr_ir_op *ops;
	struct vr_ir_block *blocks;
};

#ifdef __cplusplus
}
#endif

#endif
