/* SPDX-License-Identifier: MIT */
/* test_bytes.c: guests whose instructions have 1 to 15 bytes and begin anywhere: over pages, faults to the byte, code that
 * changes, branches into instructions, the indirect-branch cache. */
#include <string.h>

#include <criterion/criterion.h>

#include "fake_bytes.h"

#define TWO 0x14000u  /* two pages, physical 30 and 31 */
#define DATA 0x18000u /* page 40 */
#define BAD 0x1c000u  /* nothing */
#define LONGEST 15u

static struct fake_machine *t;

static void setup(void)
{
	t = fake_bytes_new();
	fake_map(t, 0, TWO, 30, FAKE_R | FAKE_X, 0);
	fake_map(t, 0, TWO + SOFT_PAGE, 31, FAKE_R | FAKE_X, 0);
	fake_map(t, 0, DATA, 40, FAKE_R | FAKE_W, 0);
}

static void teardown(void)
{
	fake_free(t);
}

TestSuite(bytes, .init = setup, .fini = teardown, .timeout = 60);

#define X (t->cpu[0]->x)
#define R(n) (fake_r(X)[n])

static struct fake_bytes at(uint64_t page, uint64_t offset)
{
	return (struct fake_bytes){t, FAKE_RAM + page * SOFT_PAGE + offset};
}

static void stop(struct fake_bytes *p)
{
	fake_bytes_put(p, BYTES_HOOK, 2, 0, 0, 0);
}

/* Compiled code, made once, of which the emitter refuses nothing: links and caches are used. */
static bool all_compiled(void)
{
	return fake_emit && !fake_hot && !fake_counter(t, "refused_translations");
}

Test(bytes, every_length)
{
	struct fake_bytes p = at(30, 3);

	for (uint32_t length = 1; length <= LONGEST; length++)
		fake_bytes_put(&p, BYTES_ADD, length, 5, 5, length < 3 ? 0 : 1);
	stop(&p);
	cr_assert_eq(fake_go(t, 0, TWO + 3), VR_EXIT_KICK);
	cr_assert_eq(R(5), LONGEST - 1, "of two bytes it adds nothing");
}

/* An instruction of each length, cut at each byte: it runs; without the second page the fault is that page's, at the
 * instruction. */
Test(bytes, cut_at_each_byte)
{
	const struct fake_state *s = fake_of(X);
	uint32_t faults = 0;

	for (uint32_t length = 3; length <= LONGEST; length++)
		for (uint32_t before = 1; before < length; before++) {
			uint64_t pc = TWO + SOFT_PAGE - before;
			struct fake_bytes p = at(30, SOFT_PAGE - before);

			fake_bytes_put(&p, BYTES_ADD, length, 5, 5, (int32_t)length);
			stop(&p);
			for (uint32_t round = 0; round < 3; round++) {
				bool there = round != 1;

				if (there)
					fake_map(t, 0, TWO + SOFT_PAGE, 31, FAKE_R | FAKE_X, 0);
				else
					fake_unmap(t, 0, TWO + SOFT_PAGE);
				X->env->tlb_flush(X, VR_FLUSH_VA, 0, TWO + SOFT_PAGE, SOFT_PAGE, 0);
				R(5) = 100;
				cr_assert_eq(fake_go(t, 0, pc), VR_EXIT_KICK);
				cr_assert_eq(R(5), there ? 100 + length : 100);
				cr_assert_eq(s->faults, faults += !there);
				if (there)
					continue;
				cr_assert_eq(s->fault, FAKE_UNMAPPED);
				cr_assert_eq(s->fault_va, TWO + SOFT_PAGE);
				cr_assert_eq(s->fault_pc, pc);
				cr_assert_eq(s->fault_access, VR_ACCESS_EXECUTE);
			}
		}
}

/* Loads of several lengths, one of which faults: exec.pc is at its first byte, and what came before has been done. Also when it
 * lies on two pages. */
