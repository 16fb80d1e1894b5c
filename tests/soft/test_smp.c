/* SPDX-License-Identifier: MIT */
/* test_smp.c: several vCPUs on threads of their own. */
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "fake_isa.h"

#define DATA 0x5000u
#define FLAG 0x6000u    /* physical page 11 */
#define FUNC 0x9000u    /* code, page 20 */
#define ALIAS 0xa000u   /* the same as data */
#define SCRIPTS 0xc000u /* a page of code for each vCPU, 40.. */

static struct fake_machine *t;

static struct vr_isa tso_isa;

static void make(uint32_t cpus)
{
	t = fake_new(cpus);
	fake_map(t, 0, FLAG, 11, FAKE_R | FAKE_W, 0);
	fake_map(t, 0, FUNC, 20, FAKE_R | FAKE_X, 0);
	fake_map(t, 0, ALIAS, 20, FAKE_R | FAKE_W, 0);
	for (uint32_t i = 0; i < cpus; i++)
		fake_map(t, 0, SCRIPTS + i * 0x1000, 40 + i, FAKE_R | FAKE_X, 0);
}

static void finish(void)
{
	fake_free(t);
}

TestSuite(smp, .fini = finish, .timeout = 600);

#define R(index, n) (fake_r(t->cpu[index]->x)[n])

static void join_all(pthread_t *threads, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		void *reason;

		pthread_join(threads[i], &reason);
		cr_assert_eq((intptr_t)reason, VR_EXIT_KICK);
	}
}

static void hook_ordered(struct fake_machine *m, struct vr_exec *x)
{
	uint64_t *r = fake_r(x);

	(void)m;
	r[6] += r[3] > r[4] || r[4] > r[5];
}

Test(smp, atomics_count)
{
	pthread_t threads[4];

	make(4);
	/* r3 = [r1] += r2, r8 times */
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_AMO, 3, 1, 2, VR_AMO_ADD << 8 | 3), FAKE_OP(FAKE_ADDI, 4, 4, 0, 1),
		  FAKE_OP(FAKE_BNE, 0, 4, 8, -0x10), FAKE_STOP);
	for (uint32_t i = 0; i < 4; i++) {
		R(i, 1) = FLAG;
		R(i, 2) = 1;
		R(i, 8) = 20000;
		threads[i] = fake_start(t, i, FAKE_CODE);
	}
	join_all(threads, 4);
	cr_assert_eq(fake_get(t, 11, 0), 80000);
}

/* vr_isa_env.exchange: atomic, never into read-only memory, and it invalidates code there. */
static void hook_exchange(struct fake_machine *m, struct vr_exec *x)
{
	uint64_t *word = (uint64_t *)(void *)fake_page(m, 11), old;

	do
		old = __atomic_load_n(word, __ATOMIC_RELAXED);
	while (!x->env->exchange(x, FAKE_RAM + 11 * SOFT_PAGE, old, old + 1));
}

/* ---- read-modify-writes that the host can't make in one step ---- */

#define BOUNDARY (FLAG + 0x1000u - 4) /* eight bytes, half of them in the next page */

static void two_pages(void)
{
	make(2);
	fake_map(t, 0, FLAG + 0x1000, 13, FAKE_R | FAKE_W, 0);
	for (uint32_t i = 0; i < 2; i++)
		R(i, 1) = BOUNDARY;
}

/* Both vCPUs count, over two pages. */
Test(smp, split_atomics_count)
{
	pthread_t threads[2];

	two_pages();
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_AMO, 3, 1, 2, VR_AMO_ADD << 8 | 3 | FAKE_SPLIT),
		  FAKE_OP(FAKE_ADDI, 4, 4, 0, 1), FAKE_OP(FAKE_BNE, 0, 4, 8, -0x10), FAKE_STOP);
	for (uint32_t i = 0; i < 2; i++) {
		R(i, 2) = (UINT64_C(1) << 32) + 1;
		R(i, 8) = 2000;
		threads[i] = fake_start(t, i, FAKE_CODE);
	}
	join_all(threads, 2);
	uint32_t half[2];
	memcpy(&half[0], fake_page(t, 11) + 0xffc, 4);
	memcpy(&half[1], fake_page(t, 13), 4);
	cr_assert(half[0] == 4000 && half[1] == 4000, "%u, %u", half[0], half[1]);
	cr_assert_eq(fake_counter(t, "exclusive_instructions"), 4000);
}

