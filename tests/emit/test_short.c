/* SPDX-License-Identifier: MIT */
/* test_short.c: islands and veneers, on a host whose jumps are short (short_host.h). What links and kills change is
 * compared with what they report. */
#include <criterion/criterion.h>
#include <string.h>
#include "harness.h"
#include "short_host.h"

/* A region as the test keeps it. */
struct region {
	uint8_t *write;
	uint64_t execute, code; /* code: its entry */
	uint32_t size, entry;
	struct vr_exit_site exit;
};

static void use(const char *name)
{
	const struct test_emitter *e = test_emitters;

	while (e->name && strcmp(e->name, name) != 0)
		e++;
	if (!e->name || harness_use(e))
		cr_skip_test("this processor has no emitter '%s'", name);
	harness_init();
	pin_regs(4, 0);
}

/* x[reg] += n and on to pc `to`, `gap` bytes of code cache after the region before. */
static struct region simple(uint32_t gap, uint64_t pc, uint32_t reg, uint64_t n, uint64_t to)
{
	H.used += gap;
	ir_begin();
	block_begin(pc, VR_BLOCK_ENTRY);
	vr_ir_put(&H.ir, VR_T_I64, reg,
		  vr_ir_op2(&H.ir, VR_IR_ADD, VR_T_I64, vr_ir_get(&H.ir, VR_T_I64, reg),
			    vr_ir_const(&H.ir, VR_T_I64, n)));
	op(VR_IR_GOTO, 0, 0, 0, 0, 0, to);
	block_end(pc + 4, VR_NO_BLOCK, VR_NO_BLOCK);
	cr_assert_eq(emit_region(), 0);
	cr_assert_eq(H.job.exit_count, 1);
	return (struct region){.write = H.job.write,
			       .execute = H.job.execute,
			       .code = H.job.execute + H.entry[0],
			       .size = H.job.code_size,
			       .entry = H.entry[0],
			       .exit = H.exits[0]};
}

static uint8_t before[1024];

static void remember(const struct region *r)
{
	cr_assert_leq(r->size, sizeof(before));
	memcpy(before, r->write, r->size);
}

/* Every byte of code that is not as it was is among those reported; a veneer's constant is data. */
static void reported(const struct region *r, struct vr_code_change c)
{
	cr_assert(c.first <= c.last && c.last <= r->size, "changed %u..%u of %u", c.first, c.last, r->size);
	for (uint32_t n = 0; n < r->size; n++) {
		if ((n >= c.first && n < c.last) ||
		    (r->exit.veneer && n >= r->exit.veneer - 8 && n < r->exit.veneer))
			continue;
		cr_assert_eq(r->write[n], before[n], "byte %u changed, reported are %u..%u", n, c.first,
			     c.last);
	}
}

static int32_t link_to(const struct region *r, uint64_t target)
{
	struct vr_code_change changed = {0, 0};

	remember(r);
	int32_t rc = H.emit->link(H.emitter, r->write, r->execute, &r->exit, target, &changed);

	reported(r, changed);
	return rc;
}

/* From `r`: the target's register counts when it is linked. */
static void goes_to(const struct region *r, uint32_t reg)
{
	uint64_t old[4];

	for (uint32_t n = 0; n < 4; n++)
		old[n] = *reg_int(n);
	H.emit->enter(H.emitter, H.x, r->code);
	for (uint32_t n = 0; n < 4; n++)
		cr_assert_eq(*reg_int(n), old[n] + (n == 0 || n == reg), "register %u", n);
}

