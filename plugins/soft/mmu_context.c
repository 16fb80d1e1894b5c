/* SPDX-License-Identifier: MIT */
/*
 * mmu_context.c: MMU contexts, the software TLB's maintenance, and flushes between vCPUs.
 *
 * An MMU context belongs to one (address-space id, mode flags, code space). It holds everything that depends on how
 * addresses translate there: the TLB, the indirect-branch cache, the return-address stack (RAS) and the
 * page-mapping ids that links are checked against. A switch between processes, or between user and kernel
 * mode, only changes exec.mmu_context; nothing is flushed. A vCPU has up to SOFT_MMU_CONTEXTS of them. When
 * it needs another one, the least recently used one is cleared and taken.
 *
 * Only the thread of its vCPU touches an MMU context. A broadcast flush puts a request into every other
 * vCPU's queue and raises its SOFT_REQ_FLUSH. The other vCPU carries out the request before it enters
 * generated code again, or while it waits itself. soft_tlb_sync() returns when every request posted before is
 * done. Two vCPUs that wait for each other make progress, because a waiting vCPU runs its own queue. A vCPU
 * outside generated code is not waited for: it looks at its queue before it enters.
 *
 * A range flush clears the TLB entry of each page. It clears entries of the indirect-branch cache and the RAS
 * only when code of that page may have run in the MMU context, which the code filter tells. Where the code can be in the indirect-branch cache,
 * vr_indirect_range() says: a quarter of it, where instructions are aligned. Code that runs while its own page is flushed may still push return addresses of that
 * page: the MMU context is marked (vr_mmu_context.ask), and the next look-up empties the RAS.
 *
 * To take away the right to write a physical page, every TLB entry that has it must be found, in every MMU
 * context. For that there is one byte for each entry, the writable filter. It is set from the page's number
 * when the right is given, and never cleared. memchr() searches it fast; what it finds in excess is compared
 * and skipped.
 *
 * When the code cache is emptied, host addresses in an MMU context are no longer valid, and when part of it is evicted, those
 * that point there. The vCPU that owns the context finds that by the cache's epoch and count of evictions when it next
 * enters; no other thread may change the context.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "soft.h"

#define EMPTY_TAG UINT64_MAX
#define CODE_FILTER_BYTES ((1u << SOFT_CODE_FILTER_LOG2) / 8)

static uint64_t tlb_entries(const struct vr_mmu_context *c)
{
	return c->tlb_mask / sizeof(struct vr_tlb_entry) + 1;
}

/* A return to the pc of an empty entry hits the entry: its host code, ras_default, looks that pc up. */
static void ras_drop(struct soft_vcpu *v, struct vr_branch_entry *s)
{
	s->pc = SOFT_RAS_EMPTY;
	s->host = v->vm->ras_default;
}

/* Clear entries [first, first + count). An entry of zeros matches pc 0 alone, whose entry has index 0: there
 * the pc must be another one. */
static void indirect_clear_part(struct vr_mmu_context *c, uint64_t first, uint64_t count)
{
	memset(&c->indirect[first], 0, count * sizeof(c->indirect[0]));
	c->indirect[0].pc = c->indirect[0].host ? c->indirect[0].pc : VR_INDIRECT_EMPTY;
}

void soft_ras_clear(struct soft_vcpu *v, struct vr_mmu_context *c)
{
	for (uint32_t i = 0; i < VR_RAS_ENTRIES; i++)
		ras_drop(v, &c->ras[i]);
	c->ask = 0;
}

void soft_mmu_clear(struct soft_vcpu *v, struct vr_mmu_context *c)
{
	struct soft_mmu_info *info = soft_mmu_info(c);

	memset(c->tlb, 0xff, tlb_entries(c) * sizeof(c->tlb[0]));
	indirect_clear_part(c, 0, VR_INDIRECT_ENTRIES);
	soft_ras_clear(v, c);
	memset(c->mapping_id, 0, sizeof(c->mapping_id));
	for (uint32_t i = 0; i < SOFT_ITLB; i++)
		info->itlb[i].va_page = EMPTY_TAG;
	memset(info->code_filter, 0, CODE_FILTER_BYTES);
	info->refills = 0;
}