Test(bytes, faults_are_exact_to_the_byte)
{
	const struct fake_state *s = fake_of(X);
	enum { LOADS = 20 };
	const uint32_t begin = SOFT_PAGE - 100;

	for (uint32_t which = 0; which < LOADS; which++) {
		struct fake_bytes p = at(30, begin);
		uint64_t bad = 0;

		for (uint32_t i = 0; i < LOADS; i++) {
			fake_bytes_put(&p, BYTES_ADD, 1, 0, 0, 0);
			if (i == which)
				bad = TWO + (p.physical - FAKE_RAM) - 30 * SOFT_PAGE;
			fake_bytes_put(&p, i % 3 ? BYTES_LD : BYTES_ST, 3 + i * 5 % 13, 4, i == which ? 2 : 1,
				       8);
		}
		stop(&p);
		cr_assert_gt(p.physical, FAKE_RAM + 31 * SOFT_PAGE);
		R(1) = DATA;
		R(2) = BAD;
		R(5) = 0;
		cr_assert_eq(fake_go(t, 0, TWO + begin), VR_EXIT_KICK);
		cr_assert_eq(s->faults, which + 1);
		cr_assert_eq(s->fault_va, BAD + 8);
		cr_assert_eq(s->fault_pc, bad, "load %u at %lx, not %lx", which, (unsigned long)s->fault_pc,
			     (unsigned long)bad);
		cr_assert_eq(R(5), which + 1);
	}
}

/* Hook 1: in each third iteration a device writes one byte of the immediate, in turn. */
static uint64_t imm_physical;

static void hook_device(struct fake_machine *m, struct vr_exec *x)
{
	uint64_t n = m->shared[0]++, where = imm_physical + n / 3 % 4;

	(void)x;
	if (n % 3)
		return;
	m->ram[where - FAKE_RAM] = (uint8_t)(n % 50);
	m->accel->memory_written((struct vr_vm *)(void *)m->vm, where, 1);
}

/* What an instruction of 15 bytes, whose immediate is in the first page, the second, or both, adds in a loop. */
Test(bytes, code_that_changes_in_either_page)
{
	t->hooks[1] = hook_device;
	for (uint32_t before = 1; before < LONGEST; before++) {
		const uint32_t rounds = 60;
		struct fake_bytes p = at(30, SOFT_PAGE - before - 3);
		uint64_t first = p.physical, want = 0, imm = 0;

		t->shared[0] = 0;
		fake_bytes_put(&p, BYTES_HOOK, 3, 0, 0, 1);
		imm_physical = p.physical + 2;
		fake_bytes_put(&p, BYTES_ADD, LONGEST, 7, 7, 0);
		fake_bytes_put(&p, BYTES_ADD, 7, 6, 6, 1);
		fake_bytes_put(&p, BYTES_BNE, 6, 6, 8, (int32_t)(first - (p.physical + 6)));
		stop(&p);
		R(6) = R(7) = 0;
		R(8) = rounds;
		cr_assert_eq(fake_go(t, 0, TWO + SOFT_PAGE - before - 3), VR_EXIT_KICK);
		for (uint64_t n = 0; n < rounds; n++) {
			uint32_t shift = 8 * (n / 3 % 4);

			if (n % 3 == 0)
				imm = (imm & ~(UINT64_C(0xff) << shift)) | n % 50 << shift;
			want += (uint64_t)(int64_t)(int32_t)imm;
		}
		cr_assert_eq(R(6), rounds);
		cr_assert_eq(R(7), want, "%u bytes on the first page", before);
		cr_assert_eq(fake_of(X)->faults, 0);
	}
}

