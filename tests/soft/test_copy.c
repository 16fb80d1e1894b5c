/* SPDX-License-Identifier: MIT */
/*
 * test_copy.c: one page of code at several addresses: what was translated at the first is copied to the others (copy.c).
 *
 * The page's program depends on its address in each way that code can: it calls itself and returns, jumps to the page after it,
 * notes its return address, and faults.
 */
#include <criterion/criterion.h>

#include "fake_isa.h"

#define PAGE 20u /* physical: the program; the one after it is its second page */
#define AT(n) (0x100000u + (n)*0x10000u)
#define PLACES 40u
#define DATA 0x8000u /* virtual and physical page 60, 61: a page for each vCPU */

static struct fake_machine *t;

#define R(index, n) (fake_r(t->cpu[index]->x)[n])

/* Is everything copied here? What is interpreted is not. */
static bool copies(void)
{
	return t->vm->copies && fake_counter(t, "refused_translations") == 0;
}

/*
 * r5 = 3 * r8 + 100, r6 = the address after the call at +8, r7 = what was stored.
 *
 *  +00  st r15              +40  ld r15
 *  +08  call +60            +48  j to the next page
 *  +10  addi r5, 100        ..
 *  +18  st r5               +60  movi r5, 0; movi r4, 0
 *  +20  ld r7               +70  addi r5, 3; addi r4, 1; bne r4, r8 (loop)
 *  +28  nop                 +88  addi r6, r15, 0; ret
 */
static void load(int32_t step)
{
	const uint64_t nop = FAKE_OP(FAKE_ADDI, 0, 0, 0, 0);

	FAKE_LOAD(t, PAGE, 0, FAKE_OP(FAKE_ST, 15, 14, 3, 0), FAKE_OP(FAKE_CALL, 0, 0, 0, 0x58),
		  FAKE_OP(FAKE_ADDI, 5, 5, 0, 100), FAKE_OP(FAKE_ST, 5, 14, 3, 8),
		  FAKE_OP(FAKE_LD, 7, 14, 3, 8), nop, nop, nop, FAKE_OP(FAKE_LD, 15, 14, 3, 0),
		  FAKE_OP(FAKE_J, 0, 0, 0, 0x1000 - 0x48), nop, nop, FAKE_OP(FAKE_MOVI, 5, 0, 0, 0),
		  FAKE_OP(FAKE_MOVI, 4, 0, 0, 0), FAKE_OP(FAKE_ADDI, 5, 5, 0, step),
		  FAKE_OP(FAKE_ADDI, 4, 4, 0, 1), FAKE_OP(FAKE_BNE, 0, 4, 8, -0x10),
		  FAKE_OP(FAKE_ADDI, 6, 15, 0, 0), FAKE_OP(FAKE_RET, 0, 0, 0, 0));
	FAKE_LOAD(t, PAGE + 1, 0, FAKE_OP(FAKE_ADDI, 9, 9, 0, 1), FAKE_OP(FAKE_RET, 0, 0, 0, 0));
}

static void map_at(uint32_t asid, uint64_t va)
{
	fake_map(t, asid, va, PAGE, FAKE_R | FAKE_X, 0);
	fake_map(t, asid, va + 0x1000, PAGE + 1, FAKE_R | FAKE_X, 0);
}

/* What FAKE_CODE does: hook 2, with r3. */
static void hook_context(struct fake_machine *m, struct vr_exec *x)
{
	(void)m;
	x->asid = fake_r(x)[3];
	x->env->context(x);
}

static void hook_flush(struct fake_machine *m, struct vr_exec *x)
{
	(void)m;
	x->env->tlb_flush(x, VR_FLUSH_VA, 0, fake_r(x)[3], 0x1000, 1);
	x->env->sync(x);
}

