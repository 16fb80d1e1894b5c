/* SPDX-License-Identifier: MIT */
/*
 * soft.h: the software engine's own structures.
 *
 *   vm ── memslots ── pages ── regions ── entries (hash by pc, page, mode)
 *    ├── segments of the code cache, which own regions, entries and exits
 *    └── vcpus ── exec block, MMU contexts (TLB, indirect-branch cache, return-address stack; one for each
 *                 address space and mode)
 *
 * A pc is a linear address, but where it is called a place: bytes from the base of the page (ir.h).
 *
 * Files call each other in one direction:
 *
 *   plugin.c -> vcpu.c -> dispatch.c -> tier0.c -> memory.c -> cache.c -> region.c -> optimize.c -> its passes
 *                  └── evict.c                              ├────── copy.c
 *                                                           └────── links.c
 *
 * and all of them entries.c, segments.c, mappings.c, points.c, mmu_context.c, ram.c, arena.c.
 *
 * Locks. `vm->code_lock` guards everything about translated code: pages' region lists, changes of the entry
 * table (it is read without), links, the cache's segments. MMU contexts are touched by their vCPU's thread only;
 * other vCPUs post flush requests (vcpu->request_lock). Code memory is reclaimed only in an exclusive
 * section, when no vCPU is inside generated code.
 */
#ifndef SOFT_H
#define SOFT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmrun/debugger.h>
#include <vmrun/host.h>
#include <vmrun/emitter.h>

#include "host_error.h"
#include "plugin_entry.h"

#define SOFT_PAGE 4096u
#define SOFT_PAGE_MASK (~(uint64_t)(SOFT_PAGE - 1))
#define SOFT_MAX_MEMSLOTS 32
#define SOFT_GUEST_REGS 256   /* guest registers that the optimiser looks at, at most */
#define SOFT_IR_BLOCKS 32     /* of a region; a set of them is 64 bits */
#define SOFT_REGION_EXITS 256 /* of a region, at most */
#define SOFT_MAX_VCPUS 64
#define SOFT_MMU_CONTEXTS 32
#define SOFT_ITLB 256
#define SOFT_SEGMENTS 32          /* of the code cache, at most; a set of them is 64 bits */
#define SOFT_CACHE_MAX (1u << 30) /* bytes of host code; jumps reach all of it */
#define SOFT_RAS_EMPTY UINT64_MAX /* pc of a return-address stack's empty entry */

/* exec.exit_request bits. */
#define SOFT_REQ_INTERRUPT 1u /* look at interrupts */
#define SOFT_REQ_FLUSH 2u     /* TLB requests are queued */
#define SOFT_REQ_STOP 4u      /* another vCPU needs every vCPU outside generated code */
#define SOFT_REQ_WAIT 8u      /* WFI */
#define SOFT_REQ_KICK 16u     /* the core wants vcpu_run to return */
#define SOFT_REQ_FULL 32u     /* this vCPU found the code cache full */
#define SOFT_REQ_YIELD 64u    /* this vCPU kicked others (soft_vcpu.kicked): it lets them run first */
#define SOFT_REQ_DEBUG 128u   /* this vCPU stopped for the debugger: soft_vcpu.stop */
#define SOFT_REQ_ALONE \
	256u /* the instruction at exec.pc is to be carried out while all other vCPUs stand: see vcpu.c */

/* X-macro of the counters: name as reported, description. One set a vCPU; added up for reports. */
#define SOFT_COUNTERS(C)                                                                                 \
	C(lookups, "lookups", "dispatcher look-ups")                                                     \
	C(lookup_table, "lookup_table_hits", "look-ups answered by the code table")                      \
	C(links, "links", "direct links made")                                                           \
	C(links_refused, "refused_links", "links that the emitter refused: out of reach")                \
	C(link_refills, "link_refills", "page links whose mapping had to be confirmed")                  \
	C(translations, "translations", "regions translated")                                            \
	C(translated_blocks, "translated_blocks", "blocks in them")                                      \
	C(translated_insns, "translated_insns", "guest instructions in them")                            \
	C(translated_bytes, "translated_bytes", "host code bytes")                                       \
	C(translate_ns, "translate_ns", "time spent translating")                                        \
	C(copies, "copies", "regions copied, for a page at another address")                             \
	C(copied_insns, "copied_insns", "guest instructions in them")                                    \
	C(copied_bytes, "copied_bytes", "host code bytes of them")                                       \
	C(copy_ns, "copy_ns", "time spent copying")                                                      \
	C(hot, "hot_regions", "regions of tier 2 for code that has become hot")                          \
	C(hot_insns, "hot_insns", "guest instructions in them")                                          \
	C(hot_bytes, "hot_bytes", "host code bytes of them")                                             \
	C(hot_ns, "hot_ns", "time spent translating them")                                               \
	C(tlb_misses, "tlb_misses", "TLB refills")                                                       \
	C(tlb_resizes, "tlb_resizes", "TLB growths")                                                     \
	C(tlb_flush_all, "tlb_flush_all", "whole flushes")                                               \
	C(tlb_flush_asid, "tlb_flush_asid", "address-space flushes")                                     \
	C(tlb_flush_va, "tlb_flush_va", "range flushes")                                                 \
	C(slow_memory, "slow_memory", "memory ops on the slow path")                                     \
	C(mmio, "mmio", "device accesses")                                                               \
	C(faults, "faults", "memory faults raised in the guest")                                         \
	C(interrupts, "interrupts", "interrupts taken")                                                  \
	C(waits, "waits", "times asleep")                                                                \
	C(kicks, "kicks", "returns to the core")                                                         \
	C(yields, "yields", "times that a vCPU let kicked ones run first")                               \
	C(mmu_context_switches, "mmu_context_switches", "changes of address space or mode")              \
	C(mmu_context_recycles, "mmu_context_recycles", "MMU contexts taken from another address space") \
	C(code_writes, "code_writes", "writes to pages with translated code")                            \
	C(invalidated, "invalidated_regions", "regions dropped")                                         \
	C(cache_flushes, "cache_flushes", "whole code cache flushes")                                    \
	C(evictions, "evictions", "times that the oldest part of the code cache made room")              \
	C(evicted, "evicted_regions", "regions dropped for that")                                        \
	C(alone, "exclusive_instructions", "instructions carried out while all other vCPUs stood")       \
	C(interpreted, "interpreted_blocks", "blocks run by the interpreter")                            \
	C(refused, "refused_translations", "instructions that the emitter refused: they are interpreted")