/* One vCPU counts in the lower half, whole eight bytes at a time; what the other stores into the upper half by plain aligned
 * stores is never lost. It stores r5, and compares what it loads after that; r6 counts differences. */
Test(smp, split_atomics_and_plain_stores)
{
	pthread_t threads[2];

	two_pages();
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_AMO, 3, 1, 2, VR_AMO_ADD << 8 | 3 | FAKE_SPLIT),
		  FAKE_OP(FAKE_ADDI, 4, 4, 0, 1), FAKE_OP(FAKE_BNE, 0, 4, 8, -0x10),
		  FAKE_OP(FAKE_MOVI, 9, 0, 0, 1), FAKE_OP(FAKE_MOVI, 10, 0, 0, FLAG),
		  FAKE_OP(FAKE_ST, 9, 10, 3, 0), FAKE_STOP);
	/* until FLAG is 1 */
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_ADDI, 5, 5, 0, 1), FAKE_OP(FAKE_ST, 5, 1, 2, 4),
		  FAKE_OP(FAKE_LD, 3, 1, 2, 4), FAKE_OP(FAKE_BNE, 0, 3, 5, 0x20),
		  FAKE_OP(FAKE_LD, 4, 10, 3, 0), FAKE_OP(FAKE_BNE, 0, 4, 9, -0x28), FAKE_STOP,
		  /* 0x38 */
		  FAKE_OP(FAKE_ADDI, 6, 6, 0, 1), FAKE_OP(FAKE_J, 0, 0, 0, -0x20));
	R(0, 2) = 1;
	R(0, 8) = 3000;
	R(1, 10) = FLAG;
	R(1, 9) = 1;
	threads[1] = fake_start(t, 1, FUNC);
	threads[0] = fake_start(t, 0, FAKE_CODE);
	join_all(threads, 2);
	uint32_t half[2];
	memcpy(&half[0], fake_page(t, 11) + 0xffc, 4);
	memcpy(&half[1], fake_page(t, 13), 4);
	cr_assert_eq(half[0], 3000);
	cr_assert_eq(half[1], (uint32_t)R(1, 5));
	cr_assert_eq(R(1, 6), 0, "%lu stores of %lu were lost", R(1, 6), R(1, 5));
}

/* Both halves count in step; a vCPU that loads them, lower, upper, lower, finds the upper between the lower ones. r6 counts
 * when not. */
Test(smp, split_atomics_and_plain_loads)
{
	pthread_t threads[2];

	two_pages();
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_AMO, 3, 1, 2, VR_AMO_ADD << 8 | 3 | FAKE_SPLIT),
		  FAKE_OP(FAKE_ADDI, 4, 4, 0, 1), FAKE_OP(FAKE_BNE, 0, 4, 8, -0x10),
		  FAKE_OP(FAKE_MOVI, 9, 0, 0, 1), FAKE_OP(FAKE_MOVI, 10, 0, 0, FLAG),
		  FAKE_OP(FAKE_ST, 9, 10, 3, 0), FAKE_STOP);
	t->hooks[1] = hook_ordered;
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_LD, 3, 1, 2, 0), FAKE_OP(FAKE_LD, 4, 1, 2, 4),
		  FAKE_OP(FAKE_LD, 5, 1, 2, 0), FAKE_CALL_HOOK(1), FAKE_OP(FAKE_LD, 7, 10, 3, 0),
		  FAKE_OP(FAKE_BNE, 0, 7, 9, -0x28), FAKE_STOP);
	R(0, 2) = (UINT64_C(1) << 32) + 1;
	R(0, 8) = 3000;
	R(1, 10) = FLAG;
	R(1, 9) = 1;
	threads[1] = fake_start(t, 1, FUNC);
	threads[0] = fake_start(t, 0, FAKE_CODE);
	join_all(threads, 2);
	cr_assert_eq(fake_get(t, 13, 0) & UINT32_MAX, 3000);
	cr_assert_eq(R(1, 6), 0, "%lu times in half", R(1, 6));
}

