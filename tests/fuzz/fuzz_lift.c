/* SPDX-License-Identifier: MIT */
/*
 * fuzz_lift.c: any bytes as a guest's code; built once for each guest of tests/diff.
 *
 * The input is 8 bytes, from which the start state is made, and code. The code runs on the interpreter and on
 * what the emitter compiles, by the engine itself. Registers, status and all of RAM must be equal afterwards.
 * The IR is verified as it was lifted and after each pass of the optimiser: the linker leads the engine's
 * calls of soft_optimize_logged() and soft_log_pass() through this file.
 *
 * An exception goes to the vector, which ends the run. Two kinds of case are not compared. In the first the
 * code does not end, and a timer stops the vCPU. In the second the guest has written to its own code or to the
 * vectors: without a barrier it is not defined when the guest sees that.
 *
 * The mutator knows the decode table, since among random words few are instructions.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ir/ir.h>

#include "plugins/soft/log.h"
#include "tests/diff/engine.h"
#include "tests/diff/isa.h"

#define SEED_BYTES 8u
#define HALVES_MAX 256u /* of the input's code */
#define TICK_US 20000   /* of processor time; the second one in the same run stops it */
#define SLEEP_US 200000 /* of other time, when it sleeps */

int __lsan_is_turned_off(void);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
void __real_soft_optimize_logged(const struct vr_isa *isa, const struct vr_emit *emit, struct vr_ir *ir,
				 const struct vr_code_space *code, uint32_t *scratch,
				 struct soft_reg_assignment *regs, struct soft_log *log);
void __wrap_soft_optimize_logged(const struct vr_isa *isa, const struct vr_emit *emit, struct vr_ir *ir,
				 const struct vr_code_space *code, uint32_t *scratch,
				 struct soft_reg_assignment *regs, struct soft_log *log);
void __wrap_soft_log_pass(struct soft_log *log, const char *pass, const struct vr_ir *ir);

static const char *const tier_names[2] = {"the interpreter", "compiled code"};
static struct diff_engine *engine[2];
static struct diff_case the_case;

/* The engine's own memory is mapped, and no place where the sanitizer looks for pointers. */
int __lsan_is_turned_off(void)
{
	return 1;
}

/* ---- the timer ---- */

/* A thread of its own: a kick takes locks, which a signal's handler would find taken by what it interrupts. */
static pthread_mutex_t timer_lock = PTHREAD_MUTEX_INITIALIZER; /* what follows */
static struct diff_machine *running;
static uint64_t runs;
static int stopped;

