/* SPDX-License-Identifier: MIT */
/*
 * vcpu.c: the vCPU loop. To make a vCPU do something else than run guest code, set a bit of
 * exec.exit_request: generated code polls it on back-edges and indirect branches, and then returns here.
 *
 * Exclusive sections (making room in the code cache) need every other vCPU outside generated code. in_code says
 * whether a vCPU is inside; it enters only after it has seen that no section is open. Inside is also all
 * other code that uses the vCPU's TLB or translated code, such as taking an interrupt. A flush by another
 * vCPU is complete when this one has carried it out or is outside; when it enters, it carries out the flushes
 * that were posted in the meantime, and clears its MMU contexts if the cache was emptied.
 *
 * A vCPU that sleeps, is off or is at the core's gate is outside, and no vCPU waits for it.
 *
 * Accesses that can't be made in one step by the host (VR_MF_SPLIT: over two pages, on a device) are made in an exclusive
 * section, too. A vCPU inside can't open one: two that tried would wait for each other. So the access gives up as for a
 * stop of the debugger, with registers and exec.pc as before the instruction, and SOFT_REQ_ALONE has the loop carry out
 * that instruction, outside generated code, in the section; v->alone then tells the access that it may go on.
 *
 * A guest that interrupts another CPU often spins until that one has answered: firmware that flushes TLBs
 * elsewhere does so with interrupts off and without a hint to the processor. Where the host has more threads
 * than processors, the loop takes the time that the other vCPU needs. So a vCPU that kicked others leaves its
 * code and yields the processor until they have noticed, up to a limit.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "log.h"
#include "soft.h"
#include "vcpu.h"

void soft_exclusive_begin(struct soft_vm *vm, struct soft_vcpu *self)
{
	pthread_mutex_lock(&vm->exclusive_lock);
	atomic_store(&vm->exclusive, 1);
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		struct soft_vcpu *v = vm->vcpus[i];

		if (!v || v == self)
			continue;
		soft_request(v->x, SOFT_REQ_STOP);
		while (atomic_load(&v->in_code))
			sched_yield();
	}
}

void soft_exclusive_end(struct soft_vm *vm)
{
	atomic_store(&vm->exclusive, 0);
	pthread_mutex_unlock(&vm->exclusive_lock);
}

/* ---- vr_isa_env ---- */

static void env_wait(struct vr_exec *x)
{
	soft_request(x, SOFT_REQ_WAIT);
}

static void env_yield(struct vr_exec *x)
{
	(void)x;
	sched_yield();
}

static void wake(struct soft_vcpu *v, uint32_t bits)
{
	soft_request(v->x, bits);
	if (atomic_load(&v->parked))
		v->vm->thread->unpark(v->vm->host, v->index);
}

static _Thread_local struct soft_vcpu *current; /* the vCPU that this thread runs, NULL: none */

static void env_kick(struct vr_exec *x)
{
	struct soft_vcpu *to = soft_of(x), *by = current;

	wake(to, SOFT_REQ_INTERRUPT);
	if (by && by != to && by->vm == to->vm) {
		by->kicked |= UINT64_C(1) << to->index;
		soft_request(by->x, SOFT_REQ_YIELD);
	}
}

static void *env_ram(struct vr_exec *x, uint64_t pa, uint64_t length)
{
	return soft_ram(soft_of(x)->vm, pa, length);
}

_Static_assert(sizeof(struct vr_engine_exec) <= VR_EXEC_STATE, "the isa's state follows the engine's part");

/* ---- vmrun.accel/1 ---- */