/* A debugger's step of such an instruction carries it out once. */
Test(smp, split_atomics_are_stepped)
{
	two_pages();
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_AMO, 3, 1, 2, VR_AMO_ADD << 8 | 3 | FAKE_SPLIT),
		  FAKE_OP(FAKE_ADDI, 4, 4, 0, 1), FAKE_STOP);
	R(0, 2) = 1;
	cr_assert_eq(soft_debugger.vcpu_step((struct vr_vcpu *)(void *)t->cpu[0], 1), VR_OK);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_DEBUG);
	cr_assert_eq(t->cpu[0]->x->pc, FAKE_CODE + 8);
	cr_assert_eq(fake_page(t, 11)[0xffc], 1);
	cr_assert_eq(R(0, 4), 0);
	cr_assert_eq(soft_debugger.vcpu_step((struct vr_vcpu *)(void *)t->cpu[0], 0), VR_OK);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(fake_page(t, 11)[0xffc], 2);
	cr_assert_eq(R(0, 4), 1);
	cr_assert_eq(fake_counter(t, "exclusive_instructions"), 2);
}

/* Two vCPUs count a pair (n, -n) up by compare-and-swap of 16 bytes. */
Test(smp, pairs_count)
{
	pthread_t threads[2];

	make(2);
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ADDI, 4, 2, 0, 1), FAKE_OP(FAKE_ADDI, 5, 3, 0, -1),
		  FAKE_OP(FAKE_ADDI, 6, 2, 0, 0), FAKE_OP(FAKE_CAS, 2, 1, 4, 4),
		  FAKE_OP(FAKE_BNE, 0, 2, 6, -0x20), FAKE_OP(FAKE_ADDI, 2, 4, 0, 0),
		  FAKE_OP(FAKE_ADDI, 3, 5, 0, 0), FAKE_OP(FAKE_ADDI, 9, 9, 0, 1),
		  FAKE_OP(FAKE_BNE, 0, 9, 10, -0x40), FAKE_STOP);
	for (uint32_t i = 0; i < 2; i++) {
		R(i, 1) = FLAG;
		R(i, 10) = 2000;
		threads[i] = fake_start(t, i, FAKE_CODE);
	}
	join_all(threads, 2);
	cr_assert_eq(fake_get(t, 11, 0), 4000);
	cr_assert_eq(fake_get(t, 11, 8), (uint64_t)-4000);
}

/* ---- memory order ---- */

/* Message passing by plain accesses, in pages of their own and by unaligned ones over two pages, under TSO: a vCPU that
 * sees the flag sees the data. One stores n to the data and then to the flag; the other loads the flag and then the data. */
static void message_passing(uint32_t data, uint32_t flag)
{
	pthread_t threads[2];

	tso_isa = fake_isa;
	tso_isa.memory_order = VR_ORDER_TSO;
	fake_use_isa(&tso_isa);
	two_pages();
	fake_use_isa(NULL);
	fake_map(t, 0, DATA, 10, FAKE_R | FAKE_W, 0);
	t->hooks[1] = hook_ordered;
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ADDI, 4, 4, 0, 1), FAKE_OP(FAKE_ST, 4, 1, 2, 0),
		  FAKE_OP(FAKE_ST, 4, 2, 2, 0), FAKE_OP(FAKE_BNE, 0, 4, 8, -0x18), FAKE_STOP);
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_LD, 3, 2, 2, 0), FAKE_OP(FAKE_LD, 4, 1, 2, 0),
		  FAKE_OP(FAKE_ADDI, 5, 4, 0, 0), FAKE_CALL_HOOK(1), FAKE_OP(FAKE_BNE, 0, 3, 8, -0x20),
		  FAKE_STOP);
	for (uint32_t i = 0; i < 2; i++) {
		R(i, 1) = data;
		R(i, 2) = flag;
		R(i, 8) = 100000;
	}
	threads[1] = fake_start(t, 1, FUNC);
	threads[0] = fake_start(t, 0, FAKE_CODE);
	join_all(threads, 2);
	cr_assert_eq(R(1, 3), 100000);
	cr_assert_eq(R(1, 6), 0, "%lu times the flag came first", R(1, 6));
}

