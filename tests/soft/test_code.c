/* SPDX-License-Identifier: MIT */
/* test_code.c: translated code that changes, a full code cache, waiting and kicking. */
#include <sched.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "fake_isa.h"

#define FUNC 0x9000u  /* code, physical page 20 */
#define ALIAS 0xb000u /* the same page, as data */
#define IMM 4         /* offset of an instruction's immediate */
#define TWO 0x14000u  /* two pages, physical 30 and 31 */

static struct fake_machine *t;

static void setup(void)
{
	t = fake_new(1);
	fake_map(t, 0, FUNC, 20, FAKE_R | FAKE_X, 0);
	fake_map(t, 0, ALIAS, 20, FAKE_R | FAKE_W, FAKE_R | FAKE_W);
	fake_map(t, 0, ALIAS - 0x1000, 21, FAKE_R | FAKE_W, FAKE_R | FAKE_W);
}

static void teardown(void)
{
	fake_free(t);
}

TestSuite(code, .init = setup, .fini = teardown, .timeout = 60);

#define X (t->cpu[0]->x)
#define R(n) (fake_r(X)[n])

static void function(int32_t value)
{
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_MOVI, 5, 0, 0, value), FAKE_OP(FAKE_RET, 0, 0, 0, 0));
}

/* A write through the TLB (the page is still data), a call, the write under test, a call: results in r6 and
 * r5. */
static void write_and_call(uint64_t write)
{
	function(1);
	R(1) = ALIAS + IMM;
	R(2) = 3;
	R(7) = 0;
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ST, 7, 1, 2, 0x100),
		  FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - (FAKE_CODE + 8)), FAKE_OP(FAKE_ADDI, 6, 5, 0, 0), write,
		  FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - (FAKE_CODE + 0x20)), FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(fake_of(X)->faults, 0);
	cr_assert_eq(R(6), 1);
}

Test(code, stores_are_noticed)
{
	write_and_call(FAKE_OP(FAKE_ST, 2, 1, 2, 0));
	cr_assert_eq(R(5), 3);
	cr_assert_geq(fake_counter(t, "code_writes"), 1);
	cr_assert_geq(fake_counter(t, "invalidated_regions"), 1);
}

Test(code, narrow_and_unprivileged_stores_are_noticed)
{
	write_and_call(FAKE_OP(FAKE_ST, 2, 1, FAKE_HOW(0, FAKE_UNPRIV), 0));
	cr_assert_eq(R(5), 3);
}

Test(code, atomics_are_noticed)
{
	write_and_call(FAKE_OP(FAKE_AMO, 3, 1, 2, VR_AMO_ADD << 8 | 2));
	cr_assert_eq(R(5), 4);
	R(3) = 1; /* expected */
	function(1);
	write_and_call(FAKE_OP(FAKE_CAS, 3, 1, 2, 2));
	cr_assert_eq(R(5), 3);
}

Test(code, a_store_into_the_page_from_the_one_before)
{
	function(1);
	R(1) = ALIAS - 3;
	/* Its last byte is the opcode of the first instruction: an addition to r5 instead of a move. */
	R(2) = (uint64_t)FAKE_ADDI << 24;
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - FAKE_CODE), FAKE_OP(FAKE_MOVI, 0, 0, 0, 40),
		  FAKE_OP(FAKE_ST, 2, 1, 2, 0), FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - (FAKE_CODE + 0x18)),
		  FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(5), 41);
}

Test(code, devices_are_noticed)
{
	for (int32_t i = 0; i < 5; i++) {
		function(i);
		R(7) = 0;
		FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - FAKE_CODE), FAKE_STOP);
		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		cr_assert_eq(R(5), (uint64_t)i);
	}
	t->accel->memory_written((struct vr_vm *)t->vm, UINT64_MAX - 10, 100);
	t->accel->memory_written((struct vr_vm *)t->vm, 0, 0);
}

/* The right to write is noted page by page: code in a page that no TLB could write is translated without a
 * request to other vCPUs. */
