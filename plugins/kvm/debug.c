/* SPDX-License-Identifier: MIT */
/*
 * debug.c: vmrun.debugger/1 by KVM_SET_GUEST_DEBUG (KVM API 4.87).
 *
 * A data point, and a code point that must not change memory, takes debug registers of the processor; while
 * one is set the guest's own debug registers do not work. Another code point is a breakpoint instruction in
 * guest memory, where KVM and the page tables allow it, and else takes a register too. Points that find no
 * register are refused.
 *
 * Breakpoint instructions are in memory only while vCPUs run and none is stepped: the vCPU that enters KVM
 * first writes them, the vCPU that is to be stepped takes them out (the core holds the others meanwhile).
 * The core's reads and writes of guest memory go past them: original(), kvmp_debug_written().
 *
 * Such an instruction is at a physical address, and the point at a virtual one. A vCPU that comes to it by
 * another virtual address carries out the guest's instruction ("passes"): the breakpoint instructions are
 * out of memory for one step of it, in which the other vCPUs, which run on, may miss one.
 *
 * An exception that is none of ours is the guest's: kvmp_arch_debug_reflect().
 *
 * KVM that emulates kernel mode does not do all of that, and says so nowhere: kvmp_arch_debug_can() tries it
 * out.
 */
#include "debug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef KVM_GUESTDBG_BLOCKIRQ
#define KVM_GUESTDBG_BLOCKIRQ 0u /* x86's alone */
#endif

/* ---- life ---------------------------------------------------------------------------------------- */

/* A row is told when all of `lacks` is missing and all of `has` is there. */
static const struct {
	uint32_t lacks, has;
	const char *text;
} limits[] = {
	{KVMP_CAN_STEP, 0, "steps don't work"},
	{KVMP_CAN_SOFTWARE | KVMP_CAN_HARDWARE, 0, "breakpoints are refused"},
	{KVMP_CAN_SOFTWARE, KVMP_CAN_HARDWARE, "every breakpoint takes a debug register"},
	{KVMP_CAN_HARDWARE, KVMP_CAN_SOFTWARE, "hardware breakpoints are refused"},
	{KVMP_CAN_WATCH, 0, "watchpoints are refused"},
	{KVMP_CAN_USER, 0, "nothing stops in user mode, where a step is the guest's own debug exception"},
};

static void tell_limits(const struct kvmp_vm *vm)
{
	const uint32_t can = vm->debug->can;
	char text[VR_HOST_ERROR_TEXT];
	int n = 0;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (!(can & limits[i].lacks) && (can & limits[i].has) == limits[i].has)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%s", n ? ", " : "",
				      limits[i].text);
	if (n)
		kvmp_log(
			vm->host, VR_LOG_WARN,
			"--gdb: this KVM does not do all that a debugger wants (as where there is no VT-x or "
			"SVM, and kernel mode is emulated): %s",
			text);
}

int32_t kvmp_debug_create(struct kvmp_vm *vm)
{
	struct kvmp_debug *d;
	int controls;

	if (!kvmp_extension(vm->fd, KVM_CAP_SET_GUEST_DEBUG))
		return kvmp_error(vm->host, VR_E_UNSUPPORTED,
				  "--gdb: this KVM can't have its guests debugged (KVM_CAP_SET_GUEST_DEBUG)");
	d = calloc(1, sizeof(*d));
	if (!d)
		return kvmp_error(vm->host, VR_E_NOMEM, "no memory for the debugger's points");
	pthread_mutex_init(&d->lock, NULL);
	controls = kvmp_extension(vm->fd, KVM_CAP_SET_GUEST_DEBUG2);
	d->controls = controls > 0 ? (uint32_t)controls : 0;
	vm->debug = d;
	d->can = kvmp_arch_debug_can(vm);
	tell_limits(vm);
	return VR_OK;
}

void kvmp_debug_destroy(struct kvmp_vm *vm)
{
	if (!vm->debug)
		return;
	pthread_mutex_destroy(&vm->debug->lock);
	free(vm->debug);
	vm->debug = NULL;
}

/* ---- breakpoint instructions in memory ------------------------------------------------------------- */

