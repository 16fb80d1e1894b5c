/* SPDX-License-Identifier: MIT */
/*
 * asm.h: bytes of x86-64 instructions (Intel SDM vol. 2, chapter 2: instruction format, REX, VEX).
 *
 * Registers are numbered as the core does, 0..15 (general) and 32..47 (xmm); only the low four bits reach the encoding. An instruction is an integer that holds
 * its opcode, map, mandatory prefix and (VEX) W bit; the tables below are the only place that knows them.
 */
#ifndef VR_XLATE_EMIT_X86_ASM_H
#define VR_XLATE_EMIT_X86_ASM_H

#include <xlate/emit/common/target.h>

enum x86_register {
	RAX,
	RCX,
	RDX,
	RBX,
	RSP,
	RBP,
	RSI,
	RDI,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	XMM0 = EMIT_VECTOR,
};
#define XMM(n) (XMM0 + (n))

/* Condition codes, as in Jcc. */
enum x86_condition {
	CC_O,
	CC_NO,
	CC_B,
	CC_AE,
	CC_E,
	CC_NE,
	CC_BE,
	CC_A,
	CC_S,
	CC_NS,
	CC_P,
	CC_NP,
	CC_L,
	CC_GE,
	CC_LE,
	CC_G,
};

/* Arithmetic group: the number is the /digit of 81 and the row of the one-byte map. */
enum x86_alu {
	ALU_ADD,
	ALU_OR,
	ALU_ADC,
	ALU_SBB,
	ALU_AND,
	ALU_SUB,
	ALU_XOR,
	ALU_CMP,
};

/* Shift group: /digit of C1. */
enum x86_shift {
	SH_ROL,
	SH_ROR,
	SH_SHL = 4,
	SH_SHR = 5,
	SH_SAR = 7,
};

/* Legacy: name, prefix, map (0 one byte, 1 0F, 2 0F38), byte operands, opcode. */
#define X86_LEGACY(X)                    \
	X(MOV_LOAD, 0, 0, 0, 0x8b)       \
	X(MOV_STORE, 0, 0, 0, 0x89)      \
	X(MOV_STORE8, 0, 0, 1, 0x88)     \
	X(MOV_STORE16, 0x66, 0, 0, 0x89) \
	X(MOVZX8, 0, 1, 1, 0xb6)         \
	X(MOVZX16, 0, 1, 0, 0xb7)        \
	X(MOVSX8, 0, 1, 1, 0xbe)         \
	X(MOVSX16, 0, 1, 0, 0xbf)        \
	X(MOVSXD, 0, 0, 0, 0x63)         \
	X(LEA, 0, 0, 0, 0x8d)            \
	X(TEST, 0, 0, 0, 0x85)           \
	X(XCHG, 0, 0, 0, 0x87)           \
	X(XCHG8, 0, 0, 1, 0x86)          \
	X(XCHG16, 0x66, 0, 0, 0x87)      \
	X(IMUL, 0, 1, 0, 0xaf)           \
	X(LZCNT, 0xf3, 1, 0, 0xbd)       \
	X(TZCNT, 0xf3, 1, 0, 0xbc)       \
	X(POPCNT, 0xf3, 1, 0, 0xb8)      \
	X(SHRD_I, 0, 1, 0, 0xac)         \
	X(CRC32B, 0xf2, 2, 1, 0xf0)      \
	X(CRC32W, 0x66, 2, 2, 0xf1)      \
	X(CRC32, 0xf2, 2, 0, 0xf1)       \
	X(XADD, 0, 1, 0, 0xc1)           \
	X(XADD8, 0, 1, 1, 0xc0)          \
	X(XADD16, 0x66, 1, 0, 0xc1)      \
	X(CMPXCHG, 0, 1, 0, 0xb1)        \
	X(CMPXCHG8, 0, 1, 1, 0xb0)       \
	X(CMPXCHG16, 0x66, 1, 0, 0xb1)   \
	X(CMPXCHG16B, 0, 1, 0, 0xc7)     \
	X(SHA256RNDS2, 0, 2, 0, 0xcb)    \
	X(SHA256MSG1, 0, 2, 0, 0xcc)     \
	X(SHA256MSG2, 0, 2, 0, 0xcd)