Test(code, pages_that_were_never_written_cost_no_flush)
{
	function(1);
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - FAKE_CODE), FAKE_STOP);
	R(1) = ALIAS;
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert(!soft_ram_take_written(t->vm, FAKE_RAM + 20 * SOFT_PAGE));
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_LD, 2, 1, 3, 0x800), FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert(!soft_ram_take_written(t->vm, FAKE_RAM + 20 * SOFT_PAGE), "reading is not writing");
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ST, 2, 1, 3, 0x800), FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert(soft_ram_take_written(t->vm, FAKE_RAM + 20 * SOFT_PAGE));
}

static uint64_t flush_va, flush_length;

static void hook_code_flush(struct fake_machine *m, struct vr_exec *x)
{
	(void)m;
	x->env->code_flush(x, flush_va, flush_length);
}

/* Code that is changed without the engine's knowledge, and then named by the guest. */
Test(code, code_flush)
{
	static const uint64_t ranges[][2] = {{FUNC, 64}, {FUNC + 0xfc0, 64}, {FUNC - 1, 2}};

	t->hooks[1] = hook_code_flush;
	for (uint32_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		function(1);
		flush_va = ranges[i][0];
		flush_length = ranges[i][1];
		FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - FAKE_CODE), FAKE_STOP,
			  FAKE_CALL_HOOK(1), FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - (FAKE_CODE + 0x18)),
			  FAKE_STOP);
		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		*(volatile uint32_t *)(volatile void *)(fake_page(t, 20) + IMM) = 9;
		cr_assert_eq(fake_go(t, 0, FAKE_CODE + 0x10), VR_EXIT_KICK);
		cr_assert_eq(R(5), 9, "range %u", i);
	}
	/* For any range that the guest names. */
	flush_va = 0;
	flush_length = UINT64_MAX;
	cr_assert_eq(fake_go(t, 0, FAKE_CODE + 0x10), VR_EXIT_KICK);
	flush_va = UINT64_MAX - 1;
	flush_length = 64;
	cr_assert_eq(fake_go(t, 0, FAKE_CODE + 0x10), VR_EXIT_KICK);
}

/* r1 iterations: write the function, call it, add its result. */
static void churn(uint64_t rounds)
{
	R(1) = ALIAS + IMM;
	R(2) = R(3) = R(4) = 0;
	R(8) = rounds;
	/* The call goes one page back and forth. */
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ADDI, 2, 2, 0, 1), FAKE_OP(FAKE_ST, 2, 1, 2, 0),
		  FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - (FAKE_CODE + 0x10)), FAKE_OP(FAKE_ADD, 3, 3, 5, 0),
		  FAKE_OP(FAKE_BNE, 0, 2, 8, -0x20), FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(3), rounds * (rounds + 1) / 2);
}

/* A part at a time: the oldest. */
Test(code, a_full_cache_makes_room)
{
	function(0);
	t->vm->meta_limit = 256 * 1024;
	churn(5000);
	cr_assert_eq(fake_counter(t, "cache_flushes"), 0);
	cr_assert_geq(fake_counter(t, "evictions"), 32);
	cr_assert_leq(soft_segments_meta(t->vm), 300u * 1024u);
}

Test(code, one_page_at_many_addresses)
{
	t->vm->meta_limit = 128 * 1024;
	for (uint32_t i = 0; i < 1500; i++)
		fake_map(t, 0, 0x100000 + i * 0x1000, 20, FAKE_R | FAKE_X, 0);
	function(7);
	R(0) = 0;
	for (uint32_t round = 0; round < 3; round++)
		for (uint32_t i = 0; i < 1500; i++) {
			R(5) = 0;
			R(15) = FAKE_VECTOR;
			cr_assert_eq(fake_go(t, 0, 0x100000 + i * 0x1000), VR_EXIT_KICK);
			cr_assert_eq(R(5), 7);
		}
	cr_assert_eq(fake_counter(t, "cache_flushes"), 0);
	cr_assert_geq(fake_counter(t, "evictions"), 32);
	/* The pairs of pages are as many as fit. */
	cr_assert_leq(t->vm->mapping_count * sizeof(struct soft_mapping), t->vm->meta_limit);
}

