/* SPDX-License-Identifier: MIT */
/* test_smp.c: several vCPUs on threads of their own. */
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "toy.h"

#define DATA 0x5000u
#define FLAG 0x6000u    /* physical page 11 */
#define FUNC 0x9000u    /* code, page 20 */
#define ALIAS 0xa000u   /* the same as data */
#define SCRIPTS 0xc000u /* a page of code for each vCPU, 40.. */

static struct toy *t;

static void make(uint32_t cpus)
{
	t = toy_new(cpus);
	toy_map(t, 0, FLAG, 11, TOY_R | TOY_W, 0);
	toy_map(t, 0, FUNC, 20, TOY_R | TOY_X, 0);
	toy_map(t, 0, ALIAS, 20, TOY_R | TOY_W, 0);
	for (uint32_t i = 0; i < cpus; i++)
		toy_map(t, 0, SCRIPTS + i * 0x1000, 40 + i, TOY_R | TOY_X, 0);
}

static void finish(void)
{
	toy_free(t);
}

TestSuite(smp, .fini = finish, .timeout = 600);

#define R(who, n) (toy_r(t->cpu[who]->x)[n])

static void join_all(pthread_t *threads, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		void *reason;

		pthread_join(threads[i], &reason);
		cr_assert_eq((intptr_t)reason, VR_EXIT_KICK);
	}
}

Test(smp, atomics_count)
{
	pthread_t threads[4];

	make(4);
	/* r3 = [r1] += r2, r8 times */
	TOY_LOAD(t, 0, 0, TOY_OP(TOY_AMO, 3, 1, 2, VR_AMO_ADD << 8 | 3), TOY_OP(TOY_ADDI, 4, 4, 0, 1),
		 TOY_OP(TOY_BNE, 0, 4, 8, -0x10), TOY_STOP);
	for (uint32_t i = 0; i < 4; i++) {
		R(i, 1) = FLAG;
		R(i, 2) = 1;
		R(i, 8) = 20000;
		threads[i] = toy_start(t, i, TOY_CODE);
	}
	join_all(threads, 4);
	cr_assert_eq(toy_get(t, 11, 0), 80000);
}

/* Marks in tables: one step as all see it, never into read-only memory, and code there is noticed. */
static void hook_exchange(struct toy *m, struct vr_exec *x)
{
	uint64_t *word = (uint64_t *)(void *)toy_page(m, 11), old;

	do
		old = __atomic_load_n(word, __ATOMIC_RELAXED);
	while (!x->env->exchange(x, TOY_RAM + 11 * SOFT_PAGE, old, old + 1));
}

