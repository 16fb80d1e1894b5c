/* SPDX-License-Identifier: MIT */
/*
 * rules_xlate.c: translators: their tables, and lifters and emitters given what guests may hold.
 *
 * A vCPU's block is set up as the engine does, with an environment that does nothing, so that the mode flags
 * are one that the guest architecture really has. What is lifted are random bytes; buffers end at a page that
 * can't be touched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <ir/ir.h>

#include "machine.h"

#define PAGE 4096u
#define OPS 4096u

/* ---- buffers ------------------------------------------------------------------------------------ */

/* Bytes that end where a page ends, and before a page that can't be touched. */
static uint8_t *guarded(struct vr_check *c, size_t bytes)
{
	size_t whole = (bytes + PAGE - 1) / PAGE * PAGE;
	uint8_t *p = mmap(NULL, whole + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p, whole, PROT_READ | PROT_WRITE | PROT_EXEC) < 0)
		check_skip(c, "no memory");
	return p + whole - bytes;
}

/* ---- tables ---------------------------------------------------------------------------------------- */

static const struct vr_isa *isa_of(struct vr_check *c)
{
	const struct vr_isa *isa;

	check_started(c);
	isa = check_query(c, VR_ISA_ID);
	if (!VR_HAS(isa, lift))
		check_skip(c, "its table is not filled in");
	return isa;
}

struct vr_isa_vm *check_isa_vm(struct vr_check *c, const struct vr_isa *isa)
{
	const struct vr_isa_config config = {.size = sizeof(config), .vcpu_count = 1, .host = c->d->host};
	struct vr_isa_vm *vm = NULL;

	check_phase(c, "isa create");
	if (VR_HAS(isa, create) && isa->create(c->plugin->self, &config, &vm) < 0)
		check_skip(c, "isa create refuses: %s", c->d->error_text);
	return vm;
}

/* Skips the rule when it has none, or one for another engine, which this validator can't judge. */
static const struct vr_emit *emitter_of(struct vr_check *c)
{
	const struct vr_emit *e;

	check_started(c);
	e = c->plugin->query(c->plugin->self, VR_EMITTER_ID);
	if (!e)
		check_skip(
			c,
			"it has no emitter: another plugin's compiles its guests, or they are interpreted");
	CHECK(c, e->size >= offsetof(struct vr_emit, arch) + sizeof(e->arch),
	      "its struct vr_emit of %u bytes has no revision", e->size);
	if (e->revision != VR_ENGINE_REVISION)
		check_skip(c, "its emitter is for revision %u of the engine, and this validator for %u",
			   e->revision, VR_ENGINE_REVISION);
	return e;
}

static bool listed(char *const *list, const char *name)
{
	for (; *list; list++)
		if (strcmp(*list, "any") == 0 || strcmp(check_arch_name(*list), check_arch_name(name)) == 0)
			return true;
	return false;
}

static const struct {
	const char *name;
	size_t offset;
} isa_functions[] =
	{
#define F(name)                                      \
	{                                            \
#name, offsetof(struct vr_isa, name) \
	}
		F(init),      F(fini),  F(reset),     F(get_state), F(set_state), F(lift),
		F(translate), F(fault), F(interrupt), F(has_work),  F(set_pin),   F(fp_slow),
#undef F
},
  emit_functions[] = {
#define F(name)                                       \
	{                                             \
#name, offsetof(struct vr_emit, name) \
	}
	  F(probe), F(create),  F(destroy), F(region),          F(link), F(set_check), F(kill),
	  F(enter), F(fp_load), F(fp_save), F(pinned_register),
#undef F
};

static void complete(struct vr_check *c, const char *what, const void *table, uint32_t size, size_t offset,
		     const char *name)
{
	const void *value;

	CHECK(c, size >= offset + sizeof(value), "%s ends before %s", what, name);
	memcpy(&value, (const uint8_t *)table + offset, sizeof(value));
	CHECK(c, value, "%s has no %s", what, name);
}