/* VEX.128, or VEX.256 with V_256: name, pp (0 none, 1 66, 2 F3, 3 F2), map (1 0F, 2 0F38, 3 0F3A), W, opcode. */
#define X86_VEX(X)                     \
	X(ANDN, 0, 2, 0, 0xf2)         \
	X(SHLX, 1, 2, 0, 0xf7)         \
	X(SARX, 2, 2, 0, 0xf7)         \
	X(SHRX, 3, 2, 0, 0xf7)         \
	X(MULX, 3, 2, 0, 0xf6)         \
	X(RORX, 3, 3, 0, 0xf0)         \
	X(PDEP, 3, 2, 0, 0xf5)         \
	X(PEXT, 2, 2, 0, 0xf5)         \
	X(VMOVAPS, 0, 1, 0, 0x28)      \
	X(VMOVUPS, 0, 1, 0, 0x10)      \
	X(VMOVUPS_ST, 0, 1, 0, 0x11)   \
	X(VMOVSS, 2, 1, 0, 0x10)       \
	X(VMOVSS_ST, 2, 1, 0, 0x11)    \
	X(VMOVSD, 3, 1, 0, 0x10)       \
	X(VMOVSD_ST, 3, 1, 0, 0x11)    \
	X(VMOVQ, 2, 1, 0, 0x7e)        \
	X(VMOVD_FROM, 1, 1, 0, 0x6e)   \
	X(VMOVD_TO, 1, 1, 0, 0x7e)     \
	X(VMOVDDUP, 3, 1, 0, 0x12)     \
	X(VMOVHLPS, 0, 1, 0, 0x12)     \
	X(VUNPCKHPD, 1, 1, 0, 0x15)    \
	X(VINSERTPS, 1, 3, 0, 0x21)    \
	X(VPEXTRB, 1, 3, 0, 0x14)      \
	X(VPEXTRW, 1, 3, 0, 0x15)      \
	X(VPEXTRD, 1, 3, 0, 0x16)      \
	X(VPEXTRQ, 1, 3, 1, 0x16)      \
	X(VPINSRB, 1, 3, 0, 0x20)      \
	X(VPINSRW, 1, 1, 0, 0xc4)      \
	X(VPINSRD, 1, 3, 0, 0x22)      \
	X(VPINSRQ, 1, 3, 1, 0x22)      \
	X(VUCOMISS, 0, 1, 0, 0x2e)     \
	X(VUCOMISD, 1, 1, 0, 0x2e)     \
	X(VCOMISS, 0, 1, 0, 0x2f)      \
	X(VCOMISD, 1, 1, 0, 0x2f)      \
	X(VCVTSS2SD, 2, 1, 0, 0x5a)    \
	X(VCVTSD2SS, 3, 1, 0, 0x5a)    \
	X(VCVTSI2SS, 2, 1, 0, 0x2a)    \
	X(VCVTSI2SD, 3, 1, 0, 0x2a)    \
	X(VCVTTSS2SI, 2, 1, 0, 0x2c)   \
	X(VCVTTSD2SI, 3, 1, 0, 0x2c)   \
	X(VCVTSS2SI, 2, 1, 0, 0x2d)    \
	X(VCVTSD2SI, 3, 1, 0, 0x2d)    \
	X(VROUNDSS, 1, 3, 0, 0x0a)     \
	X(VROUNDSD, 1, 3, 0, 0x0b)     \
	X(VROUNDPS, 1, 3, 0, 0x08)     \
	X(VROUNDPD, 1, 3, 0, 0x09)     \
	X(VCVTDQ2PS, 0, 1, 0, 0x5b)    \
	X(VCVTTPS2DQ, 2, 1, 0, 0x5b)   \
	X(VCVTPS2DQ, 1, 1, 0, 0x5b)    \
	X(VCMPPS, 0, 1, 0, 0xc2)       \
	X(VCMPPD, 1, 1, 0, 0xc2)       \
	X(VANDPS, 0, 1, 0, 0x54)       \
	X(VANDNPS, 0, 1, 0, 0x55)      \
	X(VORPS, 0, 1, 0, 0x56)        \
	X(VXORPS, 0, 1, 0, 0x57)       \
	X(VADDSS, 2, 1, 0, 0x58)       \
	X(VMULSS, 2, 1, 0, 0x59)       \
	X(VSUBSS, 2, 1, 0, 0x5c)       \
	X(VMINSS, 2, 1, 0, 0x5d)       \
	X(VDIVSS, 2, 1, 0, 0x5e)       \
	X(VMAXSS, 2, 1, 0, 0x5f)       \
	X(VSQRTSS, 2, 1, 0, 0x51)      \
	X(VADDSD, 3, 1, 0, 0x58)       \
	X(VMULSD, 3, 1, 0, 0x59)       \
	X(VSUBSD, 3, 1, 0, 0x5c)       \
	X(VMINSD, 3, 1, 0, 0x5d)       \
	X(VDIVSD, 3, 1, 0, 0x5e)       \
	X(VMAXSD, 3, 1, 0, 0x5f)       \
	X(VSQRTSD, 3, 1, 0, 0x51)      \
	X(VADDPS, 0, 1, 0, 0x58)       \
	X(VMULPS, 0, 1, 0, 0x59)       \
	X(VSUBPS, 0, 1, 0, 0x5c)       \
	X(VMINPS, 0, 1, 0, 0x5d)       \
	X(VDIVPS, 0, 1, 0, 0x5e)       \
	X(VMAXPS, 0, 1, 0, 0x5f)       \
	X(VSQRTPS, 0, 1, 0, 0x51)      \
	X(VADDPD, 1, 1, 0, 0x58)       \
	X(VMULPD, 1, 1, 0, 0x59)       \
	X(VSUBPD, 1, 1, 0, 0x5c)       \
	X(VMINPD, 1, 1, 0, 0x5d)       \
	X(VDIVPD, 1, 1, 0, 0x5e)       \
	X(VMAXPD, 1, 1, 0, 0x5f)       \
	X(VSQRTPD, 1, 1, 0, 0x51)      \
	X(VFMADD231PS, 1, 2, 0, 0xb8)  \
	X(VFMADD231PD, 1, 2, 1, 0xb8)  \
	X(VFMADD231SS, 1, 2, 0, 0xb9)  \
	X(VFMADD231SD, 1, 2, 1, 0xb9)  \
	X(VFMSUB231SS, 1, 2, 0, 0xbb)  \
	X(VFMSUB231SD, 1, 2, 1, 0xbb)  \
	X(VFNMADD231PS, 1, 2, 0, 0xbc) \
	X(VFNMADD231PD, 1, 2, 1, 0xbc) \
	X(VFNMADD231SS, 1, 2, 0, 0xbd) \
	X(VFNMADD231SD, 1, 2, 1, 0xbd) \
	X(VFNMSUB231SS, 1, 2, 0, 0xbf) \
	X(VFNMSUB231SD, 1, 2, 1, 0xbf) \
	X(VPTEST, 1, 2, 0, 0x17)       \
	X(VPAND, 1, 1, 0, 0xdb)        \
	X(VPANDN, 1, 1, 0, 0xdf)       \
	X(VPOR, 1, 1, 0, 0xeb)         \
	X(VPXOR, 1, 1, 0, 0xef)        \
	X(VPADDB, 1, 1, 0, 0xfc)       \
	X(VPADDW, 1, 1, 0, 0xfd)       \
	X(VPADDD, 1, 1, 0, 0xfe)       \
	X(VPADDQ, 1, 1, 0, 0xd4)       \
	X(VPSUBB, 1, 1, 0, 0xf8)       \
	X(VPSUBW, 1, 1, 0, 0xf9)       \
	X(VPSUBD, 1, 1, 0, 0xfa)       \
	X(VPSUBQ, 1, 1, 0, 0xfb)       \
	X(VPADDSB, 1, 1, 0, 0xec)      \
	X(VPADDSW, 1, 1, 0, 0xed)      \
	X(VPADDUSB, 1, 1, 0, 0xdc)     \
	X(VPABSB, 1, 2, 0, 0x1c)       \
	X(VPABSW, 1, 2, 0, 0x1d)       \
	X(VPABSD, 1, 2, 0, 0x1e)       \
	X(VPMULLW, 1, 1, 0, 0xd5)      \
	X(VPMULLD, 1, 2, 0, 0x40)      \
	X(VPMULUDQ, 1, 1, 0, 0xf4)     \
	X(VPMULDQ, 1, 2, 0, 0x28)      \
	X(VPMAXSB, 1, 2, 0, 0x3c)      \
	X(VPMAXSW, 1, 1, 0, 0xee)      \
	X(VPMAXSD, 1, 2, 0, 0x3d)      \
	X(VPMINSB, 1, 2, 0, 0x38)      \
	X(VPMINSW, 1, 1, 0, 0xea)      \
	X(VPMINSD, 1, 2, 0, 0x39)      \
	X(VPMAXUB, 1, 1, 0, 0xde)      \
	X(VPMAXUW, 1, 2, 0, 0x3e)      \
	X(VPMAXUD, 1, 2, 0, 0x3f)      \
	X(VPMINUB, 1, 1, 0, 0xda)      \
	X(VPMINUW, 1, 2, 0, 0x3a)      \
	X(VPMINUD, 1, 2, 0, 0x3b)      \
	X(VPCMPEQB, 1, 1, 0, 0x74)     \
	X(VPCMPEQW, 1, 1, 0, 0x75)     \
	X(VPCMPEQD, 1, 1, 0, 0x76)     \
	X(VPCMPEQQ, 1, 2, 0, 0x29)     \
	X(VPCMPGTB, 1, 1, 0, 0x64)     \
	X(VPCMPGTW, 1, 1, 0, 0x65)     \
	X(VPCMPGTD, 1, 1, 0, 0x66)     \
	X(VPCMPGTQ, 1, 2, 0, 0x37)     \
	X(VPSHIFT_W, 1, 1, 0, 0x71)    \
	X(VPSHIFT_D, 1, 1, 0, 0x72)    \
	X(VPSHIFT_Q, 1, 1, 0, 0x73)    \
	X(VPSHUFB, 1, 2, 0, 0x00)      \
	X(VPSHUFD, 1, 1, 0, 0x70)      \
	X(VPSHUFLW, 3, 1, 0, 0x70)     \
	X(VSHUFPS, 0, 1, 0, 0xc6)      \
	X(VPALIGNR, 1, 3, 0, 0x0f)     \
	X(VPBLENDW, 1, 3, 0, 0x0e)     \
	X(VPUNPCKLBW, 1, 1, 0, 0x60)   \
	X(VPUNPCKLWD, 1, 1, 0, 0x61)   \
	X(VPUNPCKLDQ, 1, 1, 0, 0x62)   \
	X(VPUNPCKLQDQ, 1, 1, 0, 0x6c)  \
	X(VPUNPCKHBW, 1, 1, 0, 0x68)   \
	X(VPUNPCKHWD, 1, 1, 0, 0x69)   \
	X(VPUNPCKHDQ, 1, 1, 0, 0x6a)   \
	X(VPUNPCKHQDQ, 1, 1, 0, 0x6d)  \
	X(VPACKUSWB, 1, 1, 0, 0x67)    \
	X(VPACKUSDW, 1, 2, 0, 0x2b)    \
	X(VPHADDW, 1, 2, 0, 0x01)      \
	X(VPHADDD, 1, 2, 0, 0x02)      \
	X(VPMOVSXBW, 1, 2, 0, 0x20)    \
	X(VPMOVSXWD, 1, 2, 0, 0x23)    \
	X(VPMOVSXDQ, 1, 2, 0, 0x25)    \
	X(VPMOVZXBW, 1, 2, 0, 0x30)    \
	X(VPMOVZXWD, 1, 2, 0, 0x33)    \
	X(VPMOVZXDQ, 1, 2, 0, 0x35)    \
	X(VEXTRACTI128, 1, 3, 0, 0x39) \
	X(VINSERTI128, 1, 3, 0, 0x38)  \
	X(VPBLENDD, 1, 3, 0, 0x02)     \
	X(VPBROADCASTB, 1, 2, 0, 0x78) \
	X(VPBROADCASTW, 1, 2, 0, 0x79) \
	X(VPBROADCASTD, 1, 2, 0, 0x58) \
	X(VPBROADCASTQ, 1, 2, 0, 0x59) \
	X(VPCLMULQDQ, 1, 3, 0, 0x44)   \
	X(VAESENC, 1, 2, 0, 0xdc)      \
	X(VAESENCLAST, 1, 2, 0, 0xdd)  \
	X(VAESDEC, 1, 2, 0, 0xde)      \
	X(VAESDECLAST, 1, 2, 0, 0xdf)  \
	X(VAESIMC, 1, 2, 0, 0xdb)

