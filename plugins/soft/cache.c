/* SPDX-License-Identifier: MIT */
/*
 * cache.c: finding translated code, linking it, and invalidating it.
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
 * the whole cache is flushed, in an exclusive section.
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

#include "log.h"
#include "soft.h"
#include "xlate/ir/ir.h"

#define FLUSH_LIMIT (64u * SOFT_PAGE)
#define CODE_RESERVE (1024u * 1024u) /* a region must fit: below this the cache is full */

/* Emit one block without an entry in the table: *host is its address. The block has no exits. */
static int32_t emit_alone(struct soft_vm *vm, const struct vr_ir *ir, uint64_t *host)
{
	struct vr_fault_point points[16];
	struct vr_exit_site exits[1];
	uint32_t entry = UINT32_MAX;
	struct vr_emit_job job = {
		.size = sizeof(job),
		.isa = vm->isa,
		.ir = ir,
		.pc_base = SOFT_RAS_EMPTY & SOFT_PAGE_MASK,
		.write = vm->code.write + vm->code_top,
		.execute = (uint64_t)(uintptr_t)vm->code.execute + vm->code_top,
		.capacity = CODE_RESERVE,
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

	vm->codecache->end_write(vm->host, &vm->code, vm->code_top, job.code_size);
	free(job.scratch);
	if (rc < 0)
		return rc;
	*host = job.execute + entry;
	vm->code_top = (vm->code_top + job.code_size + 63) & ~(uint64_t)63;
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

int32_t soft_cache_init(struct soft_vm *vm, uint64_t bytes, const struct vr_engine_entry *entry)
{
	vm->meta_limit = bytes;
	vm->meta = soft_arena_new();
	vm->pages_arena = soft_arena_new();
	vm->scratch = soft_scratch_new(vm);
	if (!soft_entries_init(vm, bytes) || !vm->meta || !vm->pages_arena || !vm->scratch)
		return VR_E_NOMEM;
	if (!vm->emit)
		return VR_OK;
	vm->code.size = sizeof(vm->code);
	int32_t rc = vm->codecache->create(vm->host, bytes, &vm->code);

	if (rc < 0)
		return rc;
	vm->codecache->begin_write(vm->host, &vm->code);
	uint64_t used = 0;

	rc = vm->emit->create(entry, vm->code.write, (uint64_t)(uintptr_t)vm->code.execute, vm->code.length,
			      &used, &vm->emitter);
	vm->codecache->end_write(vm->host, &vm->code, 0, used);
	if (rc < 0)
		return rc;
	vm->code_start = vm->code_top = (used + 63) & ~(uint64_t)63;
	rc = emit_ras_default(vm);
	vm->code_start = vm->code_top;
	if (rc == VR_OK && vm->log)
		soft_log_named(vm, 0, vm->code_top, "vmrun-thunks");
	return rc;
}

void soft_cache_fini(struct soft_vm *vm)
{
	if (vm->emitter)
		vm->emit->destroy(vm->emitter);
	if (vm->code.write)
		vm->codecache->destroy(vm->host, &vm->code);
	soft_entries_fini(vm);
	free(vm->regions);
	free(vm->exits);
	soft_arena_free(vm->meta);
	soft_arena_free(vm->pages_arena);
	soft_scratch_free(vm->scratch);
}

/* ---- instruction pages ---- */

/* Bookkeeping has a limit: a guest may map one page everywhere, or rewrite its code for ever. */
static bool meta_full(const struct soft_vm *vm)
{
	return soft_arena_used(vm->meta) >= vm->meta_limit;
}

/* Request an empty cache before the next try. why: the error that is reported when that does not help. */
static void cache_full(struct soft_vcpu *v, int32_t why)
{
	v->full_error = why;
	v->full_again++;
	soft_request(v->x, SOFT_REQ_FULL);
}

void soft_cant_go_on(struct soft_vcpu *v, int32_t why)
{
	v->full_error = why;
	v->full_again = UINT32_MAX / 2;
	soft_request(v->x, SOFT_REQ_FULL);
}

/* The page-mapping id. va_page has bit 0 set for a checked page: see points.c. */
static uint32_t mapping_id(struct soft_vm *vm, struct soft_page *page, uint64_t va_page)
{
	for (struct soft_mapping *p = page->mappings; p; p = p->next)
		if (p->va_page == va_page)
			return p->id;
	if (meta_full(vm))
		return 0;
	struct soft_mapping *p = soft_arena_alloc(vm->meta, sizeof(*p));

	if (!p)
		return 0;
	p->va_page = va_page;
	p->id = ++vm->mapping_count;
	p->next = page->mappings;
	page->mappings = p;
	return p->id;
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

	if (info->ras_invalid)
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
	uint32_t id = page ? mapping_id(vm, page, va_page | checked) : 0;

	pthread_mutex_unlock(&vm->code_lock);
	if (!page || !id) {
		/* No memory for bookkeeping: try again with an empty cache. */
		cache_full(v, VR_E_NOMEM);
		return NULL;
	}
	it->va_page = va_page;
	it->page = page;
	it->host = host;
	it->mapping_id = id;
	it->checked = checked;
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

static int32_t add_region(struct soft_vm *vm, struct soft_region *g, const struct soft_itlb_entry *next)
{
	if (vm->region_count == vm->region_capacity) {
		uint32_t n = vm->region_capacity ? vm->region_capacity * 2 : 1024;
		struct soft_region **p = realloc(vm->regions, n * sizeof(struct soft_region *));

		if (!p)
			return VR_E_NOMEM;
		vm->regions = p;
		vm->region_capacity = n;
	}
	if (!g->ir)
		vm->regions[vm->region_count++] = g;
	g->page_next = g->page->regions;
	g->page->regions = g;
	if (next) {
		g->tail_next = next->page->tail_regions;
		next->page->tail_regions = g;
	}
	for (uint32_t i = 0; i < g->entry_count; i++)
		if (!soft_entry_find(vm, g->entries[i].pc, g->page, &g->mode))
			soft_entry_add(vm, &g->entries[i]);
	return VR_OK;
}

/* The end of a write to region g's code: instruction caches are told of what changed. */
static void code_changed(struct soft_vm *vm, const struct soft_region *g,
			 const struct vr_code_change *changed)
{
	vm->codecache->end_write(vm->host, &vm->code, g->code_offset + changed->first,
				 changed->last - changed->first);
}

/* Exit x goes to `target`, and if it has a check, for page-mapping id `id` (0: the check stays). 0, or VR_E_RANGE: out of
 * reach. */
static int32_t redirect(struct soft_vm *vm, struct soft_exit *x, uint64_t target, uint32_t id)
{
	const struct soft_region *g = x->region;
	uint8_t *write = vm->code.write + g->code_offset;
	uint64_t execute = (uint64_t)(uintptr_t)vm->code.execute + g->code_offset;
	struct vr_code_change changed = {0, 0};

	vm->codecache->begin_write(vm->host, &vm->code);
	int32_t rc = vm->emit->link(vm->emitter, write, execute, &x->site, target, &changed);

	code_changed(vm, g, &changed);
	if (rc < 0 || !x->site.check || !id)
		return rc;
	changed = (struct vr_code_change){0, 0};
	vm->codecache->begin_write(vm->host, &vm->code);
	vm->emit->set_check(vm->emitter, write, execute, &x->site, id, &changed);
	code_changed(vm, g, &changed);
	return rc;
}

static void region_kill(struct soft_vm *vm, struct soft_vcpu *v, struct soft_region *g);

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

/* Translate; the caller holds the lock. NULL: try again. *cut: the instruction continues on the next page,
 * and the caller must come again with that page as `next`. */
static struct soft_entry *find_slowly(struct soft_vcpu *v, const struct soft_itlb_entry *it,
				      const struct soft_itlb_entry *next, bool *cut)
{
	struct soft_vm *vm = v->vm;
	struct vr_exec *x = v->x;
	const struct soft_mode mode = soft_mode(x, it);
	struct soft_entry *e = soft_entry_find(vm, x->pc, it->page, &mode);
	struct soft_region *g = NULL;

	/* Another vCPU has translated it meanwhile. is_current() must check its tail. */
	if (e)
		return e->region->tail_size ? NULL : e;
	/* Written since it was protected: the caller protects it again. */
	if (!soft_page_protected(it->page) || (next && !soft_page_protected(next->page)))
		return NULL;
	int32_t rc = meta_full(vm) || (vm->emit && vm->code.length - vm->code_top < CODE_RESERVE)
			     ? VR_E_NOMEM
			     : soft_translate(vm, v, it, next, x->pc, &mode, &g);

	if (rc == VR_OK)
		rc = add_region(vm, g, next);
	if (rc == VR_OK)
		return soft_entry_find(vm, x->pc, it->page, &mode);
	*cut = rc == VR_E_AGAIN;
	if (rc == VR_E_NOMEM)
		cache_full(v, rc);
	else if (!*cut)
		soft_cant_go_on(v, rc);
	return NULL;
}

/*
 * An instruction that continues on the next page depends on that page's mapping and contents too. Here what
 * the page holds now is compared with what was translated. Links, indirect-branch caches and return-address
 * stacks lead to an entry that compares the page-mapping id of the next page with the one that it was
 * translated with (region->guarded); when they differ, it comes here. The next page is write-protected as
 * well: a write to it invalidates the code (page->tail_regions). *next: the page; NULL: it can't be fetched,
 * and the fault has been taken.
 */
static bool is_current(struct vr_exec *x, const struct soft_entry *e, const struct soft_itlb_entry **next)
{
	*next = fetch_next(x);
	return *next &&
	       !memcmp((*next)->host + e->region->tail_offset, e->region->tail, e->region->tail_size);
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

	if (e && e->region->tail_size && !is_current(x, e, &next)) {
		if (!next)
			return NULL;
		pthread_mutex_lock(&v->vm->code_lock);
		if (!e->region->dead)
			region_kill(v->vm, v, e->region);
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

static uint64_t exit_target(const struct soft_exit *x)
{
	return x->region->va_page + x->site.place;
}

uint64_t soft_exit_target(struct soft_vm *vm, uint64_t number)
{
	/* Another vCPU's translation may move the array. */
	pthread_mutex_lock(&vm->code_lock);
	uint64_t pc = exit_target(&vm->exits[number]);

	pthread_mutex_unlock(&vm->code_lock);
	return pc;
}

void soft_link_exit(struct soft_vcpu *v, uint64_t number, uint64_t pc, struct soft_entry *e,
		    const struct soft_itlb_entry *it)
{
	struct soft_vm *vm = v->vm;
	struct vr_exec *x = v->x;

	pthread_mutex_lock(&vm->code_lock);
	struct soft_exit *exit = &vm->exits[number];
	int usable = exit_target(exit) == pc && x->pc == pc && !exit->region->dead && !e->region->dead;

	if (usable && exit->target == e && exit->mapping_id == it->mapping_id) {
		v->n.link_refills++;
	} else if (usable && (vm->vcpu_count == 1 ||
			      (!exit->target && (!exit->mapping_id || exit->mapping_id == it->mapping_id)))) {
		/* With one vCPU a guarded link may be changed to any target. With more, another vCPU may be
		 * between the check and the jump: then only to newer code of the same page. */
		if (redirect(vm, exit, soft_entry_cached(e), it->mapping_id) < 0) {
			/* beyond the reach of a jump there: it goes where it went, by the look-up at first */
			v->n.links_refused++;
			pthread_mutex_unlock(&vm->code_lock);
			return;
		}
		if (exit->target != e) {
			if (exit->target) {
				uint32_t *p = &exit->target->incoming;

				while (*p && *p != number + 1)
					p = &vm->exits[*p - 1].next_incoming;
				if (*p)
					*p = exit->next_incoming;
			}
			exit->target = e;
			exit->next_incoming = e->incoming;
			e->incoming = (uint32_t)number + 1;
		}
		exit->mapping_id = it->mapping_id;
		v->n.links++;
	}
	pthread_mutex_unlock(&vm->code_lock);
}

/* ---- invalidation ---- */

static void unlink_exit(struct soft_vm *vm, struct soft_exit *x)
{
	uint64_t execute = (uint64_t)(uintptr_t)vm->code.execute + x->region->code_offset;

	redirect(vm, x, execute + x->site.stub, 0);
	x->target = NULL;
	x->next_incoming = 0;
}

static void region_kill(struct soft_vm *vm, struct soft_vcpu *v, struct soft_region *g)
{
	g->dead = 1;
	if (v)
		v->n.invalidated++;
	for (uint32_t i = 0; i < g->entry_count; i++) {
		struct soft_entry *e = &g->entries[i];

		soft_entry_remove(vm, e);
		for (uint32_t n = e->incoming; n;) {
			struct soft_exit *x = &vm->exits[n - 1];

			n = x->next_incoming;
			unlink_exit(vm, x);
		}
		e->incoming = 0;
	}
	if (!g->ir) {
		uint64_t execute = (uint64_t)(uintptr_t)vm->code.execute + g->code_offset;

		for (uint32_t i = 0; i < g->entry_count; i++) {
			struct vr_code_change changed = {0, 0};

			vm->codecache->begin_write(vm->host, &vm->code);
			vm->emit->kill(vm->emitter, vm->code.write + g->code_offset, execute,
				       (uint32_t)(g->entries[i].host - execute), &changed);
			code_changed(vm, g, &changed);
		}
	}
	for (uint32_t i = 0; i < g->exit_count; i++) {
		struct soft_exit *x = &vm->exits[g->exit_first + i];

		if (!x->target)
			continue;
		uint32_t *p = &x->target->incoming;

		while (*p && *p != g->exit_first + i + 1)
			p = &vm->exits[*p - 1].next_incoming;
		if (*p)
			*p = x->next_incoming;
		x->target = NULL;
	}
}

/* code_lock held. */
static void page_kill(struct soft_vm *vm, struct soft_vcpu *v, struct soft_page *page)
{
	for (struct soft_region *g = page->regions; g; g = g->page_next)
		if (!g->dead)
			region_kill(vm, v, g);
	for (struct soft_region *g = page->tail_regions; g; g = g->tail_next)
		if (!g->dead)
			region_kill(vm, v, g);
	page->regions = page->tail_regions = NULL;
	atomic_store(&page->write_protected, 0);
}

void soft_code_written(struct soft_vm *vm, struct soft_vcpu *v, uint64_t pa, uint64_t length)
{
	if (!length)
		return;
	uint64_t last = length - 1 > UINT64_MAX - pa ? UINT64_MAX : pa + (length - 1);
	uint64_t pages = (last >> 12) - (pa >> 12) + 1, at = pa & SOFT_PAGE_MASK;

	/* The write must be visible before `write_protected` is read, or a translation could miss both. */
	atomic_thread_fence(memory_order_seq_cst);
	for (; pages; pages--, at += SOFT_PAGE) {
		struct soft_page *page = soft_page(vm, at, false);

		if (!page || !atomic_load(&page->write_protected))
			continue;
		pthread_mutex_lock(&vm->code_lock);
		page_kill(vm, v, page);
		pthread_mutex_unlock(&vm->code_lock);
	}
}

/*
 * The guest says that code at these addresses changed. Every write to a translated page, by any vCPU through
 * any alias or by a device, has invalidated that page's code already (see the head of the file). So a long
 * range needs nothing. A few pages are invalidated all the same: that costs little, and covers a write that
 * bypassed the protection.
 */
void soft_code_flush(struct vr_exec *x, uint64_t va, uint64_t length)
{
	struct soft_vcpu *v = soft_of(x);
	uint64_t at = va & SOFT_PAGE_MASK;

	if (!length || length > FLUSH_LIMIT)
		return;
	for (uint64_t pages = ((va - at) + length + SOFT_PAGE - 1) / SOFT_PAGE; pages;
	     pages--, at += SOFT_PAGE) {
		struct vr_translation t = {.size = sizeof(t)};

		if (!v->vm->isa->translate(x, at, VR_ACCESS_READ, 0, &t) ||
		    !v->vm->isa->translate(x, at, VR_ACCESS_EXECUTE, 0, &t))
			soft_code_written(v->vm, v, t.physical & SOFT_PAGE_MASK, SOFT_PAGE);
	}
}

void soft_cache_reset(struct soft_vm *vm)
{
	pthread_mutex_lock(&vm->code_lock);
	soft_entries_clear(vm);
	vm->region_count = 0;
	vm->exit_count = 0;
	vm->mapping_count = 0; /* no id is in use any more */
	vm->code_top = vm->code_start;
	for (struct soft_page *p = vm->pages_all; p; p = p->all_next) {
		p->regions = p->tail_regions = NULL;
		p->mappings = NULL;
		atomic_store(&p->write_protected, 0);
	}
	soft_arena_reset(vm->meta);
	/* Every vCPU clears its MMU contexts when it next enters. */
	atomic_fetch_add(&vm->epoch, 1);
	pthread_mutex_unlock(&vm->code_lock);
}

/* ---- fault points ---- */

void soft_sync_guest_regs(struct vr_exec *x)
{
	struct soft_vcpu *v = soft_of(x);
	struct soft_vm *vm = v->vm;
	uint64_t offset = vr_engine_exec(x)->site - (uint64_t)(uintptr_t)vm->code.execute;

	pthread_mutex_lock(&vm->code_lock);
	uint32_t low = 0, high = vm->region_count;

	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (vm->regions[middle]->code_offset <= offset)
			low = middle;
		else
			high = middle;
	}
	const struct soft_region *g = vm->regions[low];

	pthread_mutex_unlock(&vm->code_lock);
	for (uint32_t i = 0; i < g->pinned_count; i++) {
		const struct vr_pinned_reg *m = &g->pinned[i];
		uint32_t reg = vm->emit->pinned_register(m->kind, m->host_reg);
		uint8_t *to = (uint8_t *)x + vr_isa_reg(vm->isa, m->guest_reg)->offset;

		if (vr_ir_is_vector_reg(m->kind))
			memcpy(to, &vr_engine_exec(x)->save_vector[reg], vr_ir_reg_bytes(m->kind));
		else
			memcpy(to, &vr_engine_exec(x)->save_integer[reg], 8);
	}
	uint32_t at = (uint32_t)(offset - g->code_offset), lo = 0, hi = g->point_count;

	while (hi - lo > 1) {
		uint32_t middle = (lo + hi) / 2;

		if (g->points[middle].offset <= at)
			lo = middle;
		else
			hi = middle;
	}
	x->pc = g->va_page + g->points[lo].insn;
}
