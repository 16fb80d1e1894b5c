/* SPDX-License-Identifier: MIT */
/* plugin.c: soft.so as a plugin: options, the VM object and vmrun.accel/1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vmrun/plugin.h>

#include "log.h"
#include "plugin_entry.h"
#include "soft.h"
#include "vcpu.h"

static void vm_free(struct soft_vm *vm)
{
	soft_cache_fini(vm);
	if (vm->isa_vm && VR_HAS(vm->isa, destroy))
		vm->isa->destroy(vm->isa_vm);
	soft_log_free(vm->log);
	for (uint32_t i = 0; i < SOFT_MAX_MEMSLOTS; i++)
		if (vm->memslots[i].used)
			soft_memslot_fini(&vm->memslots[i]);
	pthread_mutex_destroy(&vm->code_lock);
	pthread_mutex_destroy(&vm->exclusive_lock);
	free(vm->stops);
	free(vm);
}

static const struct vr_engine_entry entry = {
	.size = sizeof(entry),
	.memory = soft_memory,
	.lookup = soft_lookup,
	.link = soft_link,
	.hot = soft_hot,
};

static int32_t VR_CALL vm_create(struct vr_plugin_self *self, const struct vr_vm_config *c,
				 struct vr_vm **out)
{
	const struct soft_plugin *p = soft_plugin_of(self);
	struct soft_vm *vm = calloc(1, sizeof(*vm));
	const struct vr_isa *isa = VR_HAS(c, isa) ? c->isa : NULL;

	if (!vm) {
		return vr_host_error(p->instance.host, VR_E_NOMEM, "soft: no memory for the virtual machine");
	}
	vm->host = p->instance.host;
	pthread_mutex_init(&vm->code_lock, NULL);
	pthread_mutex_init(&vm->exclusive_lock, NULL);
	int32_t rc = VR_OK;

	if (!isa)
		rc = soft_error(
			vm, VR_E_CONFIG,
			"soft: a guest of architecture %s needs a translator; name one with -p xlate-...",
			c->arch ? c->arch : "(unknown)");
	else if (soft_isa_lacks(isa))
		rc = soft_error(vm, VR_E_ABI, "soft: translator '%s' has no %s; rebuild or update it",
				c->translator_id ? c->translator_id : "?", soft_isa_lacks(isa));
	else if (VR_VALUE(isa, ir_revision, 1) > VR_IR_REVISION)
		rc = soft_error(
			vm, VR_E_ABI,
			"soft: translator '%s' needs revision %u of the IR, this vmrun has %u; update vmrun",
			c->translator_id ? c->translator_id : "?", isa->ir_revision, VR_IR_REVISION);
	else if (VR_VALUE(isa, memory_order, VR_ORDER_WEAK) > VR_ORDER_TSO)
		rc = soft_error(vm, VR_E_ABI,
				"soft: translator '%s' asks for memory order %u, which this vmrun does not "
				"know; update vmrun",
				c->translator_id ? c->translator_id : "?", isa->memory_order);
	else if (c->vcpu_count > SOFT_MAX_VCPUS)
		rc = soft_error(vm, VR_E_RANGE,
				"soft: %u vCPUs asked for, at most %u are possible; use a smaller --smp",
				c->vcpu_count, SOFT_MAX_VCPUS);
	vm->mmio = p->instance.host->query(p->instance.host, VR_MMIO_ID);
	vm->timer = p->instance.host->query(p->instance.host, VR_TIMER_ID);
	vm->thread = p->instance.host->query(p->instance.host, VR_THREAD_ID);
	vm->codecache = p->instance.host->query(p->instance.host, VR_CODECACHE_ID);
	const char *missing = !VR_HAS(vm->mmio, access)           ? VR_MMIO_ID
			      : !VR_HAS(vm->timer, destroy)       ? VR_TIMER_ID
			      : !VR_HAS(vm->thread, unpark)       ? VR_THREAD_ID
			      : !VR_HAS(vm->codecache, end_write) ? VR_CODECACHE_ID
								  : NULL;

	if (rc == VR_OK && missing)
		rc = soft_error(vm, VR_E_ABI, "soft: this vmrun offers no %s; use one of the same release",
				missing);
	if (rc < 0) {
		vm_free(vm);
		return rc;
	}
	vm->vcpu_count = c->vcpu_count;
	vm->isa = isa;
	vm->memory_order = VR_VALUE(isa, memory_order, VR_ORDER_WEAK);
	vm->count = (VR_VALUE(c, flags, 0) & VR_VM_STATS) != 0;
	vm->region_insns = (uint32_t)p->region_insns;
	vm->quick = p->tier == 1 || p->hot;
	/* The step is a byte as well. */
	vm->heat_step = p->tier > 1 && p->hot ? (uint32_t)(p->hot > 1 ? (255 + p->hot) / p->hot : 255) : 0;
	vm->verify = p->verify;
	snprintf(vm->translator, sizeof(vm->translator), "%s", c->translator_id ? c->translator_id : "?");
	const struct vr_isa_config shared = {
		.size = sizeof(shared), .vcpu_count = c->vcpu_count, .host = vm->host};

	rc = VR_HAS(isa, create) ? isa->create(c->translator_self, &shared, &vm->isa_vm) : VR_OK;
	if (rc < 0) {
		soft_error(vm, rc, "soft: translator '%s' can't make a virtual machine",
			   c->translator_id ? c->translator_id : "?");
		vm_free(vm);
		return rc;
	}
	vm->emit = p->tier ? soft_emitter(vm, c) : NULL;
	rc = soft_log_new(vm, &vm->log);
	vm->copies = p->copies && VR_HAS(vm->emit, relocate) && !soft_log_translations(vm);
	if (rc < 0) {
		soft_error(vm, rc, "soft: no memory for the log");
		vm_free(vm);
		return rc;
	}
	struct vr_engine_entry entries = entry;

	entries.code_align_log2 = isa->code_align_log2;
	rc = soft_cache_init(vm, p->cache, &entries);
	if (rc < 0) {
		soft_error(vm, rc,
			   "soft: no memory for a code cache of %llu MiB; give a smaller one with -p "
			   "soft,cache=8M",
			   (unsigned long long)((p->cache ? p->cache : 16u << 20) >> 20));
		vm_free(vm);
		return rc;
	}
	*out = (struct vr_vm *)vm;
	return VR_OK;
}