enum x86_legacy_op {
#define X(name, prefix, map, byte, opcode) X_##name = (opcode) | (map) << 8 | (byte) << 12 | (prefix) << 16,
	X86_LEGACY(X)
#undef X
};

enum x86_vex_op {
#define X(name, pp, map, w, opcode) I_##name = (opcode) | (map) << 8 | (pp) << 12 | (w) << 15,
	X86_VEX(X)
#undef X
};

#define V_256 (1u << 14) /* or'ed to a VEX op: on 256 bits */

/* Kinds of relocations: what the field holds. */
enum x86_relocation {
	RELOC_NONE,  /* not noted: relocate.c finds it */
	RELOC_NEAR,  /* rel32 of something outside the region */
	RELOC_ENTRY, /* rel32 of another region's entry, for the address that the last RELOC_PC_* before has */
	RELOC_PC_64,   /* an address in the page, or one counted from there: 8 bytes */
	RELOC_PC_HIGH, /* 4 bytes, sign-extended */
	RELOC_PC_LOW,  /* 4 bytes, zero-extended */
	RELOC_PC_CUT,  /* 4 bytes: the low ones of the address */
};

#define MEM_NONE 0xffu
#define MEM_ABS 0xfeu
struct mem {
	uint8_t base, index;
	uint8_t scale; /* MEM_ABS: RELOC_* */
	uint8_t tail;  /* MEM_ABS: bytes of immediate that follow */
	int32_t disp;
	uint64_t address;
};