Test(smp, message_passing_under_tso)
{
	message_passing(DATA, FLAG);
	fake_free(t);
	message_passing(FLAG + 8, DATA + 8);
}

Test(smp, exchange)
{
	pthread_t threads[4];

	make(4);
	t->hooks[1] = hook_exchange;
	FAKE_LOAD(t, 0, 0, FAKE_CALL_HOOK(1), FAKE_OP(FAKE_ADDI, 4, 4, 0, 1),
		  FAKE_OP(FAKE_BNE, 0, 4, 8, -0x10), FAKE_STOP);
	for (uint32_t i = 0; i < 4; i++) {
		R(i, 8) = 20000;
		threads[i] = fake_start(t, i, FAKE_CODE);
	}
	join_all(threads, 4);
	cr_assert_eq(fake_get(t, 11, 0), 80000);
	struct vr_exec *x = t->cpu[0]->x;
	cr_assert_eq(x->env->exchange(x, FAKE_RAM + 11 * SOFT_PAGE, 1, 2), 0);
	cr_assert_eq(x->env->exchange(x, FAKE_ROM, 0, 1), VR_E_PERM);
	cr_assert_eq(x->env->exchange(x, FAKE_NOTHING, 0, 1), VR_E_PERM);
	cr_assert_eq(x->env->exchange(x, FAKE_RAM + 4, 0, 1), VR_E_PERM);
	/* The program's third instruction stops instead of going back. */
	cr_assert_eq(x->env->exchange(x, FAKE_RAM + 16, fake_get(t, 0, 16), FAKE_STOP), 1);
	R(0, 4) = 0;
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(0, 4), 1);
}

/* ---- a mapping changes while other vCPUs use it ---- */

#define ROUNDS 3000u

/* shared[0]: the generation that every vCPU must see; shared[1]: wrong values seen; shared[2]: end. */
static void hook_remap(struct fake_machine *m, struct vr_exec *x)
{
	uint64_t next = atomic_load(&m->shared[0]) + 1;

	/* After synchronisation no TLB maps page 100 + n % 64. */
	*(volatile uint64_t *)(volatile void *)fake_page(m, 100 + next % 64) = next;
	fake_map(m, 0, DATA, 100 + next % 64, FAKE_R, 0);
	x->env->tlb_flush(x,
			  next & 1   ? VR_FLUSH_VA
			  : next & 2 ? VR_FLUSH_ALL
				     : VR_FLUSH_ASID,
			  0, DATA, 4096, 1);
	x->env->sync(x);
	atomic_store(&m->shared[0], next);
	fake_r(x)[4] = next;
}

/* Each of two vCPUs flushes and waits for the other one. */
static void hook_flush_only(struct fake_machine *m, struct vr_exec *x)
{
	(void)m;
	x->env->tlb_flush(x, VR_FLUSH_VA, 0, DATA, 4096, 1);
	x->env->sync(x);
}

static void hook_before(struct fake_machine *m, struct vr_exec *x)
{
	fake_r(x)[6] = atomic_load(&m->shared[0]);
	fake_r(x)[8] = atomic_load(&m->shared[2]);
}

