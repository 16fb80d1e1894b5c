/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "harness.h"
#include "xlate/ir/ir.h"

struct harness H;
#define CODE_CAPACITY (4u << 20)
uint64_t rnd_state = 1;

uint64_t rnd(void)
{
	uint64_t z = rnd_state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static struct vr_guest_reg guest_regs[REGS];
static char names[REGS][8];

/* helpers: plain, reader/writer, leaver, vector, pc */
static uint64_t help_sum(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)x;
	return a + 3 * b + 5 * c;
}
static uint64_t help_regs(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)x;
	uint64_t old = *reg_int(0) + *reg_int(5);
	*reg_int(1) += a;
	*reg_int(7) ^= b;
	reg_vec(2)->d[1] += c;
	return old;
}
static uint64_t help_leave(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)b, (void)c;
	if (a & 1) {
		x->pc = FAULT_PC + 4;
		x->leave = 1;
	}
	return *reg_int(3) + x->pc;
}
static uint64_t help_pc(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)b, (void)c;
	return x->pc + a;
}
static void help_vector(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a, const union vr_v128 *b,
			const union vr_v128 *c, uint64_t imm)
{
	(void)x;
	union vr_v128 r = {.d = {a->d[0] + b->d[0] * 3 + c->d[0] + imm, a->d[1] ^ b->d[1] ^ c->d[1]}};
	*d = r;
}
static void help_vector_regs(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a,
			     const union vr_v128 *b, const union vr_v128 *c, uint64_t imm)
{
	(void)x, (void)b, (void)c;
	union vr_v128 r = {.d = {reg_vec(3)->d[0] ^ a->d[1], reg_vec(4)->d[1] + imm}};
	reg_vec(3)->d[1] += a->d[0];
	*reg_int(2) += imm;
	*d = r;
}
static void help_wide(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a, const union vr_v128 *b,
		      const union vr_v128 *c, uint64_t imm)
{
	help_vector(x, d, a, b, c, imm);
	help_vector(x, d + 1, a + 1, b + 1, c + 1, imm + 1);
}
static void help_wide_regs(struct vr_exec *x, union vr_v128 *d, const union vr_v128 *a,
			   const union vr_v128 *b, const union vr_v128 *c, uint64_t imm)
{
	(void)x, (void)b, (void)c;
	union vr_v256 r = {.d = {reg_wide(1)->d[3] ^ a[1].d[1], imm, a->d[0], reg_wide(2)->d[0]}};
	reg_wide(1)->d[2] += a[1].d[0];
	reg_vec(2)->d[1] += imm;
	memcpy(d, &r, sizeof(r));
}
static uint64_t help_set_pc(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c)
{
	(void)b, (void)c;
	x->pc = a;
	return 0;
}
static uint64_t help_six(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
			 uint64_t f)
{
	(void)x;
	return a + 3 * b + 5 * c + 7 * d + 11 * e + 13 * f;
}
static uint64_t help_six_regs(struct vr_exec *x, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
			      uint64_t f)
{
	(void)x;
	uint64_t old = *reg_int(4) ^ *reg_int(6);
	*reg_int(1) += a + 2 * d;
	*reg_int(6) ^= b + 3 * e;
	reg_vec(2)->d[1] += c + 5 * f;
	return old;
}
static const struct vr_helper helpers[FAKE_HELPERS] = {
	{"sum", 0, 0, {.fn = help_sum}},
	{"guest_regs", VR_HF_READS | VR_HF_WRITES, 0, {.fn = help_regs}},
	{"leave", VR_HF_READS | VR_HF_MAY_LEAVE | VR_HF_PC, 0, {.fn = help_leave}},
	{"pc", VR_HF_PC, 0, {.fn = help_pc}},
	{"vector", VR_HF_VECTOR, 0, {.vfn = help_vector}},
	{"vector_regs", VR_HF_VECTOR | VR_HF_READS | VR_HF_WRITES, 0, {.vfn = help_vector_regs}},
	{"set_pc", 0, 0, {.fn = help_set_pc}},
	{"six", VR_HF_SIX, 0, {.fn6 = help_six}},
	{"six_regs", VR_HF_SIX | VR_HF_READS | VR_HF_WRITES, 0, {.fn6 = help_six_regs}},
	{"wide", VR_HF_VECTOR | VR_HF_V256, 0, {.vfn = help_wide}},
	{"wide_regs", VR_HF_VECTOR | VR_HF_V256 | VR_HF_READS | VR_HF_WRITES, 0, {.vfn = help_wide_regs}},
};
const uint8_t fake_helper_args[FAKE_HELPERS] = {3, 3, 1, 1, 3, 1, 1, 6, 6, 3, 1};

