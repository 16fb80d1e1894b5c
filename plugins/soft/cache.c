/* SPDX-License-Identifier: MIT */
/*
 * cache.c: finding translated code. Linking and invalidating it: links.c; its memory: segments.c, evict.c.
 *
 * Code is found by guest virtual pc, physical page and mode (mode flags and code space): a page mapped at the same address in two
 * processes is translated once. Each MMU context has an instruction TLB (itlb), which maps virtual pages to
 * page descriptors and to page-mapping ids: each (virtual page, physical page) pair has one id. A link to
 * another page is guarded by that id: generated code compares it with mmu_context.mapping_id. That entry is
 * cleared when a mapping is flushed, and gets the same id again when the mapping turns out to be unchanged,
 * so links survive TLB maintenance.
 *
 * When a page with code is written, its regions die. Their entries leave the table, links to them are undone,
 * and their entry stubs are made to go to the look-up (vr_emit.kill): indirect-branch caches and
 * return-address stacks that still hold their addresses then lead there. The memory is used again only after
 * its segment has been evicted, in an exclusive section (evict.c).
 *
 * Write protection. A page is write-protected before its code is read:
 *
 *  1. `write_protected` is set to a number that no other protection, of any page, has had; its bit 0 is
 *     clear.
 *  2. Every vCPU gives up its right to write the page and acknowledges that (soft_tlb_sync).
 *  3. Bit 0 is set: protection is complete. Only then is the page translated, under the lock.
 *
 * So a write either comes before the reading, or it finds `write_protected` and waits for the lock. Step 2
 * can't hold the lock, which the other vCPUs may need. When a write ends the protection during step 2, the
 * page is protected again: step 3 sets the bit only where the number is still that of step 1. A vCPU that
 * finds bit 0 clear must not translate either; it asks the other vCPUs once more.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "log.h"
#include "soft.h"
#include "xlate/ir/ir.h"

#define THUNKS_MAX (1024u * 1024u)
#define RESERVE_MIN (16u << 20)

/* Emit one block without an entry in the table: *host is its address. The block has no exits. */
static int32_t emit_alone(struct soft_vm *vm, const struct vr_ir *ir, uint64_t *host)
{
	uint32_t points[16];
	struct vr_exit_site exits[1];
	uint32_t entry = UINT32_MAX;
	struct vr_emit_job job = {
		.size = sizeof(job),
		.isa = vm->isa,
		.ir = ir,
		.pc_base = SOFT_RAS_EMPTY & SOFT_PAGE_MASK,
		.write = vm->code.write + vm->thunks_end,
		.execute = (uint64_t)(uintptr_t)vm->code.execute + vm->thunks_end,
		.capacity = THUNKS_MAX,
		.point_capacity = 16,
		.exit_capacity = 1,
		.points = points,
		.exits = exits,
		.block_entry = &entry,
		.scratch = calloc(1, vm->emit->scratch_size + 1),
		.scratch_size = vm->emit->scratch_size,
	};

	if (!job.scratch)
		return VR_E_NOMEM;
	vm->codecache->begin_write(vm->host, &vm->code);
	int32_t rc = vm->emit->region(vm->emitter, &job);

	vm->codecache->end_write(vm->host, &vm->code, vm->thunks_end, job.code_size);
	free(job.scratch);
	if (rc < 0)
		return rc;
	*host = job.execute + entry;
	vm->thunks_end = (vm->thunks_end + job.code_size + 63) & ~(uint64_t)63;
	return VR_OK;
}

/* The host code of empty RAS entries: a block that exits at once and goes on at the entry's pc. */
static int32_t emit_ras_default(struct soft_vm *vm)
{
	const uint64_t place = SOFT_RAS_EMPTY & ~SOFT_PAGE_MASK;
	struct vr_ir_op ops[3] = {{.op = VR_IR_NOP},
				  {.op = VR_IR_INSN_START, .imm = place},
				  {.op = VR_IR_EXIT_TO, .imm = place}};
	struct vr_ir_block block = {.start = place,
				    .end = place,
				    .first = 1,
				    .count = 2,
				    .insns = 1,
				    .flags = VR_BLOCK_ENTRY,
				    .succ = {VR_NO_BLOCK, VR_NO_BLOCK}};

	struct vr_ir ir = {.size = sizeof(ir),
			   .op_count = 3,
			   .op_capacity = 3,
			   .block_count = 1,
			   .block_capacity = 1,
			   .ops = ops,
			   .blocks = &block};

	return emit_alone(vm, &ir, &vm->ras_default);
}

