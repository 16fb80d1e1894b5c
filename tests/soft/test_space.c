/* SPDX-License-Identifier: MIT */
/* test_space.c: code addresses apart from linear ones: code with a base, that wraps at 16 bits or with the linear addresses. */
#include <string.h>

#include <criterion/criterion.h>

#include "fake_bytes.h"

/* 64 KiB of code at a base that is no multiple of a page: code address 0 is in the middle of the first page, and the end in the
 * middle of the last one. */
#define BASE 0x20010u
#define PHYSICAL 100u /* page of the first one; 17 pages */

static struct fake_machine *t;
#define X (t->cpu[0]->x)
#define R(n) (fake_r(X)[n])

static void select_space(uint64_t base, uint64_t ignored, uint64_t linear_ignored)
{
	X->code = (struct vr_code_space){.base = base, .ignored = ignored, .linear_ignored = linear_ignored};
	X->env->context(X);
}

static void setup(void)
{
	t = fake_bytes_new();
	for (uint32_t i = 0; i < 17; i++)
		fake_map(t, 0, 0x20000 + i * SOFT_PAGE, PHYSICAL + i, FAKE_R | FAKE_X, 0);
	select_space(BASE, ~UINT64_C(0xffff), 0);
}

static void teardown(void)
{
	fake_free(t);
}

TestSuite(space, .init = setup, .fini = teardown, .timeout = 60);

/* A program at a code address. */
static struct fake_bytes at(uint32_t code)
{
	return (struct fake_bytes){t, FAKE_RAM + PHYSICAL * SOFT_PAGE + (BASE & (SOFT_PAGE - 1)) + code};
}

static void stop(struct fake_bytes *p)
{
	fake_bytes_put(p, BYTES_HOOK, 2, 0, 0, 0);
}

static void go(uint32_t code)
{
	uint32_t faults = fake_of(X)->faults;

	cr_assert_eq(fake_go(t, 0, vr_linear_address(&X->code, code)), VR_EXIT_KICK);
	cr_assert_eq(fake_of(X)->faults, faults);
}

static bool all_compiled(void)
{
	return fake_emit && !fake_hot && !fake_counter(t, "refused_translations");
}

Test(space, the_rule)
{
	const struct vr_code_space none = {0}, code16 = {.base = BASE, .ignored = ~UINT64_C(0xffff)},
				   code32 = {.base = 0xffff0000,
					     .ignored = ~UINT64_C(0xffffffff),
					     .linear_ignored = ~UINT64_C(0xffffffff)};

	cr_assert_eq(vr_linear_address(&none, UINT64_MAX), UINT64_MAX);
	cr_assert_eq(vr_place_address(&none, 0x7000, (uint64_t)-0x8000), (uint64_t)-0x1000);
	cr_assert_eq(vr_linear_address(&code16, 0x12345), BASE + 0x2345);
	cr_assert_eq(vr_code_address(&code16, BASE + 0x2345), 0x2345);
	cr_assert_eq(vr_place_address(&code16, 0x30000, 0x10), BASE, "from the end to the beginning");
	cr_assert_eq(vr_place_address(&code16, 0x20000, 0xf), BASE + 0xffff, "and back");
	cr_assert_eq(vr_linear_address(&code32, 0x20000), 0x10000);
	cr_assert_eq(vr_code_address(&code32, 0x10000), 0x20000);
	cr_assert_eq(vr_place_address(&code32, 0xfffff000, 0x1004), 4);
	cr_assert_eq(vr_place_address(&code32, 0, (uint64_t)-4), 0xfffffffc);
}