/* A lifter that gives up is an error, not a loop. */
Test(code, what_cannot_be_translated)
{
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_BAD, 0, 0, 0, 0));
	cr_assert_lt(fake_go(t, 0, FAKE_CODE), 0);
	t->accel->vm_reset((struct vr_vm *)t->vm);
	FAKE_LOAD(t, 0, 0, FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
}

Test(code, a_fault_loop_can_be_kicked)
{
	fake_unmap(t, 0, FAKE_VECTOR);
	for (uint32_t i = 0; i < FAKE_ASIDS; i++)
		fake_unmap(t, i, FAKE_VECTOR);
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_LD, 0, 0, 3, 0));
	pthread_t thread = fake_start(t, 0, FAKE_CODE);
	void *reason;

	while (__atomic_load_n(&fake_of(X)->faults, __ATOMIC_RELAXED) < 2)
		usleep(1000);
	t->accel->vcpu_kick((struct vr_vcpu *)t->cpu[0]);
	pthread_join(thread, &reason);
	cr_assert_eq((intptr_t)reason, VR_EXIT_KICK);
}

/* ---- waiting ---- */

static void hook_wait(struct fake_machine *m, struct vr_exec *x)
{
	(void)m;
	x->env->wait(x);
}

static void program_waits(void)
{
	t->hooks[3] = hook_wait;
	FAKE_LOAD(t, 0, 0, FAKE_CALL_HOOK(3), FAKE_OP(FAKE_ADDI, 4, 4, 0, 1),
		  FAKE_OP(FAKE_BNE, 0, 4, 8, -0x10), FAKE_STOP);
}

Test(code, a_pin_wakes)
{
	program_waits();
	R(8) = 200;
	pthread_t thread = fake_start(t, 0, FAKE_CODE);
	void *reason;

	/* An interrupt that is taken before the wait does not end the wait, so there may be more interrupts
	 * than waits. One that comes during the sleep ends it. */
	while (__atomic_load_n(&R(4), __ATOMIC_SEQ_CST) != 200) {
		t->accel->vcpu_set_pin((struct vr_vcpu *)t->cpu[0], 0, 1);
		while (__atomic_load_n(&fake_of(X)->pins, __ATOMIC_SEQ_CST) &&
		       __atomic_load_n(&R(4), __ATOMIC_SEQ_CST) != 200)
			sched_yield();
	}
	pthread_join(thread, &reason);
	cr_assert_eq((intptr_t)reason, VR_EXIT_KICK);
	cr_assert_eq(R(4), 200);
	cr_assert_geq(fake_of(X)->interrupts, 199);
}

Test(code, a_kick_wakes)
{
	program_waits();
	R(8) = 1;
	for (uint32_t i = 0; i < 100; i++) {
		R(4) = 0;
		pthread_t thread = fake_start(t, 0, FAKE_CODE);
		void *reason;

		if (i & 1)
			usleep(300);
		t->accel->vcpu_kick((struct vr_vcpu *)t->cpu[0]);
		pthread_join(thread, &reason);
		cr_assert_eq((intptr_t)reason, VR_EXIT_KICK);
	}
	/* And an interrupt that comes before the wait. */
	t->accel->vcpu_kick((struct vr_vcpu *)t->cpu[0]);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(4), 0);
}

static void hook_nothing(struct fake_machine *m, struct vr_exec *x)
{
	(void)m, (void)x;
}

/* What a block that ends in a helper goes on to is in the indirect-branch cache. */
Test(code, resuming_needs_no_look_up)
{
	t->hooks[3] = hook_nothing;
	FAKE_LOAD(t, 0, 0, FAKE_CALL_HOOK(3), FAKE_OP(FAKE_ADDI, 4, 4, 0, 1),
		  FAKE_OP(FAKE_BNE, 0, 4, 8, -0x10), FAKE_STOP);
	R(8) = 1000;
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(4), 1000);
	if (fake_emit && !fake_counter(t, "refused_translations"))
		cr_assert_leq(fake_counter(t, "lookups"), 50, "%lu", fake_counter(t, "lookups"));
}