struct soft_counters {
#define C(field, name, text) uint64_t field;
	SOFT_COUNTERS(C)
#undef C
};

/* What translated code depends on besides its bytes and its place. */
struct soft_mode {
	uint64_t flags; /* vr_exec.mode_flags | SOFT_MODE_CHECKED */
	struct vr_code_space code;
};
static inline bool soft_code_space_same(const struct vr_code_space *a, const struct vr_code_space *b)
{
	return a->base == b->base && a->ignored == b->ignored && a->linear_ignored == b->linear_ignored;
}
static inline bool soft_mode_same(const struct soft_mode *a, const struct soft_mode *b)
{
	return a->flags == b->flags && soft_code_space_same(&a->code, &b->code);
}

struct soft_vm;
struct soft_region;
struct soft_log;

/* One entry point into translated code: guest pc + page + mode -> host address. The mode is the region's. */
struct soft_entry {
	struct soft_entry *hash_next;
	struct soft_entry *origin_next;
	struct soft_region *region;
	uint64_t pc;       /* linear address */
	uint32_t host;     /* offset in the code memory; interpreted: 0 */
	uint32_t incoming; /* first exit linked here (exit number + 1), 0: none */
	uint8_t block;     /* interpreted: block index in region->ir */
	uint8_t alone;     /* only the look-up may lead here: it logs each entry */
	uint8_t origin;    /* it is its place's origin: entries.c */
};

/* A direct exit of a region. Its number: segments.c. */
struct soft_exit {
	struct soft_entry *target; /* linked to, or NULL */
	struct soft_page *page;    /* that a link has led to, or NULL */
	struct vr_exit_site site;
	uint32_t region;                           /* soft_region_numbered() */
	uint32_t mapping_id;                       /* value set in site.check, for `page` */
	uint32_t next_incoming, previous_incoming; /* list at target: exit number + 1 */
};

struct soft_page; /* see below */

#define SOFT_TAIL_MAX 16 /* no instruction is longer */

/* What few regions have. */
struct soft_rare {
	struct vr_code_space code;
	/* Page-crossing tail: a region that is one instruction, which continues on the next page. See
	 * is_current(). */
	uint32_t tail_size;          /* bytes of it on the next page, 0: none */
	uint32_t tail_offset;        /* where on the next page: soft_tail_address() */
	uint8_t tail[SOFT_TAIL_MAX]; /* their contents */
	struct soft_region *tail_next;
	struct soft_page *tail_page; /* in whose tail_regions it is, or NULL */
	uint32_t
		guarded; /* as soft_entry.host: entry that compares the next page's page-mapping id first, 0: none */
};

/*
 * A region, in one piece with what is noted about its code: as many as `count` says of
 *
 *   entries, pinned registers, fault points (vr_fault_point()), relocations
 */
struct soft_region_counts {
	uint32_t points, relocations;
	uint16_t exits, insns;
	uint8_t entries, pinned;
};
_Static_assert(SOFT_IR_BLOCKS < 256 && SOFT_REGION_EXITS < 65536 && VR_PINNED_MAX < 256, "counts");
#define SOFT_NO_RELOCATIONS UINT32_MAX /* it can't be copied */

struct soft_region {
	struct soft_page *page;
	struct soft_region *page_next;
	struct soft_region *segment_next;
	struct soft_rare *rare; /* NULL: the code space is that of 64-bit addresses, and there is no tail */
	struct vr_ir *ir;       /* not NULL: interpreted, there is no code */
	uint64_t refers;        /* bit k: the code holds addresses of entries of segment k, another one */
	uint64_t va_page;
	uint64_t mode_flags;
	uint32_t code_offset; /* in the code memory */
	uint32_t code_size;
	uint32_t exit_first;
	struct soft_region_counts count;
	uint8_t segment;
	uint8_t dead;
	uint8_t quick; /* made by tier 1: one block, which counts its entries */
	struct soft_entry entries[];
};
static inline struct vr_pinned_reg *soft_region_pinned(struct soft_region *g)
{
	return (struct vr_pinned_reg *)(void *)&g->entries[g->count.entries];
}
static inline uint32_t *soft_region_points(struct soft_region *g)
{
	return (uint32_t *)(void *)(soft_region_pinned(g) + g->count.pinned);
}
static inline uint16_t *soft_region_relocations(struct soft_region *g)
{
	return (uint16_t *)(void *)(soft_region_points(g) + g->count.points);
}
static inline bool soft_region_in_mode(const struct soft_region *g, const struct soft_mode *mode)
{
	static const struct vr_code_space plain;

	return g->mode_flags == mode->flags &&
	       soft_code_space_same(g->rare ? &g->rare->code : &plain, &mode->code);
}
static inline struct soft_mode soft_region_mode(const struct soft_region *g)
{
	return (struct soft_mode){.flags = g->mode_flags,
				  .code = g->rare ? g->rare->code : (struct vr_code_space){0}};
}
static inline uint32_t soft_region_tail(const struct soft_region *g)
{
	return g->rare ? g->rare->tail_size : 0;
}