/* What code sees of its own address, what a call stores, and the return to that. */
Test(space, code_addresses)
{
	struct fake_bytes p = at(0x1234);

	fake_bytes_put(&p, BYTES_PC, 3, 1, 0, 0);
	fake_bytes_put(&p, BYTES_PC, 5, 2, 0, -0x2000); /* below 0 */
	fake_bytes_put(&p, BYTES_CALL, 4, 0, 0, 0x3000);
	fake_bytes_put(&p, BYTES_ADD, 3, 6, 6, 1);
	fake_bytes_put(&p, BYTES_BNE, 4, 6, 8, 0x1234 - 0x1247);
	stop(&p);
	p = at(0x4240);
	fake_bytes_put(&p, BYTES_ADD, 5, 3, 15, 0);
	fake_bytes_put(&p, BYTES_RET, 1, 0, 0, 0);
	R(8) = 40;
	go(0x1234);
	cr_assert_eq(R(1), 0x1237);
	cr_assert_eq(R(2), (0x123c - 0x2000) & 0xffff);
	cr_assert_eq(R(3), 0x1240);
	cr_assert_eq(R(6), 40);
	if (all_compiled())
		cr_assert_leq(fake_counter(t, "lookups"), 8, "calls and returns are linked");
}

/* A sum of such an address is a number, and does not wrap. */
Test(space, sums_do_not_wrap)
{
	struct fake_bytes p = at(0x1234);

	fake_bytes_put(&p, BYTES_PC, 3, 1, 0, 0);
	fake_bytes_put(&p, BYTES_ADD, 5, 2, 1, -0x2000);
	fake_bytes_put(&p, BYTES_ADD, 6, 3, 1, 0x10000);
	stop(&p);
	go(0x1234);
	cr_assert_eq(R(2), UINT64_C(0x1237) - 0x2000);
	cr_assert_eq(R(3), 0x11237);
}

/* Only the low 16 bits of a target count; the indirect-branch cache has the linear address. */
Test(space, indirect_jumps)
{
	struct fake_bytes p = at(0x100);

	fake_bytes_put(&p, BYTES_PC, 3, 14, 0, 2);
	fake_bytes_put(&p, BYTES_JR, 2, 1, 0, 0);
	fake_bytes_put(&p, BYTES_ADD, 6, 1, 1, 0x10000);
	fake_bytes_put(&p, BYTES_ADD, 3, 6, 6, 1);
	fake_bytes_put(&p, BYTES_BNE, 4, 6, 8, 0x100 - 0x112);
	stop(&p);
	p = at(0xabc1);
	fake_bytes_put(&p, BYTES_ADD, 1, 0, 0, 0);
	fake_bytes_put(&p, BYTES_JR, 2, 14, 0, 0);
	R(1) = 0x1234abc1;
	R(8) = 40;
	go(0x100);
	cr_assert_eq(R(5), 40);
	if (all_compiled())
		cr_assert_leq(fake_counter(t, "lookups"), 8);
}

/* Over the end of the code addresses, by branches and call, in a loop that is there and back. */
Test(space, branches_wrap)
{
	struct fake_bytes p = at(0xfff0), q = at(0x20);

	fake_bytes_put(&p, BYTES_ADD, 1, 0, 0, 0);
	fake_bytes_put(&p, BYTES_J, 3, 0, 0, 0x2c); /* 0xfff4 + 0x2c = 0x20 */
	fake_bytes_put(&q, BYTES_ADD, 3, 6, 6, 1);
	fake_bytes_put(&q, BYTES_BNE, 3, 6, 8, -0x36);  /* 0x26 - 0x36 = 0xfff0 */
	fake_bytes_put(&q, BYTES_CALL, 3, 0, 0, -0x49); /* 0x29 - 0x49 = 0xffe0 */
	stop(&q);
	p = at(0xffe0);
	fake_bytes_put(&p, BYTES_ADD, 3, 3, 15, 0);
	fake_bytes_put(&p, BYTES_RET, 1, 0, 0, 0);
	R(8) = 50;
	go(0xfff0);
	cr_assert_eq(R(5), 50);
	cr_assert_eq(R(6), 50);
	cr_assert_eq(R(3), 0x29);
	if (all_compiled())
		cr_assert_leq(fake_counter(t, "lookups"), 8, "links over the end");
}