void check_xlate_isa(struct vr_check *c)
{
	const struct vr_isa *isa = isa_of(c);

	for (size_t i = 0; i < sizeof(isa_functions) / sizeof(isa_functions[0]); i++)
		complete(c, "struct vr_isa", isa, isa->size, isa_functions[i].offset, isa_functions[i].name);
	CHECK(c, !VR_HAS(isa, create) == !VR_HAS(isa, destroy),
	      "vr_isa.create without destroy, or the other way");
	if (VR_HAS(isa, create)) {
		struct vr_isa_vm *one = check_isa_vm(c, isa), *two = check_isa_vm(c, isa);

		CHECK(c, one && one != two, "two virtual machines share one vr_isa_vm");
		check_phase(c, "isa destroy");
		isa->destroy(one);
		isa->destroy(two);
	}
	CHECK(c, isa->arch && listed(c->target->guest, isa->arch),
	      "it lifts '%s', which its manifest does not name", isa->arch ? isa->arch : "(NULL)");
	CHECK(c, isa->state_id && isa->state_id[0], "isa.state_id is missing");
	CHECK(c, isa->guest_regs && isa->guest_reg_count, "it has no guest registers");
	for (uint32_t i = 0; i < isa->guest_reg_count; i++) {
		const struct vr_guest_reg *s = vr_isa_reg(isa, i);
		uint32_t size = vr_ir_reg_bytes(s->kind);

		CHECK(c, size, "guest register %u is of kind %u", i, s->kind);
		CHECK(c, s->name && s->name[0], "guest register %u has no name", i);
		CHECK(c, s->offset % size == 0, "guest register '%s' lies at %u, which is no multiple of %u",
		      s->name, s->offset, size);
		CHECK(c,
		      s->offset + size <= VR_EXEC_HOT ||
			      (s->offset >= VR_EXEC_STATE &&
			       s->offset + size <= VR_EXEC_STATE + isa->state_size),
		      "guest register '%s' lies at %u, outside of the state", s->name, s->offset);
		for (uint32_t k = 0; k < i; k++)
			CHECK(c,
			      strcmp(vr_isa_reg(isa, k)->name, s->name) == 0 || /* a place that is not used */
				      vr_isa_reg(isa, k)->offset +
						      vr_ir_reg_bytes(vr_isa_reg(isa, k)->kind) <=
					      s->offset ||
				      s->offset + size <= vr_isa_reg(isa, k)->offset,
			      "guest registers '%s' and '%s' lie over each other", vr_isa_reg(isa, k)->name,
			      s->name);
	}
	for (uint32_t i = 0; i < isa->helper_count; i++) {
		CHECK(c, vr_isa_helper(isa, i)->name && vr_isa_helper(isa, i)->name[0],
		      "helper %u has no name", i);
		CHECK(c, vr_isa_helper(isa, i)->u.fn, "helper '%s' has no function",
		      vr_isa_helper(isa, i)->name);
		CHECK(c,
		      (vr_isa_helper(isa, i)->flags & (VR_HF_VECTOR | VR_HF_SIX)) !=
			      (VR_HF_VECTOR | VR_HF_SIX),
		      "helper '%s' is a vector helper and has six arguments", vr_isa_helper(isa, i)->name);
	}
}

void check_xlate_emit(struct vr_check *c)
{
	const struct vr_emit *e = emitter_of(c);

	for (size_t i = 0; i < sizeof(emit_functions) / sizeof(emit_functions[0]); i++)
		complete(c, "struct vr_emit", e, e->size, emit_functions[i].offset, emit_functions[i].name);
	CHECK(c, e->arch && listed(c->target->host, e->arch),
	      "it emits '%s', which its manifest does not name", e->arch ? e->arch : "(NULL)");
	CHECK(c, e->integer_regs <= VR_PINNED_MAX && e->vector_regs <= VR_PINNED_MAX,
	      "it pins %u and %u registers, of at most %u", e->integer_regs, e->vector_regs, VR_PINNED_MAX);
}

