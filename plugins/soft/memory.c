/* SPDX-License-Identifier: MIT */
/*
 * memory.c: the slow path of memory ops: TLB misses, MMIO, write-protected pages, accesses over a page's end,
 * alignment checks and faults. It refills the TLB. The interpreter uses the same functions, and so do the
 * ISA's own accesses (helpers' stores over a page's end, for example).
 *
 * An access is split at a page's end. Both halves are translated before anything is written, so that a fault
 * on the second half leaves nothing half done. Debug points are compared then, too.
 */
#include <string.h>

#include "log.h"
#include "rmw.h"
#include "soft.h"
#include "xlate/ir/ir.h"

#define READS (1u << VR_ACCESS_READ)
#define WRITES (1u << VR_ACCESS_WRITE)

/* One page's worth of an access. */
struct part {
	uint8_t *host; /* NULL: a device */
	uint64_t physical;
	uint32_t bytes;
	uint32_t write_protected;
};

static struct vr_tlb_entry *tlb_entry(struct vr_mmu_context *c, uint64_t va)
{
	return (struct vr_tlb_entry *)(void *)((uint8_t *)c->tlb + ((va >> 7) & c->tlb_mask));
}

/* A TLB with twice as many misses as entries becomes larger. */
static void tlb_grow(struct soft_vcpu *v, struct vr_mmu_context *c)
{
	struct soft_mmu_info *info = soft_mmu_info(c);
	uint64_t n = c->tlb_mask / sizeof(struct vr_tlb_entry) + 1;

	if (++info->refills < 2 * n || n >= (1u << VR_TLB_MAX_LOG2))
		return;
	info->refills = 0;
	c->tlb_mask = (4 * n - 1) * sizeof(struct vr_tlb_entry);
	if (4 * n > (1u << VR_TLB_MAX_LOG2))
		c->tlb_mask = ((1u << VR_TLB_MAX_LOG2) - 1) * sizeof(struct vr_tlb_entry);
	memset(c->tlb, 0xff, c->tlb_mask + sizeof(struct vr_tlb_entry));
	v->n.tlb_resizes++;
}

/* May this access use the entry? An access as from user mode needs the user's rights; a write needs the plain
 * write right as well, since a page without it may be write-protected. */
static int entry_allows(const struct vr_tlb_entry *e, uint64_t page, uint32_t access, uint32_t flags)
{
	if (access == VR_ACCESS_WRITE)
		return e->tag_write == page && (!(flags & VR_MF_UNPRIV) || (e->physical & VR_TLB_USER_WRITE));
	if (flags & VR_MF_UNPRIV)
		return (e->tag_read & ~(uint64_t)VR_TLB_NEVER) == page && (e->physical & VR_TLB_USER_READ);
	return e->tag_read == page;
}

/*
 * While user access is open, a page that only user rights allow has TLB tags for plain accesses. Such entries
 * are remembered (opened[]). Closing sets VR_TLB_NEVER in their tags and leaves the rest of the entry.
 * Opening changes no entry: the first access to such a page takes the slow path, which clears VR_TLB_NEVER
 * again (reopen()) without a page-table walk. When a remembered entry was refilled for another page or
 * emptied, closing it costs one walk, no more. A write tag is given back only where VR_TLB_USER_WRITE says
 * that writes were allowed: the page of an entry without it may be write-protected.
 */
static void close_entries(struct soft_vcpu *v)
{
	for (uint32_t i = 0; i < v->opened_count; i++) {
		v->opened[i]->tag_read |= VR_TLB_NEVER;
		v->opened[i]->tag_write |= VR_TLB_NEVER;
	}
	v->opened_count = 0;
}

static void remember(struct soft_vcpu *v, struct vr_tlb_entry *e)
{
	if (v->opened_count == SOFT_OPENED)
		close_entries(v);
	v->opened[v->opened_count++] = e;
}

void soft_user_access(struct vr_exec *x, uint32_t open)
{
	x->user_open = open != 0;
	if (!open)
		close_entries(soft_of(x));
}