static void put(const struct kvmp_code_point *c, const uint8_t *bytes)
{
	memcpy(c->host, bytes, kvmp_arch_break_bytes);
	__builtin___clear_cache((char *)c->host, (char *)c->host + kvmp_arch_break_bytes);
}

static bool is_break(const struct kvmp_code_point *c)
{
	return memcmp(c->host, kvmp_arch_break, kvmp_arch_break_bytes) == 0;
}

/* What the guest has stored over a breakpoint instruction is the guest's, and stays. The other one of two
 * points at one place has put back the same bytes already. */
static void put_back(const struct kvmp_vm *vm, const struct kvmp_code_point *c)
{
	struct kvmp_debug *d = vm->debug;

	if (is_break(c)) {
		put(c, c->old);
	} else if (!d->told && memcmp(c->host, c->old, kvmp_arch_break_bytes) != 0) {
		d->told = true;
		kvmp_log(vm->host, VR_LOG_WARN,
			 "--gdb: the guest has written over the breakpoint at 0x%llx, which stopped nothing "
			 "since; what the guest wrote stays (take hbreak where code changes)",
			 (unsigned long long)c->va);
	}
}

/* Two points may be at one place: first all bytes are kept, then all are written. The lock is held. */
static void write_breaks(const struct kvmp_vm *vm, bool in)
{
	struct kvmp_debug *d = vm->debug;
	struct kvmp_points *p = &d->points;

	if (d->written == in)
		return;
	for (uint32_t i = 0; in && i < p->codes; i++)
		memcpy(p->code[i].old, p->code[i].host, kvmp_arch_break_bytes);
	for (uint32_t i = 0; i < p->codes; i++)
		if (in)
			put(&p->code[i], kvmp_arch_break);
		else
			put_back(vm, &p->code[i]);
	d->written = in;
}

static bool overlaps(const struct kvmp_code_point *c, uint64_t gpa, uint64_t length)
{
	return c->pa < gpa ? gpa - c->pa < kvmp_arch_break_bytes && length : c->pa - gpa < length;
}

/* The core has written there: that is what the guest has from now on. The core may name more than it wrote,
 * so a breakpoint instruction that is still whole was not written over: in the bytes kept for it is what the
 * guest has. */
void kvmp_debug_written(struct kvmp_vm *vm, uint64_t gpa, uint64_t length)
{
	struct kvmp_debug *d = vm->debug;

	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	for (uint32_t i = 0; d->written && i < d->points.codes; i++) {
		struct kvmp_code_point *c = &d->points.code[i];

		if (!overlaps(c, gpa, length) || is_break(c))
			continue;
		for (uint32_t k = 0; k < kvmp_arch_break_bytes; k++)
			if ((c->pa + k >= gpa && c->pa + k - gpa < length) ||
			    c->host[k] != kvmp_arch_break[k])
				c->old[k] = c->host[k];
	}
	for (uint32_t i = 0; d->written && i < d->points.codes; i++)
		if (overlaps(&d->points.code[i], gpa, length))
			put(&d->points.code[i], kvmp_arch_break);
	pthread_mutex_unlock(&d->lock);
}

static void VR_CALL original(struct vr_vm *vm_, uint64_t gpa, uint64_t length, void *bytes)
{
	struct kvmp_vm *vm = kvmp_vm_of(vm_);
	struct kvmp_debug *d = vm->debug;
	uint8_t *out = bytes;

	pthread_mutex_lock(&d->lock);
	for (uint32_t i = 0; d->written && i < d->points.codes; i++) {
		const struct kvmp_code_point *c = &d->points.code[i];

		/* The guest has written over it: the copy has what the guest wrote. */
		if (!is_break(c))
			continue;
		for (uint32_t k = 0; k < kvmp_arch_break_bytes; k++)
			if (c->pa + k >= gpa && c->pa + k - gpa < length)
				out[c->pa + k - gpa] = c->old[k];
	}
	pthread_mutex_unlock(&d->lock);
}

/* ---- points ---------------------------------------------------------------------------------------- */