/* A fix-up that only marks that it was called. Tests of FP set their own. */
static int32_t VR_CALL fp_slow(struct vr_exec *x, uint32_t what, uint64_t imm, union vr_v128 *d,
			       const union vr_v128 *a, const union vr_v128 *b, const union vr_v128 *c)
{
	(void)x, (void)imm, (void)a, (void)b, (void)c;
	H.slow_fp++;
	d->d[0] = d->d[1] = what;
	return 0;
}

struct vr_isa fake_isa = {
	.size = sizeof(fake_isa),
	.state_size = 4096,
	.arch = "fake",
	.guest_regs = guest_regs,
	.guest_reg_stride = sizeof(struct vr_guest_reg),
	.helper_stride = sizeof(struct vr_helper),
	.code_align_log2 = 2,
	.helpers = helpers,
	.guest_reg_count = REG_W,
	.helper_count = sizeof(helpers) / sizeof(helpers[0]),
	.fp_slow = fp_slow,
};

uint64_t *reg_int(uint32_t n)
{
	return (uint64_t *)(void *)((uint8_t *)H.x + guest_regs[n].offset);
}

union vr_v128 *reg_vec(uint32_t n)
{
	return (union vr_v128 *)(void *)((uint8_t *)H.x + guest_regs[REG_V + n].offset);
}

union vr_v256 *reg_wide(uint32_t n)
{
	return (union vr_v256 *)(void *)((uint8_t *)H.x + guest_regs[REG_W + n].offset);
}

void use_wide(int wide)
{
	H.wide = wide;
	fake_isa.guest_reg_count = wide == 2 ? REGS : REG_W;
}

uint32_t *reg_flags(void)
{
	return (uint32_t *)(void *)((uint8_t *)H.x + guest_regs[REG_FLAGS].offset);
}

static uint64_t cut(uint64_t v, uint32_t bytes)
{
	return bytes >= 8 ? v : v & ((1ull << (8 * bytes)) - 1);
}

static int64_t sign(uint64_t v, uint32_t bytes)
{
	return bytes >= 8 ? (int64_t)v : (int64_t)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}

int32_t ram_access(uint32_t o, uint32_t type, uint32_t aux, uint32_t kind, uint64_t va,
		   const union vr_v256 *a, const union vr_v256 *b, union vr_v256 *r, int extend)
{
	uint32_t bytes = 1u << (aux & 7), total = o == VR_IR_LOADP || o == VR_IR_STOREP ? 2 * bytes : bytes;
	if (o == VR_IR_CAS2 || o == VR_IR_CAS2IF)
		bytes = total = 16;
	if (va < RAM_BASE || va + total > RAM_BASE + RAM_PAGES * 4096)
		return 1;
	uint8_t *p = H.ram + (va - RAM_BASE);
	union vr_v256 old = {.d = {0}};
	switch (o) {
	case VR_IR_LOAD:
	case VR_IR_LOADP:
		for (uint32_t n = 0; n < total / bytes; n++) {
			r[n] = (union vr_v256){.d = {0}};
			memcpy(&r[n], p + n * bytes, bytes);
			if (extend && (aux & VR_MS_SIGN) && type <= VR_T_I64) {
				r[n].d[0] = (uint64_t)sign(r[n].d[0], bytes);
				if (type == VR_T_I32)
					r[n].d[0] = (uint32_t)r[n].d[0];
			}
		}
		return 0;
	case VR_IR_STORE:
		memcpy(p, a, bytes);
		return 0;
	case VR_IR_STOREP:
		memcpy(p, a, bytes);
		memcpy(p + bytes, b, bytes);
		return 0;
	case VR_IR_AMO: {
		uint64_t k = cut(a->d[0], bytes), m = 0;
		memcpy(&m, p, bytes);
		*r = (union vr_v256){.d = {m}};
		switch (kind) {
		case VR_AMO_ADD:
			m += k;
			break;
		case VR_AMO_ANDN:
			m &= ~k;
			break;
		case VR_AMO_XOR:
			m ^= k;
			break;
		case VR_AMO_OR:
			m |= k;
			break;
		case VR_AMO_SMAX:
			m = sign(m, bytes) > sign(k, bytes) ? m : k;
			break;
		case VR_AMO_SMIN:
			m = sign(m, bytes) < sign(k, bytes) ? m : k;
			break;
		case VR_AMO_UMAX:
			m = m > k ? m : k;
			break;
		case VR_AMO_UMIN:
			m = m < k ? m : k;
			break;
		default:
			m = k;
		}
		memcpy(p, &m, bytes);
		return 0;
	}
	default: /* CAS */
		memcpy(&old, p, bytes);
		if (!memcmp(&old, a, bytes))
			memcpy(p, b, bytes);
		*r = old;
		return 0;
	}
}