static void context_free(struct vr_mmu_context *c)
{
	free(soft_mmu_info(c)->itlb);
	free(soft_mmu_info(c)->writable_filter);
	free(soft_mmu_info(c)->code_filter);
	munmap(c, sizeof(*c));
}

static struct vr_mmu_context *context_new(struct soft_vcpu *v)
{
	struct vr_mmu_context *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (c == MAP_FAILED)
		return NULL;
	struct soft_mmu_info *info = soft_mmu_info(c);

	info->itlb = calloc(SOFT_ITLB, sizeof(*info->itlb));
	info->writable_filter = calloc(1u << VR_TLB_MAX_LOG2, sizeof(*info->writable_filter));
	info->code_filter = calloc(1, CODE_FILTER_BYTES);
	if (!info->itlb || !info->writable_filter || !info->code_filter) {
		context_free(c);
		return NULL;
	}
	c->tlb_mask = ((1u << VR_TLB_MIN_LOG2) - 1) * sizeof(struct vr_tlb_entry);
	soft_mmu_clear(v, c);
	return c;
}

static struct vr_mmu_context *context_assign(struct soft_vcpu *v, struct vr_mmu_context *c)
{
	struct soft_mmu_info *info = soft_mmu_info(c);

	info->asid = v->x->asid;
	info->mode_flags = v->x->mode_flags;
	info->code = v->x->code;
	info->valid = 1;
	info->stamp = ++v->stamp;
	return c;
}

/* Is it the one for what the vCPU's block says? */
static bool context_fits(const struct vr_exec *x, const struct soft_mmu_info *info)
{
	return info->valid && info->asid == x->asid && info->mode_flags == x->mode_flags &&
	       soft_code_space_same(&info->code, &x->code);
}

static struct vr_mmu_context *context_select(struct soft_vcpu *v)
{
	struct vr_mmu_context *oldest = NULL;

	for (uint32_t i = 0; i < v->mmu_context_count; i++) {
		struct vr_mmu_context *c = v->mmu_contexts[i];
		struct soft_mmu_info *info = soft_mmu_info(c);

		if (context_fits(v->x, info)) {
			info->stamp = ++v->stamp;
			return c;
		}
		if (!oldest || !info->valid || info->stamp < soft_mmu_info(oldest)->stamp)
			oldest = c;
	}
	if (v->mmu_context_count < SOFT_MMU_CONTEXTS && !(oldest && !soft_mmu_info(oldest)->valid)) {
		struct vr_mmu_context *c = context_new(v);

		if (c) {
			v->mmu_contexts[v->mmu_context_count++] = c;
			return context_assign(v, c);
		}
	}
	/* Recycle the oldest one, also when there is no memory for another one. */
	v->n.mmu_context_recycles += soft_mmu_info(oldest)->valid;
	soft_mmu_clear(v, oldest);
	return context_assign(v, oldest);
}

int32_t soft_mmu_init(struct soft_vcpu *v)
{
	/* context_select() recycles this one when there is no memory for more. */
	v->mmu_contexts[0] = context_new(v);
	if (!v->mmu_contexts[0])
		return VR_E_NOMEM;
	v->mmu_context_count = 1;
	vr_engine_exec(v->x)->mmu_context = v->mmu_contexts[0];
	vr_engine_exec(v->x)->fp_denormal = (VR_VALUE(v->vm->isa, fp_always, 0) & VR_FPA_DENORMAL) != 0;
	return VR_OK;
}

void soft_mmu_fini(struct soft_vcpu *v)
{
	for (uint32_t i = 0; i < v->mmu_context_count; i++)
		context_free(v->mmu_contexts[i]);
	v->mmu_context_count = 0;
}

void soft_context(struct vr_exec *x)
{
	struct soft_vcpu *v = soft_of(x);
	const struct soft_mmu_info *now = soft_mmu_info(vr_engine_exec(x)->mmu_context);

	if (context_fits(x, now))
		return;
	v->n.mmu_context_switches++;
	vr_engine_exec(x)->mmu_context = context_select(v);
}