/* The guest's own stores, through other addresses, to an immediate that is in the first page, the second, or both. */
Test(bytes, stores_to_either_page)
{
	fake_map(t, 0, DATA, 30, FAKE_R | FAKE_W, 0);
	fake_map(t, 0, DATA + SOFT_PAGE, 31, FAKE_R | FAKE_W, 0);
	for (uint32_t before = 1; before < 6; before++) {
		struct fake_bytes p = at(30, SOFT_PAGE - before - 4);
		uint64_t first = p.physical, imm = first + 6, value;

		fake_bytes_put(&p, BYTES_ST, 4, 6, 1, 0);
		fake_bytes_put(&p, BYTES_MOV, 6, 5, 0, 0);
		fake_bytes_put(&p, BYTES_ADD, 3, 6, 6, 1);
		fake_bytes_put(&p, BYTES_BNE, 6, 6, 8, (int32_t)(first - (p.physical + 6)));
		stop(&p);
		/* What is stored are the immediate and the bytes that follow it; its lowest byte counts up. */
		memcpy(&value, t->ram + (imm - FAKE_RAM), 8);
		R(1) = DATA + (imm - FAKE_RAM) - 30 * SOFT_PAGE;
		R(6) = value;
		R(8) = value + 40;
		cr_assert_eq(fake_go(t, 0, TWO + SOFT_PAGE - before - 4), VR_EXIT_KICK);
		cr_assert_eq(R(6), value + 40);
		cr_assert_eq(R(5), 39);
	}
	cr_assert_geq(fake_counter(t, "code_writes"), 5 * 39);
}

/* Four instructions of one byte are the immediate of another; both readings run, in one loop. */
Test(bytes, a_branch_into_an_instruction)
{
	struct fake_bytes p = at(30, 0x101);

	fake_bytes_put(&p, BYTES_MOV, 6, 5, 0, 0x10101010); /* at 0x101; its last four bytes are ADDs */
	fake_bytes_put(&p, BYTES_ADD, 3, 6, 6, 1);
	fake_bytes_put(&p, BYTES_BNE, 4, 6, 9, 0x103 - 0x10e); /* to the ADDs */
	fake_bytes_put(&p, BYTES_ADD, 5, 7, 5, 0);
	fake_bytes_put(&p, BYTES_ADD, 3, 9, 9, 3);
	fake_bytes_put(&p, BYTES_BNE, 3, 9, 8, 0x101 - 0x119);
	stop(&p);
	R(6) = 0;
	R(9) = 3;
	R(8) = 30;
	cr_assert_eq(fake_go(t, 0, TWO + 0x101), VR_EXIT_KICK);
	cr_assert_eq(R(6), 27);
	cr_assert_eq(R(7), 0x10101010 + 4 * 2,
		     "three rounds each: the whole instruction, then its immediate twice");
}

/* A page at two addresses: what it knows of itself is the address that it runs at. */
Test(bytes, one_page_at_two_addresses)
{
	static const uint64_t where[] = {0x40000, 0x77000};
	struct fake_bytes p = at(50, 0x7f3);

	fake_bytes_put(&p, BYTES_PC, 5, 1, 0, -0x5000);
	fake_bytes_put(&p, BYTES_CALL, 3, 0, 0, 7);
	fake_bytes_put(&p, BYTES_ADD, 5, 3, 15, 0);
	stop(&p);
	fake_bytes_put(&p, BYTES_PC, 2, 2, 0, 0);
	fake_bytes_put(&p, BYTES_RET, 1, 0, 0, 0);
	for (uint32_t i = 0; i < 6; i++) {
		uint64_t page = where[i & 1];

		fake_map(t, 0, page, 50, FAKE_R | FAKE_X, 0);
		cr_assert_eq(fake_go(t, 0, page + 0x7f3), VR_EXIT_KICK);
		cr_assert_eq(R(1), page + 0x7f8 - 0x5000);
		cr_assert_eq(R(2), page + 0x804);
		cr_assert_eq(R(3), page + 0x7fb);
	}
}

/* ---- the indirect-branch cache ---- */

