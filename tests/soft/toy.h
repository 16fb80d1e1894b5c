/* SPDX-License-Identifier: MIT */
/*
 * toy.h: a machine for the software engine's tests: a toy architecture, page tables that the test writes by
 * hand, and a fake host.
 *
 * An instruction is 8 bytes: opcode, rd, ra, rb, and 32 bits of imm. Sixteen registers. HOOK calls a function
 * of the test, which does what system instructions do. A fault records itself and goes on at TOY_VECTOR.
 */
#ifndef TESTS_SOFT_TOY_H
#define TESTS_SOFT_TOY_H

#include <pthread.h>
#include "fake_host/fake_host.h"
#include "soft.h"

enum toy_opcode {
	TOY_MOVI, /* rd = imm, sign-extended */
	TOY_ADD,  /* rd = ra + rb */
	TOY_ADDI, /* rd = ra + imm */
	TOY_LD,   /* rd = [ra + imm], how: rb */
	TOY_ST,   /* [ra + imm] = rd, how: rb */
	TOY_LDP,  /* rd, rd+1 */
	TOY_STP,
	TOY_AMO,  /* rd = [ra] by rb; imm = kind << 8 | log2 */
	TOY_CAS,  /* rd: expected, then old; [ra], new rb; imm = log2 */
	TOY_BNE,  /* ra != rb: to pc + imm */
	TOY_J,    /* to pc + imm */
	TOY_CALL, /* the same, r15 = next */
	TOY_RET,  /* to r15 */
	TOY_HOOK, /* the test's function number imm; the block ends */
	TOY_BAD,  /* the lifter gives up */
};
#define TOY_HOW(log2, flags) ((log2) | (flags))
#define TOY_SIGN 8u
#define TOY_UNPRIV 16u
#define TOY_ALIGN 32u

#define TOY_OP(op, rd, ra, rb, imm)                                                           \
	((uint64_t)(op) | (uint64_t)(rd) << 8 | (uint64_t)(ra) << 16 | (uint64_t)(rb) << 24 | \
	 (uint64_t)(uint32_t)(imm) << 32)
#define TOY_STOP TOY_OP(TOY_HOOK, 0, 0, 0, 0)
#define TOY_CALL_HOOK(n) TOY_OP(TOY_HOOK, 0, 0, 0, n)

#define TOY_RAM 0x100000u
#define TOY_RAM_BYTES 0x800000u
#define TOY_ROM 0x1000000u
#define TOY_ROM_BYTES 0x10000u
#define TOY_DEVICE 0x10000000u /* 64 KiB */
#define TOY_NOTHING 0x20000000u
#define TOY_ASIDS 64
#define TOY_PAGES 2048     /* virtual pages an address space */
#define TOY_CODE 0x1000u   /* virtual address where tests put their program; physical: page 0 of RAM */
#define TOY_VECTOR 0x2000u /* page 1: stops */
#define TOY_CPUS 4

#define TOY_R 1u
#define TOY_W 2u
#define TOY_X 4u
#define TOY_RWX 7u
#define TOY_UNMAPPED 1 /* faults */
#define TOY_FORBIDDEN 2

struct toy_access {
	uint64_t address, value;
	uint32_t width, write;
};

/* The architecture's part of vr_exec. */
struct toy_state {
	uint32_t flags, pins;
	uint64_t fault_va, fault_pc;
	int32_t fault;
	uint32_t fault_access, faults, interrupts;
	uint32_t translations; /* page table walks */
	uint32_t points_off;   /* no debug point counts */
};

struct toy;
typedef void (*toy_hook)(struct toy *t, struct vr_exec *x);

struct toy {
	struct vr_fake_host *host;
	const struct vr_accel *accel;
	struct soft_vm *vm;
	struct soft_vcpu *cpu[TOY_CPUS];
	uint32_t cpus;
	uint8_t *ram, *rom;
	_Atomic uint64_t table[TOY_ASIDS][TOY_PAGES];
	toy_hook hooks[16]; /* 0 stops */
	struct toy_access log[64];
	uint32_t log_count;
	_Atomic uint64_t shared[16]; /* the test's own */
	_Atomic uint32_t naps;       /* parks with an end, which return at once */
};

static inline struct toy_state *toy_of(struct vr_exec *x)
{
	return (struct toy_state *)(void *)((uint8_t *)x + VR_EXEC_STATE);
}
static inline uint64_t *toy_r(struct vr_exec *x)
{
	return (uint64_t *)(void *)x->hot;
}

extern struct toy toy; /* one a process: tests run in their own */
extern const struct vr_isa toy_isa;
extern const struct vr_emit *const toy_emit; /* NULL: tier 0 */

/* -- toy_host.c -- */
/* A machine of `cpus` vCPUs, TOY_CODE and TOY_VECTOR mapped in every address space. Fails the test when it
 * can't. */
struct toy *toy_new(uint32_t cpus);
void toy_free(struct toy *t);
/* Page `page` of RAM (or a physical address, when it is none) at va in an address space; user: rights of
 * unprivileged accesses. */
void toy_map(struct toy *t, uint32_t asid, uint64_t va, uint64_t page, uint32_t rights, uint32_t user);
void toy_map_global(struct toy *t, uint64_t va, uint64_t page, uint32_t rights, uint32_t user);
void toy_unmap(struct toy *t, uint32_t asid, uint64_t va);
static inline uint8_t *toy_page(struct toy *t, uint64_t page)
{
	return t->ram + page * SOFT_PAGE;
}
void toy_put(struct toy *t, uint64_t page, uint64_t offset, uint64_t value);
uint64_t toy_get(struct toy *t, uint64_t page, uint64_t offset);
/* A program at `offset` in a page; the engine is told. */
void toy_load(struct toy *t, uint64_t page, uint64_t offset, const uint64_t *code, uint32_t count);
#define TOY_LOAD(t, page, offset, ...)                             \
	toy_load(t, page, offset, (const uint64_t[]){__VA_ARGS__}, \
		 (uint32_t)(sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)))
/* Run until a stop; the exit's reason, or a negative error. */
int32_t toy_go(struct toy *t, uint32_t cpu, uint64_t pc);
/* The same on a thread; join with pthread_join. */
pthread_t toy_start(struct toy *t, uint32_t cpu, uint64_t pc);
uint64_t toy_counter(struct toy *t, const char *name);

#endif