static void reopen(struct soft_vcpu *v, struct vr_tlb_entry *e, uint64_t page)
{
	const uint64_t never = VR_TLB_NEVER;
	bool reads = (e->physical & VR_TLB_USER_READ) && e->tag_read == (page | never);
	bool writes = (e->physical & VR_TLB_USER_WRITE) && e->tag_write == (page | never);

	if (!reads && !writes)
		return;
	remember(v, e);
	e->tag_read = reads ? page : e->tag_read;
	e->tag_write = writes ? page : e->tag_write;
}

/* Fill the entry for the page. rights: of plain accesses; granted: the entry may allow writes. */
static void tlb_fill(struct soft_vcpu *v, uint64_t page, const uint8_t *host, uint64_t pa_page,
		     const struct vr_translation *t, uint32_t rights, bool granted)
{
	struct vr_exec *x = v->x;

	v->n.tlb_misses++;
	tlb_grow(v, vr_engine_exec(x)->mmu_context);
	struct vr_tlb_entry *e = tlb_entry(vr_engine_exec(x)->mmu_context, page);

	e->tag_read = rights & (1u << VR_ACCESS_READ) ? page : page | VR_TLB_NEVER;
	e->tag_write = granted ? page : page | VR_TLB_NEVER;
	if (granted)
		soft_mmu_info(vr_engine_exec(x)->mmu_context)
			->writable_filter[e - vr_engine_exec(x)->mmu_context->tlb] =
			soft_writable_filter(pa_page);
	e->addend = (uint64_t)(uintptr_t)host - page;
	e->physical = pa_page | (t->user_rights & (1u << VR_ACCESS_READ) ? VR_TLB_USER_READ : 0) |
		      (granted && (t->user_rights & (1u << VR_ACCESS_WRITE)) ? VR_TLB_USER_WRITE : 0);
	if (x->user_open && (t->user_rights & ~t->rights))
		remember(v, e);
	if (soft_log_on(v->vm, VR_DEBUGLOG_MMU))
		soft_log_fill(v, "data", page, pa_page, t, (rights & READS) | (granted ? WRITES : 0));
}

static int32_t part_find(struct soft_vcpu *v, uint64_t va, uint32_t bytes, uint32_t access, uint32_t flags,
			 struct part *p)
{
	struct vr_exec *x = v->x;
	uint64_t page = va & SOFT_PAGE_MASK;
	struct vr_tlb_entry *e = tlb_entry(vr_engine_exec(x)->mmu_context, va);
	bool writable;

	p->bytes = bytes;
	if (x->user_open)
		reopen(v, e, page);
	if (entry_allows(e, page, access, flags)) {
		p->host = (uint8_t *)(uintptr_t)(va + e->addend);
		p->physical = (e->physical & SOFT_PAGE_MASK) | (va & ~SOFT_PAGE_MASK);
		p->write_protected = 0;
		return 0;
	}
	struct vr_translation t = {.size = sizeof(t)};
	int32_t fault = v->vm->isa->translate(x, va, access, flags, &t);

	if (fault)
		return fault;
	uint64_t pa_page = t.physical & SOFT_PAGE_MASK;

	p->physical = t.physical;
	p->host = soft_ram_page(v->vm, pa_page, &writable);
	p->write_protected = 0;
	if (!p->host || (access == VR_ACCESS_WRITE && !writable)) {
		p->host = NULL;
		return 0;
	}
	/* In this order: see soft_ram_note_written(). */
	const uint32_t both = READS | WRITES;
	uint32_t rights = t.rights | (x->user_open ? t.user_rights : 0);
	bool granted = writable && (rights & both) == both && /* emitters take write for read as well */
		       soft_ram_note_written(v->vm, pa_page, access == VR_ACCESS_WRITE);
	struct soft_page *code = soft_page(v->vm, pa_page, false);

	p->write_protected = code && atomic_load(&code->write_protected);
	granted = granted && !p->write_protected;
	if (!soft_points_on_page(v, page, both))
		tlb_fill(v, page, p->host, pa_page, &t, rights, granted);
	p->host += va & ~SOFT_PAGE_MASK;
	return 0;
}

/* Both parts of [va, va+bytes). 0, or the fault number with *where = the faulting address. */
static int32_t parts_find(struct soft_vcpu *v, uint64_t va, uint32_t bytes, uint32_t access, uint32_t flags,
			  struct part p[2], uint64_t *where)
{
	uint32_t rest = SOFT_PAGE - (uint32_t)(va & (SOFT_PAGE - 1));
	uint32_t first = bytes < rest ? bytes : rest;
	int32_t fault = part_find(v, va, first, access, flags, &p[0]);

