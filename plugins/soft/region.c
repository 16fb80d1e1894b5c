/* SPDX-License-Identifier: MIT */
/*
 * region.c: building regions and having them emitted.
 *
 * A region is all code that can be reached from one pc over direct branches without leaving its 4 KiB page,
 * up to a number of guest instructions. Loops and if-else chains are whole, so their guest registers stay in
 * host registers. The return address of a call is an entry of its own, so that the return-address stack can
 * hold its host address before the call is made.
 *
 * The region builder keeps a stack of leaders, the addresses where blocks begin. It lifts one block for each
 * leader and enqueues the targets of the block's terminator. Blocks are placed by address, from the entry to
 * the page's end and then from the page's start, so that fall-through paths and loops are in one piece.
 *
 *  - An address that is an entry of another region already, or becomes one by a copy (copy.c), is linked to, not translated again. The first
 *    region that reached a loop has all of it, so a loop still runs inside one region.
 *  - A branch into the middle of a lifted block splits the block: it ends there, and the rest is lifted again
 *    as a block of its own. A lifter uses what it knows from the instructions before, which does not hold for
 *    code that comes from elsewhere. A block that is lifted later stops at the next known leader.
 *  - An instruction that continues on the next page is a region by itself: see is_current() in cache.c.
 *
 * Within a region all is counted in places, bytes from the page's base. A lifter says where code goes as if addresses went on
 * for ever; soft_lift() puts each place where the code space's rule leads (vr_place_address()), so that what follows compares
 * places, and adds the page's address at most.
 *
 * Translation runs under code_lock with one set of scratch arrays.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "soft.h"
#include "xlate/ir/ir.h"

#define MAX_OPS 16384
#define MAX_POINTS 8192
#define MAX_RELOCATIONS 8192

struct soft_scratch {
	struct vr_ir ir;
	struct vr_ir_op ops[MAX_OPS];
	struct vr_ir_block blocks[SOFT_IR_BLOCKS];
	uint32_t work[2 * MAX_OPS];
	uint32_t block_entry[SOFT_IR_BLOCKS];
	uint32_t points[MAX_POINTS];
	struct vr_exit_site exits[SOFT_REGION_EXITS];
	uint16_t relocations[MAX_RELOCATIONS];
	void *emit;
	uint64_t emit_size;
};

struct region_builder {
	struct soft_vm *vm;
	struct soft_scratch *s;
	const struct soft_itlb_entry *page;
	const struct soft_itlb_entry *next; /* see soft_translate() */
	uint32_t tail_offset;               /* where on it the instruction goes on */
	const struct soft_mode *mode;
	uint64_t leader[SOFT_IR_BLOCKS]; /* places */
	uint8_t leader_entry[SOFT_IR_BLOCKS];
	uint32_t leader_count; /* a stack */
	uint32_t insns;
	uint32_t first_size; /* bytes of block 0 */
	uint32_t guarded;    /* soft_rare.guarded */
	uint64_t refers;     /* soft_region.refers */
};

struct soft_scratch *soft_scratch_new(struct soft_vm *vm)
{
	struct soft_scratch *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (vm->emit && vm->emit->scratch_size) {
		s->emit_size = vm->emit->scratch_size;
		s->emit = calloc(1, s->emit_size);
		if (!s->emit) {
			free(s);
			return NULL;
		}
	}
	return s;
}

void soft_scratch_free(struct soft_scratch *s)
{
	if (s)
		free(s->emit);
	free(s);
}

static uint32_t block_at(const struct vr_ir *ir, uint64_t place)
{
	for (uint32_t i = 0; i < ir->block_count; i++)
		if (ir->blocks[i].start == place)
			return i;
	return VR_NO_BLOCK;
}

/* The first op of the block that is not below `known`; 0: there is none. */
static uint32_t unknown_op(const struct vr_ir *ir, const struct vr_ir_block *b, uint32_t known)
{
	for (uint32_t i = b->first; i < b->first + b->count; i++)
		if (ir->ops[i].op >= known)
			return ir->ops[i].op;
	return 0;
}

