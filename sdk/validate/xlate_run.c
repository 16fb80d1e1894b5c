/* SPDX-License-Identifier: MIT */
/*
 * xlate_run.c: translators run through an engine (an accelerator that needs a translator: soft): the
 * micro-guests, states, and streams of instructions, interpreted and compiled.
 *
 * A stream is a few random instructions that, as the lifter says, go on to the next one and call no helper
 * that may leave; then one that ends the run. Registers are random, many of them addresses of the data. Code
 * and vectors are in read-only memory, so that no stray store changes them. The engine's option `tier`
 * chooses interpreter or compiler; every bit of the state and of memory must be the same after both. One
 * exception: where an instruction of the stream faulted, condition flags are not compared, since engines
 * leave out flags that the rest of the code does not read (see optimize.c of soft).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ir/ir.h>

#include "machine.h"
#include "sandboxed.h"

static struct {
	const struct vr_isa *lifter;
	const struct vr_isa_vm *isa_vm;
	const struct check_isa *isa;
	const struct vr_accel *a;
	struct vr_vm_config config;
	bool tiers; /* the engine has them */
} run;

static void need_engine(struct vr_check *c)
{
	check_started(c);
	run.lifter = check_query(c, VR_ISA_ID);
	if (!VR_HAS(run.lifter, lift))
		check_skip(c, "its table is not filled in");
	run.isa = check_isa_of(run.lifter->arch);
	if (!run.isa || strcmp(run.isa->state_id, run.lifter->state_id) != 0)
		check_skip(c, "the validator has no micro-guests for '%s'", run.lifter->arch);
	check_helper(c, CHECK_ACCEL, run.isa->arch);
	run.a = c->helper.plugin->query(c->helper.plugin->self, VR_ACCEL_ID);
	if (!run.a || (run.a->native_arch && *run.a->native_arch))
		check_skip(c, "accelerator '%s' needs no translator; name one that does with --with",
			   c->helper.target->id);
	run.config = (struct vr_vm_config){.size = sizeof(run.config)};
	run.isa_vm = check_isa_vm(c, run.lifter);
	check_translator_config(c->plugin, c->target, &run.config);
	for (uint32_t i = 0; i < c->helper.target->option_count; i++)
		run.tiers |= strcmp(c->helper.target->options[i].name, "tier") == 0;
}

static void open_tier(struct machine *m, struct vr_check *c, const char *tier)
{
	check_given(c, 1);
	if (run.tiers) {
		vr_fake_host_option(c->helper.d, "tier", tier);
		if (c->helper.plugin->probe(c->helper.plugin->self) < 0)
			check_skip(c, "plugin '%s', which this one needs: %s", c->helper.target->id,
				   c->helper.d->error_text);
	}
	machine_open(m, c, run.isa, run.a, c->helper.plugin->self, c->helper.d, &run.config, 1);
	check_given(c, 0);
}

/* ---- micro-guests ---------------------------------------------------------------------------------- */

#define STORED 0x0123456789abcdefull /* guest 'store' stores its multiples */

static void all_guests(struct machine *m, const char *tier)
{
	static const struct {
		const char *name;
		uint32_t guest, result;
	} guests[] = {
		{"store", GUEST_STORE, 0x51}, {"device", GUEST_DEVICE, 0x52}, {"patch", GUEST_PATCH, 0x54},
		{"call", GUEST_CALL, 0x56},   {"rom", GUEST_ROM, 0x57},       {"host", GUEST_HOST, 0x58},
	};

	for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
		check_phase(m->c, "guest '%s', tier %s", guests[i].name, tier);
		machine_expect(m, guests[i].guest, guests[i].result);
		for (uint64_t k = 0; guests[i].guest == GUEST_STORE && k < 64; k++)
			CHECK(m->c, machine_u64(m, 8 * k) == k * STORED,
			      "%s: %s: what it stored is 0x%llx, not 0x%llx", m->isa->arch,
			      m->c->report->phase, (unsigned long long)machine_u64(m, 8 * k),
			      (unsigned long long)(k * STORED));
	}
	check_phase(m->c, "guest 'unmapped', tier %s", tier);
	machine_enter(m, 0, GUEST_UNMAPPED);
	machine_run(m, 0);
	machine_wait(m, 0);
	CHECK(m->c, machine_u64(m, 0) == run.isa->unmapped,
	      "%s: where nothing is it finds 0x%llx, not 0x%llx", tier, (unsigned long long)machine_u64(m, 0),
	      (unsigned long long)run.isa->unmapped);
}

