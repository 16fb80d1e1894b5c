/* SPDX-License-Identifier: MIT */
/* harness.h: a fake engine around an emitter: a code cache, a TLB over a little RAM, slow paths that
 * are checked. */
#ifndef VR_TESTS_EMIT_HARNESS_H
#define VR_TESTS_EMIT_HARNESS_H

#include <vmrun/emitter.h>
#include "emitters.h"
#include "xlate/ir/build.h"
#include "xlate/ir/ir.h"

#define INTS 16
#define VECS 16
#define REG_V INTS
#define REG_FLAGS (INTS + VECS)
#define REG_CONDITION (REG_FLAGS + 2) /* two, of kind VR_REG_CONDITION */
#define WIDES 8                       /* of 32 bytes */
#define REG_W (REG_CONDITION + 2)
#define REGS (REG_W + WIDES)

/* Fields of the fake isa's state that are no guest registers. */
#define FIELDS (VR_EXEC_STATE + 16 * VECS)
#define FIELD_COUNT 8
#define WIDE_STATE (FIELDS + 8 * FIELD_COUNT)

/* The fake isa's helpers, and how many arguments each looks at. */
#define FAKE_HELPERS 11
#define FAKE_HELPER_SET_PC 6
extern const uint8_t fake_helper_args[FAKE_HELPERS];

/* Guest memory: pages 0, 1 fast, 2 only by the slow path, 3 read-only in the TLB, 4: not there (exception).
 */
#define RAM_BASE 0x40000000ull
#define RAM_PAGES 4
#define FAULT_PC 0xdead0000ull
#define CODE_PC 0x10000ull

struct harness {
	const struct vr_emit *emit;
	struct vr_exec *x;
	struct vr_mmu_context *mmu;
	uint8_t *ram;
	uint8_t *code;
	uint32_t thunk_bytes;
	uint32_t used;
	struct vr_ir ir;
	struct vr_emit_job job;
	struct vr_emit_vm *emitter;
	const struct vr_emit *emit_of_emitter;
	struct vr_pinned_reg pinned[VR_PINNED_MAX];
	uint32_t pinned_count;
	uint32_t points[4096];
	struct vr_exit_site exits[1024];
	uint32_t entry[512];
	uint64_t page;              /* of the region's blocks: linear address */
	struct vr_code_space space; /* in which it runs */
	/* what happened */
	uint32_t slow, faults, links, lookups, slow_fp;
	uint64_t fault_insn;
	uint64_t fault_pc; /* what the interpreter says, by note_fault() */
	int wide;          /* the fake isa has V256: 0 no, 1 as values, 2 in registers too */
	int bad;           /* the emitter broke a rule of the interface */
	bool relocated;    /* test_emitter.relocated */
	/* of relocations: done; of these, byte by byte what region() makes; not relocatable, by region() or by relocate() */
	uint64_t relocations, same_bytes, out_of_range;
	uint64_t (*on_lookup)(struct vr_exec *x);
	uint64_t (*on_link)(struct vr_exec *x);
};

extern struct harness H;
extern struct vr_isa fake_isa;

/* Made anew, for the emitter of harness_use(); without that, the first that there is. */
void harness_init(void);
/* 0; else this processor can't run the emitter's code, and why is on stderr. */
int harness_use(const struct test_emitter *emitter);
/* Begin a new IR. Addresses of code are given as linear ones, for op() too; its first block sets the page. */
void ir_begin(void);
void block_begin(uint64_t pc, uint32_t flags);
void block_end(uint64_t end, uint32_t taken, uint32_t fall);
static inline uint32_t op(uint32_t o, uint32_t type, uint32_t aux, uint32_t a, uint32_t b, uint32_t c,
			  uint64_t imm)
{
	return vr_ir_add(&H.ir, o, type, aux, a, b, c, vr_ir_ops[o].imm == VR_IMM_PC ? imm - H.page : imm);
}
/* Pin the first n integer and m vector registers. */
void pin_regs(uint32_t n, uint32_t m);
/* Emit; 0 or the emitter's error. */
int32_t emit_region(void);
/* Enter the region's block 0 and run until it leaves. */
void run_region(void);
uint64_t *reg_int(uint32_t n);
union vr_v128 *reg_vec(uint32_t n);
union vr_v256 *reg_wide(uint32_t n);
/* H.wide becomes this; before harness_init() or after. */
void use_wide(int wide);
uint32_t *reg_flags(void);
/* A memory op on the fake engine's RAM: 1 when it faults. Signs are extended when `extend`. */
int32_t ram_access(uint32_t o, uint32_t type, uint32_t aux, uint32_t kind, uint64_t va,
		   const union vr_v256 *a, const union vr_v256 *b, union vr_v256 *r, int extend);

uint64_t rnd(void);
extern uint64_t rnd_state;

#endif
