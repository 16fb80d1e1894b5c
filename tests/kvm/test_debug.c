/* SPDX-License-Identifier: MIT */
/*
 * test_debug.c: vmrun.debugger/1 of kvm.so: breakpoint instructions, and the memory that they are in.
 *
 * Few KVMs can be made to do what is looked at here at the right moment, so KVM_RUN is a list of exits
 * (script) in its place: it runs no guest code. All other calls are the kernel's: page tables are walked by
 * KVM_TRANSLATE, exceptions are put into the vCPU.
 */
#include "vm.h"

#include <linux/kvm.h>
#include <vmrun/debugger.h>

#define CODE ORG
#define ALIAS (SLOT1 + ORG) /* the same memory, once map_page(1, 0) was called */
#define INT3 0xcc
#define ORIGINAL 0x90 /* NOP */

static struct test_vm k;
static const struct vr_debugger *debugger;

/* ---- KVM_RUN ---- */

enum kind { BREAK_AT, STEP_AT, HLT, READ, KICK };
static struct exit_step {
	enum kind kind;
	uint64_t pc;
	bool kick; /* the core wants the vCPU back meanwhile */
} script[8];
static uint32_t runs;
static uint8_t seen[8]; /* the byte at CODE in each run */

static void debug_exit(struct kvm_run *run, uint32_t exception, uint64_t pc)
{
	run->exit_reason = KVM_EXIT_DEBUG;
	run->debug.arch = (struct kvm_debug_exit_arch){
		.exception = exception, .pc = pc, .dr6 = exception == 1 ? 0xffff4ff0 : 0xffff0ff0};
}

static void play(struct kvm_run *run)
{
	uint32_t n = runs < 7 ? runs++ : 7;
	const struct exit_step *s = &script[n];

	seen[n] = k.ram[CODE];
	switch (s->kind) {
	case BREAK_AT:
		debug_exit(run, 3, s->pc);
		break;
	case STEP_AT:
		debug_exit(run, 1, s->pc);
		break;
	case HLT:
		run->exit_reason = KVM_EXIT_HLT;
		run->if_flag = 1;
		break;
	case READ:
		run->exit_reason = KVM_EXIT_MMIO;
		run->mmio.phys_addr = MMIO_DEVICE;
		run->mmio.len = 4;
		run->mmio.is_write = 0;
		break;
	case KICK:
		run->exit_reason = KVM_EXIT_INTR;
		break;
	}
	if (s->kick || s->kind == KICK)
		k.accel->vcpu_kick(k.vcpu[0]);
}

/* What the trials of a KVM that stops at breakpoint instructions give. */
static void can_break(struct kvm_run *run)
{
	debug_exit(run, 3, ORG + 2);
}

static void script_is(const struct exit_step *s, uint32_t n)
{
	memset(script, 0, sizeof(script));
	for (uint32_t i = 0; i < 8; i++)
		script[i] = i < n ? s[i] : (struct exit_step){.kind = KICK};
	runs = 0;
	test_faults.exit = play;
}
#define SCRIPT(...)                                        \
	script_is((const struct exit_step[]){__VA_ARGS__}, \
		  sizeof((const struct exit_step[]){__VA_ARGS__}) / sizeof(struct exit_step))

/* ---- the machine ---- */

static int open_it(void)
{
	int result;

	(void)test_no_kvm(); /* asked of the real KVM_RUN */
	test_options.debug = true;
	test_faults.exit = can_break;
	result = test_start(&k, 1, NULL);
	test_faults.exit = NULL;
	if (result == PASS)
		result = test_vcpu(&k, 0);
	if (result == PASS)
		result = test_enter(&k, 0, MODE_LONG);
	if (result != PASS)
		return result;
	debugger = k.plugin->query(k.self, VR_DEBUGGER_ID);
	if (!debugger)
		return test_fail("no %s", VR_DEBUGGER_ID);
	k.ram[CODE] = ORIGINAL;
	return PASS;
}

/* 2 MiB pages: the second one is the memory of the first, or the first that of the second. */
static void map_page(uint32_t page, uint64_t to)
{
	const uint64_t entry = to << 21 | 0xe7;

	memcpy(k.ram + TABLES + 0x2000 + 8 * page, &entry, sizeof(entry));
}