/* Address space for code when the user did not say how much: all that may be used later, but a part of what ulimit -v allows. */
static uint64_t reserve(void)
{
	struct rlimit limit;
	uint64_t bytes = SOFT_CACHE_MAX;

	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		while (bytes > RESERVE_MIN && bytes > limit.rlim_cur / 8)
			bytes /= 2;
	return bytes;
}

int32_t soft_cache_init(struct soft_vm *vm, uint64_t bytes, const struct vr_engine_entry *entry)
{
	vm->cache_limit = bytes;
	vm->mappings_arena = soft_arena_new();
	vm->pages_arena = soft_arena_new();
	vm->scratch = soft_scratch_new(vm);
	if (!soft_entries_init(vm) || !vm->mappings_arena || !vm->pages_arena || !vm->scratch)
		return VR_E_NOMEM;
	if (!vm->emit)
		return VR_OK;
	vm->code.size = sizeof(vm->code);
	int32_t rc = vm->codecache->create(vm->host, bytes ? bytes : reserve(), &vm->code);

	if (rc < 0)
		return rc;
	vm->codecache->begin_write(vm->host, &vm->code);
	uint64_t used = 0;

	rc = vm->emit->create(entry, vm->code.write, (uint64_t)(uintptr_t)vm->code.execute, vm->code.length,
			      &used, &vm->emitter);
	vm->codecache->end_write(vm->host, &vm->code, 0, used);
	if (rc < 0)
		return rc;
	vm->thunks_end = (used + 63) & ~(uint64_t)63;
	rc = emit_ras_default(vm);
	if (rc == VR_OK && vm->log)
		soft_log_named(vm, 0, vm->thunks_end, "vmrun-thunks");
	return rc;
}

void soft_cache_fini(struct soft_vm *vm)
{
	if (vm->emitter)
		vm->emit->destroy(vm->emitter);
	if (vm->code.write)
		vm->codecache->destroy(vm->host, &vm->code);
	soft_entries_fini(vm);
	soft_segments_fini(vm);
	soft_arena_free(vm->mappings_arena);
	soft_arena_free(vm->pages_arena);
	soft_scratch_free(vm->scratch);
}

/* ---- instruction pages ---- */

void soft_cache_full(struct soft_vcpu *v, int32_t why)
{
	v->full_error = why;
	v->full_segment = v->vm->segment;
	/* Other vCPUs may fill a segment faster than this one comes to it: that is no try of this one's. */
	v->full_again += !soft_segment(v->vm)->all;
	soft_request(v->x, SOFT_REQ_FULL);
}

void soft_cant_go_on(struct soft_vcpu *v, int32_t why)
{
	v->full_error = why;
	v->full_again = UINT32_MAX / 2;
	soft_request(v->x, SOFT_REQ_FULL);
}