/* ---- a vCPU's block ------------------------------------------------------------------------------------ */

static void VR_CALL no_context(struct vr_exec *x)
{
	(void)x;
}
static void VR_CALL no_flush(struct vr_exec *x, uint32_t kind, uint64_t asid, uint64_t va, uint64_t length,
			     uint32_t broadcast)
{
	(void)x, (void)kind, (void)asid, (void)va, (void)length, (void)broadcast;
}
static void VR_CALL no_code(struct vr_exec *x, uint64_t va, uint64_t length)
{
	(void)x, (void)va, (void)length;
}
static int32_t VR_CALL no_read(struct vr_exec *x, uint64_t va, uint32_t bytes, uint32_t flags, void *out)
{
	(void)x, (void)va, (void)flags;
	memset(out, 0, bytes);
	return 0;
}
static int32_t VR_CALL no_write(struct vr_exec *x, uint64_t va, uint32_t bytes, uint32_t flags,
				const void *in)
{
	(void)x, (void)va, (void)bytes, (void)flags, (void)in;
	return 0;
}
static void *VR_CALL no_ram(struct vr_exec *x, uint64_t pa, uint64_t length)
{
	(void)x, (void)pa, (void)length;
	return NULL;
}

static struct vr_isa_env env = {
	.size = sizeof(env),
	.vcpu_count = 1,
	.context = no_context,
	.tlb_flush = no_flush,
	.sync = no_context,
	.code_flush = no_code,
	.read = no_read,
	.write = no_write,
	.ram = no_ram,
	.wait = no_context,
	.yield = no_context,
	.kick = no_context,
};

/* The mode flags of the power-on state and, when the guest is one we know, of the micro-guests' state. */
static uint32_t mode_flags_known(struct vr_check *c, const struct vr_isa *isa, uint64_t out[2])
{
	static _Alignas(64) uint8_t state[MACHINE_STATE];
	size_t bytes = VR_EXEC_STATE + isa->state_size;
	struct vr_exec *x = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct check_isa *known = check_isa_of(isa->arch);
	struct machine m = {.isa = known, .c = c, .d = c->d};
	uint32_t n = 1;

	if (x == MAP_FAILED)
		check_skip(c, "no memory");
	env.host = c->d->host;
	x->env = &env;
	check_given(c, 1); /* the engine's use of it is another rule's */
	check_phase(c, "isa init");
	if (isa->init(check_isa_vm(c, isa), x, &env) < 0)
		check_skip(c, "isa init refuses");
	check_phase(c, "isa reset");
	isa->reset(x);
	out[0] = x->mode_flags;
	memcpy(state, known ? &known->state_size : &n, sizeof(n));
	if (known && isa->get_state(x, known->state_id, state, known->state_size) >= 0) {
		known->enter(&m, state, known->ram);
		if (isa->set_state(x, known->state_id, state, known->state_size) >= 0)
			out[n++] = x->mode_flags;
	}
	check_given(c, 0);
	return n;
}

uint64_t check_xlate_mode_flags(struct vr_check *c, const struct vr_isa *isa)
{
	uint64_t mode_flags[2];

	uint32_t n = mode_flags_known(c, isa, mode_flags);

	return mode_flags[n - 1];
}

/* ---- lifting ----------------------------------------------------------------------------------------------
 */

struct lifting {
	const struct vr_isa_vm *vm;
	struct vr_ir ir;
	struct vr_ir_op *ops;
	struct vr_ir_block blocks[4];
};

static int32_t lift(const struct vr_isa *isa, struct lifting *l, const uint8_t *code, uint32_t length,
		    uint32_t offset, uint64_t mode_flags, uint32_t most, uint32_t capacity, uint8_t junk)
{
	const struct vr_lift rq = {.size = sizeof(rq),
				   .max_insns = most,
				   .offset = offset,
				   .mode_flags = mode_flags,
				   .code = code,
				   .length = length};

	memset(l->ops, junk, capacity * sizeof(*l->ops));
	memset(l->ops, 0, sizeof(*l->ops));
	memset(l->blocks, 0, sizeof(l->blocks));
	l->ir = (struct vr_ir){
		.size = sizeof(l->ir),
		.op_count = 1,
		.op_capacity = capacity,
		.block_capacity = 4,
		.ops = l->ops,
		.blocks = l->blocks,
	};
	return isa->lift(l->vm, &rq, &l->ir);
}