static int32_t point_at(uint64_t va)
{
	const struct vr_stop_point p = {.first = va, .last = va, .access = VR_STOP_EXECUTE};

	return debugger->set_points(k.vm, &p, 1, sizeof(p));
}

static int32_t no_points(void)
{
	return debugger->set_points(k.vm, NULL, 0, sizeof(struct vr_stop_point));
}

static uint32_t run_it(struct vr_exit *e)
{
	*e = (struct vr_exit){.size = sizeof(*e)};
	return debugger->vcpu_step(k.vcpu[0], 0) < 0 || k.accel->vcpu_run(k.vcpu[0], e) < 0 ? VR_EXIT_ERROR
											    : e->reason;
}

/* ---- tests ---- */

static int stops_there(void)
{
	struct vr_exit e;
	int result;

	TRY(open_it());
	CHECK(point_at(CODE) == VR_OK, "%s", test_error(&k));
	SCRIPT({BREAK_AT, CODE, false});
	CHECK(run_it(&e) == VR_EXIT_DEBUG && e.address == CODE && e.access == VR_STOP_EXECUTE,
	      "reason %u, %s", e.reason, test_error(&k));
	CHECK(seen[0] == INT3, "0x%x in memory", seen[0]);
	CHECK(no_points() == VR_OK && k.ram[CODE] == ORIGINAL, "0x%x left", k.ram[CODE]);
out:
	test_close(&k);
	return result;
}

/* A written range may be larger than what was written. */
static int written_around(void)
{
	struct vr_exit e;
	uint8_t shown = INT3;
	int result;

	TRY(open_it());
	CHECK(point_at(CODE) == VR_OK, "%s", test_error(&k));
	SCRIPT({KICK, 0, false});
	CHECK(run_it(&e) == VR_EXIT_KICK && k.ram[CODE] == INT3, "reason %u, %s", e.reason, test_error(&k));
	k.accel->memory_written(k.vm, 0, 0x4000);
	debugger->original(k.vm, CODE, 1, &shown);
	CHECK(shown == ORIGINAL, "0x%x is shown", shown);
	CHECK(no_points() == VR_OK && k.ram[CODE] == ORIGINAL, "0x%x left", k.ram[CODE]);
out:
	test_close(&k);
	return result;
}

static int written_over_by_the_core(void)
{
	struct vr_exit e;
	uint8_t shown = INT3;
	int result;

	TRY(open_it());
	CHECK(point_at(CODE) == VR_OK, "%s", test_error(&k));
	SCRIPT({KICK, 0, false});
	CHECK(run_it(&e) == VR_EXIT_KICK && k.ram[CODE] == INT3, "reason %u, %s", e.reason, test_error(&k));
	k.ram[CODE] = 0x42;
	k.accel->memory_written(k.vm, 0, 0x4000);
	CHECK(k.ram[CODE] == INT3, "the breakpoint is gone");
	debugger->original(k.vm, CODE, 1, &shown);
	CHECK(shown == 0x42, "0x%x is shown", shown);
	CHECK(no_points() == VR_OK && k.ram[CODE] == 0x42, "0x%x left", k.ram[CODE]);
out:
	test_close(&k);
	return result;
}

static int written_over_by_the_guest(void)
{
	struct vr_exit e;
	uint8_t shown;
	int result;

	TRY(open_it());
	CHECK(point_at(CODE) == VR_OK, "%s", test_error(&k));
	SCRIPT({KICK, 0, false});
	CHECK(run_it(&e) == VR_EXIT_KICK && k.ram[CODE] == INT3, "reason %u, %s", e.reason, test_error(&k));
	shown = k.ram[CODE] = 0x42;
	/* A write elsewhere changes nothing of that. */
	k.accel->memory_written(k.vm, CODE + 1, 0x100);
	debugger->original(k.vm, CODE, 1, &shown);
	CHECK(shown == 0x42, "0x%x is shown", shown);
	CHECK(no_points() == VR_OK && k.ram[CODE] == 0x42, "0x%x left", k.ram[CODE]);
	CHECK(strstr(k.logged, "has written over the breakpoint at 0x1000"), "logged: %s", k.logged);
out:
	test_close(&k);
	return result;
}