/* A guest-physical page that holds translated code (or did). */
#define SOFT_FILTER_WORDS 16u
struct soft_page {
	uint64_t physical;
	struct soft_region *regions;
	struct soft_region *tail_regions; /* regions of the page before whose tails are here */
	struct soft_mapping *mappings;
	struct soft_page *all_next;
	/* Not 0: the page is write-protected, or about to be: see the head of cache.c. Bit 0: protection is
	 * complete. */
	_Atomic uint64_t write_protected;
	/* Where entries of its regions are, or were: bit soft_place_bit(place). Changed under code_lock. */
	_Atomic uint64_t entry_filter[SOFT_FILTER_WORDS];
	uint32_t has_dead; /* during an eviction: regions that die with it are in the lists */
};
static inline uint32_t soft_place_bit(uint64_t place)
{
	return (uint32_t)(place >> 2) & (SOFT_FILTER_WORDS * 64 - 1);
}
/* false: no entry of the page is at that place, at any address. */
static inline bool soft_page_may_have_entry(const struct soft_page *page, uint64_t place)
{
	const uint32_t bit = soft_place_bit(place);

	return atomic_load_explicit(&page->entry_filter[bit / 64], memory_order_relaxed) >> bit % 64 & 1;
}
/* Protection is complete: every write takes the slow path, so code that is read now is invalidated when it
 * changes. */
static inline bool soft_page_protected(const struct soft_page *page)
{
	return atomic_load(&page->write_protected) & 1;
}

/* A (virtual page, physical page) pair and its page-mapping id. */
struct soft_mapping {
	struct soft_mapping *next;
	uint64_t va_page;
	uint32_t id;
	uint32_t used; /* fetched since the last sweep */
};

/* A part of the code cache: segments.c. */
struct soft_segment {
	uint64_t start, end,
		top,             /* code memory [start, end), used up to top: bytes from the memory's start */
		committed;       /* the host has been asked for memory up to there */
	struct soft_arena *meta; /* regions, entries, fault points, kept IR */
	struct soft_region *all; /* every region, the newest first */
	struct soft_region **regions; /* those with code, by rising code_offset */
	uint32_t region_count, region_capacity;
	struct soft_exit *exits;
	uint32_t exit_count, exit_capacity;
};

struct soft_itlb_entry {
	uint64_t va_page; /* with bit 0 set: empty */
	struct soft_page *page;
	const uint8_t *host; /* of the page */
	uint32_t mapping_id;
	uint32_t checked; /* the page has a debug point for instructions: see points.c */
};

/* A translation's mode flags are vr_exec.mode_flags, and this one for a checked page. */
#define SOFT_MODE_CHECKED (UINT64_C(1) << 63)
static inline struct soft_mode soft_mode(const struct vr_exec *x, const struct soft_itlb_entry *it)
{
	return (struct soft_mode){.flags = x->mode_flags | (it->checked ? SOFT_MODE_CHECKED : 0),
				  .code = x->code};
}

/* A vCPU's debug points; addresses are masked. */
struct soft_points {
	uint32_t count, flags;
	uint64_t mask;
	struct vr_debug_point point[VR_DEBUG_POINTS];
};

/* The engine's words in vr_mmu_context.engine[]. */
struct soft_mmu_info {
	uint64_t asid, mode_flags;
	struct vr_code_space code;
	uint64_t stamp;   /* of the last switch to it */
	uint64_t refills; /* since the last growth or flush */
	struct soft_itlb_entry *itlb;
	uint8_t *writable_filter; /* a byte for each TLB entry that may write: soft_writable_filter() */
	/* Bit soft_code_bit(va): code of the page at va may have been fetched since the context was cleared. */
	uint64_t *code_filter;
	uint64_t valid; /* in use for (asid, mode flags, code space) */
};

struct soft_request {
	uint32_t kind;
	uint32_t reserved;
	uint64_t asid, va, length;
};
#define SOFT_REQUESTS 64
#define SOFT_OPENED 32