Test(smp, exchange)
{
	pthread_t threads[4];

	make(4);
	t->hooks[1] = hook_exchange;
	TOY_LOAD(t, 0, 0, TOY_CALL_HOOK(1), TOY_OP(TOY_ADDI, 4, 4, 0, 1), TOY_OP(TOY_BNE, 0, 4, 8, -0x10),
		 TOY_STOP);
	for (uint32_t i = 0; i < 4; i++) {
		R(i, 8) = 20000;
		threads[i] = toy_start(t, i, TOY_CODE);
	}
	join_all(threads, 4);
	cr_assert_eq(toy_get(t, 11, 0), 80000);
	struct vr_exec *x = t->cpu[0]->x;
	cr_assert_eq(x->env->exchange(x, TOY_RAM + 11 * SOFT_PAGE, 1, 2), 0);
	cr_assert_eq(x->env->exchange(x, TOY_ROM, 0, 1), VR_E_PERM);
	cr_assert_eq(x->env->exchange(x, TOY_NOTHING, 0, 1), VR_E_PERM);
	cr_assert_eq(x->env->exchange(x, TOY_RAM + 4, 0, 1), VR_E_PERM);
	/* The program's third instruction stops instead of going back. */
	cr_assert_eq(x->env->exchange(x, TOY_RAM + 16, toy_get(t, 0, 16), TOY_STOP), 1);
	R(0, 4) = 0;
	cr_assert_eq(toy_go(t, 0, TOY_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(0, 4), 1);
}

/* ---- a mapping changes under everybody's feet ---- */

#define ROUNDS 3000u

/* shared[0]: the generation that everybody must see; shared[1]: wrong values seen; shared[2]: end. */
static void hook_remap(struct toy *m, struct vr_exec *x)
{
	uint64_t next = atomic_load(&m->shared[0]) + 1;

	/* Page 100 + n % 64 is not mapped by anybody who has synchronised. */
	*(volatile uint64_t *)(volatile void *)toy_page(m, 100 + next % 64) = next;
	toy_map(m, 0, DATA, 100 + next % 64, TOY_R, 0);
	x->env->tlb_flush(x,
			  next & 1   ? VR_FLUSH_VA
			  : next & 2 ? VR_FLUSH_ALL
				     : VR_FLUSH_ASID,
			  0, DATA, 4096, 1);
	x->env->sync(x);
	atomic_store(&m->shared[0], next);
	toy_r(x)[4] = next;
}

/* Both push: each of two vCPUs flushes, and waits for the other, which waits for it. */
static void hook_flush_only(struct toy *m, struct vr_exec *x)
{
	(void)m;
	x->env->tlb_flush(x, VR_FLUSH_VA, 0, DATA, 4096, 1);
	x->env->sync(x);
}

static void hook_before(struct toy *m, struct vr_exec *x)
{
	toy_r(x)[6] = atomic_load(&m->shared[0]);
	toy_r(x)[8] = atomic_load(&m->shared[2]);
}

static void hook_after(struct toy *m, struct vr_exec *x)
{
	if (toy_r(x)[5] < toy_r(x)[6])
		atomic_fetch_add(&m->shared[1], 1);
}

Test(smp, flush_and_sync)
{
	pthread_t threads[4];

	make(4);
	t->hooks[1] = hook_remap;
	t->hooks[2] = hook_before;
	t->hooks[3] = hook_after;
	t->hooks[4] = hook_flush_only;
	toy_map(t, 0, DATA, 100, TOY_R, 0);
	TOY_LOAD(t, 40, 0, TOY_CALL_HOOK(1), TOY_OP(TOY_BNE, 0, 4, 8, -8), TOY_STOP);
	TOY_LOAD(t, 41, 0, TOY_CALL_HOOK(2), TOY_OP(TOY_LD, 5, 1, 3, 0), TOY_CALL_HOOK(3),
		 TOY_OP(TOY_BNE, 0, 8, 9, -0x18), TOY_STOP);
	TOY_LOAD(t, 42, 0, TOY_CALL_HOOK(2), TOY_OP(TOY_LD, 5, 1, 3, 0), TOY_CALL_HOOK(3), TOY_CALL_HOOK(4),
		 TOY_OP(TOY_BNE, 0, 8, 9, -0x20), TOY_STOP);
	R(0, 8) = ROUNDS;
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t script = i < 3 ? i : 1;

		R(i, 1) = DATA;
		R(i, 9) = 1;
		threads[i] = toy_start(t, i, SCRIPTS + script * 0x1000);
	}
	join_all(threads, 1);
	atomic_store(&t->shared[2], 1);
	join_all(threads + 1, 3);
	cr_assert_eq(atomic_load(&t->shared[0]), ROUNDS);
	cr_assert_eq(atomic_load(&t->shared[1]), 0, "a mapping outlived its flush");
}

/* ---- code changes while others run it ---- */

/* Hook 5: a reader is there. Hook 6: the writer lets them run, and begins when all are. */
static void hook_ready(struct toy *m, struct vr_exec *x)
{
	(void)x;
	atomic_fetch_add(&m->shared[3], 1);
}

static void hook_let_run(struct toy *m, struct vr_exec *x)
{
	(void)x;
	do
		sched_yield();
	while (atomic_load(&m->shared[3]) < m->cpus - 1);
}

/* The writer stores the number of the round into the function, then into the flag. Whoever has read the flag
 * must get at least that number from the function: without any cache maintenance, as on a machine with
 * coherent caches. */
