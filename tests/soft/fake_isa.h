/* SPDX-License-Identifier: MIT */
/*
 * fake_isa.h: a machine for the software engine's tests: a fake architecture, page tables that the test writes by
 * hand, and a fake host.
 *
 * An instruction is 8 bytes: opcode, rd, ra, rb, and 32 bits of imm. Sixteen registers. HOOK calls a function
 * of the test, which does what system instructions do. A fault records itself and goes on at FAKE_VECTOR.
 */
#ifndef TESTS_SOFT_FAKE_ISA_H
#define TESTS_SOFT_FAKE_ISA_H

#include <pthread.h>
#include "fake_host/fake_host.h"
#include "soft.h"

enum fake_opcode {
	FAKE_MOVI, /* rd = imm, sign-extended */
	FAKE_ADD,  /* rd = ra + rb */
	FAKE_ADDI, /* rd = ra + imm */
	FAKE_LD,   /* rd = [ra + imm], how: rb */
	FAKE_ST,   /* [ra + imm] = rd, how: rb */
	FAKE_LDP,  /* rd, rd+1 */
	FAKE_STP,
	FAKE_AMO, /* rd = [ra] by rb; imm = kind << 8 | log2, | FAKE_SPLIT */
	FAKE_CAS, /* rd: expected, then old; [ra], new rb; imm = log2, | FAKE_SPLIT; log2 4: registers and the next ones */
	FAKE_BNE,  /* ra != rb: to pc + imm */
	FAKE_J,    /* to pc + imm */
	FAKE_CALL, /* the same, r15 = next */
	FAKE_RET,  /* to r15 */
	FAKE_HOOK, /* the test's function number imm; the block ends */
	FAKE_BAD,  /* the lifter gives up */
	FAKE_LDW,  /* wide register rd = 32 bytes at [ra + imm] */
	FAKE_STW,  /* [ra + imm] = wide register rd */
	FAKE_ADDW, /* wide registers: rd = ra + rb, 64-bit lanes */
	FAKE_ADDL, /* the same of the low halves; rd's high half stays */
	FAKE_DIVW, /* wide registers: rd = ra / rb, doubles; a zero divisor faults (FAKE_DIVISION) */
	/* An x86-like guest's: FLAGS with CF in bit 8, and what parity and auxiliary carry are of. imm: log2 of bytes. */
	FAKE_ADDF, /* rd = ra + rb */
	FAKE_ADCF, /* rd = ra + rb + CF */
	FAKE_SUBF, /* rd = ra - rb */
	FAKE_SBBF, /* rd = ra - rb - CF */
	FAKE_ANDF, /* rd = ra & rb */
	FAKE_INCF, /* rd = ra + 1; CF stays */
	FAKE_DECF,
	FAKE_BTF,    /* CF = bit rb of ra; the others stay */
	FAKE_PUSHF,  /* rd = SF ZF AF PF CF as LAHF has them, OF in bit 11 */
	FAKE_POPF,   /* from ra */
	FAKE_JCC,    /* condition rb (VR_CC_*; 15: parity): to pc + imm */
	FAKE_SIXSUM, /* rd = r1 + 3 * r2 + 5 * r3 + 7 * r4 + 11 * r5 + 13 * r6, by a helper */
};
enum { FAKE_H_HOOK, FAKE_H_SIX }; /* helpers */
#define FAKE_HOW(log2, flags) ((log2) | (flags))
#define FAKE_SIGN 8u
#define FAKE_UNPRIV 16u
#define FAKE_ALIGN 32u
#define FAKE_SPLIT 0x10000

#define FAKE_OP(op, rd, ra, rb, imm)                                                          \
	((uint64_t)(op) | (uint64_t)(rd) << 8 | (uint64_t)(ra) << 16 | (uint64_t)(rb) << 24 | \
	 (uint64_t)(uint32_t)(imm) << 32)
#define FAKE_STOP FAKE_OP(FAKE_HOOK, 0, 0, 0, 0)
#define FAKE_CALL_HOOK(n) FAKE_OP(FAKE_HOOK, 0, 0, 0, n)

#define FAKE_WIDES 4
#define FAKE_RAM 0x100000u
#define FAKE_RAM_BYTES 0x800000u
#define FAKE_ROM 0x1000000u
#define FAKE_ROM_BYTES 0x10000u
#define FAKE_DEVICE 0x10000000u /* 64 KiB */
#define FAKE_NOTHING 0x20000000u
#define FAKE_ASIDS 64
#define FAKE_PAGES 2048     /* virtual pages an address space */
#define FAKE_CODE 0x1000u   /* virtual address where tests put their program; physical: page 0 of RAM */
#define FAKE_VECTOR 0x2000u /* page 1: stops */
#define FAKE_CPUS 4