static void show_code(struct vr_check *c, const uint8_t *code, uint32_t n, uint64_t mode_flags)
{
	char text[64] = "";

	for (uint32_t i = 0; i < n && i < 16; i++)
		snprintf(text + 2 * i, sizeof(text) - 2 * i, "%02x", code[i]);
	check_context(c, "lift of %s, mode flags 0x%llx", text, (unsigned long long)mode_flags);
}

static void fill(struct vr_check *c, uint8_t *code, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		code[i] = (uint8_t)(check_random(c) >> 13);
}

#define OFFSET 0x180u /* in the page */

void check_xlate_lift(struct vr_check *c)
{
	const struct vr_isa *isa = isa_of(c);
	struct lifting l = {.vm = check_isa_vm(c, isa),
			    .ops = (struct vr_ir_op *)(void *)guarded(c, OPS * sizeof(struct vr_ir_op))};
	uint8_t *code = guarded(c, 64);
	uint64_t mode_flags[2];
	uint32_t n = mode_flags_known(c, isa, mode_flags);

	check_phase(c, "lift");
	for (uint32_t i = 0; i < c->settings->instructions; i++) {
		uint32_t length = 16 + (uint32_t)(check_random(c) % 4) * 16,
			 most = 1 + (uint32_t)(check_random(c) % 8);
		uint64_t k = mode_flags[check_random(c) % n];
		char why[200] = "";
		int32_t rc;

		fill(c, code, 64);
		show_code(c, code, 16, k);
		rc = lift(isa, &l, code, length, OFFSET, k, most, OPS, 0xa5);
		if (rc < 0) {
			CHECK(c, vr_fake_host_known_error(rc),
			      "%s: returns %d, which errors.def does not have", c->report->context, rc);
			continue;
		}
		if (l.ir.overflow)
			continue;
		CHECK(c, l.ir.block_count == 1, "%s: %u blocks were appended, not one", c->report->context,
		      l.ir.block_count);
		CHECK(c, vr_ir_verify(&l.ir, isa, why, sizeof(why)) == 0, "%s: %s", c->report->context, why);
		CHECK(c,
		      l.blocks[0].start == OFFSET && l.blocks[0].insns >= 1 && l.blocks[0].insns <= most &&
			      l.blocks[0].end > OFFSET && l.blocks[0].end - OFFSET <= length,
		      "%s: the block says %u instructions, 0x%llx to 0x%llx; at most %u in %u bytes at 0x%x "
		      "were "
		      "asked for",
		      c->report->context, l.blocks[0].insns, (unsigned long long)l.blocks[0].start,
		      (unsigned long long)l.blocks[0].end, most, length, OFFSET);
		CHECK(c, l.blocks[0].succ[0] == VR_NO_BLOCK && l.blocks[0].succ[1] == VR_NO_BLOCK,
		      "%s: succ[] is the engine's; a lifter leaves it VR_NO_BLOCK", c->report->context);
	}
}