static void VR_CALL vm_destroy(struct vr_vm *vm)
{
	vm_free(soft_vm_of(vm));
}

static int32_t VR_CALL memory_map(struct vr_vm *vm_, uint32_t slot, uint64_t gpa, uint64_t length, void *host,
				  uint32_t flags)
{
	struct soft_vm *vm = soft_vm_of(vm_);

	if (slot >= SOFT_MAX_MEMSLOTS || (gpa | length) & (SOFT_PAGE - 1) || !length)
		return soft_error(vm, VR_E_RANGE, "soft: memory slot %u at 0x%llx can't be mapped", slot,
				  (unsigned long long)gpa);
	struct soft_memslot *s = &vm->memslots[slot];

	if (s->used)
		return soft_error(vm, VR_E_EXISTS, "soft: memory slot %u is in use", slot);
	int32_t rc = soft_memslot_init(s, gpa, length, host, flags);

	return rc < 0 ? soft_error(vm, rc, "soft: no memory for the page table of slot %u", slot) : VR_OK;
}

static int32_t VR_CALL memory_unmap(struct vr_vm *vm_, uint32_t slot)
{
	struct soft_vm *vm = soft_vm_of(vm_);

	if (slot >= SOFT_MAX_MEMSLOTS || !vm->memslots[slot].used)
		return soft_error(vm, VR_E_NOENT, "soft: memory slot %u is not in use", slot);
	soft_memslot_fini(&vm->memslots[slot]);
	/* TLBs and code may hold addresses of the memory that was removed. */
	soft_cache_reset(vm);
	return VR_OK;
}

static void VR_CALL memory_written(struct vr_vm *vm, uint64_t gpa, uint64_t length)
{
	soft_code_written(soft_vm_of(vm), NULL, gpa, length);
}

static void VR_CALL vm_reset(struct vr_vm *vm_)
{
	struct soft_vm *vm = soft_vm_of(vm_);

	soft_cache_reset(vm);
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		struct soft_vcpu *v = vm->vcpus[i];

		if (!v)
			continue;
		__atomic_store_n(&v->x->exit_request, 0, __ATOMIC_SEQ_CST);
		soft_requests_run(v);
		v->full_again = 0;
		vm->isa->reset(v->x);
		soft_context(v->x);
	}
}

static void VR_CALL stats(struct vr_vm *vm_, vr_stat_fn fn, void *opaque)
{
	struct soft_vm *vm = soft_vm_of(vm_);
	struct soft_counters sum = {0};
	uint64_t tlb_bytes = 0, entered = 0;

	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		const struct soft_vcpu *v = vm->vcpus[i];

		if (!v)
			continue;
#define C(field, name, text) sum.field += v->n.field;
		SOFT_COUNTERS(C)
#undef C
		entered += vr_engine_exec(v->x)->entered;
		for (uint32_t k = 0; k < v->mmu_context_count; k++)
			tlb_bytes += v->mmu_contexts[k]->tlb_mask + sizeof(struct vr_tlb_entry);
	}