static int32_t add_register(struct kvmp_vm *vm, struct kvmp_points *p, uint64_t address, uint64_t length,
			    uint32_t access)
{
	const char *kind = access == VR_STOP_EXECUTE ? "breakpoint" : "watchpoint";

	if (p->regs == KVMP_DEBUG_REGISTERS || !kvmp_arch_debug_room(vm, p, access))
		return kvmp_error(vm->host, VR_E_RANGE,
				  "no debug register is left for the %s at 0x%llx; delete another one", kind,
				  (unsigned long long)address);
	p->reg[p->regs++] = (struct kvmp_debug_register){
		.address = address, .length = (uint32_t)length, .access = access};
	return VR_OK;
}

static int32_t add_data(struct kvmp_vm *vm, struct kvmp_points *p, const struct vr_stop_point *s)
{
	const char *refuses = kvmp_arch_debug_refuses(s->access);
	uint64_t at = s->first, left = s->last - s->first + 1;
	int32_t rc = VR_OK;

	if (!(vm->debug->can & KVMP_CAN_WATCH))
		return kvmp_error(vm->host, VR_E_UNSUPPORTED,
				  "no watchpoint at 0x%llx: this KVM stops at no data access of kernel mode",
				  (unsigned long long)at);
	if (refuses)
		return kvmp_error(vm->host, VR_E_UNSUPPORTED, "no watchpoint at 0x%llx: %s",
				  (unsigned long long)at, refuses);
	for (uint64_t n; rc == VR_OK && left; left -= n, at += n) {
		n = kvmp_arch_debug_piece(at, left);
		rc = add_register(vm, p, at, n, s->access);
	}
	return rc;
}

uint8_t *kvmp_debug_ram(const struct kvmp_vm *vm, uint64_t pa, uint32_t length)
{
	for (uint32_t i = 0; i < KVMP_MAX_SLOTS; i++) {
		const struct kvmp_slot *s = &vm->slots[i];

		if (s->used && pa >= s->gpa && pa - s->gpa < s->length && s->length - (pa - s->gpa) >= length)
			return (uint8_t *)s->host + (pa - s->gpa);
	}
	return NULL;
}

/* By the page tables of this vCPU; NULL: of the first one that has it there, while none runs. */
static bool find_code(const struct kvmp_vm *vm, struct kvmp_vcpu *v, uint64_t va, struct kvmp_code_point *out)
{
	uint64_t pa = 0;

	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		struct kvmp_vcpu *one = vm->vcpus[i];
		uint8_t *host;

		if (!one || (v && one != v) || kvmp_arch_translate(one, va, &pa) < 0)
			continue;
		host = kvmp_debug_ram(vm, pa, kvmp_arch_break_bytes);
		if (!host)
			continue;
		*out = (struct kvmp_code_point){.va = va, .pa = pa, .host = host};
		return true;
	}
	return false;
}

static int32_t add_code(struct kvmp_vm *vm, struct kvmp_vcpu *v, struct kvmp_points *p,
			const struct vr_stop_point *s)
{
	uint32_t can = vm->debug->can;

	if (!(s->flags & VR_STOP_HARDWARE) && (can & KVMP_CAN_SOFTWARE) &&
	    find_code(vm, v, s->first, &p->code[p->codes])) {
		p->codes++;
		return VR_OK;
	}
	if (!(can & KVMP_CAN_HARDWARE))
		return kvmp_error(vm->host, VR_E_UNSUPPORTED,
				  "no breakpoint at 0x%llx: no breakpoint instruction can be put there, and "
				  "debug registers stop no instruction on this KVM",
				  (unsigned long long)s->first);
	return add_register(vm, p, s->first, 1, VR_STOP_EXECUTE);
}

/* 0: what needs registers; 1: the rest, which may take those that are left. */
static bool is_of_pass(const struct vr_stop_point *s, uint32_t pass)
{
	return (s->access == VR_STOP_EXECUTE && !(s->flags & VR_STOP_HARDWARE)) == (pass == 1);
}

/* The first error; the points after it are planned as well. v: as of find_code(). */
static int32_t plan(struct kvmp_vm *vm, struct kvmp_vcpu *v, struct kvmp_points *p)
{
	int32_t first = VR_OK;

	p->regs = p->codes = 0;
	for (uint32_t pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < p->count; i++) {
			const struct vr_stop_point *s = &p->all[i];
			int32_t rc;

			if (!is_of_pass(s, pass))
				continue;
			rc = s->access == VR_STOP_EXECUTE ? add_code(vm, v, p, s) : add_data(vm, p, s);
			first = first < 0 ? first : rc;
		}
	return first;
}