Test(smp, code_that_others_run)
{
	pthread_t threads[4];

	make(4);
	t->hooks[3] = hook_after;
	TOY_LOAD(t, 20, 0, TOY_OP(TOY_MOVI, 5, 0, 0, 0), TOY_OP(TOY_RET, 0, 0, 0, 0));
	t->hooks[5] = hook_ready;
	t->hooks[6] = hook_let_run;
	TOY_LOAD(t, 40, 0, TOY_CALL_HOOK(6), TOY_OP(TOY_ADDI, 2, 2, 0, 1), TOY_OP(TOY_ST, 2, 1, 2, 4),
		 TOY_OP(TOY_ST, 2, 3, 3, 0), TOY_OP(TOY_BNE, 0, 2, 8, -0x20), TOY_STOP);
	TOY_LOAD(t, 41, 0, TOY_CALL_HOOK(5), TOY_OP(TOY_LD, 6, 3, 3, 0),
		 TOY_OP(TOY_CALL, 0, 0, 0, FUNC - (SCRIPTS + 0x1010)), TOY_CALL_HOOK(3),
		 TOY_OP(TOY_BNE, 0, 6, 8, -0x18), TOY_STOP);
	for (uint32_t i = 0; i < 4; i++) {
		R(i, 1) = ALIAS;
		R(i, 3) = FLAG;
		R(i, 8) = 3000;
		threads[i] = toy_start(t, i, SCRIPTS + (i ? 0x1000 : 0));
	}
	join_all(threads, 4);
	cr_assert_eq(atomic_load(&t->shared[1]), 0, "stale code ran");
	cr_assert_geq(toy_counter(t, "invalidated_regions"), 1);
}

/* Hook 7: the writer, which has the right to write the page, holds it while one reader waits for it and a
 * second one comes; then it writes. */
static void hook_hold(struct toy *m, struct vr_exec *x)
{
	const struct soft_page *page;

	(void)x;
	atomic_store(&m->shared[4], 1);
	do {
		sched_yield();
		page = soft_page(m->vm, TOY_RAM + 20 * SOFT_PAGE, false);
	} while (!page || !atomic_load(&page->write_protected));
	atomic_store(&m->shared[4], 2);
	for (uint32_t i = 0; i < 2000 && !m->cpu[2]->n.translations; i++)
		sched_yield();
	__atomic_store_n((uint32_t *)(void *)(toy_page(m, 20) + 4), 77, __ATOMIC_SEQ_CST);
}

/* Nobody translates a page before everybody has given up the right to write it, whoever asked for that. */
Test(smp, code_is_read_when_all_have_answered)
{
	pthread_t threads[3];

	make(3);
	t->hooks[7] = hook_hold;
	TOY_LOAD(t, 20, 0, TOY_OP(TOY_MOVI, 5, 0, 0, 1), TOY_STOP);
	TOY_LOAD(t, 40, 0, TOY_OP(TOY_ST, 2, 1, 2, 4), TOY_CALL_HOOK(7), TOY_STOP);
	R(0, 1) = ALIAS;
	R(0, 2) = 2;
	threads[0] = toy_start(t, 0, SCRIPTS);
	for (uint32_t i = 1; i < 3; i++) {
		while (atomic_load(&t->shared[4]) < i)
			sched_yield();
		threads[i] = toy_start(t, i, FUNC);
	}
	join_all(threads, 3);
	cr_assert_eq(R(1, 5), 77);
	cr_assert_eq(R(2, 5), 77);
}

/* The same as before, written by a device. */
Test(smp, code_that_a_device_writes)
{
	pthread_t threads[2];

	make(2);
	t->hooks[2] = hook_before;
	t->hooks[3] = hook_after;
	TOY_LOAD(t, 20, 0, TOY_OP(TOY_MOVI, 5, 0, 0, 0), TOY_OP(TOY_RET, 0, 0, 0, 0));
	TOY_LOAD(t, 41, 0, TOY_CALL_HOOK(2), TOY_OP(TOY_CALL, 0, 0, 0, FUNC - (SCRIPTS + 0x1008)),
		 TOY_CALL_HOOK(3), TOY_OP(TOY_BNE, 0, 8, 9, -0x18), TOY_STOP);
	for (uint32_t i = 0; i < 2; i++) {
		R(i, 9) = 1;
		threads[i] = toy_start(t, i, SCRIPTS + 0x1000);
	}
	for (uint32_t i = 1; i <= 3000; i++) {
		__atomic_store_n((uint32_t *)(void *)(toy_page(t, 20) + 4), i, __ATOMIC_RELAXED);
		t->accel->memory_written(t->vm, TOY_RAM + 20 * SOFT_PAGE + 4, 4);
		atomic_store(&t->shared[0], i);
	}
	atomic_store(&t->shared[2], 1);
	join_all(threads, 2);
	cr_assert_eq(atomic_load(&t->shared[1]), 0, "stale code ran");
}

/* ---- exclusive sections ---- */

static void hook_empty_cache(struct toy *m, struct vr_exec *x)
{
	(void)m;
	soft_request(x, SOFT_REQ_FULL);
}

static void hook_asid(struct toy *m, struct vr_exec *x)
{
	(void)m;
	x->asid ^= 1 + (toy_r(x)[4] & 7);
	x->env->context(x);
}