static inline struct mem mem_base(uint32_t base, int32_t disp)
{
	return (struct mem){(uint8_t)base, MEM_NONE, 0, 0, disp, 0};
}

static inline struct mem mem_index(uint32_t base, uint32_t index, uint32_t scale, int32_t disp)
{
	return (struct mem){(uint8_t)base, (uint8_t)index, (uint8_t)scale, 0, disp, 0};
}

/* Something at a fixed address near the code. */
static inline struct mem mem_abs(uint64_t address)
{
	return (struct mem){MEM_ABS, MEM_NONE, RELOC_NEAR, 0, 0, address};
}

/* The entry of another region: near, too. */
static inline struct mem mem_entry(uint64_t address)
{
	return (struct mem){MEM_ABS, MEM_NONE, RELOC_ENTRY, 0, 0, address};
}

/* A 32-bit displacement, from behind it and `tail` more bytes, to an address in the code cache. */
static inline void put_near(struct emit_code *c, uint64_t address, uint32_t tail, uint32_t kind)
{
	put32(c, (uint32_t)(address - (c->execute + code_at(c) + 4 + tail)));
	if (kind != RELOC_NONE && !emit_is_inside(c, address))
		emit_relocation(c, kind, 4);
}

/* SDM vol. 2, 2.1.5 and 2.2.1.6: ModRM, SIB and displacement. */
static inline void put_modrm(struct emit_code *c, uint32_t reg, struct mem m)
{
	uint32_t r = (reg & 7) << 3;
	if (m.base == MEM_ABS) {
		put8(c, 0x05 | r);
		put_near(c, m.address, m.tail, m.scale);
		return;
	}
	uint32_t b = m.base & 7u;
	uint32_t mod = m.disp == 0 && b != 5 ? 0 : m.disp == (int8_t)m.disp ? 0x40 : 0x80;
	if (m.base == MEM_NONE) { /* index only */
		put8(c, 0x04 | r);
		put8(c, 0x05u | (m.index & 7u) << 3 | (uint32_t)m.scale << 6);
		put32(c, (uint32_t)m.disp);
		return;
	}
	if (m.index != MEM_NONE) {
		put8(c, mod | r | 4);
		put8(c, b | (m.index & 7u) << 3 | (uint32_t)m.scale << 6);
	} else if (b == 4) {
		put8(c, mod | r | 4);
		put8(c, 0x24);
	} else {
		put8(c, mod | r | b);
	}
	if (mod == 0x40)
		put8(c, (uint8_t)m.disp);
	else if (mod == 0x80)
		put32(c, (uint32_t)m.disp);
}