/* ---- code addresses and places ---- */

uint32_t soft_page_run(const struct vr_code_space *code, uint64_t va_page)
{
	/* The first byte after all code addresses, were they to go on. 0: none, they are 64 bits wide. */
	uint64_t end =
		code->ignored ? (code->base + ~code->ignored + 1 - va_page) & ~code->linear_ignored : 0;

	return end && end < SOFT_PAGE ? (uint32_t)end : SOFT_PAGE;
}

uint64_t soft_tail_address(const struct vr_code_space *code, uint64_t va_page)
{
	return vr_place_address(code, va_page, soft_page_run(code, va_page));
}

void soft_add_tail(struct vr_lift *rq, struct soft_whole *whole, const struct soft_itlb_entry *next,
		   uint32_t offset)
{
	uint32_t more = SOFT_PAGE - offset < SOFT_TAIL_MAX ? SOFT_PAGE - offset : SOFT_TAIL_MAX;

	memcpy(whole->code, rq->code, rq->length);
	memcpy(whole->code + rq->length, next->host + offset, more);
	rq->code = whole->code;
	rq->length += more;
}

/* Each place of the block goes where the rule leads; PC_CONST is no place that code goes to. */
static void put_places(struct vr_ir *ir, struct vr_ir_block *b, const struct vr_code_space *code,
		       uint64_t va_page)
{
	if (!code->ignored && !code->linear_ignored)
		return;
	for (uint32_t i = b->first; i < b->first + b->count; i++) {
		struct vr_ir_op *o = &ir->ops[i];

		if (vr_ir_ops[o->op].imm == VR_IMM_PC && o->op != VR_IR_PC_CONST)
			o->imm = vr_place_address(code, va_page, o->imm) - va_page;
	}
	b->end = vr_place_address(code, va_page, b->end) - va_page;
}

int32_t soft_lift(struct soft_vm *vm, const struct vr_lift *rq, struct vr_ir *ir,
		  const struct vr_code_space *code, uint64_t va_page, uint32_t *size)
{
	uint32_t n = ir->block_count;
	int32_t rc = vm->isa->lift(vm->isa_vm, rq, ir);

	if (rc != VR_OK || ir->block_count == n)
		return rc;
	struct vr_ir_block *b = &ir->blocks[n];

	if (vm->verify && (rc = soft_verify_lifted(vm, rq, ir, b, va_page)) < 0)
		return rc;
	if (unknown_op(ir, b, VR_IR_COUNT))
		return VR_E_ABI;
	if (size)
		*size = (uint32_t)(b->end - b->start);
	put_places(ir, b, code, va_page);
	return VR_OK;
}

/* ---- leaders and blocks ---- */

static bool is_elsewhere(const struct region_builder *f, uint64_t place)
{
	const struct soft_page *page = f->page->page;

	if (!soft_page_may_have_entry(page, place))
		return false;
	const struct soft_entry *e = soft_entry_find(f->vm, f->page->va_page + place, page, f->mode);

	if (!e && f->vm->copies)
		e = soft_origin_find(f->vm, place, page, f->mode);
	return e && !e->region->quick;
}

static void enqueue_leader(struct region_builder *f, uint64_t place, uint32_t entry)
{
	if (place >= SOFT_PAGE)
		return;
	uint32_t known = block_at(&f->s->ir, place);

	if (known != VR_NO_BLOCK) {
		f->s->ir.blocks[known].flags |= entry ? VR_BLOCK_ENTRY : 0;
		return;
	}
	for (uint32_t i = 0; i < f->leader_count; i++)
		if (f->leader[i] == place) {
			f->leader_entry[i] |= (uint8_t)entry;
			return;
		}
	/* An entry of another region, or what becomes one by a copy: the exit will be linked to it. One that was made quickly is made
	 * again here. */
	if (f->s->ir.block_count && is_elsewhere(f, place))
		return;
	if (f->leader_count < SOFT_IR_BLOCKS) {
		f->leader[f->leader_count] = place;
		f->leader_entry[f->leader_count++] = (uint8_t)entry;
	}
}