static void spoil(void)
{
	/* what a C callee may change */
#ifdef __x86_64__
	__asm__ volatile(
		"mov $-1, %%rcx; mov %%rcx, %%rdx; mov %%rcx, %%rsi; mov %%rcx, %%rdi; mov %%rcx, %%r8;"
		"mov %%rcx, %%r9; mov %%rcx, %%r10; mov %%rcx, %%r11;"
		"vpcmpeqd %%ymm0, %%ymm0, %%ymm0; vpcmpeqd %%ymm6, %%ymm6, %%ymm6;"
		"vpcmpeqd %%ymm7, %%ymm7, %%ymm7; vpcmpeqd %%ymm15, %%ymm15, %%ymm15" ::
			: "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm0", "xmm6", "xmm7",
			  "xmm15");
#endif
}

/* Pinned registers to memory, as the engine does where a guest takes an exception. */
static void sync_pinned(struct vr_exec *x)
{
	for (uint32_t n = 0; n < H.pinned_count; n++) {
		const struct vr_pinned_reg *m = &H.pinned[n];
		uint32_t r = H.emit->pinned_register(m->kind, m->host_reg);
		const void *from = vr_ir_is_vector_reg(m->kind) ? (void *)&vr_engine_exec(x)->save_vector[r]
								: (void *)&vr_engine_exec(x)->save_integer[r];
		memcpy((uint8_t *)x + guest_regs[m->guest_reg].offset, from, vr_ir_reg_bytes(m->kind));
	}
}

static uint64_t memory(struct vr_exec *x)
{
	H.slow++;
	spoil();
	const uint32_t *p = NULL;
	for (uint32_t n = 0; n < H.job.point_count; n++) {
		if (n && vr_fault_offset(H.points[n]) <= vr_fault_offset(H.points[n - 1]))
			H.bad = __LINE__;
		if (H.job.execute + vr_fault_offset(H.points[n]) == vr_engine_exec(x)->site)
			p = &H.points[n];
	}
	if (!p) {
		H.bad = __LINE__;
		return 1;
	}
	uint64_t d = vr_engine_exec(x)->descriptor;
	if (vr_ir_ops[d & 0xffff].op_class == VR_IRC_FP) {
		struct vr_engine_exec *e = vr_engine_exec(x);
		sync_pinned(x);
		x->pc = H.job.pc_base + vr_fault_place(*p);
		return fake_isa.fp_slow(x, (uint32_t)d, e->address, e->result[0].half, e->argument[0].half,
					e->argument[1].half, e->argument[2].half) != 0;
	}
	if (!ram_access(d & 0xffff, d >> 16 & 0xff, d >> 24 & 0xff, (uint32_t)(d >> 48),
			vr_engine_exec(x)->address, &vr_engine_exec(x)->argument[0],
			&vr_engine_exec(x)->argument[1], vr_engine_exec(x)->result, 1))
		return 0;
	H.faults++;
	H.fault_insn = H.job.pc_base + vr_fault_place(*p);
	sync_pinned(x);
	x->pc = FAULT_PC;
	return 1;
}

static uint64_t lookup(struct vr_exec *x)
{
	H.lookups++;
	spoil();
	return H.on_lookup ? H.on_lookup(x) : 0;
}