/* At the point's address, in memory of another address space. */
static int guests_own(void)
{
	static struct vr_state_x86 s;
	struct vr_exit e;
	int result;

	TRY(open_it());
	CHECK(point_at(CODE) == VR_OK, "%s", test_error(&k));
	map_page(0, 1);
	TRY(test_get(&k, 0, &s)); /* its page tables are walked anew */
	TRY(test_set(&k, 0, &s));
	SCRIPT({BREAK_AT, CODE, false}, {KICK, 0, false});
	CHECK(run_it(&e) == VR_EXIT_KICK && runs == 2, "reason %u, %u runs, %s", e.reason, runs,
	      test_error(&k));
	CHECK(seen[1] == INT3, "the breakpoint is passed: 0x%x", seen[1]);
out:
	test_close(&k);
	return result;
}

/* Another address of the point's memory, where HLT is: KVM reports it and no step. */
static int passes_hlt(void)
{
	struct vr_exit e;
	int result;

	TRY(open_it());
	map_page(1, 0);
	CHECK(point_at(CODE) == VR_OK, "%s", test_error(&k));
	SCRIPT({BREAK_AT, ALIAS, false}, {HLT, 0, true}, {KICK, 0, false});
	CHECK(run_it(&e) == VR_EXIT_KICK && runs == 2, "reason %u, %u runs, %s", e.reason, runs,
	      test_error(&k));
	CHECK(seen[0] == INT3 && seen[1] == ORIGINAL, "0x%x and 0x%x in memory", seen[0], seen[1]);
	test_request(&k, 1);
	k.accel->vcpu_set_pin(k.vcpu[0], VR_X86_PIN_INTR, 1);
	CHECK(run_it(&e) == VR_EXIT_KICK && runs == 3, "reason %u, %u runs, %s", e.reason, runs,
	      test_error(&k));
	CHECK(seen[2] == INT3, "0x%x in memory after HLT", seen[2]);
out:
	test_close(&k);
	return result;
}

/* One more KVM_RUN completes an access before the core gets the vCPU back, and that may stop. */
static int stop_while_settling(void)
{
	struct vr_exit e;
	int result;

	TRY(open_it());
	CHECK(point_at(CODE) == VR_OK, "%s", test_error(&k));
	SCRIPT({READ, 0, true}, {BREAK_AT, CODE, false}, {KICK, 0, false});
	CHECK(run_it(&e) == VR_EXIT_DEBUG && runs == 2, "reason %u, %u runs, %s", e.reason, runs,
	      test_error(&k));
	CHECK(run_it(&e) == VR_EXIT_KICK && runs == 3, "reason %u, %u runs", e.reason, runs);
out:
	test_close(&k);
	return result;
}

/* A stop that no run has told of is none when the debugger goes, or goes on. */
static int stop_ends_with_the_points(void)
{
	struct vr_exit e = {.size = sizeof(e)};
	int result;

	TRY(open_it());
	CHECK(point_at(CODE) == VR_OK, "%s", test_error(&k));
	/* This KVM does not step, so that a step stops at once; no run tells of it. */
	CHECK(debugger->vcpu_step(k.vcpu[0], 1) == VR_OK, "%s", test_error(&k));
	CHECK(no_points() == VR_OK, "%s", test_error(&k));
	SCRIPT({KICK, 0, false});
	CHECK(k.accel->vcpu_run(k.vcpu[0], &e) == VR_OK && e.reason == VR_EXIT_KICK, "reason %u", e.reason);
	CHECK(debugger->vcpu_step(k.vcpu[0], 1) == VR_OK, "%s", test_error(&k));
	SCRIPT({KICK, 0, false});
	CHECK(run_it(&e) == VR_EXIT_KICK, "reason %u", e.reason);
out:
	test_close(&k);
	return result;
}

static const struct test_case tests[] = {
	{"debug-stops", stops_there},
	{"debug-written-around", written_around},
	{"debug-written-over-by-the-core", written_over_by_the_core},
	{"debug-written-over-by-the-guest", written_over_by_the_guest},
	{"debug-the-guests-own", guests_own},
	{"debug-passes-hlt", passes_hlt},
	{"debug-stop-while-settling", stop_while_settling},
	{"debug-stop-ends-with-the-points", stop_ends_with_the_points},
};

int main(void)
{
	return test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