static int32_t VR_CALL set_points(struct vr_vm *vm_, const struct vr_stop_point *points, uint32_t count,
				  uint32_t stride)
{
	struct kvmp_vm *vm = kvmp_vm_of(vm_);
	struct kvmp_debug *d = vm->debug;
	struct kvmp_points *next;
	int32_t rc;

	if (count > VR_STOP_POINTS)
		return kvmp_error(vm->host, VR_E_RANGE, "%u points: there can be %u", count, VR_STOP_POINTS);
	next = calloc(1, sizeof(*next));
	if (!next)
		return kvmp_error(vm->host, VR_E_NOMEM, "no memory for the debugger's points");
	for (uint32_t i = 0; i < count; i++)
		memcpy(&next->all[i], (const uint8_t *)points + (size_t)i * stride, sizeof(next->all[i]));
	next->count = count;
	rc = plan(vm, NULL, next);
	if (rc == VR_OK) {
		pthread_mutex_lock(&d->lock);
		write_breaks(vm, false);
		d->points = *next;
		d->changes++;
		d->again = d->told = false;
		pthread_mutex_unlock(&d->lock);
		/* The debugger is gone, or asks for nothing: a stop that it was not told of is none. */
		for (uint32_t i = 0; !count && i < vm->vcpu_count; i++)
			if (vm->vcpus[i])
				vm->vcpus[i]->stopped = false;
	}
	free(next);
	return rc;
}

/* What is loaded next need not be what the breakpoint instructions were put into. */
void kvmp_debug_reset(struct kvmp_vm *vm)
{
	struct kvmp_debug *d = vm->debug;

	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	write_breaks(vm, false);
	d->again = true;
	d->passing = 0;
	pthread_mutex_unlock(&d->lock);
}

/* After a reset, before the first vCPU runs; the lock is held. */
static void plan_again(struct kvmp_vcpu *v)
{
	struct kvmp_debug *d = v->vm->debug;
	char text[VR_HOST_ERROR_TEXT] = "";

	d->again = false;
	d->changes++;
	kvmp_error_keep(text);
	if (plan(v->vm, v, &d->points) < 0)
		kvmp_log(v->vm->host, VR_LOG_WARN, "--gdb: after the reset: %s", text);
	kvmp_error_keep(NULL);
}

/* ---- running --------------------------------------------------------------------------------------- */

void kvmp_debug_reset_vcpu(struct kvmp_vcpu *v)
{
	v->stopped = v->passing = false;
}

static void stop(struct kvmp_vcpu *v, uint32_t access, uint64_t address)
{
	v->stopped = true;
	v->stop = (struct vr_exit){
		.size = sizeof(v->stop),
		.reason = VR_EXIT_DEBUG,
		.access = access,
		.stop_flags = access & (VR_STOP_READ | VR_STOP_WRITE) ? KVMP_STOP_FLAGS : 0,
		.address = address,
	};
}

void kvmp_debug_stop_waiting(struct kvmp_vcpu *v)
{
	v->waiting = false;
	stop(v, 0, 0);
}

static int32_t VR_CALL vcpu_step(struct vr_vcpu *vcpu, uint32_t on)
{
	struct kvmp_vcpu *v = kvmp_vcpu_of(vcpu);

	/* One that was found for what the debugger wanted before. */
	v->stopped = false;
	/* An error would end the machine; this way the debugger sees that nothing has moved. */
	if (on && !(v->vm->debug->can & KVMP_CAN_STEP)) {
		kvmp_log(v->vm->host, VR_LOG_WARN,
			 "--gdb: vCPU %u can't be stepped: KVM does not stop after one instruction",
			 v->index);
		stop(v, 0, 0);
		return VR_OK;
	}
	v->stepping = on != 0;
	return on ? kvmp_arch_debug_wake(v) : VR_OK;
}

static void pass(struct kvmp_vcpu *v, bool begin)
{
	struct kvmp_debug *d = v->vm->debug;

	if (v->passing == begin)
		return;
	v->passing = begin;
	pthread_mutex_lock(&d->lock);
	d->passing += begin ? 1u : UINT32_MAX;
	pthread_mutex_unlock(&d->lock);
}