	*where = va;
	p[1].bytes = 0;
	if (!fault && first < bytes) {
		*where = va + first;
		fault = part_find(v, va + first, bytes - first, access, flags, &p[1]);
	}
	return fault;
}

static int32_t device(struct soft_vcpu *v, uint64_t pa, uint32_t bytes, uint32_t write, uint8_t *data)
{
	/* Wider or odd-sized accesses are cut into naturally aligned pieces of at most 8 bytes. */
	while (bytes) {
		uint32_t width = 8;

		while (width > bytes || (pa & (width - 1)))
			width >>= 1;
		uint64_t value = 0;

		if (write)
			memcpy(&value, data, width);
		v->n.mmio++;
		if (v->vm->mmio->access(v->vm->host, VR_SPACE_MMIO, v->index, pa, width, write, &value))
			return VR_FAULT_BUS;
		if (!write)
			memcpy(data, &value, width);
		pa += width;
		data += width;
		bytes -= width;
	}
	return 0;
}

/* Single-copy atomic for the natural sizes, as the guest expects of aligned accesses. Their order is access_plain()'s. */
static void copy_in(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
	switch (((uintptr_t)from & (bytes - 1)) == 0 ? bytes : 0) {
	case 2:
		*(uint16_t *)(void *)to =
			__atomic_load_n((const uint16_t *)(const void *)from, __ATOMIC_RELAXED);
		break;
	case 4:
		*(uint32_t *)(void *)to =
			__atomic_load_n((const uint32_t *)(const void *)from, __ATOMIC_RELAXED);
		break;
	case 8:
		*(uint64_t *)(void *)to =
			__atomic_load_n((const uint64_t *)(const void *)from, __ATOMIC_RELAXED);
		break;
	case 16: /* a pair, or a vector: each half by itself */
	case 32:
		copy_in(to, from, bytes / 2);
		copy_in(to + bytes / 2, from + bytes / 2, bytes / 2);
		break;
	default:
		memcpy(to, from, bytes);
	}
}

static void copy_out(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
	switch (((uintptr_t)to & (bytes - 1)) == 0 ? bytes : 0) {
	case 2:
		__atomic_store_n((uint16_t *)(void *)to, *(const uint16_t *)(const void *)from,
				 __ATOMIC_RELAXED);
		break;
	case 4:
		__atomic_store_n((uint32_t *)(void *)to, *(const uint32_t *)(const void *)from,
				 __ATOMIC_RELAXED);
		break;
	case 8:
		__atomic_store_n((uint64_t *)(void *)to, *(const uint64_t *)(const void *)from,
				 __ATOMIC_RELAXED);
		break;
	case 16:
	case 32:
		copy_out(to, from, bytes / 2);
		copy_out(to + bytes / 2, from + bytes / 2, bytes / 2);
		break;
	default:
		memcpy(to, from, bytes);
	}
}

static int32_t transfer(struct soft_vcpu *v, const struct part *p, uint32_t write, uint8_t *data)
{
	if (!p->host)
		return device(v, p->physical, p->bytes, write, data);
	if (!write) {
		copy_in(data, p->host, p->bytes);
		return 0;
	}
	copy_out(p->host, data, p->bytes);
	if (p->write_protected) {
		v->n.code_writes++;
		soft_code_written(v->vm, v, p->physical, p->bytes);
	}
	return 0;
}

/* A debug point stops the access of these kinds (READS, WRITES): VR_FAULT_DEBUG, and *where and *access are
 * its first byte and VR_ACCESS_*. before: VR_DEBUG_BEFORE_FAULTS, or 0 once no fault was found. A point of
 * the debugger's outside: SOFT_STOPPED. */
static int32_t stopped_at_point(struct soft_vcpu *v, uint32_t before, uint64_t va, uint32_t bytes,
				uint32_t kinds, uint32_t flags, uint64_t *where, uint32_t *access)
{
	if (!before && soft_stopped(v, va, bytes, kinds))
		return SOFT_STOPPED;
	if (!v->points.count || (v->points.flags & VR_DEBUG_BEFORE_FAULTS) != before)
		return 0;
	uint32_t as = soft_points_match(v, va, bytes, kinds, flags, where);

	if (!as)
		return 0;
	*access = as & READS ? VR_ACCESS_READ : VR_ACCESS_WRITE;
	return VR_FAULT_DEBUG;
}

