/* SPDX-License-Identifier: MIT */
/*
 * vcpu.c: a vCPU's life and its loop; see kvm.h on how it is stopped.
 *
 * An exit for a device access, a port or an MSR is complete only after the next KVM_RUN (KVM API 5, the note
 * on kvm_run's exits). Before the core gets the vCPU back, one more KVM_RUN with immediate_exit set
 * completes it without running guest code, so the state that is read then is whole.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "debug.h"
#include "kvm.h"

/* ---- being stopped ------------------------------------------------------------------------------ */
static int kick_signal(void)
{
	return SIGRTMAX - 1; /* chosen at run time: glibc keeps some for itself */
}

static int32_t set_signals(const struct kvmp_vcpu *v)
{
	struct {
		struct kvm_signal_mask head;
		uint8_t set[8]; /* the kernel's sigset_t */
	} mask;
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, kick_signal());
	if (pthread_sigmask(SIG_BLOCK, &set, &old) != 0)
		return kvmp_error(v->vm->host, VR_E_INTERNAL, "vCPU %u: its signals can't be blocked",
				  v->index);
	sigdelset(&old, kick_signal());
	mask.head.len = sizeof(mask.set);
	memcpy(mask.head.sigset, &old, sizeof(mask.set));
	if (kvmp_ioctl(v->fd, KVM_SET_SIGNAL_MASK, &mask) < 0)
		return kvmp_error(v->vm->host, VR_E_UNSUPPORTED, "vCPU %u: KVM_SET_SIGNAL_MASK: %s", v->index,
				  strerror(errno));
	return VR_OK;
}

static void take_signal(struct kvmp_vcpu *v)
{
	const struct timespec now = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, kick_signal());
	while (sigtimedwait(&set, NULL, &now) > 0)
		v->n.signals++;
}

void kvmp_vcpu_attention(struct kvmp_vcpu *v, uint32_t bits)
{
	atomic_fetch_or(&v->attention, bits);
	__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	if (atomic_load(&v->in_run))
		syscall(SYS_tgkill, v->process, v->tid, kick_signal());
	v->vm->thread->unpark(v->vm->host, v->index);
}

void VR_CALL kvmp_vcpu_kick(struct vr_vcpu *vcpu)
{
	kvmp_vcpu_attention(kvmp_vcpu_of(vcpu), KVMP_ATT_KICK);
}

void VR_CALL kvmp_vcpu_set_pin(struct vr_vcpu *vcpu, uint32_t pin, uint32_t level)
{
	struct kvmp_vcpu *v = kvmp_vcpu_of(vcpu);
	uint64_t bit, old;

	if (pin >= 64)
		return;
	bit = 1ull << pin;
	old = level ? atomic_fetch_or(&v->pins, bit) : atomic_fetch_and(&v->pins, ~bit);
	if (!(old & bit) == !level)
		return;
	if (!kvmp_arch_pin(v, pin, level != 0))
		kvmp_vcpu_attention(v, KVMP_ATT_PIN);
}