struct soft_vcpu {
	struct soft_vm *vm;
	struct vr_exec *x;
	size_t x_size;
	uint32_t index;
	uint32_t created;
	_Atomic uint32_t in_code; /* inside generated code, the interpreter, or a helper that they call */
	_Atomic uint32_t parked;
	_Atomic uint32_t running; /* in soft_vcpu_run() */
	uint64_t kicked;          /* bit i: this vCPU's thread kicked vCPU i since it was last outside */
	struct vr_mmu_context *mmu_contexts[SOFT_MMU_CONTEXTS];
	uint32_t mmu_context_count;
	uint64_t stamp;
	pthread_mutex_t request_lock;
	struct soft_request requests[SOFT_REQUESTS];
	uint32_t request_count;
	uint32_t request_overflow; /* flush everything instead */
	_Atomic uint64_t posted, done;
	struct vr_tlb_entry *opened[SOFT_OPENED]; /* see soft_user_access() */
	uint32_t opened_count;
	uint32_t epoch;        /* of the code cache whose addresses the MMU contexts hold */
	uint32_t evictions;    /* vm->evictions when they last dropped what was evicted */
	uint32_t full_again;   /* times in a row that an empty segment was full for this vCPU */
	uint32_t full_segment; /* that was full for it */
	int32_t full_error;
	union vr_v256 *values; /* the interpreter's */
	uint32_t value_capacity;
	struct soft_points points;
	/* For the debugger outside: see stop.c, step.c. */
	struct vr_exit stop;
	uint32_t stepping;
	uint32_t alone;   /* all other vCPUs stand: see vcpu.c */
	uint32_t walking; /* a walk of the page tables that marks nothing in them */
	struct soft_step *step;
	struct vr_isa_env env;
	struct soft_counters n;
};

static inline struct soft_vcpu *soft_vcpu_of(struct vr_vcpu *vcpu)
{
	return (struct soft_vcpu *)vcpu;
}

struct soft_memslot {
	uint64_t gpa, length;
	uint8_t *host;
	uint32_t used, flags;
	struct soft_page **pages; /* [length / 4096], lazily touched */
	_Atomic uint64_t
		*written; /* one bit for each page: some TLB may have, or has had, the right to write it */
};

struct soft_vm {
	const struct vr_host *host;
	const struct vr_host_mmio *mmio;
	const struct vr_host_timer *timer;
	const struct vr_host_thread *thread;
	const struct vr_host_codecache *codecache;
	const struct vr_isa *isa;
	struct vr_isa_vm *isa_vm;
	const struct vr_emit *emit; /* NULL: tier 0 */
	struct vr_emit_vm *emitter;
	uint32_t vcpu_count;
	uint32_t region_insns;
	bool quick;            /* code is made by tier 1 first */
	uint32_t heat_step;    /* of vr_emit_job, for that; 0: tier 2 makes none of it again */
	bool verify;           /* every lifted block: verify.c */
	bool copies;           /* of regions, for other addresses: copy.c */
	char translator[65];   /* its id, for messages */
	uint32_t count;        /* entries into regions */
	uint32_t memory_order; /* VR_ORDER_*: the isa's */
	struct soft_vcpu *vcpus[SOFT_MAX_VCPUS];
	struct soft_memslot memslots[SOFT_MAX_MEMSLOTS];
	struct vr_stop_point *stops; /* the debugger's points, of all vCPUs */
	uint32_t stop_count;

	/* exclusive sections */
	pthread_mutex_t exclusive_lock;
	_Atomic uint32_t exclusive;

	/* code (code_lock) */
	pthread_mutex_t code_lock;
	struct vr_code_memory code;
	uint64_t thunks_end; /* in the code memory */
	uint64_t code_peak;
	uint64_t ras_default;
	uint64_t cache_limit; /* bytes; 0: follows the guest's RAM */
	struct soft_segment segments[SOFT_SEGMENTS];
	uint32_t segment_count; /* 0: not begun yet */
	uint32_t segment;       /* the current one */
	uint64_t segment_bytes;
	uint64_t
		meta_limit; /* bytes that all segments may hold besides code, and the mappings for themselves */
	/* Host addresses of the code that was evicted last. Set before `evictions` rises. */
	uint64_t evicted_first, evicted_end;
	_Atomic uint32_t evictions; /* rises with each */
	_Atomic uint32_t epoch;     /* rises when the cache is emptied */
	struct soft_arena *pages_arena;
	struct soft_page *pages_all;
	struct soft_entry **table;   /* hash */
	struct soft_entry **origins; /* another one, as large: entries.c */
	uint32_t table_mask, entry_count;
	bool table_stays; /* there was no memory for a larger one */
	struct soft_arena *mappings_arena;
	struct soft_mapping *mappings_free;
	uint32_t mapping_count, mapping_last; /* listed; the last id */
	_Atomic uint64_t protections;         /* how often a page's protection was begun */
	/* translation scratch (code_lock) */
	struct soft_scratch *scratch;
	uint8_t refused[(VR_IR_COUNT + 7) / 8]; /* ops: the refusal has been logged */
	struct soft_log *log;                   /* NULL: nothing is wanted; see log.h */
};

static inline struct soft_vm *soft_vm_of(struct vr_vm *vm)
{
	return (struct soft_vm *)vm;
}

/* -- plugin.c -- */
extern const struct vr_accel soft_accel;
struct soft_plugin {
	struct vr_plugin_instance instance;
	uint64_t tier;
	uint64_t cache;
	uint64_t region_insns;
	uint64_t hot;
	bool verify, copies;
};

static inline struct soft_plugin *soft_plugin_of(struct vr_plugin_self *self)
{
	return (struct soft_plugin *)self;
}

static inline struct soft_vcpu *soft_of(struct vr_exec *x)
{
	return (struct soft_vcpu *)x->engine;
}
static inline struct soft_mmu_info *soft_mmu_info(struct vr_mmu_context *c)
{
	_Static_assert(sizeof(struct soft_mmu_info) <= sizeof(((struct vr_mmu_context *)0)->engine),
		       "the engine's words");
	return (struct soft_mmu_info *)(void *)c->engine;
}