static void hook_after(struct fake_machine *m, struct vr_exec *x)
{
	if (fake_r(x)[5] < fake_r(x)[6])
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
	fake_map(t, 0, DATA, 100, FAKE_R, 0);
	FAKE_LOAD(t, 40, 0, FAKE_CALL_HOOK(1), FAKE_OP(FAKE_BNE, 0, 4, 8, -8), FAKE_STOP);
	FAKE_LOAD(t, 41, 0, FAKE_CALL_HOOK(2), FAKE_OP(FAKE_LD, 5, 1, 3, 0), FAKE_CALL_HOOK(3),
		  FAKE_OP(FAKE_BNE, 0, 8, 9, -0x18), FAKE_STOP);
	FAKE_LOAD(t, 42, 0, FAKE_CALL_HOOK(2), FAKE_OP(FAKE_LD, 5, 1, 3, 0), FAKE_CALL_HOOK(3),
		  FAKE_CALL_HOOK(4), FAKE_OP(FAKE_BNE, 0, 8, 9, -0x20), FAKE_STOP);
	R(0, 8) = ROUNDS;
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t script = i < 3 ? i : 1;

		R(i, 1) = DATA;
		R(i, 9) = 1;
		threads[i] = fake_start(t, i, SCRIPTS + script * 0x1000);
	}
	join_all(threads, 1);
	atomic_store(&t->shared[2], 1);
	join_all(threads + 1, 3);
	cr_assert_eq(atomic_load(&t->shared[0]), ROUNDS);
	cr_assert_eq(atomic_load(&t->shared[1]), 0, "a mapping outlived its flush");
}

/* ---- code changes while other vCPUs run it ---- */

/* Hook 5: a reader has arrived. Hook 6: the writer asks whether all have; its code asks again. (A hook that waited for them
 * would not answer the requests of a reader, which waits for that before it translates its own code.) */
static void hook_ready(struct fake_machine *m, struct vr_exec *x)
{
	(void)x;
	atomic_fetch_add(&m->shared[3], 1);
}

static void hook_all_ready(struct fake_machine *m, struct vr_exec *x)
{
	sched_yield();
	fake_r(x)[7] = atomic_load(&m->shared[3]) == m->cpus - 1;
}

/* The writer stores the iteration's number into the function, then into the flag. A reader that has read
 * the flag must get at least that number from the function, without cache maintenance, as on a machine with
 * coherent caches. */
Test(smp, code_that_others_run)
{
	pthread_t threads[4];

	make(4);
	t->hooks[3] = hook_after;
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_MOVI, 5, 0, 0, 0), FAKE_OP(FAKE_RET, 0, 0, 0, 0));
	t->hooks[5] = hook_ready;
	t->hooks[6] = hook_all_ready;
	FAKE_LOAD(t, 40, 0, FAKE_CALL_HOOK(6), FAKE_OP(FAKE_BNE, 0, 7, 9, -8), FAKE_OP(FAKE_ADDI, 2, 2, 0, 1),
		  FAKE_OP(FAKE_ST, 2, 1, 2, 4), FAKE_OP(FAKE_ST, 2, 3, 3, 0),
		  FAKE_OP(FAKE_BNE, 0, 2, 8, -0x18), FAKE_STOP);
	FAKE_LOAD(t, 41, 0, FAKE_CALL_HOOK(5), FAKE_OP(FAKE_LD, 6, 3, 3, 0),
		  FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - (SCRIPTS + 0x1010)), FAKE_CALL_HOOK(3),
		  FAKE_OP(FAKE_BNE, 0, 6, 8, -0x18), FAKE_STOP);
	for (uint32_t i = 0; i < 4; i++) {
		R(i, 1) = ALIAS;
		R(i, 3) = FLAG;
		R(i, 8) = 3000;
		R(i, 9) = 1;
		threads[i] = fake_start(t, i, SCRIPTS + (i ? 0x1000 : 0));
	}
	join_all(threads, 4);
	cr_assert_eq(atomic_load(&t->shared[1]), 0, "invalidated code ran");
	cr_assert_geq(fake_counter(t, "invalidated_regions"), 1);
}