/* A block that has an instruction at that place inside ends there, unless the instruction belongs to the one before
 * it (INSN_START, aux 1). */
static void split_block(struct region_builder *f, uint64_t place)
{
	struct vr_ir *ir = &f->s->ir;

	for (uint32_t i = 0; i < ir->block_count; i++) {
		struct vr_ir_block *b = &ir->blocks[i];
		uint32_t insns = 0;

		/* Where code addresses end, the block's end is elsewhere. */
		if (place <= b->start || (place >= b->end && b->end > b->start && b->end <= SOFT_PAGE))
			continue;
		for (uint32_t k = b->first; k < b->first + b->count; k++) {
			struct vr_ir_op *o = &ir->ops[k];

			if (o->op != VR_IR_INSN_START)
				continue;
			if (o->imm == place && !o->aux) {
				f->insns -= b->insns - insns;
				*o = (struct vr_ir_op){.op = VR_IR_GOTO, .imm = place};
				b->count = k - b->first + 1;
				b->insns = insns;
				b->end = place;
				break;
			}
			insns++;
		}
	}
}

/* Sort the blocks by address, from block 0 on and round. */
static void place_blocks(struct vr_ir *ir)
{
	for (uint32_t i = 2; i < ir->block_count; i++) {
		struct vr_ir_block b = ir->blocks[i];
		uint64_t from = ir->blocks[0].start;
		uint32_t k = i;

		for (; k > 1 && ir->blocks[k - 1].start - from > b.start - from; k--)
			ir->blocks[k] = ir->blocks[k - 1];
		ir->blocks[k] = b;
	}
}

/* Bytes from there to the next known leader, the end of the page, or the end of code addresses in it. */
static uint32_t bytes_at(const struct region_builder *f, uint64_t place)
{
	uint64_t end = soft_page_run(&f->mode->code, f->page->va_page);

	if (place >= end)
		end = SOFT_PAGE;
	for (uint32_t i = 0; i < f->s->ir.block_count; i++)
		if (f->s->ir.blocks[i].start > place && f->s->ir.blocks[i].start < end)
			end = f->s->ir.blocks[i].start;
	for (uint32_t i = 0; i < f->leader_count; i++)
		if (f->leader[i] > place && f->leader[i] < end)
			end = f->leader[i];
	return (uint32_t)(end - place);
}

/* ---- where a terminator goes ---- */

static bool may_fall(const struct vr_ir_op *t)
{
	return vr_ir_edges(t->op) >> VR_EDGE_FALL & 1;
}

static bool goes_to_imm(const struct vr_ir_op *t)
{
	return vr_ir_edges(t->op) >> VR_EDGE_TAKEN & 1;
}

/* It comes back to the block's end. */
static bool is_call(const struct vr_ir_op *t)
{
	return (t->op == VR_IR_GOTO && t->aux) || (t->op == VR_IR_JUMP_INDIRECT && t->aux == VR_JUMP_CALL);
}

static void enqueue_successors(struct region_builder *f, const struct vr_ir_block *b)
{
	const struct vr_ir_op *t = &f->s->ir.ops[b->first + b->count - 1];

	if (is_call(t)) {
		enqueue_leader(f, b->end, 1);
		return;
	}
	if (goes_to_imm(t))
		enqueue_leader(f, t->imm, 0);
	if (may_fall(t))
		enqueue_leader(f, b->end, 0);
}

static void connect(struct vr_ir *ir)
{
	for (uint32_t i = 0; i < ir->block_count; i++) {
		struct vr_ir_block *b = &ir->blocks[i];
		const struct vr_ir_op *t = &ir->ops[b->first + b->count - 1];

		b->succ[0] = b->succ[1] = VR_NO_BLOCK;
		if (goes_to_imm(t) && !is_call(t))
			b->succ[VR_EDGE_TAKEN] = block_at(ir, t->imm);
		if (may_fall(t))
			b->succ[VR_EDGE_FALL] = block_at(ir, b->end);
	}
}