/* soft_error(vm, code, format, ...): note an error (printf-like) with the core. Is code. */
#define soft_error(vm, ...) vr_host_error((vm)->host, __VA_ARGS__)
/* -- complete.c -- */
/* The member, as "vr_isa.lift", without which the table can't be used; NULL: it is complete. */
const char *soft_isa_lacks(const struct vr_isa *isa);
const char *soft_emit_lacks(const struct vr_emit *emit);

/* -- emitter.c -- */
/* What compiles for this VM; NULL: nothing can, and it is interpreted. What is unexpected of that has been said. */
const struct vr_emit *soft_emitter(struct soft_vm *vm, const struct vr_vm_config *c);

/* -- arena.c: memory that is freed all at once -- */
struct soft_arena *soft_arena_new(void);
void *soft_arena_alloc(struct soft_arena *a, size_t bytes); /* zeroed, 16-aligned; NULL: no memory */
void soft_arena_reset(struct soft_arena *a);
void soft_arena_free(struct soft_arena *a);
uint64_t soft_arena_used(const struct soft_arena *a);

/* -- ram.c -- */
/* Host address of guest RAM, or NULL. */
uint8_t *soft_ram(struct soft_vm *vm, uint64_t pa, uint64_t length);
/* The page that pa lies in, for an access: *writable when it may be written (read-only memory may have a
 * device under it that takes the writes). */
uint8_t *soft_ram_page(struct soft_vm *vm, uint64_t pa, bool *writable);
/* A TLB entry is about to get the right to write the page. now: a write is taking place, so note it; else the
 * right is given only if some TLB has had it. Returns whether the entry may have the right; the caller must
 * also look at soft_page.write_protected, and after this call. */
bool soft_ram_note_written(struct soft_vm *vm, uint64_t pa, bool now);
/* May some TLB have the right to write the page? Clears the note. */
bool soft_ram_take_written(struct soft_vm *vm, uint64_t pa);
int32_t soft_memslot_init(struct soft_memslot *s, uint64_t gpa, uint64_t length, void *host, uint32_t flags);
void soft_memslot_fini(struct soft_memslot *s);
/* The page descriptor. make: create it when missing; code_lock is held then. */
struct soft_page *soft_page(struct soft_vm *vm, uint64_t pa, bool make);

/* -- mmu_context.c: MMU contexts and TLBs -- */
int32_t soft_mmu_init(struct soft_vcpu *v);
void soft_mmu_fini(struct soft_vcpu *v);
void soft_mmu_clear(struct soft_vcpu *v, struct vr_mmu_context *c);
void soft_ras_clear(struct soft_vcpu *v, struct vr_mmu_context *c);
#define SOFT_CODE_FILTER_LOG2 13
static inline uint32_t soft_code_bit(uint64_t va)
{
	return (uint32_t)((va >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SOFT_CODE_FILTER_LOG2));
}
void soft_mmu_forget(struct soft_vcpu *v); /* every MMU context, as if new */
/* Code at host addresses [first, end) goes: no indirect-branch cache and no return-address stack leads there any more. */
void soft_mmu_drop_code(struct soft_vcpu *v, uint64_t first, uint64_t end);
void soft_context(struct vr_exec *x);
void soft_tlb_flush(struct vr_exec *x, uint32_t kind, uint64_t asid, uint64_t va, uint64_t length,
		    uint32_t broadcast);
void soft_tlb_sync(struct vr_exec *x);
void soft_requests_run(struct soft_vcpu *v);
/* The byte of writable_filter[] for an entry with the right to write the page at pa: 1..255. Pages share
 * bytes, and a byte stays when its entry is replaced. */
