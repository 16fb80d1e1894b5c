/* SPDX-License-Identifier: MIT */
/*
 * fake_bytes.h: the fake architecture with another encoding: instructions of 1 to 15 bytes that begin anywhere.
 *
 * The first byte holds the opcode (low half) and the length. Then, as far as the length goes: rd and ra (low and high half), up to
 * four bytes of a signed imm, the lowest first, and bytes without meaning. Registers, helpers, state and page tables are the fake
 * architecture's.
 */
#ifndef TESTS_SOFT_FAKE_BYTES_H
#define TESTS_SOFT_FAKE_BYTES_H

#include "fake_isa.h"

enum fake_bytes_opcode {
	BYTES_ADD,  /* rd = ra + imm; of one byte: r5 = r5 + 1 */
	BYTES_MOV,  /* rd = imm */
	BYTES_LD,   /* rd = 8 bytes at ra + imm */
	BYTES_ST,   /* 8 bytes at ra + imm = rd */
	BYTES_PC,   /* rd = code address of the next instruction + imm */
	BYTES_J,    /* to the next instruction + imm */
	BYTES_BNE,  /* rd != ra: likewise */
	BYTES_CALL, /* likewise, r15 = code address of the next instruction */
	BYTES_RET,  /* to code address r15 */
	BYTES_JR,   /* to code address rd */
	BYTES_HOOK, /* the test's function number imm; the block ends */
	BYTES_COUNT
};

const struct vr_isa *fake_bytes_isa(void);
/* fake_new(1) of it; FAKE_VECTOR stops. */
struct fake_machine *fake_bytes_new(void);

/* A program being written to a page of RAM; it may go on in the next one. */
struct fake_bytes {
	struct fake_machine *t;
	uint64_t physical; /* of the next byte */
};
/* Append an instruction of `length` bytes, which is enough for what it holds. */
void fake_bytes_put(struct fake_bytes *p, uint32_t op, uint32_t length, uint32_t rd, uint32_t ra,
		    int32_t imm);

#endif