void kvmp_debug_waits(struct kvmp_vcpu *v)
{
	if (v->vm->debug)
		pass(v, false);
}

int32_t kvmp_debug_enter(struct kvmp_vcpu *v)
{
	struct kvmp_debug *d = v->vm->debug;
	struct kvm_guest_debug g = {0};
	bool one = v->stepping || v->passing;

	pthread_mutex_lock(&d->lock);
	if (d->again)
		plan_again(v);
	write_breaks(v->vm, d->points.codes && !v->stepping && !d->passing);
	pthread_mutex_unlock(&d->lock);
	if (one)
		g.control |=
			KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | (d->controls & KVM_GUESTDBG_BLOCKIRQ);
	if (d->points.codes && !v->stepping)
		g.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
	if (d->points.regs)
		kvmp_arch_debug_fill(&d->points, !v->stepping, &g);
	/* A step begins anew where the vCPU is now. */
	if (!one && g.control == v->debug_control && v->debug_changes == d->changes)
		return VR_OK;
	if (kvmp_ioctl(v->fd, KVM_SET_GUEST_DEBUG, &g) < 0)
		return kvmp_error(v->vm->host, VR_E_IO, "vCPU %u: KVM_SET_GUEST_DEBUG: %s%s", v->index,
				  strerror(errno), kvmp_remedy(errno));
	v->debug_control = g.control;
	v->debug_changes = d->changes;
	return VR_OK;
}

/* Is a breakpoint instruction of ours at pc, as a point's address, or as another one of the same memory? One
 * at a point's address in memory that is not the point's, as another address space has it, is the guest's. */
static bool breaks_at(struct kvmp_vcpu *v, uint64_t pc, bool *by_point)
{
	const struct kvmp_points *p = &v->vm->debug->points;
	bool ours = false;
	uint64_t pa;

	*by_point = false;
	if (!p->codes || kvmp_arch_translate(v, pc, &pa) < 0)
		return false;
	for (uint32_t i = 0; i < p->codes; i++)
		if (p->code[i].pa == pa) {
			ours = true;
			*by_point |= p->code[i].va == pc;
		}
	return ours;
}

static int32_t came_to_break(struct kvmp_vcpu *v, uint64_t pc)
{
	bool by_point;

	if (!breaks_at(v, pc, &by_point))
		return kvmp_arch_debug_reflect(v);
	if (by_point)
		stop(v, VR_STOP_EXECUTE, pc);
	else
		pass(v, true);
	return VR_OK;
}

int32_t kvmp_debug_exit(struct kvmp_vcpu *v)
{
	const struct kvmp_debug_register *r;
	struct kvmp_debug_event e;
	bool passed = v->passing;
	int32_t rc;

	if (!v->vm->debug)
		return kvmp_error(v->vm->host, VR_E_INTERNAL,
				  "vCPU %u: KVM stops for a debugger; there is none", v->index);
	rc = kvmp_arch_debug_event(v, &e);
	if (rc < 0)
		return rc;
	pass(v, false);
	switch (e.kind) {
	case KVMP_DEBUG_BREAK:
		return came_to_break(v, e.pc);
	case KVMP_DEBUG_REGISTER:
		r = &v->vm->debug->points.reg[e.index];
		stop(v, r->access, r->access == VR_STOP_EXECUTE ? e.pc : r->address);
		return VR_OK;
	case KVMP_DEBUG_STEP:
		if (v->stepping)
			stop(v, 0, 0);
		else if (!passed)
			return kvmp_arch_debug_reflect(v);
		return VR_OK;
	default:
		return kvmp_arch_debug_reflect(v);
	}
}

static int32_t VR_CALL vcpu_translate(struct vr_vcpu *vcpu, uint64_t va, uint64_t *physical)
{
	return kvmp_arch_translate(kvmp_vcpu_of(vcpu), va, physical);
}

const struct vr_debugger kvmp_debugger_table = {
	.size = sizeof(kvmp_debugger_table),
	.flags = KVMP_STOP_FLAGS,
	.set_points = set_points,
	.vcpu_step = vcpu_step,
	.vcpu_translate = vcpu_translate,
	.original = original,
};
