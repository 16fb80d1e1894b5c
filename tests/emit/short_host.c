/* SPDX-License-Identifier: MIT */
#include "short_host.h"

#include <stdio.h>
#include <stdlib.h>

#include "xlate/emit/x86/lower.h"

struct short_host_counts short_host_counts;

static void within_reach(uint64_t from, uint64_t to, const char *what)
{
	uint64_t distance = to > from ? to - from : from - to;

	if (distance <= SHORT_REACH)
		return;
	fprintf(stderr, "short_host: %s from %#llx to %#llx is out of reach\n", what,
		(unsigned long long)from, (unsigned long long)to);
	abort();
}

static uint64_t here(const struct emit *e)
{
	return e->c.execute + code_at(&e->c);
}

static void jump_to(struct emit *e, uint64_t address)
{
	within_reach(here(e), address, "a jump");
	x86_target.jump_to(e, address);
}

static void patch(struct emit *e, uint32_t field, uint32_t target)
{
	within_reach(field, target, "a jump in a region");
	x86_target.patch(e, field, target);
}

static void redirect(uint8_t *write, uint64_t execute, uint32_t field, uint64_t target,
		     struct vr_code_change *changed)
{
	within_reach(execute + field, target, "a link");
	__atomic_fetch_add(&short_host_counts.redirects, 1, __ATOMIC_RELAXED);
	x86_target.redirect(write, execute, field, target, changed);
}

static void jump_constant(struct emit *e, uint32_t constant)
{
	__atomic_fetch_add(&short_host_counts.constant_jumps, 1, __ATOMIC_RELAXED);
	x86_target.jump_constant(e, constant);
}

static void call_memory(struct emit *e)
{
	within_reach(here(e), e->thunk_at.memory, "a call");
	x86_target.call_memory(e);
}

static void call_fp_slow(struct emit *e, uint64_t fn, uint32_t what, uint64_t imm)
{
	within_reach(here(e), e->thunk_at.fp_slow, "a call");
	x86_target.call_fp_slow(e, fn, what, imm);
}

void short_host(struct vr_emit_vm *vm)
{
	static struct emit_target target;

	target = x86_target;
	target.reach = SHORT_REACH;
	target.region_bytes = SHORT_REGION;
	target.jump_to = jump_to;
	target.patch = patch;
	target.redirect = redirect;
	target.jump_constant = jump_constant;
	target.call_memory = call_memory;
	target.call_fp_slow = call_fp_slow;
	x86_vm_of(vm)->target = &target;
	x86_vm_of(vm)->thunks.far = 1;
}
