/* SPDX-License-Identifier: MIT */
/*
 * teach.h: the teaching machine, as its translator, its board and every accelerator that runs it agree on it.
 *
 * Sixteen registers of 64 bits, r0..r15; CALL puts the return address into r15. Memory is little-endian and
 * flat, addresses need no alignment. There are no interrupts, no modes and no flags. An instruction is eight
 * bytes at a multiple of eight: op, rd, ra, rb, and a signed 32-bit imm.
 *
 * Map: RAM from 0; a console at TEACH_CONSOLE (a store of a byte prints it, a load of a byte reads one, or
 * 255 when none was typed); a device card at TEACH_CARD, if a plugin offers one (device type "teach-card").
 *
 * A program file is TEACH_MAGIC and then code and data, loaded and started at TEACH_START.
 */
#ifndef TEACH_H
#define TEACH_H

#include <vmrun/abi.h>

/* X(name, number, what it does). An op that is not listed stops the machine with an error. */
#define TEACH_OPS(X)                                  \
	X(HALT, 0, "stop; ra is the exit status")     \
	X(LI, 1, "rd = imm")                          \
	X(ADD, 2, "rd = ra + rb")                     \
	X(ADDI, 3, "rd = ra + imm")                   \
	X(SUB, 4, "rd = ra - rb")                     \
	X(MUL, 5, "rd = ra * rb")                     \
	X(DIV, 6, "rd = ra / rb, unsigned; x / 0: 0") \
	X(REM, 7, "rd = ra % rb; x % 0: x")           \
	X(LD, 8, "rd = 8 bytes at ra + imm")          \
	X(ST, 9, "8 bytes at ra + imm = rd")          \
	X(LDB, 10, "rd = the byte at ra + imm")       \
	X(STB, 11, "the byte at ra + imm = rd")       \
	X(BEQ, 12, "if ra == rb: to pc + imm")        \
	X(BLT, 13, "if ra < rb, unsigned: likewise")  \
	X(CALL, 14, "r15 = next pc; to pc + imm")     \
	X(RET, 15, "to r15")

enum teach_op {
#define X(name, number, doc) TEACH_##name = (number),
	TEACH_OPS(X)
#undef X
};

#define TEACH_REGS 16u
#define TEACH_LINK 15u
#define TEACH_INSN 8u
#define TEACH_MAGIC "TEACH1\0" /* eight bytes */
#define TEACH_START 0x1000u
#define TEACH_CONSOLE 0x70000000u
#define TEACH_CARD 0x70010000u
#define TEACH_CARD_LINE 1u

/* The canonical state of its CPU. Ids of third parties begin with a domain of theirs. */
#define TEACH_STATE_ID "org.example.state.teach/1"
struct teach_state {
	uint32_t size;
	uint32_t reserved;
	uint64_t r[TEACH_REGS];
	uint64_t pc;
};

#endif
