/* SPDX-License-Identifier: MIT */
/* test_refuse.c: an emitter that can't translate something, that has no room, or that knows fewer ops; a lifter that
 * knows more. The guest goes on. */
#include <string.h>

#include <criterion/criterion.h>

#include "fake_isa.h"
#include "refusing.h"

static struct fake_machine *t;

static void setup(void)
{
	memset(&refusing, 0, sizeof(refusing));
	refusing_set();
	t = fake_new(1);
}

static void teardown(void)
{
	fake_free(t);
}

TestSuite(refuse, .init = setup, .fini = teardown, .timeout = 60);

#define DATA 0x9000u
#define X (t->cpu[0]->x)
#define R(n) (fake_r(X)[n])

static void is(const char *counter, uint64_t wanted)
{
	uint64_t n = fake_counter(t, counter);

	cr_assert_eq(n, wanted, "%s is %lu, not %lu", counter, n, wanted);
}

/* r2 = the sum of 100 .. 1, by a loop with a call in it; r3 is written to memory and read back into r4. */
static void sum(void)
{
	fake_map(t, 0, DATA, 20, FAKE_R | FAKE_W, 0);
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_MOVI, 1, 0, 0, 100), FAKE_OP(FAKE_MOVI, 2, 0, 0, 0),
		  FAKE_OP(FAKE_MOVI, 5, 0, 0, 0), FAKE_OP(FAKE_MOVI, 6, 0, 0, DATA),
		  /* 0x20 */
		  FAKE_OP(FAKE_ADD, 2, 2, 1, 0), FAKE_OP(FAKE_ADDI, 1, 1, 0, -1),
		  FAKE_OP(FAKE_ST, 2, 6, 3, 0), FAKE_OP(FAKE_LD, 4, 6, 3, 0),
		  FAKE_OP(FAKE_BNE, 0, 1, 5, -0x20), FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(2), 5050);
	cr_assert_eq(R(4), 5050);
}

Test(refuse, nothing)
{
	sum();
	is("refused_translations", 0);
	is("interpreted_blocks", 0);
}

Test(refuse, one_op)
{
	refusing.op[VR_IR_STORE] = 1;
	sum();
	/* One instruction has it, and is interpreted 100 times; all else is compiled. */
	is("refused_translations", 1);
	is("interpreted_blocks", 100);
	is("cache_flushes", 0);
	cr_assert_gt(fake_counter(t, "translated_bytes"), 0);
	/* It is said once. */
	cr_assert_eq(t->host->log_lines[VR_LOG_WARN], 1);
}

Test(refuse, everything)
{
	refusing.always = VR_E_UNSUPPORTED;
	sum();
	is("translated_bytes", 0);
	is("refused_translations", 10);
	is("interpreted_blocks", 4 + 100 * 5 + 1);
	is("cache_flushes", 0);
}

/* A table that is too small even for one instruction, and an error that no emitter should have. */
Test(refuse, other_errors)
{
	refusing.always = VR_E_RANGE;
	sum();
	is("refused_translations", 10);
	is("cache_flushes", 0);
	refusing.always = VR_E_INVAL;
	t->accel->vm_reset((struct vr_vm *)t->vm);
	sum();
	is("refused_translations", 20);
}

Test(refuse, no_room)
{
	refusing.no_room = 2;
	sum();
	is("cache_flushes", 0);
	is("refused_translations", 0);
	is("interpreted_blocks", 0);
}

Test(refuse, never_any_room)
{
	refusing.no_room = UINT32_MAX;
	FAKE_LOAD(t, 0, 0, FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_E_NOMEM);
	is("cache_flushes", 1);
}

/* The lifter can't go on: that is no matter of room. */
Test(refuse, the_lifter)
{
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_BAD, 0, 0, 0, 0));
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_E_INVAL);
	is("cache_flushes", 0);
}

/* Code that was refused and is written is lifted anew. */
Test(refuse, changed_code)
{
	refusing.always = VR_E_UNSUPPORTED;
	for (int32_t k = 1; k < 4; k++) {
		FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_MOVI, 1, 0, 0, k), FAKE_STOP);
		cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
		cr_assert_eq(R(1), (uint64_t)k);
	}
	/* and by the guest itself */
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_MOVI, 2, 0, 0, 77), FAKE_OP(FAKE_MOVI, 6, 0, 0, FAKE_CODE + 0x34),
		  FAKE_OP(FAKE_MOVI, 3, 0, 0, 0), FAKE_OP(FAKE_MOVI, 4, 0, 0, 2),
		  FAKE_OP(FAKE_J, 0, 0, 0, 0x10), FAKE_STOP,
		  /* 0x30 */
		  FAKE_OP(FAKE_MOVI, 1, 0, 0, 5), FAKE_OP(FAKE_ST, 2, 6, 2, 0),
		  FAKE_OP(FAKE_ADDI, 3, 3, 0, 1), FAKE_OP(FAKE_BNE, 0, 3, 4, -0x18), FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(1), 77);
	cr_assert_gt(fake_counter(t, "code_writes"), 0);
}

/* ---- links ---- */

#define OTHER 0xa000u /* a page of code, physical 21 */

/* r2 += 3 r1 times, by a loop over two pages. */
static void over_two_pages(int32_t add)
{
	fake_map(t, 0, OTHER, 21, FAKE_R | FAKE_X, 0);
	FAKE_LOAD(t, 21, 0, FAKE_OP(FAKE_ADDI, 2, 2, 0, add),
		  FAKE_OP(FAKE_J, 0, 0, 0, FAKE_CODE - (OTHER + 8)));
	FAKE_LOAD(t, 0, 0, FAKE_OP(FAKE_ADDI, 1, 1, 0, -1), FAKE_OP(FAKE_BNE, 0, 1, 3, 0x10), FAKE_STOP,
		  FAKE_OP(FAKE_J, 0, 0, 0, OTHER - (FAKE_CODE + 0x18)));
	R(1) = 1001;
	R(2) = R(3) = 0;
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_EXIT_KICK);
	cr_assert_eq(R(2), 1000u * (uint32_t)add, "%lu", R(2));
}