Test(emit_short, links)
{
	use("x86-short");
	struct region first = simple(0, 0x10000, 0, 1, 0x10100);
	struct region near = simple(0, 0x10100, 1, 1, 0x10200);
	struct region far = simple(2 * SHORT_REACH, 0x10100, 2, 1, 0x10300);
	struct region further = simple(64, 0x10100, 3, 1, 0x10400);

	cr_assert_neq(first.exit.veneer, 0);
	cr_assert_eq((first.execute + first.exit.veneer) % 8, 0);
	goes_to(&first, 0);
	cr_assert_eq(link_to(&first, near.code), VR_LINK_DIRECT);
	goes_to(&first, 1);
	cr_assert_eq(link_to(&first, far.code), VR_LINK_VENEER);
	goes_to(&first, 2);
	/* from far to far: the constant alone */
	cr_assert_eq(link_to(&first, further.code), VR_LINK_VENEER);
	goes_to(&first, 3);
	/* back, and unlinked */
	cr_assert_eq(link_to(&first, near.code), VR_LINK_DIRECT);
	goes_to(&first, 1);
	cr_assert_eq(link_to(&first, first.execute + first.exit.stub), VR_LINK_DIRECT);
	goes_to(&first, 0);
	/* backwards */
	cr_assert_eq(link_to(&far, near.code), VR_LINK_VENEER);
	cr_assert_eq(link_to(&far, further.code), VR_LINK_DIRECT);
	cr_assert_gt(short_host_counts.redirects, 0);
	cr_assert_gt(short_host_counts.constant_jumps, 0);
}

/* An exit without a veneer is not linked to what it does not reach, and goes on as before. */
Test(emit_short, refused)
{
	use("x86-short");
	struct region first = simple(0, 0x10000, 0, 1, 0x10100);
	struct region near = simple(0, 0x10100, 1, 1, 0x10200);
	struct region far = simple(2 * SHORT_REACH, 0x10100, 2, 1, 0x10300);

	first.exit.veneer = 0;
	cr_assert_eq(link_to(&first, far.code), VR_E_RANGE);
	cr_assert_arr_eq(first.write, before, first.size);
	goes_to(&first, 0);
	cr_assert_eq(link_to(&first, near.code), VR_LINK_DIRECT);
	cr_assert_eq(link_to(&first, far.code), VR_E_RANGE);
	goes_to(&first, 1);
}

/* A dead region goes to the look-up, near the thunks and far from them. */
Test(emit_short, kills)
{
	use("x86-short");
	for (uint32_t gap = 0; gap < 2; gap++) {
		struct region r = simple(gap * 2 * SHORT_REACH, 0x10000, 0, 1, 0x10100);
		struct region into = simple(gap * 2 * SHORT_REACH, 0x10200, 0, 1, 0x10000);
		struct vr_code_change changed = {0, 0};
		uint32_t lookups = H.lookups;

		cr_assert_geq(link_to(&into, r.code), 0);
		remember(&r);
		H.emit->kill(H.emitter, r.write, r.execute, r.entry, &changed);
		reported(&r, changed);
		cr_assert_lt(changed.first, changed.last);
		H.x->pc = 0;
		goes_to(&into, 0);
		cr_assert_eq(H.x->pc, 0x10000);
		cr_assert_eq(H.lookups, lookups + 1);
	}
}

/* More code than jumps reach: the engine is to come with a smaller region. */
Test(emit_short, large_region)
{
	for (uint32_t shorter = 0; shorter < 2; shorter++) {
		use(shorter ? "x86-short" : "x86");
		block_begin(0x10000, VR_BLOCK_ENTRY);
		uint32_t v = vr_ir_get(&H.ir, VR_T_I64, 0);
		for (uint32_t n = 0; n < 6000; n++) {
			v = op(VR_IR_CALL, VR_T_I64, 0, v, v, v, 1);
			vr_ir_put(&H.ir, VR_T_I64, 2, v);
		}
		op(VR_IR_GOTO, 0, 0, 0, 0, 0, 0x10100);
		block_end(0x10004, VR_NO_BLOCK, VR_NO_BLOCK);
		int32_t rc = emit_region();
		cr_assert_eq(rc, shorter ? VR_E_RANGE : 0, "%d", rc);
		cr_assert(shorter || H.job.code_size > SHORT_REGION, "%u bytes", H.job.code_size);
	}
}
