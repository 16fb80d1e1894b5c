/* SPDX-License-Identifier: MIT */
/*
 * links.c: direct links between regions, and invalidation.
 *
 * Exits to code of the same page that is there are linked when the region is added. Any other
 * exit first goes to a stub that asks for its target (soft_link()). Then its jump is set to the target's entry
 * stub. Links within a page need no check, since they live as long as the page's code; a link to another page compares the
 * page-mapping id of that page with the one that the link was made under (cache.c).
 *
 * With several vCPUs, one may be between the check and the jump while another vCPU changes them. So a link may then be set
 * only to code of the same (virtual page, physical page) pair as before: whichever check that vCPU has passed was for it.
 *
 * When code is written, or its memory is needed, regions die: entries leave the table, links to them go back to their stubs,
 * and their own entry stubs lead to the look-up (vr_emit.kill), for the indirect-branch caches and return-address stacks that
 * still hold their addresses.
 */
#include <string.h>

#include "log.h"
#include "soft.h"

#define FLUSH_LIMIT (64u * SOFT_PAGE)

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
	const struct soft_region *g = soft_region_numbered(vm, x->region);
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

static uint64_t exit_target(const struct soft_vm *vm, const struct soft_exit *x)
{
	return soft_region_numbered(vm, x->region)->va_page + x->site.place;
}

uint64_t soft_exit_target(struct soft_vm *vm, uint64_t number)
{
	/* Another vCPU's translation may move the array. */
	pthread_mutex_lock(&vm->code_lock);
	uint64_t pc = exit_target(vm, soft_exit_of(vm, number));

	pthread_mutex_unlock(&vm->code_lock);
	return pc;
}

/* Exit x, whose number is `number`, is linked to entry e. */
static void add_incoming(struct soft_vm *vm, struct soft_exit *x, uint32_t number, struct soft_entry *e)
{
	x->target = e;
	x->previous_incoming = 0;
	x->next_incoming = e->incoming;
	if (e->incoming)
		soft_exit_of(vm, e->incoming - 1)->previous_incoming = number + 1;
	e->incoming = number + 1;
}

/* It is no longer. */
static void remove_incoming(struct soft_vm *vm, struct soft_exit *x)
{
	if (x->previous_incoming)
		soft_exit_of(vm, x->previous_incoming - 1)->next_incoming = x->next_incoming;
	else
		x->target->incoming = x->next_incoming;
	if (x->next_incoming)
		soft_exit_of(vm, x->next_incoming - 1)->previous_incoming = x->previous_incoming;
	x->target = NULL;
}

void soft_link_exit(struct soft_vcpu *v, uint64_t number, uint64_t pc, struct soft_entry *e,
		    const struct soft_itlb_entry *it)
{
	struct soft_vm *vm = v->vm;
	struct vr_exec *x = v->x;

	pthread_mutex_lock(&vm->code_lock);
	struct soft_exit *exit = soft_exit_of(vm, number);
	int usable = exit_target(vm, exit) == pc && x->pc == pc &&
		     !soft_region_numbered(vm, exit->region)->dead && !e->region->dead;

	if (usable && exit->target == e && exit->mapping_id == it->mapping_id) {
		v->n.link_refills++;
	} else if (usable && (vm->vcpu_count == 1 || !exit->page ||
			      (exit->page == it->page && (!exit->target || exit->target == e)))) {
		/* With several vCPUs: the first link, newer code of the same page, or another id of the same pair. */
		if (redirect(vm, exit, soft_entry_cached(vm, e), it->mapping_id) < 0) {
			/* beyond the reach of a jump there: it goes where it went, by the look-up at first */
			v->n.links_refused++;
			pthread_mutex_unlock(&vm->code_lock);
			return;
		}
		if (exit->target != e) {
			if (exit->target)
				remove_incoming(vm, exit);
			add_incoming(vm, exit, (uint32_t)number, e);
		}
		exit->mapping_id = it->mapping_id;
		exit->page = it->page;
		v->n.links++;
	}
	pthread_mutex_unlock(&vm->code_lock);
}

/* The first vCPU that takes such an exit need not ask by soft_link(). */
void soft_link_page(struct soft_vm *vm, struct soft_region *g)
{
	const struct soft_mode mode = soft_region_mode(g);

	for (uint32_t i = 0; i < g->count.exits; i++) {
		const uint32_t number = g->exit_first + i;
		struct soft_exit *exit = soft_exit_of(vm, number);

		if (exit->site.place >= SOFT_PAGE)
			continue;
		struct soft_entry *e = soft_entry_find(vm, exit_target(vm, exit), g->page, &mode);
		const uint64_t host = e ? soft_entry_cached(vm, e) : 0;

		if (!host || redirect(vm, exit, host, 0) < 0)
			continue;
		add_incoming(vm, exit, number, e);
		exit->page = g->page;
	}
}

/* ---- invalidation ---- */

static void unlink_exit(struct soft_vm *vm, struct soft_exit *x)
{
	redirect(vm, x,
		 soft_code_address(vm, soft_region_numbered(vm, x->region)->code_offset + x->site.stub), 0);
	remove_incoming(vm, x);
}

void soft_region_kill(struct soft_vm *vm, struct soft_region *g)
{
	g->dead = 1;
	for (uint32_t i = 0; i < g->count.entries; i++) {
		struct soft_entry *e = &g->entries[i];

		soft_entry_remove(vm, e);
		while (e->incoming)
			unlink_exit(vm, soft_exit_of(vm, e->incoming - 1));
	}
	if (!g->ir) {
		uint64_t execute = (uint64_t)(uintptr_t)vm->code.execute + g->code_offset;

		for (uint32_t i = 0; i < g->count.entries; i++) {
			struct vr_code_change changed = {0, 0};

			vm->codecache->begin_write(vm->host, &vm->code);
			vm->emit->kill(vm->emitter, vm->code.write + g->code_offset, execute,
				       g->entries[i].host - g->code_offset, &changed);
			code_changed(vm, g, &changed);
		}
	}
	for (uint32_t i = 0; i < g->count.exits; i++) {
		struct soft_exit *x = soft_exit_of(vm, g->exit_first + i);

		if (x->target)
			remove_incoming(vm, x);
	}
}

static void invalidate(struct soft_vm *vm, struct soft_vcpu *v, struct soft_region *g)
{
	if (g->dead)
		return;
	soft_region_kill(vm, g);
	if (v)
		v->n.invalidated++;
}

/* code_lock held. */
static void page_kill(struct soft_vm *vm, struct soft_vcpu *v, struct soft_page *page)
{
	for (struct soft_region *g = page->regions; g; g = g->page_next)
		invalidate(vm, v, g);
	for (struct soft_region *g = page->tail_regions; g; g = g->rare->tail_next)
		invalidate(vm, v, g);
	page->regions = page->tail_regions = NULL;
	soft_entries_none(page);
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