static inline uint8_t soft_writable_filter(uint64_t pa)
{
	return (uint8_t)(1 + ((pa >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> 32) % 255);
}
/* Writes to this physical page must be seen: drop write rights from every TLB of every vCPU (posted). */
void soft_tlb_protect(struct soft_vcpu *v, uint64_t pa);

/* -- memory.c: the slow path -- */
uint64_t soft_memory(struct vr_exec *x);
/* One access described as vr_exec.descriptor, guest registers already in memory (T0). nonzero: a fault was
 * taken. */
int32_t soft_access(struct vr_exec *x, uint64_t descriptor, uint64_t address, const union vr_v256 *a,
		    const union vr_v256 *b, union vr_v256 *result);
int32_t soft_env_read(struct vr_exec *x, uint64_t va, uint32_t bytes, uint32_t flags, void *out);
int32_t soft_env_write(struct vr_exec *x, uint64_t va, uint32_t bytes, uint32_t flags, const void *in);
void soft_user_access(struct vr_exec *x, uint32_t open);
int32_t soft_env_exchange(struct vr_exec *x, uint64_t pa, uint64_t expected, uint64_t desired);

/* -- points.c: debug points; see there -- */
int32_t soft_debug_points(struct vr_exec *x, const struct vr_debug_points *points);
/* Does the page have a point, of the guest or of the debugger, for such accesses (bits 1 << VR_ACCESS_*)? */
bool soft_points_on_page(const struct soft_vcpu *v, uint64_t page, uint32_t access);
/* Does the access of `bytes` bytes touch a point that counts now? The kinds of access that do (bits
 * 1 << VR_ACCESS_*), and *where: the first byte that does. 0: no. */
uint32_t soft_points_match(struct soft_vcpu *v, uint64_t va, uint32_t bytes, uint32_t access, uint32_t flags,
			   uint64_t *where);

/* -- stop.c: the points of a debugger outside; see there -- */
int32_t VR_CALL soft_set_points(struct vr_vm *vm, const struct vr_stop_point *points, uint32_t count,
				uint32_t stride);
/* In place of a fault number of the ISA's: the access does not take place, and the guest sees no fault. */
#define SOFT_STOPPED INT32_MIN
/* Likewise: the access must be made alone (SOFT_REQ_ALONE). */
#define SOFT_ALONE (INT32_MIN + 1)
bool soft_stops_on_page(const struct soft_vcpu *v, uint64_t page, uint32_t access);
/* The access touches one of the debugger's points: the vCPU is about to return, and to be here again. */
bool soft_stopped(struct soft_vcpu *v, uint64_t va, uint32_t bytes, uint32_t access);
/* The vCPU is about to return with VR_EXIT_DEBUG. access 0: a step is done. */
void soft_stop(struct soft_vcpu *v, uint32_t access, uint64_t address);

/* -- step.c: a debugger's steps -- */
extern const struct vr_debugger soft_debugger;
/* One instruction, outside the code cache. */
void soft_step(struct soft_vcpu *v);
/* The same for the engine: not for a debugger, nothing stops. */
void soft_step_over(struct soft_vcpu *v);
void soft_step_fini(struct soft_vcpu *v);

/* -- entries.c: the table of entries -- */
bool soft_entries_init(struct soft_vm *vm); /* false: no memory */
void soft_entries_fini(struct soft_vm *vm);
void soft_entries_clear(struct soft_vm *vm); /* exclusive */
/* Its chains have become long: it wants to grow, and can. code_lock held. */
bool soft_entries_crowded(const struct soft_vm *vm);
bool soft_entries_grow(struct soft_vm *vm); /* exclusive, code_lock held; false: it stays */
void soft_entry_add(struct soft_vm *vm, struct soft_entry *e);
void soft_entry_remove(struct soft_vm *vm, struct soft_entry *e);
/* All entries of the page's regions have been removed. */
void soft_entries_none(struct soft_page *page);
/* The live entry for pc in that page and mode, or NULL. */
struct soft_entry *soft_entry_find(struct soft_vm *vm, uint64_t pc, const struct soft_page *page,
				   const struct soft_mode *mode);
/* The entry at that place of the page in the mode whose region can be copied, at whatever address: or NULL. code_lock held. */
struct soft_entry *soft_origin_find(const struct soft_vm *vm, uint64_t place, const struct soft_page *page,
				    const struct soft_mode *mode);
/* From now on it is `e`, an entry that has been added. */
void soft_origin_set(struct soft_vm *vm, struct soft_entry *e);

/* -- segments.c: the code cache's memory. code_lock held, but by the two that begin and end it. -- */
/* Before the first translation, when the guest's RAM is known. 0 or VR_E_NOMEM. */
int32_t soft_segments_start(struct soft_vm *vm);
void soft_segments_fini(struct soft_vm *vm);
static inline struct soft_segment *soft_segment(struct soft_vm *vm)
{
	return &vm->segments[vm->segment];
}
/* Has the current segment no room for a region of so many bytes of code? */
bool soft_segment_full(const struct soft_vm *vm, uint32_t code_bytes);
/* Ask the host for the memory of so many bytes of code, and more. */
void soft_segment_commit(struct soft_vm *vm, uint32_t code_bytes);
#define SOFT_CODE_RESERVE (64u * 1024u) /* most regions are smaller: below this the segment is full */
/* Room for one region in the current segment's arrays. false: no memory. */
bool soft_segment_reserve(struct soft_vm *vm, uint32_t exits);
/* The number of the next region's first exit. */
uint32_t soft_segment_exit_base(const struct soft_vm *vm);
/* A region that is complete, with its exits. soft_segment_reserve() came before. */
void soft_segment_add(struct soft_vm *vm, struct soft_region *g, const struct vr_exit_site *sites);
struct soft_exit *soft_exit_of(struct soft_vm *vm, uint64_t number);
/* The region whose code is at that offset of the code memory. */
struct soft_region *soft_region_at(const struct soft_vm *vm, uint64_t offset);
/* The region of that number, which its exits have. */
struct soft_region *soft_region_numbered(const struct soft_vm *vm, uint32_t number);
/* Where an offset in the code memory runs. */
static inline uint64_t soft_code_address(const struct soft_vm *vm, uint32_t offset)
{
	return (uint64_t)(uintptr_t)vm->code.execute + offset;
}
void soft_segment_clear(struct soft_segment *s);
/* Bytes of code, and of what is noted about it. */
uint64_t soft_segments_code(const struct soft_vm *vm);
uint64_t soft_segments_meta(const struct soft_vm *vm);

/* -- mappings.c: page-mapping ids. code_lock held -- */
/* The id of the pair. va_page has bit 0 set for a checked page: see points.c. 0: no room for another one. */
uint32_t soft_mapping_id(struct soft_vm *vm, struct soft_page *page, uint64_t va_page);
/* Drop the pairs that were not asked for since the last sweep. */
void soft_mappings_sweep(struct soft_vm *vm);
void soft_mappings_forget(struct soft_vm *vm); /* all; no vCPU and no code may hold an id any more */

/* -- cache.c: the code cache -- */
/* entry: what generated code calls. */
int32_t soft_cache_init(struct soft_vm *vm, uint64_t bytes, const struct vr_engine_entry *entry);
void soft_cache_fini(struct soft_vm *vm);
/* The instruction page of pc in the current MMU context; takes the guest's fault and returns NULL when there
 * is none (exec.pc is then the handler). */
const struct soft_itlb_entry *soft_fetch(struct vr_exec *x, uint64_t pc);
/* A debug point of the guest's at the instruction at exec.pc: the exception has been taken. */
bool soft_guest_point(struct soft_vcpu *v);
/* The current segment is full, or there was no memory: room is made before the next try. why: the error that is reported when that
 * does not help. */
void soft_cache_full(struct soft_vcpu *v, int32_t why);
/* The code at exec.pc can't be translated or run, however empty the cache is: the vCPU ends with this error. */
void soft_cant_go_on(struct soft_vcpu *v, int32_t why);
/* The instruction at exec.pc is cut off even with what follows on a second page: a fault is taken, or the vCPU ends. */
void soft_tail_is_cut(struct soft_vcpu *v);
/* The entry for exec.pc, translated when missing. NULL, try again: exec.pc was changed by a fault, another
 * vCPU came between, or the cache is full (SOFT_REQ_FULL is set). code_lock is taken inside. */
/* The code at exec.pc was made quickly, and has been entered often: make it well. */
void soft_heat(struct soft_vcpu *v);
struct soft_entry *soft_find(struct vr_exec *x, const struct soft_itlb_entry **where);
/* The host address of the entry that links, indirect-branch caches and RAS may hold. 0: none, only a look-up
 * may lead to this entry. */
static inline uint64_t soft_entry_cached(const struct soft_vm *vm, const struct soft_entry *e)
{
	const struct soft_region *g = e->region;

	if ((g->mode_flags & SOFT_MODE_CHECKED) || e->alone || g->ir)
		return 0;
	if (!soft_region_tail(g))
		return soft_code_address(vm, e->host);
	return g->rare->guarded ? soft_code_address(vm, g->rare->guarded) : 0;
}
/* -- links.c: links between regions, and invalidation -- */
/* Exit `number`, whose target is pc, goes to entry `e`, which soft_find() gave with `it`, unless one of them
 * has changed since. code_lock is taken inside. */
void soft_link_exit(struct soft_vcpu *v, uint64_t number, uint64_t pc, struct soft_entry *e,
		    const struct soft_itlb_entry *it);
/* The pc that exit `number` goes to. code_lock is taken inside. */
uint64_t soft_exit_target(struct soft_vm *vm, uint64_t number);
/* Exits of a new region to code of its page that is there. code_lock held. */
void soft_link_page(struct soft_vm *vm, struct soft_region *g);
/* The region dies: nothing leads to its code any more but the vCPUs' caches, which its entry stubs send to the look-up. It stays
 * in its pages' lists. code_lock held. */
void soft_region_kill(struct soft_vm *vm, struct soft_region *g);
/* [pa, pa+length) was written: invalidate the code there. */
void soft_code_written(struct soft_vm *vm, struct soft_vcpu *v, uint64_t pa, uint64_t length);
void soft_code_flush(struct vr_exec *x, uint64_t va, uint64_t length);

/* -- evict.c -- */
/* The next segment becomes the current one, empty; or what else made the cache full has been put right. Exclusive. */
void soft_cache_make_room(struct soft_vcpu *v);
void soft_cache_reset(struct soft_vm *vm); /* all of it. Exclusive. */

/* -- cache.c -- */
/* Set guest registers in memory and exec.pc to what they are at the fault point exec.site. */
void soft_sync_guest_regs(struct vr_exec *x);

/* -- region.c -- */
struct soft_scratch *soft_scratch_new(struct soft_vm *vm);
void soft_scratch_free(struct soft_scratch *s);
/* Bytes of the page at va_page up to where its code does not simply go on: the page's end, or the end of the code addresses. */
uint32_t soft_page_run(const struct vr_code_space *code, uint64_t va_page);
/* The linear address at which an instruction goes on that begins in the page and is cut off there. */
uint64_t soft_tail_address(const struct vr_code_space *code, uint64_t va_page);
/* -- verify.c: a block that was lifted, before its places are put. VR_E_ABI with a text. -- */
int32_t soft_verify_lifted(struct soft_vm *vm, const struct vr_lift *rq, const struct vr_ir *ir,
			   struct vr_ir_block *b, uint64_t va_page);

/* What soft_lift() is given for an instruction that goes on at soft_tail_address(). */
struct soft_whole {
	uint8_t code[2 * SOFT_TAIL_MAX];
};
/* rq, of whose bytes fewer than SOFT_TAIL_MAX are left, gets those that follow; `next` is the page of them, and `offset` where they
 * are on it. */
void soft_add_tail(struct vr_lift *rq, struct soft_whole *whole, const struct soft_itlb_entry *next,
		   uint32_t offset);
/* vr_isa.lift(), for code in the page at va_page; the places in the IR are then where the rule of the code space leads. *size (or
 * NULL): bytes of the block. VR_E_ABI: it made an op that this engine does not know. */
int32_t soft_lift(struct soft_vm *vm, const struct vr_lift *rq, struct vr_ir *ir,
		  const struct vr_code_space *code, uint64_t va_page, uint32_t *size);
/* Translate the region at pc. code_lock held. mode: soft_mode(); for a checked page the region is
 * one instruction. next: the page after this one, when the instruction at pc continues there (it is then the
 * whole region), else NULL. What the emitter refuses is interpreted. 0; VR_E_NOMEM: the cache is full;
 * VR_E_AGAIN: the instruction continues there, and `next` is needed; else the lifter's error. quick: by tier 1. */
int32_t soft_translate(struct soft_vm *vm, struct soft_vcpu *v, const struct soft_itlb_entry *page,
		       const struct soft_itlb_entry *next, uint64_t pc, const struct soft_mode *mode,
		       bool quick, struct soft_region **out);

/* The host address that the code of a region in the current segment may hold for a place of its page, or 0. *refers gets the entry's
 * segment: see soft_region. */
uint64_t soft_entry_at(struct soft_vm *vm, const struct soft_itlb_entry *page, const struct soft_mode *mode,
		       uint64_t place, uint64_t *refers);
/* A region as *made, all but `entries` and what follows; those are zeros. NULL: no memory. */
struct soft_region *soft_region_new(struct soft_vm *vm, const struct soft_region *made);
/* g->entries[n] is at that place, and `offset` bytes from the start of the region's code. */
void soft_region_entry(struct soft_vm *vm, struct soft_region *g, uint32_t n, uint64_t place,
		       uint32_t offset);

/* -- copy.c -- */
/* The region at pc, copied from one that was made for the page at another address. NULL: it must be translated, since there is none of the
 * tier that is wanted, the page is checked, the emitter refuses, or there is no memory. code_lock held. */
struct soft_region *soft_copy(struct soft_vm *vm, struct soft_vcpu *v, const struct soft_itlb_entry *page,
			      uint64_t pc, const struct soft_mode *mode, bool quick);

/* -- optimize.c: see there -- */
struct soft_reg_assignment {
	struct vr_pinned_reg pinned[VR_PINNED_MAX];
	uint32_t pinned_count;
};
/* code: in which the IR will run. scratch: 2 * op_capacity words. emit may be NULL: then no register is pinned. */
void soft_optimize(const struct vr_isa *isa, const struct vr_emit *emit, struct vr_ir *ir,
		   const struct vr_code_space *code, uint32_t *scratch, struct soft_reg_assignment *regs);
/* The same; log (or NULL) is told of each pass. */
void soft_optimize_logged(const struct vr_isa *isa, const struct vr_emit *emit, struct vr_ir *ir,
			  const struct vr_code_space *code, uint32_t *scratch,
			  struct soft_reg_assignment *regs, struct soft_log *log);

/* What tier 1 has time for: step 2 alone. The emitter leaves out what nothing uses. */
void soft_optimize_quick(const struct vr_isa *isa, struct vr_ir *ir, const struct vr_code_space *code,
			 uint32_t *scratch, struct soft_log *log);

/* -- block_freq.c: how often each block runs (SOFT_ONCE: once an entry), and its innermost loop as a set of
 * blocks (0: none). -- */
#define SOFT_ONCE 256u
void soft_block_freq(const struct vr_ir *ir, uint32_t *freq, uint64_t *loop);

/* -- flags.c: see there. scratch as for soft_optimize(). -- */
#define SOFT_FORWARDED \
	1 /* aux of a GET of condition flags that was replaced: its users have the value from another op */
static inline int soft_is_forwarded(const struct vr_ir_op *o)
{
	return o->op == VR_IR_GET && o->aux == SOFT_FORWARDED;
}
void soft_flags_operands(const struct vr_ir *ir, struct vr_ir_op *o);
/* The blocks that may have dead ops now. */
uint64_t soft_flags_liveness(const struct vr_isa *isa, struct vr_ir *ir, uint32_t *scratch);

/* -- induction.c: see there. scratch as for soft_optimize(). -- */
void soft_same_page_hints(struct vr_ir *ir, const uint64_t *loop, uint32_t *scratch);

/* -- fuse.c: see there. Fuse op i of block b with earlier ones. reaching[v]: the value that reaches GET v, of
 * other ops v itself. 1: op i has changed. -- */
int soft_fuse(struct vr_ir *ir, const struct vr_ir_block *b, uint32_t i, const uint32_t *reaching);

/* -- tier0.c -- */
/* Interpret blocks until exit_request is raised. */
void soft_interpret(struct soft_vcpu *v);
/* Interpret the entry's block, with the guest's FP environment around it. */
void soft_interpret_entry(struct soft_vcpu *v, const struct soft_entry *e);
/* One block of the page at pc_base, with the guest's FP environment around it; `values` as for soft_interp_block(). */
void soft_interpret_block(struct soft_vcpu *v, const struct vr_ir *ir, uint32_t block, uint64_t pc_base,
			  union vr_v256 *values);

/* -- dispatch.c: from a pc to code. Entries that are interpreted run inside. -- */
/* vr_engine_entry.lookup and .link, for generated code. */
uint64_t soft_lookup(struct vr_exec *x);
uint64_t soft_link(struct vr_exec *x);
uint64_t soft_hot(struct vr_exec *x);
/* soft_lookup() for the vCPU loop, where the host's FP unit is not the guest's. */
uint64_t soft_first_lookup(struct soft_vcpu *v);

/* -- vcpu.c -- */
void soft_exclusive_begin(struct soft_vm *vm, struct soft_vcpu *self);
void soft_exclusive_end(struct soft_vm *vm);

static inline void soft_request(struct vr_exec *x, uint32_t bits)
{
	__atomic_fetch_or(&x->exit_request, bits, __ATOMIC_SEQ_CST);
}

#endif