/* Lift the blocks of a region. 0, or the lifter's error for the first block. */
static int32_t build_region(struct soft_vm *vm, struct region_builder *f, uint64_t place, uint32_t max_blocks,
			    uint32_t max_insns)
{
	struct vr_ir *ir = &f->s->ir;

	*ir = (struct vr_ir){.size = sizeof(*ir),
			     .op_count = 1,
			     .op_capacity = MAX_OPS,
			     .block_capacity = SOFT_IR_BLOCKS,
			     .ops = f->s->ops,
			     .blocks = f->s->blocks};
	memset(&ir->ops[0], 0, sizeof(ir->ops[0]));
	f->leader_count = 0;
	f->insns = 0;
	enqueue_leader(f, place, 1);
	while (f->leader_count && ir->block_count < max_blocks && f->insns < max_insns &&
	       ir->op_count < MAX_OPS - 2048) {
		uint64_t at = f->leader[--f->leader_count];
		uint8_t entry = f->leader_entry[f->leader_count];

		split_block(f, at);
		struct vr_lift rq = {.size = sizeof(rq),
				     .max_insns = max_insns - f->insns,
				     .offset = (uint32_t)at,
				     .mode_flags = f->mode->flags & ~SOFT_MODE_CHECKED,
				     .code = f->page->host + at,
				     .length = bytes_at(f, at),
				     .ir_revision = VR_IR_REVISION};
		uint32_t n = ir->block_count;
		struct soft_whole whole;

		if (f->next && rq.length < SOFT_TAIL_MAX)
			soft_add_tail(&rq, &whole, f->next, f->tail_offset);
		int32_t rc =
			soft_lift(vm, &rq, ir, &f->mode->code, f->page->va_page, n ? NULL : &f->first_size);

		/* The page's end, or a leader in its middle, cuts the instruction off. It becomes a region of
		 * its own when it is reached. */
		if (rc == VR_E_AGAIN && n)
			continue;

		if (rc < 0 || ir->block_count == n) {
			if (n == 0 || (rc == VR_E_ABI && vm->verify))
				return rc < 0 ? rc : VR_E_INTERNAL;
			ir->block_count = n;
			break;
		}
		ir->overflow = 0;
		ir->blocks[n].flags |= entry ? VR_BLOCK_ENTRY : 0;
		f->insns += ir->blocks[n].insns;
		enqueue_successors(f, &ir->blocks[n]);
	}
	place_blocks(ir);
	connect(ir);
	return VR_OK;
}

/* ---- making it run ---- */

/* It is interpreted: the region holds a copy of the IR. */
static int32_t keep_ir(struct soft_vm *vm, const struct vr_ir *ir, struct soft_region *g)
{
	struct vr_ir *copy = soft_arena_alloc(soft_segment(vm)->meta, sizeof(*copy));

	if (!copy)
		return VR_E_NOMEM;
	*copy = *ir;
	copy->ops = soft_arena_alloc(soft_segment(vm)->meta, ir->op_count * sizeof(*ir->ops));
	copy->blocks = soft_arena_alloc(soft_segment(vm)->meta, ir->block_count * sizeof(*ir->blocks));
	if (!copy->ops || !copy->blocks)
		return VR_E_NOMEM;
	memcpy(copy->ops, ir->ops, ir->op_count * sizeof(*ir->ops));
	memcpy(copy->blocks, ir->blocks, ir->block_count * sizeof(*ir->blocks));
	g->ir = copy;
	return VR_OK;
}

uint64_t soft_entry_at(struct soft_vm *vm, const struct soft_itlb_entry *page, const struct soft_mode *mode,
		       uint64_t place, uint64_t *refers)
{
	const struct soft_entry *e =
		place < SOFT_PAGE ? soft_entry_find(vm, page->va_page + place, page->page, mode) : NULL;
	const uint64_t host = e ? soft_entry_cached(vm, e) : 0;

	if (host && e->region->segment != vm->segment)
		*refers |= UINT64_C(1) << e->region->segment;
	return host;
}