/* ---- counters ---- */

Test(code, counters_add_up)
{
	function(0);
	churn(100);
	const struct soft_counters *n = &t->cpu[0]->n;

#define C(field, name, text) cr_assert_eq(fake_counter(t, name), n->field, name);
	SOFT_COUNTERS(C)
#undef C
	/* Where code is hot it is made again, before a look-up that finds it. */
	cr_assert_eq(n->lookups, n->lookup_table + n->translations - n->hot + fake_of(X)->faults);
	if (fake_emit) {
		cr_assert_eq(n->interpreted, 0);
		cr_assert_geq(n->translated_blocks, n->translations);
		cr_assert_gt(n->translated_bytes, 0);
	} else {
		cr_assert_eq(n->interpreted, n->lookup_table + n->translations);
		cr_assert_eq(n->translations, n->translated_blocks, "one block a region without an emitter");
		cr_assert_eq(n->translated_bytes, 0);
	}
	cr_assert_geq(n->translated_insns, n->translated_blocks);
	cr_assert_leq(n->invalidated, n->translations);
	cr_assert_eq(fake_counter(t, "cache_hit_rate"), (n->lookups - n->translations) * 1000 / n->lookups);
}

/* So many pages are data first that several have the same byte in the writable filter, and that the TLB
 * grows in between; in two address spaces. A write to each of them as code is noticed. */
Test(code, many_pages_that_were_data)
{
	enum { PAGES = 700, FIRST = 100 };
	const uint64_t base = 0x100000;

	for (uint32_t i = 0; i < PAGES; i++)
		for (uint32_t asid = 0; asid < 2; asid++)
			fake_map(t, asid, base + i * (uint64_t)SOFT_PAGE, FIRST + i, FAKE_RWX, FAKE_RWX);
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ST, 2, 1, 2, IMM), FAKE_STOP);
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < PAGES; i++) {
			X->asid = round;
			X->env->context(X);
			FAKE_LOAD(t, FIRST + i, 0, FAKE_OP(FAKE_MOVI, 5, 0, 0, 0), FAKE_STOP);
			R(1) = base + i * (uint64_t)SOFT_PAGE;
			R(2) = 1000 + i;
			cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		}
	for (uint32_t i = 0; i < PAGES; i++)
		for (uint32_t asid = 0; asid < 2; asid++) {
			/* Translated in one address space, written in the other. */
			X->asid = asid;
			X->env->context(X);
			cr_assert_eq(fake_go(t, 0, base + i * (uint64_t)SOFT_PAGE), VR_EXIT_KICK);
			cr_assert_eq(R(5), asid ? 5000 + i : 1000 + i, "page %u", i);
			X->asid = !asid;
			X->env->context(X);
			R(1) = base + i * (uint64_t)SOFT_PAGE;
			R(2) = 5000 + i;
			cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
			X->asid = asid;
			X->env->context(X);
			cr_assert_eq(fake_go(t, 0, base + i * (uint64_t)SOFT_PAGE), VR_EXIT_KICK);
			cr_assert_eq(R(5), 5000 + i, "page %u, space %u", i, asid);
		}
	cr_assert_eq(fake_of(X)->faults, 0);
	cr_assert_geq(fake_counter(t, "tlb_resizes"), 1);
}

/* An instruction that continues on a page that can't be fetched: the fault is that page's, at the
 * instruction. */