/*
 * Order, on any host, by C11's fences: they make the access an acquire or a release, whatever pieces it is made of. Under TSO
 * every one is; else those that say so. A store that says so is followed by a full fence, so that a later load that says so is not
 * seen before it.
 */
static void before_store(const struct soft_vcpu *v, uint32_t flags)
{
	if ((flags & (VR_MF_SC | VR_MF_RELEASE)) || v->vm->memory_order == VR_ORDER_TSO)
		atomic_thread_fence(memory_order_release);
}

static void after_access(const struct soft_vcpu *v, uint32_t write, uint32_t flags)
{
	if (write) {
		if (flags & (VR_MF_SC | VR_MF_RELEASE))
			atomic_thread_fence(memory_order_seq_cst);
	} else if ((flags & (VR_MF_SC | VR_MF_ACQUIRE)) || v->vm->memory_order == VR_ORDER_TSO) {
		atomic_thread_fence(memory_order_acquire);
	}
}

/* A whole plain access. 0, or fault and address. */
static int32_t access_plain(struct soft_vcpu *v, uint64_t va, uint32_t bytes, uint32_t write, uint32_t flags,
			    uint8_t *data, uint64_t *where)
{
	struct part p[2];
	uint32_t access = write ? VR_ACCESS_WRITE : VR_ACCESS_READ;
	int32_t fault = parts_find(v, va, bytes, access, flags, p, where);

	if (!fault)
		fault = stopped_at_point(v, 0, va, bytes, 1u << access, flags, where, &access);
	if (fault)
		return fault;
	if (write)
		before_store(v, flags);
	fault = transfer(v, &p[0], write, data);
	/* A bus error is reported at its part. parts_find() left *where at the second part, when there is
	 * one. */
	if (fault) {
		*where = va;
	} else if (p[1].bytes) {
		fault = transfer(v, &p[1], write, data + p[0].bytes);
	}
	after_access(v, write, flags);
	return fault;
}

/* Read-modify-write of parts that are not one aligned piece of RAM, while all other vCPUs stand: a read and a write. */
static int32_t access_alone(struct soft_vcpu *v, uint32_t op, uint64_t va, uint32_t log2, uint32_t kind,
			    uint32_t flags, const struct part p[2], const union vr_v128 *a,
			    const union vr_v128 *b, union vr_v128 *result, uint64_t *where)
{
	_Alignas(16) uint8_t data[16] = {0};
	int32_t fault = 0;

	v->n.alone++;
	for (uint32_t n = 0; n < 2 && p[n].bytes && !fault; n++) {
		uint8_t *at = data + (n ? p[0].bytes : 0);
		struct part from = p[n];

		*where = n ? va + p[0].bytes : va;
		/* What takes no writes may be memory all the same. */
		if (!from.host)
			fault = part_find(v, *where, from.bytes, VR_ACCESS_READ, flags, &from);
		fault = fault ? fault : transfer(v, &from, 0, at);
	}
	if (fault)
		return fault;
	soft_rmw(op, log2, kind, data, a, b, result);
	for (uint32_t n = 0; n < 2 && p[n].bytes && !fault; n++) {
		*where = n ? va + p[0].bytes : va;
		fault = transfer(v, &p[n], 1, data + (n ? p[0].bytes : 0));
	}
	return fault;
}

/* Read-modify-write ops: one aligned piece of RAM, or with VR_MF_SPLIT anything. */
static int32_t access_atomic(struct soft_vcpu *v, uint32_t op, uint64_t va, uint32_t log2, uint32_t kind,
			     uint32_t flags, const union vr_v256 *a, const union vr_v256 *b,
			     union vr_v256 *result, uint32_t kinds, uint64_t *where, uint32_t *access)
{
	struct part p[2];
	const union vr_v128 *first = a->half, *second = b ? b->half : NULL; /* AMO has one operand */
	uint32_t bytes = 1u << log2;
	bool aligned = !(va & (bytes - 1));