static uint64_t do_link(struct vr_exec *x)
{
	H.links++;
	if (vr_engine_exec(x)->link - H.job.exit_base < H.job.exit_count)
		x->pc = H.job.pc_base + H.job.exits[vr_engine_exec(x)->link - H.job.exit_base].place;
	spoil();
	return H.on_link ? H.on_link(x) : 0;
}

static void fill_tlb(void)
{
	struct vr_mmu_context *b = H.mmu;
	b->tlb_mask = 255 * sizeof(struct vr_tlb_entry);
	for (uint32_t n = 0; n < 256; n++)
		b->tlb[n] = (struct vr_tlb_entry){VR_TLB_NEVER, VR_TLB_NEVER, 0, 0};
	for (uint32_t n = 0; n < RAM_PAGES; n++) {
		uint64_t va = RAM_BASE + 4096ull * n;
		struct vr_tlb_entry *t = &b->tlb[va >> 12 & 255];
		if (n == 2)
			continue;
		t->tag_read = va;
		t->tag_write = n == 3 ? va | VR_TLB_NEVER : va;
		t->addend = (uint64_t)(uintptr_t)H.ram - RAM_BASE;
	}
}

void harness_init(void)
{
	if (!H.x) {
		H.x = aligned_alloc(4096, 8192);
		H.mmu = aligned_alloc(4096, (sizeof(struct vr_mmu_context) + 4095) & ~4095ul);
		H.ram = aligned_alloc(4096, RAM_PAGES * 4096);
		H.ir.size = sizeof(H.ir);
		H.ir.op_capacity = 16384;
		H.ir.block_capacity = 512;
		H.ir.ops = calloc(H.ir.op_capacity, sizeof(struct vr_ir_op));
		H.ir.blocks = calloc(H.ir.block_capacity, sizeof(struct vr_ir_block));
		for (uint32_t n = 0; n < REGS; n++)
			snprintf(names[n], sizeof(names[n]), "%c%u",
				 n < INTS    ? 'x'
				 : n < REG_W ? 'v'
					     : 'w',
				 n < INTS    ? n
				 : n < REG_W ? n - INTS
					     : n - REG_W);
		for (uint32_t n = 0; n < INTS; n++)
			guest_regs[n] = (struct vr_guest_reg){8 * n, VR_REG_INT, names[n]};
		for (uint32_t n = 0; n < VECS; n++)
			guest_regs[REG_V + n] =
				(struct vr_guest_reg){VR_EXEC_STATE + 16 * n, VR_REG_VEC, names[REG_V + n]};
		for (uint32_t n = 0; n < WIDES; n++)
			guest_regs[REG_W + n] =
				(struct vr_guest_reg){WIDE_STATE + 32 * n, VR_REG_VEC256, names[REG_W + n]};
		guest_regs[REG_FLAGS] = (struct vr_guest_reg){8 * INTS, VR_REG_FLAGS, "f"};
		guest_regs[REG_FLAGS + 1] = (struct vr_guest_reg){8 * INTS + 4, VR_REG_FLAGS, "g"};
		guest_regs[REG_CONDITION] = (struct vr_guest_reg){8 * INTS + 8, VR_REG_CONDITION, "p"};
		guest_regs[REG_CONDITION + 1] = (struct vr_guest_reg){8 * INTS + 16, VR_REG_CONDITION, "q"};
	}
	if (!H.emit && harness_use(&test_emitters[0]))
		exit(77);
	memset(H.x, 0, 8192);
	memset(H.mmu, 0, offsetof(struct vr_mmu_context, tlb));
	H.mmu->indirect[0].pc = VR_INDIRECT_EMPTY;
	for (uint32_t n = 0; n < VR_RAS_ENTRIES; n++)
		H.mmu->ras[n].pc = UINT64_MAX;
	vr_engine_exec(H.x)->mmu_context = H.mmu;
	fill_tlb();
	H.used = H.thunk_bytes;
	H.fault_insn = H.fault_pc = 0;
	H.slow = H.faults = H.links = H.lookups = H.slow_fp = 0;
	H.bad = 0;
	H.on_lookup = NULL;
	H.on_link = NULL;
	H.pinned_count = 0;
	H.page = CODE_PC;
	H.space = (struct vr_code_space){0};
	ir_begin();
}