static void hook_wait(struct toy *m, struct vr_exec *x)
{
	(void)m;
	x->env->wait(x);
}

/* Everybody empties the cache, switches address spaces, flushes and takes interrupts; one sleeps, and one is
 * off. */
Test(smp, exclusive_sections)
{
	pthread_t threads[3];

	make(4);
	t->hooks[1] = hook_empty_cache;
	t->hooks[2] = hook_asid;
	t->hooks[3] = hook_wait;
	t->hooks[4] = hook_flush_only;
	for (uint32_t i = 0; i < 16; i++)
		for (uint32_t p = 0; p < 4; p++)
			toy_map(t, i, SCRIPTS + p * 0x1000, 40 + p, TOY_R | TOY_X, 0);
	TOY_LOAD(t, 40, 0, TOY_OP(TOY_ADDI, 4, 4, 0, 1), TOY_CALL_HOOK(2), TOY_CALL_HOOK(1), TOY_CALL_HOOK(4),
		 TOY_OP(TOY_BNE, 0, 4, 8, -0x20), TOY_STOP);
	TOY_LOAD(t, 41, 0, TOY_CALL_HOOK(3), TOY_STOP);
	for (uint32_t i = 0; i < 2; i++) {
		R(i, 8) = 2000;
		threads[i] = toy_start(t, i, SCRIPTS);
	}
	threads[2] = toy_start(t, 2, SCRIPTS + 0x1000);
	for (uint32_t i = 0; i < 500; i++) {
		t->accel->vcpu_set_pin(t->cpu[i & 1], 0, 1);
		usleep(20);
	}
	join_all(threads, 2);
	for (uint32_t i = 0; i < 2; i++)
		cr_assert_eq(R(i, 4), 2000);
	cr_assert_geq(toy_counter(t, "cache_flushes"), 1000);
	/* The sleeper slept through it all. */
	t->accel->vcpu_set_pin(t->cpu[2], 0, 1);
	join_all(threads + 2, 1);
	/* And the one that was off runs with what it missed. */
	TOY_LOAD(t, 43, 0, TOY_STOP);
	cr_assert_eq(toy_go(t, 3, SCRIPTS + 0x3000), VR_EXIT_KICK);
}

/* ---- who interrupts another vCPU lets it go first ---- */

/* A vCPU that does not notice anything until somebody sleeps for its sake, or has gone on (shared[2]). */
static void hook_busy(struct toy *m, struct vr_exec *x)
{
	(void)x;
	atomic_store(&m->shared[0], 1);
	while (!atomic_load(&m->naps) && !atomic_load(&m->shared[2]))
		sched_yield();
}

static void hook_kick_other(struct toy *m, struct vr_exec *x)
{
	(void)x;
	m->accel->vcpu_set_pin(m->cpu[1], 0, 1);
}

static void hook_gone_on(struct toy *m, struct vr_exec *x)
{
	(void)x;
	atomic_store(&m->shared[1], atomic_load(&m->naps));
	atomic_store(&m->shared[2], 1);
}

Test(smp, kicked_ones_go_first)
{
	make(2);
	t->hooks[1] = hook_kick_other;
	t->hooks[2] = hook_gone_on;
	t->hooks[3] = hook_busy;
	TOY_LOAD(t, 0, 0, TOY_CALL_HOOK(1), TOY_CALL_HOOK(2), TOY_STOP);
	TOY_LOAD(t, 41, 0, TOY_CALL_HOOK(3), TOY_STOP);

	/* One that is off is not waited for. */
	cr_assert_eq(toy_go(t, 0, TOY_CODE), VR_EXIT_KICK);
	cr_assert_eq(atomic_load(&t->naps), 0);

	atomic_store(&t->shared[2], 0);
	pthread_t thread = toy_start(t, 1, SCRIPTS + 0x1000);

	while (!atomic_load(&t->shared[0]))
		sched_yield();
	cr_assert_eq(toy_go(t, 0, TOY_CODE), VR_EXIT_KICK);
	join_all(&thread, 1);
	cr_assert_geq(atomic_load(&t->shared[1]), 1, "it went on at once");
	cr_assert_eq(toy_counter(t, "yields"), 2);
	cr_assert_eq(toy_of(t->cpu[1]->x)->interrupts, 2);
}