Test(bytes, indirect_index)
{
	static uint8_t used[VR_INDIRECT_ENTRIES];

	/* Where instructions are aligned: by words, as ever. */
	cr_assert_eq(vr_indirect_index(0x123454, 2), 0x123454 >> 2 & (VR_INDIRECT_ENTRIES - 1));
	/* Functions at multiples of 16, in 64 KiB: each has its entry. */
	for (uint64_t pc = 0x400000; pc < 0x410000; pc += 16)
		cr_assert_eq(used[vr_indirect_index(pc, 0)]++, 0);
	for (uint32_t align = 0; align < 4; align++)
		for (uint64_t page = 0x400000; page < 0x440000; page += SOFT_PAGE)
			for (uint64_t offset = 0; offset < SOFT_PAGE; offset += UINT64_C(1) << align) {
				uint64_t first, count;

				vr_indirect_range(page | (offset & 0xff), align, &first, &count);
				cr_assert_lt(vr_indirect_index(page + offset, align) - first, count);
				cr_assert_leq(first + count, VR_INDIRECT_ENTRIES);
			}
}

/* Branch targets a byte apart, and at one offset in several pages. */
Test(bytes, targets_whose_low_bits_collide)
{
	enum { NEAR = 16, PAGES = 8, TARGETS = NEAR + PAGES, ROUNDS = 50 };
	static uint8_t used[VR_INDIRECT_ENTRIES];
	uint64_t target[TARGETS], base = 0x40000, lookups;
	struct fake_bytes p = at(60, 0x300), main_code = at(30, 0x800);

	/* In the first page NEAR instructions of one byte, each of which is a target; then back. */
	for (uint32_t i = 0; i < NEAR; i++) {
		target[i] = base + 0x300 + i;
		fake_bytes_put(&p, BYTES_ADD, 1, 0, 0, 0);
	}
	fake_bytes_put(&p, BYTES_JR, 2, 14, 0, 0);
	for (uint32_t i = 0; i < PAGES; i++) {
		target[NEAR + i] = base + (1 + i) * SOFT_PAGE + 0x200;
		p = at(61 + i, 0x200);
		fake_bytes_put(&p, BYTES_ADD, 4, 5, 5, 100);
		fake_bytes_put(&p, BYTES_JR, 2, 14, 0, 0);
	}
	for (uint32_t i = 0; i <= PAGES; i++)
		fake_map(t, 0, base + i * SOFT_PAGE, 60 + i, FAKE_R | FAKE_X, 0);
	for (uint32_t i = 0; i < TARGETS; i++) {
		fake_bytes_put(&main_code, BYTES_MOV, 6, 1, 0, (int32_t)target[i]);
		fake_bytes_put(&main_code, BYTES_PC, 3, 14, 0, 2);
		fake_bytes_put(&main_code, BYTES_JR, 2, 1, 0, 0);
		uint64_t back = TWO + (main_code.physical - FAKE_RAM) - 30 * SOFT_PAGE;

		cr_assert_eq(used[vr_indirect_index(target[i], 0)]++, 0);
		cr_assert_eq(used[vr_indirect_index(back, 0)]++, 0);
	}
	fake_bytes_put(&main_code, BYTES_ADD, 3, 6, 6, 1);
	fake_bytes_put(&main_code, BYTES_BNE, 4, 6, 8,
		       (int32_t)(FAKE_RAM + 30 * SOFT_PAGE + 0x800 - (main_code.physical + 4)));
	stop(&main_code);
	for (uint32_t run = 0; run < 2; run++) {
		R(5) = R(6) = 0;
		R(8) = run ? ROUNDS : 3;
		lookups = fake_counter(t, "lookups");
		cr_assert_eq(fake_go(t, 0, TWO + 0x800), VR_EXIT_KICK);
		cr_assert_eq(R(5), R(8) * (NEAR * (NEAR + 1) / 2 + PAGES * 100));
	}
	if (all_compiled())
		cr_assert_leq(fake_counter(t, "lookups") - lookups, 4, "each target has an entry of its own");
}