static uint64_t VR_CALL entry_at(void *builder, uint64_t place)
{
	struct region_builder *f = builder;

	return soft_entry_at(f->vm, f->page, f->mode, place, &f->refers);
}

/* Neighbours have different ones. */
static uint32_t heat_index(const struct region_builder *f, uint64_t place)
{
	return (uint32_t)((f->page->page->physical >> 12) * 0x9e3779b1u + (uint32_t)place / 2) %
	       VR_HEAT_ENTRIES;
}

/* *refused: with VR_E_UNSUPPORTED, the op that the emitter can't translate, or 0. */
static int32_t emit_region(struct soft_vm *vm, struct region_builder *f,
			   const struct soft_reg_assignment *regs, struct soft_region *g, uint32_t *refused)
{
	struct soft_scratch *s = f->s;
	struct soft_segment *to = soft_segment(vm);
	uint64_t capacity = to->end - to->top;
	uint32_t known = VR_VALUE(vm->emit, ir_ops, 0) ? vm->emit->ir_ops : VR_IR_OPS_REVISION_1;

	for (uint32_t i = 0; known < VR_IR_COUNT && i < s->ir.block_count; i++) {
		*refused = unknown_op(&s->ir, &s->ir.blocks[i], known);
		if (*refused)
			return VR_E_UNSUPPORTED;
	}
	const struct vr_code_space *space = &f->mode->code;
	const bool copied = vm->copies && !f->next && !(space->base | space->ignored | space->linear_ignored);

	f->refers = 0;
	struct vr_emit_job job = {
		.size = sizeof(job),
		.pinned_count = regs->pinned_count,
		.isa = vm->isa,
		.ir = &s->ir,
		.pinned = regs->pinned,
		.pc_base = f->page->va_page,
		.code = f->mode->code,
		.write = vm->code.write + to->top,
		.execute = (uint64_t)(uintptr_t)vm->code.execute + to->top,
		.capacity = capacity > UINT32_MAX ? UINT32_MAX : (uint32_t)capacity,
		.exit_base = soft_segment_exit_base(vm),
		.point_capacity = MAX_POINTS,
		.exit_capacity = SOFT_REGION_EXITS,
		.points = s->points,
		.exits = s->exits,
		.block_entry = s->block_entry,
		.entry_at = entry_at,
		.opaque = f,
		.flags = (vm->count ? VR_JOB_COUNT : 0) | (f->next ? VR_JOB_GUARD : 0),
		.heat_step = g->quick ? vm->heat_step : 0,
		.heat = heat_index(f, s->ir.blocks[0].start),
		.scratch = s->emit,
		.scratch_size = s->emit_size,
		.guard_page = f->next ? f->next->va_page : 0,
		.guard_mapping_id = f->next ? f->next->mapping_id : 0,
		.guarded = UINT32_MAX,
		.marks = vm->log ? vm->log->marks : NULL,
		.mark_capacity = vm->log ? vm->log->mark_capacity : 0,
		.relocations = copied ? s->relocations : NULL,
		.relocation_capacity = MAX_RELOCATIONS,
	};

	vm->codecache->begin_write(vm->host, &vm->code);
	int32_t rc = vm->emit->region(vm->emitter, &job);

	vm->codecache->end_write(vm->host, &vm->code, to->top, job.code_size);
	if (rc < 0) {
		*refused = job.refused;
		return rc;
	}
	if (vm->log)
		soft_log_emitted(vm, &job, to->top);
	g->code_offset = (uint32_t)to->top;
	g->code_size = job.code_size;
	if (job.guarded != UINT32_MAX)
		f->guarded = g->code_offset + job.guarded;
	g->count.pinned = (uint8_t)regs->pinned_count;
	g->count.points = job.point_count;
	g->count.relocations = copied ? job.relocation_count : SOFT_NO_RELOCATIONS;
	g->count.exits = (uint16_t)job.exit_count;
	g->refers = f->refers;
	return VR_OK;
}