/* Counters of all vCPUs are added up. */
Test(smp, counters_add_up)
{
	pthread_t threads[2];
	uint64_t lookups = 0, translations = 0;

	make(2);
	TOY_LOAD(t, 0, 0, TOY_OP(TOY_ADDI, 4, 4, 0, 1), TOY_OP(TOY_BNE, 0, 4, 8, -8), TOY_STOP);
	for (uint32_t i = 0; i < 2; i++) {
		R(i, 8) = 5000;
		threads[i] = toy_start(t, i, TOY_CODE);
	}
	join_all(threads, 2);
	for (uint32_t i = 0; i < 2; i++) {
		lookups += t->cpu[i]->n.lookups;
		translations += t->cpu[i]->n.translations;
	}
	cr_assert_eq(toy_counter(t, "lookups"), lookups);
	cr_assert_eq(toy_counter(t, "translations"), translations);
	cr_assert_leq(translations, 3, "what one has translated the other uses");
}

/* One vCPU goes round a loop with an instruction that continues on the next page, where another stores all
 * the time: both get on. */
Test(smp, an_instruction_across_pages_and_stores_behind_it)
{
	const uint32_t before = 12; /* bytes in the first page: 8, and 4 of the next instruction */
	const uint64_t code[] = {TOY_OP(TOY_ADDI, 6, 6, 0, 1), TOY_OP(TOY_MOVI, 5, 0, 0, 7),
				 TOY_OP(TOY_BNE, 0, 6, 8, -16), TOY_OP(TOY_ST, 7, 2, 3, 0), TOY_STOP};
	pthread_t threads[2];

	make(2);
	toy_map(t, 0, SCRIPTS, 30, TOY_R | TOY_X, 0);
	toy_map(t, 0, SCRIPTS + SOFT_PAGE, 31, TOY_R | TOY_X, 0);
	toy_map(t, 0, ALIAS, 31, TOY_R | TOY_W, 0);
	memcpy(toy_page(t, 30) + SOFT_PAGE - before, code, before);
	memcpy(toy_page(t, 31), (const uint8_t *)code + before, sizeof(code) - before);
	TOY_LOAD(t, 20, 0, TOY_OP(TOY_ST, 4, 1, 3, 2048), TOY_OP(TOY_LD, 5, 2, 3, 0),
		 TOY_OP(TOY_ADDI, 4, 4, 0, 1), TOY_OP(TOY_BNE, 0, 5, 7, -24), TOY_STOP);
	for (uint32_t i = 0; i < 2; i++) {
		R(i, 1) = ALIAS;
		R(i, 2) = FLAG;
		R(i, 7) = 1;
		R(i, 8) = 20000;
	}
	threads[1] = toy_start(t, 1, FUNC);
	threads[0] = toy_start(t, 0, SCRIPTS + SOFT_PAGE - before);
	join_all(threads, 2);
	cr_assert_eq(R(0, 5), 7);
}

/* The same instruction in two address spaces, whose second pages differ: each vCPU has its own, though what
 * the other has translated is in the table. */
Test(smp, an_instruction_across_pages_that_ends_otherwise_in_each_space)
{
	const uint32_t before = 12;
	const uint64_t code[] = {TOY_OP(TOY_ADDI, 6, 6, 0, 1), TOY_OP(TOY_MOVI, 5, 0, 0, 3),
				 TOY_OP(TOY_ADD, 7, 7, 5, 0), TOY_OP(TOY_BNE, 0, 6, 8, -24), TOY_STOP};
	pthread_t threads[2];

	make(2);
	memcpy(toy_page(t, 30) + SOFT_PAGE - before, code, before);
	for (uint32_t i = 0; i < 2; i++) {
		struct vr_exec *x = t->cpu[i]->x;

		memcpy(toy_page(t, 31 + i), (const uint8_t *)code + before, sizeof(code) - before);
		*(uint32_t *)(void *)toy_page(t, 31 + i) = 100 + i;
		toy_map(t, i, SCRIPTS, 30, TOY_R | TOY_X, 0);
		toy_map(t, i, SCRIPTS + SOFT_PAGE, 31 + i, TOY_R | TOY_X, 0);
		x->asid = i;
		x->env->context(x);
		R(i, 8) = 400000;
	}
	for (uint32_t i = 0; i < 2; i++)
		threads[i] = toy_start(t, i, SCRIPTS + SOFT_PAGE - before);
	join_all(threads, 2);
	for (uint32_t i = 0; i < 2; i++)
		cr_assert_eq(R(i, 7), 400000 * (100 + i), "vCPU %u", i);
}