void check_xlate_pure(struct vr_check *c)
{
	const struct vr_isa *isa = isa_of(c);
	struct lifting a = {.vm = check_isa_vm(c, isa),
			    .ops = (struct vr_ir_op *)(void *)guarded(c, OPS * sizeof(struct vr_ir_op))};
	struct lifting b = {.vm = check_isa_vm(c, isa),
			    .ops = (struct vr_ir_op *)(void *)guarded(c, OPS * sizeof(struct vr_ir_op))};
	uint8_t *code = guarded(c, 64);
	uint64_t mode_flags[2];
	uint32_t n = mode_flags_known(c, isa, mode_flags);

	check_given(c, 1);
	check_phase(c, "lift");
	for (uint32_t i = 0; i < c->settings->instructions / 4; i++) {
		uint64_t k = mode_flags[check_random(c) % n];
		uint8_t other[64];
		int32_t rc, again;

		fill(c, code, 64);
		show_code(c, code, 16, k);
		rc = lift(isa, &a, code, 64, OFFSET, k, 4, OPS, 0xa5);
		memcpy(other, code, 64);
		again = lift(isa, &b, other, 64, OFFSET, k, 4, OPS, 0x5a);
		check_given(c, 0);
		CHECK(c, rc == again && a.ir.op_count == b.ir.op_count, "%s: another result the second time",
		      c->report->context);
		if (rc < 0 || a.ir.overflow || a.ir.op_count > OPS)
			continue;
		CHECK(c,
		      memcmp(a.ops, b.ops, a.ir.op_count * sizeof(*a.ops)) == 0 &&
			      memcmp(&a.blocks[0], &b.blocks[0], sizeof(a.blocks[0])) == 0,
		      "%s: another result the second time", c->report->context);
		check_given(c, 1);
	}
}

void check_xlate_bounds(struct vr_check *c)
{
	const struct vr_isa *isa = isa_of(c);
	uint8_t *end = guarded(c, 64) + 64;
	uint64_t mode_flags[2];
	uint32_t n = mode_flags_known(c, isa, mode_flags);

	check_phase(c, "lift");
	for (uint32_t i = 0; i < c->settings->instructions / 4; i++) {
		/* The code ends at the guard, and so does the array of ops. */
		uint32_t length = 1 + (uint32_t)(check_random(c) % 40),
			 capacity = 2 + (uint32_t)(check_random(c) % 60);
		static uint8_t *ops_end;
		uint64_t k = mode_flags[check_random(c) % n];
		struct lifting l;
		int32_t rc;

		if (!ops_end)
			ops_end = guarded(c, 64 * sizeof(struct vr_ir_op)) + 64 * sizeof(struct vr_ir_op);
		l.ops = (struct vr_ir_op *)(void *)(ops_end - capacity * sizeof(struct vr_ir_op));
		fill(c, end - length, length);
		show_code(c, end - length, length, k);
		rc = lift(isa, &l, end - length, length, OFFSET, k, 16, capacity, 0xa5);
		if (rc < 0)
			continue;
		CHECK(c, l.ir.op_count <= capacity, "%s: %u ops, capacity %u", c->report->context,
		      l.ir.op_count, capacity);
		CHECK(c, l.ir.overflow || l.blocks[0].end - OFFSET <= length,
		      "%s: the block ends %llu bytes on, of %u that there are", c->report->context,
		      (unsigned long long)(l.blocks[0].end - OFFSET), length);
	}
}

/* ---- emitting
 * ------------------------------------------------------------------------------------------------ */

static uint64_t VR_CALL no_code_at(struct vr_exec *x)
{
	(void)x;
	return 0;
}

static uint64_t VR_CALL no_entry(void *opaque, uint64_t place)
{
	(void)opaque, (void)place;
	return 0;
}

#define CODE 0x10000u
#define POINTS 256u
#define EXITS 16u