#define C(field, name, text)                                                                         \
	fn(opaque, name,                                                                             \
	   sizeof(name) > 3 && !strcmp(&name[sizeof(name) - 4], "_ns") ? VR_STAT_NS : VR_STAT_COUNT, \
	   sum.field);
	SOFT_COUNTERS(C)
#undef C
	fn(opaque, "translate_ns_per_insn", VR_STAT_NS,
	   sum.translated_insns ? sum.translate_ns / sum.translated_insns : 0);
	/* How many entries into translated code, by links, indirect-branch caches, return-address stacks and
	 * the dispatcher, found the code there. Entries are counted only with VR_VM_STATS; without it,
	 * look-ups of the dispatcher alone. */
	uint64_t all = entered > sum.lookups ? entered : sum.lookups;

	fn(opaque, "region_entries", VR_STAT_COUNT, entered);
	fn(opaque, "cache_hit_rate", VR_STAT_PERMILLE, all ? (all - sum.translations) * 1000 / all : 0);
	fn(opaque, "cache_bytes", VR_STAT_BYTES, soft_segments_code(vm));
	fn(opaque, "cache_peak_bytes", VR_STAT_BYTES, vm->code_peak);
	fn(opaque, "cache_capacity_bytes", VR_STAT_BYTES,
	   vm->emit ? vm->segment_count * vm->segment_bytes : 0);
	fn(opaque, "cache_meta_bytes", VR_STAT_BYTES,
	   soft_segments_meta(vm) + soft_arena_used(vm->mappings_arena) + soft_arena_used(vm->pages_arena) +
		   ((uint64_t)vm->table_mask + 1) * (sizeof(*vm->table) + sizeof(*vm->origins)));
	fn(opaque, "tlb_bytes", VR_STAT_BYTES, tlb_bytes);
}

const struct vr_accel soft_accel = {
	.size = sizeof(soft_accel),
	.native_arch = "",
	.vm_create = vm_create,
	.vm_destroy = vm_destroy,
	.memory_map = memory_map,
	.memory_unmap = memory_unmap,
	.memory_written = memory_written,
	.vcpu_create = soft_vcpu_create,
	.vcpu_destroy = soft_vcpu_destroy,
	.vcpu_run = soft_vcpu_run,
	.vcpu_kick = soft_vcpu_kick,
	.vcpu_set_pin = soft_vcpu_set_pin,
	.vcpu_get_state = soft_vcpu_get_state,
	.vcpu_set_state = soft_vcpu_set_state,
	.vm_reset = vm_reset,
	.stats = stats,
};

/* ---- life ---- */

static int32_t VR_CALL probe(struct vr_plugin_self *self)
{
	struct soft_plugin *p = soft_plugin_of(self);
	const struct vr_host *host = p->instance.host;
	const struct vr_host_config *config = host->query(host, VR_CONFIG_ID);
	uint64_t verify = 0, copies = 1;

	p->tier = 2;
	p->hot = 0;
	p->cache = 0;
	p->region_insns = 160;
	if (VR_HAS(config, number)) {
		config->number(host, "tier", &p->tier);
		config->number(host, "cache", &p->cache);
		config->number(host, "region-insns", &p->region_insns);
		config->number(host, "hot", &p->hot);
		config->number(host, "verify", &verify);
		config->number(host, "copies", &copies);
	}
	p->verify = verify != 0;
	p->copies = copies != 0;
	if (p->tier > 2 || p->hot > 256 || (p->cache && p->cache < (4u << 20)) || p->cache > SOFT_CACHE_MAX ||
	    !p->region_insns || p->region_insns > 1024) {
		return vr_host_error(host, VR_E_CONFIG,
				     "soft: an option is out of range: tier 0 to 2, hot 0 to 256, cache 0 or "
				     "4M to 1G, region-insns 1 "
				     "to 1024");
	}
	return VR_OK;
}

VR_PLUGIN_MAGIC

int32_t VR_CALL vmrun_plugin_create(const struct vr_host *host, const char *id, const struct vr_plugin **out)
{
	int32_t rc = vr_plugin_entry_sized(host, id, "soft", sizeof(struct soft_plugin), VR_ACCEL_ID,
					   &soft_accel, probe, out);

	if (rc == VR_OK) {
		struct soft_plugin *p = soft_plugin_of((*out)->self);

		p->instance.second_id = VR_DEBUGGER_ID;
		p->instance.second_table = &soft_debugger;
	}
	return rc;
}