/* Code runs off its end, after a whole instruction and within one, each way that it can be cut, and goes on at 0. What follows
 * in the last page is none of its. */
Test(space, code_runs_off_its_end)
{
	for (uint32_t length = 1; length <= 15; length++)
		for (uint32_t before = 1; before <= length; before++) {
			struct fake_bytes p = at(0x10000 - before);
			uint8_t code[15];
			const uint64_t first = p.physical - FAKE_RAM, begin = at(0).physical - FAKE_RAM;

			fake_bytes_put(&p, BYTES_ADD, length, 5, 5, length < 3 ? 0 : 7);
			memcpy(code, t->ram + first, length);
			/* Its second part is at code address 0; in its place is another instruction. */
			memset(t->ram + first + before, 0xff, 16);
			memcpy(t->ram + begin, code + before, length - before);
			p = at(length - before);
			fake_bytes_put(&p, BYTES_PC, 3, 1, 0, 0);
			stop(&p);
			t->accel->memory_written((struct vr_vm *)(void *)t->vm, FAKE_RAM + begin, 64);
			t->accel->memory_written((struct vr_vm *)(void *)t->vm, FAKE_RAM + first, 64);
			for (uint32_t again = 0; again < 2; again++) {
				uint64_t made = fake_counter(t, "translations");

				R(5) = 0;
				go(0x10000 - before);
				cr_assert(!again || fake_hot || fake_counter(t, "translations") == made);
				cr_assert_eq(R(5),
					     length == 1   ? 1
					     : length == 2 ? 0
							   : 7,
					     "%u of %u", before, length);
				cr_assert_eq(R(1), length - before + 3);
			}
		}
}

/* The second part of such an instruction: it can't be fetched, is another page's, is changed. */
Test(space, what_follows_the_end_is_elsewhere)
{
	const struct fake_state *s = fake_of(X);
	struct fake_bytes p = at(0x10000 - 5), q;

	fake_bytes_put(&p, BYTES_ADD, 6, 5, 5, 0); /* the last byte of its immediate is at code address 0 */
	q = at(1);
	stop(&q);
	fake_unmap(t, 0, 0x20000);
	cr_assert_eq(fake_go(t, 0, BASE + 0xfffb), VR_EXIT_KICK);
	cr_assert_eq(s->faults, 1);
	cr_assert_eq(s->fault_va, BASE);
	cr_assert_eq(s->fault_pc, BASE + 0xfffb);
	fake_map(t, 0, 0x20000, PHYSICAL, FAKE_R | FAKE_X, 0);
	for (uint32_t n = 0; n < 6; n++) {
		t->ram[at(0).physical - FAKE_RAM] = (uint8_t)n;
		t->accel->memory_written((struct vr_vm *)(void *)t->vm, at(0).physical, 1);
		R(5) = 0;
		go(0xfffb);
		cr_assert_eq(R(5), (uint64_t)n << 24);
	}
	/* The page at code address 0 becomes another one. */
	memcpy(fake_page(t, 200), fake_page(t, PHYSICAL), SOFT_PAGE);
	fake_page(t, 200)[BASE & (SOFT_PAGE - 1)] = 0x21;
	fake_map(t, 0, 0x20000, 200, FAKE_R | FAKE_X, 0);
	X->env->tlb_flush(X, VR_FLUSH_VA, 0, 0x20000, SOFT_PAGE, 0);
	R(5) = 0;
	go(0xfffb);
	cr_assert_eq(R(5), 0x21000000);
}

/* Over the page's end in the middle, an instruction goes on in the next page as ever. */
Test(space, over_pages_within)
{
	struct fake_bytes p = at(0x2fe9); /* seven bytes before a page's end */

	fake_bytes_put(&p, BYTES_ADD, 15, 5, 5, 9);
	fake_bytes_put(&p, BYTES_PC, 2, 1, 0, 0);
	stop(&p);
	go(0x2fe9);
	cr_assert_eq(R(5), 9);
	cr_assert_eq(R(1), 0x2ffa);
}