/* Entries that are empty are no address's: neither the lowest ones nor the highest. */
Test(bytes, targets_that_look_like_empty_entries)
{
	static const uint64_t targets[] = {UINT64_MAX,      0, 4, UINT64_MAX - 3, UINT64_C(0xfff),
					   UINT64_C(0x1001)};
	const struct fake_state *s = fake_of(X);
	struct fake_bytes p = at(30, 0x100);

	fake_bytes_put(&p, BYTES_JR, 2, 1, 0, 0);
	for (uint32_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		fake_unmap(t, 0, targets[i] % (FAKE_PAGES * (uint64_t)SOFT_PAGE));
		X->env->tlb_flush(X, VR_FLUSH_ALL, 0, 0, 0, 0);
		R(1) = targets[i];
		cr_assert_eq(fake_go(t, 0, TWO + 0x100), VR_EXIT_KICK);
		cr_assert_eq(s->faults, i + 1);
		cr_assert_eq(s->fault_pc, targets[i]);
		cr_assert_eq(s->fault_va, targets[i]);
		cr_assert_eq(s->fault_access, VR_ACCESS_EXECUTE);
	}
}

/* Hook 2: the target's page becomes another one. */
static void hook_other_page(struct fake_machine *m, struct vr_exec *x)
{
	fake_map(m, 0, 0x40000, 60 + (m->shared[1]++ & 1), FAKE_R | FAKE_X, 0);
	x->env->tlb_flush(x, VR_FLUSH_VA, 0, 0x40000, SOFT_PAGE, 0);
}

Test(bytes, targets_of_a_page_that_is_flushed)
{
	struct fake_bytes p;

	t->hooks[2] = hook_other_page;
	for (uint32_t offset = 1; offset < SOFT_PAGE; offset += 251) {
		for (uint32_t i = 0; i < 2; i++) {
			p = at(60 + i, offset);
			fake_bytes_put(&p, BYTES_ADD, 4, 5, 5, i ? 1000 : 1);
			fake_bytes_put(&p, BYTES_JR, 2, 14, 0, 0);
		}
		p = at(30, 0x100);
		fake_bytes_put(&p, BYTES_HOOK, 3, 0, 0, 2);
		for (uint32_t i = 0; i < 2; i++) {
			fake_bytes_put(&p, BYTES_PC, 3, 14, 0, 2);
			fake_bytes_put(&p, BYTES_JR, 2, 1, 0, 0);
		}
		fake_bytes_put(&p, BYTES_ADD, 3, 6, 6, 1);
		fake_bytes_put(&p, BYTES_BNE, 4, 6, 8,
			       (int32_t)(FAKE_RAM + 30 * SOFT_PAGE + 0x100 - (p.physical + 4)));
		stop(&p);
		R(1) = 0x40000 + offset;
		R(5) = R(6) = 0;
		R(8) = 20;
		cr_assert_eq(fake_go(t, 0, TWO + 0x100), VR_EXIT_KICK);
		cr_assert_eq(R(5), 20 * (1 + 1000), "offset %u", offset);
	}
}

/* A debugger's steps: over each instruction, whichever page it ends on. */
Test(bytes, steps)
{
	struct vr_exit e = {.size = sizeof(e)};

	cr_assert_eq(soft_debugger.vcpu_step((struct vr_vcpu *)(void *)t->cpu[0], 1), VR_OK);
	for (uint32_t before = 1; before < LONGEST; before++) {
		struct fake_bytes p = at(30, SOFT_PAGE - before);

		fake_bytes_put(&p, BYTES_ADD, LONGEST, 5, 5, 7);
		R(5) = 0;
		X->pc = TWO + SOFT_PAGE - before;
		cr_assert_eq(t->accel->vcpu_run((struct vr_vcpu *)(void *)t->cpu[0], &e), VR_OK);
		cr_assert_eq(e.reason, VR_EXIT_DEBUG);
		cr_assert_eq(R(5), 7);
		cr_assert_eq(X->pc, TWO + SOFT_PAGE - before + LONGEST);
	}
}