int32_t soft_vcpu_create(struct vr_vm *vm_, uint32_t index, struct vr_vcpu **out)
{
	struct soft_vm *vm = soft_vm_of(vm_);
	struct soft_vcpu *v = calloc(1, sizeof(*v));

	if (!v)
		return soft_error(vm, VR_E_NOMEM, "soft: no memory for vCPU %u", index);
	v->vm = vm;
	v->index = index;
	v->x_size = (VR_EXEC_STATE + vm->isa->state_size + SOFT_PAGE - 1) & ~(size_t)(SOFT_PAGE - 1);
	v->x = mmap(NULL, v->x_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (v->x == MAP_FAILED) {
		free(v);
		return soft_error(vm, VR_E_NOMEM, "soft: no memory for vCPU %u", index);
	}
	pthread_mutex_init(&v->request_lock, NULL);
	v->x->engine = (struct vr_engine_vcpu *)v;
	v->x->index = index;
	v->env = (struct vr_isa_env){
		.size = sizeof(v->env),
		.vcpu_count = vm->vcpu_count,
		.host = vm->host,
		.context = soft_context,
		.tlb_flush = soft_tlb_flush,
		.sync = soft_tlb_sync,
		.code_flush = soft_code_flush,
		.read = soft_env_read,
		.write = soft_env_write,
		.ram = env_ram,
		.wait = env_wait,
		.yield = env_yield,
		.kick = env_kick,
		.exchange = soft_env_exchange,
		.user_access = soft_user_access,
		.debug_points = soft_debug_points,
		.exception_log = soft_log_on(vm, VR_DEBUGLOG_INT) ? soft_log_exception : NULL,
	};
	v->x->env = &v->env;
	int32_t rc = soft_mmu_init(v);

	if (rc == VR_OK)
		rc = vm->isa->init(vm->isa_vm, v->x, &v->env);
	if (rc < 0) {
		soft_mmu_fini(v);
		pthread_mutex_destroy(&v->request_lock);
		munmap(v->x, v->x_size);
		free(v);
		return soft_error(vm, rc, "soft: can't set up vCPU %u%s", index,
				  rc == VR_E_NOMEM ? ": out of memory" : "");
	}
	vm->isa->reset(v->x);
	soft_context(v->x); /* also when the ISA did not call it: exec.mmu_context must be a valid one */
	v->epoch = atomic_load(&vm->epoch);
	v->evictions = atomic_load(&vm->evictions);
	vm->vcpus[index] = v;
	*out = (struct vr_vcpu *)v;
	return VR_OK;
}

void soft_vcpu_destroy(struct vr_vcpu *vcpu)
{
	struct soft_vcpu *v = soft_vcpu_of(vcpu);

	v->vm->isa->fini(v->x);
	soft_step_fini(v);
	v->vm->vcpus[v->index] = NULL;
	soft_mmu_fini(v);
	pthread_mutex_destroy(&v->request_lock);
	munmap(v->x, v->x_size);
	free(v->values);
	free(v);
}

static void sleep_until_work(struct soft_vcpu *v)
{
	const uint32_t wakers = SOFT_REQ_KICK | SOFT_REQ_STOP;

	v->n.waits++;
	atomic_store(&v->parked, 1);
	while (!v->vm->isa->has_work(v->x) &&
	       !(__atomic_load_n(&v->x->exit_request, __ATOMIC_SEQ_CST) & wakers))
		v->vm->thread->park(v->vm->host, v->index, UINT64_MAX);
	atomic_store(&v->parked, 0);
}

/* What others did to this vCPU's TLB and code while it was outside. */
static void catch_up(struct soft_vcpu *v)
{
	const struct soft_vm *vm = v->vm;
	const uint32_t missed = atomic_load(&vm->evictions) - v->evictions;

	v->evictions += missed;
	if (v->epoch != atomic_load(&vm->epoch)) {
		v->epoch = atomic_load(&vm->epoch);
		soft_mmu_forget(v);
	} else if (missed == 1) {
		soft_mmu_drop_code(v, vm->evicted_first, vm->evicted_end);
	} else if (missed) {
		soft_mmu_drop_code(v, 0, UINT64_MAX);
	}
	if (atomic_load(&v->done) < atomic_load(&v->posted))
		soft_requests_run(v);
}

/* Enter: from here on other vCPUs wait until this one has carried out their requests. */
static void go_in(struct soft_vcpu *v)
{
	struct soft_vm *vm = v->vm;

	for (;;) {
		atomic_store(&v->in_code, 1);
		if (!atomic_load(&vm->exclusive))
			break;
		/* Wait for the section to end, outside. */
		atomic_store(&v->in_code, 0);
		pthread_mutex_lock(&vm->exclusive_lock);
		pthread_mutex_unlock(&vm->exclusive_lock);
	}
	catch_up(v);
}

/* The instruction at exec.pc while all other vCPUs stand. */
static void run_alone(struct soft_vcpu *v)
{
	soft_exclusive_begin(v->vm, v);
	atomic_store(&v->in_code, 1);
	catch_up(v);
	v->alone = 1;
	if (v->stepping)
		soft_step(v);
	else
		soft_step_over(v);
	v->alone = 0;
	atomic_store(&v->in_code, 0);
	soft_exclusive_end(v->vm);
}

#define FULL_TRIES 3 /* the last of them empties the cache; give up when there is still no translation */

/* Make room in the code cache, unless another vCPU has since this one was last inside. */
static void make_room(struct soft_vcpu *v)
{
	struct soft_vm *vm = v->vm;

	soft_exclusive_begin(vm, v);
	if (v->epoch == atomic_load(&vm->epoch) && v->full_segment == vm->segment) {
		if (v->full_again < FULL_TRIES && vm->segment_count > 1) {
			soft_cache_make_room(v);
		} else {
			v->n.cache_flushes++;
			soft_cache_reset(vm);
		}
	}
	soft_exclusive_end(vm);
}

#define YIELDS 16u
#define YIELD_PARKS 10u
#define YIELD_PARK_NS 50000u

/* Is there a running vCPU that this one kicked and that has not noticed yet? */
static bool others_to_notice(struct soft_vcpu *v)
{
	for (uint64_t left = v->kicked; left; left &= left - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(left);
		struct soft_vcpu *o = v->vm->vcpus[i];

		if (o && atomic_load(&o->running) &&
		    (__atomic_load_n(&o->x->exit_request, __ATOMIC_SEQ_CST) & SOFT_REQ_INTERRUPT))
			return true;
		v->kicked &= ~(UINT64_C(1) << i);
	}
	return false;
}

/* sched_yield() helps where the other vCPU's thread waits for this processor. Where it waits for another one,
 * the scheduler moves it here only when this thread sleeps. */
static void let_others_notice(struct soft_vcpu *v)
{
	struct soft_vm *vm = v->vm;

	v->n.yields++;
	for (uint32_t i = 0; i < YIELDS + YIELD_PARKS && others_to_notice(v); i++) {
		if (__atomic_load_n(&v->x->exit_request, __ATOMIC_SEQ_CST))
			break;
		if (i < YIELDS)
			sched_yield();
		else
			vm->thread->park(vm->host, v->index, vm->timer->now(vm->host) + YIELD_PARK_NS);
	}
	v->kicked = 0;
}

static int32_t run(struct soft_vcpu *v, struct vr_exit *exit)
{
	struct soft_vm *vm = v->vm;
	struct vr_exec *x = v->x;
	uint32_t waiting = 0;

	for (;;) {
		uint32_t request = __atomic_exchange_n(&x->exit_request, 0, __ATOMIC_SEQ_CST);

		if (request & SOFT_REQ_FULL) {
			if (v->full_again > FULL_TRIES) {
				exit->reason = VR_EXIT_ERROR;
				if (v->full_error == VR_E_ABI)
					return soft_error(
						vm, VR_E_ABI,
						"soft: the translator made an op of the IR at 0x%llx that "
						"this vmrun, which has revision %u, does not know; update "
						"vmrun",
						(unsigned long long)x->pc, VR_IR_REVISION);
				return soft_error(vm, v->full_error,
						  "soft: vCPU %u can't translate the code at 0x%llx",
						  v->index, (unsigned long long)x->pc);
			}
			make_room(v);
		}
		if (request & SOFT_REQ_ALONE) {
			run_alone(v);
			/* with what the instruction asks for */
			soft_request(x, request & ~(SOFT_REQ_ALONE | SOFT_REQ_FULL));
			continue;
		}
		if (request & SOFT_REQ_DEBUG) {
			uint32_t capacity = exit->size;

			memcpy(exit, &v->stop, capacity < sizeof(v->stop) ? capacity : sizeof(v->stop));
			exit->size = capacity;
			return VR_OK;
		}
		if (request & SOFT_REQ_KICK) {
			v->n.kicks++;
			exit->reason = VR_EXIT_KICK;
			return VR_OK;
		}
		if ((request & SOFT_REQ_WAIT) || waiting) {
			sleep_until_work(v);
			waiting = !vm->isa->has_work(x);
		}
		if (waiting)
			continue;
		if (request & SOFT_REQ_YIELD)
			let_others_notice(v);
		go_in(v);
		if (v->stepping) {
			soft_step(v);
			atomic_store(&v->in_code, 0);
			continue;
		}
		v->n.interrupts += vm->isa->interrupt(x) > 0;
		x->leave = 0; /* for helpers only, but a fault while the interrupt was taken sets it */
		if (vm->emit) {
			uint64_t code = soft_first_lookup(v);

			if (code)
				vm->emit->enter(vm->emitter, x, code);
		} else {
			soft_interpret(v);
		}
		atomic_store(&v->in_code, 0);
	}
}

int32_t soft_vcpu_run(struct vr_vcpu *vcpu, struct vr_exit *exit)
{
	struct soft_vcpu *v = soft_vcpu_of(vcpu);

	current = v;
	atomic_store(&v->running, 1);
	int32_t rc = run(v, exit);

	atomic_store(&v->running, 0);
	current = NULL;
	return rc;
}

void soft_vcpu_kick(struct vr_vcpu *vcpu)
{
	wake(soft_vcpu_of(vcpu), SOFT_REQ_KICK);
}

void soft_vcpu_set_pin(struct vr_vcpu *vcpu, uint32_t pin, uint32_t level)
{
	struct soft_vcpu *v = soft_vcpu_of(vcpu);

	v->vm->isa->set_pin(v->x, pin, level);
}

int32_t soft_vcpu_get_state(struct vr_vcpu *vcpu, const char *id, void *state, uint32_t length)
{
	struct soft_vcpu *v = soft_vcpu_of(vcpu);

	return v->vm->isa->get_state(v->x, id, state, length);
}

int32_t soft_vcpu_set_state(struct vr_vcpu *vcpu, const char *id, const void *state, uint32_t length)
{
	struct soft_vcpu *v = soft_vcpu_of(vcpu);

	int32_t rc = v->vm->isa->set_state(v->x, id, state, length);

	/* The state may be of another machine, whose page tables are not what this TLB has seen. */
	soft_context(v->x);
	soft_mmu_forget(v);
	return rc;
}