const struct soft_itlb_entry *soft_fetch(struct vr_exec *x, uint64_t pc)
{
	struct soft_vcpu *v = soft_of(x);
	struct soft_vm *vm = v->vm;
	uint64_t va_page = pc & SOFT_PAGE_MASK;
	const struct soft_mmu_info *info = soft_mmu_info(vr_engine_exec(x)->mmu_context);
	struct soft_itlb_entry *it = &info->itlb[(pc >> 12) & (SOFT_ITLB - 1)];
	uint32_t *known_id =
		&vr_engine_exec(x)->mmu_context->mapping_id[(pc >> 12) & (VR_MAPPING_ID_ENTRIES - 1)];

	if (vr_engine_exec(x)->mmu_context->ask)
		soft_ras_clear(v, vr_engine_exec(x)->mmu_context);
	if (it->va_page == va_page) {
		*known_id = it->mapping_id;
		return it;
	}
	if (pc == x->pc && VR_HAS(vm->isa, branch_address)) {
		x->pc = vm->isa->branch_address(x, pc);
		if (x->pc != pc)
			return soft_fetch(x, x->pc);
	}
	struct vr_translation t = {.size = sizeof(t)};
	int32_t fault = vm->isa->translate(x, pc, VR_ACCESS_EXECUTE, 0, &t);
	uint64_t pa_page = t.physical & SOFT_PAGE_MASK;
	uint8_t *host = fault ? NULL : soft_ram(vm, pa_page, SOFT_PAGE);

	if (!host) {
		v->n.faults++;
		if (soft_log_on(vm, VR_DEBUGLOG_MMU))
			soft_log_fault(v, pc, VR_ACCESS_EXECUTE, fault ? fault : VR_FAULT_BUS);
		vm->isa->fault(x, pc, VR_ACCESS_EXECUTE, fault ? fault : VR_FAULT_BUS);
		x->leave = 0; /* that is for helpers */
		return NULL;
	}
	uint32_t checked = soft_points_on_page(v, va_page, 1u << VR_ACCESS_EXECUTE);

	pthread_mutex_lock(&vm->code_lock);
	struct soft_page *page = soft_page(vm, pa_page, true);
	uint32_t id =
		page && soft_segments_start(vm) == VR_OK ? soft_mapping_id(vm, page, va_page | checked) : 0;

	pthread_mutex_unlock(&vm->code_lock);
	if (!page || !id) {
		/* No memory for bookkeeping: try again when there is. */
		soft_cache_full(v, VR_E_NOMEM);
		return NULL;
	}
	it->va_page = va_page;
	it->page = page;
	it->host = host;
	it->mapping_id = id;
	it->checked = checked;
	const uint32_t bit = soft_code_bit(va_page);

	info->code_filter[bit / 64] |= UINT64_C(1) << bit % 64;
	*known_id = id;
	if (soft_log_on(vm, VR_DEBUGLOG_MMU))
		soft_log_fill(v, "fetch", va_page, pa_page, &t, t.rights);
	return it;
}

/* The page on which the instruction at exec.pc goes on. */
static const struct soft_itlb_entry *fetch_next(struct vr_exec *x)
{
	return soft_fetch(x, soft_tail_address(&x->code, x->pc & SOFT_PAGE_MASK));
}

static void add_region(struct soft_vm *vm, struct soft_region *g, const struct soft_mode *mode,
		       const struct soft_itlb_entry *next)
{
	g->page_next = g->page->regions;
	g->page->regions = g;
	if (next) {
		g->rare->tail_page = next->page;
		g->rare->tail_next = next->page->tail_regions;
		next->page->tail_regions = g;
	}
	for (uint32_t i = 0; i < g->count.entries; i++) {
		struct soft_entry *e = soft_entry_find(vm, g->entries[i].pc, g->page, mode);

		/* What was made quickly gives way. */
		if (e && e->region->quick && !g->quick) {
			soft_region_kill(vm, e->region);
			e = NULL;
		}
		if (!e)
			soft_entry_add(vm, &g->entries[i]);
		if (!e && g->count.relocations != SOFT_NO_RELOCATIONS)
			soft_origin_set(vm, &g->entries[i]);
	}
	soft_link_page(vm, g);
}

/* Write-protect the page. The caller does not hold the lock. */
static void write_protect(struct soft_vcpu *v, struct soft_page *page)
{
	uint64_t number = 0, mine = 2 * (atomic_fetch_add(&v->vm->protections, 1) + 1);
	bool first = atomic_compare_exchange_strong(&page->write_protected, &number, mine);

	number = first ? mine : number;
	if (number & 1)
		return;
	/* A vCPU notes the right to write the page before it looks at `write_protected`: see part_find().
	 * When another vCPU has begun the protection, that one has asked the others, but may not have every
	 * answer. */
	if (soft_ram_take_written(v->vm, page->physical) || !first) {
		soft_tlb_protect(v, page->physical);
		soft_tlb_sync(v->x);
	}
	atomic_compare_exchange_strong(&page->write_protected, &number, number | 1);
}