static uint64_t now_us(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		abort();
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* A tick is TICK_US of the fuzzer's processor time, or SLEEP_US in which it sleeps. */
static void *tick(void *fuzzer)
{
	uint64_t seen = 0, cpu = 0, wall = 0;
	clockid_t clock;

	if (pthread_getcpuclockid(*(pthread_t *)fuzzer, &clock))
		abort();
	for (;;) {
		usleep(TICK_US / 4);
		if (now_us(clock) < cpu + TICK_US && now_us(CLOCK_MONOTONIC) < wall + SLEEP_US)
			continue;
		cpu = now_us(clock);
		wall = now_us(CLOCK_MONOTONIC);
		pthread_mutex_lock(&timer_lock);
		if (running && seen == runs) {
			stopped = 1;
			running->accel->vcpu_kick(running->vcpu);
		}
		seen = runs;
		pthread_mutex_unlock(&timer_lock);
	}
	return NULL;
}

static void start_timer(void)
{
	static pthread_t fuzzer, timer;

	fuzzer = pthread_self();
	if (pthread_create(&timer, NULL, tick, &fuzzer))
		abort();
}

static void set_running(struct diff_machine *w)
{
	pthread_mutex_lock(&timer_lock);
	running = w;
	runs++;
	pthread_mutex_unlock(&timer_lock);
}

/* ---- what is wrong ---- */

static void show_case(void)
{
	fprintf(stderr, "memory seed %016llx, code at %#llx:", (unsigned long long)the_case.memory_seed,
		(unsigned long long)DIFF_CODE);
	for (uint32_t i = 0; i < the_case.halves; i = diff_after(&the_case, i))
		fprintf(stderr, " %08x", diff_insn_at(&the_case, i));
	fprintf(stderr, "\n");
}

static void verify(const char *when, const struct vr_ir *ir, bool optimized)
{
	char why[256] = "";

	if (!(optimized ? vr_ir_verify_optimized : vr_ir_verify)(ir, diff_isa.isa, why, sizeof(why)))
		return;
	fprintf(stderr, "IR after %s: %s\n", when, why);
	vr_ir_print(stderr, ir, diff_isa.isa, DIFF_CODE & ~4095ull);
	show_case();
	abort();
}

void __wrap_soft_optimize_logged(const struct vr_isa *isa, const struct vr_emit *emit, struct vr_ir *ir,
				 const struct vr_code_space *code, uint32_t *scratch,
				 struct soft_reg_assignment *regs, struct soft_log *log)
{
	static struct soft_log any;

	verify("lifting", ir, false);
	__real_soft_optimize_logged(isa, emit, ir, code, scratch, regs, log ? log : &any);
}

void __wrap_soft_log_pass(struct soft_log *log, const char *pass, const struct vr_ir *ir)
{
	(void)log;
	verify(pass, ir, true);
}

static void differ(const char *what, uint32_t i, uint64_t a, uint64_t b)
{
	if (a != b)
		fprintf(stderr, "  %s%u: %s %016llx, %s %016llx\n", what, i, tier_names[0],
			(unsigned long long)a, tier_names[1], (unsigned long long)b);
}

static void results_differ(const struct diff_result *r)
{
	fprintf(stderr, "the tiers differ:\n");
	differ("stop", 0, r[0].stop, r[1].stop);
	differ("why", 0, r[0].why, r[1].why);
	for (uint32_t i = 0; i < DIFF_REGISTERS; i++) {
		differ(diff_isa.x, i, r[0].x[i], r[1].x[i]);
		differ(diff_isa.v, i, r[0].v[i][0], r[1].v[i][0]);
		differ("its high half ", i, r[0].v[i][1], r[1].v[i][1]);
	}
	for (uint32_t i = 0; i < DIFF_STATUS; i++)
		differ(diff_isa.status[i] ? diff_isa.status[i] : "status ", i, r[0].status[i],
		       r[1].status[i]);
	show_case();
	abort();
}

/* ---- a case ---- */

static void make_engines(void)
{
	for (unsigned tier = 0; tier < 2; tier++) {
		if (engine[tier])
			diff_engine_free(engine[tier]);
		engine[tier] = diff_engine_new(tier);
		if (!engine[tier]) {
			fprintf(stderr, "no engine for %s\n", tier_names[tier]);
			abort();
		}
	}
}

static void make_case(const uint8_t *data, size_t size)
{
	struct diff_generator g = {.seed = 0};
	size_t halves = (size - SEED_BYTES) / 2;

	memcpy(&g.seed, data, SEED_BYTES);
	g.seed |= 1;
	memset(&the_case, 0, sizeof(the_case));
	diff_isa.start(&g, &the_case);
	the_case.memory_seed = diff_random(&g) | 1;
	the_case.x[DIFF_COUNTER] = 1 + diff_below(&g, 3);
	halves = halves < HALVES_MAX ? halves : HALVES_MAX;
	memcpy(the_case.code, data + SEED_BYTES, 2 * halves);
	the_case.halves = (uint32_t)halves;
	for (int i = 0; i < 2; i++) {
		the_case.code[the_case.halves++] = (uint16_t)diff_isa.end;
		if (diff_isa.halves(diff_isa.end) == 2)
			the_case.code[the_case.halves++] = (uint16_t)(diff_isa.end >> 16);
	}
}

/* RAM is as after diff_engine_new(). */
static void clean(struct diff_machine *w)
{
	memset(w->ram, 0, w->bytes);
	diff_isa.vectors(w->ram + (DIFF_VECTORS - DIFF_RAM));
	w->accel->memory_written(w->vm, DIFF_RAM, w->bytes);
}

static int run(unsigned tier, struct diff_result *r)
{
	int rc;

	set_running(diff_engine_machine(engine[tier]));
	rc = diff_engine_run(engine[tier], &the_case, r);
	set_running(NULL);
	if (rc && !stopped) {
		fprintf(stderr, "%s: the engine failed\n", tier_names[tier]);
		show_case();
		abort();
	}
	if (r->why == 3)
		for (uint32_t i = 0; i < DIFF_STATUS; i++)
			if (diff_isa.flags >> i & 1)
				r->status[i] = 0;
	return !stopped;
}

/* Neither tier has changed what was given to it as code. */
static int code_is_whole(const uint8_t *ram)
{
	uint8_t vectors[0x1000] = {0};
	const uint8_t *code = ram + (DIFF_CODE_PAGE - DIFF_RAM), *begin = ram + (DIFF_CODE - DIFF_RAM);

	diff_isa.vectors(vectors);
	for (const uint8_t *p = code; p < code + DIFF_CODE_BYTES; p++)
		if (*p && (p < begin || p >= begin + 2 * the_case.halves))
			return 0;
	return !memcmp(begin, the_case.code, 2 * the_case.halves) &&
	       !memcmp(ram + (DIFF_VECTORS - DIFF_RAM), vectors, sizeof(vectors));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diff_result r[2];
	const uint8_t *ram[2];

	if (size < SEED_BYTES + 2)
		return 0;
	if (!engine[0]) {
		make_engines();
		start_timer();
	}
	make_case(data, size);
	stopped = 0;
	for (unsigned tier = 0; tier < 2; tier++) {
		ram[tier] = diff_engine_machine(engine[tier])->ram;
		if (!run(tier, &r[tier])) {
			/* The kick may still wait for the next run. */
			make_engines();
			return 0;
		}
	}
	if (code_is_whole(ram[0]) && code_is_whole(ram[1])) {
		if (memcmp(&r[0], &r[1], sizeof(r[0])))
			results_differ(r);
		if (memcmp(ram[0], ram[1], DIFF_RAM_BYTES)) {
			fprintf(stderr, "the tiers' memory differs\n");
			show_case();
			abort();
		}
	}
	for (unsigned tier = 0; tier < 2; tier++)
		clean(diff_engine_machine(engine[tier]));
	return 0;
}

/* ---- the mutator ---- */

/* Code of tests/diff's generator: its addresses lie in the window. */
static size_t generated(struct diff_generator *g, uint8_t *data, size_t max)
{
	static struct diff_case c;
	size_t n;

	g->units = 1 + diff_below(g, 24);
	diff_generate(g, &c);
	n = 2 * (size_t)c.halves;
	n = n < max - SEED_BYTES ? n : max - SEED_BYTES;
	memcpy(data + SEED_BYTES, c.code, n);
	return SEED_BYTES + n;
}

/* An instruction of a random row, over another or at the end. */
static size_t one_row(struct diff_generator *g, uint8_t *data, size_t size, size_t max)
{
	struct diff_row row = diff_isa.row(diff_below(g, diff_isa.row_count));
	uint32_t insn = ((uint32_t)diff_random(g) & ~row.mask) | row.value;
	size_t length = 2 * diff_isa.halves(insn), step = 2 * diff_isa.halves(0);
	size_t place = SEED_BYTES + step * diff_below(g, (uint32_t)((size - SEED_BYTES) / step + 1));

	if (place + length > max)
		return size;
	memcpy(data + place, &insn, length);
	return size > place + length ? size : place + length;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	struct diff_generator g = {.seed = (uint64_t)seed << 1 | 1};
	uint32_t how = diff_below(&g, 16);

	if (max < SEED_BYTES + 4)
		return size;
	if (size < SEED_BYTES + 4) {
		memset(data, 0, SEED_BYTES);
		return generated(&g, data, max);
	}
	if (how == 0)
		return generated(&g, data, max);
	if (how < 4)
		return LLVMFuzzerMutate(data, size, max);
	return one_row(&g, data, size, max);
}