void soft_mmu_forget(struct soft_vcpu *v)
{
	for (uint32_t i = 0; i < v->mmu_context_count; i++) {
		if (v->mmu_contexts[i] == vr_engine_exec(v->x)->mmu_context)
			soft_mmu_clear(v, v->mmu_contexts[i]);
		else
			soft_mmu_info(v->mmu_contexts[i])->valid = 0; /* cleared when it is selected again */
	}
}

void soft_mmu_drop_code(struct soft_vcpu *v, uint64_t first, uint64_t end)
{
	for (uint32_t k = 0; k < v->mmu_context_count; k++) {
		struct vr_mmu_context *c = v->mmu_contexts[k];

		if (!soft_mmu_info(c)->valid)
			continue;
		for (uint32_t i = 0; i < VR_INDIRECT_ENTRIES; i++)
			if (c->indirect[i].host >= first && c->indirect[i].host < end)
				indirect_clear_part(c, i, 1);
		for (uint32_t i = 0; i < VR_RAS_ENTRIES; i++)
			if (c->ras[i].host >= first && c->ras[i].host < end)
				ras_drop(v, &c->ras[i]);
	}
}

/* Flush one page in one MMU context. */
static void flush_page(struct soft_vcpu *v, struct vr_mmu_context *c, uint64_t va)
{
	struct vr_tlb_entry *e =
		(struct vr_tlb_entry *)(void *)((uint8_t *)c->tlb + ((va >> 7) & c->tlb_mask));

	/* The tags may be VR_TLB_NEVER, or empty: they do not always say which page the entry is for. So
	 * clear it without a comparison. */
	memset(e, 0xff, sizeof(*e));
	struct soft_mmu_info *info = soft_mmu_info(c);
	const uint32_t bit = soft_code_bit(va);
	uint64_t first, count;

	/* The bit stays: other pages may have it too. */
	if (!(info->code_filter[bit / 64] >> bit % 64 & 1))
		return;

	info->itlb[(va >> 12) & (SOFT_ITLB - 1)].va_page = EMPTY_TAG;
	c->ask = 1;
	c->mapping_id[(va >> 12) & (VR_MAPPING_ID_ENTRIES - 1)] = 0;
	vr_indirect_range(va, v->vm->isa->code_align_log2, &first, &count);
	indirect_clear_part(c, first, count);
	for (uint32_t i = 0; i < VR_RAS_ENTRIES; i++)
		if (((c->ras[i].pc ^ va) >> 12 & (VR_MAPPING_ID_ENTRIES - 1)) == 0)
			ras_drop(v, &c->ras[i]);
}

static void flush_range(struct soft_vcpu *v, struct vr_mmu_context *c, uint64_t va, uint64_t length)
{
	uint64_t first = va & SOFT_PAGE_MASK, pages = length / SOFT_PAGE;

	/* Whole pages; the sum can't wrap, since at most the offsets in two pages are counted. */
	pages += ((va - first) + (length & (SOFT_PAGE - 1)) + SOFT_PAGE - 1) / SOFT_PAGE;
	if (pages > tlb_entries(c)) {
		soft_mmu_clear(v, c);
		c->ask = 1;
		return;
	}
	for (uint64_t i = 0; i < pages; i++)
		flush_page(v, c, first + i * SOFT_PAGE);
}

#define REQUEST_PROTECT 100 /* a soft_request kind: drop write rights to physical page `va` */

static void protect_page(struct soft_vcpu *v, uint64_t pa)
{
	const uint8_t mark = soft_writable_filter(pa);

	for (uint32_t i = 0; i < v->mmu_context_count; i++) {
		struct vr_mmu_context *c = v->mmu_contexts[i];
		const uint8_t *writable_filter = soft_mmu_info(c)->writable_filter,
			      *end = writable_filter + tlb_entries(c), *at = writable_filter;

		if (!soft_mmu_info(c)->valid)
			continue;
		for (; (at = memchr(at, mark, (size_t)(end - at))) != NULL; at++)
			if ((c->tlb[at - writable_filter].physical & SOFT_PAGE_MASK) == pa)
				c->tlb[at - writable_filter].tag_write = EMPTY_TAG;
	}
}