/* Once for each op: what is slow, and why. */
static void log_refusal(struct soft_vm *vm, uint32_t op, int32_t why, uint64_t pc)
{
	const struct vr_host_log *log = vm->host->query(vm->host, VR_LOG_ID);
	struct vr_ir_info info = vr_ir_info(op);
	char text[256];

	op = info.name ? op : 0;
	if ((vm->refused[op / 8] >> op % 8 & 1) || !VR_HAS(log, write))
		return;
	vm->refused[op / 8] |= (uint8_t)(1u << op % 8);
	snprintf(text, sizeof(text),
		 "soft: the emitter for %s can't translate %s%s (error %d, first at 0x%llx); such "
		 "instructions are "
		 "interpreted, which is slow",
		 vm->emit->arch, op ? "the IR's op " : "an instruction", op ? info.name : "", why,
		 (unsigned long long)pc);
	log->write(vm->host, VR_LOG_WARN, text);
}

/* The instruction there, which the emitter refused, is interpreted: it is the whole region. */
static int32_t interpret_instead(struct soft_vm *vm, struct region_builder *f, uint64_t place,
				 struct soft_region *g)
{
	struct soft_reg_assignment none;
	int32_t rc = build_region(vm, f, place, 1, 1);

	if (rc < 0)
		return rc;
	soft_optimize(vm->isa, NULL, &f->s->ir, &f->mode->code, f->s->work, &none);
	return keep_ir(vm, &f->s->ir, g);
}

struct soft_region *soft_region_new(struct soft_vm *vm, const struct soft_region *made)
{
	const struct soft_region_counts *n = &made->count;
	const size_t relocations = n->relocations == SOFT_NO_RELOCATIONS ? 0 : n->relocations;
	struct soft_region *g = soft_arena_alloc(
		soft_segment(vm)->meta,
		sizeof(*g) + n->entries * sizeof(g->entries[0]) + n->pinned * sizeof(struct vr_pinned_reg) +
			n->points * sizeof(uint32_t) + relocations * sizeof(uint16_t));

	if (g)
		*g = *made;
	return g;
}

void soft_region_entry(struct soft_vm *vm, struct soft_region *g, uint32_t n, uint64_t place, uint32_t offset)
{
	struct soft_entry *e = &g->entries[n];

	e->region = g;
	e->pc = g->va_page + place;
	e->alone = soft_log_alone(vm, e->pc);
	e->host = g->ir ? 0 : g->code_offset + offset;
}

/* What only few regions have. false: no memory. */
static bool add_rare(const struct region_builder *f, struct soft_region *g, uint32_t place)
{
	const struct vr_code_space *code = &f->mode->code;

	if (!f->next && !(code->base | code->ignored | code->linear_ignored))
		return true;
	g->rare = soft_arena_alloc(soft_segment(f->vm)->meta, sizeof(*g->rare));
	if (!g->rare)
		return false;
	*g->rare = (struct soft_rare){.code = *code, .guarded = f->guarded, .tail_offset = f->tail_offset};
	if (f->next) {
		/* Another instruction may be there by now, one that ends earlier. */
		uint32_t here = soft_page_run(code, f->page->va_page) - place;

		g->rare->tail_size = f->first_size > here ? f->first_size - here : 0;
		memcpy(g->rare->tail, f->next->host + f->tail_offset, g->rare->tail_size);
	}
	return true;
}