/* Translate the code at exec.pc and let it be found, as soft_translate() says; the caller holds the lock. */
static int32_t make_region(struct soft_vcpu *v, const struct soft_itlb_entry *it,
			   const struct soft_itlb_entry *next, const struct soft_mode *mode, bool quick)
{
	struct soft_vm *vm = v->vm;
	struct soft_region *g = NULL;

	if (soft_segment_full(vm, SOFT_CODE_RESERVE) || soft_entries_crowded(vm))
		return VR_E_NOMEM;
	int32_t rc = VR_OK;

	if (vm->copies && !next)
		g = soft_copy(vm, v, it, v->x->pc, mode, quick);
	if (!g)
		rc = soft_translate(vm, v, it, next, v->x->pc, mode, quick, &g);
	if (rc == VR_OK)
		add_region(vm, g, mode, next);
	return rc;
}

/* Translate; the caller holds the lock. NULL: try again. *cut: the instruction continues on the next page,
 * and the caller must come again with that page as `next`. */
static struct soft_entry *find_slowly(struct soft_vcpu *v, const struct soft_itlb_entry *it,
				      const struct soft_itlb_entry *next, bool *cut)
{
	struct soft_vm *vm = v->vm;
	struct vr_exec *x = v->x;
	const struct soft_mode mode = soft_mode(x, it);
	struct soft_entry *e = soft_entry_find(vm, x->pc, it->page, &mode);

	/* Another vCPU has translated it meanwhile. is_current() must check its tail. */
	if (e)
		return soft_region_tail(e->region) ? NULL : e;
	/* Written since it was protected: the caller protects it again. */
	if (!soft_page_protected(it->page) || (next && !soft_page_protected(next->page)))
		return NULL;
	int32_t rc = make_region(v, it, next, &mode, vm->quick);

	if (rc == VR_OK)
		return soft_entry_find(vm, x->pc, it->page, &mode);
	*cut = rc == VR_E_AGAIN;
	if (rc == VR_E_NOMEM)
		soft_cache_full(v, rc);
	else if (!*cut)
		soft_cant_go_on(v, rc);
	return NULL;
}

/*
 * An instruction that continues on the next page depends on that page's mapping and contents too. Here what
 * the page holds now is compared with what was translated. Links, indirect-branch caches and return-address
 * stacks lead to an entry that compares the page-mapping id of the next page with the one that it was
 * translated with (soft_rare.guarded); when they differ, it comes here. The next page is write-protected as
 * well: a write to it invalidates the code (page->tail_regions). *next: the page; NULL: it can't be fetched,
 * and the fault has been taken.
 */
static bool is_current(struct vr_exec *x, const struct soft_entry *e, const struct soft_itlb_entry **next)
{
	const struct soft_rare *tail = e->region->rare;

	*next = fetch_next(x);
	return *next && !memcmp((*next)->host + tail->tail_offset, tail->tail, tail->tail_size);
}

bool soft_guest_point(struct soft_vcpu *v)
{
	uint64_t where;

	if (!soft_points_match(v, v->x->pc, 1, 1u << VR_ACCESS_EXECUTE, 0, &where))
		return false;
	v->n.faults++;
	v->vm->isa->fault(v->x, where, VR_ACCESS_EXECUTE, VR_FAULT_DEBUG);
	v->x->leave = 0; /* that is for helpers */
	return true;
}

/* An instruction is cut off again. Only where code addresses end in the middle of a page can its second part be cut off by a
 * page's end, if it goes on near one; the engine has no regions of three pages. */
void soft_tail_is_cut(struct soft_vcpu *v)
{
	uint64_t at = soft_tail_address(&v->x->code, v->x->pc & SOFT_PAGE_MASK);

	if ((at & (SOFT_PAGE - 1)) <= SOFT_PAGE - SOFT_TAIL_MAX) {
		soft_cant_go_on(v, VR_E_INTERNAL); /* the lifter is wrong */
		return;
	}
	v->n.faults++;
	v->vm->isa->fault(v->x, (at & SOFT_PAGE_MASK) + SOFT_PAGE, VR_ACCESS_EXECUTE, VR_FAULT_BUS);
	v->x->leave = 0; /* that is for helpers */
}

struct soft_entry *soft_find(struct vr_exec *x, const struct soft_itlb_entry **where)
{
	struct soft_vcpu *v = soft_of(x);
	const struct soft_itlb_entry *it = soft_fetch(x, x->pc), *next;