static void request_run(struct soft_vcpu *v, const struct soft_request *r)
{
	if (r->kind == REQUEST_PROTECT) {
		protect_page(v, r->va);
		return;
	}
	for (uint32_t i = 0; i < v->mmu_context_count; i++) {
		struct vr_mmu_context *c = v->mmu_contexts[i];
		struct soft_mmu_info *info = soft_mmu_info(c);

		if (!info->valid)
			continue;
		switch (r->kind) {
		case VR_FLUSH_ASID:
			if (info->asid != r->asid)
				break;
			/* fall through */
		case VR_FLUSH_ALL:
			/* The other contexts are cleared when they are selected again. */
			if (c == vr_engine_exec(v->x)->mmu_context) {
				soft_mmu_clear(v, c);
				c->ask = 1;
			} else {
				info->valid = 0;
			}
			break;
		case VR_FLUSH_VA:
		case VR_FLUSH_VA_ALL:
			/* Global entries of the range may be in every MMU context, so asid is not compared.
			 */
			flush_range(v, c, r->va, r->length);
			break;
		default:
			break;
		}
	}
}

void soft_requests_run(struct soft_vcpu *v)
{
	struct soft_request batch[SOFT_REQUESTS];

	pthread_mutex_lock(&v->request_lock);
	uint32_t n = v->request_count, all = v->request_overflow;
	uint64_t posted = atomic_load(&v->posted);

	memcpy(batch, v->requests, n * sizeof(batch[0]));
	v->request_count = 0;
	v->request_overflow = 0;
	pthread_mutex_unlock(&v->request_lock);

	if (all) {
		const struct soft_request r = {.kind = VR_FLUSH_ALL};

		request_run(v, &r);
	} else {
		for (uint32_t i = 0; i < n; i++)
			request_run(v, &batch[i]);
	}
	atomic_store(&v->done, posted);
}

static void post(struct soft_vcpu *to, const struct soft_request *r)
{
	pthread_mutex_lock(&to->request_lock);
	if (to->request_count < SOFT_REQUESTS)
		to->requests[to->request_count++] = *r;
	else
		to->request_overflow = 1;
	atomic_fetch_add(&to->posted, 1);
	pthread_mutex_unlock(&to->request_lock);
	soft_request(to->x, SOFT_REQ_FLUSH);
}

static void post_others(struct soft_vcpu *v, const struct soft_request *r)
{
	for (uint32_t i = 0; i < v->vm->vcpu_count; i++) {
		struct soft_vcpu *o = v->vm->vcpus[i];

		if (o && o != v)
			post(o, r);
	}
}

void soft_tlb_flush(struct vr_exec *x, uint32_t kind, uint64_t asid, uint64_t va, uint64_t length,
		    uint32_t broadcast)
{
	struct soft_vcpu *v = soft_of(x);
	const struct soft_request r = {.kind = kind, .asid = asid, .va = va, .length = length};

	if (kind == VR_FLUSH_ALL)
		v->n.tlb_flush_all++;
	else if (kind == VR_FLUSH_ASID)
		v->n.tlb_flush_asid++;
	else
		v->n.tlb_flush_va++;
	request_run(v, &r);
	if (broadcast)
		post_others(v, &r);
}

void soft_tlb_protect(struct soft_vcpu *v, uint64_t pa)
{
	const struct soft_request r = {.kind = REQUEST_PROTECT, .va = pa & SOFT_PAGE_MASK};

	request_run(v, &r);
	post_others(v, &r);
}

void soft_tlb_sync(struct vr_exec *x)
{
	struct soft_vcpu *v = soft_of(x);
	uint32_t spins = 0;

	for (uint32_t i = 0; i < v->vm->vcpu_count; i++) {
		struct soft_vcpu *o = v->vm->vcpus[i];

		if (!o || o == v)
			continue;
		uint64_t until = atomic_load(&o->posted);

		while (atomic_load(&o->done) < until && atomic_load(&o->in_code)) {
			if (atomic_load(&v->done) < atomic_load(&v->posted))
				soft_requests_run(v);
			if (++spins > 64)
				sched_yield();
		}
	}
}