	*where = va;
	if (!aligned && !(flags & VR_MF_SPLIT))
		return VR_FAULT_ALIGN;
	int32_t fault = parts_find(v, va, bytes, VR_ACCESS_WRITE, flags, p, where);

	if (!fault)
		fault = stopped_at_point(v, 0, va, bytes, kinds, flags, where, access);
	if (fault)
		return fault;
	if (!p[0].host && !(flags & VR_MF_SPLIT))
		return VR_FAULT_BUS;
	*result = (union vr_v256){.d = {0}};
	if (!aligned || !p[0].host || !soft_rmw_is_atomic(log2)) {
		if (v->vm->vcpu_count > 1 && !v->alone) {
			soft_request(v->x, SOFT_REQ_ALONE);
			return SOFT_ALONE;
		}
		return access_alone(v, op, va, log2, kind, flags, p, first, second, result->half, where);
	}
	soft_rmw(op, log2, kind, p[0].host, first, second, result->half);
	if (p[0].write_protected) {
		v->n.code_writes++;
		soft_code_written(v->vm, v, p[0].physical, bytes);
	}
	return 0;
}

static uint64_t sign_extend(uint64_t value, uint32_t log2, uint32_t type)
{
	uint32_t shift = 64 - (8u << log2);

	value = (uint64_t)((int64_t)(value << shift) >> shift);
	return type == VR_T_I32 ? (uint32_t)value : value;
}

/* READS, WRITES: what a debug point sees of a memory op. */
static uint32_t kinds_of(uint32_t op, uint32_t flags)
{
	if (vr_ir_ops[op].imm == VR_IMM_ACCESS)
		return vr_ir_ops[op].value_type == VR_T_NONE ? WRITES : READS;
	return flags & VR_MF_STORE ? WRITES : READS | WRITES;
}

/* One memory op. 0, or the fault with *where and *access. */
static int32_t perform(struct soft_vcpu *v, uint64_t descriptor, uint64_t va, const union vr_v256 *a,
		       const union vr_v256 *b, union vr_v256 *result, uint64_t *where, uint32_t *access)
{
	uint32_t op = descriptor & 0xffff, type = (descriptor >> 16) & 0xff, aux = (descriptor >> 24) & 0xff;
	uint32_t flags = (descriptor >> 32) & 0xffff, kind = (uint32_t)(descriptor >> 48);
	uint32_t log2 = aux & 7, bytes = 1u << log2;
	uint32_t total = bytes << (vr_ir_ops[op].attribute == VR_ATTRIBUTE_PAIR);
	uint32_t kinds = kinds_of(op, flags);
	_Alignas(16) uint8_t data[32];

	*where = va;
	*access = kinds == READS ? VR_ACCESS_READ : VR_ACCESS_WRITE;
	int32_t fault = stopped_at_point(v, VR_DEBUG_BEFORE_FAULTS, va, total, kinds, flags, where, access);

	if (fault)
		return fault;
	/* The address of a pair must be aligned to one element; an exclusive pair passes a single element. */
	if ((flags & VR_MF_ALIGN) && (va & (bytes - 1)))
		return VR_FAULT_ALIGN;
	switch (op) {
	case VR_IR_LOAD:
	case VR_IR_LOADP:
		fault = access_plain(v, va, total, 0, flags, data, where);
		if (fault)
			return fault;
		memset(result, 0, 2 * sizeof(*result));
		memcpy(&result[0], data, bytes);
		if (op == VR_IR_LOADP)
			memcpy(&result[1], data + bytes, bytes);
		if (aux & VR_MS_SIGN) {
			result[0].d[0] = sign_extend(result[0].d[0], log2, type);
			result[1].d[0] = sign_extend(result[1].d[0], log2, type);
		}
		return 0;
	case VR_IR_STORE:
	case VR_IR_STOREP:
		memcpy(data, a, bytes);
		if (op == VR_IR_STOREP)
			memcpy(data + bytes, b, bytes);
		return access_plain(v, va, total, 1, flags, data, where);
	default:
		return access_atomic(v, op, va, log2, kind, flags, a, b, result, kinds, where, access);
	}
}