	if (!it ||
	    (it->checked && (soft_stopped(v, x->pc, 1, 1u << VR_ACCESS_EXECUTE) || soft_guest_point(v))))
		return NULL;
	*where = it;
	const struct soft_mode mode = soft_mode(x, it);
	struct soft_entry *e = soft_entry_find(v->vm, x->pc, it->page, &mode);

	if (e && soft_region_tail(e->region) && !is_current(x, e, &next)) {
		if (!next)
			return NULL;
		pthread_mutex_lock(&v->vm->code_lock);
		if (!e->region->dead) {
			soft_region_kill(v->vm, e->region);
			v->n.invalidated++;
		}
		pthread_mutex_unlock(&v->vm->code_lock);
		e = NULL;
	}
	if (e) {
		v->n.lookup_table++;
		if (v->full_again)
			v->full_again = 0;
		return e;
	}
	if (!soft_page_protected(it->page)) {
		write_protect(v, it->page);
		/* While this vCPU waited for the others it may have carried out flushes. */
		it = soft_fetch(x, x->pc);
		if (!it)
			return NULL;
		*where = it;
	}
	bool cut = false;

	pthread_mutex_lock(&v->vm->code_lock);
	e = find_slowly(v, it, NULL, &cut);
	pthread_mutex_unlock(&v->vm->code_lock);
	if (cut) {
		next = fetch_next(x);
		if (!next)
			return NULL;
		if (!soft_page_protected(next->page)) {
			/* As above. Fetch at once, before another vCPU writes the page again. */
			write_protect(v, next->page);
			it = soft_fetch(x, x->pc);
			next = it ? fetch_next(x) : NULL;
			if (!next)
				return NULL;
			*where = it;
		}
		pthread_mutex_lock(&v->vm->code_lock);
		cut = false;
		e = find_slowly(v, it, next, &cut);
		pthread_mutex_unlock(&v->vm->code_lock);
		if (cut)
			soft_tail_is_cut(v);
	}
	if (e)
		v->full_again = 0;
	return e;
}

/* ---- code that has become hot ---- */

void soft_heat(struct soft_vcpu *v)
{
	struct soft_vm *vm = v->vm;
	struct vr_exec *x = v->x;
	const struct soft_itlb_entry *it = soft_fetch(x, x->pc);

	if (!it || it->checked)
		return;
	const struct soft_mode mode = soft_mode(x, it);

	pthread_mutex_lock(&vm->code_lock);
	const struct soft_entry *e = soft_entry_find(vm, x->pc, it->page, &mode);

	/* Other code may be there by now, or none. */
	if (e && e->region->quick && soft_page_protected(it->page)) {
		if (make_region(v, it, NULL, &mode, false) == VR_E_NOMEM)
			soft_cache_full(v, VR_E_NOMEM);
	}
	pthread_mutex_unlock(&vm->code_lock);
}

/* ---- fault points ---- */

void soft_sync_guest_regs(struct vr_exec *x)
{
	struct soft_vcpu *v = soft_of(x);
	struct soft_vm *vm = v->vm;
	uint64_t offset = vr_engine_exec(x)->site - (uint64_t)(uintptr_t)vm->code.execute;

	pthread_mutex_lock(&vm->code_lock);
	struct soft_region *g = soft_region_at(vm, offset);

	pthread_mutex_unlock(&vm->code_lock);
	for (uint32_t i = 0; i < g->count.pinned; i++) {
		const struct vr_pinned_reg *m = &soft_region_pinned(g)[i];
		uint32_t reg = vm->emit->pinned_register(m->kind, m->host_reg);
		uint8_t *to = (uint8_t *)x + vr_isa_reg(vm->isa, m->guest_reg)->offset;

		if (vr_ir_is_vector_reg(m->kind))
			memcpy(to, &vr_engine_exec(x)->save_vector[reg], vr_ir_reg_bytes(m->kind));
		else
			memcpy(to, &vr_engine_exec(x)->save_integer[reg], 8);
	}
	const uint32_t *points = soft_region_points(g);
	uint32_t at = (uint32_t)(offset - g->code_offset), lo = 0, hi = g->count.points;

	while (hi - lo > 1) {
		uint32_t middle = (lo + hi) / 2;

		if (vr_fault_offset(points[middle]) <= at)
			lo = middle;
		else
			hi = middle;
	}
	x->pc = g->va_page + vr_fault_place(points[lo]);
}