void check_xlate_guests(struct vr_check *c)
{
	static const char *const tiers[] = {"0", "1"};
	static struct machine m;

	need_engine(c);
	for (int i = 0; i < 2; i++) {
		if (i && !run.tiers)
			break;
		open_tier(&m, c, tiers[i]);
		all_guests(&m, tiers[i]);
		check_given(c, 1);
		machine_close(&m);
		check_given(c, 0);
	}
}

void check_xlate_sandboxed(struct vr_check *c)
{
	static struct machine m;

	need_engine(c);
	open_tier(&m, c, "1");
	sandboxed_enter(c);
	all_guests(&m, "1");
	machine_close(&m);
	check_unused(c);
}

static _Alignas(64) uint8_t state[MACHINE_STATE], got[MACHINE_STATE];

void check_xlate_state(struct vr_check *c)
{
	static struct machine m;

	need_engine(c);
	open_tier(&m, c, "1");
	for (uint32_t i = 0; i < 200; i++) {
		const char *what;

		machine_get(&m, 0, state);
		run.isa->random(c, state);
		check_phase(c, "state %u", i);
		machine_set(&m, 0, state);
		machine_get(&m, 0, got);
		what = run.isa->compare(state, got);
		CHECK(c, !what, "%s", what);
	}
	machine_close(&m);
}

/* ---- streams ------------------------------------------------------------------------------------------- */

#define STREAM 12u /* instructions */
#define ROM_CODE 0x1000u
#define ROM_VECTORS 0x8000u

struct stream {
	uint8_t code[256];
	uint32_t bytes, insns;
	uint32_t at[STREAM]; /* where each begins */
	uint64_t seed;       /* of registers and memory */
};

static struct vr_ir_op ops[4096];

/* Does one instruction of these bytes go on to the next? Its length, 0: no. */
static uint32_t goes_on(const struct vr_isa *isa, const uint8_t *code, uint32_t length, uint64_t place,
			uint64_t mode_flags)
{
	struct vr_ir_block block = {0};
	struct vr_ir ir = {.size = sizeof(ir),
			   .op_count = 1,
			   .op_capacity = sizeof(ops) / sizeof(ops[0]),
			   .block_capacity = 1,
			   .ops = ops,
			   .blocks = &block};
	const struct vr_lift rq = {.size = sizeof(rq),
				   .max_insns = 1,
				   .offset = (uint32_t)place,
				   .mode_flags = mode_flags,
				   .code = code,
				   .length = length};
	const struct vr_ir_op *last;

	if (isa->lift(run.isa_vm, &rq, &ir) < 0 || ir.overflow || ir.block_count != 1 || block.insns != 1)
		return 0;
	last = &ops[block.first + block.count - 1];
	if (last->op != VR_IR_GOTO || last->imm != block.end)
		return 0;
	for (uint32_t i = block.first; i < block.first + block.count; i++) {
		if (ops[i].op >= VR_IR_COUNT)
			return 0;
		uint64_t number = vr_ir_helper(&ops[i]);

		if (number == UINT64_MAX)
			continue;
		if (number >= isa->helper_count || vr_isa_helper(isa, number)->flags & VR_HF_MAY_LEAVE)
			return 0;
	}
	return (uint32_t)(block.end - place);
}