/* Hook 7: the writer, which has the right to write the page, waits until one reader has asked for the
 * page's protection and a second reader has come; then it writes. */
static void hook_hold(struct fake_machine *m, struct vr_exec *x)
{
	const struct soft_page *page;

	(void)x;
	atomic_store(&m->shared[4], 1);
	do {
		sched_yield();
		page = soft_page(m->vm, FAKE_RAM + 20 * SOFT_PAGE, false);
	} while (!page || !atomic_load(&page->write_protected));
	atomic_store(&m->shared[4], 2);
	for (uint32_t i = 0; i < 2000 && !m->cpu[2]->n.translations; i++)
		sched_yield();
	__atomic_store_n((uint32_t *)(void *)(fake_page(m, 20) + 4), 77, __ATOMIC_SEQ_CST);
}

/* No vCPU translates a page before every vCPU has given up the right to write it, whichever vCPU asked for
 * that. */
Test(smp, code_is_read_when_all_have_answered)
{
	pthread_t threads[3];

	make(3);
	t->hooks[7] = hook_hold;
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_MOVI, 5, 0, 0, 1), FAKE_STOP);
	FAKE_LOAD(t, 40, 0, FAKE_OP(FAKE_ST, 2, 1, 2, 4), FAKE_CALL_HOOK(7), FAKE_STOP);
	R(0, 1) = ALIAS;
	R(0, 2) = 2;
	threads[0] = fake_start(t, 0, SCRIPTS);
	for (uint32_t i = 1; i < 3; i++) {
		while (atomic_load(&t->shared[4]) < i)
			sched_yield();
		threads[i] = fake_start(t, i, FUNC);
	}
	join_all(threads, 3);
	cr_assert_eq(R(1, 5), 77);
	cr_assert_eq(R(2, 5), 77);
}

/* As above, but a device writes the code. */
Test(smp, code_that_a_device_writes)
{
	pthread_t threads[2];

	make(2);
	t->hooks[2] = hook_before;
	t->hooks[3] = hook_after;
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_MOVI, 5, 0, 0, 0), FAKE_OP(FAKE_RET, 0, 0, 0, 0));
	FAKE_LOAD(t, 41, 0, FAKE_CALL_HOOK(2), FAKE_OP(FAKE_CALL, 0, 0, 0, FUNC - (SCRIPTS + 0x1008)),
		  FAKE_CALL_HOOK(3), FAKE_OP(FAKE_BNE, 0, 8, 9, -0x18), FAKE_STOP);
	for (uint32_t i = 0; i < 2; i++) {
		R(i, 9) = 1;
		threads[i] = fake_start(t, i, SCRIPTS + 0x1000);
	}
	for (uint32_t i = 1; i <= 3000; i++) {
		__atomic_store_n((uint32_t *)(void *)(fake_page(t, 20) + 4), i, __ATOMIC_RELAXED);
		t->accel->memory_written((struct vr_vm *)t->vm, FAKE_RAM + 20 * SOFT_PAGE + 4, 4);
		atomic_store(&t->shared[0], i);
	}
	atomic_store(&t->shared[2], 1);
	join_all(threads, 2);
	cr_assert_eq(atomic_load(&t->shared[1]), 0, "invalidated code ran");
}

/* ---- exclusive sections ---- */

static void hook_empty_cache(struct fake_machine *m, struct vr_exec *x)
{
	(void)m;
	soft_cache_full(soft_of(x), VR_E_NOMEM);
	soft_of(x)->full_again = 3; /* room did not help */
}

static void hook_asid(struct fake_machine *m, struct vr_exec *x)
{
	(void)m;
	x->asid ^= 1 + (fake_r(x)[4] & 7);
	x->env->context(x);
}

static void hook_wait(struct fake_machine *m, struct vr_exec *x)
{
	(void)m;
	x->env->wait(x);
}