Test(code, an_instruction_across_pages)
{
	const uint64_t at = TWO + SOFT_PAGE - 4, word = FAKE_OP(FAKE_MOVI, 5, 0, 0, 77), stop = FAKE_STOP;
	const struct fake_state *s = fake_of(t->cpu[0]->x);

	memcpy(fake_page(t, 30) + SOFT_PAGE - 4, &word, 4);
	memcpy(fake_page(t, 31), (const uint8_t *)&word + 4, 4);
	memcpy(fake_page(t, 31) + 4, &stop, sizeof(stop));
	fake_map(t, 0, TWO, 30, FAKE_R | FAKE_X, 0);
	fake_unmap(t, 0, TWO + SOFT_PAGE);
	for (uint32_t round = 0; round < 3; round++) {
		/* The page is not mapped, is mapped without the right to execute, is mapped; the
		 * translation does not outlive the mapping. */
		if (round)
			fake_map(t, 0, TWO + SOFT_PAGE, 31, round == 1 ? FAKE_R : FAKE_R | FAKE_X, 0);
		fake_r(t->cpu[0]->x)[5] = 0;
		cr_assert_eq(fake_go(t, 0, at), VR_EXIT_KICK);
		cr_assert_eq(fake_r(t->cpu[0]->x)[5], round == 2 ? 77 : 0);
		if (round == 2)
			break;
		cr_assert_eq(s->faults, round + 1);
		cr_assert_eq(s->fault, round ? FAKE_FORBIDDEN : FAKE_UNMAPPED);
		cr_assert_eq(s->fault_va, TWO + SOFT_PAGE);
		cr_assert_eq(s->fault_pc, at);
		cr_assert_eq(s->fault_access, VR_ACCESS_EXECUTE);
	}
	struct vr_exec *x = t->cpu[0]->x;

	fake_unmap(t, 0, TWO + SOFT_PAGE);
	x->env->tlb_flush(x, VR_FLUSH_VA, 0, TWO + SOFT_PAGE, SOFT_PAGE, 0);
	cr_assert_eq(fake_go(t, 0, at), VR_EXIT_KICK);
	cr_assert_eq(s->faults, 3);
	cr_assert_eq(s->fault_va, TWO + SOFT_PAGE);
	cr_assert_eq(s->fault_pc, at);
}

/* A loop with such an instruction: r6 iterations, each after `first`. r5 = the immediate, all of which is on
 * the next page, is added to r7. */
static void cut_loop(uint64_t first)
{
	const uint64_t code[] = {first,
				 FAKE_OP(FAKE_ADDI, 6, 6, 0, 1),
				 FAKE_OP(FAKE_MOVI, 5, 0, 0, 3),
				 FAKE_OP(FAKE_ADD, 7, 7, 5, 0),
				 FAKE_OP(FAKE_BNE, 0, 6, 8, -32),
				 FAKE_STOP};
	const uint32_t before = 20; /* bytes of it in the first page */
	uint64_t lookups = fake_counter(t, "lookups");

	memcpy(fake_page(t, 30) + SOFT_PAGE - before, code, before);
	for (uint64_t page = 31; page <= 33; page++) {
		memcpy(fake_page(t, page), (const uint8_t *)code + before, sizeof(code) - before);
		*(uint32_t *)(void *)fake_page(t, page) = (uint32_t)(page == 32 ? 31 : page);
		fake_map(t, 0, ALIAS + (page - 29) * SOFT_PAGE, page, FAKE_R | FAKE_W, 0);
		t->accel->memory_written((struct vr_vm *)t->vm, FAKE_RAM + page * SOFT_PAGE, SOFT_PAGE);
	}
	for (uint32_t asid = 0; asid < 2; asid++) {
		fake_map(t, asid, TWO, 30, FAKE_R | FAKE_X, 0);
		fake_map(t, asid, TWO + SOFT_PAGE, asid ? 33 : 31, FAKE_R | FAKE_X, 0);
	}
	R(6) = R(7) = 0;
	R(8) = 60;
	cr_assert_eq(fake_go(t, 0, TWO + SOFT_PAGE - before), VR_EXIT_KICK);
	cr_assert_eq(fake_of(X)->faults, 0);
	cr_assert_eq(R(6), 60);
	t->shared[1] = fake_counter(t, "lookups") - lookups;
}

Test(code, a_loop_with_an_instruction_across_pages_is_linked)
{
	cut_loop(FAKE_OP(FAKE_ADDI, 9, 9, 0, 1));
	cr_assert_eq(R(7), 60 * 31);
	if (fake_emit)
		cr_assert_leq(t->shared[1], 12);
}