static void make(uint32_t cpus)
{
	t = fake_new(cpus);
	for (uint32_t i = 0; i < cpus; i++)
		fake_map(t, 0, DATA + i * 0x1000, 60 + i, FAKE_R | FAKE_W, 0);
	for (uint32_t n = 0; n < PLACES; n++)
		map_at(0, AT(n));
	FAKE_LOAD(t, 0, 0, FAKE_CALL_HOOK(2), FAKE_STOP);
	load(3);
}

static void finish(void)
{
	fake_free(t);
}

TestSuite(copy, .fini = finish, .timeout = 120);

static void begin(uint32_t index, uint64_t rounds)
{
	R(index, 14) = DATA + index * 0x1000;
	R(index, 15) = FAKE_VECTOR;
	R(index, 8) = rounds;
	R(index, 5) = R(index, 6) = R(index, 7) = R(index, 9) = 0;
}

static void go(uint32_t index, uint64_t at, uint64_t rounds, uint64_t step)
{
	begin(index, rounds);
	cr_assert_eq(fake_go(t, index, at), VR_EXIT_KICK);
	cr_assert_eq(R(index, 5), step * rounds + 100, "at 0x%lx: %lu", at, R(index, 5));
	cr_assert_eq(R(index, 7), step * rounds + 100);
	cr_assert_eq(R(index, 6), at + 0x10, "the return address at 0x%lx is 0x%lx", at, R(index, 6));
	cr_assert_eq(R(index, 9), 1);
	cr_assert_eq(R(index, 15), FAKE_VECTOR);
	cr_assert_eq(fake_of(t->cpu[index]->x)->faults, 0);
}

/* The emitter of the host that tests run on copies, unless it refuses ops. */
Test(copy, it_is_on)
{
	make(1);
	cr_assert_eq(t->vm->copies, fake_emit && fake_emit->relocate);
	go(0, AT(0), 2, 3);
	go(0, AT(1), 2, 3);
	cr_assert(!copies() || fake_counter(t, "copies"));
}

/* Each address often enough that its links, return-address stack and branch caches are used. */
Test(copy, each_address_is_its_own)
{
	make(1);
	for (uint32_t round = 0; round < 5; round++)
		for (uint32_t n = 0; n < PLACES; n++)
			go(0, AT(n), 1 + n, 3);
	if (!copies())
		return;
	cr_assert_geq(fake_counter(t, "copies"), PLACES - 1);
	cr_assert_leq(fake_counter(t, "translations"), fake_hot ? 30 : 8, "%lu",
		      fake_counter(t, "translations"));
}

/* Nothing is translated at a second address but what the first has not run. */
Test(copy, nothing_is_translated_twice)
{
	make(1);
	go(0, AT(0), 2, 3);
	const uint64_t translations = fake_counter(t, "translations");

	for (uint32_t n = 1; n < PLACES; n++)
		go(0, AT(n), 2, 3);
	if (copies())
		cr_assert(fake_counter(t, "translations") == translations || fake_hot);
	else if (!t->vm->copies)
		cr_assert_geq(fake_counter(t, "translations"), translations * PLACES / 2);
}

/* A write to the page ends the code at all addresses. */
Test(copy, a_write_kills_them_all)
{
	make(1);
	for (int32_t step = 3; step < 14; step++) {
		load(step);
		for (uint32_t n = 0; n < PLACES; n++)
			go(0, AT(n), 3, (uint64_t)step);
	}
}

/* A fault in copied code is at its own address: guest registers and pc are those of the instruction. The loop adds, and stores at r10, which
 * goes on by 0x800 each time and leaves the page that is there. */