/* An exit that can't be linked goes by the look-up every time. */
Test(refuse, every_link)
{
	refusing.links = UINT32_MAX;
	over_two_pages(3);
	is("links", 0);
	cr_assert_geq(refusing.links_refused, 2000);
	is("refused_links", refusing.links_refused);
	cr_assert_geq(fake_counter(t, "lookups"), 2000);
	is("refused_translations", 0);
	/* and finds code that is new */
	over_two_pages(5);
}

/* Now and then: linked when it can be, and right when the target dies. */
Test(refuse, some_links)
{
	refusing.links = 3;
	for (int32_t add = 1; add < 6; add++)
		over_two_pages(add);
	cr_assert_gt(refusing.links_refused, 0);
	is("refused_links", refusing.links_refused);
	cr_assert_gt(fake_counter(t, "links"), 0);
	cr_assert_lt(fake_counter(t, "lookups"), 500);
}

/* ---- revisions ---- */

/* An emitter that was built with fewer ops: it is given no others. */
Test(refuse, older_emitter)
{
	fake_free(t);
	refusing.ir_ops = VR_IR_STORE;
	refusing_set();
	t = fake_new(1);
	sum();
	cr_assert_eq(refusing.beyond, 0);
	cr_assert_gt(fake_counter(t, "refused_translations"), 0);
	cr_assert_gt(fake_counter(t, "interpreted_blocks"), 100);
	is("cache_flushes", 0);
}

/* A VM of another isa on the fake host: 0, or the error of vm_create. */
static int32_t make_with(const struct vr_isa *isa, struct vr_vm **vm)
{
	const struct vr_vm_config c = {.size = sizeof(c),
				       .vcpu_count = 1,
				       .arch = "fake",
				       .isa = isa,
				       .emitter = fake_emit,
				       .translator_id = "newer"};

	return t->accel->vm_create(t->plugin, &c, vm);
}

/* An emitter whose code does not keep the guest's memory order is not used, and one line says so; one that does is. */
Test(refuse, memory_order)
{
	static struct vr_isa isa; /* up to teardown() */

	fake_free(t);
	isa = fake_isa;
	fake_use_isa(&isa);
	for (uint32_t order = VR_ORDER_WEAK; order <= VR_ORDER_TSO; order++)
		for (uint32_t given = 1; given < 4; given++) {
			isa.memory_order = order;
			refusing.memory_orders = given;
			refusing_set();
			t = fake_new(1);
			cr_assert_eq(t->host->log_lines[VR_LOG_WARN], !(given >> order & 1));
			sum();
			cr_assert_eq(fake_counter(t, "translated_bytes") > 0, given >> order & 1);
			cr_assert_eq(fake_counter(t, "interpreted_blocks") == 0, given >> order & 1);
			fake_free(t);
		}
	refusing.memory_orders = 0;
	refusing_set();
	t = fake_new(1);
	/* An order that this engine does not know. */
	struct vr_vm *vm;
	isa.memory_order = VR_ORDER_TSO + 1;
	cr_assert_eq(make_with(&isa, &vm), VR_E_ABI);
	cr_assert(strstr(t->host->error_text, "'newer' asks for memory order 2"), "%s", t->host->error_text);
	vr_fake_host_error_clear(t->host);
	fake_use_isa(NULL);
}

static uint32_t told;
static uint32_t op_number;
static int32_t VR_CALL newer_lift(const struct vr_isa_vm *vm, const struct vr_lift *rq, struct vr_ir *ir)
{
	uint32_t first = ir->op_count;
	int32_t rc = fake_isa.lift(vm, rq, ir);

	told = rq->ir_revision;
	if (op_number)
		ir->ops[first + 1].op = (uint16_t)op_number;
	return rc;
}

Test(refuse, newer_lifter)
{
	struct vr_isa isa = fake_isa;
	struct vr_vm *vm;

	isa.ir_revision = VR_IR_REVISION + 1;
	cr_assert_eq(make_with(&isa, &vm), VR_E_ABI);
	cr_assert(strstr(t->host->error_text, "'newer' needs revision 2 of the IR, this vmrun has 1"), "%s",
		  t->host->error_text);
	vr_fake_host_error_clear(t->host);
	isa.ir_revision = VR_IR_REVISION;
	cr_assert_eq(make_with(&isa, &vm), VR_OK);
	t->accel->vm_destroy(vm);
	/* One that ends before the member. */
	isa.size = offsetof(struct vr_isa, ir_revision);
	isa.ir_revision = 77;
	cr_assert_eq(make_with(&isa, &vm), VR_OK);
	t->accel->vm_destroy(vm);
}

/* A lifter is told what the engine knows. One that makes an op beyond that is stopped, with a clear error. */
Test(refuse, unknown_op)
{
	static struct vr_isa isa; /* up to teardown() */

	fake_free(t);
	isa = fake_isa;
	isa.lift = newer_lift;
	fake_use_isa(&isa);
	t = fake_new(1);
	sum();
	cr_assert_eq(told, VR_IR_REVISION);
	op_number = VR_IR_COUNT + 5;
	FAKE_LOAD(t, 0, 0, FAKE_STOP);
	cr_assert_eq(fake_go(t, 0, FAKE_CODE), VR_E_ABI);
	cr_assert(strstr(t->host->error_text, "this vmrun, which has revision 1, does not know"), "%s",
		  t->host->error_text);
	fake_use_isa(NULL);
}