/* Where the second part is itself cut off by a page's end there is nothing to run: a fault. */
Test(space, no_instruction_is_on_three_pages)
{
	const uint64_t base = 0x20ffc;
	struct fake_bytes p = {t, FAKE_RAM + (PHYSICAL + 16) * SOFT_PAGE + 0xffb}; /* the last byte of code */
	const struct fake_state *s = fake_of(X);
	struct vr_exit e = {.size = sizeof(e)};

	select_space(base, ~UINT64_C(0xffff), 0);
	fake_bytes_put(&p, BYTES_ADD, 4, 5, 5, 3);
	memcpy(t->ram + (PHYSICAL * SOFT_PAGE + 0xffc), t->ram + ((PHYSICAL + 16) * SOFT_PAGE + 0xffc), 3);
	p = (struct fake_bytes){t, FAKE_RAM + PHYSICAL * SOFT_PAGE + 0xfff};
	fake_bytes_put(&p, BYTES_J, 1, 0, 0, 0);
	fake_bytes_put(&p, BYTES_HOOK, 2, 0, 0, 0);
	cr_assert_eq(fake_go(t, 0, base + 0xffff), VR_EXIT_KICK);
	cr_assert_eq(R(5), 3, "the second part ends before the page does");
	p = (struct fake_bytes){t, FAKE_RAM + (PHYSICAL + 16) * SOFT_PAGE + 0xffb};
	fake_bytes_put(&p, BYTES_ADD, 15, 5, 5, 3);
	for (uint32_t step = 0; step < 2; step++) {
		cr_assert_eq(soft_debugger.vcpu_step((struct vr_vcpu *)(void *)t->cpu[0], step), VR_OK);
		X->pc = base + 0xffff;
		cr_assert_eq(t->accel->vcpu_run((struct vr_vcpu *)(void *)t->cpu[0], &e), VR_OK);
		cr_assert_eq(s->faults, 1 + step);
		cr_assert_eq(s->fault, VR_FAULT_BUS);
		cr_assert_eq(s->fault_pc, base + 0xffff);
		cr_assert_eq(s->fault_va, 0x21000);
	}
}

/* Hook 1: the other of two bases, for the same linear addresses. */
static void hook_other_base(struct fake_machine *m, struct vr_exec *x)
{
	x->code.base ^= 0x4000;
	x->env->context(x);
	m->shared[0]++;
}

/* A translation belongs to its code space: code at one linear address sees another code address after the switch, also where an
 * indirect jump has led to it; and both translations stay. */
Test(space, one_code_in_two_spaces)
{
	struct fake_bytes p;
	uint64_t made = 0;

	t->hooks[1] = hook_other_base;
	select_space(0x20000, ~UINT64_C(0xffff), 0);
	p = (struct fake_bytes){t, FAKE_RAM + (PHYSICAL + 8) * SOFT_PAGE + 0x80};
	fake_bytes_put(&p, BYTES_HOOK, 3, 0, 0, 1);
	fake_bytes_put(&p, BYTES_PC, 3, 1, 0, 2); /* 0x8088 and 0x4088 */
	fake_bytes_put(&p, BYTES_JR, 2, 1, 0, 0);
	fake_bytes_put(&p, BYTES_PC, 3, 2, 0, 0);
	fake_bytes_put(&p, BYTES_ADD, 3, 6, 6, 1);
	fake_bytes_put(&p, BYTES_BNE, 3, 6, 8, -17);
	stop(&p);
	for (uint64_t n = 1; n < 30; n++) {
		uint64_t base = X->code.base;

		R(6) = 0;
		R(8) = n;
		cr_assert_eq(fake_go(t, 0, 0x28080), VR_EXIT_KICK);
		cr_assert_eq(X->code.base, n & 1 ? base ^ 0x4000 : base);
		cr_assert_eq(R(1), 0x28088 - X->code.base);
		cr_assert_eq(R(2), 0x2808b - X->code.base);
		if (n == 4)
			made = fake_counter(t, "translations");
	}
	cr_assert(fake_counter(t, "translations") == made || fake_hot, "each is made once");
	/* The width alone makes another space. */
	p = (struct fake_bytes){t, FAKE_RAM + (PHYSICAL + 8) * SOFT_PAGE + 0x200};
	fake_bytes_put(&p, BYTES_PC, 6, 1, 0, -0x9000);
	stop(&p);
	for (uint32_t n = 0; n < 6; n++) {
		select_space(0x20000, n & 1 ? ~UINT64_C(0x1ffff) : ~UINT64_C(0xffff), 0);
		cr_assert_eq(fake_go(t, 0, 0x28200), VR_EXIT_KICK);
		cr_assert_eq(R(1), n & 1 ? 0x1f206 : 0xf206);
	}
}