/* ---- life --------------------------------------------------------------------------------------- */
int32_t VR_CALL kvmp_vcpu_create(struct vr_vm *vm_, uint32_t index, struct vr_vcpu **out)
{
	struct kvmp_vm *vm = kvmp_vm_of(vm_);
	struct kvmp_vcpu *v;
	int size;
	int32_t rc;

	if (index >= vm->vcpu_count || vm->vcpus[index])
		return kvmp_error(vm->host, VR_E_RANGE,
				  "vCPU %u: there is no such one, or it is there already", index);
	v = calloc(1, sizeof(*v));
	if (!v)
		return kvmp_error(vm->host, VR_E_NOMEM, "no memory for vCPU %u", index);
	v->vm = vm;
	v->index = index;
	v->process = getpid();
	v->tid = (pid_t)syscall(SYS_gettid);
	v->run = MAP_FAILED;
	v->fd = kvmp_ioctl_number(vm->fd, KVM_CREATE_VCPU, index);
	if (v->fd < 0) {
		rc = kvmp_error(vm->host, kvmp_code_of(errno), "KVM makes no vCPU %u: %s%s", index,
				strerror(errno), kvmp_remedy(errno));
		goto fail;
	}
	vm->vcpus_made = true;
	size = kvmp_ioctl_number(vm->plugin->fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	v->run_size = size < (int)sizeof(*v->run) ? 0 : (size_t)size;
	if (v->run_size)
		v->run = mmap(NULL, v->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED) {
		rc = kvmp_error(vm->host, VR_E_NOMEM, "vCPU %u: its kvm_run page can't be mapped: %s", index,
				strerror(v->run_size ? errno : EINVAL));
		goto fail;
	}
	rc = set_signals(v);
	if (rc == VR_OK)
		rc = kvmp_arch_vcpu_init(v);
	if (rc < 0)
		goto fail;
	vm->vcpus[index] = v;
	*out = (struct vr_vcpu *)v;
	return VR_OK;
fail:
	kvmp_arch_vcpu_fini(v);
	if (v->run != MAP_FAILED)
		munmap(v->run, v->run_size);
	if (v->fd >= 0)
		close(v->fd);
	free(v);
	return rc;
}

void VR_CALL kvmp_vcpu_destroy(struct vr_vcpu *vcpu)
{
	struct kvmp_vcpu *v = kvmp_vcpu_of(vcpu);
	struct kvmp_vm *vm = v->vm;

#define C(field, name) vm->gone.field += v->n.field;
	KVMP_COUNTERS(C)
#undef C
	vm->vcpus[v->index] = NULL;
	kvmp_arch_vcpu_fini(v);
	munmap(v->run, v->run_size);
	close(v->fd);
	free(v);
}

/* ---- exits -------------------------------------------------------------------------------------- */
static void mmio_exit(struct kvmp_vcpu *v)
{
	struct kvm_run *r = v->run;
	uint32_t width = r->mmio.len <= sizeof(r->mmio.data) ? r->mmio.len : (uint32_t)sizeof(r->mmio.data);

	v->n.mmio++;
	v->unfinished = true;
	if (kvmp_bus(v, VR_SPACE_MMIO, r->mmio.phys_addr, width, r->mmio.is_write, r->mmio.data) < 0)
		kvmp_arch_bus_error(v, r->mmio.is_write);
}

static int32_t system_event(struct kvmp_vcpu *v)
{
	static const uint32_t whats[] = {
		[KVM_SYSTEM_EVENT_SHUTDOWN] = VR_POWER_OFF,
		[KVM_SYSTEM_EVENT_RESET] = VR_POWER_RESET,
		[KVM_SYSTEM_EVENT_CRASH] = VR_POWER_CRASH,
	};
	uint32_t type = v->run->system_event.type;
	uint32_t what = VR_POWER_CRASH;

	if (type >= KVM_SYSTEM_EVENT_SHUTDOWN && type <= KVM_SYSTEM_EVENT_CRASH)
		what = whats[type];
	v->vm->machine->power(v->vm->host, what, what == VR_POWER_CRASH);
	return KVMP_STOP;
}

static int32_t run_failed(const struct kvmp_vcpu *v, int e)
{
	return kvmp_error(v->vm->host, e == EFAULT || e == EINVAL ? VR_E_FAULT : kvmp_code_of(e),
			  "vCPU %u: KVM_RUN: %s%s", v->index, strerror(e),
			  e == EFAULT ? " (guest memory that the host can't provide)" : kvmp_remedy(e));
}

static int32_t handle_exit(struct kvmp_vcpu *v)
{
	const struct kvm_run *r = v->run;

	switch (r->exit_reason) {
	case KVM_EXIT_MMIO:
		mmio_exit(v);
		return VR_OK;
	case KVM_EXIT_INTR:
		return VR_OK;
	case KVM_EXIT_DEBUG:
		return kvmp_debug_exit(v);
	case KVM_EXIT_SYSTEM_EVENT:
		return system_event(v);
	case KVM_EXIT_FAIL_ENTRY:
		return kvmp_error(v->vm->host, VR_E_STATE,
				  "vCPU %u: the processor refuses the guest's state (entry failure 0x%llx)",
				  v->index, (unsigned long long)r->fail_entry.hardware_entry_failure_reason);
	case KVM_EXIT_UNKNOWN:
		return kvmp_error(v->vm->host, VR_E_UNSUPPORTED,
				  "vCPU %u: KVM does not know the processor's exit 0x%llx", v->index,
				  (unsigned long long)r->hw.hardware_exit_reason);
	default:
		return kvmp_arch_exit(v);
	}
}

int32_t kvmp_vcpu_settle(struct kvmp_vcpu *v)
{
	while (v->unfinished) {
		int32_t rc;

		v->unfinished = false;
		__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		if (ioctl(v->fd, KVM_RUN, 0) < 0) {
			if (errno == EINTR || errno == EAGAIN)
				break;
			return run_failed(v, errno);
		}
		rc = handle_exit(v);
		if (rc < 0)
			return rc;
	}
	return VR_OK;
}

/* Sleeps until the core wants the vCPU back. */
static void wait_for_kick(struct kvmp_vcpu *v)
{
	while (!(atomic_load(&v->attention) & KVMP_ATT_KICK))
		v->vm->thread->park(v->vm->host, v->index, UINT64_MAX);
}

/* 0 go on, KVMP_STOP, or an error. */
static int32_t run_once(struct kvmp_vcpu *v)
{
	int32_t rc = kvmp_arch_enter(v);
	int e = 0;

	if (rc == VR_OK && v->vm->debug)
		rc = kvmp_debug_enter(v);
	if (rc < 0)
		return rc;
	atomic_store(&v->in_run, 1);
	if (atomic_load(&v->attention)) {
		atomic_store(&v->in_run, 0);
		return VR_OK;
	}
	v->unfinished = false;
	if (ioctl(v->fd, KVM_RUN, 0) < 0)
		e = errno;
	atomic_store(&v->in_run, 0);
	v->n.runs++;
	kvmp_arch_leave(v);
	/* EAGAIN: it waited for SIPI and something came. */
	if (e == EINTR || e == EAGAIN) {
		take_signal(v);
		return VR_OK;
	}
	/* EFAULT: the kernel could not reach memory; exit_reason may say more (KVM API 5). */
	if (e)
		return run_failed(v, e);
	if (v->vm->intlog)
		kvmp_intlog_exit(v);
	return handle_exit(v);
}

static int32_t give_stop(struct kvmp_vcpu *v, struct vr_exit *exit)
{
	uint32_t capacity = exit->size;

	v->stopped = false;
	memcpy(exit, &v->stop, capacity < sizeof(v->stop) ? capacity : sizeof(v->stop));
	exit->size = capacity;
	return VR_OK;
}

int32_t VR_CALL kvmp_vcpu_run(struct vr_vcpu *vcpu, struct vr_exit *exit)
{
	struct kvmp_vcpu *v = kvmp_vcpu_of(vcpu);
	int32_t rc = VR_OK;

	while (rc >= 0) {
		if (v->stepping && v->waiting)
			kvmp_debug_stop_waiting(v);
		if (v->stopped)
			return give_stop(v, exit);
		/* First this, then a look at attention: kvmp_vcpu_attention() sets them in the opposite
		 * order. */
		__atomic_store_n(&v->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
		if (atomic_exchange(&v->attention, 0) & KVMP_ATT_KICK) {
			rc = kvmp_vcpu_settle(v);
			if (rc < 0)
				break;
			v->n.kicks++;
			/* Kept for the next run it would outlive the debugger that it is for. */
			if (v->stopped)
				return give_stop(v, exit);
			exit->reason = VR_EXIT_KICK;
			return VR_OK;
		}
		if (v->waiting && !kvmp_arch_has_work(v)) {
			v->vm->thread->park(v->vm->host, v->index, UINT64_MAX);
			continue;
		}
		v->waiting = false;
		rc = run_once(v);
		if (v->waiting)
			kvmp_debug_waits(v);
		if (rc == KVMP_STOP)
			wait_for_kick(v);
	}
	exit->reason = VR_EXIT_ERROR;
	return rc;
}

/* ---- state -------------------------------------------------------------------------------------- */
int32_t VR_CALL kvmp_vcpu_get_state(struct vr_vcpu *vcpu, const char *id, void *state, uint32_t length)
{
	int32_t rc = kvmp_vcpu_settle(kvmp_vcpu_of(vcpu));

	return rc < 0 ? rc : kvmp_arch_get_state(kvmp_vcpu_of(vcpu), id, state, length);
}

int32_t VR_CALL kvmp_vcpu_set_state(struct vr_vcpu *vcpu, const char *id, const void *state, uint32_t length)
{
	int32_t rc = kvmp_vcpu_settle(kvmp_vcpu_of(vcpu));

	return rc < 0 ? rc : kvmp_arch_set_state(kvmp_vcpu_of(vcpu), id, state, length);
}