int harness_use(const struct test_emitter *emitter)
{
	struct vr_engine_entry e = {sizeof(e), fake_isa.code_align_log2, memory, lookup, do_link, lookup};
	char why[128];

	if (emitter->emit->probe(why, sizeof(why))) {
		fprintf(stderr, "%s: %s\n", emitter->name, why);
		return 1;
	}
	if (!H.code)
		H.code = mmap(NULL, CODE_CAPACITY, PROT_READ | PROT_WRITE | PROT_EXEC,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	H.emit = emitter->emit;
	free(H.job.scratch);
	H.job.scratch_size = H.emit->scratch_size;
	H.job.scratch = malloc(H.job.scratch_size);
	memset(H.job.scratch, 0x5a, H.job.scratch_size);
	uint64_t used;

	if (H.emitter)
		H.emit_of_emitter->destroy(H.emitter);
	if (H.emit->create(&e, H.code, (uint64_t)(uintptr_t)H.code, CODE_CAPACITY, &used, &H.emitter))
		abort();
	H.emit_of_emitter = H.emit;
	H.relocated = emitter->relocated;
	H.thunk_bytes = (uint32_t)used + emitter->gap;
	if (emitter->prepare)
		emitter->prepare(H.emitter);
	return 0;
}

void ir_begin(void)
{
	H.ir.op_count = 1;
	H.ir.block_count = 0;
	H.ir.overflow = 0;
	memset(&H.ir.ops[0], 0, sizeof(H.ir.ops[0]));
}

void block_begin(uint64_t pc, uint32_t flags)
{
	if (!H.ir.block_count)
		H.page = pc & ~4095ull;
	struct vr_ir_block *b = &H.ir.blocks[H.ir.block_count++];
	*b = (struct vr_ir_block){.start = pc - H.page,
				  .first = H.ir.op_count,
				  .flags = flags,
				  .succ = {VR_NO_BLOCK, VR_NO_BLOCK}};
	op(VR_IR_INSN_START, 0, 0, 0, 0, 0, pc);
}

void block_end(uint64_t end, uint32_t taken, uint32_t fall)
{
	struct vr_ir_block *b = &H.ir.blocks[H.ir.block_count - 1];
	b->end = end - H.page;
	b->count = H.ir.op_count - b->first;
	b->succ[0] = taken;
	b->succ[1] = fall;
}

void pin_regs(uint32_t n, uint32_t m)
{
	H.pinned_count = 0;
	for (uint32_t k = 0; k < n; k++)
		H.pinned[H.pinned_count++] = (struct vr_pinned_reg){(uint16_t)k, VR_REG_INT, (uint8_t)k};
	/* with V256 in registers, every other one */
	for (uint32_t k = 0; k < m; k++) {
		bool wide = H.wide == 2 && k % 2;
		H.pinned[H.pinned_count++] =
			(struct vr_pinned_reg){(uint16_t)(wide ? REG_W + k / 2 : REG_V + k),
					       wide ? VR_REG_VEC256 : VR_REG_VEC, (uint8_t)k};
	}
}

/* Exact data flow of which guest_regs may be dirty where. */
static void find_dirty(void)
{
	uint64_t put[512] = {0};
	for (uint32_t b = 0; b < H.ir.block_count; b++) {
		struct vr_ir_block *k = &H.ir.blocks[b];
		k->dirty_in = 0;
		for (uint32_t i = k->first; i < k->first + k->count; i++)
			for (uint32_t m = 0; m < H.pinned_count; m++)
				if (H.ir.ops[i].op == VR_IR_PUT && H.ir.ops[i].imm == H.pinned[m].guest_reg)
					put[b] |= 1ull << m;
	}
	for (int again = 1; again;) {
		again = 0;
		for (uint32_t b = 0; b < H.ir.block_count; b++)
			for (uint32_t s = 0; s < 2; s++) {
				uint32_t t = H.ir.blocks[b].succ[s];
				uint64_t d = H.ir.blocks[b].dirty_in | put[b];
				if (t != VR_NO_BLOCK && (d & ~H.ir.blocks[t].dirty_in)) {
					H.ir.blocks[t].dirty_in |= d;
					again = 1;
				}
			}
	}
}

static uint16_t relocations[4096];

/* At H.used, for the page at that address. */
static int32_t emit_at(uint64_t page)
{
	struct vr_emit_job *j = &H.job;
	/* as the engine does it */
	H.used = (H.used + 63) & ~63u;
	j->size = sizeof(*j);
	j->isa = &fake_isa;
	j->ir = &H.ir;
	j->pinned = H.pinned;
	j->pinned_count = H.pinned_count;
	j->pc_base = page;
	j->code = H.space;
	j->write = H.code + H.used;
	j->execute = (uint64_t)(uintptr_t)j->write;
	j->capacity = CODE_CAPACITY - H.used;
	j->exit_base = 1000;
	j->points = H.points;
	j->point_capacity = 4096;
	j->exits = H.exits;
	j->exit_capacity = 1024;
	j->block_entry = H.entry;
	j->relocations = relocations;
	j->relocation_capacity = sizeof(relocations) / sizeof(relocations[0]);
	return H.emit->region(H.emitter, j);
}

/* One for each kind of address that an encoder might treat apart. */
static uint64_t other_page(void)
{
	static const uint64_t bases[] = {0x70000, 0x7f1200000000, 0xffff800000100000, 0xffffffff80000000};
	return bases[H.ir.op_count % 4] + H.page;
}

/*
 * Emit for another page, and relocate that to H.page. Where all addresses take as many bytes, that is byte by byte what region() makes
 * for the page. VR_E_RANGE: there is no such copy.
 */
static int32_t emit_relocated(void)
{
	struct vr_emit_job *j = &H.job;
	const uint32_t first = H.used;
	int32_t rc = emit_at(H.page);
	if (rc)
		return rc;
	const uint32_t size = j->code_size, at = H.used, count = j->relocation_count;
	uint8_t *copy = malloc(size);
	uint16_t *words = malloc(sizeof(relocations));
	memcpy(copy, j->write, size);
	memcpy(words, relocations, sizeof(relocations));
	H.used = at + size + 4096;
	rc = emit_at(other_page());
	struct vr_relocate_job r = {.size = sizeof(r),
				    .code_size = j->code_size,
				    .from = j->write,
				    .from_execute = j->execute,
				    .from_pc_base = j->pc_base,
				    .exits = j->exits,
				    .exit_count = j->exit_count,
				    .points = j->points,
				    .point_count = j->point_count,
				    .relocation_count = j->relocation_count,
				    .relocations = j->relocations,
				    .write = H.code + at,
				    .execute = (uint64_t)(uintptr_t)(H.code + at),
				    .pc_base = H.page,
				    .exit_base = 2000};
	if (!rc && (j->relocation_count == UINT32_MAX || j->code_size > size + 4096))
		rc = VR_E_RANGE;
	if (!rc)
		rc = H.emit->relocate(H.emitter, &r);
	H.used = first;
	H.relocations += !rc;
	H.out_of_range += rc == VR_E_RANGE;
	if (!rc) {
		j->write = r.write;
		j->execute = r.execute;
		j->pc_base = H.page;
		j->exit_base = r.exit_base;
		H.used = at + j->code_size;
	}
	if (!rc && size == r.code_size && count == r.relocation_count &&
	    !memcmp(words, relocations, count * sizeof(words[0]))) {
		/* but for the exits' numbers */
		r.exit_base = 1000;
		r.write = malloc(size);
		H.emit->relocate(H.emitter, &r);
		H.same_bytes++;
		if (memcmp(r.write, copy, size)) {
			for (uint32_t n = 0; n < size; n++)
				if (r.write[n] != copy[n])
					fprintf(stderr, "at %x of %x: %x, emitted %x\n", n, size, r.write[n],
						copy[n]);
			H.bad = __LINE__;
		}
		free(r.write);
	}
	free(words);
	free(copy);
	return rc;
}

int32_t emit_region(void)
{
	find_dirty();
	int32_t rc = H.relocated ? emit_relocated() : VR_E_RANGE;
	if (rc == VR_E_RANGE) {
		rc = emit_at(H.page);
		H.used += rc ? 0 : H.job.code_size;
	}
	return rc;
}

void run_region(void)
{
	H.emit->enter(H.emitter, H.x, H.job.execute + H.entry[0]);
}