Test(copy, faults_are_at_the_copy)
{
	make(1);
	FAKE_LOAD(t, PAGE, 0x200, FAKE_OP(FAKE_ADDI, 4, 4, 0, 1), FAKE_OP(FAKE_ADD, 5, 5, 4, 0),
		  FAKE_OP(FAKE_ADDI, 6, 5, 0, 7), FAKE_OP(FAKE_ST, 5, 10, 3, 0),
		  FAKE_OP(FAKE_ADDI, 10, 10, 0, 0x800), FAKE_OP(FAKE_BNE, 0, 4, 8, -0x28), FAKE_STOP);
	for (uint32_t n = 0; n < PLACES; n++) {
		struct fake_state *s = fake_of(t->cpu[0]->x);

		R(0, 4) = R(0, 5) = R(0, 6) = 0;
		R(0, 8) = 100;
		R(0, 10) = DATA; /* the next page is not mapped */
		s->faults = 0;
		cr_assert_eq(fake_go(t, 0, AT(n) + 0x200), VR_EXIT_KICK);
		cr_assert_eq(s->faults, 1);
		cr_assert_eq(s->fault_pc, AT(n) + 0x218, "0x%lx", s->fault_pc);
		cr_assert_eq(s->fault_va, DATA + 0x1000);
		cr_assert_eq(R(0, 4), 3);
		cr_assert_eq(R(0, 5), 6);
		cr_assert_eq(R(0, 6), 13);
		cr_assert_eq(R(0, 10), DATA + 0x1000);
		s->faults = 0;
	}
	cr_assert(!copies() || fake_counter(t, "copies"));
}

/* As if the current part of the code cache were full. */
static void fill(void)
{
	soft_cache_full(t->cpu[0], VR_E_NOMEM);
	t->cpu[0]->full_again = 0;
}

/* What was translated first is evicted; its copies stay, and are copied in turn. */
Test(copy, the_first_is_evicted)
{
	make(1);
	go(0, AT(0), 2, 3);
	const uint64_t translations = fake_counter(t, "translations");

	for (uint32_t round = 1; round < 4 * SOFT_SEGMENTS; round++) {
		fill();
		go(0, AT(round % PLACES), 2, 3);
	}
	cr_assert_geq(fake_counter(t, "evictions"), 3 * SOFT_SEGMENTS - 2);
	if (copies())
		cr_assert_leq(fake_counter(t, "translations"), translations + 2 * SOFT_SEGMENTS,
			      "%lu and %lu", translations, fake_counter(t, "translations"));
}

/* One page in several address spaces at one address needs no copy. */
Test(copy, address_spaces_share)
{
	make(1);
	go(0, AT(0), 2, 3);
	for (uint32_t asid = 1; asid < 4; asid++) {
		map_at(asid, AT(0));
		fake_map(t, asid, DATA, 60, FAKE_R | FAKE_W, 0);
		t->hooks[2] = hook_context;
		R(0, 3) = asid;
		fake_go(t, 0, FAKE_CODE);
		go(0, AT(0), 2, 3);
	}
	cr_assert_eq(fake_counter(t, "copies"), 0);
}

static _Atomic bool over;

/* What the other vCPU does: the same page at its own addresses, while this one's mappings go and come. */
static void *other(void *unused)
{
	(void)unused;
	for (uint32_t n = 0; !atomic_load(&over); n++)
		go(1, AT(PLACES / 2 + n % (PLACES / 2)), 1 + n % 3, 3);
	return NULL;
}

Test(copy, one_unmaps_while_the_other_runs)
{
	pthread_t thread;

	make(2);
	t->hooks[2] = hook_flush;
	cr_assert_eq(pthread_create(&thread, NULL, other, NULL), 0);
	for (uint32_t n = 0; n < 3000; n++) {
		const uint64_t at = AT(n % (PLACES / 2));

		go(0, at, 1 + n % 3, 3);
		fake_unmap(t, 0, at);
		R(0, 3) = at;
		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		begin(0, 1);
		cr_assert_eq(fake_go(t, 0, at), VR_EXIT_KICK);
		cr_assert_eq(fake_of(t->cpu[0]->x)->fault_pc, at);
		cr_assert_eq(fake_of(t->cpu[0]->x)->fault, FAKE_UNMAPPED);
		fake_of(t->cpu[0]->x)->faults = 0;
		map_at(0, at);
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	if (copies())
		cr_assert_geq(fake_counter(t, "copies"), PLACES / 2);
}