Test(code, writes_to_the_second_page_are_noticed_in_a_loop)
{
	/* Each iteration stores its number where the immediate is. */
	R(1) = ALIAS + 2 * SOFT_PAGE;
	cut_loop(FAKE_OP(FAKE_ST, 6, 1, 2, 0));
	cr_assert_eq(R(7), 59 * 60 / 2);
}

/* Hook 5: in each third iteration a device writes the immediate. The link to the instruction is made in
 * between. */
static void hook_device(struct fake_machine *m, struct vr_exec *x)
{
	uint32_t n = (uint32_t)m->shared[0]++;

	(void)x;
	if (n % 3)
		return;
	memcpy(fake_page(m, 31), &n, 4);
	m->accel->memory_written((struct vr_vm *)m->vm, FAKE_RAM + 31 * SOFT_PAGE, 4);
}

Test(code, a_write_to_the_second_page_undoes_links)
{
	t->hooks[5] = hook_device;
	cut_loop(FAKE_CALL_HOOK(5));
	cr_assert_eq(R(7), 3 * 3 * (19 * 20 / 2));
}

/* Hook 3: in each fourth iteration the second page becomes the next of three, two of which have the same
 * contents. */
static void hook_second_page(struct fake_machine *m, struct vr_exec *x)
{
	uint64_t n = m->shared[0]++;

	if (n % 4)
		return;
	fake_map(m, 0, TWO + SOFT_PAGE, 31 + n / 4 % 3, FAKE_R | FAKE_X, 0);
	x->env->tlb_flush(x, VR_FLUSH_VA, 0, TWO + SOFT_PAGE, SOFT_PAGE, 0);
	x->env->sync(x);
}

Test(code, a_second_page_that_is_mapped_anew_is_noticed_in_a_loop)
{
	t->hooks[3] = hook_second_page;
	cut_loop(FAKE_CALL_HOOK(3));
	cr_assert_eq(R(7), 20 * (31 + 31 + 33));
}

/* Hook 4: in each third iteration, a switch to the other address space. */
static void hook_space(struct fake_machine *m, struct vr_exec *x)
{
	if (m->shared[0]++ % 3)
		return;
	x->asid ^= 1;
	x->env->context(x);
}

Test(code, address_spaces_that_differ_in_the_second_page_only)
{
	t->hooks[4] = hook_space;
	cut_loop(FAKE_CALL_HOOK(4));
	cr_assert_eq(R(7), 30 * (31 + 33));
}

/* Both pages are the same physical page: the region is in two of its lists. */
Test(code, an_instruction_that_ends_where_its_own_page_begins)
{
	const uint64_t at = TWO + SOFT_PAGE - 4, stop = FAKE_STOP;

	fake_map(t, 0, TWO, 30, FAKE_R | FAKE_X, 0);
	fake_map(t, 0, TWO + SOFT_PAGE, 30, FAKE_R | FAKE_X, 0);
	memcpy(fake_page(t, 30) + 4, &stop, sizeof(stop));
	for (uint32_t n = 0; n < 6; n++) {
		const uint64_t word = FAKE_OP(FAKE_MOVI, 5 + n % 2, 0, 0, n);

		memcpy(fake_page(t, 30) + SOFT_PAGE - 4, &word, 4);
		memcpy(fake_page(t, 30), (const uint8_t *)&word + 4, 4);
		t->accel->memory_written((struct vr_vm *)t->vm, FAKE_RAM + 30 * SOFT_PAGE, SOFT_PAGE);
		for (uint32_t again = 0; again < 2; again++) {
			R(5) = R(6) = 100;
			cr_assert_eq(fake_go(t, 0, at), VR_EXIT_KICK);
			cr_assert_eq(R(5 + n % 2), n);
			cr_assert_eq(R(6 - n % 2), 100);
		}
	}
	cr_assert_eq(fake_of(X)->faults, 0);
}