/* Linear addresses wrap, too: 8 MiB of them, and code that begins near their end. */
Test(space, linear_addresses_wrap)
{
	const uint64_t ignored = ~UINT64_C(0x7fffff);
	struct fake_bytes p = {t, FAKE_RAM + 301 * SOFT_PAGE - 4};

	fake_map(t, 0, 0x7ff000, 300, FAKE_R | FAKE_X, 0);
	fake_map(t, 0, 0, 301, FAKE_R | FAKE_X, 0);
	select_space(0x7f0000, ignored, ignored);
	/* An instruction over the end of linear addresses; then back over it, by a branch and by the register. */
	fake_bytes_put(&p, BYTES_ADD, 8, 5, 5, 11);
	fake_bytes_put(&p, BYTES_PC, 4, 1, 0, 0);
	fake_bytes_put(&p, BYTES_ADD, 4, 6, 6, 1);
	fake_bytes_put(&p, BYTES_BNE, 4, 6, 8, -20);
	stop(&p);
	R(8) = 30;
	cr_assert_eq(fake_go(t, 0, 0x7ffffc), VR_EXIT_KICK);
	cr_assert_eq(fake_of(X)->faults, 0);
	cr_assert_eq(R(5), 30 * 11);
	cr_assert_eq(R(1), 0x10008, "code addresses go on");
	if (all_compiled())
		cr_assert_leq(fake_counter(t, "lookups"), 10);
	p = (struct fake_bytes){t, FAKE_RAM + 300 * SOFT_PAGE + 0x10};
	fake_bytes_put(&p, BYTES_JR, 2, 1, 0, 0);
	p = (struct fake_bytes){t, FAKE_RAM + 301 * SOFT_PAGE + 0x123};
	fake_bytes_put(&p, BYTES_MOV, 3, 5, 0, 77);
	stop(&p);
	R(1) = UINT64_C(0xfffffffff8010123);
	cr_assert_eq(fake_go(t, 0, 0x7ff010), VR_EXIT_KICK);
	cr_assert_eq(R(5), 77);
}

/* A debugger's step ends where the code goes on. */
Test(space, steps)
{
	struct vr_exit e = {.size = sizeof(e)};
	struct fake_bytes p = at(0x10000 - 3);

	fake_bytes_put(&p, BYTES_ADD, 3, 5, 5, 1);
	cr_assert_eq(soft_debugger.vcpu_step((struct vr_vcpu *)(void *)t->cpu[0], 1), VR_OK);
	X->pc = BASE + 0xfffd;
	cr_assert_eq(t->accel->vcpu_run((struct vr_vcpu *)(void *)t->cpu[0], &e), VR_OK);
	cr_assert_eq(e.reason, VR_EXIT_DEBUG);
	cr_assert_eq(R(5), 1);
	cr_assert_eq(X->pc, BASE);
	p = at(0);
	fake_bytes_put(&p, BYTES_J, 3, 0, 0, -13);
	cr_assert_eq(t->accel->vcpu_run((struct vr_vcpu *)(void *)t->cpu[0], &e), VR_OK);
	cr_assert_eq(X->pc, BASE + 0xfff6);
}