/* The guest sees the fault; not so a stop for the debugger, or for an access that must be made alone. */
static void take_fault(struct soft_vcpu *v, uint64_t where, uint32_t access, int32_t fault)
{
	if (fault == SOFT_STOPPED || fault == SOFT_ALONE)
		return;
	v->n.faults++;
	if (soft_log_on(v->vm, VR_DEBUGLOG_MMU))
		soft_log_fault(v, where, access, fault);
	v->vm->isa->fault(v->x, where, access, fault);
}

int32_t soft_access(struct vr_exec *x, uint64_t descriptor, uint64_t address, const union vr_v256 *a,
		    const union vr_v256 *b, union vr_v256 *result)
{
	struct soft_vcpu *v = soft_of(x);
	uint64_t where;
	uint32_t access;
	int32_t fault = perform(v, descriptor, address, a, b, result, &where, &access);

	if (fault)
		take_fault(v, where, access, fault);
	return fault;
}

/* An FP op that may take an exception (VR_FPA_TRAPS). */
static uint64_t fp_traps(struct vr_exec *x)
{
	struct vr_engine_exec *e = vr_engine_exec(x);

	soft_sync_guest_regs(x);
	return soft_of(x)->vm->isa->fp_slow(x, (uint32_t)e->descriptor, e->address, e->result[0].half,
					    e->argument[0].half, e->argument[1].half,
					    e->argument[2].half) != 0;
}

uint64_t soft_memory(struct vr_exec *x)
{
	struct soft_vcpu *v = soft_of(x);

	if (vr_ir_ops[vr_engine_exec(x)->descriptor & 0xffff].op_class == VR_IRC_FP)
		return fp_traps(x);
	uint64_t where;
	uint32_t access;

	v->n.slow_memory++;
	int32_t fault = perform(v, vr_engine_exec(x)->descriptor, vr_engine_exec(x)->address,
				&vr_engine_exec(x)->argument[0], &vr_engine_exec(x)->argument[1],
				vr_engine_exec(x)->result, &where, &access);

	if (!fault)
		return 0;
	soft_sync_guest_regs(x);
	take_fault(v, where, access, fault);
	return 1;
}

static int32_t env_access(struct vr_exec *x, uint64_t va, uint32_t bytes, uint32_t write, uint32_t flags,
			  uint8_t *data)
{
	struct soft_vcpu *v = soft_of(x);
	uint64_t where = va;
	uint32_t access = write ? VR_ACCESS_WRITE : VR_ACCESS_READ;
	int32_t fault =
		stopped_at_point(v, VR_DEBUG_BEFORE_FAULTS, va, bytes, 1u << access, flags, &where, &access);

	if (!fault)
		fault = (flags & VR_MF_ALIGN) && (va & (bytes - 1))
				? VR_FAULT_ALIGN
				: access_plain(v, va, bytes, write, flags, data, &where);
	if (fault) {
		take_fault(v, where, access, fault);
		x->leave = 1;
	}
	return fault;
}

int32_t soft_env_read(struct vr_exec *x, uint64_t va, uint32_t bytes, uint32_t flags, void *out)
{
	return env_access(x, va, bytes, 0, flags, out);
}

int32_t soft_env_write(struct vr_exec *x, uint64_t va, uint32_t bytes, uint32_t flags, const void *in)
{
	_Alignas(16) uint8_t data[16];

	memcpy(data, in, bytes < sizeof(data) ? bytes : sizeof(data));
	return env_access(x, va, bytes < sizeof(data) ? bytes : sizeof(data), 1, flags, data);
}

/* The write comes before `write_protected` is read, and soft_find() sets that before it reads the code: one
 * of both sees the other. */
int32_t soft_env_exchange(struct vr_exec *x, uint64_t pa, uint64_t expected, uint64_t desired)
{
	struct soft_vcpu *v = soft_of(x);
	bool writable;
	uint8_t *page = soft_ram_page(v->vm, pa, &writable);

	if (!page || !writable || (pa & 7))
		return VR_E_PERM;
	if (v->walking)
		return 1;
	if (!__atomic_compare_exchange_n((uint64_t *)(void *)(page + (pa & ~SOFT_PAGE_MASK)), &expected,
					 desired, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return 0;
	const struct soft_page *code = soft_page(v->vm, pa, false);

	if (code && atomic_load(&code->write_protected))
		soft_code_written(v->vm, v, pa, 8);
	return 1;
}