void check_xlate_region(struct vr_check *c)
{
	const struct vr_isa *isa = isa_of(c);
	const struct vr_emit *e = emitter_of(c);
	const struct vr_engine_entry entry = {
		.size = sizeof(entry),
		.code_align_log2 = isa->code_align_log2,
		.memory = no_code_at,
		.lookup = no_code_at,
		.link = no_code_at,
		.hot = no_code_at,
	};
	struct lifting l = {.vm = check_isa_vm(c, isa),
			    .ops = (struct vr_ir_op *)(void *)guarded(c, OPS * sizeof(struct vr_ir_op))};
	uint8_t *code = guarded(c, CODE), *end = code + CODE, bytes[64];
	uint32_t *points = (uint32_t *)(void *)guarded(c, POINTS * sizeof(uint32_t));
	struct vr_exit_site *exits =
		(struct vr_exit_site *)(void *)guarded(c, EXITS * sizeof(struct vr_exit_site));
	char why[200] = "";
	uint64_t mode_flags[2];
	uint32_t n, emitted = 0;
	uint64_t used = 0;
	struct vr_emit_vm *emitter = NULL;
	int32_t last = 0, rc;
	void *scratch;

	check_phase(c, "emit probe");
	if (e->probe(why, sizeof(why)) < 0)
		check_skip(c, "not for this processor: %s", why);
	n = mode_flags_known(c, isa, mode_flags);
	check_phase(c, "emit create");
	rc = e->create(&entry, code, (uint64_t)(uintptr_t)code, CODE / 2, &used, &emitter);
	CHECK(c, rc == VR_OK && used <= CODE / 2, "create: %s, %llu bytes of %u", check_error_name(rc),
	      (unsigned long long)used, CODE / 2);
	scratch = calloc(1, e->scratch_size + 1);
	check_phase(c, "emit region");
	for (uint32_t i = 0; i < c->settings->instructions / 8; i++) {
		uint32_t capacity = 64 + (uint32_t)(check_random(c) % (CODE / 2 - 64)), block_entry[4] = {0};
		uint64_t k = mode_flags[check_random(c) % n];
		struct vr_emit_job job = {
			.size = sizeof(job),
			.isa = isa,
			.ir = &l.ir,
			.pc_base = 0x40001000,
			.write = end - capacity,
			.execute = (uint64_t)(uintptr_t)(end - capacity),
			.capacity = capacity,
			.exit_base = 1,
			.point_capacity = POINTS,
			.exit_capacity = EXITS,
			.points = points,
			.exits = exits,
			.block_entry = block_entry,
			.entry_at = no_entry,
			.scratch = scratch,
			.scratch_size = e->scratch_size,
		};

		fill(c, bytes, sizeof(bytes));
		check_given(c, 1); /* what is lifted is another rule's */
		if (lift(isa, &l, bytes, sizeof(bytes), OFFSET, k, 4, OPS, 0) < 0 || l.ir.overflow ||
		    vr_ir_verify(&l.ir, isa, why, sizeof(why)))
			continue;
		check_given(c, 0);
		l.blocks[0].flags |= VR_BLOCK_ENTRY;
		show_code(c, bytes, 16, k);
		last = rc = e->region(emitter, &job);
		CHECK(c, rc == VR_OK || rc == VR_E_NOMEM || rc == VR_E_RANGE || rc == VR_E_UNSUPPORTED,
		      "%s, then region: %s", c->report->context, check_error_name(rc));
		CHECK(c, rc != VR_E_UNSUPPORTED || job.refused < VR_IR_COUNT,
		      "%s: region refuses op %u, which the IR does not have", c->report->context,
		      job.refused);
		if (rc < 0)
			continue;
		emitted++;
		CHECK(c,
		      job.code_size && job.code_size <= capacity && job.point_count <= POINTS &&
			      job.exit_count <= EXITS && block_entry[0] < job.code_size,
		      "%s: %u bytes of code, capacity %u, entry at %u, %u fault points, %u exits",
		      c->report->context, job.code_size, capacity, block_entry[0], job.point_count,
		      job.exit_count);
		for (uint32_t p = 0; p < job.point_count; p++)
			CHECK(c,
			      vr_fault_offset(points[p]) <= job.code_size &&
				      (!p || vr_fault_offset(points[p - 1]) <= vr_fault_offset(points[p])),
			      "%s: fault point %u at %u is out of order", c->report->context, p,
			      vr_fault_offset(points[p]));
	}
	check_given(c, 0);
	CHECK(c, emitted, "no region was emitted: the last answer was %s", check_error_name(last));
	check_phase(c, "emit destroy");
	e->destroy(emitter);
	free(scratch);
}