int32_t soft_translate(struct soft_vm *vm, struct soft_vcpu *v, const struct soft_itlb_entry *page,
		       const struct soft_itlb_entry *next, uint64_t pc, const struct soft_mode *mode,
		       bool quick, struct soft_region **out)
{
	struct region_builder f = {.vm = vm, .s = vm->scratch, .page = page, .next = next, .mode = mode};
	uint64_t place = pc - page->va_page, started = vm->timer->now(vm->host);
	uint32_t max_blocks = vm->emit ? SOFT_IR_BLOCKS : 1, max_insns = vm->region_insns;
	struct soft_region made = {.page = page->page,
				   .va_page = page->va_page,
				   .mode_flags = mode->flags,
				   .count = {.relocations = SOFT_NO_RELOCATIONS}},
			   *g = &made;
	struct soft_reg_assignment regs = {.pinned_count = 0};
	int32_t rc;

	if (!soft_segment_reserve(vm, SOFT_REGION_EXITS))
		return VR_E_NOMEM;
	soft_segment_commit(vm, SOFT_CODE_RESERVE);
	f.tail_offset = (uint32_t)soft_tail_address(&mode->code, page->va_page) & (SOFT_PAGE - 1);
	if (next || (mode->flags & SOFT_MODE_CHECKED))
		max_blocks = max_insns = 1;
	else if (quick && vm->emit)
		max_blocks = g->quick = 1;
	for (;;) {
		rc = build_region(vm, &f, place, max_blocks, max_insns);
		if (rc < 0)
			return rc;
		if (vm->log)
			soft_log_lifted(vm, &f.s->ir, page, next);
		/* A loop of one block goes by its entry, which counts. */
		if (g->quick) {
			f.s->ir.blocks[0].succ[0] = f.s->ir.blocks[0].succ[1] = VR_NO_BLOCK;
			soft_optimize_quick(vm->isa, &f.s->ir, &mode->code, f.s->work, vm->log);
		} else {
			soft_optimize_logged(vm->isa, vm->emit, &f.s->ir, &mode->code, f.s->work, &regs,
					     vm->log);
		}
		uint32_t refused = 0;

		rc = vm->emit ? emit_region(vm, &f, &regs, g, &refused) : keep_ir(vm, &f.s->ir, g);
		if (rc == VR_OK || rc == VR_E_NOMEM)
			break;
		if (max_insns == 1) {
			g->quick = 0;
			v->n.refused++;
			log_refusal(vm, refused, rc, pc);
			rc = interpret_instead(vm, &f, place, g);
			break;
		}
		/* One of the emitter's tables is full, or it can't translate an op: try a smaller region, which
		 * may end before that. */
		max_insns /= 2;
		max_blocks = max_blocks > 1 ? max_blocks / 2 : 1;
	}
	if (rc < 0)
		return rc;

	const struct vr_ir *ir = &f.s->ir;

	uint32_t entries = 0;

	g->count.insns = (uint16_t)f.insns;
	for (uint32_t i = 0; i < ir->block_count; i++)
		entries += (ir->blocks[i].flags & VR_BLOCK_ENTRY) != 0;
	g->count.entries = (uint8_t)entries;
	g = soft_region_new(vm, &made);
	if (!g || !add_rare(&f, g, (uint32_t)place))
		return VR_E_NOMEM;
	memcpy(soft_region_pinned(g), regs.pinned, g->count.pinned * sizeof(regs.pinned[0]));
	memcpy(soft_region_points(g), f.s->points, g->count.points * sizeof(f.s->points[0]));
	if (g->count.relocations != SOFT_NO_RELOCATIONS)
		memcpy(soft_region_relocations(g), f.s->relocations,
		       g->count.relocations * sizeof(f.s->relocations[0]));
	for (uint32_t i = 0, n = 0; i < ir->block_count; i++) {
		if (!(ir->blocks[i].flags & VR_BLOCK_ENTRY))
			continue;
		g->entries[n].block = (uint8_t)i;
		soft_region_entry(vm, g, n++, ir->blocks[i].start, f.s->block_entry[i]);
	}
	soft_segment_add(vm, g, f.s->exits);
	v->n.translations++;
	v->n.translated_blocks += ir->block_count;
	v->n.translated_insns += f.insns;
	v->n.translated_bytes += g->code_size;
	started = vm->timer->now(vm->host) - started;
	v->n.translate_ns += started;
	if (vm->quick && !g->quick && !next && !g->ir) {
		v->n.hot++;
		v->n.hot_insns += f.insns;
		v->n.hot_bytes += g->code_size;
		v->n.hot_ns += started;
	}
	*out = g;
	return VR_OK;
}