/* Every vCPU empties the cache, switches address spaces, flushes and takes interrupts; one vCPU sleeps, and
 * one is off. */
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
			fake_map(t, i, SCRIPTS + p * 0x1000, 40 + p, FAKE_R | FAKE_X, 0);
	FAKE_LOAD(t, 40, 0, FAKE_OP(FAKE_ADDI, 4, 4, 0, 1), FAKE_CALL_HOOK(2), FAKE_CALL_HOOK(1),
		  FAKE_CALL_HOOK(4), FAKE_OP(FAKE_BNE, 0, 4, 8, -0x20), FAKE_STOP);
	FAKE_LOAD(t, 41, 0, FAKE_CALL_HOOK(3), FAKE_STOP);
	for (uint32_t i = 0; i < 2; i++) {
		R(i, 8) = 2000;
		threads[i] = fake_start(t, i, SCRIPTS);
	}
	threads[2] = fake_start(t, 2, SCRIPTS + 0x1000);
	for (uint32_t i = 0; i < 500; i++) {
		t->accel->vcpu_set_pin((struct vr_vcpu *)t->cpu[i & 1], 0, 1);
		usleep(20);
	}
	join_all(threads, 2);
	for (uint32_t i = 0; i < 2; i++)
		cr_assert_eq(R(i, 4), 2000);
	cr_assert_geq(fake_counter(t, "cache_flushes"), 1000);
	/* The vCPU that sleeps has not been woken. */
	t->accel->vcpu_set_pin((struct vr_vcpu *)t->cpu[2], 0, 1);
	join_all(threads + 2, 1);
	/* The vCPU that was off sees every change that was made meanwhile. */
	FAKE_LOAD(t, 43, 0, FAKE_STOP);
	cr_assert_eq(fake_go(t, 3, SCRIPTS + 0x3000), VR_EXIT_KICK);
}

/* ---- a vCPU that interrupts another one lets that one run first ---- */

/* A vCPU that notices a kick only after the kicking vCPU has slept, or has gone on (shared[2]). */
static void hook_busy(struct fake_machine *m, struct vr_exec *x)
{
	(void)x;
	atomic_store(&m->shared[0], 1);
	while (!atomic_load(&m->naps) && !atomic_load(&m->shared[2]))
		sched_yield();
}

static void hook_kick_other(struct fake_machine *m, struct vr_exec *x)
{
	(void)x;
	m->accel->vcpu_set_pin((struct vr_vcpu *)m->cpu[1], 0, 1);
}

static void hook_gone_on(struct fake_machine *m, struct vr_exec *x)
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
	FAKE_LOAD(t, 0, 0, FAKE_CALL_HOOK(1), FAKE_CALL_HOOK(2), FAKE_STOP);
	FAKE_LOAD(t, 41, 0, FAKE_CALL_HOOK(3), FAKE_STOP);

	/* The kicking vCPU does not wait for one that is off. */
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(atomic_load(&t->naps), 0);

	atomic_store(&t->shared[2], 0);
	pthread_t thread = fake_start(t, 1, SCRIPTS + 0x1000);

	while (!atomic_load(&t->shared[0]))
		sched_yield();
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	join_all(&thread, 1);
	cr_assert_geq(atomic_load(&t->shared[1]), 1, "it went on at once");
	cr_assert_eq(fake_counter(t, "yields"), 2);
	cr_assert_eq(fake_of(t->cpu[1]->x)->interrupts, 2);
}

/* Counters of all vCPUs are added up. */
Test(smp, counters_add_up)
{
	pthread_t threads[2];
	uint64_t lookups = 0, translations = 0;

	make(2);
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ADDI, 4, 4, 0, 1), FAKE_OP(FAKE_BNE, 0, 4, 8, -8), FAKE_STOP);
	for (uint32_t i = 0; i < 2; i++) {
		R(i, 8) = 5000;
		threads[i] = fake_start(t, i, FAKE_CODE);
	}
	join_all(threads, 2);
	for (uint32_t i = 0; i < 2; i++) {
		lookups += t->cpu[i]->n.lookups;
		translations += t->cpu[i]->n.translations;
	}
	cr_assert_eq(fake_counter(t, "lookups"), lookups);
	cr_assert_eq(fake_counter(t, "translations"), translations);
	cr_assert_leq(translations, 3, "what one has translated the other uses");
}