static void make(struct vr_check *c, struct stream *s, uint64_t mode_flags)
{
	const struct vr_isa *isa = run.lifter;
	uint32_t unit = run.isa->unit;

	s->bytes = s->insns = 0;
	s->seed = check_random(c);
	for (uint32_t tries = 0; s->insns < STREAM && tries < 4000; tries++) {
		uint8_t bytes[16];
		uint32_t n;

		for (uint32_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(check_random(c) >> 17);
		n = goes_on(isa, bytes, unit == 1 ? 15 : sizeof(bytes),
			    (run.isa->rom + ROM_CODE + s->bytes) % 4096, mode_flags);
		if (!n || n > sizeof(bytes))
			continue;
		memcpy(s->code + s->bytes, bytes, n);
		s->at[s->insns++] = s->bytes;
		s->bytes += n;
	}
	memcpy(s->code + s->bytes, run.isa->end, run.isa->end_bytes);
}

static int32_t VR_CALL ends(void *opaque, uint32_t vcpu, uint32_t kind, uint64_t *regs)
{
	struct machine *m = opaque;

	(void)kind, (void)regs;
	m->a->vcpu_kick(m->vcpu[vcpu].vcpu);
	return VR_OK;
}

static void parked(struct vr_fake_host *d, uint32_t vcpu, uint64_t deadline)
{
	struct machine *m = d->opaque;

	(void)deadline;
	m->a->vcpu_kick(m->vcpu[vcpu].vcpu);
}

/* Every stream begins with it: nothing of the one before is left. */
static _Alignas(64) uint8_t power_on[MACHINE_STATE];

static void run_stream(struct machine *m, const struct stream *s, void *end_state)
{
	uint64_t save = m->c->random, rom = m->isa->rom;

	m->c->random = s->seed;
	memset(m->rom + ROM_CODE, 0, 512);
	memcpy(m->rom + ROM_CODE, s->code, s->bytes + m->isa->end_bytes);
	m->a->memory_written(m->vm, rom + ROM_CODE, 512);
	for (uint32_t i = 0; i < 0x4000; i += 8) {
		uint64_t value = check_random(m->c);

		memcpy(m->ram + MACHINE_DATA + i, &value, sizeof(value));
	}
	m->a->memory_written(m->vm, m->isa->ram + MACHINE_DATA, 0x4000);
	memcpy(end_state, power_on, m->isa->state_size);
	m->isa->random(m->c, end_state);
	m->isa->enter(m, end_state, rom + ROM_CODE);
	for (uint32_t i = 0; i < m->isa->registers; i++) {
		uint64_t value = check_random(m->c);

		if (value & 0x3000)
			value = m->isa->ram + MACHINE_DATA + 0x1000 + (value >> 16 & 0x1ff8);
		m->isa->set_register(end_state, i, value);
	}
	m->c->random = save;
	machine_set(m, 0, end_state);
	machine_run(m, 0);
	machine_wait(m, 0);
	machine_get(m, 0, end_state);
}

static uint64_t hash(uint64_t h, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		uint64_t v;

		memcpy(&v, p + i, sizeof(v));
		h = (h ^ v) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	return h;
}

static void open_streams(struct machine *m, struct vr_check *c, const char *tier)
{
	open_tier(m, c, tier);
	m->d->hypercall = ends;
	m->d->on_park = parked;
	m->vectors = m->isa->rom + ROM_VECTORS;
	machine_get(m, 0, power_on);
	for (uint32_t i = 0; i < 0x800; i += 0x80)
		memcpy(m->rom + ROM_VECTORS + i, m->isa->end, m->isa->end_bytes);
}

/* What one run left: the state's hash and the memory's. */
struct result {
	uint64_t state, memory;
};

static struct result result_of(struct machine *m, const struct stream *s, void *end_state)
{
	struct result r;

	run_stream(m, s, end_state);
	if (m->isa->forget_flags && m->isa->pc(end_state) - m->vectors < 0x1000)
		m->isa->forget_flags(end_state);
	r.state = hash(1, end_state, m->isa->state_size);
	r.memory = hash(2, m->ram, MACHINE_RAM);
	return r;
}

/* Its first n instructions. */
static struct stream prefix(const struct stream *s, uint32_t n)
{
	struct stream p = *s;

	if (n < s->insns) {
		p.insns = n;
		p.bytes = s->at[n];
		memcpy(p.code + p.bytes, run.isa->end, run.isa->end_bytes);
	}
	return p;
}

static void words(const struct stream *s, uint32_t from, char *out, size_t n)
{
	size_t at = 0;

	out[0] = 0;
	for (uint32_t i = from; i < s->bytes && at + 4 < n; i++)
		at += (size_t)snprintf(out + at, n - at, "%02x", s->code[i]);
}

/* The shortest beginning of the stream that differs tells which instruction it is. The machine is closed. */
__attribute__((noreturn)) static void report(struct machine *m, const struct stream *s)
{
	static uint8_t states[STREAM + 1][MACHINE_STATE];
	struct result want[STREAM + 1];
	struct vr_check *c = m->c;

	open_streams(m, c, "0");
	for (uint32_t n = 1; n <= s->insns; n++) {
		struct stream p = prefix(s, n);

		want[n] = result_of(m, &p, states[n]);
	}
	machine_close(m);
	open_streams(m, c, "1");
	for (uint32_t n = 1; n <= s->insns; n++) {
		struct stream p = prefix(s, n);
		struct result r = result_of(m, &p, state);
		const char *what;
		char text[64], before[400];

		if (r.state == want[n].state && r.memory == want[n].memory)
			continue;
		what = m->isa->compare(states[n], state);
		if (!what)
			what = r.memory != want[n].memory ? "memory differs"
							  : "other parts of the state differ";
		words(&p, p.at[n - 1], text, sizeof(text));
		p.bytes = p.at[n - 1];
		words(&p, 0, before, sizeof(before));
		check_fail(c,
			   "interpreted and compiled code differ after %s (bytes in memory; before it: %s): "
			   "%s (interpreted; compiled)",
			   text, before, what);
	}
	check_fail(c, "interpreted and compiled code differ, but not when run again (%u instructions)",
		   s->insns);
}

void check_xlate_streams(struct vr_check *c)
{
	static struct machine m;
	uint32_t count = c->settings->instructions / STREAM + 1, insns = 0;
	struct stream *streams = calloc(count, sizeof(*streams));
	struct result *results = calloc(count, sizeof(*results));
	uint64_t mode_flags;

	need_engine(c);
	if (!run.tiers)
		check_skip(c, "accelerator '%s' has no option 'tier' to compare with", c->helper.target->id);
	if (!run.config.emitter)
		check_skip(c, "it has no emitter: there is nothing to compare with");
	if (!streams || !results)
		check_skip(c, "no memory");
	c->report->limit = 300;
	open_streams(&m, c, "0");
	mode_flags = check_xlate_mode_flags(c, run.lifter);
	check_phase(c, "choosing instructions");
	for (uint32_t i = 0; i < count; i++) {
		make(c, &streams[i], mode_flags);
		insns += streams[i].insns;
	}
	CHECK(c, insns >= count, "hardly any random instruction can be lifted (%u of %u)", insns,
	      count * STREAM);
	for (uint32_t i = 0; i < count; i++) {
		check_phase(c, "stream %u, interpreted", i);
		results[i] = result_of(&m, &streams[i], state);
	}
	machine_close(&m);
	open_streams(&m, c, "1");
	for (uint32_t i = 0; i < count; i++) {
		struct result r;

		check_phase(c, "stream %u, compiled", i);
		r = result_of(&m, &streams[i], state);
		if (r.state == results[i].state && r.memory == results[i].memory)
			continue;
		machine_close(&m);
		report(&m, &streams[i]);
	}
	machine_close(&m);
	free(streams);
	free(results);
}
