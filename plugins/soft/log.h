/* SPDX-License-Identifier: MIT */
/*
 * log.h: what the software engine writes to the log of `vmrun -d` (vmrun.debuglog/1), and the names that it
 * gives generated code (vmrun.codemap/1).
 *
 * soft_vm.log is NULL when neither is wanted. Each hook is a test of that pointer, on paths that are slow
 * anyway; generated code is the same, but for `exec`, which makes no links (see soft_log_alone()).
 */
#ifndef SOFT_LOG_H
#define SOFT_LOG_H

#include <vmrun/debuglog.h>

#include "soft.h"

struct soft_log {
	uint32_t items;             /* that are on, as bits 1 << VR_DEBUGLOG_* */
	struct vr_code_mark *marks; /* of the region that is being emitted (code_lock); NULL: not wanted */
	uint32_t mark_capacity;
	uint64_t pc_base; /* of the region that is being translated (code_lock) */
};

/* *out NULL: nothing is wanted. */
int32_t soft_log_new(const struct soft_vm *vm, struct soft_log **out);
void soft_log_free(struct soft_log *l);

static inline bool soft_log_on(const struct soft_vm *vm, uint32_t item)
{
	return vm->log && (vm->log->items >> item & 1);
}

/* ---- translation (code_lock held) ---- */
/* A region was lifted from these pages; next as for soft_translate(). */
void soft_log_lifted(const struct soft_vm *vm, const struct vr_ir *ir, const struct soft_itlb_entry *page,
		     const struct soft_itlb_entry *next);
/* A pass of the optimiser is over. */
void soft_log_pass(struct soft_log *l, const char *pass, const struct vr_ir *ir);
/* It was emitted; code that is no region has a name only. */
void soft_log_emitted(const struct soft_vm *vm, const struct vr_emit_job *job, uint64_t offset);
/* It was made by a copy, for the code at pc. */
void soft_log_copied(const struct soft_vm *vm, const struct soft_region *g, uint64_t pc);
/* Is the translation of each address to be logged? Then nothing is copied. */
static inline bool soft_log_translations(const struct soft_vm *vm)
{
	return soft_log_on(vm, VR_DEBUGLOG_INSN) || soft_log_on(vm, VR_DEBUGLOG_IR) ||
	       soft_log_on(vm, VR_DEBUGLOG_IR_OPT) || soft_log_on(vm, VR_DEBUGLOG_HOST);
}
void soft_log_named(const struct soft_vm *vm, uint64_t offset, uint64_t length, const char *name);
/* Entries at pc are logged: links, the indirect-branch cache and the return-address stack must not lead there past the
 * look-up. */
bool soft_log_alone(const struct soft_vm *vm, uint64_t pc);

/* A debugger steps the instruction at exec.pc, which is this IR. */
void soft_log_step(const struct soft_vcpu *v, const struct vr_ir *ir, const struct soft_itlb_entry *page,
		   const struct soft_itlb_entry *next);

/* ---- running ---- */
void soft_log_exec(const struct soft_vcpu *v, const struct soft_entry *e, const char *how);
/* The page at va is in a TLB now: rights and user_rights are bits 1 << VR_ACCESS_*. */
void soft_log_fill(const struct soft_vcpu *v, const char *which, uint64_t va, uint64_t physical,
		   const struct vr_translation *t, uint32_t rights);
/* The guest takes a fault at exec.pc. */
void soft_log_fault(const struct soft_vcpu *v, uint64_t va, uint32_t access, int32_t fault);
/* vr_isa_env.exception_log */
void soft_log_exception(struct vr_exec *x, uint64_t from, uint64_t to, const char *text);

#endif