/* One vCPU runs a loop with an instruction that continues on the next page, another vCPU stores there all
 * the time: both make progress. */
Test(smp, an_instruction_across_pages_and_stores_behind_it)
{
	const uint32_t before = 12; /* bytes in the first page: 8, and 4 of the next instruction */
	const uint64_t code[] = {FAKE_OP(FAKE_ADDI, 6, 6, 0, 1), FAKE_OP(FAKE_MOVI, 5, 0, 0, 7),
				 FAKE_OP(FAKE_BNE, 0, 6, 8, -16), FAKE_OP(FAKE_ST, 7, 2, 3, 0), FAKE_STOP};
	pthread_t threads[2];

	make(2);
	fake_map(t, 0, SCRIPTS, 30, FAKE_R | FAKE_X, 0);
	fake_map(t, 0, SCRIPTS + SOFT_PAGE, 31, FAKE_R | FAKE_X, 0);
	fake_map(t, 0, ALIAS, 31, FAKE_R | FAKE_W, 0);
	memcpy(fake_page(t, 30) + SOFT_PAGE - before, code, before);
	memcpy(fake_page(t, 31), (const uint8_t *)code + before, sizeof(code) - before);
	FAKE_LOAD(t, 20, 0, FAKE_OP(FAKE_ST, 4, 1, 3, 2048), FAKE_OP(FAKE_LD, 5, 2, 3, 0),
		  FAKE_OP(FAKE_ADDI, 4, 4, 0, 1), FAKE_OP(FAKE_BNE, 0, 5, 7, -24), FAKE_STOP);
	for (uint32_t i = 0; i < 2; i++) {
		R(i, 1) = ALIAS;
		R(i, 2) = FLAG;
		R(i, 7) = 1;
		R(i, 8) = 20000;
	}
	threads[1] = fake_start(t, 1, FUNC);
	threads[0] = fake_start(t, 0, SCRIPTS + SOFT_PAGE - before);
	join_all(threads, 2);
	cr_assert_eq(R(0, 5), 7);
}

/* The same instruction in two address spaces with different second pages: each vCPU runs its own, although
 * the other vCPU's translation is in the table. */
Test(smp, an_instruction_across_pages_that_ends_otherwise_in_each_space)
{
	const uint32_t before = 12;
	const uint64_t code[] = {FAKE_OP(FAKE_ADDI, 6, 6, 0, 1), FAKE_OP(FAKE_MOVI, 5, 0, 0, 3),
				 FAKE_OP(FAKE_ADD, 7, 7, 5, 0), FAKE_OP(FAKE_BNE, 0, 6, 8, -24), FAKE_STOP};
	pthread_t threads[2];

	make(2);
	memcpy(fake_page(t, 30) + SOFT_PAGE - before, code, before);
	for (uint32_t i = 0; i < 2; i++) {
		struct vr_exec *x = t->cpu[i]->x;

		memcpy(fake_page(t, 31 + i), (const uint8_t *)code + before, sizeof(code) - before);
		*(uint32_t *)(void *)fake_page(t, 31 + i) = 100 + i;
		fake_map(t, i, SCRIPTS, 30, FAKE_R | FAKE_X, 0);
		fake_map(t, i, SCRIPTS + SOFT_PAGE, 31 + i, FAKE_R | FAKE_X, 0);
		x->asid = i;
		x->env->context(x);
		R(i, 8) = 400000;
	}
	for (uint32_t i = 0; i < 2; i++)
		threads[i] = fake_start(t, i, SCRIPTS + SOFT_PAGE - before);
	join_all(threads, 2);
	for (uint32_t i = 0; i < 2; i++)
		cr_assert_eq(R(i, 7), 400000 * (100 + i), "vCPU %u", i);
}