static inline void put_opcode(struct emit_code *c, uint32_t op, uint32_t rex)
{
	if (op >> 16)
		put8(c, op >> 16);
	if ((op >> 12 & 3) == 2) /* 66 F2 0F38: CRC32 of 16 bits */
		put8(c, 0xf2);
	if ((op >> 12 & 3) == 1)
		rex |= 0x40;
	if (rex)
		put8(c, 0x40 | rex);
	uint32_t map = op >> 8 & 3;
	if (map)
		put8(c, 0x0f);
	if (map == 2)
		put8(c, 0x38);
	put8(c, op);
}

/* Legacy, register forms: reg and r/m fields. */
static inline void x_rr(struct emit_code *c, uint32_t op, uint32_t w, uint32_t reg, uint32_t rm)
{
	put_opcode(c, op, w << 3 | (reg >> 3 & 1) << 2 | (rm >> 3 & 1));
	put8(c, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

static inline uint32_t rex_mem(struct mem m)
{
	return (m.index != MEM_NONE ? (uint32_t)(m.index >> 3 & 1) << 1 : 0u) |
	       (m.base < MEM_ABS ? m.base >> 3 & 1u : 0u);
}

static inline void x_rm(struct emit_code *c, uint32_t op, uint32_t w, uint32_t reg, struct mem m)
{
	put_opcode(c, op, w << 3 | (reg >> 3 & 1) << 2 | rex_mem(m));
	put_modrm(c, reg, m);
}

static inline void put_vex(struct emit_code *c, uint32_t op, uint32_t w, uint32_t r, uint32_t x, uint32_t b,
			   uint32_t v)
{
	uint32_t map = op >> 8 & 3, pp = (op >> 12 & 3) | (op >> 14 & 1) << 2; /* with L */
	w |= op >> 15 & 1;
	if (map == 1 && !w && !x && !b) {
		put8(c, 0xc5);
		put8(c, (r ^ 1) << 7 | (~v & 15) << 3 | pp);
	} else {
		put8(c, 0xc4);
		put8(c, (r ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | map);
		put8(c, w << 7 | (~v & 15) << 3 | pp);
	}
	put8(c, op);
}

/* VEX: reg, vvvv (0 when the instruction has none), r/m. */
static inline void v_wrrr(struct emit_code *c, uint32_t op, uint32_t w, uint32_t reg, uint32_t v, uint32_t rm)
{
	put_vex(c, op, w, reg >> 3 & 1, 0, rm >> 3 & 1, v);
	put8(c, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

static inline void v_rrr(struct emit_code *c, uint32_t op, uint32_t reg, uint32_t v, uint32_t rm)
{
	v_wrrr(c, op, 0, reg, v, rm);
}

static inline void v_rr(struct emit_code *c, uint32_t op, uint32_t reg, uint32_t rm)
{
	v_wrrr(c, op, 0, reg, 0, rm);
}

static inline void v_rrri(struct emit_code *c, uint32_t op, uint32_t reg, uint32_t v, uint32_t rm,
			  uint32_t imm)
{
	v_wrrr(c, op, 0, reg, v, rm);
	put8(c, imm);
}

static inline void v_rrm(struct emit_code *c, uint32_t op, uint32_t reg, uint32_t v, struct mem m)
{
	uint32_t rex = rex_mem(m);
	put_vex(c, op, 0, reg >> 3 & 1, rex >> 1, rex & 1, v);
	put_modrm(c, reg, m);
}

static inline void v_rm(struct emit_code *c, uint32_t op, uint32_t reg, struct mem m)
{
	v_rrm(c, op, reg, 0, m);
}

/* Vector shift by an immediate: /2 right, /4 arithmetic right, /6 left, /3 and /7 whole bytes. */
static inline void v_shift(struct emit_code *c, uint32_t op, uint32_t digit, uint32_t d, uint32_t s,
			   uint32_t imm)
{
	put_vex(c, op, 0, 0, 0, s >> 3 & 1, d);
	put8(c, 0xc0 | digit << 3 | (s & 7));
	put8(c, imm);
}

/* ---- common instructions ---- */

static inline void mov_rr(struct emit_code *c, uint32_t w, uint32_t d, uint32_t s)
{
	x_rr(c, X_MOV_LOAD, w, d, s);
}

static inline void mov_load(struct emit_code *c, uint32_t w, uint32_t d, struct mem m)
{
	x_rm(c, X_MOV_LOAD, w, d, m);
}

static inline void mov_store(struct emit_code *c, uint32_t w, struct mem m, uint32_t s)
{
	x_rm(c, X_MOV_STORE, w, s, m);
}

/* mov dword/qword [m], sign-extended imm32 */
static inline void mov_store_imm(struct emit_code *c, uint32_t w, struct mem m, uint32_t imm)
{
	m.tail = 4;
	x_rm(c, 0xc7, w, 0, m);
	put32(c, imm);
}

/* Leaves EFLAGS alone. */
static inline void mov_imm(struct emit_code *c, uint32_t d, uint64_t imm)
{
	if (imm == (uint32_t)imm) {
		if (d >> 3 & 1)
			put8(c, 0x41);
		put8(c, 0xb8 | (d & 7));
		put32(c, (uint32_t)imm);
	} else if (imm == (uint64_t)(int32_t)imm) {
		x_rr(c, 0xc7, 1, 0, d);
		put32(c, (uint32_t)imm);
	} else {
		put8(c, 0x48 | (d >> 3 & 1));
		put8(c, 0xb8 | (d & 7));
		put64(c, imm);
	}
}

/* mov_imm() of a guest's code address, or (cut) the low half of one: it is another one when the region is relocated. */
static inline void mov_pc(struct emit_code *c, uint32_t d, uint64_t pc, bool cut)
{
	bool low = pc == (uint32_t)pc, high = !low && pc == (uint64_t)(int64_t)(int32_t)pc;
	mov_imm(c, d, pc);
	if (low)
		emit_relocation(c, cut ? RELOC_PC_CUT : RELOC_PC_LOW, 4);
	else
		emit_relocation(c, high ? RELOC_PC_HIGH : RELOC_PC_64, high ? 4 : 8);
}

static inline void alu_rr(struct emit_code *c, uint32_t alu, uint32_t w, uint32_t d, uint32_t s)
{
	x_rr(c, alu << 3 | 3, w, d, s);
}

static inline void alu_rm(struct emit_code *c, uint32_t alu, uint32_t w, uint32_t d, struct mem m)
{
	x_rm(c, alu << 3 | 3, w, d, m);
}

static inline void alu_ri(struct emit_code *c, uint32_t alu, uint32_t w, uint32_t d, int32_t imm)
{
	if (imm == (int8_t)imm) {
		x_rr(c, 0x83, w, alu, d);
		put8(c, (uint8_t)imm);
	} else {
		x_rr(c, 0x81, w, alu, d);
		put32(c, (uint32_t)imm);
	}
}

static inline void alu_mi(struct emit_code *c, uint32_t alu, uint32_t w, struct mem m, int32_t imm)
{
	if (imm == (int8_t)imm) {
		x_rm(c, 0x83, w, alu, m);
		put8(c, (uint8_t)imm);
	} else {
		x_rm(c, 0x81, w, alu, m);
		put32(c, (uint32_t)imm);
	}
}

static inline void test_rr(struct emit_code *c, uint32_t w, uint32_t a, uint32_t b)
{
	x_rr(c, X_TEST, w, a, b);
}

static inline void test_ri(struct emit_code *c, uint32_t w, uint32_t a, uint32_t imm)
{
	x_rr(c, 0xf7, w, 0, a);
	put32(c, imm);
}

static inline void test_mi(struct emit_code *c, struct mem m, uint32_t imm)
{
	x_rm(c, 0xf7, 0, 0, m);
	put32(c, imm);
}

/* The same on the low 8 or 16 bits, or on 32 or 64. An immediate is sign-extended from as many bits. */
static inline uint32_t x86_sized(uint32_t opcode, uint32_t bits)
{
	return bits == 8 ? (opcode & ~1u) | 1u << 12 : bits == 16 ? opcode | 0x66u << 16 : opcode;
}

static inline void alu_rr_bits(struct emit_code *c, uint32_t alu, uint32_t bits, uint32_t d, uint32_t s)
{
	x_rr(c, x86_sized(alu << 3 | 3, bits), bits == 64, d, s);
}

static inline void alu_ri_bits(struct emit_code *c, uint32_t alu, uint32_t bits, uint32_t d, int32_t imm)
{
	if (bits == 8) {
		x_rr(c, x86_sized(0x81, 8), 0, alu, d);
		put8(c, (uint8_t)imm);
	} else if (bits == 16 && imm != (int8_t)imm) {
		x_rr(c, x86_sized(0x81, 16), 0, alu, d);
		put16(c, (uint16_t)imm);
	} else if (bits == 16) {
		x_rr(c, x86_sized(0x83, 16), 0, alu, d);
		put8(c, (uint8_t)imm);
	} else {
		alu_ri(c, alu, bits == 64, d, imm);
	}
}

static inline void test_rr_bits(struct emit_code *c, uint32_t bits, uint32_t a, uint32_t b)
{
	x_rr(c, x86_sized(X_TEST, bits), bits == 64, a, b);
}

static inline void test_ri_bits(struct emit_code *c, uint32_t bits, uint32_t a, uint32_t imm)
{
	x_rr(c, x86_sized(0xf7, bits), bits == 64, 0, a);
	if (bits == 8)
		put8(c, (uint8_t)imm);
	else if (bits == 16)
		put16(c, (uint16_t)imm);
	else
		put32(c, imm);
}

/* inc (dec false) or dec: CF stays. */
static inline void step_r(struct emit_code *c, bool dec, uint32_t bits, uint32_t d)
{
	x_rr(c, x86_sized(0xff, bits), bits == 64, dec, d);
}

static inline void shift_ri(struct emit_code *c, uint32_t sh, uint32_t w, uint32_t d, uint32_t n)
{
	if (!n)
		return;
	x_rr(c, 0xc1, w, sh, d);
	put8(c, n);
}

static inline void rorx(struct emit_code *c, uint32_t w, uint32_t d, uint32_t s, uint32_t n)
{
	v_wrrr(c, I_RORX, w, d, 0, s);
	put8(c, n);
}

static inline void lea(struct emit_code *c, uint32_t w, uint32_t d, struct mem m)
{
	x_rm(c, X_LEA, w, d, m);
}

static inline void not_r(struct emit_code *c, uint32_t w, uint32_t d)
{
	x_rr(c, 0xf7, w, 2, d);
}

static inline void neg_r(struct emit_code *c, uint32_t w, uint32_t d)
{
	x_rr(c, 0xf7, w, 3, d);
}

static inline void setcc(struct emit_code *c, uint32_t cc, uint32_t d)
{
	x_rr(c, 0x1190 | cc, 0, 0, d);
}

static inline void cmov(struct emit_code *c, uint32_t cc, uint32_t w, uint32_t d, uint32_t s)
{
	x_rr(c, 0x140 | cc, w, d, s);
}

static inline void bswap(struct emit_code *c, uint32_t w, uint32_t d)
{
	uint32_t rex = w << 3 | (d >> 3 & 1);
	if (rex)
		put8(c, 0x40 | rex);
	put8(c, 0x0f);
	put8(c, 0xc8 | (d & 7));
}

static inline void movaps(struct emit_code *c, uint32_t d, uint32_t s)
{
	if (d != s)
		v_rr(c, I_VMOVAPS, d, s);
}

/* A whole register of 32 bytes. */
static inline void movaps256(struct emit_code *c, uint32_t d, uint32_t s)
{
	if (d != s)
		v_rr(c, I_VMOVAPS | V_256, d, s);
}

/* The high halves of all vector registers become zero: before C code, whose SSE instructions would wait for them (Intel
 * optimization manual, "Mixing AVX code with SSE code"). */
static inline void vzeroupper(struct emit_code *c)
{
	put8(c, 0xc5);
	put8(c, 0xf8);
	put8(c, 0x77);
}

static inline void vload(struct emit_code *c, uint32_t d, struct mem m)
{
	v_rm(c, I_VMOVUPS, d, m);
}

static inline void vstore(struct emit_code *c, struct mem m, uint32_t s)
{
	v_rm(c, I_VMOVUPS_ST, s, m);
}

/* Jumps. The rel32 forms return the offset of their field; patch_here()/patch_to() fill it in. */
static inline uint32_t jcc_far(struct emit_code *c, uint32_t cc)
{
	put8(c, 0x0f);
	put8(c, 0x80 | cc);
	put32(c, 0);
	return code_at(c) - 4;
}

static inline uint32_t jmp_far(struct emit_code *c)
{
	put8(c, 0xe9);
	put32(c, 0);
	return code_at(c) - 4;
}

static inline void patch_to(struct emit_code *c, uint32_t field, uint32_t target)
{
	uint32_t rel = target - (field + 4);
	memcpy(c->base + field, &rel, 4);
}

static inline void patch_here(struct emit_code *c, uint32_t field)
{
	patch_to(c, field, code_at(c));
}

/* The rel8 forms, for jumps inside one op's code. */
static inline uint32_t jcc_near(struct emit_code *c, uint32_t cc)
{
	put8(c, 0x70 | cc);
	put8(c, 0);
	return code_at(c) - 1;
}

static inline uint32_t jmp_near(struct emit_code *c)
{
	put8(c, 0xeb);
	put8(c, 0);
	return code_at(c) - 1;
}

static inline void patch_near(struct emit_code *c, uint32_t field)
{
	c->base[field] = (uint8_t)(code_at(c) - (field + 1));
}

static inline void jcc_back(struct emit_code *c, uint32_t cc, uint32_t target)
{
	put8(c, 0x0f);
	put8(c, 0x80 | cc);
	put32(c, target - (code_at(c) + 4));
}

/* jmp/call to an address in the same code cache. */
static inline void jmp_to(struct emit_code *c, uint64_t address)
{
	put8(c, 0xe9);
	put_near(c, address, 0, RELOC_NEAR);
}

static inline void call_to(struct emit_code *c, uint64_t address, uint32_t kind)
{
	put8(c, 0xe8);
	put_near(c, address, 0, kind);
}

static inline void call_reg(struct emit_code *c, uint32_t r)
{
	x_rr(c, 0xff, 0, 2, r);
}

#endif