#define FAKE_R 1u
#define FAKE_W 2u
#define FAKE_X 4u
#define FAKE_RWX 7u
#define FAKE_UNMAPPED 1 /* faults */
#define FAKE_FORBIDDEN 2
#define FAKE_DIVISION 3

struct fake_access {
	uint64_t address, value;
	uint32_t width, write;
};

/* The architecture's part of vr_exec. */
struct fake_state {
	uint64_t parity, aux; /* kind CONDITION: PF is of the low byte, AF bit 4 */
	uint32_t flags, pins;
	uint64_t fault_va, fault_pc;
	int32_t fault;
	uint32_t fault_access, faults, interrupts;
	uint32_t translations; /* page table walks */
	uint32_t points_off;   /* no debug point counts */
	union vr_v256 wide[FAKE_WIDES];
};

struct fake_machine;
typedef void (*fake_hook)(struct fake_machine *t, struct vr_exec *x);

struct fake_machine {
	struct vr_fake_host *host;
	const struct vr_accel *accel;
	struct vr_plugin_self *plugin;
	struct soft_vm *vm;
	struct soft_vcpu *cpu[FAKE_CPUS];
	uint32_t cpus;
	uint8_t *ram, *rom;
	_Atomic uint64_t table[FAKE_ASIDS][FAKE_PAGES];
	fake_hook hooks[16]; /* 0 stops */
	struct fake_access log[64];
	uint32_t log_count;
	_Atomic uint64_t shared[16]; /* the test's own */
	_Atomic uint32_t naps;       /* parks with an end, which return at once */
};

static inline struct fake_state *fake_of(struct vr_exec *x)
{
	return (struct fake_state *)(void *)((uint8_t *)x + VR_EXEC_STATE);
}
static inline uint64_t *fake_r(struct vr_exec *x)
{
	return (uint64_t *)(void *)x->hot;
}

extern struct fake_machine fake; /* one a process: tests run in their own */
extern const struct vr_isa fake_isa;
extern const struct vr_emit *const fake_emit; /* NULL: tier 0 */
extern const char *fake_hot;                  /* soft's option `hot`; NULL: 0, code is made once */

/* -- fake_machine.c -- */
/* A machine of `cpus` vCPUs, FAKE_CODE and FAKE_VECTOR mapped in every address space. Fails the test when it
 * can't. */
struct fake_machine *fake_new(uint32_t cpus);
/* What fake_new() takes in place of fake_isa; NULL: that one again. */
void fake_use_isa(const struct vr_isa *isa);
void fake_free(struct fake_machine *t);
/* Called at the end of fake_new() and, with what vCPUs have left, in fake_free(); NULL: nothing. */
extern void (*fake_made)(struct fake_machine *t);
extern void (*fake_goes)(struct fake_machine *t);
/* Page `page` of RAM (or a physical address, when it is none) at va in an address space; user: rights of
 * unprivileged accesses. */
void fake_map(struct fake_machine *t, uint32_t asid, uint64_t va, uint64_t page, uint32_t rights,
	      uint32_t user);
void fake_map_global(struct fake_machine *t, uint64_t va, uint64_t page, uint32_t rights, uint32_t user);
void fake_unmap(struct fake_machine *t, uint32_t asid, uint64_t va);
static inline uint8_t *fake_page(struct fake_machine *t, uint64_t page)
{
	return t->ram + page * SOFT_PAGE;
}
void fake_put(struct fake_machine *t, uint64_t page, uint64_t offset, uint64_t value);
uint64_t fake_get(struct fake_machine *t, uint64_t page, uint64_t offset);
/* A program at `offset` in a page; the engine is told. */
void fake_load(struct fake_machine *t, uint64_t page, uint64_t offset, const uint64_t *code, uint32_t count);
#define FAKE_LOAD(t, page, offset, ...)                             \
	fake_load(t, page, offset, (const uint64_t[]){__VA_ARGS__}, \
		  (uint32_t)(sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)))
/* Run until a stop; the exit's reason, or a negative error. */
int32_t fake_go(struct fake_machine *t, uint32_t cpu, uint64_t pc);
/* The same on a thread; join with pthread_join. */
pthread_t fake_start(struct fake_machine *t, uint32_t cpu, uint64_t pc);
uint64_t fake_counter(struct fake_machine *t, const char *name);

#endif
