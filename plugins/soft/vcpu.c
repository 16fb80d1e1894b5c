/* SPDX-License-Identifier: MIT */
/*
 * vcpu.c: the vCPU loop. Everything that asks a vCPU to do something else than run guest code sets a bit of
 * exec.exit_request; generated code polls it on back-edges and indirect branches and then returns here.
 *
 * Exclusive sections (flushing the code cache) need every other vCPU outside generated code: in_code says
 * whether one is inside, and a vCPU enters only after it has seen that no section is open.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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

/* ---- what the ISA asks for ---- */

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

static void env_kick(struct vr_exec *x)
{
	wake(soft_of(x), SOFT_REQ_INTERRUPT);
}

static void *env_ram(struct vr_exec *x, uint64_t pa, uint64_t length)
{
	return soft_ram(soft_of(x)->vm, pa, length);
}

/* ---- vmrun.accel/1 ---- */

int32_t soft_vcpu_create(void *vm_, uint32_t index, void **out)
{
	struct soft_vm *vm = vm_;
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
	v->x->engine = v;
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
	};
	v->x->env = &v->env;
	int32_t r = soft_bank_init(v);

	if (r == VR_OK)
		r = vm->isa->init(v->x, &v->env);
	if (r < 0) {
		soft_bank_fini(v);
		munmap(v->x, v->x_size);
		free(v);
		return soft_error(vm, r, "soft: can't set up vCPU %u", index);
	}
	vm->isa->reset(v->x);
	vm->vcpus[index] = v;
	*out = v;
	return VR_OK;
}

void soft_vcpu_destroy(void *vcpu)
{
	struct soft_vcpu *v = vcpu;

	v->vm->isa->fini(v->x);
	v->vm->vcpus[v->index] = NULL;
	soft_bank_fini(v);
	pthread_mutex_destroy(&v->request_lock);
	munmap(v->x, v->x_size);
	free(v);
}

static void sleep_until_work(struct soft_vcpu *v)
{
	const uint32_t wakers = SOFT_REQ_KICK | SOFT_REQ_STOP;

	v->n.waits++;
	atomic_store(&v->parked, 1);
	while (!v->vm->isa->has_work(v->x) && !(__atomic_load_n(&v->x->exit_request, __ATOMIC_SEQ_CST) & wakers))
		v->vm->thread->park(v->vm->host, v->index, UINT64_MAX);
	atomic_store(&v->parked, 0);
}

int32_t soft_vcpu_run(void *vcpu, struct vr_exit *exit)
{
	struct soft_vcpu *v = vcpu;
	struct soft_vm *vm = v->vm;
	struct vr_exec *x = v->x;
	uint32_t waiting = 0;

	for (;;) {
		uint32_t request = __atomic_exchange_n(&x->exit_request, 0, __ATOMIC_SEQ_CST);

		if (atomic_load(&v->done) < atomic_load(&v->posted))
			soft_requests_run(v);
		if (request & SOFT_REQ_FULL) {
			v->n.cache_flushes++;
			soft_exclusive_begin(vm, v);
			soft_cache_reset(vm);
			soft_exclusive_end(vm);
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
		v->n.interrupts += (uint64_t)vm->isa->interrupt(x);

		atomic_store(&v->in_code, 1);
		if (atomic_load(&vm->exclusive)) {
			/* Wait for the section to end, outside. */
			atomic_store(&v->in_code, 0);
			pthread_mutex_lock(&vm->exclusive_lock);
			pthread_mutex_unlock(&vm->exclusive_lock);
			continue;
		}
		if (!waiting && atomic_load(&v->done) == atomic_load(&v->posted)) {
			if (vm->emit) {
				uint64_t code = soft_lookup(x);

				if (code)
					vm->emit->enter(x, code);
			} else {
				soft_interpret(v);
			}
		}
		atomic_store(&v->in_code, 0);
	}
}

void soft_vcpu_kick(void *vcpu)
{
	wake(vcpu, SOFT_REQ_KICK);
}

void soft_vcpu_set_pin(void *vcpu, uint32_t pin, uint32_t level)
{
	struct soft_vcpu *v = vcpu;

	v->vm->isa->set_pin(v->x, pin, level);
}

int32_t soft_vcpu_get_state(void *vcpu, const char *id, void *state, uint32_t length)
{
	struct soft_vcpu *v = vcpu;

	return v->vm->isa->get_state(v->x, id, state, length);
}

int32_t soft_vcpu_set_state(void *vcpu, const char *id, const void *state, uint32_t length)
{
	struct soft_vcpu *v = vcpu;

	return v->vm->isa->set_state(v->x, id, state, length);
}
